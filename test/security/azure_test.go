// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestAzureProviders lets the account of the Azure providers, with all permissions from RBAC, write what Crossplane's RBAC manager
// allows every provider.
func TestAzureProviders(t *testing.T) {
	azureProviders := userOf(t, apiserver.ServiceAccountUser(apiserver.ProviderNamespace, "provider-azure"))
	restrict(t, "azure-writes.yaml", func(ctx context.Context) error {
		return azureProviders.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "probe"}}, client.DryRunAll)
	})

	team := server.Namespace(t)

	meta := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	secret := func(namespace, name string, secretType corev1.SecretType, labels map[string]string) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: meta(namespace, name), Type: secretType}
		s.SetLabels(labels)

		return s
	}

	const connection = corev1.SecretType("connection.crossplane.io/v1alpha1")

	for _, s := range []*corev1.Secret{secret(team, "of-a-team", corev1.SecretTypeOpaque, nil), secret(team, "connected", connection, nil)} {
		check.Must(t, admin.Create(t.Context(), s))
	}

	label := func(o client.Object) func() error {
		return func() error {
			return azureProviders.Patch(t.Context(), o, client.RawPatch(client.Merge.Type(), []byte(`{"metadata":{"labels":{"a":"b"}}}`)), client.DryRunAll)
		}
	}
	create := func(o client.Object) func() error {
		return func() error { return azureProviders.Create(t.Context(), o, client.DryRunAll) }
	}

	cases := map[string]struct {
		reason string
		do     func() error
		want   string // The text has a verb and a resource.
	}{
		"ConfigMap": {reason: "A writer of argocd-rbac-cm could become an administrator of Argo CD.", do: create(&corev1.ConfigMap{ObjectMeta: meta("default", "argocd-rbac-cm")}), want: "CREATE configmaps"},
		"Lease": {
			reason: "A provider that holds this lease would stop the controllers of the cluster.",
			do:     create(&coordinationv1.Lease{ObjectMeta: meta("kube-system", "kube-controller-manager")}), want: "CREATE leases.coordination.k8s.io",
		},
		"LeaseOfAnother": {reason: "The leases of other components are protected.", do: create(&coordinationv1.Lease{ObjectMeta: meta("crossplane-system", "crossplane-leader-election-core")}), want: "CREATE leases.coordination.k8s.io"},
		"OwnLease":       {reason: "Each provider of the family has a lease.", do: create(&coordinationv1.Lease{ObjectMeta: meta("crossplane-system", "crossplane-leader-election-provider-azure-keyvault")})},
		"Secret":         {reason: "No application needs a Secret from the Azure providers.", do: create(secret(team, "new", corev1.SecretTypeOpaque, nil)), want: "CREATE secrets"},
		"SecretOfTeam":   {reason: "Existing Secrets are protected.", do: label(secret(team, "of-a-team", "", nil)), want: "UPDATE secrets"},
		"DeleteSecret": {
			reason: "Only the garbage collector deletes them.",
			do: func() error {
				return azureProviders.Delete(t.Context(), secret(team, "of-a-team", "", nil), client.DryRunAll)
			},
			want: "DELETE secrets",
		},
		"Connection":           {reason: "Other managed resources may publish connection details.", do: create(secret(team, "new", connection, nil))},
		"ConnectionChanged":    {reason: "Other managed resources may update their connection details.", do: label(secret(team, "connected", "", nil))},
		"ConnectionForArgoCD":  {reason: "Argo CD reads credentials from Secrets with this label.", do: create(secret(team, "new", connection, map[string]string{"argocd.argoproj.io/secret-type": "cluster"})), want: "CREATE secrets"},
		"ConnectionInPlatform": {reason: "Connection Secrets do not belong in a platform namespace.", do: create(secret("kube-system", "new", connection, nil)), want: "CREATE secrets"},
		"Event":                {reason: "Providers report Events.", do: create(&corev1.Event{ObjectMeta: meta(team, "a"), InvolvedObject: corev1.ObjectReference{Namespace: team}})},
		"ClusterRole":          {reason: "Writes that RBAC does not grant today are rejected, too.", do: create(&rbacv1.ClusterRole{ObjectMeta: meta("", "own")}), want: "CREATE clusterroles.rbac.authorization.k8s.io"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := ""
			if tc.want != "" {
				want = "the Azure providers must not " + tc.want + " such as this one"
			}

			if diff := cmp.Diff(want, message(tc.do())); diff != "" {
				t.Errorf("\n%s\nwhat the policy says: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
