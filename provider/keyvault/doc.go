// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyvault talks to Azure Key Vault as an application, or as the
// identity that creates missing secrets.
//
// Credentials and clients are pooled: one credential for each identity, one
// client for each vault and identity, one limiter for each vault. Clients never
// retry. An error says what went wrong as a Reason, and when to come back; the
// caller decides.
//
// No error, metric or log line of this package contains the value of a secret.
package keyvault
