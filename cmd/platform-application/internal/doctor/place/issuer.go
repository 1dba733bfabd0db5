// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxKeys of an issuer that are looked at.
const maxKeys = 100

// Documents are what an issuer publishes, by which Entra ID verifies tokens.
type documents struct {
	// URL of the issuer whose documents these are.
	URL string

	// Outcome of the attempt to reach them, with its Detail.
	Outcome Outcome
	Detail  string

	// Problem is what is wrong with a document that was reached. Empty if nothing is.
	Problem string

	// Issuer as the discovery document has it, and the ids of the keys that it leads to.
	Issuer string
	Keys   []string
}

// discovery is where an issuer says who it is.
func discovery(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

// documents of an issuer.
func (n Network) documents(ctx context.Context, issuer string) documents {
	out := documents{URL: issuer}

	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}

	if !n.document(ctx, &out, discovery(issuer), &document) {
		return out
	}

	out.Issuer = document.Issuer

	var data json.RawMessage
	if !n.document(ctx, &out, document.Keys, &data) {
		return out
	}

	if out.Keys = keyIDs(data); len(out.Keys) == 0 {
		out.Problem = "jwks_uri leads to no keys"
	}

	return out
}

// document at an address. It returns false if there is none that can be read, and says why.
func (n Network) document(ctx context.Context, out *documents, address string, into any) bool {
	out.Outcome = NoAnswer

	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		out.Outcome, out.Problem = Reached, clean(fmt.Sprintf("%q is no https URL", address))

		return false
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		out.Outcome, out.Problem = Reached, clean(fmt.Sprintf("%q is no https URL", address))

		return false
	}

	status, body, err := n.ask(request)
	if err != nil {
		failed := Endpoint{}
		failed.fail(err)
		out.Outcome, out.Detail = failed.Outcome, failed.Detail

		return false
	}

	out.Outcome = Reached

	if status != http.StatusOK {
		out.Problem = clean(fmt.Sprintf("%s answers with status %d", address, status))

		return false
	}

	if json.Unmarshal(body, into) != nil {
		out.Problem = clean(address + " is no JSON of its kind")

		return false
	}

	return true
}

// keyIDs of a JSON Web Key Set.
func keyIDs(data []byte) []string {
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}

	if json.Unmarshal(data, &set) != nil {
		return nil
	}

	var out []string

	for _, k := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if k.ID != "" {
			out = append(out, clean(k.ID))
		}
	}

	return out
}
