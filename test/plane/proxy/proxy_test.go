// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// TestProxy sends plain requests. The programs of a plane cover tunnels.
func TestProxy(t *testing.T) {
	handler := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s answers for %s", name, r.Host) //nolint:gosec // No browser reads it.
		})
	}

	plain := httptest.NewServer(handler("plain pod"))
	defer plain.Close()

	p := Start(Config{
		Cluster:   resolver{"web.shop:8080": plain.Listener.Addr().String(), "broken.shop:8080": ""},
		Elsewhere: handler("Azure"),
	})
	defer p.Close()

	address, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}

	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(address)}}

	type want struct {
		body   string
		status int
	}

	cases := map[string]struct {
		reason string
		url    string
		want   want
	}{
		"ToPod": {
			reason: "A Service is reached by its name.",
			url:    "http://web.shop:8080/",
			want:   want{status: http.StatusOK, body: "plain pod answers for web.shop:8080"},
		},
		"ToAzure": {
			reason: "A host outside of the cluster is left to Azure.",
			url:    "http://169.254.169.254/metadata",
			want:   want{status: http.StatusOK, body: "Azure answers for 169.254.169.254"},
		},
		"ToNobody": {
			reason: "A Service without Pods is not resolved elsewhere.",
			url:    "http://broken.shop:8080/",
			want:   want{status: http.StatusBadGateway, body: "cannot connect: no Pod is ready\n"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{}

			resp, err := client.Get(tc.url) //nolint:noctx // It is on loopback.
			if err != nil {
				t.Fatal(err)
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
