// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestInstallProvider checks what the provider is not allowed to do. test/provider covers what it
// is allowed to do.
func TestInstallProvider(t *testing.T) {
	if _, err := server.InstallProvider(t.Context()); err != nil {
		t.Fatalf("InstallProvider(...): %v", err)
	}

	cfg, err := server.InstallProvider(t.Context())
	check.Must(t, err)

	c, err := client.New(cfg, client.Options{})
	check.Must(t, err)

	cases := map[string]struct {
		reason string
		ask    authorizationv1.ResourceAttributes
	}{
		"DeleteSyncs":     {reason: "The provider never deletes the objects it reconciles.", ask: authorizationv1.ResourceAttributes{Verb: "delete", Group: "secrets.p6m.dev", Resource: "keyvaultsecretsyncs"}},
		"ServiceAccounts": {reason: "The provider can request tokens of ServiceAccounts, but not read ServiceAccounts.", ask: authorizationv1.ResourceAttributes{Verb: "get", Resource: "serviceaccounts"}},
		"Pods":            {reason: "The provider has no access to workloads.", ask: authorizationv1.ResourceAttributes{Verb: "list", Resource: "pods"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &tc.ask}}
			check.Must(t, c.Create(t.Context(), review))

			if review.Status.Allowed {
				t.Errorf("\n%s\nThe provider can do this: %v", tc.reason, tc.ask)
			}
		})
	}
}
