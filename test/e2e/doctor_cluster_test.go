//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/plane"
)

// prepareForDoctor sets up a cluster as on the set-up page: with all restrictions, and with providers that sign in with a token.
func prepareForDoctor(t *testing.T, p *plane.Plane) {
	t.Helper()

	// Some policies apply to such namespaces only.
	namespaceOf(t, p)

	config := `
apiVersion: azure.m.upbound.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: default}
spec:
  credentials: {source: OIDCTokenFile}
  oidcTokenFilePath: /var/run/secrets/p6m.dev/entra/token
  clientID: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
  tenantID: ` + plane.Tenant + `
  subscriptionID: ` + plane.Subscription

	// They exist only while this test runs.
	change(azureConfig, func(o map[string]any) {
		o["spec"] = object(t, config).Object["spec"]
	})(t, p)
}

//nolint:gochecknoglobals // Constants.
var (
	azureConfig = key{"azure.m.upbound.io/v1beta1", "ClusterProviderConfig", "", "default"}
	syncConfig  = key{"secrets.p6m.dev/v1alpha1", "ClusterProviderConfig", "", "default"}
)

// A key of an object.
type key struct{ apiVersion, kind, namespace, name string }

func (k key) object() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(k.apiVersion, k.kind))
	u.SetNamespace(k.namespace)
	u.SetName(k.name)

	return u
}

// change changes an object for the duration of the test.
func change(k key, edit func(o map[string]any)) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		before := k.object()
		must(t, p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(before), before))

		replace(t.Context(), t, p, k, edit)
		t.Cleanup(func() {
			replace(context.WithoutCancel(t.Context()), t, p, k, func(o map[string]any) {
				now := &unstructured.Unstructured{Object: o}
				version := now.GetResourceVersion()

				maps.Copy(o, before.DeepCopy().Object)
				now.SetResourceVersion(version)
			})
		})
	}
}

// replace replaces an object by an edited copy, and retries after conflicts.
func replace(ctx context.Context, t *testing.T, p *plane.Plane, k key, edit func(o map[string]any)) {
	t.Helper()

	err := plane.Eventually(ctx, "an update of "+k.kind+" "+k.name, func(ctx context.Context) error {
		u := k.object()
		if err := p.API.Client().Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
			return fmt.Errorf("cannot get it: %w", err)
		}

		edit(u.Object)

		return p.API.Client().Update(ctx, u)
	})
	must(t, err)
}

// remove deletes an object for the duration of the test.
func remove(k key) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		u := k.object()
		must(t, p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(u), u))

		must(t, p.API.Client().Delete(t.Context(), u.DeepCopy()))

		t.Cleanup(func() {
			again := u.DeepCopy()
			again.SetResourceVersion("")
			again.SetManagedFields(nil)

			err := plane.Eventually(context.WithoutCancel(t.Context()), "the return of "+k.kind+" "+k.name, func(ctx context.Context) error {
				return p.API.Client().Create(ctx, again.DeepCopy())
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// add creates an object for the duration of the test.
func add(manifest string) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		u := object(t, manifest)
		must(t, p.API.Client().Create(t.Context(), u.DeepCopy()))

		t.Cleanup(func() { must(t, client.IgnoreNotFound(p.API.Client().Delete(context.WithoutCancel(t.Context()), u))) })
	}
}

// set sets a field of an object.
func set(o map[string]any, value any, fields ...string) {
	if err := unstructured.SetNestedField(o, value, fields...); err != nil {
		panic(err)
	}
}

// viewer returns a kubeconfig of a user who can read everything but Secrets, and impersonate
// nobody.
func viewer(rules string) func(*testing.T, *plane.Plane) string {
	return func(t *testing.T, p *plane.Plane) string {
		t.Helper()

		name := "doctor-" + strings.ToLower(filepath.Base(t.Name()))
		add("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "+name+"}, rules: "+rules+"}")(t, p)
		add("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: "+name+"}, subjects: [{kind: User, name: "+name+
			", apiGroup: rbac.authorization.k8s.io}], roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "+name+"}}")(t, p)

		config, err := p.API.ConfigForUser(name)
		must(t, err)

		return kubeconfigOf(t, config)
	}
}

// kubeconfigOf writes the configuration of a client to a file.
func kubeconfigOf(t *testing.T, config *rest.Config) string {
	t.Helper()

	path := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, apiserver.WriteKubeconfig(path, config))

	return path
}

// nowhere returns a kubeconfig of a cluster that does not respond.
func nowhere(t *testing.T, p *plane.Plane) string {
	t.Helper()

	config := p.API.Config()
	config.Host = "127.0.0.1:1"

	return kubeconfigOf(t, config)
}

// clusterFaults returns the faults of the area cluster.
func clusterFaults() map[string]fault {
	const rbac = "rbac.authorization.k8s.io/v1"

	policy := func(name string) key {
		return key{"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "", name}
	}

	// The policy exists and is bound, but applies to nothing.
	disarmed := func(name string) planter {
		return change(policy(name), func(o map[string]any) {
			conditions, _, _ := unstructured.NestedSlice(o, "spec", "matchConditions")
			set(o, append(conditions, map[string]any{"name": "never", "expression": "false"}), "spec", "matchConditions")
		})
	}

	out := map[string]fault{
		"Unreachable": {reason: "Without an answer, the doctor does not pass.", kubeconfig: nowhere, want: []string{"ClusterUnreachable"}, alone: true},
		"NoPermissions": {
			reason: "A missing permission is named.", kubeconfig: viewer("[]"), want: []string{"PermissionMissing", "IssuerUnknown"}, alone: true,
		},
		"NoImpersonation": {
			reason: "Without objects to restrict, the policies cannot be tested.",
			kubeconfig: viewer(`[
				{apiGroups: ["*"], resources: ["*"], verbs: [get, list]},
				{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]},
				{nonResourceURLs: ["*"], verbs: [get]}]`),
			want: []string{"ImpersonationForbidden"},
		},
		"Grant": {
			reason: "Crossplane has no permission to write Ingresses.", want: []string{"GrantMissing"},
			plant: change(key{rbac, "ClusterRole", "", "crossplane:platform-application"}, func(o map[string]any) { o["rules"] = []any{} }),
		},
		"PolicyMissing": {reason: "A policy is missing.", plant: remove(policy("provider-azure-writes")), want: []string{"PolicyMissing"}},
		"PolicyUntried": {
			reason: "RBAC rejects the request before the policy.",
			plant:  remove(key{rbac, "ClusterRoleBinding", "", "system:controller:generic-garbage-collector"}),
			want:   []string{"PolicyUntried"},
		},
		"NoParameters": {
			reason: "Without parameters, all users are rejected.", want: []string{"ParametersMissing", "PolicyAdmits"},
			plant: remove(key{"v1", "ConfigMap", plane.Namespace, "platform-application-admission"}),
		},
		"Admits-" + acceptanceAccount: {
			reason: "The component is installed, and lets its account create any namespace.",
			plant:  together(installAcceptance, disarmed(acceptanceAccount)), want: []string{"PolicyAdmits"},
		},
	}

	// The attempts for each policy are rejected by no other policy.
	for _, name := range []string{
		"function-platform-application-kinds", "function-platform-application-namespaces", "function-platform-application-objects",
		"function-platform-application-pods", "platform-application-admission", "platform-application-composed", "platform-application-fields",
		"platform-application-namespaces", "platform-application-parts", "platform-application-placeholders", "provider-azure-writes",
		"provider-keyvault-secretsync-events", "provider-keyvault-secretsync-kinds", "provider-keyvault-secretsync-leases",
		"provider-keyvault-secretsync-namespaces", "provider-keyvault-secretsync-secrets", "provider-keyvault-secretsync-tokens",
		"provider-keyvault-secretsync-usages", "provider-keyvault-secretsync-writes",
	} {
		out["Admits-"+name] = fault{reason: "A policy looks as if it were in force.", plant: disarmed(name), want: []string{"PolicyAdmits"}}
	}

	return out
}
