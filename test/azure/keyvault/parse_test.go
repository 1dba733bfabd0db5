// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLimiter(t *testing.T) {
	t.Parallel()

	start := time.Unix(0, 0)
	l := limiter{max: 2}

	type take struct {
		Wait time.Duration
		OK   bool
	}

	got := []take{}

	for _, second := range []int{0, 4, 9, 10, 10, 14} {
		wait, ok := l.take(start.Add(time.Duration(second) * time.Second))
		got = append(got, take{wait, ok})
	}

	want := []take{{0, true}, {0, true}, {time.Second, false}, {0, true}, {4 * time.Second, false}, {0, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("take(...) at 0, 4, 9, 10, 10 and 14 s: -want, +got:\n%s", diff)
	}
}

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
