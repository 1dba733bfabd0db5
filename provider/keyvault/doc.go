// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyvault talks to Azure Key Vault as an application, or as the
// identity that creates missing secrets.
//
// Credentials and clients are pooled: one credential for each identity, one
// client with its own rate for each vault and identity, and pauses that a vault asks
// for are heeded by all of its clients. Clients never retry. A client sends requests
// to its vault only, and a credential to the authority of its cloud. An error says what went wrong as a Reason, and when to come back; the
// caller decides.
//
// No error, metric or log line of this package contains the value of a secret.
package keyvault
