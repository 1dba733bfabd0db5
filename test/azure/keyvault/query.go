// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// maxPage is the maximum number of secrets on a page of a list, and the default.
const maxPage = 25

// versions of the API that Microsoft documents.
func apiVersions() []string {
	return []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", latestAPIVersion}
}

const latestAPIVersion = "2026-04-01"

// A query has the parameters of a request.
type query struct {
	apiVersion string

	// maxResults and after are for lists: how many, and the name or version that the last page ended with.
	maxResults int
	explicitly bool
	after      string
}

// parseQuery reads a query. Like Key Vault, it ignores unknown parameters.
func parseQuery(raw string) (query, *wire.Answer) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, new(badParameter("The request URI contains an invalid query."))
	}

	q := query{apiVersion: values.Get("api-version"), maxResults: maxPage}

	if q.apiVersion == "" {
		return query{}, new(badParameter("A required query parameter 'api-version' was not specified in the request URI. " +
			"Consider using the latest supported version."))
	}

	if !slices.Contains(apiVersions(), q.apiVersion) {
		return query{}, new(badParameter("The specified version (%s) is not recognized. Consider using the latest supported version (%s).",
			q.apiVersion, latestAPIVersion))
	}

	if values.Has("maxresults") {
		q.explicitly = true

		q.maxResults, err = strconv.Atoi(values.Get("maxresults"))
		if err != nil || q.maxResults < 1 || q.maxResults > maxPage {
			return query{}, new(badParameter("The request URI contains an invalid 'maxresults': it has to be between 1 and %d.", maxPage))
		}
	}

	if values.Has("$skiptoken") {
		q.after, err = parseSkipToken(values.Get("$skiptoken"))
		if err != nil {
			return query{}, new(badParameter("The request URI contains an invalid '$skiptoken'."))
		}
	}

	return q, nil
}

// skipToken is the position where a list continues. It is opaque to clients.
type skipToken struct {
	NextMarker     string `json:"NextMarker"`
	TargetLocation int    `json:"TargetLocation"`
}

func formatSkipToken(after string) string {
	return base64.RawURLEncoding.EncodeToString(encode(skipToken{NextMarker: after}))
}

func parseSkipToken(token string) (string, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return "", errors.New("cannot decode it")
	}

	var t skipToken
	if err := json.Unmarshal(data, &t); err != nil {
		return "", errors.New("cannot read it")
	}

	// Only tokens made by formatSkipToken are valid. Names and versions have the same characters.
	if !validName(t.NextMarker) || formatSkipToken(t.NextMarker) != token {
		return "", errors.New("it is not one of ours")
	}

	return t.NextMarker, nil
}

// nextLink returns the address of the next page. Key Vault includes the port.
func (v *vault) nextLink(path, after string, q query) string {
	link := "https://" + lower(v.Name) + Suffix + ":443/" + path + "?api-version=" + q.apiVersion + "&$skiptoken=" + formatSkipToken(after)
	if q.explicitly {
		link += "&maxresults=" + strconv.Itoa(q.maxResults)
	}

	return link
}
