// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import "testing"

func FuzzParseSkipToken(f *testing.F) {
	f.Add(formatSkipToken("secret-1"))
	f.Add("")
	f.Add("e30")

	f.Fuzz(func(t *testing.T, token string) {
		after, err := parseSkipToken(token)
		if err == nil && formatSkipToken(after) != token {
			t.Errorf("parseSkipToken(%q): it is not the token for %q", token, after)
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	f.Add("api-version=7.4&maxresults=25&$skiptoken=e30")
	f.Add("%zz")

	f.Fuzz(func(t *testing.T, raw string) {
		q, refused := parseQuery(raw)
		if refused == nil && (q.maxResults < 1 || q.maxResults > maxPage || q.apiVersion == "") {
			t.Errorf("parseQuery(%q): %+v is accepted", raw, q)
		}
	})
}
