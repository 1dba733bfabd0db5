// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e proves the promises to application teams and platform teams, on local control planes
// where only Azure and the node are stand-ins. Its tests take minutes, and run with `make e2e`
// only.
package e2e
