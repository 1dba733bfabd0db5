// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestJWKS verifies a token as an identity provider that trusts the cluster does.
func TestJWKS(t *testing.T) {
	const audience = "api://example"

	ns := server.Namespace(t)

	if err := server.CreateServiceAccount(t.Context(), ns, "app"); err != nil {
		t.Fatalf("CreateServiceAccount(...): %v", err)
	}

	data, err := server.JWKS(t.Context())
	if err != nil {
		t.Fatalf("JWKS(...): %v", err)
	}

	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatalf("cannot parse keys: %v", err)
	}

	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "app"}}

	tr := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}
	if err := server.Client().SubResource("token").Create(t.Context(), sa, tr); err != nil {
		t.Fatalf("cannot get token: %v", err)
	}

	token, err := jwt.ParseSigned(tr.Status.Token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("cannot parse token: %v", err)
	}

	var claims jwt.Claims
	if err := token.Claims(keys, &claims); err != nil {
		t.Fatalf("cannot verify token: %v", err)
	}

	want := jwt.Claims{Issuer: server.Issuer(), Subject: ServiceAccountUser(ns, "app"), Audience: jwt.Audience{audience}}
	got := jwt.Claims{Issuer: claims.Issuer, Subject: claims.Subject, Audience: claims.Audience}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims of a token: -want, +got:\n%s", diff)
	}
}

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
