// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package envmap decides which environment variable of a pod comes from which
// key of which secret.
//
// It is the contract between an application's manifest and its process, so it
// is kept apart from everything else: no I/O, no Kubernetes types, no state.
// The same input gives the same output, whatever order maps are walked in.
//
// The rules, in the order they apply:
//
//  1. A secret with exact mappings injects those variables and nothing else.
//     Any other secret injects all of its keys.
//  2. A key becomes a variable name as Name describes, with the secret's
//     prefix in front.
//  3. A plain-text secret is a single variable, named after the secret without
//     its environment prefix: "prod-api-key" is API_KEY.
//  4. A name that steers loaders, runtimes, proxies, trust or identity, such as
//     NODE_OPTIONS, is given by an exact mapping only. Any other key that would
//     have it is withheld, and claims nothing.
//  5. When a name is claimed twice, config beats secrets, any other secret
//     beats one whose name starts with "common-", and otherwise the later in
//     the list wins. Two keys of one secret that claim the same name are both
//     left out: which of them was meant cannot be known.
//  6. Secret variables come first, then config, each sorted by name. Kubernetes
//     expands $(VAR) from the variables above it, so config values can refer to
//     secrets.
//
// Every key that is not injected is reported with its reason: nothing is dropped
// silently.
package envmap
