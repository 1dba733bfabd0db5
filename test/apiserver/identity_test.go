// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestInstallProvider has what the provider cannot do. What it can do, test/provider does.
func TestInstallProvider(t *testing.T) {
	if _, err := server.InstallProvider(t.Context()); err != nil {
		t.Fatalf("InstallProvider(...): %v", err)
	}

	cfg, err := server.InstallProvider(t.Context())
	if err != nil {
		t.Fatalf("InstallProvider(...) again: %v", err)
	}

	c, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatalf("cannot create client: %v", err)
	}

	cases := map[string]struct {
		reason string
		ask    authorizationv1.ResourceAttributes
	}{
		"DeleteSyncs":     {reason: "The provider never deletes the objects it reconciles.", ask: authorizationv1.ResourceAttributes{Verb: "delete", Group: "secrets.p6m.dev", Resource: "keyvaultsecretsyncs"}},
		"ServiceAccounts": {reason: "The provider needs a token of a ServiceAccount, and nothing else.", ask: authorizationv1.ResourceAttributes{Verb: "get", Resource: "serviceaccounts"}},
		"Pods":            {reason: "The provider has nothing to do with workloads.", ask: authorizationv1.ResourceAttributes{Verb: "list", Resource: "pods"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &tc.ask}}
			if err := c.Create(t.Context(), review); err != nil {
				t.Fatalf("cannot ask: %v", err)
			}

			if review.Status.Allowed {
				t.Errorf("\n%s\nThe provider can do this: %v", tc.reason, tc.ask)
			}
		})
	}
}
