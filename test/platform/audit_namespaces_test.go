// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

// TestComposedNamespaces has the component keep the provider out of every namespace that
// is not one of teams.
func TestComposedNamespaces(t *testing.T) {
	const (
		label  = "meta.p6m.dev/workloads"
		denied = "provider-keyvault-secretsync may request tokens of ServiceAccounts only in namespaces with the label meta.p6m.dev/workloads=composed"
	)

	cfg, err := server.InstallProvider(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	provider, err := client.New(cfg, client.Options{Scheme: server.Client().Scheme()})
	if err != nil {
		t.Fatal(err)
	}

	unlabelled, composed, other := teamOf(t, nil), teamOf(t, map[string]string{label: "composed"}), teamOf(t, map[string]string{label: "helm"})

	// Without the component, every namespace is one of teams.
	err = apiserver.Eventually(t.Context(), func(ctx context.Context) error { return requestToken(ctx, provider, unlabelled) })
	if err != nil {
		t.Fatal(err)
	}

	if err := server.Apply(t.Context(), find(t, overlay(t, "composed-namespaces"), "ValidatingAdmissionPolicy.admissionregistration.k8s.io/provider-keyvault-secretsync-tokens")); err != nil {
		t.Fatal(err)
	}

	// Policies and labels are heeded when the API server has read them.
	err = apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if requestToken(ctx, provider, unlabelled) == nil {
			return errors.New("the policy is not in force")
		}

		return requestToken(ctx, provider, composed)
	})
	if err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason    string
		user      client.Client
		namespace string
		want      string
	}{
		"Composed":   {reason: "A namespace of a team.", user: provider, namespace: composed},
		"Unlabelled": {reason: "A namespace of somebody else.", user: provider, namespace: unlabelled, want: denied},
		"Other":      {reason: "What runs there comes from something else.", user: provider, namespace: other, want: denied},
		"Somebody":   {reason: "Nobody else is affected.", user: server.Client(), namespace: unlabelled},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := requestToken(t.Context(), tc.user, tc.namespace)

			got := ""
			if err != nil {
				_, got, _ = strings.Cut(err.Error(), "denied request: ")
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s\n%v", tc.reason, diff, err)
			}

			// Else the provider would take it for trouble that passes by.
			if diff := cmp.Diff(tc.want != "", kerrors.IsForbidden(err)); diff != "" {
				t.Errorf("\n%s\nforbidden: -want, +got:\n%s\n%v", tc.reason, diff, err)
			}
		})
	}
}

// teamOf is a namespace with those labels and an application.
func teamOf(t *testing.T, labels map[string]string) string {
	t.Helper()

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: server.Namespace(t), Labels: labels}}
	if err := server.CreateServiceAccount(t.Context(), ns.Name, "web-application"); err != nil {
		t.Fatal(err)
	}

	// Last, as the namespace of a ServiceAccount is applied without labels.
	if err := server.Apply(t.Context(), ns); err != nil {
		t.Fatal(err)
	}

	return ns.Name
}

// requestToken for the application of a namespace, as the provider does.
func requestToken(ctx context.Context, user client.Client, namespace string) error {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web-application"}}

	return user.SubResource("token").Create(ctx, sa, &authenticationv1.TokenRequest{ //nolint:wrapcheck // The test looks at it.
		Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"api://AzureADTokenExchange"}},
	})
}
