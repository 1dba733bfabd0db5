// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package repository tests the files about the repository itself: its workflows, steps of .ci/run, make targets, labels, supported
// versions and design notes.
package repository
