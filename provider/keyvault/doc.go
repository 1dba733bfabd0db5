// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyvault reads Azure Key Vault with the identity of an application, and creates
// missing secrets with the identity of a provider configuration.
//
// Credentials and clients are pooled: one credential for each identity, and one client with
// its own rate limit for each vault and identity. All clients of a vault stop while the vault
// throttles. Clients never retry. A client sends requests only to its vault, and a credential
// only to the authority of its cloud. An error is a value with a reason, a cause and the time
// of the next retry, so that the caller can decide.
//
// No error, metric or log line of this package contains the value of a secret.
package keyvault
