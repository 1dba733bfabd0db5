// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package platform tests the objects that a platform team installs, package/platform, with the real
// kustomize, Crossplane's chart and definitions, and a real API server.
package platform
