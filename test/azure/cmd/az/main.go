// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command az is the part of the Azure CLI that docs/how-to/set-up-a-platform.md and the shared secrets of
// docs/how-to/platform-settings.md use. It talks to the stand-in for Azure whose admin API
// is at AZURE_STAND_IN_ADMIN, and rejects other commands and options.
//
// Every command logs in as AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. The chosen subscription is stored in
// AZURE_CONFIG_DIR.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
)

// A cli is the command line. Every command has the options for output.
type cli struct {
	Query  string `help:"JMESPath: a path with output tsv, or an object of paths with output table."`
	Output string `default:"json"                                                                    enum:"json,table,tsv,none" help:"How to print the answer."`

	Login   login `cmd:""`
	Account struct {
		Set accountSet `cmd:""`
	} `cmd:""`

	Group struct {
		Create groupCreate `cmd:""`
	} `cmd:""`

	AKS struct {
		Show   aksShow   `cmd:""`
		Update aksUpdate `cmd:""`
	} `cmd:"" name:"aks"`

	Provider struct {
		Register providerRegister `cmd:""`
		Show     providerShow     `cmd:""`
	} `cmd:""`

	Identity struct {
		Create              identityCreate `cmd:""`
		Show                identityShow   `cmd:""`
		FederatedCredential struct {
			Create credentialCreate `cmd:""`
		} `cmd:""`
	} `cmd:""`

	Role struct {
		Assignment struct {
			Create assignmentCreate `cmd:""`
		} `cmd:""`
		Definition struct {
			Create definitionCreate `cmd:""`
		} `cmd:""`
	} `cmd:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)

	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "ERROR:", err)

		os.Exit(1)
	}
}

// run runs a command line.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	var c cli

	parser, err := kong.New(&c, kong.Name("az"), kong.NoDefaultHelp())
	if err != nil {
		return fmt.Errorf("cannot understand command line: %w", err)
	}

	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("cannot understand command line: %w", err)
	}

	m, err := logIn(ctx, getenv)
	if err != nil {
		return err
	}

	answer := object{}

	command.BindTo(ctx, (*context.Context)(nil))

	if err := command.Run(m, &answer); err != nil {
		return fmt.Errorf("cannot do what was asked: %w", err)
	}

	return c.print(out, answer)
}
