// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

func TestOptions(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		args   azure.Options
	}{
		"ProxyForAll": {"Strangers are kept out.", azure.Options{ProxyAddress: "0.0.0.0:0"}},
		"AdminForAll": {"From the admin API as well.", azure.Options{AdminAddress: ":0"}},
		"ShortTokens": {"Clients would not keep them.", azure.Options{TokenLifetime: 1}},
		"NoCAFile":    {"The certificate has to go somewhere.", azure.Options{CAFile: "/nowhere/ca.pem"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if _, err := azure.Start(t.Context(), tc.args); err == nil {
				t.Errorf("\n%s\nStart(...): want an error", tc.reason)
			}
		})
	}
}

func TestParseState(t *testing.T) {
	t.Parallel()

	if _, err := azure.ParseState([]byte("vault: []")); err == nil {
		t.Error("ParseState(...) with an unknown field: want an error")
	}
}

// TestAdminIsNotForBrowsers sends what a page in a browser could send.
func TestAdminIsNotForBrowsers(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	for origin, want := range map[string]int{"https://example.org": http.StatusForbidden, "": http.StatusOK} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.AdminURL()+"/commands", strings.NewReader(`{"args":["env"]}`))
		must(t, err)

		if origin != "" {
			r.Header.Set("Origin", origin)
		}

		rsp, err := http.DefaultClient.Do(r)
		must(t, err)
		must(t, rsp.Body.Close())

		if diff := cmp.Diff(want, rsp.StatusCode); diff != "" {
			t.Errorf("POST /commands from %q: -want, +got:\n%s", origin, diff)
		}
	}
}
