package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/p6m-dev/platform-application/test/azure"
)

// verb is the last word of the command, for those that are alike.
type verb string

// envCommand prints what to export.
type envCommand struct {
	client
}

// Run prints it.
func (c *envCommand) Run(ctx context.Context, s streams) error {
	var env []string
	if err := c.call(ctx, http.MethodGet, "/env", nil, &env); err != nil {
		return err
	}

	exports(s.stdout, env)

	return nil
}

// applyCommand registers what a file has.
type applyCommand struct {
	client

	File string `arg:"" help:"YAML or JSON, or a hyphen for the standard input."`
}

// Run registers it.
func (c *applyCommand) Run(ctx context.Context, s streams) error {
	state, err := readState(c.File, s.stdin)
	if err != nil {
		return err
	}

	return c.call(ctx, http.MethodPost, "/state", state, nil)
}

// faultCommand has what is done to faults.
type faultCommand struct {
	Add    faultAdd    `cmd:"" help:"Make requests fail from now on."`
	List   faultList   `cmd:"" help:"List the faults that are left."`
	Remove faultRemove `cmd:"" help:"Remove a fault."`
	Clear  faultClear  `cmd:"" help:"Remove every fault."`
}

type faultAdd struct {
	client

	Host       string        `help:"Only requests to this host, such as management.azure.com."`
	Vault      string        `help:"Only requests to this vault."`
	Operation  string        `help:"Only requests for this: connect, token, challenge, get, list, set, put-vault, …"`
	Secret     string        `help:"Only requests for this secret."`
	Identity   string        `help:"Only requests of this principal id or client id."`
	Effect     string        `help:"What becomes of them: status, hang, slow, reset, truncate, garbage, expire-token or revoke-token." required:""`
	Status     int           `help:"With effect status: the status, 400 to 599."`
	RetryAfter time.Duration `help:"With effect status: when to come again."`
	Error      string        `help:"With effect status: the code in the body, such as 700211 or Forbidden."`
	Duration   time.Duration `help:"With effects slow and hang: for how long."`
	Text       string        `help:"With effect garbage: the body."`
	Count      int           `help:"How many requests. Until it is removed if left out."`
}

// Run adds it.
func (c *faultAdd) Run(ctx context.Context, s streams) error {
	fault := azure.FaultState{
		Fault: azure.Fault{
			Host: c.Host, Vault: c.Vault, Operation: c.Operation, Secret: c.Secret, Identity: c.Identity, Effect: azure.Effect(c.Effect),
			Status: c.Status, Error: c.Error, Text: c.Text, Count: c.Count,
		},
		RetryAfter: azure.Duration(c.RetryAfter),
		Duration:   azure.Duration(c.Duration),
	}

	var made azure.FaultID
	if err := c.call(ctx, http.MethodPost, "/faults", fault, &made); err != nil {
		return err
	}

	fmt.Fprintln(s.stdout, made.ID)

	return nil
}

type faultList struct {
	client
}

// Run prints a line for each.
func (c *faultList) Run(ctx context.Context, s streams) error {
	var got []azure.FaultState
	if err := c.call(ctx, http.MethodGet, "/faults", nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "ID\tHOST\tVAULT\tOPERATION\tSECRET\tIDENTITY\tEFFECT\tSTATUS\tLEFT", got, func(f azure.FaultState) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d", f.ID, f.Host, f.Vault, f.Operation, f.Secret, f.Identity, f.Effect, f.Status, f.Count)
	})
}

type faultRemove struct {
	client

	ID string `arg:""`
}

// Run removes it.
func (c *faultRemove) Run(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, path("faults", c.ID), nil, nil)
}

type faultClear struct {
	client
}

// Run removes them.
func (c *faultClear) Run(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/faults", nil, nil)
}

// latencyCommand makes every answer later.
type latencyCommand struct {
	client

	Latency time.Duration `arg:"" help:"By how much, such as 50ms. 0s for as soon as possible."`
}

// Run sets it.
func (c *latencyCommand) Run(ctx context.Context) error {
	return c.call(ctx, http.MethodPut, "/latency", azure.Latency{Latency: azure.Duration(c.Latency)}, nil)
}

// countsCommand shows the counts.
type countsCommand struct {
	client

	Reset bool `help:"Start counting anew."`
}

// Run prints a line for each.
func (c *countsCommand) Run(ctx context.Context, s streams) error {
	var got azure.Counts
	if err := c.call(ctx, http.MethodGet, "/counts", nil, &got); err != nil {
		return err
	}

	if c.Reset {
		if err := c.call(ctx, http.MethodDelete, "/counts", nil, nil); err != nil {
			return err
		}
	}

	var sum int

	lines := make([]string, 0, len(got))
	for _, n := range got {
		sum += n.Count
		lines = append(lines, fmt.Sprintf("%d\t%s\t%s\t%s\t%d\t%s", n.Count, n.Vault, n.ClientID, n.Operation, n.Status, n.Error))
	}

	lines = append(lines, fmt.Sprintf("%d\tin all", sum))

	return table(s.stdout, "COUNT\tVAULT\tCLIENT\tOPERATION\tSTATUS\tERROR", lines, func(line string) string { return line })
}

// writesCommand shows who changed secrets.
type writesCommand struct {
	client

	Vault  string `arg:""`
	Secret string `arg:"" optional:""`
}

// Run prints a line for each.
func (c *writesCommand) Run(ctx context.Context, s streams) error {
	var got []azure.Write

	query := "?" + url.Values{"secret": []string{c.Secret}}.Encode()
	if err := c.call(ctx, http.MethodGet, path("vaults", c.Vault, "writes")+query, nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "TIME\tSECRET\tOPERATION\tVERSION\tPRINCIPAL", got, func(w azure.Write) string {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", w.Time.Format(time.RFC3339), w.Secret, w.Operation, w.Version, w.Principal)
	})
}
