// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// maxKeys limits the keys of an issuer.
const maxKeys = 100

// documents are the documents of an issuer, with which Entra ID verifies tokens.
type documents struct {
	// URL of the issuer.
	URL string

	// Outcome of the connection, with its Detail.
	Outcome Outcome
	Detail  string

	// Problem of a document that was reached.
	Problem Problem

	// Issuer in the discovery document, and the ids of the published keys.
	Issuer string
	Keys   []string
}

// discovery returns the URL of the discovery document of an issuer.
func discovery(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

// documents reads the documents of an issuer.
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
		out.Problem = Problem{Code: NoKeys}
	}

	return out
}

// document reads a JSON document. If it cannot, it returns false and sets the reason in out.
func (n Network) document(ctx context.Context, out *documents, address string, into any) bool {
	out.Outcome = NoAnswer

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || request.URL.Scheme != "https" || request.URL.Host == "" || request.URL.User != nil {
		out.Outcome, out.Problem = Reached, Problem{Code: NotHTTPS, Address: clean(address)}

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
		out.Problem = Problem{Code: BadStatus, Address: clean(address), Status: status}

		return false
	}

	if json.Unmarshal(body, into) != nil {
		out.Problem = Problem{Code: NotJSON, Address: clean(address)}

		return false
	}

	return true
}

// keyIDs returns the ids of the keys in a JSON Web Key Set.
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
