// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package admission tests the admission policies of package/platform that keep
// teams from what Crossplane and the providers write: on a real API server, as
// each of the accounts that write there, with every verb. RBAC allows all of them
// everything, so what is denied is denied by a policy.
package admission
