// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/convert"
)

// convertCommand converts the manifests of an application to a PlatformApplication.
type convertCommand struct {
	Name              string   `help:"Name of the application. Default: the name of the Deployment."                              placeholder:"NAME"`
	OwnVault          bool     `help:"Use a new vault, into which you copy the secrets, instead of the vault of the SecretStore."`
	EnvironmentPrefix []string `default:"common-,dev-,stg-,prd-,prod-"                                                            help:"Prefixes that your platform removes from the names of plain-text secrets."`
	Files             []string `arg:""                                                                                            help:"Files with YAML manifests. Default, and for a hyphen: standard input."     name:"file" optional:""`
}

// Run converts the files.
func (c *convertCommand) Run() error { return c.run(os.Stdin, os.Stdout, os.Stderr) }

func (c *convertCommand) run(stdin io.Reader, stdout, stderr io.Writer) error {
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
		fmt.Fprintf(stderr, "Findings to review: %d.\n", len(report.In(convert.Review)))

		return exit{needsPerson}
	}

	return nil
}

// read returns all files as one stream.
func (c *convertCommand) read(stdin io.Reader) ([]byte, error) {
	files := c.Files
	if len(files) == 0 {
		files = []string{"-"}
	}

	var all []byte

	for _, name := range files {
		var (
			data []byte
			err  error
		)

		if name == "-" {
			data, err = io.ReadAll(stdin)
		} else {
			data, err = os.ReadFile(name) //nolint:gosec // The user names the files to read.
		}

		if err != nil {
			return nil, fmt.Errorf("cannot read manifests: %w", err)
		}

		all = append(append(all, data...), "\n---\n"...)
	}

	return all, nil
}
