// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"slices"
	"sync"
)

// A lane limits the number of concurrent lists. Namespaces take turns, however many lists of
// each are waiting, and no namespace uses more than half of the lane: a list waits for at most
// one list of each other namespace.
type lane struct {
	slots int

	mu     sync.Mutex
	total  int
	inside map[string]int
	// waiting lists by namespace, and the namespaces with waiting lists in order of their turns.
	waiting map[string][]chan struct{}
	turns   []string
}

func newLane(slots int) *lane {
	return &lane{slots: slots, inside: map[string]int{}, waiting: map[string][]chan struct{}{}}
}

// enter blocks until it is a list's turn.
func (l *lane) enter(namespace string) {
	ready := make(chan struct{})

	l.mu.Lock()

	if len(l.waiting[namespace]) == 0 {
		l.turns = append(l.turns, namespace)
	}

	l.waiting[namespace] = append(l.waiting[namespace], ready)
	l.admit()
	l.mu.Unlock()

	<-ready
}

// leave the lane, and admit the next lists.
func (l *lane) leave(namespace string) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.total--

	l.inside[namespace]--
	if l.inside[namespace] == 0 {
		delete(l.inside, namespace)
	}

	l.admit()
}

// admit all lists that can enter, with the mutex held.
func (l *lane) admit() {
	share := (l.slots + 1) / 2

	for l.total < l.slots {
		i := slices.IndexFunc(l.turns, func(namespace string) bool { return l.inside[namespace] < share })
		if i < 0 {
			return
		}

		namespace := l.turns[i]
		l.turns = slices.Delete(l.turns, i, i+1)

		first, rest := l.waiting[namespace][0], l.waiting[namespace][1:]
		if l.waiting[namespace] = rest; len(rest) > 0 {
			l.turns = append(l.turns, namespace)
		} else {
			delete(l.waiting, namespace)
		}

		l.total++
		l.inside[namespace]++

		close(first)
	}
}
