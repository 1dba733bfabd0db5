// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestVariables(t *testing.T) {
	type args struct {
		environ []string
		shown   []string
	}

	cases := map[string]struct {
		reason string
		args   args
		want   []Variable
	}{
		"Masked": {
			reason: "A value must not be shown unless it is asked for.",
			args:   args{environ: []string{"B=secret", "A=x=y"}, shown: []string{"A"}},
			want:   []Variable{{Name: "A", Value: "x=y"}, {Name: "B", Value: "****** (6 characters)"}},
		},
		"Empty": {
			reason: "That a variable is empty can be seen.",
			args:   args{environ: []string{"A="}, shown: []string{""}},
			want:   []Variable{{Name: "A"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := variables(tc.args.environ, tc.args.shown)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nvariables(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHandler(t *testing.T) {
	me := Process{
		Host: "web-1", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Environment: []Variable{{Name: "A", Value: "******"}},
	}

	server := httptest.NewServer(handler(me))
	defer server.Close()

	for _, path := range []string{"/", "/healthz", "/process"} {
		resp, err := http.Get(server.URL + path) //nolint:noctx // The server is in this process.
		if err != nil {
			t.Fatal(err)
		}

		if resp.StatusCode != http.StatusOK {
			t.Errorf("GET %s: want 200, got %s", path, resp.Status)
		}

		if path == "/process" {
			var got Process
			if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
				t.Fatalf("cannot decode %s: %v", path, err)
			}

			if diff := cmp.Diff(me, got); diff != "" {
				t.Errorf("GET %s: -want, +got:\n%s", path, diff)
			}
		}

		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
