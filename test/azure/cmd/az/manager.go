// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	manage = "https://management.azure.com"

	// keptSubscription is the file with the id of the chosen subscription.
	keptSubscription = "subscription"
)

// An object is JSON.
type object = map[string]any

// A manager is a client of the resource manager.
type manager struct {
	client       *arm.Client
	subscription string

	// config returns the directory of that file.
	config string
}

// keep stores a subscription for later commands.
func (m *manager) keep(id string) error {
	if err := os.WriteFile(filepath.Join(m.config, keptSubscription), []byte(id), 0o600); err != nil {
		return fmt.Errorf("cannot keep subscription: %w", err)
	}

	return nil
}

// logIn signs in with the credential in the environment.
func logIn(ctx context.Context, getenv func(string) string) (*manager, error) {
	transport, err := transport(ctx, getenv("AZURE_STAND_IN_ADMIN"))
	if err != nil {
		return nil, fmt.Errorf("cannot find the stand-in for Azure: %w", err)
	}

	options := policy.ClientOptions{Transport: &http.Client{Transport: transport}}
	m := &manager{config: getenv("AZURE_CONFIG_DIR")}

	kept, err := os.ReadFile(filepath.Join(m.config, keptSubscription))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read subscription: %w", err)
	}

	m.subscription = "/subscriptions/" + string(kept)

	credential, err := azidentity.NewClientSecretCredential(
		getenv("AZURE_TENANT_ID"), getenv("AZURE_CLIENT_ID"), getenv("AZURE_CLIENT_SECRET"),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options},
	)
	if err != nil {
		return nil, fmt.Errorf("cannot log in: %w", err)
	}

	if _, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{manage + "/.default"}}); err != nil {
		return nil, fmt.Errorf("cannot log in: %w", err)
	}

	// A page registers resource providers itself.
	m.client, err = arm.NewClient("az", "v1.0.0", credential, &arm.ClientOptions{ClientOptions: options, DisableRPRegistration: true})
	if err != nil {
		return nil, fmt.Errorf("cannot log in: %w", err)
	}

	return m, nil
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
	if err != nil {
		return nil, err //nolint:wrapcheck // As above.
	}

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)

	return &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, nil
}

// ask sends a request to the resource manager, and reads its answer. A refusal is an *azcore.ResponseError.
func (m *manager) ask(ctx context.Context, method, id, version string, body any, query ...string) (object, error) {
	request, err := runtime.NewRequest(ctx, method, runtime.JoinPaths(m.client.Endpoint(), (&url.URL{Path: id}).EscapedPath()))
	if err != nil {
		return nil, fmt.Errorf("cannot make request: %w", err)
	}

	values := url.Values{"api-version": {version}}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}

	request.Raw().URL.RawQuery = values.Encode()

	if body != nil {
		if err := runtime.MarshalAsJSON(request, body); err != nil {
			return nil, fmt.Errorf("cannot encode request: %w", err)
		}
	}

	response, err := m.client.Pipeline().Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the resource manager: %w", err)
	}

	defer func() { _ = response.Body.Close() }()

	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, runtime.NewResponseError(response) //nolint:wrapcheck // It says everything.
	}

	answer := object{}

	return answer, runtime.UnmarshalAsJSON(response, &answer) //nolint:wrapcheck // It says everything.
}

// flat moves the properties of a resource to its top level, as the Azure CLI does.
func flat(resource object) object {
	properties, _ := resource["properties"].(object)
	delete(resource, "properties")

	maps.Copy(resource, properties)

	return resource
}
