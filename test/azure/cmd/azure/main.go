// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command azure runs a stand-in for Entra ID, Azure Key Vault and Azure Resource Manager on this machine, and sends commands
// to a running one.
//
//	go run ./test/azure/cmd/azure --state state.yaml
//	go run ./test/azure/cmd/azure secret set kv-app postgres-credentials '{"POSTGRES_USER":"app"}'
//	go run ./test/azure/cmd/azure fault add --vault kv-app --effect status --status 429 --retry-after 5s --count 3
//	go run ./test/azure/cmd/azure counts
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/test/azure"
)

// defaultAdmin is fixed so that the commands find the server.
const defaultAdmin = "127.0.0.1:4481"

// commands are those of the program: serve, and those that a server executes.
type commands struct {
	azure.Commands

	Serve serveCommand `cmd:"" default:"withargs" help:"Run the stand-in until it is interrupted. The default."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)

	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "azure:", err)

		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	c := &commands{}

	parser, err := kong.New(c,
		kong.Name("azure"),
		kong.Description("Stands in for Entra ID, the secrets of Azure Key Vault and the Resource Manager on this machine."),
		kong.UsageOnError(),
		kong.Writers(stdout, os.Stderr),
	)
	if err != nil {
		return fmt.Errorf("cannot set up commands: %w", err)
	}

	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("cannot read arguments: %w", err)
	}

	if command.Selected().Name == "serve" {
		return c.Serve.serve(ctx, stdout)
	}

	// The server reads no files.
	var input []byte
	if c.Apply.File != "" {
		if input, err = os.ReadFile(c.Apply.File); err != nil {
			return fmt.Errorf("cannot read state: %w", err)
		}
	}

	out, err := azure.Send(ctx, c.Admin, args, input)
	if err != nil {
		return err
	}

	fmt.Fprint(stdout, out)

	return nil
}

// serveCommand runs the stand-in.
type serveCommand struct {
	ProxyAddress string `default:"127.0.0.1:4480"                                                         env:"AZURE_STAND_IN_PROXY" help:"Where clients connect to. Loopback only."`
	AdminAddress string `default:"127.0.0.1:4481"                                                         env:"AZURE_STAND_IN_ADMIN" help:"Where the admin API listens. Loopback only."`
	CAFile       string `help:"Where to write the certificate to trust. The default is a temporary file." placeholder:"FILE"`
	State        string `help:"What to register at the start, in YAML or JSON."                           placeholder:"FILE"         type:"existingfile"`
}

// serve serves until the context ends.
func (s *serveCommand) serve(ctx context.Context, stdout io.Writer) (err error) {
	server, err := azure.Start(ctx, azure.Options{ProxyAddress: s.ProxyAddress, AdminAddress: s.AdminAddress, CAFile: s.CAFile})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	if s.State != "" {
		data, err := os.ReadFile(s.State)
		if err != nil {
			return fmt.Errorf("cannot read state: %w", err)
		}

		state, err := azure.ParseState(data)
		if err != nil {
			return err
		}

		if err := server.Apply(state); err != nil {
			return fmt.Errorf("cannot register the contents of %s: %w", s.State, err)
		}
	}

	fmt.Fprintf(stdout, "# Azure is on %s, its admin API on %s. Interrupt to stop.\n", server.ProxyURL(), server.AdminURL())
	fmt.Fprintf(stdout, "# Programs started with these variables use it:\n")
	server.WriteExports(stdout)

	admin := ""
	if server.AdminURL() != "http://"+defaultAdmin {
		admin = " --admin " + strings.TrimPrefix(server.AdminURL(), "http://")
	}

	fmt.Fprintf(stdout, "\n# %d vaults are registered. From another terminal:\n", len(server.Vaults()))

	for _, line := range []string{"apply state.yaml", "vault list", "secret set VAULT NAME VALUE", "counts"} {
		fmt.Fprintf(stdout, "#   go run ./test/azure/cmd/azure %s%s\n", line, admin)
	}

	<-ctx.Done()

	return nil
}
