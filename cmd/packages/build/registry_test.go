// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// TestCheckPush checks the errors for registries that reject a push in different ways. Each error
// names the registry and the remedy.
func TestCheckPush(t *testing.T) {
	// There is no login.
	t.Setenv("DOCKER_CONFIG", t.TempDir())

	refusing := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && status != http.StatusUnauthorized {
				return // Reading needs no login.
			}

			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(status)
		})
	}

	open := registry.New(registry.Logger(log.New(io.Discard, "", 0)))

	cases := map[string]struct {
		reason   string
		registry string
		want     []string
	}{
		"Open":     {reason: "The registry needs no login.", registry: listen(t, open)},
		"Unknown":  {reason: "The registry requires a login.", registry: listen(t, refusing(http.StatusUnauthorized)), want: []string{"cannot push to REGISTRY/a/b", "log in", "helm registry login REGISTRY "}},
		"Denied":   {reason: "The account has no permission.", registry: listen(t, refusing(http.StatusForbidden)), want: []string{"cannot push to REGISTRY/a/b", "log in with an account that has the permission"}},
		"Missing":  {reason: "Some registries require an existing repository.", registry: listen(t, refusing(http.StatusNotFound)), want: []string{"cannot push to REGISTRY/a/b", "check that the registry accepts images and that the repository exists"}},
		"Away":     {reason: "No registry listens.", registry: away(t), want: []string{"cannot reach registry REGISTRY", "check its name and the network"}},
		"Scheme":   {reason: "A URL is not a registry.", registry: "https://ghcr.io", want: []string{`cannot use registry "https://ghcr.io"`, "such as ghcr.io"}},
		"NoDomain": {reason: "A mistyped host must not become a path at Docker Hub.", registry: "ghcr", want: []string{`cannot use registry "ghcr"`, "such as ghcr.io"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			said := fmt.Sprint(checkPush(tc.registry, "a/b"))

			if tc.want == nil && said != fmt.Sprint(nil) {
				t.Errorf("\n%s\ncheckPush(...): %s", tc.reason, said)
			}

			for _, want := range tc.want {
				if want = strings.ReplaceAll(want, "REGISTRY", tc.registry); !strings.Contains(said, want) {
					t.Errorf("\n%s\ncheckPush(...): want %q in the error, got %s", tc.reason, want, said)
				}
			}
		})
	}
}

// listen starts a registry, and returns its name.
func listen(t *testing.T, h http.Handler) string {
	t.Helper()

	server := httptest.NewServer(h)
	t.Cleanup(server.Close)

	return server.Listener.Addr().String()
}

// away returns the name of a registry that does not exist.
func away(t *testing.T) string {
	t.Helper()

	server := httptest.NewServer(nil)
	server.Close()

	return server.Listener.Addr().String()
}
