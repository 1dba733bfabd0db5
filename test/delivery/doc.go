// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package delivery tests the ways from a team's repository to one PlatformApplication: overlays for kustomize and the chart for
// Helm, in its directory and from a registry. The real tools build the manifests, the real function renders them, and everything
// is validated.
package delivery
