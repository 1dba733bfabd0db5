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
