// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package count counts requests by operation and answer. It never sees the contents of either.
package count

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A Key has the properties that requests are counted by.
type Key struct {
	// Vault is the requested vault, if there is one.
	Vault string `json:"vault,omitempty"`

	// Tenant and ClientID of a request for a token, as the client named them.
	Tenant   string `json:"tenant,omitempty"`
	ClientID string `json:"clientId,omitempty"`

	// Operation is one of the constants of package fault.
	Operation string `json:"operation"`

	// Status is the HTTP status, or 0 without an answer.
	Status int `json:"status"`

	// Error is the code of a refusal, such as ForbiddenByRbac or AADSTS700213.
	Error string `json:"error,omitempty"`
}

// A Count is the number of requests with a key.
type Count struct {
	Key

	Count int `json:"count"`
}

// Counts is a snapshot, sorted.
type Counts []Count

// Of returns the number of requests that match the non-empty fields of a key.
func (c Counts) Of(want Key) int {
	sum := 0

	for _, got := range c {
		if matches(want, got.Key) {
			sum += got.Count
		}
	}

	return sum
}

func matches(want, got Key) bool {
	return (want.Vault == "" || strings.EqualFold(want.Vault, got.Vault)) &&
		(want.Tenant == "" || strings.EqualFold(want.Tenant, got.Tenant)) &&
		(want.ClientID == "" || strings.EqualFold(want.ClientID, got.ClientID)) &&
		(want.Operation == "" || want.Operation == got.Operation) &&
		(want.Status == 0 || want.Status == got.Status) &&
		(want.Error == "" || want.Error == got.Error)
}

// A Counter counts requests. Its zero value is ready for concurrent use.
type Counter struct {
	mu     sync.Mutex
	counts map[Key]int
}

// Count adds a request.
func (c *Counter) Count(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.counts == nil {
		c.counts = map[Key]int{}
	}

	c.counts[key]++
}

// ResetCounts forgets everything.
func (c *Counter) ResetCounts() {
	c.mu.Lock()
	defer c.mu.Unlock()

	clear(c.counts)
}

// Counts returns the counts since the start or the last ResetCounts.
func (c *Counter) Counts() Counts {
	c.mu.Lock()
	counts := maps.Clone(c.counts)
	c.mu.Unlock()

	out := make(Counts, 0, len(counts))
	for key, n := range counts {
		out = append(out, Count{Key: key, Count: n})
	}

	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Vault, b.Vault), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.ClientID, b.ClientID),
			cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Error, b.Error))
	})

	return out
}
