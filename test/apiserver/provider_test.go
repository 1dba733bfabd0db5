// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestInstallProvider(t *testing.T) {
	cfg, err := server.InstallProvider(t.Context())
	if err != nil {
		t.Fatalf("InstallProvider(...): %v", err)
	}

	if _, err := server.InstallProvider(t.Context()); err != nil {
		t.Errorf("InstallProvider(...) again: %v", err)
	}

	c, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatalf("cannot create client: %v", err)
	}

	const ours = "secrets.p6m.dev"

	cases := map[string]struct {
		reason string
		ask    authorizationv1.ResourceAttributes
		want   bool
	}{
		"WatchSyncs":      {reason: "It works on these.", ask: authorizationv1.ResourceAttributes{Verb: "watch", Group: ours, Resource: "keyvaultsecretsyncs"}, want: true},
		"UpdateStatus":    {reason: "It says how they are.", ask: authorizationv1.ResourceAttributes{Verb: "patch", Group: ours, Resource: "keyvaultsecretsyncs", Subresource: "status"}, want: true},
		"BlockDeletion":   {reason: "It owns the Secret in their name.", ask: authorizationv1.ResourceAttributes{Verb: "update", Group: ours, Resource: "keyvaultsecretsyncs", Subresource: "finalizers"}, want: true},
		"DeleteSyncs":     {reason: "It never deletes what it works on.", ask: authorizationv1.ResourceAttributes{Verb: "delete", Group: ours, Resource: "keyvaultsecretsyncs"}},
		"WriteSecrets":    {reason: "It writes Secrets.", ask: authorizationv1.ResourceAttributes{Verb: "patch", Resource: "secrets"}, want: true},
		"Lease":           {reason: "It elects a leader.", ask: authorizationv1.ResourceAttributes{Verb: "update", Group: "coordination.k8s.io", Resource: "leases"}, want: true},
		"Event":           {reason: "It tells what happened.", ask: authorizationv1.ResourceAttributes{Verb: "create", Resource: "events"}, want: true},
		"WatchCRDs":       {reason: "It waits for its kinds.", ask: authorizationv1.ResourceAttributes{Verb: "watch", Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}, want: true},
		"Token":           {reason: "It reads vaults as applications.", ask: authorizationv1.ResourceAttributes{Verb: "create", Resource: "serviceaccounts", Subresource: "token"}, want: true},
		"ServiceAccounts": {reason: "A token is all it needs of a ServiceAccount.", ask: authorizationv1.ResourceAttributes{Verb: "get", Resource: "serviceaccounts"}},
		"Pods":            {reason: "It has nothing to do with workloads.", ask: authorizationv1.ResourceAttributes{Verb: "list", Resource: "pods"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &tc.ask}}
			if err := c.Create(t.Context(), review); err != nil {
				t.Fatalf("cannot ask: %v", err)
			}

			if diff := cmp.Diff(tc.want, review.Status.Allowed); diff != "" {
				t.Errorf("\n%s\nis it allowed: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
