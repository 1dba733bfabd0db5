//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/plane"
)

// prepareForDoctor makes a plane what the set-up page makes of a cluster: with all restrictions, and with providers that sign in with
// a token.
func prepareForDoctor(t *testing.T, p *plane.Plane) {
	t.Helper()

	if err := os.WriteFile(filepath.Join(w.dir, "azure-ca.pem"), w.azure.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}

	// Some policies are about such namespaces alone.
	namespaceOf(t, p)

	restrictions := filepath.Join(w.root, "package", "platform", "restrictions")
	for _, file := range []string{"activation", "network", "placeholders"} {
		if err := p.API.ApplyFiles(t.Context(), filepath.Join(restrictions, file+".yaml")); err != nil {
			t.Fatal(err)
		}
	}

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

	// Only while this test runs.
	change(azureConfig, func(o map[string]any) {
		o["spec"] = object(t, config).Object["spec"]
	})(t, p)
}

//nolint:gochecknoglobals // Constants.
var azureConfig = key{"azure.m.upbound.io/v1beta1", "ClusterProviderConfig", "", "default"}

// A key of an object.
type key struct{ apiVersion, kind, namespace, name string }

func (k key) object() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(k.apiVersion, k.kind))
	u.SetNamespace(k.namespace)
	u.SetName(k.name)

	return u
}

// change an object for as long as the test runs.
func change(k key, edit func(o map[string]any)) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		before := k.object()
		if err := p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(before), before); err != nil {
			t.Fatal(err)
		}

		replace(t.Context(), t, p, k, edit)
		t.Cleanup(func() {
			replace(context.WithoutCancel(t.Context()), t, p, k, func(o map[string]any) {
				for field := range o {
					if field != "metadata" {
						delete(o, field)
					}
				}

				for field, value := range before.Object {
					if field != "metadata" {
						o[field] = value
					}
				}

				now, was := &unstructured.Unstructured{Object: o}, before
				now.SetLabels(was.GetLabels())
				now.SetAnnotations(was.GetAnnotations())
			})
		})
	}
}

// replace an object by itself with an edit, whatever changes it meanwhile.
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
	if err != nil {
		t.Fatal(err)
	}
}

// remove an object for as long as the test runs.
func remove(k key) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		u := k.object()
		if err := p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(u), u); err != nil {
			t.Fatal(err)
		}

		if err := p.API.Client().Delete(t.Context(), u.DeepCopy()); err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() {
			again := k.object()
			for field, value := range u.Object {
				if field != "metadata" && field != "status" {
					again.Object[field] = value
				}
			}

			again.SetLabels(u.GetLabels())
			again.SetAnnotations(u.GetAnnotations())

			err := plane.Eventually(context.WithoutCancel(t.Context()), "the return of "+k.kind+" "+k.name, func(ctx context.Context) error {
				return p.API.Client().Create(ctx, again.DeepCopy())
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// add an object for as long as the test runs.
func add(manifest string) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		u := object(t, manifest)
		if err := p.API.Client().Create(t.Context(), u.DeepCopy()); err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() {
			if err := client.IgnoreNotFound(p.API.Client().Delete(context.WithoutCancel(t.Context()), u)); err != nil {
				t.Error(err)
			}
		})
	}
}

// set a field of an object.
func set(o map[string]any, value any, fields ...string) {
	if err := unstructured.SetNestedField(o, value, fields...); err != nil {
		panic(err)
	}
}

//nolint:gochecknoglobals // Constants.
var (
	syncConfig  = key{"secrets.p6m.dev/v1alpha1", "ClusterProviderConfig", "", "default"}
	environment = key{"apiextensions.crossplane.io/v1beta1", "EnvironmentConfig", "", "platform-application"}
	admission   = key{"v1", "ConfigMap", plane.Namespace, "platform-application-admission"}
)

func policyNamed(name string) key {
	return key{"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "", name}
}

func bindingNamed(name string) key {
	return key{"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "", name}
}

func packageNamed(kind, name string) key { return key{"pkg.crossplane.io/v1", kind, "", name} }

// setTo a value for as long as the test runs.
func setTo(k key, value any, fields ...string) func(*testing.T, *plane.Plane) {
	return change(k, func(o map[string]any) { set(o, value, fields...) })
}

// paused sets a field of a package, and Crossplane leaves the package alone meanwhile.
func paused(k key, value any, fields ...string) func(*testing.T, *plane.Plane) {
	return change(k, func(o map[string]any) {
		set(o, "true", "metadata", "annotations", "crossplane.io/paused")
		set(o, value, fields...)
	})
}

// viewer may read everything but Secrets, and act as nobody.
func viewer(rules string) func(*testing.T, *plane.Plane) string {
	return func(t *testing.T, p *plane.Plane) string {
		t.Helper()

		name := "doctor-" + strings.ToLower(filepath.Base(t.Name()))
		add("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "+name+"}, rules: "+rules+"}")(t, p)
		add("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: "+name+"}, subjects: [{kind: User, name: "+name+
			", apiGroup: rbac.authorization.k8s.io}], roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "+name+"}}")(t, p)

		config, err := p.API.ConfigForUser(name)
		if err != nil {
			t.Fatal(err)
		}

		path := filepath.Join(t.TempDir(), "kubeconfig")
		if err := apiserver.WriteKubeconfig(path, config); err != nil {
			t.Fatal(err)
		}

		return path
	}
}

// nowhere is a cluster that nobody answers for.
func nowhere(t *testing.T, p *plane.Plane) string {
	t.Helper()

	config := p.API.Config()
	config.Host = "127.0.0.1:1"

	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := apiserver.WriteKubeconfig(path, config); err != nil {
		t.Fatal(err)
	}

	return path
}

// runAccount is that of acceptance runs.
const runAccount = `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: ` + plane.Namespace + `, name: platform-application-acceptance}}`

// clusterFaults are those of the area cluster.
func clusterFaults() map[string]fault {
	out := map[string]fault{
		"Unreachable": {reason: "No answer is no good sign.", kubeconfig: nowhere, want: []string{"ClusterUnreachable"}, alone: true},
		"NoPermissions": {
			reason: "It names what it needs.", kubeconfig: viewer("[]"), want: []string{"PermissionMissing", "IssuerUnknown"}, alone: true,
		},
		"NoImpersonation": {
			reason: "Nothing that is restricted can be tried.",
			kubeconfig: viewer(`[
				{apiGroups: ["*"], resources: ["*"], verbs: [get, list]},
				{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]},
				{nonResourceURLs: ["*"], verbs: [get]}]`),
			want: []string{"ImpersonationForbidden"},
		},

		"Misnamed": {
			reason: "The policies do not know it.",
			plant:  add(`{apiVersion: pkg.crossplane.io/v1, kind: Provider, metadata: {name: kvsync, annotations: {crossplane.io/paused: "true"}}, spec: {package: "ghcr.io/p6m-dev/provider-keyvault-secretsync:v0.0.1"}}`),
			want:   []string{"PackageMisnamed"},
		},
		"Versions": {
			reason: "An upgrade has stopped half-way.",
			plant:  paused(packageNamed("Function", plane.FunctionName), "ghcr.io/p6m-dev/function-platform-application:v0.0.1", "spec", "package"),
			want:   []string{"VersionsDiffer"},
		},
		"AzureVersions": {
			reason: "One of the family was left behind.",
			plant:  paused(packageNamed("Provider", "crossplane-contrib-provider-azure-keyvault"), "xpkg.crossplane.io/crossplane-contrib/provider-azure-keyvault:v2.5.0", "spec", "package"),
			want:   []string{"AzureVersionsDiffer"},
		},
		"DefaultRuntime": {
			reason: "It runs under a name that nobody knows.",
			plant:  paused(packageNamed("Provider", plane.ProviderName), "default", "spec", "runtimeConfigRef", "name"),
			want:   []string{"RuntimeConfigNotSet"},
		},
		"NoRuntime": {
			reason: "It cannot run.",
			plant:  paused(packageNamed("Provider", plane.ProviderName), "missing", "spec", "runtimeConfigRef", "name"),
			want:   []string{"RuntimeConfigMissing"},
		},
		"FunctionRuntime": {
			reason: "It has no requests.",
			plant:  paused(packageNamed("Function", plane.FunctionName), "default", "spec", "runtimeConfigRef", "name"),
			want:   []string{"FunctionRuntimeNotSet"},
		},
		"TokenFile": {
			reason: "Older versions of the webhook mounted it there.",
			plant:  setTo(azureConfig, "/var/run/secrets/azure/tokens/azure-identity-token", "spec", "oidcTokenFilePath"),
			want:   []string{"TokenFileNotMounted"},
		},

		"Compositions": {
			reason: "One of them is chosen.",
			plant: add(`{apiVersion: apiextensions.crossplane.io/v1, kind: Composition, metadata: {name: other}, spec: {
				compositeTypeRef: {apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication}, mode: Pipeline,
				pipeline: [{step: other, functionRef: {name: other}}]}}`),
			want: []string{"CompositionAmbiguous"},
		},
		"Grant": {
			reason: "Crossplane cannot write Ingresses.",
			plant:  setTo(key{"rbac.authorization.k8s.io/v1", "ClusterRole", "", "crossplane:platform-application"}, []any{}, "rules"),
			want:   []string{"GrantMissing"},
		},

		"PolicyMissing": {reason: "It is gone.", plant: remove(policyNamed("provider-azure-writes")), want: []string{"PolicyMissing"}},
		"PolicyUnbound": {
			reason: "It is there, and refuses nothing.",
			plant:  remove(bindingNamed("function-platform-application-pods")), want: []string{"PolicyUnbound"},
		},
		"PolicyWarns": {
			reason: "Nobody reads warnings.",
			plant:  setTo(bindingNamed("platform-application-orphans"), []any{"Warn"}, "spec", "validationActions"), want: []string{"PolicyUnbound"},
		},
		"PolicyNarrow": {
			reason: "It refuses in one namespace alone.",
			plant: setTo(bindingNamed("platform-application-composed"), map[string]any{"matchLabels": map[string]any{"a": "x"}},
				"spec", "matchResources", "namespaceSelector"),
			want: []string{"PolicyUnbound"},
		},
		"PolicyAudited": {
			reason: "The page begins so where applications run already.",
			plant:  setTo(bindingNamed("provider-keyvault-secretsync-namespaces"), []any{"Audit"}, "spec", "validationActions"), want: []string{"PolicyAudited"},
		},
		"PolicyIgnores": {
			reason: "A mistake lets everything through.",
			plant:  setTo(policyNamed("provider-azure-writes"), "Ignore", "spec", "failurePolicy"), want: []string{"PolicyIgnoresFailures"},
		},
		"PolicyUntried": {
			reason: "RBAC refuses, and the policy is not asked.",
			plant:  remove(key{"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", "system:controller:generic-garbage-collector"}),
			want:   []string{"PolicyUntried"},
		},
		"AcceptanceUnrestricted": {
			reason: "Its account makes namespaces, and binds roles in them.",
			plant:  add(runAccount), want: []string{"PolicyMissing"},
		},
		"AcceptanceAdmits": {
			reason: "The policy is there, and lets the account make any namespace.",
			plant: together(
				add(runAccount),
				add(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: doctor-acceptance}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [create]}]}`),
				add(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: doctor-acceptance}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: doctor-acceptance},
					subjects: [{kind: ServiceAccount, namespace: `+plane.Namespace+`, name: platform-application-acceptance}]}`),
				add(`{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: platform-application-acceptance}, spec: {failurePolicy: Fail,
					matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [namespaces]}]}, validations: [{expression: "true"}]}}`),
				add(`{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: platform-application-acceptance},
					spec: {policyName: platform-application-acceptance, validationActions: [Deny]}}`),
			),
			want: []string{"PolicyAdmits"},
		},
		"NoParameters": {reason: "Everybody is refused.", plant: remove(admission), want: []string{"ParametersMissing", "PolicyAdmits"}},
		"ArgoCD": {
			reason: "It applies what teams write.",
			plant:  setTo(admission, "system:serviceaccount:argocd:argocd-application-controller\n", "data", "users"), want: []string{"PlatformAccountTooWide"},
		},
		"AzureOther": {
			reason: "Teams could write what the Azure providers write.",
			plant:  setTo(admission, "system:serviceaccount:"+plane.Namespace+":provider-azure\nsystem:serviceaccounts\n", "data", "azureProviders"), want: []string{"PlatformAccountTooWide"},
		},
		"AzureUnlisted": {reason: "Azure stands still.", plant: setTo(admission, "", "data", "azureProviders"), want: []string{"AzureProviderUnlisted"}},

		"NamespaceUnlabelled": {
			reason: "What runs there is not changed any more.",
			plant: func(t *testing.T, p *plane.Plane) {
				t.Helper()
				add("{apiVersion: v1, kind: Namespace, metadata: {name: doctor-unlabelled}}")(t, p)
				add("{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {namespace: doctor-unlabelled, name: web}, spec: {}}")(t, p)
			},
			want: []string{"NamespaceUnlabelled"},
		},
		"Tenant": {reason: "Nobody owns the namespaces.", plant: setTo(environment, "meta.p6m.dev/tenant", "data", "tenantLabel"), want: []string{"TenantMissing"}},
		"NoNetworkPolicy": {
			reason: "Everybody may connect.",
			plant:  remove(key{"networking.k8s.io/v1", "NetworkPolicy", plane.Namespace, "function-platform-application"}), want: []string{"NetworkPolicyMissing"},
		},
		"KEDA": {reason: "The cluster does not have it.", plant: setTo(environment, true, "data", "autoscaling", "keda"), want: []string{"KEDAMissing"}},
		"AllowedNamespace": {
			reason: "It is misspelt.",
			plant:  setTo(environment, map[string]any{"enabled": true, "allowedNamespaces": []any{"ingres-nginx"}}, "data", "networkPolicy"), want: []string{"AllowedNamespaceMissing"},
		},
		"IngressClass": {reason: "Nobody serves it.", plant: setTo(environment, "internal", "data", "ingress", "defaultType"), want: []string{"IngressClassMissing"}},

		"NoSettings": {reason: "Nothing new is composed.", plant: remove(environment), want: []string{"SettingsMissing"}},
		"SettingsIncomplete": {
			reason: "It says which.",
			plant: change(environment, func(o map[string]any) {
				unstructured.RemoveNestedField(o, "data", "location")
			}),
			want: []string{"SettingsIncomplete"},
		},
		"SettingsUnknown": {reason: "It is misspelt.", plant: setTo(environment, "x", "data", "subscriptionID"), want: []string{"SettingsUnknown"}},
		"SettingsInvalid": {reason: "Entra ID wants https.", plant: setTo(environment, "http://oidc.example.com", "data", "oidcIssuerUrl"), want: []string{"SettingsInvalid"}},
		"Issuer":          {reason: "The slash counts.", plant: setTo(environment, "https://oidc.example.com/modern/", "data", "oidcIssuerUrl"), want: []string{"IssuerDiffers"}},

		"NoProviderConfig":        {reason: "The providers cannot sign in.", plant: setTo(environment, map[string]any{"name": "other"}, "data", "azureProviderConfigRef"), want: []string{"ProviderConfigMissing"}},
		"ProviderConfigElsewhere": {reason: "They are in namespaces.", plant: setTo(environment, map[string]any{"kind": "ProviderConfig", "name": "default"}, "data", "azureProviderConfigRef"), want: []string{"ProviderConfigElsewhere"}},
		"Subscription":            {reason: "Everything is created in another one.", plant: setTo(azureConfig, "12345678-3333-4333-8333-333333333333", "spec", "subscriptionID"), want: []string{"SubscriptionDiffers"}},
		"TenantOther":             {reason: "The identity is not there.", plant: setTo(azureConfig, "12345678-3333-4333-8333-333333333333", "spec", "tenantID"), want: []string{"TenantDiffers"}},
		"Cloud":                   {reason: "The providers ask another one.", plant: setTo(azureConfig, "usgovernment", "spec", "environment"), want: []string{"CloudDiffers"}},
		"Incomplete": {
			reason: "The providers do not know who they are.",
			plant: change(azureConfig, func(o map[string]any) {
				unstructured.RemoveNestedField(o, "spec", "clientID")
			}),
			want: []string{"ProviderConfigIncomplete"},
		},
		"Password": {reason: "A password can be copied.", plant: setTo(azureConfig, "SystemAssignedManagedIdentity", "spec", "credentials", "source"), want: []string{"CredentialsSource"}},
		"NoCreator": {
			reason: "Teams wait for secrets that nobody creates.",
			plant:  setTo(syncConfig, map[string]any{"source": "None"}, "spec", "credentials"), want: []string{"CreatorMissing"},
		},
	}

	// Each is there and bound, and applies to nothing.
	for _, name := range triedPolicies() {
		out["Admits-"+name] = fault{
			reason: "It looks as if it were in force.",
			plant: change(policyNamed(name), func(o map[string]any) {
				conditions, _, _ := unstructured.NestedSlice(o, "spec", "matchConditions")
				set(o, append(conditions, map[string]any{"name": "never", "expression": "false"}), "spec", "matchConditions")
			}),
			want: []string{"PolicyAdmits"},
		}
	}

	return out
}

// triedPolicies are those that no other one refuses the same for.
func triedPolicies() []string {
	return []string{
		"function-platform-application-kinds", "function-platform-application-namespaces", "function-platform-application-objects",
		"function-platform-application-pods", "platform-application-admission", "platform-application-composed", "platform-application-fields",
		"platform-application-namespaces", "platform-application-parts", "platform-application-placeholders", "provider-azure-writes",
		"provider-keyvault-secretsync-events", "provider-keyvault-secretsync-kinds", "provider-keyvault-secretsync-leases",
		"provider-keyvault-secretsync-namespaces", "provider-keyvault-secretsync-secrets", "provider-keyvault-secretsync-tokens",
		"provider-keyvault-secretsync-usages", "provider-keyvault-secretsync-writes",
	}
}

// clusterUnplanted are codes of the area cluster, of the core and of reading the platform that cannot be planted here.
func clusterUnplanted() map[string]string {
	const (
		decide = "TestDecide of the area cluster"
		reads  = "TestRead of the package platform"
	)

	return map[string]string{
		"KubernetesTooOld":               "The plane has one version of Kubernetes. " + decide,
		"KubernetesVersionUnknown":       "So it does. " + decide,
		"CrossplaneMissing":              "All other tests need Crossplane. " + decide,
		"CrossplaneElsewhere":            "As above. " + decide,
		"CrossplaneNamespaceUnsupported": "As above. " + decide,
		"CrossplaneNotRunning":           "As above. " + decide,
		"CrossplaneTooOld":               "As above. " + decide,
		"CrossplaneVersionUnknown":       "As above. " + decide,
		"CircuitBreakerLow":              "As above: it would be rolled out. " + decide,
		"RBACManagerMissing":             "As above. " + decide,
		"RBACManagerNotRunning":          "As above. " + decide,
		"PackageMissing":                 "All kinds of the package would go. " + decide,
		"PackageNotInstalled":            "It takes a minute to return. " + decide,
		"PackageNotHealthy":              "It takes a minute to return. " + decide,
		"ServiceAccountWrong":            "The providers would be rolled out. " + decide,
		"ServiceAccountMissing":          "Tokens of the pods would end. " + decide,
		"TokenAudienceWrong":             "The providers would be rolled out. " + decide,
		"DefinitionMissing":              "All applications would go. " + decide,
		"DefinitionNotReady":             "Crossplane writes the condition. " + decide,
		"VariantsBoth":                   "Crossplane would take one for the other. " + decide,
		"CompositionMissing":             "Crossplane writes it again. " + decide,
		"KindMissing":                    "All objects of the kind would go. " + decide,
		"KindInactive":                   "A kind cannot become inactive. " + decide,
		"NamespacesUnlabelled":           "Other tests have labelled namespaces. " + decide,
		"PlatformNamespaceLabelled":      "The policy refuses it to everybody. " + decide,
		"WebhookMissing":                 "The plane has none: it is found there always. " + decide,
		"SampleValues":                   "The plane has the ids of the examples: it is found there always. " + decide,
		"SettingsNotSet":                 "The policy refuses it to everybody. " + reads,
		"ProviderConfigInvalid":          "The schema refuses it. " + reads,
		"InputInvalid":                   "All applications would fail. " + reads,
		"CannotLook":                     "An area has no settings, or the cluster does not answer. TestRun of the package doctor",
		"CannotRead":                     "The API server answers. " + reads,
	}
}
