// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package mutation

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An Outcome is the result for a mutant.
type Outcome string

// These are the outcomes.
const (
	Killed   Outcome = "killed"
	Survived Outcome = "survived"
	// Invalid mutants do not compile.
	Invalid Outcome = "invalid"
	// Gone means that the code no longer exists.
	Gone Outcome = "gone"
)

// A Result is the outcome of a mutant with details.
type Result struct {
	Mutant

	Outcome Outcome `json:"outcome"`
	// These are the package and the test that killed it.
	By      string  `json:"by,omitempty"`
	Seconds float64 `json:"seconds"`
}

// A Suite is a pattern of packages whose tests run together.
type Suite struct {
	Packages string
	Timeout  time.Duration
}

// Suites returns the suites for the code in a directory, the cheapest ones first. Those of test/ build the programs themselves, with
// the mutant.
func Suites(file string) []Suite {
	own := Suite{"./" + filepath.ToSlash(filepath.Dir(file)), 2 * time.Minute}
	top, _, _ := strings.Cut(filepath.ToSlash(file), "/")
	suites := []Suite{own, {"./" + top + "/...", 5 * time.Minute}}

	names := map[string][]string{
		"fn":       {"schema", "security", "limits", "argocd", "render", "migrate", "platform", "admission"},
		"provider": {"limits", "security", "provider", "monitoring"},
		"cmd":      {"migrate", "platform"},
	}[top]

	for _, n := range names {
		suites = append(suites, Suite{"./test/" + n + "/...", 15 * time.Minute})
	}

	return suites
}

// Named returns suites of these packages.
func Named(packages ...string) []Suite {
	suites := make([]Suite, len(packages))
	for i, p := range packages {
		suites[i] = Suite{p, 15 * time.Minute}
	}

	return suites
}

// A Runner tries mutants.
type Runner struct {
	// Root is the root of the repository.
	Root string
	// Suites returns the suites for a mutant of a file.
	Suites func(file string) []Suite
	// Log receives the progress.
	Log io.Writer

	baseline map[string]error
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// Compiles reports whether the program compiles with the mutant.
func (r *Runner) Compiles(ctx context.Context, m Mutant) (bool, error) {
	flags, clean, err := r.overlay(m)
	if err != nil {
		return false, err
	}
	defer clean()

	_, err = r.run(ctx, flags, "build", "./"+filepath.Dir(m.File))

	return err == nil, ctx.Err() //nolint:wrapcheck // There is nothing to add.
}

// Try runs the suites with a mutant in the current code.
func (r *Runner) Try(ctx context.Context, m Mutant) (Result, error) {
	begin := time.Now()
	result := func(o Outcome, by string) Result {
		return Result{Mutant: m, Outcome: o, By: by, Seconds: time.Since(begin).Round(100 * time.Millisecond).Seconds()}
	}

	compiles, err := r.Compiles(ctx, m)
	if err != nil {
		return Result{}, err
	}

	if !compiles {
		return result(Invalid, ""), nil
	}

	flags, clean, err := r.overlay(m)
	if err != nil {
		return Result{}, err
	}
	defer clean()

	for _, s := range r.Suites(m.File) {
		// A suite that fails without a mutant would kill everything.
		if err := r.passes(ctx, s); err != nil {
			return Result{}, err
		}

		out, err := r.test(ctx, flags, s)
		if ctx.Err() != nil {
			return Result{}, ctx.Err() //nolint:wrapcheck // There is nothing to add.
		}

		if err != nil {
			by := s.Packages
			if name := failed.FindStringSubmatch(out); name != nil {
				by += " " + name[1]
			}

			return result(Killed, by), nil
		}
	}

	return result(Survived, ""), nil
}

// passes returns an error if a suite fails without a mutant.
func (r *Runner) passes(ctx context.Context, s Suite) error {
	if err, known := r.baseline[s.Packages]; known {
		return err
	}

	out, err := r.test(ctx, "", s)
	if err != nil {
		err = fmt.Errorf("%s fails without a mutant: %w\n%s", s.Packages, err, out)
	}

	if r.baseline == nil {
		r.baseline = map[string]error{}
	}

	r.baseline[s.Packages] = err

	return err
}

func (r *Runner) test(ctx context.Context, flags string, s Suite) (string, error) {
	what := "with the mutant"
	if flags == "" {
		what = "without one"
	}

	fmt.Fprintf(r.Log, "  %s %s\n", s.Packages, what)

	// Go's test cache is disabled: it does not notice changes of the programs that a test runs.
	return r.run(ctx, flags, "test", "-count=1", "-failfast", "-vet=off", "-timeout="+s.Timeout.String(), s.Packages)
}

// run runs the go command. The flags also apply to commands with which tests build programs.
func (r *Runner) run(ctx context.Context, flags string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.Root
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" "+flags))

	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("cannot go %s: %w", args[0], err)
	}

	return string(out), err
}

// overlay returns flags that replace the file by the mutant, and a function to clean up.
func (r *Runner) overlay(m Mutant) (flags string, clean func(), err error) {
	path := filepath.Join(r.Root, m.File)

	source, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("cannot read what to mutate: %w", err)
	}

	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return "", nil, fmt.Errorf("cannot make a directory for the mutant: %w", err)
	}

	clean = func() { _ = os.RemoveAll(dir) }
	mutated, overlay := filepath.Join(dir, filepath.Base(path)), filepath.Join(dir, "overlay.json")

	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
	if err == nil {
		err = errors.Join(os.WriteFile(mutated, m.Apply(source), 0o600), os.WriteFile(overlay, replace, 0o600))
	}

	if err != nil {
		clean()
		return "", nil, fmt.Errorf("cannot write the mutant: %w", err)
	}

	return "-overlay=" + overlay, clean, nil
}

// Read reads mutants or results as lines of JSON. A missing file has none.
func Read[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}

	if err != nil {
		return nil, fmt.Errorf("cannot open list: %w", err)
	}
	defer f.Close() //nolint:errcheck // It is only read.

	var out []T

	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)

	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}

		out = append(out, v)
	}

	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}

	return out, nil
}

// Write writes a line of JSON.
func Write(w io.Writer, v any) error {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return fmt.Errorf("cannot write result: %w", err)
	}

	return nil
}

// Done reports whether a mutant has a result.
func Done(results []Result, m Mutant) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.same(m) && r.File == m.File })
}

// Count summarizes the outcomes of a run in one line.
func Count(name string, results []Result) string {
	of := map[Outcome]int{}
	for _, r := range results {
		of[r.Outcome]++
	}

	return fmt.Sprintf("%s: %d mutants, %d killed, %d survived, %d invalid, %d gone", name, len(results), of[Killed], of[Survived], of[Invalid], of[Gone])
}

// Compare compares two runs of one list. It returns the mutants that were killed before and survive now, and those that cannot be
// compared because their code no longer exists.
func Compare(before, after []Result) (lost, gone []Result) {
	for _, b := range before {
		if b.Outcome != Killed {
			continue
		}

		now := Result{Mutant: b.Mutant, Outcome: Gone}

		for _, a := range after {
			if a.same(b.Mutant) && a.File == b.File {
				now = a
			}
		}

		switch now.Outcome {
		case Killed:
		case Survived:
			lost = append(lost, b)
		case Invalid, Gone:
			gone = append(gone, b)
		}
	}

	return lost, gone
}
