// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e proves what is promised to application teams and platform teams, on
// local control planes with everything real but Azure and the node. Its tests take
// minutes, and run with `make e2e` only.
package e2e
