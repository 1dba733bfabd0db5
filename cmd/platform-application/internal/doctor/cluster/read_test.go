// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// readerOf returns a reader of a cluster with objects, which are documents of YAML.
func readerOf(t *testing.T, objects string) *reader {
	t.Helper()

	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)

	for _, r := range append([]resource{
		deployments, runtimeConfigs, definitions, managed, customResources, admissionPolicies, bindings, webhooks, configMaps, namespaces, serviceAccounts, ingressClasses,
	}, packages...) {
		scheme.AddKnownTypeWithName(r.gvk(), &unstructured.Unstructured{})
		scheme.AddKnownTypeWithName(r.gvk().GroupVersion().WithKind(r.kind+"List"), &unstructured.UnstructuredList{})
	}

	b := fake.NewClientBuilder().WithScheme(scheme)

	for document := range strings.SplitSeq(objects, "\n---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &u.Object); err != nil {
			t.Fatal(err)
		}

		if u.GetKind() != "" {
			b.WithObjects(u)
		}
	}

	return &reader{ctx: t.Context(), kube: platform.Cluster{Client: b.Build(), Namespace: "crossplane-system"}}
}

// TestRead reads every kind of fact.
func TestRead(t *testing.T) {
	const policies = `
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}, spec: {failurePolicy: Ignore, matchConditions: [{name: c, expression: "true"}]}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: a}, spec: {policyName: a, validationActions: [Deny, Audit], matchResources: MATCH}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: b}, spec: {policyName: other, validationActions: [Deny]}}`

	bound := func(match string) string { return strings.Replace(policies, "MATCH", match, 1) }
	readPolicies := func(r *reader) any { return r.policies() }
	readWebhook := func(r *reader) any { return *r.webhook() }
	webhook := func(labels string) string {
		return `{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: a}, webhooks: [{name: a}, {name: b, objectSelector: {matchLabels: ` + labels + `}}]}`
	}

	cases := map[string]struct {
		reason  string
		objects string
		read    func(*reader) any
		want    any
	}{
		"Deployment": {
			"The version is in a label, and replicas can be 0.", `
apiVersion: apps/v1
kind: Deployment
metadata: {namespace: crossplane-system, name: crossplane, labels: {app.kubernetes.io/version: 2.4.0}}
spec: {replicas: 0, template: {spec: {containers: [{image: i, args: [core, start]}, {image: other}]}}}
status: {readyReplicas: 3}`,
			func(r *reader) any { return r.deployment("crossplane") },
			&deployment{found: true, image: "i", version: "2.4.0", args: []string{"core", "start"}, desired: 0, ready: 3},
		},
		"NoDeployment": {"A missing Deployment is a known fact.", "", func(r *reader) any { return r.deployment("crossplane") }, &deployment{}},
		"Elsewhere": {
			"The chart of Crossplane labels its Deployment.", `
{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: upbound-system, name: x, labels: {app: crossplane}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: crossplane}}`,
			func(r *reader) any { return r.elsewhere() },
			[]string{"upbound-system"},
		},
		"Packages": {
			"There are three kinds of packages.", `
apiVersion: pkg.crossplane.io/v1
kind: Provider
metadata: {name: p}
spec: {package: "ghcr.io/p:v1", runtimeConfigRef: {name: r}}
status: {conditions: [{type: Installed, status: "True"}, {type: Healthy, status: "False", reason: x, message: m}]}
---
{apiVersion: pkg.crossplane.io/v1, kind: Function, metadata: {name: f}, spec: {package: "ghcr.io/f:v1"}}
---
{apiVersion: pkg.crossplane.io/v1, kind: Configuration, metadata: {name: c}, spec: {package: "ghcr.io/c:v1"}}`,
			func(r *reader) any { out, _ := r.packages(); return out },
			[]pkg{
				{kind: "Provider", name: "p", image: "ghcr.io/p:v1", runtime: "r", installed: condition{Type: "Installed", Status: "True"}, healthy: condition{"Healthy", "False", "x", "m"}},
				{kind: "Function", name: "f", image: "ghcr.io/f:v1", installed: condition{Type: "Installed", Status: "Unknown"}, healthy: condition{Type: "Healthy", Status: "Unknown"}},
				{kind: "Configuration", name: "c", image: "ghcr.io/c:v1", installed: condition{Type: "Installed", Status: "Unknown"}, healthy: condition{Type: "Healthy", Status: "Unknown"}},
			},
		},
		"Runtimes": {
			"Only tokens of the package's container count.", `
apiVersion: pkg.crossplane.io/v1beta1
kind: DeploymentRuntimeConfig
metadata: {name: r}
spec:
  serviceAccountTemplate: {metadata: {name: provider-azure}}
  deploymentTemplate:
    spec:
      template:
        spec:
          containers:
          - {name: other, volumeMounts: [{name: token, mountPath: /other}]}
          - name: package-runtime
            env: [{name: AZURE_FEDERATED_TOKEN_FILE, value: /run/token}]
            volumeMounts: [{name: token, mountPath: /run}, {name: more, mountPath: /more}]
          volumes:
          - {name: token, projected: {sources: [{serviceAccountToken: {path: token, audience: a}}]}}
          - {name: more, projected: {sources: [{configMap: {name: x}}]}}
---
{apiVersion: pkg.crossplane.io/v1beta1, kind: DeploymentRuntimeConfig, metadata: {name: own}, spec: {deploymentTemplate: {spec: {template: {spec: {serviceAccountName: own}}}}}}`,
			func(r *reader) any { return r.runtimes() },
			map[string]runtimeConfig{
				"r":   {serviceAccount: "provider-azure", tokens: map[string]string{"/run/token": "a"}, tokenFile: "/run/token"},
				"own": {serviceAccount: "own", tokens: map[string]string{}},
			},
		},
		"Definitions": {
			"The name of a definition tells its variant.", `{apiVersion: apiextensions.crossplane.io/v1, kind: CompositeResourceDefinition, metadata: {name: ` + platform.ModernDefinition + `}, status: {conditions: [{type: Established, status: "True"}]}}`,
			func(r *reader) any { out, _ := r.definitions(); return out },
			[]definition{{name: platform.ModernDefinition, established: condition{Type: "Established", Status: "True"}, offered: condition{Type: "Offered", Status: "Unknown"}}},
		},
		"Kinds": {
			"A kind needs the composed version, and can wait for activation.", `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: keyvaultsecretsyncs.secrets.p6m.dev}
spec: {versions: [{name: v1alpha1, served: true}]}
status: {conditions: [{type: Established, status: "True"}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: vaults.keyvault.azure.m.upbound.io}
spec: {versions: [{name: v1beta1, served: false}, {name: v1beta2, served: true}]}
status: {conditions: [{type: Established, status: "True"}]}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: scaledobjects.keda.sh}, spec: {versions: [{name: v1alpha1, served: true}]}}
---
{apiVersion: apiextensions.crossplane.io/v1alpha1, kind: ManagedResourceDefinition, metadata: {name: roleassignments.authorization.azure.m.upbound.io}, spec: {state: Inactive}}
---
{apiVersion: apiextensions.crossplane.io/v1alpha1, kind: ManagedResourceDefinition, metadata: {name: userassignedidentities.managedidentity.azure.m.upbound.io}, spec: {state: Active}}`,
			func(r *reader) any { return r.kinds() },
			map[string]kind{
				"keyvaultsecretsyncs.secrets.p6m.dev": {served: true}, "roleassignments.authorization.azure.m.upbound.io": {inactive: true},
				"vaults.keyvault.azure.m.upbound.io": {}, "userassignedidentities.managedidentity.azure.m.upbound.io": {},
				"federatedidentitycredentials.managedidentity.azure.m.upbound.io": {}, scaledObjects: {}, privateEndpoints: {}, diagnosticSettings: {},
			},
		},
		"Policies":       {"The API server adds empty selectors.", bound(`{matchPolicy: Equivalent, namespaceSelector: {}, objectSelector: {}}`), readPolicies, map[string]policy{"a": {ignores: true, conditions: []string{"c"}, actions: []string{"Deny", "Audit"}}}},
		"PoliciesNarrow": {"A binding for some namespaces does not count.", bound(`{namespaceSelector: {matchLabels: {a: x}}}`), readPolicies, map[string]policy{"a": {ignores: true, conditions: []string{"c"}}}},
		"PoliciesRules":  {"A binding for some kinds does not count.", bound(`{resourceRules: [{resources: [pods]}]}`), readPolicies, map[string]policy{"a": {ignores: true, conditions: []string{"c"}}}},
		"Parameters": {
			"Spaces in lines stay.", `
apiVersion: v1
kind: ConfigMap
metadata: {namespace: crossplane-system, name: platform-application-admission}
data: {groups: "system:masters\n", users: "a\n\n b\n", azureProviders: c}`,
			func(r *reader) any { return r.parameters() },
			&parameters{found: true, groups: []string{"system:masters"}, users: []string{"a", " b"}, azureProviders: []string{"c"}},
		},
		"NoParameters": {"Missing parameters are a known fact.", "", func(r *reader) any { return r.parameters() }, &parameters{}},
		"Namespaces": {
			"A Namespace that is being deleted does not count.", `
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {meta.p6m.dev/workloads: composed}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: going, deletionTimestamp: "2026-11-29T00:00:00Z", finalizers: [x]}}`,
			func(r *reader) any { return r.namespaces() },
			[]namespace{{"shop", map[string]string{labelWorkloads: composed}}},
		},
		"Webhook":      {"The webhook selects pods by their label.", webhook(`{azure.workload.identity/use: "true"}`), readWebhook, true},
		"OtherWebhook": {"Another webhook selects by other labels.", webhook(`{a: x}`), readWebhook, false},
		"Names":        {"All objects have names.", `{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}}`, func(r *reader) any { return r.names(ingressClasses, "") }, map[string]bool{"nginx": true}},
		"Exists":       {"The object is in the namespace of Crossplane.", `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: crossplane-system, name: a}}`, func(r *reader) any { return *r.exists(serviceAccounts, "a") }, true},
		"ExistsNot":    {"The object is in another namespace.", `{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: shop, name: a}}`, func(r *reader) any { return *r.exists(serviceAccounts, "a") }, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := readerOf(t, tc.objects)

			got := tc.read(r)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(deployment{}, pkg{}, runtimeConfig{}, definition{}, kind{}, policy{}, parameters{}, namespace{})); diff != "" || len(r.found) > 0 {
				t.Errorf("\n%s\n-want, +got:\n%s\n%+v", tc.reason, diff, r.found)
			}
		})
	}
}

// TestLargeApplications proves that a team cannot break the doctor with large annotations on many applications.
func TestLargeApplications(t *testing.T) {
	const (
		count = 300
		group = `{"name":"meta.p6m.dev","versions":[{"groupVersion":"meta.p6m.dev/v1alpha1","version":"v1alpha1"}],"preferredVersion":{"groupVersion":"meta.p6m.dev/v1alpha1","version":"v1alpha1"}}`
	)

	annotation := strings.Repeat("x", 256<<10)

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")

		switch r.URL.Path {
		case "/api":
			fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
		case "/apis":
			fmt.Fprint(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[`+group+`]}`)
		case "/apis/meta.p6m.dev":
			fmt.Fprint(w, strings.Replace(group, "{", `{"kind":"APIGroup","apiVersion":"v1",`, 1))
		case "/apis/meta.p6m.dev/v1alpha1":
			fmt.Fprint(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"meta.p6m.dev/v1alpha1","resources":[{"name":"platformapplications","namespaced":true,"kind":"PlatformApplication","verbs":["list"]}]}`)
		case "/apis/meta.p6m.dev/v1alpha1/platformapplications":
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
			from, _ := strconv.Atoi(r.URL.Query().Get("continue"))

			to, next := min(from+limit, count), ""
			if to < count {
				next = strconv.Itoa(to)
			}

			fmt.Fprintf(w, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"continue":%q},"items":[`, next)

			for i := from; i < to; i++ {
				fmt.Fprintf(w, `%s{"metadata":{"namespace":"team-%d","name":"a","annotations":{"a":%q}}}`, strings.Repeat(",", min(i-from, 1)), i, annotation)
			}

			fmt.Fprint(w, "]}")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()

	kube, err := platform.Connect(&rest.Config{Host: server.URL}, "crossplane-system")
	if err != nil {
		t.Fatal(err)
	}

	r := &reader{ctx: t.Context(), kube: kube}
	if got := len(r.applications()); got != count || len(r.found) > 0 {
		t.Errorf("applications(): want all %d, got %d: -want, +got:\n%s", count, got, cmp.Diff(nil, r.found))
	}
}
