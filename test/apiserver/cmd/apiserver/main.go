// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command apiserver runs a Kubernetes API server with everything that the provider's
// package installs, until it is interrupted. It writes kubeconfigs and the issuer of
// tokens to a directory:
//
//	go run ./test/apiserver/cmd/apiserver --dir _output/try
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

// These files are written.
const (
	adminFile    = "admin.kubeconfig"
	providerFile = "provider.kubeconfig"
	issuerFile   = "issuer.yaml"
)

// command is the program's command line.
type command struct {
	Dir string `default:"_output/try" help:"Where to write kubeconfigs and the issuer."`
}

func main() {
	c := &command{}
	k := kong.Parse(c, kong.Name("apiserver"), kong.Description("Runs a Kubernetes API server for the provider until it is interrupted."))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	k.FatalIfErrorf(c.run(ctx, os.Stdout))
}

// run runs the server until the context ends.
func (c *command) run(ctx context.Context, out io.Writer) (err error) {
	server, err := apiserver.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()

	provider, err := server.InstallProvider(ctx)
	if err != nil {
		return err
	}

	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("cannot create directory: %w", err)
	}

	if err := apiserver.WriteKubeconfig(filepath.Join(c.Dir, adminFile), server.Config()); err != nil {
		return err
	}

	if err := apiserver.WriteKubeconfig(filepath.Join(c.Dir, providerFile), provider); err != nil {
		return err
	}

	if err := writeIssuer(ctx, filepath.Join(c.Dir, issuerFile), server); err != nil {
		return err
	}

	greet(out, c.Dir, server)

	<-ctx.Done()

	return nil
}

// writeIssuer writes the keys of ServiceAccount tokens, in the format of the stand-in for Azure.
func writeIssuer(ctx context.Context, path string, server *apiserver.Server) error {
	keys, err := server.JWKS(ctx)
	if err != nil {
		return err
	}

	state, err := yaml.Marshal(azure.State{Issuers: []azure.IssuerState{{Issuer: server.Issuer(), JWKS: json.RawMessage(keys)}}})
	if err != nil {
		return fmt.Errorf("cannot encode issuer: %w", err)
	}

	if err := os.WriteFile(path, state, 0o600); err != nil {
		return fmt.Errorf("cannot write issuer: %w", err)
	}

	return nil
}

// greet prints the files and their use.
func greet(w io.Writer, dir string, server *apiserver.Server) {
	fmt.Fprintf(w, "Kubernetes is on %s. Interrupt to stop.\n", server.Config().Host)

	for _, file := range []struct{ name, what string }{
		{adminFile, "may do anything"},
		{providerFile, "may do what the provider may"},
		{issuerFile, "for the stand-in of Azure: who issues tokens of ServiceAccounts"},
	} {
		fmt.Fprintf(w, "  %-34s %s\n", filepath.Join(dir, file.name), file.what)
	}
}
