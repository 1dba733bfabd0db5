// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

func TestWords(t *testing.T) {
	catalogue := Catalogue{"Missing": {
		Severity: Error, Problem: "{object} has no {field}.", Impact: "Nothing gets a {field}.", Fix: "kubectl annotate {object} {field}={value}",
		Phrases: map[string]map[string]string{"field": {"Label": "label of {value}"}},
	}}

	cases := map[string]struct {
		reason string
		f      Finding
		want   Words
	}{
		"Plain": {
			reason: "Parameters replace their names.",
			f:      Finding{Code: "Missing", Object: "Provider/a", With: map[string]string{"field": "b", "value": "c-1.2"}},
			want:   Words{Severity: Error, Problem: "Provider/a has no b.", Impact: "Nothing gets a b.", Fix: "kubectl annotate Provider/a b=c-1.2"},
		},
		"Phrase": {
			reason: "A phrase replaces a code, and can contain other parameters.",
			f:      Finding{Code: "Missing", Object: "Provider/a", With: map[string]string{"field": "Label", "value": "{field}"}},
			want:   Words{Severity: Error, Problem: "Provider/a has no label of {field}.", Impact: "Nothing gets a label of {field}.", Fix: "kubectl annotate Provider/a 'label of {field}'='{field}'"},
		},
		"Hostile": {
			reason: "A parameter controls no terminal and no shell.",
			f:      Finding{Code: "Missing", Object: "Provider/a\x1b[2J\nb", With: map[string]string{"field": "{value}", "value": "$(id)'; ls"}},
			want: Words{
				Severity: Error, Problem: "Provider/a�[2J b has no {value}.", Impact: "Nothing gets a {value}.",
				Fix: `kubectl annotate 'Provider/a�[2J b' '{value}'='$(id)'\''; ls'`,
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, catalogue.Words(tc.f), cmpopts.IgnoreFields(Words{}, "Phrases")); diff != "" {
				t.Errorf("\n%s\nWords(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestCommand proves that a shell reads every parameter as plain text, at every position.
func TestCommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab '\"`$(){}[]*?!~#&|;<>\\\n\t\x00\x1bä-=/")), 0, 20, -1).Draw(t, "text")
		words := Catalogue{"A": {Fix: `printf '%s\n' {text} 'it: {text}' "it's {text}" a{text} 'it'\''s {text}'`}}.Words(Finding{Code: "A", With: map[string]string{"text": text}})

		out, err := exec.CommandContext(t.Context(), "sh", "-c", words.Fix).Output() //nolint:gosec // The test is about this command.
		if err != nil {
			t.Fatalf("sh: %v", err)
		}

		plain := sentence.Printable(text)
		if want := plain + "\nit: " + plain + "\nit's " + plain + "\na" + plain + "\nit's " + plain + "\n"; string(out) != want {
			t.Fatalf("%s: want %q, got %q", words.Fix, want, out)
		}
	})
}

func TestMerge(t *testing.T) {
	if _, err := Merge(Catalogue{"A": {}}, Catalogue{"B": {}}); err != nil {
		t.Error(err)
	}

	if _, err := Merge(Catalogue{"A": {}}, Catalogue{"A": {}}); err == nil {
		t.Error("want an error about a code in two catalogues, got none")
	}
}

func TestSort(t *testing.T) {
	catalogue := Catalogue{"A": {Severity: Warning}, "B": {Severity: Error}, "C": {Severity: Unknown}}
	got := []Finding{{Code: "A"}, {Code: "C"}, {Code: "B", Object: "2"}, {Code: "B", Object: "1"}}
	catalogue.Sort(got)

	if diff := cmp.Diff([]Finding{{Code: "B", Object: "1"}, {Code: "B", Object: "2"}, {Code: "C"}, {Code: "A"}}, got); diff != "" {
		t.Errorf("Sort(...): -want, +got:\n%s", diff)
	}
}

func TestList(t *testing.T) {
	cases := map[string]struct {
		reason string
		items  []string
		want   string
	}{
		"None": {"An empty list has no text.", nil, ""},
		"Few":  {"A short list is complete.", []string{"a", "b"}, "a, b"},
		"Many": {"A long list ends with the number of the items that it omits.", slices.Repeat([]string{"a"}, maxListed+2), strings.Repeat("a, ", maxListed) + "and 2 more"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, List(tc.items)); diff != "" {
				t.Errorf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
