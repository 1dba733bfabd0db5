// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package azurename derives the names of an application's resources in Azure.
//
// A name depends only on the application's cluster, subscription, namespace and name, so an
// application that is deleted and created again finds its vault. These names are a contract: a
// change to any rule here would give running applications new, empty vaults. Tests freeze them.
//
// Every name consists of a readable part of the application's name, and a hash that distinguishes
// the application from others of the same name:
//
//	orders-a-44ghqmmq4vhdmxl
//
// The readable part is for people. Only the hash makes a name unique. It is long enough that
// no chosen name of an application can result in the vault of another.
package azurename
