// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"
)

// lookInterval is how often the node looks at how long logs are.
const lookInterval = time.Second

// A logFile is what a container writes to, with nothing in between: it has every byte that
// was written, however the container or this process ends. It knows the time of a byte
// from having looked at how long the file was, to lookInterval.
type logFile struct {
	name string

	mu     sync.Mutex
	growth []mark
}

// A mark says where a log ended at a time.
type mark struct {
	end int64
	at  time.Time
}

// look at how long it is now.
func (l *logFile) look() (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	info, err := os.Stat(l.name)
	if err != nil {
		return 0, fmt.Errorf("cannot look at log: %w", err)
	}

	size := info.Size()
	if n := len(l.growth); n == 0 || l.growth[n-1].end < size {
		l.growth = append(l.growth, mark{end: size, at: time.Now()})
	}

	return size, nil
}

// written tells when the byte at that place was, up to the last look.
func (l *logFile) written(place int64) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()

	i := sort.Search(len(l.growth)-1, func(i int) bool { return l.growth[i].end > place })

	return l.growth[i].at
}

// lookAtLogs of all containers until the context ends.
func (k *Kubelet) lookAtLogs(ctx context.Context) {
	for sleep(ctx, lookInterval, nil) {
		for _, p := range k.all() {
			p.mu.Lock()
			for _, log := range p.logs {
				_, _ = log.look() // A reader gets an error that it is gone.
			}
			p.mu.Unlock()
		}
	}
}
