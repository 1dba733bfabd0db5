// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command render prints the resources composed for an example, validates all examples and their resources, and compares the
// resources before and after an upgrade.
//
//	make render EXAMPLE=web-application STAGE=3
//	make validate
//	make diff FROM=v0.1.0
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/package/tools"
)

// timeout bounds the whole program, a first build of the tools included.
const timeout = 30 * time.Minute

const usage = `usage:
  render    --example NAME [--stage NAME or NUMBER] [--variant modern|claim] [--crossplane 2.0|1.20] [--root DIRECTORY]
            prints the resources composed for an example at a stage, or when nothing is observed yet;
            with an older version of the Crossplane command line tool if one is named
  validate  [--example NAME] [--root DIRECTORY]
            checks the manifests, and the resources composed for them at every stage, against the schemas; unknown
            fields are problems; values of labels are not checked
  diff      --from COMMIT [--example NAME] [--root DIRECTORY]
            compares the resources composed for the examples of that commit or tag before and after an upgrade; fails
            if the upgrade deletes or recreates an object, makes a change that can never be applied, or restarts Pods
            without an entry in the release notes`

var errInvalid = errors.New("validation failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, timeout)

	err := run(ctx, os.Args[1:], os.Stdout)

	cancel()
	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)

		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}

	var (
		r     render.Request
		from  string
		older string
	)

	// This program prints errors and help once.
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&r.Example, "example", "", "a directory of examples/")
	root := flags.String("root", "", "the root of another repository of this shape; default: the one of the working directory")

	switch args[0] {
	case "render":
		r.Variant = render.Modern
		flags.StringVar(&r.Stage, "stage", "", "the name or number of a stage of the example; default: nothing is observed")
		flags.Func("variant", "modern (namespaced XR) or claim", func(name string) (err error) {
			r.Variant, err = render.ParseVariant(name)

			return err
		})
		flags.Func("crossplane", "an older version of the Crossplane command line tool", func(version string) (err error) {
			older, err = render.ParseOlderVersion(version)

			return err
		})
	case "diff":
		flags.StringVar(&from, "from", "", "the commit or tag to upgrade from")
	case "validate":
	case "help", "-h", "-help", "--help":
		fmt.Fprintln(stdout, usage)

		return nil
	default:
		return fmt.Errorf("unknown command %q\n%s", args[0], usage)
	}

	err := flags.Parse(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage)

		return nil
	}

	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	if err != nil {
		return fmt.Errorf("cannot %s: %w\n%s", args[0], err, usage)
	}

	if *root == "" {
		*root, err = tools.Root()
		if err != nil {
			return err
		}
	}

	switch args[0] {
	case "validate":
		return validate(ctx, stdout, *root, r.Example)
	case "diff":
		return compare(ctx, stdout, *root, from, r.Example)
	default:
		return renderOne(ctx, stdout, *root, older, r)
	}
}

// renderOne prints one rendering, with an older tool if a version is named.
func renderOne(ctx context.Context, stdout io.Writer, root, older string, r render.Request) (err error) {
	// A wrong name should not cost a build of the function.
	if err := render.Check(root, r); err != nil {
		return err
	}

	harness, err := render.Start(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, harness.Close()) }()

	tool := harness
	if older != "" {
		if tool, err = harness.WithOlderTool(ctx, older); err != nil {
			return err
		}
	}

	out, err := tool.Render(ctx, r)
	if err != nil {
		return err
	}

	if _, err := stdout.Write(out); err != nil {
		return fmt.Errorf("cannot print rendering: %w", err)
	}

	return nil
}

// validate renders every example, or one of them, and prints a line for each file and for each problem.
func validate(ctx context.Context, stdout io.Writer, root, example string) (err error) {
	requests, err := render.Requests(root, example)
	if err != nil {
		return err
	}

	validator, err := render.NewValidator(ctx, root)
	if err != nil {
		return err
	}

	harness, err := render.Start(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, harness.Close()) }()

	rendered := 0
	known := map[render.Problem]bool{}

	for _, v := range render.Variants() {
		files, err := render.Sources(root, v)
		if err != nil {
			return err
		}

		problems, err := validator.Validate(ctx, v, files...)
		if err != nil {
			return err
		}

		report(stdout, files, problems, known)

		// The rendering of an invalid manifest would only repeat its problems.
		sound, skipped := split(requests, v, problems)
		for _, r := range skipped {
			fmt.Fprintf(stdout, "skipped  %s: correct the manifest first\n", r)
		}

		files, problems = renderAll(ctx, harness, sound)
		rendered += len(sound)

		found, err := validator.Validate(ctx, v, files...)
		if err != nil {
			return err
		}

		report(stdout, files, append(problems, found...), known)
	}

	fmt.Fprintf(stdout, "%d renderings, %d problems\n", rendered, len(known))

	if len(known) > 0 {
		return errInvalid
	}

	return nil
}

// split returns the requests of a variant: sound ones, whose manifest has no problem, and the others.
func split(requests []render.Request, v render.Variant, problems []render.Problem) (sound, skipped []render.Request) {
	for _, r := range requests {
		if r.Variant != v {
			continue
		}

		if slices.ContainsFunc(problems, func(p render.Problem) bool { return p.File == r.Application() }) {
			skipped = append(skipped, r)

			continue
		}

		sound = append(sound, r)
	}

	return sound, skipped
}

// renderAll returns the renderings of the requests, and a problem for each request that cannot be rendered.
func renderAll(ctx context.Context, harness *render.Harness, requests []render.Request) (files []render.File, problems []render.Problem) {
	for _, r := range requests {
		out, err := harness.Render(ctx, r)
		if err != nil {
			problems = append(problems, render.Problem{File: r.String(), Object: "rendering", Message: err.Error()})
		}

		files = append(files, render.File{Name: r.String(), Data: out})
	}

	return files, problems
}

// report prints one line for each file, and its problems. It prints a known problem only once, because most sources are validated
// with both variants.
func report(stdout io.Writer, files []render.File, problems []render.Problem, known map[render.Problem]bool) {
	for _, f := range files {
		verdict := "ok       "

		for _, p := range problems {
			if p.File != f.Name {
				continue
			}

			verdict = "invalid  "

			if !known[p] {
				fmt.Fprintln(stdout, "problem ", p)
			}

			known[p] = true
		}

		fmt.Fprintln(stdout, verdict+f.Name)
	}
}
