// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// scaledObjects is a definition of KEDA's kind for tests.
const scaledObjects = "../../cmd/render/render/schemas/scaledobjects.keda.sh.yaml"

// full is a manifest with every Kubernetes object that an application can have.
const full = `{
	"deployment": {"image": "web", "ports": [{"port": 8080, "protocol": "http"}], "readOnlyRootFilesystem": true, "resources": {"requests": {"cpu": "100m"}}},
	"workloadSelectors": {"kubernetes.io/architectures": "amd64,arm64"},
	"autoscaling": {"enabled": true, "minReplicas": 2, "triggers": [
		{"type": "cron", "metadata": {"timezone": "Europe/Berlin", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "desiredReplicas": 3}}]},
	"networking": {"inbound": {"services": [{"name": "shop", "namespace": "front", "port": 8080}]}}}`

// composed returns the Kubernetes objects that the function composes for a manifest, as Crossplane applies them, one of each
// kind.
func composed(t *testing.T, namespace, spec string) []*unstructured.Unstructured {
	t.Helper()

	app := compose.Application{Name: "web", Namespace: namespace}
	if err := json.Unmarshal([]byte(spec), &app.Spec); err != nil {
		t.Fatal(err)
	}

	const id = "00000000-0000-4000-8000-000000000001"

	platform, err := settings.Resolve(&inputv1alpha1.PlatformConfig{Spec: inputv1alpha1.PlatformConfigSpec{
		TenantID: id, SubscriptionID: id, ResourceGroupName: "applications", Location: "westeurope", OIDCIssuerURL: "https://issuer.example.com/",
		Autoscaling:   &inputv1alpha1.AutoscalingDefaults{KEDA: new(true)},
		NetworkPolicy: &inputv1alpha1.NetworkPolicyDefaults{Enabled: new(true), AllowedNamespaces: []string{"ingress-nginx"}},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}

	container := map[string]any{"name": "web", "resources": map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "1Gi"}}}

	result, err := compose.Compose(app, platform, compose.Observed{
		compose.NameIdentity: {"status": map[string]any{"atProvider": map[string]any{"id": "identity", "clientId": id, "principalId": id}}},
		compose.NameDeployment: {"kind": "Deployment", "spec": map[string]any{"template": map[string]any{
			"spec": map[string]any{"containers": []any{container}},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}

	var objects []*unstructured.Unstructured

	for _, r := range result.Resources {
		o := &unstructured.Unstructured{Object: r.Object}
		if group := o.GroupVersionKind().Group; strings.Contains(group, ".upbound.io") || group == "secrets.p6m.dev" {
			continue
		}

		metadata, _ := o.Object["metadata"].(map[string]any)
		maps.Copy(metadata, controlledByApplication())

		objects = append(objects, o)
	}

	return objects
}

// TestManifests lets Crossplane apply the objects that the function composes for the examples, for real manifests, and for
// manifests with hostile values in fields of any type.
func TestManifests(t *testing.T) {
	namespace := server.Namespace(t)

	if err := server.InstallCRDs(t.Context(), scaledObjects); err != nil {
		t.Fatal(err)
	}

	crossplane := restrictFunction(t)

	const deployment = `"deployment": {"image": "web", "ports": [{"port": 8080}]`

	long := strings.Repeat("x", 100_000)
	spec := func(text string) []*unstructured.Unstructured { return composed(t, namespace, text) }
	cases := map[string]struct {
		reason  string
		objects []*unstructured.Unstructured
	}{
		"Examples":       {"As the golden files have them.", rendered(t, "modern", namespace)},
		"Claims":         {"And those of claims.", rendered(t, "claim", namespace)},
		"Full":           {"All that there is.", spec(full)},
		"Autoscaling":    {"That is all that most manifests say.", spec(`{` + deployment + `, "resources": {"requests": {"cpu": "1"}}}, "autoscaling": {"enabled": true}}`)},
		"Selectors":      {"Keys and values that no label has.", spec(`{` + deployment + `}, "workloadSelectors": {"": "a", "a b": "x", "kubernetes.io/hostname": "node", "node-role.kubernetes.io/control-plane": "x", "a": "x y", "b": "` + long + `", "` + long + `": "x", "c": ["x"], "d": "ok", "e": ","}}`)},
		"SelectorsList":  {"It is no map.", spec(`{` + deployment + `}, "workloadSelectors": ["a"]}`)},
		"ReadOnly":       {"It is no boolean.", spec(`{` + deployment + `, "readOnlyRootFilesystem": {"a": 1}}}`)},
		"Inbound":        {"Names that no application has.", spec(`{` + deployment + `}, "networking": {"inbound": {"services": [{"name": "*"}, {"name": "a/b"}, {"name": "` + long + `"}, {"name": "a", "namespace": "A"}, {"name": "a", "port": 1e9}, {"name": "a", "port": -1}, {"name": "web", "port": "9090"}]}}}`)},
		"InboundMany":    {"As many as a manifest can have.", spec(`{` + deployment + `}, "networking": {"inbound": {"services": [` + strings.Repeat(`{"name": "a"}, `, 5000) + `{"name": "b"}]}}}`)},
		"InboundString":  {"It is no object.", spec(`{` + deployment + `}, "networking": {"inbound": "*"}}`)},
		"Triggers":       {"What KEDA does not know.", spec(`{` + deployment + `}, "autoscaling": {"enabled": true, "triggers": [{"type": "cron", "metadata": {"a": {"b": 1}}}, {"type": "metrics-api", "metadata": {}, "authenticationRef": {"name": "x"}}, null, {"type": "cron", "name": "` + long + `", "authenticationRef": {"name": "x"}, "metadata": {"timezone": "UTC", "start": "0 1 * * *", "end": "0 2 * * *", "desiredReplicas": 5}}]}}`)},
		"TriggersString": {"It is no list.", spec(`{` + deployment + `}, "autoscaling": {"enabled": true, "triggers": "` + long[:1000] + `"}}`)},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, o := range tc.objects {
				err := crossplane.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("crossplane"), client.ForceOwnership, client.DryRunAll)
				if err != nil {
					t.Errorf("\n%s\n%s %s: %v", tc.reason, o.GetKind(), o.GetName(), err)
				}
			}
		})
	}
}

// TestReach lets a compromised function try to reach beyond the application with autoscalers, NetworkPolicies and
// PodDisruptionBudgets.
func TestReach(t *testing.T) {
	namespace := server.Namespace(t)

	if err := server.InstallCRDs(t.Context(), scaledObjects); err != nil {
		t.Fatal(err)
	}

	crossplane := restrictFunction(t)

	objects := map[string]*unstructured.Unstructured{}
	for _, o := range composed(t, namespace, full) {
		objects[o.GetKind()] = o
	}

	if want, got := []string{"Deployment", "NetworkPolicy", "PodDisruptionBudget", "ScaledObject", "Service", "ServiceAccount"}, slices.Sorted(maps.Keys(objects)); cmp.Diff(want, got) != "" {
		t.Fatalf("want %v composed, got %v", want, got)
	}

	const (
		scales   = "a ScaledObject of an application must scale the application's Deployment"
		triggers = "triggers of an application must be of type cron, cpu, memory, without authenticationRef"
		ownPods  = "a NetworkPolicy of an application must select only the pods of that application"
		letsIn   = "a NetworkPolicy of an application must have only ingress rules, each from namespaces selected by name"
		evicts   = "a PodDisruptionBudget of an application must select its pods and have maxUnavailable 1"
	)

	trigger := func(more map[string]any) func(map[string]any) {
		cron := map[string]any{"type": "cron", "metadata": map[string]any{}}
		maps.Copy(cron, more)

		return set([]any{cron}, "spec", "triggers")
	}
	from := func(peers ...any) func(map[string]any) {
		return set([]any{map[string]any{"from": peers}}, "spec", "ingress")
	}
	everywhere := map[string]any{"namespaceSelector": map[string]any{}}
	others := map[string]any{"meta.p6m.dev/application": "other"}

	cases := map[string]struct {
		reason string
		kind   string
		change func(map[string]any)
		want   string
	}{
		"ScalesOther":     {"It would stop what runs beside it.", "ScaledObject", set("other", "spec", "scaleTargetRef", "name"), scales},
		"ScalesKind":      {"So it would here.", "ScaledObject", set("StatefulSet", "spec", "scaleTargetRef", "kind"), scales},
		"ScalesGroup":     {"And here.", "ScaledObject", set("example.org/v1", "spec", "scaleTargetRef", "apiVersion"), scales},
		"TriggerOutside":  {"KEDA would ask for it.", "ScaledObject", trigger(map[string]any{"type": "metrics-api"}), triggers},
		"Credentials":     {"KEDA would read Secrets for it.", "ScaledObject", trigger(map[string]any{"authenticationRef": map[string]any{"name": "x"}}), triggers},
		"OtherName":       {"There would be two.", "ScaledObject", set("other", "metadata", "name"), "objects of application web must have its name, not other"},
		"OpensOther":      {"It would open the pods of another.", "NetworkPolicy", set(others, "spec", "podSelector", "matchLabels"), ownPods},
		"OpensAll":        {"Or of all.", "NetworkPolicy", set(map[string]any{}, "spec", "podSelector"), ownPods},
		"OpensByMore":     {"Nothing else selects them.", "NetworkPolicy", set([]any{map[string]any{"key": "a", "operator": "DoesNotExist"}}, "spec", "podSelector", "matchExpressions"), ownPods},
		"LetsEgress":      {"It would open the way out.", "NetworkPolicy", set([]any{"Ingress", "Egress"}, "spec", "policyTypes"), letsIn},
		"EgressRules":     {"So would its rules.", "NetworkPolicy", set([]any{map[string]any{}}, "spec", "egress"), letsIn},
		"FromAll":         {"It would let in everybody.", "NetworkPolicy", from(), letsIn},
		"FromNamespaces":  {"So would all namespaces.", "NetworkPolicy", from(everywhere), letsIn},
		"FromAddresses":   {"And addresses.", "NetworkPolicy", from(map[string]any{"ipBlock": map[string]any{"cidr": "0.0.0.0/0"}}), letsIn},
		"Closed":          {"To let in nobody is no harm.", "NetworkPolicy", set([]any{}, "spec", "ingress"), ""},
		"BlocksOther":     {"No node could be drained.", "PodDisruptionBudget", set(others, "spec", "selector", "matchLabels"), evicts},
		"BlocksAll":       {"Of all pods.", "PodDisruptionBudget", set(map[string]any{}, "spec", "selector"), evicts},
		"BlocksEviction":  {"Nor with its own.", "PodDisruptionBudget", set(int64(0), "spec", "maxUnavailable"), evicts},
		"BlocksByPercent": {"In other words.", "PodDisruptionBudget", set("0%", "spec", "maxUnavailable"), evicts},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := objects[tc.kind].DeepCopy()
			tc.change(o.Object)

			if diff := cmp.Diff(tc.want, message(crossplane.Create(t.Context(), o, client.DryRunAll))); diff != "" {
				t.Errorf("\n%s\n%s: -want, +got:\n%s", tc.reason, tc.kind, diff)
			}
		})
	}

	t.Run("OnlySuch", func(t *testing.T) {
		o := &unstructured.Unstructured{Object: object("policy/v1", "PodDisruptionBudget", namespace, "web", controlledByApplication(), map[string]any{"spec": map[string]any{"minAvailable": "100%"}})}
		if got := message(crossplane.Create(t.Context(), o, client.DryRunAll)); got != evicts {
			t.Errorf("a budget that allows no eviction: want %q, got %q", evicts, got)
		}
	})
}
