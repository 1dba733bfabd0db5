// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	catalogue := Catalogue{"Missing": {
		Severity: Error, Wrong: "{object} has no {field}.", Breaks: "Nothing gets a {field}.", Mend: "kubectl annotate {object} {field}={value}",
	}}

	cases := map[string]struct {
		reason string
		f      Finding
		want   Words
	}{
		"Plain": {
			reason: "Parameters are put where they are named.",
			f:      Finding{Code: "Missing", Object: "Provider/a", With: map[string]string{"field": "b", "value": "c-1.2"}},
			want:   Words{Severity: Error, Wrong: "Provider/a has no b.", Breaks: "Nothing gets a b.", Mend: "kubectl annotate Provider/a b=c-1.2"},
		},
		"Hostile": {
			reason: "Neither a terminal nor a shell acts on what somebody has written.",
			f:      Finding{Code: "Missing", Object: "Provider/a\x1b[2J\nb", With: map[string]string{"field": "{value}", "value": "$(id)'; ls"}},
			want: Words{
				Severity: Error, Wrong: "Provider/a�[2J b has no {value}.", Breaks: "Nothing gets a {value}.",
				Mend: `kubectl annotate 'Provider/a�[2J b' '{value}'='$(id)'\''; ls'`,
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, catalogue.Words(tc.f)); diff != "" {
				t.Errorf("\n%s\nWords(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A shell takes a parameter for what it is, whatever is in it, and wherever it stands.
func TestCommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab '\"`$(){}[]*?!~#&|;<>\\\n\t\x00\x1bä-=/")), 0, 20, -1).Draw(t, "text")
		words := Catalogue{"A": {Mend: `printf '%s\n' {text} 'it: {text}' "it's {text}" a{text} 'it'\''s {text}'`}}.Words(Finding{Code: "A", With: map[string]string{"text": text}})

		out, err := exec.CommandContext(t.Context(), "sh", "-c", words.Mend).Output() //nolint:gosec // That is what is tested.
		if err != nil {
			t.Fatalf("sh: %v", err)
		}

		said := Printable(text)
		if want := said + "\nit: " + said + "\nit's " + said + "\na" + said + "\nit's " + said + "\n"; string(out) != want {
			t.Fatalf("%s: want %q, got %q", words.Mend, want, out)
		}
	})
}

func TestPrintableIsBounded(t *testing.T) {
	if got := Printable(strings.Repeat("ä", maxParameter)); len(got) > maxParameter+len(" …") {
		t.Errorf("Printable(...): %d bytes", len(got))
	}
}

func TestMerge(t *testing.T) {
	if _, err := Merge(Catalogue{"A": {}}, Catalogue{"B": {}}); err != nil {
		t.Error(err)
	}

	if _, err := Merge(Catalogue{"A": {}}, Catalogue{"A": {}}); err == nil {
		t.Error("want an error about a code with two meanings, got none")
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
