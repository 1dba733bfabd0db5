// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// resolver knows some names, each with the address of a server.
type resolver map[string]string

func (r resolver) Dial(ctx context.Context, host string, port int) (net.Conn, error) {
	address, ok := r[fmt.Sprintf("%s:%d", host, port)]
	if !ok {
		return nil, ErrNotInCluster
	}

	if address == "" {
		return nil, errors.New("no Pod is ready")
	}

	return new(net.Dialer).DialContext(ctx, "tcp", address) //nolint:wrapcheck // It says it all.
}

// upstream is a proxy that answers plain requests itself, tunnels to one server,
// and refuses everything else.
func upstream(t *testing.T, server string) *url.URL {
	t.Helper()

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodConnect:
			fmt.Fprintf(w, "upstream answers for %s", r.Host) //nolint:gosec // No browser reads it.
		case r.RequestURI != "azure.example.com:443":
			http.Error(w, "refused by upstream", http.StatusForbidden)
		default:
			there, err := net.Dial("tcp", server) //nolint:noctx // It is on loopback.
			if err != nil {
				t.Error(err)

				return
			}
			defer there.Close() //nolint:errcheck // The test is over.

			here, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)

				return
			}
			defer here.Close() //nolint:errcheck // The test is over.

			fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
			Splice(r.Context(), here, buffered.Reader, there)
		}
	}))
	t.Cleanup(s.Close)

	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}

	return u
}

func TestProxy(t *testing.T) {
	handler := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s answers for %s", name, r.Host) //nolint:gosec // No browser reads it.
		})
	}

	secure := httptest.NewTLSServer(handler("secure pod"))
	defer secure.Close()

	plain := httptest.NewServer(handler("plain pod"))
	defer plain.Close()

	azure := httptest.NewTLSServer(handler("azure"))
	defer azure.Close()

	p, err := Start(t.Context(), Config{
		Cluster: resolver{
			"function.crossplane-system:9443": secure.Listener.Addr().String(),
			"web.shop:8080":                   plain.Listener.Addr().String(),
			"broken.shop:8080":                "",
			"broken.shop:443":                 "",
		},
		Upstream: upstream(t, azure.Listener.Addr().String()),
	})
	if err != nil {
		t.Fatal(err)
	}

	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()

	address, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}

	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyURL(address),
		//nolint:gosec // Only whom the tunnel leads to matters here.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}

	type want struct {
		body   string
		status int
		err    string
	}

	cases := map[string]struct {
		reason string
		url    string
		want   want
	}{
		"TunnelToPod": {
			reason: "A Service is reached through a tunnel.",
			url:    "https://function.crossplane-system:9443/",
			want:   want{status: http.StatusOK, body: "secure pod answers for function.crossplane-system:9443"},
		},
		"PlainToPod": {
			reason: "A Service is reached without one, too.",
			url:    "http://web.shop:8080/",
			want:   want{status: http.StatusOK, body: "plain pod answers for web.shop:8080"},
		},
		"TunnelToAzure": {
			reason: "What is not of the cluster is upstream's.",
			url:    "https://azure.example.com/",
			want:   want{status: http.StatusOK, body: "azure answers for azure.example.com"},
		},
		"PlainToAzure": {
			reason: "What is not of the cluster is upstream's.",
			url:    "http://169.254.169.254/metadata",
			want:   want{status: http.StatusOK, body: "upstream answers for 169.254.169.254"},
		},
		"Refused": {
			reason: "What upstream refuses is refused.",
			url:    "https://example.com/",
			want:   want{err: "Forbidden"},
		},
		"TunnelToNobody": {
			reason: "A Service without Pods is not looked for elsewhere.",
			url:    "https://broken.shop/",
			want:   want{err: "Bad Gateway"},
		},
		"PlainToNobody": {
			reason: "A Service without Pods is not looked for elsewhere.",
			url:    "http://broken.shop:8080/",
			want:   want{status: http.StatusBadGateway, body: "no Pod is ready\n"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{}

			resp, err := client.Get(tc.url) //nolint:noctx // It is on loopback.
			if err != nil {
				if tc.want.err == "" || !strings.Contains(err.Error(), tc.want.err) {
					t.Errorf("\n%s\nGet(%s): want error %q, got %v", tc.reason, tc.url, tc.want.err, err)
				}

				return
			}

			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}

			_ = resp.Body.Close()
			got.body, got.status = string(body), resp.StatusCode

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nGet(%s): -want, +got:\n%s", tc.reason, tc.url, diff)
			}
		})
	}
}
