// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// A Target is a vault, listed with one identity.
type Target struct {
	VaultURI string
	// Identity of an application, or ProviderConfig with an identity of the platform.
	Identity       keyvault.Identity
	ProviderConfig ProviderConfig
}

// A ProviderConfig is a reference to a provider configuration.
type ProviderConfig struct {
	Kind, Name string
	// Namespace is empty for a cluster-scoped one.
	Namespace string
}

// namespace that takes its turn, and pays for fast polls. All syncs of a cluster-scoped
// provider configuration share the empty one.
func (t Target) namespace() string { return cmp.Or(t.Identity.Namespace, t.ProviderConfig.Namespace) }

// shared reports whether the list is that of a platform's identity.
func (t Target) shared() bool { return t.ProviderConfig != ProviderConfig{} }

// uri returns the normalized URI of the vault.
func (t Target) uri() string { return strings.ToLower(strings.TrimSuffix(t.VaultURI, "/")) }

// An Interest is what a sync watches in its vault, and how often.
type Interest struct {
	// Names of secrets.
	Names []string
	// Reader is the target that the sync reads with, if it is not the one that it watches. Its
	// client is dropped when the sync stops watching.
	Reader Target
	// Interval of polls.
	Interval time.Duration
	// Fast is the interval while a team may be waiting. Zero: no fast polls.
	Fast time.Duration
	// Changes are times at which a team began to wait, in addition to the changes of
	// secrets that a list shows.
	Changes []time.Time
	// Updated are the update times of secrets that were read, for vaults that cannot be
	// listed.
	Updated []time.Time
	// Refused is true if reading the secrets one by one is rejected, too.
	Refused bool
	// Created is when the provider last created a secret in the vault. Changes up to then
	// do not start fast polls.
	Created time.Time
}
