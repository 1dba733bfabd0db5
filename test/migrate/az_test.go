// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package migrate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// These variables of the environment control az.
const (
	// gateVariable is a socket that each set asks for permission to proceed, before and after it.
	gateVariable = "MIGRATE_GATE"
	// logVariable is a file that every command line is appended to.
	logVariable = "MIGRATE_LOG"
)

// az is the part of the Azure CLI that copy-secrets.sh uses. It talks to Key Vault in the same way, rejects other commands and
// flags, and reads files in the same way: as text, in which every line ending becomes a line feed.
func az(args []string) error {
	if err := record(args); err != nil {
		return err
	}

	if len(args) < 3 || args[0] != "keyvault" || args[1] != "secret" {
		return fmt.Errorf("unknown command: %s", args)
	}

	known := map[string][]string{
		"list": {"--vault-name", "--include-managed", "--output"},
		"show": {"--vault-name", "--name", "--output"},
		"set": {
			"--vault-name", "--name", "--file", "--encoding", "--content-type", "--expires", "--not-before", "--tags", "--output",
		},
	}

	flags, err := parse(args[3:], known[args[2]])
	if err != nil {
		return err
	}

	client, err := newClient(flags["--vault-name"][0])
	if err != nil {
		return err
	}

	ctx := context.Background()

	switch args[2] {
	case "list":
		return list(ctx, client, flags)
	case "show":
		return show(ctx, client, flags)
	default:
		return set(ctx, client, flags)
	}
}

func record(args []string) error {
	f, err := os.OpenFile(os.Getenv(logVariable), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}

	fmt.Fprintf(f, "%q\n", args)

	return f.Close()
}

// parse reads flags, each of which has one or more values.
func parse(args, known []string) (map[string][]string, error) {
	flags, name := map[string][]string{}, ""

	for _, a := range args {
		if !strings.HasPrefix(a, "--") {
			flags[name] = append(flags[name], a)

			continue
		}

		name = ""

		for _, k := range known {
			if a == k {
				name = k
			}
		}

		if name == "" {
			return nil, fmt.Errorf("unrecognized arguments: %s", a)
		}
	}

	for _, name := range []string{"--vault-name", "--output"} {
		if len(flags[name]) != 1 {
			return nil, fmt.Errorf("the following arguments are required: %s", name)
		}
	}

	return flags, nil
}

func newClient(vault string) (*azsecrets.Client, error) {
	options := policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}

	credential, err := azidentity.NewClientSecretCredential(tenant, officer, officerSecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	if err != nil {
		return nil, err
	}

	return azsecrets.NewClient("https://"+vault+".vault.azure.net", credential, &azsecrets.ClientOptions{ClientOptions: options})
}

// item is a secret in the output format of the Azure CLI.
type item struct {
	Attributes  map[string]any     `json:"attributes"`
	ContentType *string            `json:"contentType"`
	ID          string             `json:"id"`
	Managed     *bool              `json:"managed"`
	Name        string             `json:"name"`
	Tags        map[string]*string `json:"tags"`
	Value       *string            `json:"value,omitempty"`
}

func newItem(id *azsecrets.ID, a *azsecrets.SecretAttributes) item {
	return item{ID: string(*id), Name: id.Name(), Attributes: map[string]any{
		"created": date(a.Created), "enabled": *a.Enabled, "expires": date(a.Expires), "notBefore": date(a.NotBefore), "updated": date(a.Updated),
	}}
}

func date(t *time.Time) *string {
	if t == nil {
		return nil
	}

	return new(t.UTC().Format("2006-01-02T15:04:05+00:00"))
}

func list(ctx context.Context, client *azsecrets.Client, flags map[string][]string) error {
	items := []item{}

	for pager := client.NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}

		for _, p := range page.Value {
			i := newItem(p.ID, p.Attributes)
			i.ContentType, i.Managed, i.Tags = p.ContentType, p.Managed, p.Tags

			if managed := p.Managed != nil && *p.Managed; !managed || flags["--include-managed"] != nil {
				items = append(items, i)
			}
		}
	}

	return json.NewEncoder(os.Stdout).Encode(items)
}

func show(ctx context.Context, client *azsecrets.Client, flags map[string][]string) error {
	s, err := client.GetSecret(ctx, flags["--name"][0], "", nil)
	if err != nil {
		return err
	}

	i := newItem(s.ID, s.Attributes)
	i.ContentType, i.Managed, i.Tags, i.Value = s.ContentType, s.Managed, s.Tags, s.Value

	return json.NewEncoder(os.Stdout).Encode(i)
}

func set(ctx context.Context, client *azsecrets.Client, flags map[string][]string) error {
	name, file := flags["--name"][0], flags["--file"][0]

	for path := file; path == file || path == filepath.Dir(file); path = filepath.Dir(path) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("others can read %s: %w", path, errors.Join(err))
		}
	}

	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}

	value := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	p := azsecrets.SetSecretParameters{Value: &value, Tags: map[string]*string{}, SecretAttributes: &azsecrets.SecretAttributes{}}

	for _, t := range flags["--tags"] {
		k, v, _ := strings.Cut(t, "=")
		p.Tags[k] = &v
	}

	p.Tags["file-encoding"] = &flags["--encoding"][0]

	if t := flags["--content-type"]; t != nil {
		p.ContentType = &t[0]
	}

	for flag, at := range map[string]**time.Time{"--expires": &p.SecretAttributes.Expires, "--not-before": &p.SecretAttributes.NotBefore} {
		if v := flags[flag]; v != nil {
			t, err := time.Parse("2006-01-02T15:04:05Z", v[0])
			if err != nil {
				return err
			}

			*at = &t
		}
	}

	if err := ask("before " + name); err != nil {
		return err
	}

	if _, err := client.SetSecret(ctx, name, p, nil); err != nil {
		return err
	}

	return ask("after " + name)
}

// ask asks for permission to proceed, if the gate is set.
func ask(what string) error {
	gate := os.Getenv(gateVariable)
	if gate == "" {
		return nil
	}

	c, err := (&net.Dialer{}).DialContext(context.Background(), "unix", gate)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // It was answered.

	fmt.Fprintln(c, what)

	_, err = bufio.NewReader(c).ReadString('\n')

	return err
}
