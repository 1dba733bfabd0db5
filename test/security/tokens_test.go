// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const azure = "api://AzureADTokenExchange"

func TestTokens(t *testing.T) {
	const (
		audience = "provider-keyvault-secretsync may request ServiceAccount tokens only for the audience api://AzureADTokenExchange"
		lifetime = "provider-keyvault-secretsync may request ServiceAccount tokens for at most one hour"
		bound    = "provider-keyvault-secretsync must not request ServiceAccount tokens that are bound to an object"
		platform = "provider-keyvault-secretsync must not request tokens of ServiceAccounts in the namespaces crossplane-system and kube-system, " +
			"which belong to the platform"
	)

	ns := server.Namespace(t)
	serviceAccounts := map[string]string{ns: "app", "kube-system": "app", apiserver.ProviderNamespace: apiserver.ProviderServiceAccount}

	for namespace, name := range serviceAccounts {
		check.Must(t, server.CreateServiceAccount(t.Context(), namespace, name))
	}

	// The Secret is one that tokens can be bound to.
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "secret"}}
	check.Must(t, admin.Create(t.Context(), secret))

	to := &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Secret", Name: secret.GetName()}

	type spec = authenticationv1.TokenRequestSpec

	cases := map[string]struct {
		reason    string
		user      client.Client // The default is the provider.
		namespace string
		spec      spec
		want      string
	}{
		"Azure":                    {reason: "The provider reads vaults with this token.", spec: spec{Audiences: []string{azure}}},
		"AzureBriefly":             {reason: "A shorter lifetime is allowed.", spec: spec{Audiences: []string{azure}, ExpirationSeconds: new(int64(600))}},
		"OtherAudience":            {reason: "A token must be valid for Azure only.", spec: spec{Audiences: []string{"https://vault.example.org"}}, want: audience},
		"Cluster":                  {reason: "A token must not be valid for the cluster.", spec: spec{Audiences: []string{server.Issuer()}}, want: audience},
		"TwoAudiences":             {reason: "A token must not have two audiences.", spec: spec{Audiences: []string{azure, server.Issuer()}}, want: audience},
		"SameAudienceTwice":        {reason: "A repeated audience is not a second one, but is rejected anyway.", spec: spec{Audiences: []string{azure, azure}}, want: audience},
		"NoAudience":               {reason: "A token without an audience would be valid for the cluster.", want: audience},
		"EmptyAudience":            {reason: "An empty audience is another audience.", spec: spec{Audiences: []string{""}}, want: audience},
		"TooLong":                  {reason: "A leaked token must not be valid for long.", spec: spec{Audiences: []string{azure}, ExpirationSeconds: new(int64(3601))}, want: lifetime},
		"Bound":                    {reason: "A token must not claim to belong to a pod.", spec: spec{Audiences: []string{azure}, BoundObjectRef: to}, want: bound},
		"CrossplaneSystem":         {reason: "Other providers can have identities with all permissions in Azure.", namespace: apiserver.ProviderNamespace, spec: spec{Audiences: []string{azure}}, want: platform},
		"KubeSystem":               {reason: "Parts of the cluster can have identities with all permissions in Azure.", namespace: "kube-system", spec: spec{Audiences: []string{azure}}, want: platform},
		"SomebodyElse":             {reason: "Other users are not affected.", user: admin, spec: spec{Audiences: []string{"https://vault.example.org"}, ExpirationSeconds: new(int64(7200)), BoundObjectRef: to}},
		"SomebodyElseInKubeSystem": {reason: "Other users are not affected in kube-system.", user: admin, namespace: "kube-system"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns}}
			if tc.namespace != "" {
				sa.SetNamespace(tc.namespace)
			}

			sa.SetName(serviceAccounts[sa.GetNamespace()])

			tr := &authenticationv1.TokenRequest{Spec: tc.spec}
			err := orProvider(tc.user).SubResource("token").Create(t.Context(), sa, tr)

			if diff := cmp.Diff(tc.want, message(err)); diff != "" {
				t.Errorf("\n%s\ntoken for %v: -want, +got:\n%s", tc.reason, tc.spec.Audiences, diff)
			}

			if (tr.Status.Token != "") != (tc.want == "") {
				t.Errorf("\n%s\ntoken for %v: got one is %t", tc.reason, tc.spec.Audiences, tr.Status.Token != "")
			}
		})
	}
}
