// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// TestLargeApplications has a team fill its applications with annotations, as many and as large as the API server takes them.
func TestLargeApplications(t *testing.T) {
	const (
		count = 300
		group = `{"name":"meta.p6m.dev","versions":[{"groupVersion":"meta.p6m.dev/v1alpha1","version":"v1alpha1"}],"preferredVersion":{"groupVersion":"meta.p6m.dev/v1alpha1","version":"v1alpha1"}}`
	)

	annotation := strings.Repeat("x", 256<<10)

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")

		switch r.URL.Path {
		case "/api":
			fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
		case "/apis":
			fmt.Fprint(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[`+group+`]}`)
		case "/apis/meta.p6m.dev":
			fmt.Fprint(w, strings.Replace(group, "{", `{"kind":"APIGroup","apiVersion":"v1",`, 1))
		case "/apis/meta.p6m.dev/v1alpha1":
			fmt.Fprint(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"meta.p6m.dev/v1alpha1","resources":[{"name":"platformapplications","namespaced":true,"kind":"PlatformApplication","verbs":["list"]}]}`)
		case "/apis/meta.p6m.dev/v1alpha1/platformapplications":
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
			from, _ := strconv.Atoi(r.URL.Query().Get("continue"))

			to, next := min(from+limit, count), ""
			if to < count {
				next = strconv.Itoa(to)
			}

			fmt.Fprintf(w, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"continue":%q},"items":[`, next)

			for i := from; i < to; i++ {
				fmt.Fprintf(w, `%s{"metadata":{"namespace":"team-%d","name":"a","annotations":{"a":%q}}}`, strings.Repeat(",", min(i-from, 1)), i, annotation)
			}

			fmt.Fprint(w, "]}")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()

	kube, err := platform.Connect(&rest.Config{Host: server.URL}, "crossplane-system")
	if err != nil {
		t.Fatal(err)
	}

	r := &reader{ctx: t.Context(), kube: kube}
	if got := len(r.applications()); got != count || len(r.found) > 0 {
		t.Errorf("applications(): want all %d, got %d: -want, +got:\n%s", count, got, cmp.Diff(nil, r.found))
	}
}
