// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package envmap maps keys of secrets to environment variables of a pod.
//
// It is the contract between an application's manifest and its process, so it is independent
// of everything else: no I/O, no Kubernetes types, no state. The same input always has the same
// output.
//
// These rules apply in this order:
//
//  1. A secret with exact mappings injects only those variables. Any other secret injects
//     all of its keys.
//  2. Name derives the name of a variable from a key. The secret's prefix precedes it.
//  3. A plain-text secret is a single variable, named after the secret without
//     its environment prefix: "prod-api-key" is API_KEY.
//  4. A name that steers loaders, runtimes, proxies, trust or identity, such as
//     NODE_OPTIONS, requires an exact mapping. Any other key with such a name is withheld,
//     and claims nothing.
//  5. If a name is claimed twice, config takes precedence over secrets, other secrets over
//     those whose names start with "common-", and later secrets in the list over earlier
//     ones. If two keys of one secret claim the same name, neither is injected, because the
//     intended one is unknown.
//  6. Secret variables come first, then config, each sorted by name. Kubernetes
//     expands $(VAR) from the variables above it, so config values can refer to
//     secrets.
//
// Every key that is not injected is reported with its reason.
package envmap
