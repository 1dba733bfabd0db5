// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command render shows what an example becomes, validates what all of them become, and tells what an upgrade changes in it.
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
  render    --example NAME [--stage NAME or NUMBER] [--variant modern|claim] [--root DIRECTORY]
            prints what an example becomes at a stage, or when nothing is observed yet
  validate  [--example NAME] [--root DIRECTORY]
            checks the manifests, and renders them at every stage and checks what comes out: against the schemas, with
            no unknown fields; values of labels are not checked
  diff      --from COMMIT [--example NAME] [--root DIRECTORY]
            tells what an upgrade from that commit or tag changes in what its examples become, and fails if that deletes
            something, makes it again, can never be applied, or starts Pods anew without being in the release notes`

var errInvalid = errors.New("there are problems")

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
		r    render.Request
		from string
	)

	// Errors and help are printed by us, once.
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&r.Example, "example", "", "a directory of examples/")
	root := flags.String("root", "", "another repository of this shape than the one around the working directory")

	switch args[0] {
	case "render":
		r.Variant = render.Modern
		flags.StringVar(&r.Stage, "stage", "", "what is observed: the name or number of a stage of the example, or nothing")
		flags.Func("variant", "modern (namespaced XR) or claim", func(name string) (err error) {
			r.Variant, err = render.ParseVariant(name)

			return err
		})
	case "diff":
		flags.StringVar(&from, "from", "", "the commit or tag to upgrade from")
	case "validate":
	case "help", "-h", "-help", "--help":
		fmt.Fprintln(stdout, usage)

		return nil
	default:
		return fmt.Errorf("there is no command %q\n%s", args[0], usage)
	}

	err := flags.Parse(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, usage)

		return nil
	}

	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("there is an argument too many: %q", flags.Arg(0))
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
		return renderOne(ctx, stdout, *root, r)
	}
}

func renderOne(ctx context.Context, stdout io.Writer, root string, r render.Request) (err error) {
	// A slip in the name should not cost a build of the function.
	if err := render.Check(root, r); err != nil {
		return err
	}

	harness, err := render.Start(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, harness.Close()) }()

	out, err := harness.Render(ctx, r)
	if err != nil {
		return err
	}

	if _, err := stdout.Write(out); err != nil {
		return fmt.Errorf("cannot print rendering: %w", err)
	}

	return nil
}

// validate renders every example, or one of them, and prints a line for each thing that is valid and for each problem.
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

		// Rendering an invalid manifest would only repeat its problems in other words.
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

// split returns the requests for a variant: those whose manifest has no problem, and the others.
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

// renderAll returns what the requests become, and a problem for each that cannot be rendered.
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

// report prints one line for each file, and the problems of those that have any. A problem that is known already is not printed
// again: most sources are validated with both variants.
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
