// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sort"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// eventBuffer has room for what happens to many logs at once.
const eventBuffer = 64 << 10

// A logFile is what a container writes to, with nothing in between: it has every byte that
// was written, however the container or this process ends. When, it knows from having
// looked at how long it was.
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

// A logWatch looks at logs whenever they are written to.
type logWatch struct {
	fd     int
	events *os.File
	done   chan struct{}

	mu sync.Mutex
	// logs by the number that the kernel has for their file.
	logs map[int32][]*logFile
}

func startLogWatch() (*logWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("cannot watch logs: %w; the sysctl fs.inotify.max_user_instances may be too low", err)
	}

	w := &logWatch{fd: fd, events: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{}), logs: map[int32][]*logFile{}}
	go w.run()

	return w, nil
}

func (w *logWatch) close() {
	_ = w.events.Close() // Nothing was written to it.

	<-w.done
}

// add a log, whose file exists. A pod and one of its name that is just gone share a file.
func (w *logWatch) add(l *logFile) error {
	w.mu.Lock()
	defer w.mu.Unlock()

	n, err := unix.InotifyAddWatch(w.fd, l.name, unix.IN_MODIFY)
	if err != nil {
		return fmt.Errorf("cannot watch log: %w; the sysctl fs.inotify.max_user_watches may be too low", err)
	}

	w.logs[int32(n)] = append(w.logs[int32(n)], l) //nolint:gosec // The kernel has no larger ones.

	return nil
}

func (w *logWatch) remove(l *logFile) {
	w.mu.Lock()
	defer w.mu.Unlock()

	for n, logs := range w.logs {
		if !slices.Contains(logs, l) {
			continue
		}

		w.logs[n] = slices.DeleteFunc(logs, func(other *logFile) bool { return other == l })
		if len(w.logs[n]) == 0 {
			delete(w.logs, n)

			_, _ = unix.InotifyRmWatch(w.fd, uint32(n)) //nolint:gosec // Not negative. It fails if the file is gone, and the watch with it.
		}
	}
}

func (w *logWatch) run() {
	defer close(w.done)

	buffer := make([]byte, eventBuffer)

	for {
		n, err := w.events.Read(buffer)
		if err != nil {
			return // It was closed.
		}

		// One look is enough for all that was written before it.
		written := map[int32]bool{}

		for b := buffer[:n]; len(b) >= unix.SizeofInotifyEvent; {
			written[int32(binary.NativeEndian.Uint32(b))] = true //nolint:gosec // It is signed.
			b = b[unix.SizeofInotifyEvent+binary.NativeEndian.Uint32(b[12:]):]
		}

		for n := range written {
			w.look(n)
		}
	}
}

func (w *logWatch) look(n int32) {
	w.mu.Lock()
	logs := slices.Clone(w.logs[n])
	w.mu.Unlock()

	for _, l := range logs {
		_, _ = l.look() // A reader gets an error that it is gone.
	}
}
