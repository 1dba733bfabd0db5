// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package repository proves what the repository says of itself to GitHub and to people: its workflows, labels, versions and design
// notes.
package repository
