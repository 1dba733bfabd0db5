// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package load has the load tests of the provider: its real program, with a real API server and the
// stand-in for Azure, for as many syncs and for as long as you choose. Only the provider's own
// process is measured.
//
//	go test ./test/load -v -timeout 2h -args -syncs=10000 -polls=30s,5m -duration=10m
//	go test ./test/load -v -timeout 2h -run TestFaults -args -syncs=200 -duration=1h
//
// Without flags the tests are short and prove that everything still works. Every sync has its own
// vault, identity and ServiceAccount, and four secrets with eleven keys.
package load
