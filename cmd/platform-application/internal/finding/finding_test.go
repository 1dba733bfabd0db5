// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	c := Catalogue{"X": {Severity: Error, Wrong: "{object} has {a}.", Breaks: "{b}", Mend: "do {a}"}}

	cases := map[string]struct {
		reason string
		f      Finding
		want   Words
	}{
		"Plain":    {"Parameters are filled in.", Finding{Code: "X", Object: "Pod/a", With: map[string]string{"a": "1", "b": "2"}}, Words{Error, "Pod/a has 1.", "2", "do 1"}},
		"Nested":   {"A value is no sentence: what looks like a parameter in it stays.", Finding{Code: "X", Object: "{a}", With: map[string]string{"a": "{b}"}}, Words{Error, "{a} has {b}.", "{b}", "do {b}"}},
		"Terminal": {"A terminal obeys nothing of it.", Finding{Code: "X", Object: "\x1b[2J\u202e", With: map[string]string{"a": "a\rb\x00"}}, Words{Error, "\ufffd[2J\ufffd has a\ufffdb\ufffd.", "{b}", "do a\ufffdb\ufffd"}},
		"Unknown":  {"There are no words.", Finding{Code: "Y"}, Words{}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, c.Words(tc.f)); diff != "" {
				t.Errorf("\n%s\nWords(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestWordsOfAnything proves that whatever an object of the cluster has in it, what people read is bounded, and harmless for their terminal.
func TestWordsOfAnything(t *testing.T) {
	c := Catalogue{"X": {Wrong: "{object} {a}"}}

	rapid.Check(t, func(t *rapid.T) {
		value := strings.Repeat(rapid.String().Draw(t, "value"), rapid.IntRange(1, 2000).Draw(t, "times"))
		said := c.Words(Finding{Code: "X", Object: value, With: map[string]string{"a": value}}).Wrong

		if len(said) > 10*maxValue {
			t.Errorf("%d bytes", len(said))
		}

		for _, r := range said {
			if r != '\n' && r != unicode.ReplacementChar && !unicode.IsPrint(r) {
				t.Errorf("%U is not printable", r)
			}
		}
	})
}

func TestQuote(t *testing.T) {
	cases := map[string]struct{ value, want string }{
		"Plain": {"rg-apps_1.x/y:z@w=1", "rg-apps_1.x/y:z@w=1"},
		"Empty": {"", "''"},
		"Space": {"a b", "'a b'"},
		"Shell": {"$(rm -rf /)", "'$(rm -rf /)'"},
		"Quote": {"a'b", `'a'\''b'`},
		"Other": {"é", "'é'"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Quote(tc.value); got != tc.want {
				t.Errorf("Quote(%q): want %s, got %s", tc.value, tc.want, got)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	if _, err := Merge(Catalogue{"A": {}}, Catalogue{"B": {}}); err != nil {
		t.Errorf("Merge(...): %v", err)
	}

	if _, err := Merge(Catalogue{"A": {}}, Catalogue{"A": {}}); err == nil {
		t.Error("Merge(...): want an error about a code in two catalogues")
	}
}
