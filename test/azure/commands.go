// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
)

// Commands are the commands of a running server. Its admin API executes them, and command azure
// sends them there.
type Commands struct {
	Admin string `default:"127.0.0.1:4481" env:"AZURE_STAND_IN_ADMIN" help:"Address of the admin API."`

	Env    envCommand   `cmd:"" help:"Print the variables that make programs use the stand-in."`
	Apply  applyCommand `cmd:"" help:"Register the contents of a file: tenants, identities, issuers, subscriptions and vaults."`
	Secret struct {
		Set     secretSet     `cmd:"" help:"Create a version of a secret."`
		List    secretList    `cmd:"" help:"List the secrets of a vault, without their values."`
		Disable secretDisable `cmd:"" help:"Disable the current version of a secret."`
	} `cmd:"" help:"Set, list and disable secrets."`
	Vault struct {
		List vaultList `cmd:"" help:"List the vaults."`
	} `cmd:"" help:"List vaults."`
	Role struct {
		Remove roleRemove `cmd:"" help:"Remove a role assignment from a vault."`
	} `cmd:"" help:"Remove role assignments."`
	Fault struct {
		Add   faultAdd   `cmd:"" help:"Make requests fail."`
		Clear faultClear `cmd:"" help:"Remove every fault."`
	} `cmd:"" help:"Make requests fail."`
	Counts countsCommand `cmd:"" help:"Count requests and answers."`
}

// A call has the dependencies of a command: the server and the streams.
type call struct {
	*Server

	in  io.Reader
	out io.Writer
}

// execute runs a command line against the server.
func (s *Server) execute(args []string, in io.Reader, out io.Writer) error {
	parser, err := kong.New(&Commands{}, kong.NoDefaultHelp(), kong.Exit(func(int) {}))
	if err != nil {
		return fmt.Errorf("cannot set up commands: %w", err)
	}

	parsed, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("cannot read arguments: %w", err)
	}

	return parsed.Run(call{Server: s, in: in, out: out}) //nolint:wrapcheck // The server's own errors.
}

type envCommand struct{}

// Run prints export statements.
func (*envCommand) Run(c call) error {
	c.WriteExports(c.out)

	return nil
}

type applyCommand struct {
	File string `arg:"" help:"YAML or JSON."`
}

// Run registers the file, which the client sends as the standard input.
func (*applyCommand) Run(c call) error {
	data, err := io.ReadAll(c.in)
	if err != nil {
		return fmt.Errorf("cannot read state: %w", err)
	}

	state, err := ParseState(data)
	if err != nil {
		return err
	}

	return c.Apply(state)
}

type secretName struct {
	Vault string `arg:""`
	Name  string `arg:""`
}

type secretDisable struct{ secretName }

// Run disables the secret.
func (s *secretDisable) Run(c call) error { return c.DisableSecret(s.Vault, s.Name, true) }

type secretSet struct {
	secretName

	Value string `arg:""`
}

// Run creates a version and prints its id.
func (s *secretSet) Run(c call) error {
	version, err := c.PutSecret(s.Vault, s.Name, Secret{Value: s.Value})
	if err == nil {
		fmt.Fprintf(c.out, "https://%s.vault.azure.net/secrets/%s/%s\n", s.Vault, s.Name, version)
	}

	return err
}

type secretList struct {
	Vault string `arg:""`
}

// Run prints the list.
func (s *secretList) Run(c call) error {
	secrets, err := c.Secrets(s.Vault)
	if err != nil {
		return err
	}

	return table(c.out, secrets)
}

type vaultList struct{}

// Run prints the list.
func (*vaultList) Run(c call) error { return table(c.out, c.Vaults()) }

type roleRemove struct {
	Vault string `arg:""`
	ID    string `arg:""`
}

// Run removes the role assignment.
func (r *roleRemove) Run(c call) error { return c.DeleteRoleAssignment(r.Vault, r.ID) }

type faultAdd struct{ Fault }

// Run adds the fault and prints its id.
func (f *faultAdd) Run(c call) error {
	id, err := c.AddFault(f.Fault)
	if err == nil {
		fmt.Fprintln(c.out, id)
	}

	return err
}

type faultClear struct{}

// Run removes the faults.
func (*faultClear) Run(c call) error {
	c.ClearFaults()

	return nil
}

type countsCommand struct{}

// Run prints the counts.
func (*countsCommand) Run(c call) error {
	counts := c.Counts()
	err := table(c.out, counts)
	fmt.Fprintf(c.out, "%d in all\n", counts.Of(CountKey{}))

	return err
}

// table prints a slice of structs, with a column for each field.
func table(out io.Writer, things any) error {
	list := reflect.ValueOf(things)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fields := reflect.VisibleFields(list.Type().Elem())

	for i := -1; i < list.Len(); i++ {
		for _, f := range fields {
			switch {
			case f.Anonymous:
			case i < 0:
				fmt.Fprint(w, strings.ToUpper(f.Name), "\t")
			default:
				fmt.Fprintf(w, "%v\t", list.Index(i).FieldByIndex(f.Index).Interface())
			}
		}

		fmt.Fprintln(w)
	}

	return w.Flush() //nolint:wrapcheck // It says everything.
}

// maxAdminBody bounds the body of a request to the admin API.
const maxAdminBody = 8 << 20

// startAdmin serves the admin API.
func (s *Server) startAdmin(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen for the admin API: %w", err)
	}

	s.admin = &httptest.Server{Listener: listener, Config: &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute}}
	s.admin.Start()

	return nil
}

// A commandLine is what the admin API executes.
type commandLine struct {
	Args  []string `json:"args"`
	Stdin []byte   `json:"stdin,omitempty"`
}

// Send sends a command line to the admin API at an address, and returns the output.
func Send(ctx context.Context, address string, args []string, stdin []byte) (string, error) {
	body, err := json.Marshal(commandLine{Args: args, Stdin: stdin})
	if err != nil {
		return "", fmt.Errorf("cannot encode command: %w", err)
	}

	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+strings.TrimPrefix(address, "http://")+"/commands", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("cannot make request: %w", err)
	}

	// The proxy of the environment is not used, because it may be the stand-in itself.
	rsp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return "", fmt.Errorf("cannot reach the stand-in, is it running? %w", err)
	}
	defer rsp.Body.Close() //nolint:errcheck // It has been read.

	out, err := io.ReadAll(rsp.Body)
	if err == nil && rsp.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(out)))
	}

	return string(out), err
}

// routes are documented in the package's own documentation.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("POST /commands", func(w http.ResponseWriter, r *http.Request) {
		var (
			line commandLine
			out  bytes.Buffer
		)

		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody)).Decode(&line)

		switch {
		case r.Header.Get("Origin") != "":
			// A page in a browser can send simple requests to loopback, but never without this header.
			http.Error(w, "the admin API is not for browsers", http.StatusForbidden)
		case err != nil:
			http.Error(w, "cannot read command: "+err.Error(), http.StatusBadRequest)
		default:
			if err := s.execute(line.Args, bytes.NewReader(line.Stdin), &out); err != nil {
				http.Error(w, err.Error(), http.StatusConflict)

				return
			}

			_, _ = out.WriteTo(w)
		}
	})

	return mux
}
