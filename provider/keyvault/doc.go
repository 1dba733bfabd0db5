// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyvault talks to Azure Key Vault as an application, or as the
// identity that creates missing secrets.
//
// Credentials and clients are pooled: one credential for each identity, and one client
// with its own rate for each vault and identity. All clients of a vault observe its
// pauses. Clients never retry. A client sends requests to its vault only, and a credential
// to the authority of its cloud. An error is a value: a Reason, a cause, and when to retry.
// The caller decides.
//
// No error, metric or log line of this package contains the value of a secret.
package keyvault
