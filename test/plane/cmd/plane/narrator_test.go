// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file or pipe gets plain lines.
func TestNarrator(t *testing.T) {
	var out bytes.Buffer

	n := newNarrator(&out)
	n.chapter("1. Something")
	n.sayf("%d lines:", 2)
	n.show("one\ntwo\n")
	n.progress("this")(nil)
	n.progress("that")(errors.New("no"))

	want := `
1. Something
  2 lines:
    one
    two
  this ...
  this:   0 s
  that ...
  that:   0 s  failed
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
