// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"
)

// Commands of a server that runs. Its admin API executes them, and command azure sends them there.
type Commands struct {
	Admin string `default:"127.0.0.1:4481" env:"AZURE_STAND_IN_ADMIN" help:"Address of the admin API."`

	Env         envCommand   `cmd:"" help:"Print the variables that make programs use the stand-in."`
	Apply       applyCommand `cmd:"" help:"Register the contents of a file: tenants, identities, issuers, subscriptions, vaults and secrets."`
	Certificate struct {
		Generate certificateCommand `cmd:"" help:"Generate a certificate, with an intermediate and a root above it."`
	} `cmd:"" help:"Put certificates into vaults."`
	Secret struct {
		Set     secretSet    `cmd:"" help:"Create a version of a secret."`
		Show    secretShow   `cmd:"" help:"Print the value of a secret."`
		List    vaultAction  `cmd:"" help:"List the secrets of a vault, without their values."`
		Delete  secretAction `cmd:"" help:"Delete a secret. It can be recovered."`
		Recover secretAction `cmd:"" help:"Recover a deleted secret."`
		Purge   secretAction `cmd:"" help:"Purge a deleted secret."`
		Enable  secretAction `cmd:"" help:"Enable the current version of a secret."`
		Disable secretAction `cmd:"" help:"Disable the current version of a secret."`
	} `cmd:"" help:"Set, show, list and delete secrets."`
	Vault struct {
		List       listCommand     `cmd:"" help:"List the vaults."`
		Create     vaultCreate     `cmd:"" help:"Create or change a vault."`
		Delete     vaultAction     `cmd:"" help:"Delete a vault and its role assignments. The vault can be recovered."`
		Recover    vaultAction     `cmd:"" help:"Recover a deleted vault, without its role assignments."`
		Purge      vaultAction     `cmd:"" help:"Purge a deleted vault."`
		Transition vaultTransition `cmd:"" help:"Set how long it takes to delete or recover a secret."`
	} `cmd:"" help:"Create, list and delete vaults."`
	Role struct {
		Assign roleAssign  `cmd:"" help:"Assign a role on a vault."`
		Remove roleRemove  `cmd:"" help:"Remove a role assignment."`
		List   vaultAction `cmd:"" help:"List the role assignments of a vault."`
	} `cmd:"" help:"Assign roles on vaults."`
	Subscription struct {
		List listCommand `cmd:"" help:"List the subscriptions with their resource groups."`
	} `cmd:"" help:"List subscriptions."`
	Resources listCommand   `cmd:"" help:"Count what was created, changed and deleted through the resource manager."`
	Events    listCommand   `cmd:"" help:"List what was created, changed and deleted through the resource manager."`
	Delays    delaysCommand `cmd:"" help:"Set how long changes through the resource manager take to propagate. What is left out takes no time."`
	Fault     struct {
		Add    faultAdd    `cmd:"" help:"Make requests fail."`
		List   listCommand `cmd:"" help:"List the faults."`
		Remove faultRemove `cmd:"" help:"Remove a fault."`
		Clear  faultClear  `cmd:"" help:"Remove every fault."`
	} `cmd:"" help:"Make requests fail."`
	Latency latencyCommand `cmd:"" help:"Delay every answer."`
	Counts  countsCommand  `cmd:"" help:"Count requests and answers."`
	Writes  writesCommand  `cmd:"" help:"Show who changed the secrets of a vault."`
}

// A call has everything that a command needs: the server, the command's path such as "secret delete", and the streams.
type call struct {
	*Server

	command string
	in      io.Reader
	out     io.Writer
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

	var words []string

	for _, p := range parsed.Path {
		if p.Command != nil {
			words = append(words, p.Command.Name)
		}
	}

	return parsed.Run(call{Server: s, in: in, out: out, command: strings.Join(words, " ")}) //nolint:wrapcheck // The server's own errors.
}

type envCommand struct{}

// Run prints export statements.
func (*envCommand) Run(c call) error {
	c.WriteExports(c.out)

	return nil
}

type applyCommand struct {
	File string `arg:"" help:"YAML or JSON, or a hyphen for the standard input."`
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

// A listCommand takes no arguments.
type listCommand struct{}

// Run prints the list.
func (*listCommand) Run(c call) error {
	return table(c.out, map[string]func() any{
		"vault list":        func() any { return c.Vaults() },
		"subscription list": func() any { return c.Subscriptions() },
		"resources":         func() any { return c.ARMResources() },
		"events":            func() any { return c.ARMEvents() },
		"fault list":        func() any { return c.Faults() },
	}[c.command]())
}

// A vaultAction needs only the name of a vault.
type vaultAction struct {
	Vault string `arg:""`
}

// Run executes the command.
func (a *vaultAction) Run(c call) error {
	switch c.command {
	case "vault delete":
		return c.DeleteVault(a.Vault)
	case "vault recover":
		return c.RecoverVault(a.Vault)
	case "vault purge":
		return c.PurgeVault(a.Vault)
	case "role list":
		return listed(c.out)(c.RoleAssignments(a.Vault))
	default:
		return listed(c.out)(c.Secrets(a.Vault))
	}
}

// A secretAction needs only the names of a vault and a secret.
type secretAction struct {
	Vault string `arg:""`
	Name  string `arg:""`
}

// Run executes the command.
func (a *secretAction) Run(c call) error {
	switch c.command {
	case "secret delete":
		return c.DeleteSecret(a.Vault, a.Name)
	case "secret recover":
		return c.RecoverSecret(a.Vault, a.Name)
	case "secret purge":
		return c.PurgeSecret(a.Vault, a.Name)
	default:
		return c.DisableSecret(a.Vault, a.Name, c.command == "secret disable")
	}
}

type secretSet struct {
	secretAction

	Value       string            `arg:""                                              help:"The value, or a hyphen to read it from the standard input."`
	ContentType string            `help:"Type of the value, such as application/json."`
	Tag         map[string]string `help:"Tags."`
	Disabled    bool              `help:"Disable the version."`
	ExpiresIn   time.Duration     `help:"When the secret expires, from now."`
}

// Run creates a version and prints its id.
func (s *secretSet) Run(c call) error {
	secret := Secret{Value: s.Value, ContentType: s.ContentType, Tags: s.Tag, Disabled: s.Disabled}

	if s.Value == "-" {
		data, err := io.ReadAll(c.in)
		if err != nil {
			return fmt.Errorf("cannot read value: %w", err)
		}

		secret.Value = string(data)
	}

	if s.ExpiresIn != 0 {
		secret.Expires = c.now().Add(s.ExpiresIn)
	}

	return created(c.out, s.Vault, s.Name)(c.PutSecret(s.Vault, s.Name, secret))
}

type secretShow struct {
	secretAction

	Version string `help:"Another version than the current one."`
}

// Run prints the value.
func (s *secretShow) Run(c call) error {
	value, err := c.SecretValue(s.Vault, s.Name, s.Version)
	if err != nil {
		return err
	}

	fmt.Fprintln(c.out, value)

	return nil
}

type certificateCommand struct {
	secretAction

	DNS   []string      `arg:""                                 help:"DNS names."`
	PEM   bool          `help:"Store it as PEM instead of PFX."`
	ECDSA bool          `help:"Use a key on P-256, not RSA."    name:"ecdsa"`
	For   time.Duration `default:"8760h"                        help:"Validity."`
}

// Run generates a certificate and prints its id.
func (g *certificateCommand) Run(c call) error {
	certificate := Certificate{DNSNames: g.DNS, ECDSA: g.ECDSA, NotAfter: c.now().Add(g.For)}
	if g.PEM {
		certificate.ContentType = ContentTypePEM
	}

	return created(c.out, g.Vault, g.Name)(c.PutCertificate(g.Vault, g.Name, certificate))
}

type vaultCreate struct {
	Vault           string `arg:""`
	Tenant          string `arg:""`
	PurgeProtection bool   `help:"Enable purge protection, for good."`
	RetentionDays   int    `help:"How long deleted secrets can be recovered, 7 to 90 days."`
}

// Run creates the vault.
func (v *vaultCreate) Run(c call) error {
	return c.PutVault(Vault{Name: v.Vault, TenantID: v.Tenant, PurgeProtection: v.PurgeProtection, RetentionDays: v.RetentionDays})
}

type vaultTransition struct {
	Vault string        `arg:""`
	Time  time.Duration `arg:"" help:"Duration such as 10s. 0s completes at once, including deletions and recoveries in progress."`
}

// Run sets the time.
func (v *vaultTransition) Run(c call) error { return c.SetTransitionTime(v.Vault, v.Time) }

type roleAssign struct {
	Vault      string        `arg:""`
	Principal  string        `arg:""                                                    help:"Object id of an identity."`
	Role       string        `arg:""                                                    help:"Name or id of a built-in role, such as 'Key Vault Secrets User'."`
	ID         string        `help:"Name of the assignment. The default is a new GUID."`
	Delay      time.Duration `help:"How long the assignment takes to propagate."`
	RefuseList bool          `help:"Reject lists, as a condition on names does."`
	Secret     []string      `help:"Names that a condition allows."`
}

// Run assigns the role and prints the name of the assignment.
func (r *roleAssign) Run(c call) error {
	if r.ID == "" {
		r.ID = uuid.NewString()
	}

	fmt.Fprintln(c.out, r.ID)

	return c.PutRoleAssignment(r.Vault, RoleAssignment{
		ID: r.ID, PrincipalID: r.Principal, Role: r.Role, RefuseList: r.RefuseList, Secrets: r.Secret, Delay: r.Delay,
	})
}

type roleRemove struct {
	Vault string `arg:""`
	ID    string `arg:""`
}

// Run removes the role assignment.
func (r *roleRemove) Run(c call) error { return c.DeleteRoleAssignment(r.Vault, r.ID) }

type delaysCommand struct{ Delays }

// Run sets all of them.
func (d *delaysCommand) Run(c call) error {
	c.SetDelays(d.Delays)

	return nil
}

type faultAdd struct{ Fault }

// Run adds the fault and prints its id.
func (f *faultAdd) Run(c call) error {
	id, err := c.AddFault(f.Fault)
	if err != nil {
		return err
	}

	fmt.Fprintln(c.out, id)

	return nil
}

type faultRemove struct {
	ID string `arg:""`
}

// Run removes the fault.
func (f *faultRemove) Run(c call) error {
	if !c.RemoveFault(f.ID) {
		return fmt.Errorf("cannot remove fault %q: %w", f.ID, ErrNotFound)
	}

	return nil
}

type faultClear struct{}

// Run removes the faults.
func (*faultClear) Run(c call) error {
	c.ClearFaults()

	return nil
}

type latencyCommand struct {
	Latency time.Duration `arg:"" help:"Duration such as 50ms. 0s for none."`
}

// Run sets the latency.
func (l *latencyCommand) Run(c call) error {
	c.SetLatency(l.Latency)

	return nil
}

type countsCommand struct {
	Reset bool `help:"Start counting anew."`
}

// Run prints the counts.
func (n *countsCommand) Run(c call) error {
	counts := c.Counts()
	if n.Reset {
		c.ResetCounts()
	}

	if err := table(c.out, counts); err != nil {
		return err
	}

	fmt.Fprintf(c.out, "%d in all\n", counts.Of(CountKey{}))

	return nil
}

type writesCommand struct {
	Vault  string `arg:""`
	Secret string `arg:"" optional:""`
}

// Run prints the writes.
func (w *writesCommand) Run(c call) error { return listed(c.out)(c.Writes(w.Vault, w.Secret)) }

// created prints the id of a new version.
func created(out io.Writer, vault, name string) func(string, error) error {
	return func(version string, err error) error {
		if err == nil {
			fmt.Fprintf(out, "https://%s.vault.azure.net/secrets/%s/%s\n", vault, name, version)
		}

		return err
	}
}

// listed prints a list unless there was an error.
func listed(out io.Writer) func(any, error) error {
	return func(things any, err error) error {
		if err != nil {
			return err
		}

		return table(out, things)
	}
}

// table prints a slice of structs, with a column for each field.
func table(out io.Writer, things any) error {
	list := reflect.ValueOf(things)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)

	var fields []reflect.StructField

	for _, f := range reflect.VisibleFields(list.Type().Elem()) {
		if !f.Anonymous {
			fields = append(fields, f)

			fmt.Fprint(w, strings.ToUpper(f.Name), "\t")
		}
	}

	fmt.Fprintln(w)

	for i := range list.Len() {
		for _, f := range fields {
			value := list.Index(i).FieldByIndex(f.Index).Interface()
			if t, ok := value.(time.Time); ok {
				value = t.Format(time.RFC3339)
			}

			fmt.Fprintf(w, "%v\t", value)
		}

		fmt.Fprintln(w)
	}

	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print: %w", err)
	}

	return nil
}
