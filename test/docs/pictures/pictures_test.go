// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/package/tools"
)

var update = flag.Bool("update", false, "write the pictures instead of comparing with them") //nolint:gochecknoglobals // The way of the flag package.

// TestGolden makes every picture again from what programs answer now.
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

			path := file(t, "docs", "pictures", name+".svg")

			if *update {
				if err := os.WriteFile(path, c.svg(), 0o644); err != nil { //nolint:gosec // Part of a source tree.
					t.Fatal(err)
				}
			}

			if diff := cmp.Diff(lines(string(read(t, path))), lines(string(c.svg()))); diff != "" {
				t.Errorf("%s: -want, +got:\n%s\nIf this is meant, run `make test-golden-update` and look at the picture.", path, diff)
			}
		})
	}
}

// TestShown has every picture on some page, with words for those who cannot see it.
func TestShown(t *testing.T) {
	t.Parallel()

	pictures, err := filepath.Glob(file(t, "docs", "pictures", "*"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("cannot find pictures: %v", err)
	}

	want, got := map[string]string{}, map[string]string{}

	for _, p := range pictures {
		want[filepath.Base(p)] = "shown, with words"
	}

	image := regexp.MustCompile(`!\[([^]]*)\]\([^)]*pictures/([^)/]+)\)`)

	for _, page := range pages(t) {
		for _, m := range image.FindAllStringSubmatch(string(read(t, page)), -1) {
			if len(strings.Fields(m[1])) < 5 {
				t.Errorf("%s: %q says too little of %s to somebody who cannot see it", page, m[1], m[2])
			}

			got[m[2]] = "shown, with words"
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pictures on pages: -want, +got:\n%s", diff)
	}
}

// TestSVG draws what would break the XML, and text that does not fit.
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

// TestHuman writes values as Grafana does, more or less.
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

func lines(s string) []string { return strings.Split(s, "\n") }

func file(t *testing.T, path ...string) string {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	return filepath.Join(slices.Concat([]string{root}, path)...)
}

func read(t *testing.T, path string) []byte {
	t.Helper()

	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("cannot read %s: %v", path, err)
	}

	return data
}

// pages of the documentation.
func pages(t *testing.T) []string {
	t.Helper()

	out := []string{file(t, "README.md")}

	err := filepath.WalkDir(file(t, "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			out = append(out, path)
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return out
}
