// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package az is the part of the Azure CLI that docs/how-to/set-up-a-platform.md, the shared secrets of
// docs/how-to/platform-settings.md and examples/migrate/copy-secrets.sh use. It talks to the stand-in for Azure whose admin API
// is at AZURE_STAND_IN_ADMIN, and rejects other commands and options.
//
// Every command logs in as AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. The chosen subscription is stored in
// AZURE_CONFIG_DIR.
package az

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/test/azure"
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

	KeyVault struct {
		Secret struct {
			List secretList `cmd:""`
			Show secretShow `cmd:""`
			Set  secretSet  `cmd:""`
		} `cmd:""`
	} `cmd:"" name:"keyvault"`

	Provider struct {
		Register providerRegister `cmd:""`
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

// Run runs a command line. A command that sets a secret asks before and after it.
func Run(ctx context.Context, args []string, ask func(what string) error) error {
	var c cli

	parser, err := kong.New(&c, kong.Name("az"), kong.NoDefaultHelp())
	if err != nil {
		return fmt.Errorf("cannot understand command line: %w", err)
	}

	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("cannot understand command line: %w", err)
	}

	m, err := logIn(ctx)
	if err != nil {
		return fmt.Errorf("cannot log in: %w", err)
	}

	m.ask = ask

	if err := command.Run(m); err != nil {
		return fmt.Errorf("cannot do what was asked: %w", err)
	}

	if m.secrets != nil {
		return json.NewEncoder(os.Stdout).Encode(m.secrets) //nolint:wrapcheck // It says everything.
	}

	return c.print(m.answer)
}

// path matches a path such as oidcIssuerProfile.issuerUrl, and fields an object such as {clientId:clientId, objectId:principalId}.
var (
	path   = regexp.MustCompile(`^\w+(\.\w+)*$`)
	fields = regexp.MustCompile(`^\{\s*\w+\s*:\s*\w+(\.\w+)*(\s*,\s*\w+\s*:\s*\w+(\.\w+)*)*\s*\}$`)
)

// print prints an answer: a value at a path as tsv, or a table of fields with one row.
func (c *cli) print(answer object) error {
	switch {
	case c.Output == "none" || len(answer) == 0:
		return nil
	case c.Output == "json" && c.Query == "":
		return json.NewEncoder(os.Stdout).Encode(answer) //nolint:wrapcheck // It says everything.
	case c.Output == "tsv" && path.MatchString(c.Query):
		fmt.Fprintln(os.Stdout, find(answer, c.Query))

		return nil
	case c.Output == "table" && fields.MatchString(c.Query):
		var rows [3][]string

		for field := range strings.SplitSeq(strings.Trim(c.Query, "{} "), ",") {
			name, from, _ := strings.Cut(field, ":")
			name = strings.TrimSpace(name)

			for i, cell := range []string{strings.ToUpper(name[:1]) + name[1:], strings.Repeat("-", len(name)), find(answer, strings.TrimSpace(from))} {
				rows[i] = append(rows[i], cell)
			}
		}

		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, row := range rows {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}

		return w.Flush() //nolint:wrapcheck // It says everything.
	default:
		return fmt.Errorf("cannot print: output %s of query %q is not simulated", c.Output, c.Query)
	}
}

// find returns the value at a path as text, or nothing.
func find(value any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		o, _ := value.(object)
		value = o[name]
	}

	if value == nil {
		return ""
	}

	return fmt.Sprint(value)
}

// keptSubscription is the file with the id of the chosen subscription.
const keptSubscription = "subscription"

// An object is JSON.
type object = map[string]any

// A manager is a client of the resource manager, for one command.
type manager struct {
	client *arm.Client

	// credential and options are those of a client of Key Vault.
	credential azcore.TokenCredential
	options    policy.ClientOptions

	ask func(what string) error

	// subscription is the id of the chosen one, which is kept for later commands.
	subscription string

	// answer or secrets are what the command prints.
	answer  object
	secrets any
}

func (m *manager) keep(id string) error {
	return os.WriteFile(filepath.Join(os.Getenv("AZURE_CONFIG_DIR"), keptSubscription), []byte(id), 0o600) //nolint:wrapcheck // It says everything.
}

// logIn signs in with the credential in the environment.
func logIn(ctx context.Context) (*manager, error) {
	transport, err := transport(ctx, os.Getenv("AZURE_STAND_IN_ADMIN"))
	if err != nil {
		return nil, fmt.Errorf("cannot find the stand-in for Azure: %w", err)
	}

	kept, err := os.ReadFile(filepath.Join(os.Getenv("AZURE_CONFIG_DIR"), keptSubscription))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read subscription: %w", err)
	}

	options := policy.ClientOptions{Transport: &http.Client{Transport: transport}}

	credential, err := azidentity.NewClientSecretCredential(
		os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID"), os.Getenv("AZURE_CLIENT_SECRET"),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options},
	)
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller wraps it.
	}

	// A page registers resource providers itself.
	client, err := arm.NewClient("az", "v1.0.0", credential, &arm.ClientOptions{ClientOptions: options, DisableRPRegistration: true})

	return &manager{client: client, credential: credential, options: options, subscription: "/subscriptions/" + string(kept)}, err //nolint:wrapcheck // The caller wraps it.
}

// transport returns a transport to the stand-in, with the proxy and the certificate of its admin
// API.
func transport(ctx context.Context, admin string) (*http.Transport, error) {
	exports, err := azure.Send(ctx, admin, []string{"env"}, nil)
	if err != nil {
		return nil, err
	}

	variables := map[string]string{}

	for line := range strings.Lines(exports) {
		name, value, _ := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		variables[name] = strings.Trim(value, "'\n")
	}

	address, err := url.Parse(variables["HTTPS_PROXY"])
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller wraps it.
	}

	pem, err := os.ReadFile(variables["SSL_CERT_FILE"])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)

	//nolint:wrapcheck // The caller wraps it.
	return &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, err
}

// send sends a request to the resource manager, and keeps its answer with the properties at the top level, as the Azure CLI does. A refusal
// is an *azcore.ResponseError.
func (m *manager) send(method, id, version string, body any, query ...string) error {
	request, err := runtime.NewRequest(context.Background(), method, runtime.JoinPaths(m.client.Endpoint(), (&url.URL{Path: id}).EscapedPath()))
	if err != nil {
		return fmt.Errorf("cannot make request: %w", err)
	}

	values := url.Values{"api-version": {version}}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}

	request.Raw().URL.RawQuery = values.Encode()

	if body != nil {
		if err := runtime.MarshalAsJSON(request, body); err != nil {
			return fmt.Errorf("cannot encode request: %w", err)
		}
	}

	response, err := m.client.Pipeline().Do(request)
	if err != nil {
		return fmt.Errorf("cannot reach the resource manager: %w", err)
	}

	defer func() { _ = response.Body.Close() }()

	if response.StatusCode >= http.StatusMultipleChoices {
		return runtime.NewResponseError(response) //nolint:wrapcheck // It says everything.
	}

	m.answer = object{}
	err = runtime.UnmarshalAsJSON(response, &m.answer)

	properties, _ := m.answer["properties"].(object)
	delete(m.answer, "properties")
	maps.Copy(m.answer, properties)

	return err //nolint:wrapcheck // It says everything.
}
