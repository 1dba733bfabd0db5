//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/p6m-dev/platform-application/test/plain"
	"github.com/p6m-dev/platform-application/test/plane"
)

// TestLeak proves that a value is only in the application's Secret, in no other object of the
// cluster, and in no log of any process.
func TestLeak(t *testing.T) {
	namespace := namespaceOf(t, w.modern)
	// The value arrives, changes, and then becomes unreadable.
	a, first := started(t, w.modern, namespace, "web")

	second := password()
	a.set(t, postgres(second))
	a.runsWith(t, second)

	third := password()
	a.set(t, `{"POSTGRES_PASSWORD": "`+third+`"`)
	a.wait(t, secretIs("Invalid"))

	want := map[string][]string{first: nil, second: {"Secret/" + namespace + "/web-keyvault"}, third: nil}
	got := map[string][]string{}

	for value := range want {
		got[value] = append(where(t, value), logsWith(t, value)...)
	}

	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("a value must be in the Secret only: -want, +got:\n%s", diff)
	}
}

// where returns the objects with a value, as kind/namespace/name.
func where(t *testing.T, value string) []string {
	t.Helper()

	config := w.modern.API.Config()
	config.WarningHandler = rest.NoWarnings{}

	d, err := discovery.NewDiscoveryClientForConfig(config)
	must(t, err)

	kube, err := dynamic.NewForConfig(config)
	must(t, err)

	lists, err := d.ServerPreferredResources()
	must(t, err)

	var out []string

	for _, l := range lists {
		for _, r := range l.APIResources {
			if !slices.Contains(r.Verbs, "list") {
				continue
			}

			gv, err := schema.ParseGroupVersion(l.GroupVersion)
			must(t, err)

			gvr := gv.WithResource(r.Name)

			out = append(out, objectsWith(t, kube, gvr, value)...)
		}
	}

	return out
}

// objectsWith returns the objects of a kind that contain a value.
func objectsWith(t *testing.T, kube dynamic.Interface, gvr schema.GroupVersionResource, value string) []string {
	t.Helper()

	objects, err := kube.Resource(gvr).List(t.Context(), metav1.ListOptions{})
	must(t, err)

	var out []string

	for _, o := range objects.Items {
		data, err := json.Marshal(o.Object)
		must(t, err)

		if contains(data, value) {
			out = append(out, fmt.Sprintf("%s/%s/%s", o.GetKind(), o.GetNamespace(), o.GetName()))
		}
	}

	return out
}

// contains reports whether data contains a value, in any form.
func contains(data []byte, value string) bool {
	return len(plain.Find(map[string]string{"the value": value}, map[string]string{"the data": string(data)})) > 0
}

// logsWith returns the logs that contain a value.
func logsWith(t *testing.T, value string) []string {
	t.Helper()

	var out []string

	// The keys are parts of paths. The values are true for logs that are never empty.
	unread := map[string]bool{
		"kube-apiserver.log": true, "kube-controller-manager.log": true, "node.log": false,
		"/" + plane.FunctionName: false, "/" + plane.ProviderName: true, "/crossplane-": true, "/contrib-provider-azure-": true,
	}

	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".log") {
			return nil //nolint:nilerr // Files come and go while pods do.
		}

		data, err := os.ReadFile(path) //nolint:gosec // A directory of our own.
		if err != nil {
			return fmt.Errorf("cannot read log: %w", err)
		}

		if contains(data, value) {
			out = append(out, path)
		}

		// Packages of crossplane-contrib have the prefix of Crossplane's own Pods.
		path = strings.ReplaceAll(path, "/crossplane-contrib-", "/contrib-")

		for part, talks := range unread {
			if strings.Contains(path, part) && (len(data) > 0 || !talks) {
				delete(unread, part)
			}
		}

		return nil
	})
	must(t, err)

	if len(unread) > 0 {
		t.Errorf("some logs were not found: %v", slices.Sorted(maps.Keys(unread)))
	}

	return out
}
