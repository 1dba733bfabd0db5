package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	endpoint = "https://management.azure.com"
	scope    = endpoint + "/.default"

	// requestTimeout bounds one request, and tokenTimeout getting a token.
	requestTimeout = 30 * time.Second
	tokenTimeout   = 30 * time.Second

	maxAnswer = 4 << 20
)

// client of the resource manager, for one subscription.
type client struct {
	http         *http.Client
	credential   azcore.TokenCredential
	subscription string
}

// An object is JSON.
type object = map[string]any

// apiError is what the resource manager says when it refuses, in the words of the library that the real provider has.
type apiError struct {
	status  int
	code    string
	message string
}

// Error says what the status, the code and the message are.
func (e *apiError) Error() string {
	text := fmt.Sprintf("unexpected status %d (%d %s)", e.status, e.status, http.StatusText(e.status))
	if e.code != "" {
		text += fmt.Sprintf(" with error: %s: %s", e.code, e.message)
	}

	return text
}

// get returns a resource, or nil if there is none.
func (c *client) get(ctx context.Context, id, version string) (object, error) {
	status, answer, err := c.send(ctx, http.MethodGet, id, version, nil)
	if status == http.StatusNotFound {
		return nil, nil //nolint:nilnil // There is none.
	}

	return answer, err
}

// list returns the resources of a collection that a filter lets through.
func (c *client) list(ctx context.Context, id, version, filter string) ([]object, error) {
	_, answer, err := c.send(ctx, http.MethodGet, id, version, nil, "$filter", filter)
	if err != nil {
		return nil, err
	}

	values, _ := answer["value"].([]any)

	out := make([]object, 0, len(values))

	for _, v := range values {
		if o, ok := v.(object); ok {
			out = append(out, o)
		}
	}

	return out, nil
}

// send a request and read the answer. The status is zero if there is none. A status of an error is an *apiError.
func (c *client) send(ctx context.Context, method, id, version string, body any, query ...string) (int, object, error) {
	token, err := c.token(ctx)
	if err != nil {
		return 0, nil, err
	}

	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()

	values := url.Values{"api-version": []string{version}}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}

	var payload io.Reader

	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, nil, fmt.Errorf("cannot encode request: %w", err)
		}

		payload = bytes.NewReader(data)
	}

	request, err := http.NewRequestWithContext(ctx, method, endpoint+(&url.URL{Path: id}).EscapedPath()+"?"+values.Encode(), payload)
	if err != nil {
		return 0, nil, fmt.Errorf("cannot make request: %w", err)
	}

	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")

	if body != nil {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}

	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("cannot reach the resource manager: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It has been read.

	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("cannot read answer: %w", err)
	}

	if response.StatusCode >= http.StatusMultipleChoices {
		return response.StatusCode, nil, refusal(response.StatusCode, data)
	}

	var answer object
	if len(data) > 0 {
		if err := json.Unmarshal(data, &answer); err != nil {
			return 0, nil, fmt.Errorf("cannot understand answer: %w", err)
		}
	}

	return response.StatusCode, answer, nil
}

// token is a fresh access token or one that is still good.
func (c *client) token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()

	token, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil {
		return "", fmt.Errorf("cannot get an access token: %w", err)
	}

	return token.Token, nil
}

func refusal(status int, body []byte) error {
	var said struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}

	// A body that is not JSON says nothing.
	_ = json.Unmarshal(body, &said)

	return &apiError{status: status, code: said.Error.Code, message: said.Error.Message}
}
