// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// A narrator tells what happens. On a terminal it shows for how long something has
// been going on; elsewhere it prints plain lines.
type narrator struct {
	out      io.Writer
	terminal bool
}

func newNarrator(out io.Writer) *narrator {
	f, ok := out.(*os.File)

	return &narrator{out: out, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// chapter begins something new.
func (n *narrator) chapter(title string) {
	if n.terminal {
		title = "\x1b[1m" + title + "\x1b[0m"
	}

	fmt.Fprintf(n.out, "\n%s\n", title)
}

// sayf says a line.
func (n *narrator) sayf(format string, args ...any) {
	fmt.Fprintf(n.out, "  "+format+"\n", args...)
}

// show a text, a line at a time.
func (n *narrator) show(text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		fmt.Fprintf(n.out, "    %s\n", strings.TrimRight(line, "\n"))
	}
}

// progress prints a step when it begins, and returns a function for its end.
func (n *narrator) progress(what string) func(error) {
	start := time.Now()

	if !n.terminal {
		fmt.Fprintf(n.out, "  %s ...\n", what)

		return func(err error) { fmt.Fprintf(n.out, "  %s: %s\n", what, outcome(start, err)) }
	}

	var ticking sync.WaitGroup

	stop := make(chan struct{})

	ticking.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()

		for {
			fmt.Fprintf(n.out, "\r\x1b[K  %-42s %3.0f s ...", what, time.Since(start).Seconds())

			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})

	return func(err error) {
		close(stop)
		ticking.Wait()
		fmt.Fprintf(n.out, "\r\x1b[K  %-42s %s\n", what, outcome(start, err))
	}
}

func outcome(start time.Time, err error) string {
	took := fmt.Sprintf("%3.0f s", time.Since(start).Seconds())
	if err != nil {
		return took + "  failed"
	}

	return took
}
