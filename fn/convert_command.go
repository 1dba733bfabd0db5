// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/p6m-dev/platform-application/fn/convert"
)

// exitNeedsPerson tells scripts that there is a manifest, but not all of it was
// converted.
const exitNeedsPerson = 3

// Convert is the command that turns manifests into that of a PlatformApplication.
// It serves nobody, and has nothing to do with the function but its program.
type Convert struct {
	Name              string   `help:"Name of the application. The default is that of the Deployment."                        placeholder:"NAME"`
	OwnVault          bool     `help:"Have a new vault, into which secrets are copied, and do not use the one that is there."`
	EnvironmentPrefix []string `default:"common-,dev-,stg-,prd-,prod-"                                                        help:"Prefixes that plain-text secrets are named without, as on your platform."`
	Files             []string `arg:""                                                                                        help:"Files of YAML manifests. A hyphen, or none, is the standard input."       name:"file" optional:""`
}

// A needsPersonError is no failure: the report says what to do.
type needsPersonError struct{ count int }

func (e needsPersonError) Error() string {
	return fmt.Sprintf("not everything was converted: %d findings need you", e.count)
}

// ExitCode of the program.
func (e needsPersonError) ExitCode() int { return exitNeedsPerson }

// Run converts what the files have.
func (c *Convert) Run() error { return c.run(os.Stdin, os.Stdout, os.Stderr) }

func (c *Convert) run(stdin io.Reader, stdout, stderr io.Writer) error {
	data, err := c.read(stdin)
	if err != nil {
		return err
	}
	manifest, report, err := convert.Convert(data, convert.Options{Name: c.Name, OwnVault: c.OwnVault, EnvironmentPrefixes: c.EnvironmentPrefix})
	if err != nil {
		return err
	}
	if _, err := stdout.Write(manifest); err != nil {
		return fmt.Errorf("cannot print manifest: %w", err)
	}
	fmt.Fprint(stderr, report)
	if report.NeedsPerson() {
		return needsPersonError{count: len(report.Todo)}
	}
	return nil
}

// read all files as one stream.
func (c *Convert) read(stdin io.Reader) ([]byte, error) {
	files := c.Files
	if len(files) == 0 {
		files = []string{"-"}
	}
	var all []byte
	for _, name := range files {
		var data []byte
		var err error
		if name == "-" {
			data, err = io.ReadAll(stdin)
		} else {
			data, err = os.ReadFile(name) //nolint:gosec // To read what it is given is its purpose.
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read manifests: %w", err)
		}
		all = append(append(all, data...), "\n---\n"...)
	}
	return all, nil
}
