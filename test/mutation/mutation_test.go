// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package mutation

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const source = `package a

const limit = 3

func (s *Set) full(n int) bool { return n >= limit && s.on }

func add(s *Set, n int) (bool, error) {
	if s.on {
		s.count += n
	}
	for range 2 {
		s.touch()
	}
	if n == 0 {
		return true, errors.New("x")
	}
	f := func() error { return s.err }
	return false, f()
}
`

func TestOf(t *testing.T) {
	want := []string{
		"limit constant: 3 -> 4",
		"Set.full operator: n >= limit && s.on -> n >= limit || s.on",
		"Set.full operator: n >= limit -> n > limit",
		"add negate: s.on -> !(s.on)",
		"add remove: s.count += n -> if false {\ns.count += n\n}",
		"add constant: 2 -> 3",
		"add remove: s.touch() -> if false {\ns.touch()\n}",
		"add operator: n == 0 -> n != 0",
		"add constant: 0 -> 1",
		"add constant: true -> false",
		`add return: errors.New("x") -> nil`,
		"add constant: false -> true",
		"add return: s.err -> nil",
		"add return: f() -> nil",
	}

	mutants, err := Of("a.go", []byte(source))
	check.Must(t, err)

	got := make([]string, len(mutants))
	for i, m := range mutants {
		got[i] = m.Function + " " + m.Kind + ": " + m.Code + " -> " + m.With
	}

	if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("Of(...): -want, +got:\n%s", diff)
	}

	for _, m := range mutants {
		if mutated := string(m.Apply([]byte(source))); mutated == source || !strings.Contains(mutated, m.With) {
			t.Errorf("Apply(...) of %s %q does not change the source", m.Kind, m.Code)
		}
	}
}

// TestFind finds mutants again in changed code.
func TestFind(t *testing.T) {
	mutant := Mutant{File: "a.go", Function: "f", Kind: "operator", Code: "x < 1", With: "x <= 1", Ordinal: 1}

	for name, tc := range map[string]struct {
		reason string
		files  map[string]string
		want   string
		gone   bool
	}{
		"Same":    {"Unchanged code has the mutant.", map[string]string{"a.go": "func f() { _ = x < 1; _ = x < 1 }"}, "a.go", false},
		"Lines":   {"A moved function is found by its name.", map[string]string{"a.go": "func g() {}\n\nfunc f() { y(); _ = x < 1; _ = x < 2; _ = x < 1 }"}, "a.go", false},
		"Moved":   {"The only function of that name with that code is found.", map[string]string{"b.go": "func f() { _ = x < 1; _ = x < 1 }"}, "b.go", false},
		"Copied":  {"Two candidates are ambiguous.", map[string]string{"b.go": "func f() { _ = x < 1; _ = x < 1 }", "c.go": "func f() { _ = x < 1; _ = x < 1 }"}, "", true},
		"Fewer":   {"The second occurrence no longer exists.", map[string]string{"a.go": "func f() { _ = x < 1 }"}, "", true},
		"Changed": {"Other code is another mutant.", map[string]string{"a.go": "func f() { _ = x < 2; _ = x < 2 }"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			var now []Mutant

			for file, code := range tc.files {
				found, err := Of(file, []byte("package a\n"+code))
				check.Must(t, err)

				now = append(now, found...)
			}

			got, err := Find(now, mutant)
			if errors.Is(err, ErrGone) != tc.gone || got.File != tc.want {
				t.Errorf("\n%s\nFind(...): want %q, gone %t; got %q, %v", tc.reason, tc.want, tc.gone, got.File, err)
			}
		})
	}
}

// TestShuffle checks that a seed chooses the same mutants from any order.
func TestShuffle(t *testing.T) {
	mutants, err := Of("a.go", []byte(source))
	check.Must(t, err)

	other := slices.Clone(mutants)
	slices.Reverse(other)
	Shuffle(mutants, 7)
	Shuffle(other, 7)

	if diff := cmp.Diff(mutants, other, cmp.AllowUnexported(Mutant{})); diff != "" {
		t.Errorf("Shuffle(..., 7): -first, +second:\n%s", diff)
	}

	if Shuffle(other, 8); cmp.Equal(mutants, other, cmp.AllowUnexported(Mutant{})) {
		t.Error("Shuffle(..., 8): want another order than with seed 7")
	}
}

// module writes a module with these files, and returns a runner for it and its mutants.
func module(t *testing.T, files map[string]string) (*Runner, []Mutant) {
	t.Helper()

	dir := t.TempDir()
	files["go.mod"] = "module a\n\ngo 1.26\n"

	for name, text := range files {
		check.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}

	mutants, err := All(dir, ".")
	check.Must(t, err)

	return &Runner{Root: dir, Log: t.Output(), Suites: func(string) []Suite { return Named("./...") }}, mutants
}

// TestTry checks that a test notices one mutant and not another.
func TestTry(t *testing.T) {
	r, mutants := module(t, map[string]string{
		"a.go":      "package a\n\nfunc less(a, b int) bool { return a < b }\n",
		"a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestLess(t *testing.T) {\n\tif less(2, 1) || LESS {\n\t\tt.Fatal()\n\t}\n}\n",
		"b.go":      "package a\n\nconst LESS = false\n\nfunc unused() bool { return true }\n",
	})

	got := map[string]string{}

	for _, m := range append(mutants, Mutant{File: "b.go", Code: "nothing", With: "!", to: 7}) {
		result, err := r.Try(t.Context(), m)
		check.Must(t, err)

		got[m.Code] = strings.TrimSpace(string(result.Outcome) + " " + result.By)
	}

	want := map[string]string{"a < b": "survived", "false": "killed ./... TestLess", "true": "survived", "nothing": "invalid"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Try(...): -want, +got:\n%s", diff)
	}
}

// TestBaseline checks that tests that fail without a mutant are rejected.
func TestBaseline(t *testing.T) {
	r, mutants := module(t, map[string]string{
		"a.go":      "package a\n\nconst A = 1\n",
		"a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Fatal() }\n",
	})

	if _, err := r.Try(t.Context(), mutants[0]); err == nil || !strings.Contains(err.Error(), "fails without a mutant") {
		t.Errorf("Try(...): want an error about tests that fail without a mutant, got %v", err)
	}
}

// TestCompare compares the results of two runs.
func TestCompare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	mutant := func(code string) Mutant { return Mutant{File: "a.go", Function: "f", Kind: "negate", Code: code} }
	run := func(outcomes ...Outcome) []Result {
		f, err := os.Create(path)
		check.Must(t, err)
		defer f.Close() //nolint:errcheck // Each result was written.

		for i, o := range outcomes {
			check.Must(t, Write(f, Result{Mutant: mutant(string(rune('a' + i))), Outcome: o}))
		}

		results, err := Read[Result](path)
		check.Must(t, err)

		return results
	}
	before := run(Killed, Killed, Survived, Killed, Killed, Killed)
	after := run(Killed, Survived, Survived, Invalid, Gone)

	lost, gone := Compare(before, after)
	codes := func(results []Result) string {
		var out strings.Builder
		for _, r := range results {
			out.WriteString(r.Code)
		}

		return out.String()
	}

	if diff := cmp.Diff([]string{"b", "def"}, []string{codes(lost), codes(gone)}); diff != "" {
		t.Errorf("Compare(...): lost and gone: -want, +got:\n%s", diff)
	}

	if !Done(after, mutant("a")) || Done(after, mutant("f")) {
		t.Error("Done(...): want a mutant with a result to be done, and no other")
	}
}

// TestSuites checks that all code has suites.
func TestSuites(t *testing.T) {
	root, err := tools.Root()
	check.Must(t, err)

	for _, file := range []string{"fn/fn.go", "provider/keyvault/error.go", "cmd/platform-application/main.go"} {
		for _, s := range Suites(file) {
			if _, err := os.Stat(filepath.Join(root, strings.TrimSuffix(s.Packages, "/..."))); err != nil {
				t.Errorf("Suites(%q): %v", file, err)
			}
		}
	}
}
