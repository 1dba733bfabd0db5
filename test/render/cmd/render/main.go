// Command render shows what an example becomes, and validates what all of them become.
//
//	make render EXAMPLE=web-application STAGE=3
//	make validate
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/p6m-dev/platform-application/test/render"
	"github.com/p6m-dev/platform-application/test/tools"
)

// timeout bounds the whole program, a first build of the tools included.
const timeout = 30 * time.Minute

const usage = `usage:
  render    --example NAME [--stage NAME or NUMBER] [--variant modern|claim]
            prints what an example becomes at a stage, or when nothing is observed yet
  validate  [--example NAME]
            renders everything and lists what the API server would refuse or drop`

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

	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	example := flags.String("example", "", "a directory of examples/")
	stage := flags.String("stage", "", "what is observed: the name or number of a stage of the example, or nothing")
	variant := flags.String("variant", string(render.Modern), "modern (namespaced XR) or claim")

	root := flags.String("root", "", "another repository of this shape than the one around the working directory")

	if err := flags.Parse(args[1:]); err != nil {
		return fmt.Errorf("cannot parse flags: %w", err)
	}

	v, err := render.ParseVariant(*variant)
	if err != nil {
		return err
	}

	if *root == "" {
		*root, err = tools.Root()
		if err != nil {
			return err
		}
	}

	switch args[0] {
	case "render":
		return renderOne(ctx, stdout, *root, render.Request{Variant: v, Example: *example, Stage: *stage})
	case "validate":
		return validate(ctx, stdout, *root, *example)
	}

	return errors.New(usage)
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

	count := 0

	for _, v := range render.Variants() {
		files, err := render.Sources(root, v)
		if err != nil {
			return err
		}

		var problems []render.Problem

		for _, r := range requests {
			if r.Variant != v {
				continue
			}

			out, err := harness.Render(ctx, r)
			if err != nil {
				problems = append(problems, render.Problem{File: r.String(), Object: "rendering", Message: err.Error()})
			}

			files = append(files, render.File{Name: r.String(), Data: out})
		}

		found, err := validator.Validate(ctx, v, files...)
		if err != nil {
			return err
		}

		problems = append(problems, found...)
		count += len(problems)
		report(stdout, files, problems)
	}

	fmt.Fprintf(stdout, "%d renderings, %d problems\n", len(requests), count)

	if count > 0 {
		return errInvalid
	}

	return nil
}

// report prints one line for each file without problems, and the problems of the others.
func report(stdout io.Writer, files []render.File, problems []render.Problem) {
	for _, f := range files {
		verdict := "ok      "

		for _, p := range problems {
			if p.File == f.Name {
				verdict = "invalid "

				fmt.Fprintln(stdout, "problem", p)
			}
		}

		fmt.Fprintln(stdout, verdict+f.Name)
	}
}
