// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command mutation measures how many faults the tests find. See test/mutation/README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/mutation"
)

type cli struct {
	List    list    `cmd:"" help:"Choose mutants of fn and provider that compile, and print them."`
	Run     run     `cmd:"" help:"Try the mutants of a list, and append to a file what came of them. Those that the file has are left out."`
	Compare compare `cmd:"" help:"Compare two runs of one list. It fails if something was killed before and survives now."`
}

type list struct {
	Seed  uint64 `default:"1"   help:"The same seed chooses the same mutants of the same code."`
	Count int    `default:"240" help:"How many."`
}

type run struct {
	Suites []string `help:"Packages whose tests are to kill the mutants, instead of those that are known for their directory." name:"suite"`
	Limit  int      `help:"Stop after so many mutants. 0 tries all."`

	Mutants string `arg:"" help:"The list."`
	Results string `arg:"" help:"The file of results."`
}

type compare struct {
	Before string `arg:"" help:"Results of the run before."`
	After  string `arg:"" help:"Results of the run after."`
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()

	c := cli{}
	k := kong.Parse(&c, kong.BindTo(ctx, (*context.Context)(nil)))
	k.FatalIfErrorf(k.Run())
}

// code returns the mutants of the mutated code, and of all places it may have been moved to.
func code(root string) (mutated, all []mutation.Mutant, err error) {
	if mutated, err = mutation.All(root, "fn", "provider"); err != nil {
		return nil, nil, err
	}

	all, err = mutation.All(root, "fn", "provider", "cmd", "apis", "package")

	return mutated, all, err
}

func runner() (*mutation.Runner, error) {
	root, err := tools.Root()

	return &mutation.Runner{Root: root, Suites: mutation.Suites, Log: os.Stderr}, err
}

// Run prints a list.
func (l *list) Run(ctx context.Context) error {
	r, err := runner()
	if err != nil {
		return err
	}

	mutants, _, err := code(r.Root)
	if err != nil {
		return err
	}

	mutation.Shuffle(mutants, l.Seed)

	for left := l.Count; left > 0 && len(mutants) > 0; mutants = mutants[1:] {
		compiles, err := r.Compiles(ctx, mutants[0])
		if err != nil {
			return err
		}

		if !compiles {
			continue
		}

		if err := mutation.Write(os.Stdout, mutants[0]); err != nil {
			return err
		}

		left--
	}

	return nil
}

// Run tries mutants.
func (c *run) Run(ctx context.Context) error {
	r, err := runner()
	if err != nil {
		return err
	}

	if len(c.Suites) > 0 {
		r.Suites = func(string) []mutation.Suite { return mutation.Named(c.Suites...) }
	}

	mutants, err := mutation.Read[mutation.Mutant](c.Mutants)
	if err != nil {
		return err
	}

	done, err := mutation.Read[mutation.Result](c.Results)
	if err != nil {
		return err
	}

	_, now, err := code(r.Root)
	if err != nil {
		return err
	}

	out, err := os.OpenFile(c.Results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // Nothing in it is secret.
	if err != nil {
		return fmt.Errorf("cannot write results: %w", err)
	}
	defer out.Close() //nolint:errcheck // Each result was written.

	tried := 0

	for i, m := range mutants {
		if mutation.Done(done, m) {
			continue
		}

		if tried++; c.Limit > 0 && tried > c.Limit {
			break
		}

		fmt.Fprintf(os.Stderr, "%d of %d: %s of %q in %s of %s\n", i+1, len(mutants), m.Kind, m.Code, m.Function, m.File)

		result := mutation.Result{Mutant: m, Outcome: mutation.Gone}

		if there, err := mutation.Find(now, m); err == nil {
			if result, err = r.Try(ctx, there); err != nil {
				return err
			}
			// The name in the list identifies it.
			result.Mutant = m
		}

		fmt.Fprintf(os.Stderr, "  %s %s\n", result.Outcome, result.By)

		if err := mutation.Write(out, result); err != nil {
			return err
		}
	}

	return nil
}

// Run compares two runs.
func (c *compare) Run() error {
	before, err := mutation.Read[mutation.Result](c.Before)
	if err != nil {
		return err
	}

	after, err := mutation.Read[mutation.Result](c.After)
	if err != nil {
		return err
	}

	lost, gone := mutation.Compare(before, after)
	for _, g := range gone {
		fmt.Fprintf(os.Stdout, "cannot be compared, its code is gone: %s of %q in %s of %s, killed by %s\n", g.Kind, g.Code, g.Function, g.File, g.By)
	}

	for _, l := range lost {
		fmt.Fprintf(os.Stdout, "killed before, survives now: %s of %q in %s of %s, killed by %s\n", l.Kind, l.Code, l.Function, l.File, l.By)
	}

	fmt.Fprintf(os.Stdout, "%s\n%s\n", mutation.Count(c.Before, before), mutation.Count(c.After, after))

	if len(lost) > 0 {
		return errors.New("tests notice less than before")
	}

	return nil
}
