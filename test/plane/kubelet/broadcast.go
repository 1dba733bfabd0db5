// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import "sync"

// A broadcast wakes all who wait for a change.
type broadcast struct {
	mu sync.Mutex
	c  chan struct{}
}

// next is closed at the next change. Who looks at what may change must ask for it
// before looking.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()

	if b.c == nil {
		b.c = make(chan struct{})
	}

	return b.c
}

func (b *broadcast) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()

	if b.c != nil {
		close(b.c)
		b.c = nil
	}
}
