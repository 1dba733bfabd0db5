// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sentence

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPrintableIsBounded proves that a line is bounded, and does not change when it is shortened again.
func TestPrintableIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, size := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text")), rapid.IntRange(10, 50).Draw(t, "size")

		got := OneLine(text, size)
		if len(got) > size || strings.ContainsAny(got, "\n\r\x1b\x00") || OneLine(got, size) != got {
			t.Errorf("OneLine(%q, %d): got %q", text, size, got)
		}
	})

	if got := Printable(strings.Repeat("ä", maxParameter)); len(got) > maxParameter {
		t.Errorf("Printable(...): %d bytes", len(got))
	}

	if got := OneLine(strings.Repeat("ä", 10), 10); got != "äää …" {
		t.Errorf("OneLine(...): want a cut between characters, got %q", got)
	}
}
