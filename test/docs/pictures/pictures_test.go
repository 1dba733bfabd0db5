// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestGolden draws every picture again from the current answers of programs.
func TestGolden(t *testing.T) {
	t.Parallel()

	for name, draw := range map[string]func(*testing.T) *canvas{
		"argo-cd-tree":   treeOf,
		"azure-scopes":   scopesOf,
		"dashboard":      boardOf,
		"does-not-start": decisionsOf,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := draw(t)
			for _, fault := range c.faults() {
				t.Error(fault)
			}

			check.Golden(t, string(c.svg()), "docs", "pictures", name+".svg")
		})
	}
}

// TestSVG draws text that would break the XML, and text that does not fit.
func TestSVG(t *testing.T) {
	t.Parallel()

	c := &canvas{width: 100, title: `a "title" & <more>`, desc: "x"}
	c.text(plain(12, "text"), 10, 20, `<&">`)
	c.text(plain(12, "text"), 20, 20, "over")
	c.text(plain(12, "text"), 80, 60, "outside")

	decoder := xml.NewDecoder(strings.NewReader(string(c.svg())))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("svg() is no XML: %v", err)
		}
	}

	if diff := cmp.Diff([]string{`"<&\">" overlaps "over"`, `"outside" ends outside`}, c.faults()); diff != "" {
		t.Errorf("faults(): -want, +got:\n%s", diff)
	}
}

// TestHuman writes values roughly as Grafana does.
func TestHuman(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		value float64
		unit  string
		want  string
	}{
		"Plain":        {value: 12, want: "12"},
		"Large":        {value: 1234.5, want: "1234"},
		"Milliseconds": {value: 0.0123, unit: "s", want: "12.3 ms"},
		"Seconds":      {value: 30, unit: "s", want: "30 s"},
		"Minutes":      {value: 600, unit: "s", want: "10 min"},
		"Hours":        {value: 7200, unit: "s", want: "2 h"},
		"Days":         {value: 9 * 86400, unit: "s", want: "9 days"},
		"Bytes":        {value: 64 << 20, unit: "bytes", want: "64 MiB"},
		"Rate":         {value: 0.25, unit: "reqps", want: "0.25/s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := human(tc.value, tc.unit); got != tc.want {
				t.Errorf("human(%v, %q): want %q, got %q", tc.value, tc.unit, tc.want, got)
			}
		})
	}
}
