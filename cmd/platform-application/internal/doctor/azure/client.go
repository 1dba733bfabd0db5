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
	// maxAnswer bounds what is read of an answer, and maxPages how many of a list.
	maxAnswer = 16 << 20
	maxPages  = 200

	tryTimeout    = 30 * time.Second
	maxRetries    = 3
	maxRetryDelay = 20 * time.Second
)

// unanswered is why something is not known that the Resource Manager did not answer, or not in a way that makes sense.
const (
	unanswered = "NoAnswer"
	unexpected = "UnexpectedAnswer"
)

// clouds of the settings.
func clouds() map[string]cloud.Configuration {
	return map[string]cloud.Configuration{
		settings.CloudAzurePublic:       cloud.AzurePublic,
		settings.CloudAzureUSGovernment: cloud.AzureGovernment,
		settings.CloudAzureChina:        cloud.AzureChina,
	}
}

// An Answer of the Resource Manager.
type Answer[T any] struct {
	Value T

	// Refused is the code of why there is no value, such as AuthorizationFailed. Empty if there is one.
	Refused string

	// Status of HTTP of the refusal. Zero if there was no answer.
	Status int
}

// Missing says that the Resource Manager knows no such object.
func (a Answer[T]) Missing() bool { return a.Refused != "" && a.Status == http.StatusNotFound }

// A client reads from the Resource Manager.
type client struct {
	endpoint string
	pipeline runtime.Pipeline
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
		return client{}, fmt.Errorf("cannot make a client of the Resource Manager: %w", err)
	}

	return client{endpoint: strings.TrimRight(out.Endpoint(), "/"), pipeline: out.Pipeline()}, nil
}

// defaultCredential is that of whoever runs the doctor: variables, workload identity, or the Azure CLI.
func defaultCredential(c cloud.Configuration, tenantID string) (azcore.TokenCredential, error) {
	credential, err := signin.Credential(c, tenantID)
	if err != nil {
		return nil, &signInError{err}
	}

	return signIn{credential}, nil
}

// A signIn tells errors of signing in from those of the Resource Manager.
type signIn struct{ azcore.TokenCredential }

// GetToken for the Resource Manager.
func (s signIn) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := s.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return token, &signInError{err}
	}

	return token, nil
}

type signInError struct{ error }

func (e *signInError) Unwrap() error { return e.error }

// NonRetriable keeps the pipeline from trying again: azidentity has done so.
func (e *signInError) NonRetriable() {}

// bounded reads answers up to a size, and follows no redirect.
type bounded struct{ client *http.Client }

func newBounded() bounded {
	return bounded{client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do a request.
func (b bounded) Do(r *http.Request) (*http.Response, error) {
	rsp, err := b.client.Do(r) //nolint:gosec // Paths are made of valid ids only, and lists go on at the same host.
	if err != nil {
		return nil, err //nolint:wrapcheck // The pipeline decides by its type whether to try again.
	}

	rsp.Body = http.MaxBytesReader(nil, rsp.Body, maxAnswer)

	return rsp, nil
}

// validID is what a path may be made of: ids come from the cluster and from answers.
var validID = regexp.MustCompile(`^(/[-\w.()]+)+$`)

// address of a resource.
func (c client) address(id, version string, filter ...string) (string, error) {
	if !validID.MatchString(id) || slices.ContainsFunc(strings.Split(id, "/"), func(s string) bool { return s == "." || s == ".." }) {
		return "", fmt.Errorf("cannot ask for %q: it is no resource id", id)
	}

	query := url.Values{"api-version": {version}}
	for _, f := range filter {
		query.Set("$filter", f)
	}

	return c.endpoint + id + "?" + query.Encode(), nil
}

// do sends a request, and reads the answer.
func (c client) do(ctx context.Context, method, address string, body, into any) error {
	r, err := runtime.NewRequest(ctx, method, address)
	if err != nil {
		return fmt.Errorf("cannot make a request: %w", err)
	}

	r.Raw().Header.Set("Accept", "application/json")

	if body != nil {
		if err := runtime.MarshalAsJSON(r, body); err != nil {
			return fmt.Errorf("cannot make a request: %w", err)
		}
	}

	rsp, err := c.pipeline.Do(r)
	if err != nil {
		return fmt.Errorf("cannot reach %s: %w", c.endpoint, err)
	}
	defer rsp.Body.Close() //nolint:errcheck // It was only read.

	if !runtime.HasStatusCode(rsp, http.StatusOK) {
		return runtime.NewResponseError(rsp) //nolint:wrapcheck // It is for answer.
	}

	data, err := runtime.Payload(rsp)
	if err != nil {
		return fmt.Errorf("cannot read answer of %s: %w", c.endpoint, err)
	}

	if err := json.Unmarshal(data, into); err != nil {
		return &unexpectedError{err}
	}

	return nil
}

type unexpectedError struct{ error }

// answer makes an Answer of what there is, and of why there is no more.
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

// get a resource.
func get[T any](ctx context.Context, c client, id, version string) (T, error) {
	var out T

	address, err := c.address(id, version)
	if err != nil {
		return out, err
	}

	return out, c.do(ctx, http.MethodGet, address, nil, &out)
}

// list resources.
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

		// The token goes nowhere else.
		if !strings.HasPrefix(page.NextLink, c.endpoint+"/") {
			return nil, &unexpectedError{errors.New("cannot follow a list to another host")}
		}

		address = page.NextLink
	}

	return nil, &unexpectedError{fmt.Errorf("cannot read a list of more than %d pages", maxPages)}
}
