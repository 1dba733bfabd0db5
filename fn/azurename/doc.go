// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package azurename makes the names under which an application's resources are
// known in Azure.
//
// A name depends on the identity of the application only, so an application that
// is deleted and created again finds its vault. These names are a
// contract: a change to any rule here gives running applications new, empty
// vaults and leaves the old ones behind. Tests freeze them.
//
// Every name is a readable part made of the application's name, and a hash of
// everything that sets the application apart from its namesakes:
//
//	orders-a-44ghqmmq4vhdmxl
//
// The readable part is for people. Uniqueness rests on the hash alone, and the hash
// is long enough that no application's name can be chosen to hit the vault of another
// application.
package azurename
