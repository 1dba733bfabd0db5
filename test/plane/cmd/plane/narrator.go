// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A narrator prints the story.
type narrator struct{ out io.Writer }

// chapter prints the title of a chapter.
func (n *narrator) chapter(title string) { fmt.Fprintf(n.out, "\n%s\n", title) }

// sayf prints a line.
func (n *narrator) sayf(format string, args ...any) { fmt.Fprintf(n.out, "  "+format+"\n", args...) }

// show prints an indented text.
func (n *narrator) show(text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		fmt.Fprintf(n.out, "    %s\n", strings.TrimRight(line, "\n"))
	}
}

// progress prints the start of a step, and returns a function that prints its end.
func (n *narrator) progress(what string) func(error) {
	n.sayf("%s ...", what)

	start := time.Now()

	return func(err error) {
		outcome := ""
		if err != nil {
			outcome = "  failed"
		}

		n.sayf("%s: %3.0f s%s", what, time.Since(start).Seconds(), outcome)
	}
}
