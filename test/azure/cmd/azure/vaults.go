package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
)

// secretCommand has what is done to secrets.
type secretCommand struct {
	Set     secretSet    `cmd:"" help:"Make a new version of a secret."`
	Show    secretShow   `cmd:"" help:"Print the value of a secret."`
	List    secretList   `cmd:"" help:"List the secrets of a vault, without their values."`
	Delete  secretAction `cmd:"" help:"Delete a secret so that it can be recovered."`
	Recover secretAction `cmd:"" help:"Bring a deleted secret back."`
	Purge   secretAction `cmd:"" help:"Remove a deleted secret for good."`
	Enable  secretAction `cmd:"" help:"Make the current version of a secret readable again."`
	Disable secretAction `cmd:"" help:"Make the current version of a secret unreadable."`
}

type secretSet struct {
	client

	Vault       string            `arg:""`
	Name        string            `arg:""`
	Value       string            `arg:""                                              help:"The value, or a hyphen to read it from the standard input."`
	ContentType string            `help:"What the value is, such as application/json."`
	Tag         map[string]string `help:"Tags."`
	Disabled    bool              `help:"Make the version unreadable."`
	ExpiresIn   time.Duration     `help:"When the secret expires, from now."`
}

// Run sets it.
func (c *secretSet) Run(ctx context.Context, s streams) error {
	secret := azure.Secret{Value: c.Value, ContentType: c.ContentType, Tags: c.Tag, Disabled: c.Disabled}

	if c.Value == "-" {
		data, err := io.ReadAll(s.stdin)
		if err != nil {
			return fmt.Errorf("cannot read value: %w", err)
		}

		secret.Value = string(data)
	}

	if c.ExpiresIn != 0 {
		secret.Expires = time.Now().Add(c.ExpiresIn)
	}

	var made azure.VersionID
	if err := c.call(ctx, http.MethodPut, path("vaults", c.Vault, "secrets", c.Name), secret, &made); err != nil {
		return err
	}

	fmt.Fprintf(s.stdout, "https://%s.vault.azure.net/secrets/%s/%s\n", c.Vault, c.Name, made.Version)

	return nil
}

type secretShow struct {
	client

	Vault   string `arg:""`
	Name    string `arg:""`
	Version string `help:"Another version than the current one."`
}

// Run prints it.
func (c *secretShow) Run(ctx context.Context, s streams) error {
	var got azure.SecretValue

	query := "?" + url.Values{"version": []string{c.Version}}.Encode()
	if err := c.call(ctx, http.MethodGet, path("vaults", c.Vault, "secrets", c.Name)+query, nil, &got); err != nil {
		return err
	}

	fmt.Fprintln(s.stdout, got.Value)

	return nil
}

type secretList struct {
	client

	Vault string `arg:""`
}

// Run prints a line for each.
func (c *secretList) Run(ctx context.Context, s streams) error {
	var got []azure.SecretSummary
	if err := c.call(ctx, http.MethodGet, path("vaults", c.Vault, "secrets"), nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "NAME\tVERSION\tVERSIONS\tSTATE\tUPDATED\tCONTENT TYPE", got, func(g azure.SecretSummary) string {
		state := "enabled"

		switch {
		case g.Deleted:
			state = "deleted"
		case !g.Enabled:
			state = "disabled"
		}

		return fmt.Sprintf("%s\t%s\t%d\t%s\t%s\t%s", g.Name, g.Version, g.Versions, state, g.Updated.Format(time.RFC3339), g.ContentType)
	})
}

// secretAction is what takes nothing but a name.
type secretAction struct {
	client

	Vault string `arg:""`
	Name  string `arg:""`
}

// Run does what the command is called.
func (c *secretAction) Run(ctx context.Context, action verb) error {
	target := path("vaults", c.Vault, "secrets", c.Name)
	if action == "delete" {
		return c.call(ctx, http.MethodDelete, target, nil, nil)
	}

	return c.call(ctx, http.MethodPost, target+path(string(action)), nil, nil)
}

// certificateCommand has what is done to certificates.
type certificateCommand struct {
	Generate certificateGenerate `cmd:"" help:"Generate a certificate, with an intermediate and a root above it."`
}

type certificateGenerate struct {
	client

	Vault string        `arg:""`
	Name  string        `arg:""`
	DNS   []string      `arg:""                                  help:"The names that it is for."`
	PEM   bool          `help:"Keep it as PEM and not as PFX."`
	ECDSA bool          `help:"With a key on P-256 and not RSA." name:"ecdsa"`
	For   time.Duration `default:"8760h"                         help:"How long it is valid."`
}

// Run generates it.
func (c *certificateGenerate) Run(ctx context.Context, s streams) error {
	certificate := azure.Certificate{DNSNames: c.DNS, ECDSA: c.ECDSA, NotAfter: time.Now().Add(c.For)}
	if c.PEM {
		certificate.ContentType = azure.ContentTypePEM
	}

	var made azure.VersionID
	if err := c.call(ctx, http.MethodPost, path("vaults", c.Vault, "certificates", c.Name), certificate, &made); err != nil {
		return err
	}

	fmt.Fprintf(s.stdout, "https://%s.vault.azure.net/secrets/%s/%s\n", c.Vault, c.Name, made.Version)

	return nil
}

// vaultCommand has what is done to vaults.
type vaultCommand struct {
	List    vaultList   `cmd:"" help:"List the vaults."`
	Create  vaultCreate `cmd:"" help:"Create or change a vault."`
	Delete  vaultAction `cmd:"" help:"Delete a vault so that it can be recovered, and its role assignments for good."`
	Recover vaultAction `cmd:"" help:"Bring a deleted vault back, without its role assignments."`
	Purge   vaultAction `cmd:"" help:"Remove a deleted vault for good."`

	Transition vaultTransition `cmd:"" help:"Set how long it takes until a secret is deleted or recovered."`
}

type vaultTransition struct {
	client

	Vault string        `arg:""`
	Time  time.Duration `arg:"" help:"Duration such as 10s. 0s completes at once, including deletions and recoveries in progress."`
}

// Run sets it.
func (c *vaultTransition) Run(ctx context.Context) error {
	return c.call(ctx, http.MethodPut, "/vaults/"+url.PathEscape(c.Vault)+"/transitiontime", azure.TransitionTime{TransitionTime: azure.Duration(c.Time)}, nil)
}

type vaultList struct {
	client
}

// Run prints a line for each.
func (c *vaultList) Run(ctx context.Context, s streams) error {
	var got []azure.Vault
	if err := c.call(ctx, http.MethodGet, "/vaults", nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "NAME\tTENANT\tPURGE PROTECTION\tRETENTION", got, func(v azure.Vault) string {
		return fmt.Sprintf("%s\t%s\t%t\t%d days", v.Name, v.TenantID, v.PurgeProtection, v.RetentionDays)
	})
}

type vaultCreate struct {
	client

	Vault           string `arg:""`
	Tenant          string `arg:""`
	PurgeProtection bool   `help:"Which cannot be switched off again."`
	RetentionDays   int    `help:"How long what was deleted can be recovered, 7 to 90 days."`
}

// Run creates it.
func (c *vaultCreate) Run(ctx context.Context) error {
	v := azure.Vault{TenantID: c.Tenant, PurgeProtection: c.PurgeProtection, RetentionDays: c.RetentionDays}

	return c.call(ctx, http.MethodPut, path("vaults", c.Vault), v, nil)
}

type vaultAction struct {
	client

	Vault string `arg:""`
}

// Run does what the command is called.
func (c *vaultAction) Run(ctx context.Context, action verb) error {
	if action == "delete" {
		return c.call(ctx, http.MethodDelete, path("vaults", c.Vault), nil, nil)
	}

	return c.call(ctx, http.MethodPost, path("vaults", c.Vault, string(action)), nil, nil)
}

// roleCommand has what is done to role assignments.
type roleCommand struct {
	Assign roleAssign `cmd:"" help:"Assign a role on a vault."`
	Remove roleRemove `cmd:"" help:"Remove a role assignment."`
	List   roleList   `cmd:"" help:"List the role assignments of a vault."`
}

type roleAssign struct {
	client

	Vault      string        `arg:""`
	Principal  string        `arg:""                                                  help:"Object id of an identity."`
	Role       string        `arg:""                                                  help:"Name or id of a built-in role, such as 'Key Vault Secrets User'."`
	ID         string        `help:"Name of the assignment. One is made if left out."`
	Delay      time.Duration `help:"How long it takes until the vault knows."`
	RefuseList bool          `help:"Refuse lists, as a condition on names does."`
	Secret     []string      `help:"Names that a condition allows."`
}

// Run assigns it.
func (c *roleAssign) Run(ctx context.Context, s streams) error {
	if c.ID == "" {
		c.ID = uuid.NewString()
	}

	assignment := azure.RoleAssignmentState{
		RoleAssignment: azure.RoleAssignment{PrincipalID: c.Principal, Role: c.Role, RefuseList: c.RefuseList, Secrets: c.Secret},
		Delay:          azure.Duration(c.Delay),
	}

	if err := c.call(ctx, http.MethodPut, path("vaults", c.Vault, "roleassignments", c.ID), assignment, nil); err != nil {
		return err
	}

	fmt.Fprintln(s.stdout, c.ID)

	return nil
}

type roleRemove struct {
	client

	Vault string `arg:""`
	ID    string `arg:""`
}

// Run removes it.
func (c *roleRemove) Run(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, path("vaults", c.Vault, "roleassignments", c.ID), nil, nil)
}

type roleList struct {
	client

	Vault string `arg:""`
}

// Run prints a line for each.
func (c *roleList) Run(ctx context.Context, s streams) error {
	var got []azure.RoleAssignment
	if err := c.call(ctx, http.MethodGet, path("vaults", c.Vault, "roleassignments"), nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "ID\tPRINCIPAL\tROLE\tSECRETS", got, func(a azure.RoleAssignment) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s", a.ID, a.PrincipalID, a.Role, strings.Join(a.Secrets, ","))
	})
}

// table prints a line for each thing, in columns.
func table[T any](w io.Writer, header string, things []T, line func(T) string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, header)

	for _, thing := range things {
		fmt.Fprintln(t, line(thing))
	}

	if err := t.Flush(); err != nil {
		return fmt.Errorf("cannot print: %w", err)
	}

	return nil
}
