// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what the Secret and the status of a KeyVaultSecretSync
// should be. It is pure: what the vault answered goes in, what to write comes out.
//
// The Secret is the truth about what pods have. Beside the data it records, in an
// annotation and so in the same write, which version each secret's data is. The
// status mirrors that. Data stays in the Secret until good data replaces it.
package plan
