// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/signin"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	// maxAnswer limits the bytes of a response, and maxPages the pages of a list.
	maxAnswer = 16 << 20
	maxPages  = 200

	tryTimeout    = 30 * time.Second
	maxRetries    = 3
	maxRetryDelay = 20 * time.Second
)

// Codes for no response and an unexpected one.
const (
	unanswered = "NoAnswer"
	unexpected = "UnexpectedAnswer"
)

// clouds returns the clouds by their names in the settings.
func clouds() map[string]cloud.Configuration {
	return map[string]cloud.Configuration{
		settings.CloudAzurePublic:       cloud.AzurePublic,
		settings.CloudAzureUSGovernment: cloud.AzureGovernment,
		settings.CloudAzureChina:        cloud.AzureChina,
	}
}

// An Answer is a response of Azure Resource Manager.
type Answer[T any] struct {
	Value T

	// Refused is the error code, such as AuthorizationFailed. It is empty if there is a value.
	Refused string

	// Status is the HTTP status of the error. It is zero if there was no response.
	Status int
}

// Missing reports whether the resource does not exist.
func (a Answer[T]) Missing() bool { return a.Refused != "" && a.Status == http.StatusNotFound }

// A client reads from Azure Resource Manager.
type client struct {
	endpoint string
	pipeline runtime.Pipeline

	// read has what was read, by URL. Landing zones share subscriptions and resource groups.
	read map[string]response
}

// A response is the body of a response, or the error of getting it.
type response struct {
	body []byte
	err  error
}

// newClient returns a client that signs in with the credential.
func newClient(c cloud.Configuration, credential azcore.TokenCredential, transport policy.Transporter) (client, error) {
	out, err := arm.NewClient("platform-application", "v0.1.0", credential, &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud: c, Transport: transport,
			Retry: policy.RetryOptions{MaxRetries: maxRetries, TryTimeout: tryTimeout, MaxRetryDelay: maxRetryDelay},
		},
		// The doctor changes nothing.
		DisableRPRegistration: true,
	})
	if err != nil {
		return client{}, fmt.Errorf("cannot create client of Azure Resource Manager: %w", err)
	}

	return client{endpoint: strings.TrimRight(out.Endpoint(), "/"), pipeline: out.Pipeline(), read: map[string]response{}}, nil
}

// defaultCredential returns the credential of the account that runs the doctor.
func defaultCredential(c cloud.Configuration, tenantID string) (azcore.TokenCredential, error) {
	credential, err := signin.Credential(c, tenantID)
	if err != nil {
		return nil, &signInError{err}
	}

	return signIn{credential}, nil
}

// A signIn marks its errors, which differ from those of Azure Resource Manager.
type signIn struct{ azcore.TokenCredential }

// GetToken returns a token.
func (s signIn) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := s.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return token, &signInError{err}
	}

	return token, nil
}

type signInError struct{ error }

func (e *signInError) Unwrap() error { return e.error }

// NonRetriable prevents retries by the pipeline, because azidentity already retries.
func (e *signInError) NonRetriable() {}

// bounded limits the size of responses, and follows no redirect.
type bounded struct{ client *http.Client }

func newBounded() bounded {
	return bounded{client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b bounded) Do(r *http.Request) (*http.Response, error) {
	rsp, err := b.client.Do(r) //nolint:gosec // Paths consist of valid ids, and pages of a list have the same host.
	if err != nil {
		return nil, err //nolint:wrapcheck // The pipeline decides by its type whether to retry.
	}

	rsp.Body = http.MaxBytesReader(nil, rsp.Body, maxAnswer)

	return rsp, nil
}

// validID matches resource ids. They come from the cluster and from responses, and become part of a URL.
var validID = regexp.MustCompile(`^(/[-\w.()]+)+$`)

// address returns the URL of a resource.
func (c client) address(id, version string, filter ...string) (string, error) {
	if !validID.MatchString(id) || slices.ContainsFunc(strings.Split(id, "/"), func(s string) bool { return s == "." || s == ".." }) {
		return "", fmt.Errorf("cannot read %q: it is not a resource id", id)
	}

	query := url.Values{"api-version": {version}}
	for _, f := range filter {
		query.Set("$filter", f)
	}

	return c.endpoint + id + "?" + query.Encode(), nil
}

// do sends a request, and decodes the response. It reads a resource once.
func (c client) do(ctx context.Context, method, address string, body, into any) error {
	rsp, ok := c.read[address]
	if !ok || method != http.MethodGet {
		rsp.body, rsp.err = c.send(ctx, method, address, body)
	}

	if method == http.MethodGet {
		c.read[address] = rsp
	}

	if rsp.err != nil {
		return rsp.err
	}

	if err := json.Unmarshal(rsp.body, into); err != nil {
		return &unexpectedError{err}
	}

	return nil
}

// send sends a request, and returns the body of the response.
func (c client) send(ctx context.Context, method, address string, body any) ([]byte, error) {
	r, err := runtime.NewRequest(ctx, method, address)
	if err != nil {
		return nil, fmt.Errorf("cannot create request: %w", err)
	}

	r.Raw().Header.Set("Accept", "application/json")

	if body != nil {
		if err := runtime.MarshalAsJSON(r, body); err != nil {
			return nil, fmt.Errorf("cannot create request: %w", err)
		}
	}

	rsp, err := c.pipeline.Do(r)
	if err != nil {
		return nil, fmt.Errorf("cannot reach %s: %w", c.endpoint, err)
	}
	defer rsp.Body.Close() //nolint:errcheck // It was only read.

	if !runtime.HasStatusCode(rsp, http.StatusOK) {
		return nil, runtime.NewResponseError(rsp) //nolint:wrapcheck // answer decides by its type.
	}

	data, err := runtime.Payload(rsp)
	if err != nil {
		return nil, fmt.Errorf("cannot read response of %s: %w", c.endpoint, err)
	}

	return data, nil
}

type unexpectedError struct{ error }

// answer returns the Answer for a value, or for the error of reading it.
func answer[T any](value T, err error) Answer[T] {
	if err == nil {
		return Answer[T]{Value: value}
	}

	out := Answer[T]{Refused: unanswered}

	if refused, ok := errors.AsType[*azcore.ResponseError](err); ok {
		out.Status, out.Refused = refused.StatusCode, refused.ErrorCode
	}

	if out.Refused == "" {
		out.Refused = fmt.Sprintf("HTTP %d", out.Status)
	}

	if _, ok := errors.AsType[*unexpectedError](err); ok {
		out.Refused = unexpected
	}

	return out
}

// get reads a resource.
func get[T any](ctx context.Context, c client, id, version string) (T, error) {
	var out T

	address, err := c.address(id, version)
	if err != nil {
		return out, err
	}

	return out, c.do(ctx, http.MethodGet, address, nil, &out)
}

// list reads resources.
func list[T any](ctx context.Context, c client, id, version string, filter ...string) ([]T, error) {
	address, err := c.address(id, version, filter...)
	if err != nil {
		return nil, err
	}

	out := []T{}

	for range maxPages {
		var page struct {
			Value    []T    `json:"value"`
			NextLink string `json:"nextLink"`
		}

		if err := c.do(ctx, http.MethodGet, address, nil, &page); err != nil {
			return nil, err
		}

		out = append(out, page.Value...)

		if page.NextLink == "" {
			return out, nil
		}

		// The client sends its token to no other host.
		if !strings.HasPrefix(page.NextLink, c.endpoint+"/") {
			return nil, &unexpectedError{errors.New("cannot follow a list to another host")}
		}

		address = page.NextLink
	}

	return nil, &unexpectedError{fmt.Errorf("cannot read a list of more than %d pages", maxPages)}
}
