// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func requests(t *testing.T, user string) Requests {
	t.Helper()

	r, err := server.Requests(user)
	if err != nil {
		t.Fatalf("Requests(%q): %v", user, err)
	}

	return r
}

// TestRequests counts the requests of each user in a namespace, denied ones included.
func TestRequests(t *testing.T) {
	ns := server.Namespace(t)
	c := server.Client()
	before := requests(t, "admin")
	meta := metav1.ObjectMeta{Namespace: ns, Name: "one"}

	if err := errors.Join(
		c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}),
		server.Apply(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}),
		server.Apply(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}),
		c.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "one"}, &corev1.ConfigMap{}),
		c.List(t.Context(), &corev1.ConfigMapList{}, client.InNamespace(ns)),
		c.Create(t.Context(), &coordinationv1.Lease{ObjectMeta: meta}),
		c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: meta}),
		c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace(t), Name: "elsewhere"}}),
	); err != nil {
		t.Fatal(err)
	}

	cfg, err := server.ConfigFor(t.Context(), ns, "one") // The configuration requests a token.
	if err != nil {
		t.Fatal(err)
	}

	app, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}

	if err := app.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta}); err == nil {
		t.Error("Create(...): want a user without any role to be refused")
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

	got := requests(t, "admin").Since(before).In(ns)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests of the admin in a namespace: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(writes, got.Writes()); diff != "" {
		t.Errorf("Writes(): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(8, got.Total()); diff != "" {
		t.Errorf("Total(): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(Requests{{Verb: "create", Resource: "configmaps", Namespace: ns}: 1}, requests(t, ServiceAccountUser(ns, "one")).Writes()); diff != "" {
		t.Errorf("Requests(...) of another user: -want, +got:\n%s", diff)
	}
}
