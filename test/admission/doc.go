// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package admission tests the admission policies of package/platform that prevent teams
// from changing what Crossplane and the providers write. It runs on a real API server, as
// each of the accounts that write there, with every verb. RBAC allows these accounts
// everything, so every denial comes from a policy.
package admission
