// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	audience      = "api://AzureADTokenExchange"
	tokenVariable = "AZURE_FEDERATED_TOKEN_FILE"
)

// TestTokenFile has each provider that signs in at Entra ID find a token where its configuration says, whatever the
// webhook of azure-workload-identity adds to its pod, and without that webhook.
func TestTokenFile(t *testing.T) {
	objects := overlay(t, "secret-creator")

	oidc, _, _ := unstructured.NestedString(find(t, objects, "ClusterProviderConfig.azure.m.upbound.io/default").Object, "spec", "oidcTokenFilePath")
	variable := func(pod *corev1.Pod) string { return env(pod, tokenVariable) }

	cases := map[string]struct {
		reason  string
		webhook plane.Webhook
		runtime string
		file    func(*corev1.Pod) string
	}{
		"AzureNone":     {reason: "A cluster without the webhook.", runtime: "provider-azure", file: func(*corev1.Pod) string { return oidc }},
		"AzureTokens":   {reason: "Up to v1.5.1.", webhook: plane.WebhookTokens, runtime: "provider-azure", file: func(*corev1.Pod) string { return oidc }},
		"AzureReserved": {reason: "From v1.6.0 on.", webhook: plane.WebhookReserved, runtime: "provider-azure", file: func(*corev1.Pod) string { return oidc }},
		"OurNone":       {reason: "A cluster without the webhook.", runtime: "provider-keyvault-secretsync", file: variable},
		"OurTokens":     {reason: "Up to v1.5.1.", webhook: plane.WebhookTokens, runtime: "provider-keyvault-secretsync", file: variable},
		"OurReserved":   {reason: "From v1.6.0 on.", webhook: plane.WebhookReserved, runtime: "provider-keyvault-secretsync", file: variable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ns := server.Namespace(t)
			hook(t, ns, tc.webhook)

			pod := runtimePod(t, objects, tc.runtime)
			pod.Namespace = ns

			if err := server.Client().Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Fatal(err)
			}

			file := tc.file(pod)
			if got := audienceOf(pod, file); got != audience {
				t.Errorf("\n%s\naudience of the token in %q: want %q, got %q", tc.reason, file, audience, got)
			}
		})
	}
}

// hook the pods of a namespace, until the test ends. All of its ServiceAccounts have an identity.
func hook(t *testing.T, ns string, webhook plane.Webhook) {
	t.Helper()

	account := &corev1.ServiceAccount{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "provider", Annotations: map[string]string{
			"azure.workload.identity/client-id": "client", "azure.workload.identity/tenant-id": "tenant",
		}},
	}
	if err := server.Apply(t.Context(), account); err != nil {
		t.Fatal(err)
	}

	if webhook == "" {
		return
	}

	file := filepath.Join(t.TempDir(), "webhook.yaml")
	if err := os.WriteFile(file, webhook.Policy(), 0o600); err != nil {
		t.Fatal(err)
	}

	objects, err := apiserver.ReadFiles(file)
	if err != nil {
		t.Fatal(err)
	}

	for _, o := range objects {
		// One for each test, so that none meets that of another.
		o.SetName(ns)

		if o.GetKind() == "MutatingAdmissionPolicyBinding" {
			err = unstructured.SetNestedField(o.Object, ns, "spec", "policyName")
		} else {
			err = unstructured.SetNestedField(o.Object, ns, "spec", "matchConstraints", "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
		}

		if err != nil {
			t.Fatal(err)
		}

		enforce(t, o)
	}

	// Where the version of azure-workload-identity mounts the token. A policy is heeded when the API server has read it.
	want := map[plane.Webhook]string{
		plane.WebhookTokens:   "/var/run/secrets/azure/tokens/azure-identity-token",
		plane.WebhookReserved: "/var/run/secrets/azure/wi/token/azure-identity-token",
	}[webhook]

	err = apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		pod := probe(ns)
		if err := server.Client().Create(ctx, pod, client.DryRunAll); err != nil {
			return fmt.Errorf("cannot create pod: %w", err)
		}

		if got := env(pod, tokenVariable); got != want || audienceOf(pod, got) != audience {
			return fmt.Errorf("want %s=%s and a token for %s there, got %q and %q", tokenVariable, want, audience, got, audienceOf(pod, got))
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// probe is a pod that wants an identity.
func probe(ns string) *corev1.Pod {
	return withIdentity(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, GenerateName: "probe-of-the-webhook-that-has-a-long-name-"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "registry.example.com/probe"}}},
	})
}

// runtimePod is the pod that Crossplane makes of a runtime configuration, with the label of the webhook if it has
// none: somebody's own patches may have set it.
func runtimePod(t *testing.T, objects []*unstructured.Unstructured, name string) *corev1.Pod {
	t.Helper()

	template, _, err := unstructured.NestedMap(find(t, objects, "DeploymentRuntimeConfig.pkg.crossplane.io/"+name).Object, "spec", "deploymentTemplate", "spec", "template")
	if err != nil {
		t.Fatal(err)
	}

	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, pod); err != nil {
		t.Fatal(err)
	}

	pod.Name = name + "-1a2b3c4d5e6f-7a8b9c0d1e-2f3a4"
	pod.Spec.Containers[0].Image = "registry.example.com/" + name

	return withIdentity(pod)
}

func withIdentity(pod *corev1.Pod) *corev1.Pod {
	pod.Labels = map[string]string{"azure.workload.identity/use": "true"}
	pod.Spec.ServiceAccountName = "provider"

	return pod
}

// env is what a variable of the pod's container says.
func env(pod *corev1.Pod, name string) string {
	value := ""

	for _, e := range pod.Spec.Containers[0].Env {
		// The last one counts.
		if e.Name == name {
			value = e.Value
		}
	}

	return value
}

// audienceOf the token that the container of a pod finds in that file, or nothing.
func audienceOf(pod *corev1.Pod, file string) string {
	volume, below := "", ""

	// What is mounted deeper hides what is mounted above.
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		if rest, ok := strings.CutPrefix(file, path.Clean(m.MountPath)+"/"); ok && (volume == "" || len(rest) < len(below)) {
			volume, below = m.Name, rest
		}
	}

	for _, v := range pod.Spec.Volumes {
		if v.Name != volume || v.Projected == nil {
			continue
		}

		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil && path.Clean(s.ServiceAccountToken.Path) == below {
				return s.ServiceAccountToken.Audience
			}
		}
	}

	return ""
}
