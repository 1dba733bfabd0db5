package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure"
)

// serveCommand runs the stand-in.
type serveCommand struct {
	ProxyAddress  string        `default:"${proxy}"                                                                              env:"AZURE_STAND_IN_PROXY"                  help:"Where clients connect to. Loopback only."`
	AdminAddress  string        `default:"${admin}"                                                                              env:"AZURE_STAND_IN_ADMIN"                  help:"Where the admin API is. Loopback only."`
	CAFile        string        `help:"Where to write the certificate that clients have to trust. A temporary file if left out." placeholder:"FILE"`
	State         string        `help:"What to register at the start, in YAML or JSON."                                          placeholder:"FILE"                          type:"existingfile"`
	TokenLifetime time.Duration `default:"24h"                                                                                   help:"How long access tokens are good for."`
	Latency       time.Duration `help:"Make every answer that much later."`
}

// Run runs it until the context ends.
func (c *serveCommand) Run(ctx context.Context, s streams) (err error) {
	server, err := azure.Start(ctx, azure.Options{
		ProxyAddress: c.ProxyAddress, AdminAddress: c.AdminAddress, CAFile: c.CAFile,
		TokenLifetime: c.TokenLifetime, Latency: c.Latency,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	if c.State != "" {
		state, err := readState(c.State, s.stdin)
		if err != nil {
			return err
		}

		if err := server.Apply(state); err != nil {
			return fmt.Errorf("cannot register what %s has: %w", c.State, err)
		}
	}

	greet(s.stdout, server)

	<-ctx.Done()

	return nil
}

// greet says what to do next.
func greet(w io.Writer, server *azure.Server) {
	fmt.Fprintf(w, "# Azure is on %s, its admin API on %s. Interrupt to stop.\n", server.ProxyURL(), server.AdminURL())
	fmt.Fprintf(w, "# Programs started with these variables speak to it:\n")
	exports(w, server.Env())

	admin := ""
	if server.AdminURL() != "http://"+defaultAdmin {
		admin = " --admin " + strings.TrimPrefix(server.AdminURL(), "http://")
	}

	fmt.Fprintf(w, "\n# %d vaults are registered. From another terminal:\n", len(server.Vaults()))

	for _, line := range []string{
		"apply" + admin + " state.yaml", "vault list" + admin, "secret set" + admin + " VAULT NAME VALUE", "counts" + admin,
	} {
		fmt.Fprintf(w, "#   go run ./test/azure/cmd/azure %s\n", line)
	}
}

func exports(w io.Writer, env []string) {
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(w, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
}

// readState reads a file, or the standard input if its name is a hyphen.
func readState(file string, stdin io.Reader) (azure.State, error) {
	var (
		data []byte
		err  error
	)

	if file == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(file)
	}

	if err != nil {
		return azure.State{}, fmt.Errorf("cannot read state: %w", err)
	}

	return azure.ParseState(data)
}
