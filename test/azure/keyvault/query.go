// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"net/url"
	"slices"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// maxPage is the number of secrets on a page of a list. Clients of today cannot ask for fewer.
const maxPage = 25

// versions of the API that Microsoft documents.
func apiVersions() []string {
	return []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", latestAPIVersion}
}

const latestAPIVersion = "2026-04-01"

// A query has the parameters of a request.
type query struct {
	apiVersion string

	// after is the name or version that the last page of a list ended with.
	after string
}

// parseQuery reads a query. Like Key Vault, it ignores unknown parameters.
func parseQuery(raw string) (query, *wire.Answer) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, new(badParameter("The request URI contains an invalid query."))
	}

	q := query{apiVersion: values.Get("api-version"), after: values.Get("$skiptoken")}

	if q.apiVersion == "" {
		return query{}, new(badParameter("A required query parameter 'api-version' was not specified in the request URI. " +
			"Consider using the latest supported version."))
	}

	if !slices.Contains(apiVersions(), q.apiVersion) {
		return query{}, new(badParameter("The specified version (%s) is not recognized. Consider using the latest supported version (%s).",
			q.apiVersion, latestAPIVersion))
	}

	// Names and versions have the same characters.
	if q.after != "" && !validName(q.after) {
		return query{}, new(badParameter("The request URI contains an invalid '$skiptoken'."))
	}

	return q, nil
}

// nextLink returns the address of the next page. Key Vault includes the port, and the token is opaque to clients.
func (v *vault) nextLink(path, after string, q query) string {
	return "https://" + lower(v.Name) + Suffix + ":443/" + path + "?api-version=" + q.apiVersion + "&$skiptoken=" + after
}
