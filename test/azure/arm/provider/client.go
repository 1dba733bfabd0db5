// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

const (
	managementEndpoint = "https://management.azure.com"
	loginEndpoint      = "https://login.microsoftonline.com"

	// Audiences of access tokens.
	managementResource = managementEndpoint
	vaultResource      = "https://vault.azure.net"
	graphResource      = "https://graph.microsoft.com"

	// contactsVersion of the data plane (azurerm v4.54.0, keyvault/client/client.go: kermit/sdk/keyvault/7.4).
	contactsVersion = "7.4"

	// requestTimeout bounds one request.
	requestTimeout = 30 * time.Second

	maxAnswer = 4 << 20
)

// A client of Azure belongs to one reconcile: as in the real provider, it is configured for each, and so has its own tokens
// (provider-azure v2.6.0, internal/clients/azure.go, configureNoForkAzureClient).
type client struct {
	http *http.Client
	who  servicePrincipal
	pace Pace

	mu     sync.Mutex
	tokens map[string]string
}

// A refusal is an error answer of Azure.
type refusal struct {
	status  int
	code    string
	message string
}

// Error has the format of go-azure-sdk v0.20251107, sdk/client.
func (e *refusal) Error() string {
	text := fmt.Sprintf("unexpected status %d (%d %s)", e.status, e.status, http.StatusText(e.status))
	if e.code != "" {
		text += fmt.Sprintf(" with error: %s: %s", e.code, e.message)
	}

	return text
}

func asRefusal(err error) (*refusal, bool) { return errors.AsType[*refusal](err) }

func hasStatus(err error, status int) bool {
	refused, ok := asRefusal(err)

	return ok && refused.status == status
}

// resourceID returns the id of a resource in the resource group of an argument.
func (c *client) resourceID(d *tf.ResourceData, resource string) string {
	return "/subscriptions/" + c.who.SubscriptionID + "/resourceGroups/" + fmt.Sprint(d.Get("resource_group_name")) + "/providers/" + resource
}

// get returns a resource from the resource manager, or nil if it does not exist.
func (c *client) get(ctx context.Context, id, version string) (object, error) {
	answer, err := c.send(ctx, http.MethodGet, id, version, nil)
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil //nolint:nilnil // There is none.
	}

	return answer, err
}

// send sends a request to the resource manager.
func (c *client) send(ctx context.Context, method, id, version string, body any, query ...string) (object, error) {
	access, err := c.token(ctx, managementResource)
	if err != nil {
		return nil, err
	}

	values := url.Values{"api-version": []string{version}}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}

	answer, err := c.do(ctx, method, managementEndpoint+(&url.URL{Path: id}).EscapedPath()+"?"+values.Encode(), access, body)
	if err != nil {
		return nil, err
	}

	return answer.object()
}

// contacts reads the contacts of certificates and ignores them. The first request has no token, because go-autorest asks the vault for the
// challenge each time (v0.11, autorest/authorization.go, BearerAuthorizerCallback).
func (c *client) contacts(ctx context.Context, vaultURI string) error {
	address := strings.TrimSuffix(vaultURI, "/") + "/certificates/contacts?api-version=" + contactsVersion

	answer, err := c.do(ctx, http.MethodGet, address, "", nil)
	if err == nil && answer.status == http.StatusUnauthorized {
		var access string

		access, err = c.token(ctx, vaultResource)
		if err == nil {
			answer, err = c.do(ctx, http.MethodGet, address, access, nil)
		}
	}

	if err == nil {
		_, err = answer.object()
	}

	if hasStatus(err, http.StatusForbidden) || hasStatus(err, http.StatusNotFound) {
		return nil
	}

	return err
}

// token returns a token for a resource (go-azure-sdk v0.20251107, sdk/auth/client_credentials.go).
func (c *client) token(ctx context.Context, resource string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if known, ok := c.tokens[resource]; ok {
		return known, nil
	}

	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.who.ClientID}, "scope": {resource + "/.default"}}
	if c.who.assertion != "" {
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", c.who.assertion)
	} else {
		form.Set("client_secret", c.who.ClientSecret)
	}

	answer, err := c.do(ctx, http.MethodPost, loginEndpoint+"/"+c.who.TenantID+"/oauth2/v2.0/token", "", form)
	if err != nil {
		return "", fmt.Errorf("clientCredentialsToken: cannot request token: %w", err)
	}

	var given struct {
		AccessToken string `json:"access_token"`
	}

	if answer.status != http.StatusOK {
		return "", fmt.Errorf("clientCredentialsToken: received HTTP status %d with response: %s", answer.status, answer.body)
	}

	if err := json.Unmarshal(answer.body, &given); err != nil {
		return "", errors.New("clientCredentialsToken: cannot unmarshal response")
	}

	if c.tokens == nil {
		c.tokens = map[string]string{}
	}

	c.tokens[resource] = given.AccessToken

	return given.AccessToken, nil
}

// An answer of any status.
type answer struct {
	status int
	body   []byte
}

// object returns the object in an answer, or the error in it.
func (a answer) object() (object, error) {
	if a.status >= http.StatusMultipleChoices {
		var said struct {
			Error struct {
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}

		// A body that is not JSON is ignored.
		_ = json.Unmarshal(a.body, &said)

		return nil, &refusal{status: a.status, code: said.Error.Code, message: said.Error.Message}
	}

	o := object{}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &o); err != nil {
			return nil, fmt.Errorf("cannot understand answer: %w", err)
		}
	}

	return o, nil
}

// do sends a request, whose body is a form, a value to encode as JSON, or nothing. An error status
// is an answer.
func (c *client) do(ctx context.Context, method, address, access string, body any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()

	var (
		payload     []byte
		contentType string
		err         error
	)

	switch body := body.(type) {
	case nil:
	case url.Values:
		payload, contentType = []byte(body.Encode()), "application/x-www-form-urlencoded"
	default:
		payload, err = json.Marshal(body)
		contentType = "application/json; charset=utf-8"
	}

	if err != nil {
		return answer{}, fmt.Errorf("cannot encode request: %w", err)
	}

	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(payload))
	if err != nil {
		return answer{}, fmt.Errorf("cannot make request: %w", err)
	}

	request.Header.Set("Accept", "application/json")

	if access != "" {
		request.Header.Set("Authorization", "Bearer "+access)
	}

	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}

	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err //nolint:wrapcheck // It names the request.
	}
	defer response.Body.Close() //nolint:errcheck // It has been read.

	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("cannot read answer: %w", err)
	}

	return answer{status: response.StatusCode, body: data}, nil
}
