// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what the Secret and the status of a KeyVaultSecretSync should be.
// It is pure: its input is what was observed of the vault and the Secret, and its output
// is what to write. It reads and returns findings, not sentences.
//
// The Secret is the truth about what pods have. In the same write as the data, an
// annotation records the version of each secret's data. The status mirrors that. Data
// stays in the Secret until good data replaces it.
package plan
