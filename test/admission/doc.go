// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package admission tests the admission policies of package/platform that protect the fields of
// Crossplane and the providers from teams. It uses a real API server, each of the accounts that
// write, and every verb. RBAC allows all accounts everything, so any rejection comes from a policy.
package admission
