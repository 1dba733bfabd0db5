// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// cluster returns a cluster without controllers, in which an application stays as it was created.
func cluster(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()

	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), rbacv1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	for _, kind := range append(managed(), applicationKind()) {
		scheme.AddKnownTypeWithName(kind, &unstructured.Unstructured{})
		scheme.AddKnownTypeWithName(kind.GroupVersion().WithKind(kind.Kind+"List"), &unstructured.UnstructuredList{})
	}

	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

func anApplication(namespace string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{}}}
	u.SetGroupVersionKind(applicationKind())
	u.SetNamespace(namespace)
	u.SetName(applicationName)

	return u
}

// synctested runs a test with a synthetic clock, so that polling takes no time.
func synctested(test func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) {
		t.Helper()
		synctest.Test(t, test)
	}
}

// TestRemove changes nothing in namespaces of others.
func TestRemove(t *testing.T) {
	own := namespaceOf(testID, "", nil)
	foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceName(testID), Labels: map[string]string{runLabel: "other22222"}}}

	cases := map[string]struct {
		reason    string
		namespace *corev1.Namespace
		id        string
		removed   bool
		failed    bool
	}{
		"Own":     {reason: "The namespace of the run is deleted.", namespace: own, id: testID, removed: true},
		"Foreign": {reason: "A namespace without the label of the run is kept.", namespace: foreign, id: testID, failed: true},
		"Gone":    {reason: "A missing namespace is no error.", namespace: own, id: "zzzzzzzz77"},
	}

	for name, tc := range cases {
		t.Run(name, synctested(func(t *testing.T) {
			t.Helper()

			c := cluster(t, tc.namespace.DeepCopy(), anApplication(tc.namespace.Name))

			err := Remove(t.Context(), c, tc.id, "", func(string) {})
			if (err != nil) != tc.failed {
				t.Errorf("\n%s\nRemove(...): %v", tc.reason, err)
			}

			for _, o := range []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tc.namespace.Name}}, anApplication(tc.namespace.Name)} {
				if err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o); kerrors.IsNotFound(err) != tc.removed {
					t.Errorf("\n%s\n%T %s: want it removed %t, got %v", tc.reason, o, o.GetName(), tc.removed, err)
				}
			}
		}))
	}
}

// TestRun lets a run fail, be interrupted and panic. It always cleans up and reports the problem.
func TestRun(t *testing.T) {
	refused := interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
		return errors.New("denied by a policy")
	}}
	stuck := interceptor.Funcs{Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
		return errors.New("no permission to delete")
	}}
	broken := interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { panic("a fault") }}

	cases := map[string]struct {
		reason      string
		interrupted bool
		funcs       interceptor.Funcs
		failed      string
		says        string
		cleanup     Result
		left        bool
	}{
		"NoVault":     {reason: "A step fails after its timeout.", failed: "vault", says: "KeyVaultReady", cleanup: Passed},
		"Refused":     {reason: "A run whose first step fails has nothing to clean up.", funcs: refused, failed: "create", says: "denied by a policy", cleanup: Passed},
		"Interrupted": {reason: "An interrupted run may have created objects.", interrupted: true, failed: "create", says: "interrupted", cleanup: Passed},
		"Fault":       {reason: "A panic does not prevent the cleanup.", funcs: broken, failed: "create", says: "internal error: a fault", cleanup: Passed},
		"Stuck":       {reason: "If the cleanup fails, the report has its commands.", funcs: stuck, failed: "vault", says: "KeyVaultReady", cleanup: Failed, left: true},
	}

	for name, tc := range cases {
		t.Run(name, synctested(func(t *testing.T) {
			t.Helper()

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			if tc.interrupted {
				cancel()
			}

			c := interceptor.NewClient(cluster(t), tc.funcs)

			var saved []Report

			got := Run(ctx, Options{
				Client: c, Image: "image", DeletionPolicy: v1alpha1.DeletionPurge, Say: func(string) {}, Commands: []string{"clean up"},
				Save:     func(r Report) error { saved = append(saved, r); return nil },
				Timeouts: map[string]time.Duration{"vault": time.Millisecond, Cleanup: time.Minute},
			}, testID, Report{})

			if got.Cleanup == nil || got.Cleanup.Result != tc.cleanup || got.Ended.IsZero() {
				t.Errorf("\n%s\nRun(...): want it to clean up, got %+v", tc.reason, got)
			}

			failedIn(t, got, tc.failed, tc.says)

			err := c.Get(t.Context(), client.ObjectKey{Name: namespaceName(testID)}, &corev1.Namespace{})
			if kerrors.IsNotFound(err) == tc.left || (len(got.CleanUp) > 0) != tc.left {
				t.Errorf("\n%s\nwant the namespace left %t, got %v, and commands %q", tc.reason, tc.left, err, got.CleanUp)
			}

			// A killed run leaves the saved report.
			if len(saved) < 3 || saved[0].Result != Running || saved[0].Namespace != namespaceName(testID) || saved[len(saved)-1].Result != Failed {
				t.Errorf("\n%s\nwant the report saved from the beginning, got %d times", tc.reason, len(saved))
			}
		}))
	}
}

// TestForeignVault forges the vault in the status: the run ends, and the officer writes nothing.
func TestForeignVault(t *testing.T) {
	own := &run{id: testID}

	cases := map[string]struct {
		reason    string
		name, uri string
		want      string
	}{
		"Own":       {reason: "The status names the run's vault.", name: own.vaultName(), uri: own.vault()},
		"NoSlash":   {reason: "A trailing slash makes no difference.", name: own.vaultName(), uri: strings.TrimRight(own.vault(), "/")},
		"Foreign":   {reason: "The vault of a team is rejected.", name: "shop-api-foreign", uri: "https://shop-api-foreign.vault.azure.net/", want: "the vault of this run is"},
		"Name":      {reason: "A foreign name is rejected.", name: "shop-api-foreign", uri: own.vault(), want: "the vault of this run is"},
		"URI":       {reason: "A foreign address is rejected.", name: own.vaultName(), uri: "https://shop-api-foreign.vault.azure.net/", want: "the vault of this run is"},
		"Terminal":  {reason: "Control characters are not printed.", name: "\u009b\u202e", uri: own.vault(), want: "the vault of this run is"},
		"OtherHost": {reason: "A host outside of Key Vault is rejected.", name: own.vaultName(), uri: "https://" + own.vaultName() + ".example.com/", want: "the vault of this run is"},
	}

	for name, tc := range cases {
		t.Run(name, synctested(func(t *testing.T) {
			t.Helper()

			u := anApplication(namespaceName(testID))
			u.Object["status"] = map[string]any{
				"keyVault":   map[string]any{"name": tc.name, "uri": tc.uri, "resourceId": "/x\u009b\u202e\x7f"},
				"conditions": []any{map[string]any{"type": "KeyVaultReady", "status": "True"}},
			}

			r := &run{id: testID, report: &Report{}, values: &values{}, Options: Options{Client: cluster(t, u), Say: func(string) {}}}

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()

			err := hasVault(ctx, r)
			if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || strings.ContainsAny(err.Error(), "\u009b\u202e")) {
				t.Errorf("\n%s\nhasVault(...): want %q, got %v", tc.reason, tc.want, err)
			}

			if r.vault() != own.vault() {
				t.Errorf("\n%s\nthe officer would write into %s", tc.reason, r.vault())
			}

			if data, err := r.report.Encode("json"); err != nil || bytes.ContainsAny(data, "\u009b\u202e\x7f") {
				t.Errorf("\n%s\nEncode(...): %v: %q", tc.reason, err, data)
			}
		}))
	}
}

// TestManifestOfficer names the officer in the manifest, unless the settings name the officer.
func TestManifestOfficer(t *testing.T) {
	v, err := newValues()
	if err != nil {
		t.Fatal(err)
	}

	for id, want := range map[string][]any{"": nil, "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa": {map[string]any{"objectId": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"}}} {
		r := &run{id: testID, values: v, Options: Options{OfficerObjectID: id}}

		got, _, err := unstructured.NestedSlice(r.manifest().Object, "spec", "keyVault", "officers")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("manifest(): %v: -want, +got:\n%s", err, diff)
		}
	}
}

// failedIn checks that a run has failed in one step with an error that contains a text.
func failedIn(t *testing.T, got Report, step, says string) {
	t.Helper()

	if got.Result != Failed {
		t.Errorf("Run(...): want it to fail, got %s", got.Result)
	}

	for _, s := range got.Steps {
		if (s.Result == Failed) != (s.Name == step) {
			t.Errorf("want step %s to fail, got %s: %s: %s", step, s.Name, s.Result, s.Error)
		}

		if s.Name == step && !strings.Contains(s.Error, says) {
			t.Errorf("step %s: want %q, got %q", s.Name, says, s.Error)
		}
	}
}
