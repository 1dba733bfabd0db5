// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestRequests(t *testing.T) {
	ns := server.Namespace(t)
	c := server.Client()

	before, err := server.Requests("admin")
	if err != nil {
		t.Fatalf("Requests(...): %v", err)
	}

	meta := metav1.ObjectMeta{Namespace: ns, Name: "one"}
	calls := []error{
		c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}),
		server.Apply(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}),
		server.Apply(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}),
		c.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "one"}, &corev1.ConfigMap{}),
		c.List(t.Context(), &corev1.ConfigMapList{}, client.InNamespace(ns)),
		c.Create(t.Context(), &coordinationv1.Lease{ObjectMeta: meta}),
		c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}),
		c.SubResource("token").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, &authenticationv1.TokenRequest{}),
		// Elsewhere.
		c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace(t), Name: "one"}}),
	}

	for i, err := range calls {
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}

	after, err := server.Requests("admin")
	if err != nil {
		t.Fatalf("Requests(...): %v", err)
	}

	writes := Requests{
		{Verb: "create", Resource: "configmaps", Namespace: ns}:      1,
		{Verb: "patch", Resource: "configmaps", Namespace: ns}:       2,
		{Verb: "create", Resource: "serviceaccounts", Namespace: ns}: 1,
	}
	want := Requests{
		{Verb: "get", Resource: "configmaps", Namespace: ns}:                               1,
		{Verb: "list", Resource: "configmaps", Namespace: ns}:                              1,
		{Verb: "create", Group: "coordination.k8s.io", Resource: "leases", Namespace: ns}:  1,
		{Verb: "create", Resource: "serviceaccounts", Subresource: "token", Namespace: ns}: 1,
	}

	maps.Copy(want, writes)

	got := after.Since(before).In(ns)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after.Since(before).In(namespace): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(writes, got.Writes()); diff != "" {
		t.Errorf("Writes(): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(8, got.Total()); diff != "" {
		t.Errorf("Total(): -want, +got:\n%s", diff)
	}

	nobody, err := server.Requests("nobody")
	if err != nil {
		t.Errorf("Requests(nobody): %v", err)
	}

	if diff := cmp.Diff(Requests{}, nobody); diff != "" {
		t.Errorf("Requests(nobody): -want, +got:\n%s", diff)
	}
}

// TestRequestsOfOthers keeps users apart, and counts denied requests.
func TestRequestsOfOthers(t *testing.T) {
	ns := server.Namespace(t)

	if err := server.CreateServiceAccount(t.Context(), ns, "app"); err != nil {
		t.Fatalf("CreateServiceAccount(...): %v", err)
	}

	cfg, err := server.ConfigFor(t.Context(), ns, "app")
	if err != nil {
		t.Fatalf("ConfigFor(...): %v", err)
	}

	c, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatalf("cannot create client: %v", err)
	}

	if err := c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "one"}}); err == nil {
		t.Error("Create(...): want a user without any role to be refused")
	}

	got, err := server.Requests(ServiceAccountUser(ns, "app"))
	if err != nil {
		t.Fatalf("Requests(...): %v", err)
	}

	want := Requests{{Verb: "create", Resource: "configmaps", Namespace: ns}: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Requests(...): -want, +got:\n%s", diff)
	}
}
