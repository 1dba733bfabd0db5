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
	"github.com/p6m-dev/platform-application/test/internal/check"
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
	check.Must(t, json.Unmarshal([]byte(spec), &app.Spec))

	const id = "00000000-0000-4000-8000-000000000001"

	platform, err := settings.Resolve(&inputv1alpha1.PlatformConfig{Spec: inputv1alpha1.PlatformConfigSpec{
		TenantID: id, SubscriptionID: id, ResourceGroupName: "applications", Location: "westeurope", OIDCIssuerURL: "https://issuer.example.com/",
		Autoscaling:   &inputv1alpha1.AutoscalingDefaults{KEDA: new(true)},
		NetworkPolicy: &inputv1alpha1.NetworkPolicyDefaults{Enabled: new(true), AllowedNamespaces: []string{"ingress-nginx"}},
	}}, nil)
	check.Must(t, err)

	container := map[string]any{"name": "web", "resources": map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "1Gi"}}}

	result, err := compose.Compose(app, platform, compose.Observed{
		compose.NameIdentity: {"status": map[string]any{"atProvider": map[string]any{"id": "identity", "clientId": id, "principalId": id}}},
		compose.NameDeployment: {"kind": "Deployment", "spec": map[string]any{"template": map[string]any{
			"spec": map[string]any{"containers": []any{container}},
		}}},
	})
	check.Must(t, err)

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

	check.Must(t, server.InstallCRDs(t.Context(), scaledObjects))

	crossplane := restrictFunction(t)

	const deployment = `"deployment": {"image": "web", "ports": [{"port": 8080}]`

	long := strings.Repeat("x", 100_000)
	spec := func(text string) []*unstructured.Unstructured { return composed(t, namespace, text) }
	cases := map[string]struct {
		reason  string
		objects []*unstructured.Unstructured
	}{
		"Examples":       {"The manifests of the golden files are applied.", rendered(t, "modern", namespace)},
		"Claims":         {"The manifests of claims are applied.", rendered(t, "claim", namespace)},
		"Full":           {"A manifest with every object is applied.", spec(full)},
		"Autoscaling":    {"A manifest that only enables autoscaling is applied.", spec(`{` + deployment + `, "resources": {"requests": {"cpu": "1"}}}, "autoscaling": {"enabled": true}}`)},
		"Selectors":      {"Invalid keys and values of labels are ignored.", spec(`{` + deployment + `}, "workloadSelectors": {"": "a", "a b": "x", "kubernetes.io/hostname": "node", "node-role.kubernetes.io/control-plane": "x", "a": "x y", "b": "` + long + `", "` + long + `": "x", "c": ["x"], "d": "ok", "e": ","}}`)},
		"SelectorsList":  {"A value that is not a map is ignored.", spec(`{` + deployment + `}, "workloadSelectors": ["a"]}`)},
		"ReadOnly":       {"A value that is not a boolean is ignored.", spec(`{` + deployment + `, "readOnlyRootFilesystem": {"a": 1}}}`)},
		"Inbound":        {"Invalid names of applications are ignored.", spec(`{` + deployment + `}, "networking": {"inbound": {"services": [{"name": "*"}, {"name": "a/b"}, {"name": "` + long + `"}, {"name": "a", "namespace": "A"}, {"name": "a", "port": 1e9}, {"name": "a", "port": -1}, {"name": "web", "port": "9090"}]}}}`)},
		"InboundMany":    {"The maximum number of entries is applied.", spec(`{` + deployment + `}, "networking": {"inbound": {"services": [` + strings.Repeat(`{"name": "a"}, `, 5000) + `{"name": "b"}]}}}`)},
		"InboundString":  {"A value that is not an object is ignored.", spec(`{` + deployment + `}, "networking": {"inbound": "*"}}`)},
		"Triggers":       {"Unknown fields of KEDA are ignored.", spec(`{` + deployment + `}, "autoscaling": {"enabled": true, "triggers": [{"type": "cron", "metadata": {"a": {"b": 1}}}, {"type": "metrics-api", "metadata": {}, "authenticationRef": {"name": "x"}}, null, {"type": "cron", "name": "` + long + `", "authenticationRef": {"name": "x"}, "metadata": {"timezone": "UTC", "start": "0 1 * * *", "end": "0 2 * * *", "desiredReplicas": 5}}]}}`)},
		"TriggersString": {"A value that is not a list is ignored.", spec(`{` + deployment + `}, "autoscaling": {"enabled": true, "triggers": "` + long[:1000] + `"}}`)},
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

	check.Must(t, server.InstallCRDs(t.Context(), scaledObjects))

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
		"ScalesOther":     {"A ScaledObject could stop another workload.", "ScaledObject", set("other", "spec", "scaleTargetRef", "name"), scales},
		"ScalesKind":      {"A ScaledObject could stop a workload of another kind.", "ScaledObject", set("StatefulSet", "spec", "scaleTargetRef", "kind"), scales},
		"ScalesGroup":     {"A ScaledObject could stop a workload of another API group.", "ScaledObject", set("example.org/v1", "spec", "scaleTargetRef", "apiVersion"), scales},
		"TriggerOutside":  {"A trigger makes KEDA connect to any host.", "ScaledObject", trigger(map[string]any{"type": "metrics-api"}), triggers},
		"Credentials":     {"An authentication makes KEDA read Secrets.", "ScaledObject", trigger(map[string]any{"authenticationRef": map[string]any{"name": "x"}}), triggers},
		"OtherName":       {"A second autoscaler with another name would conflict.", "ScaledObject", set("other", "metadata", "name"), "objects of application web must have its name, not other"},
		"OpensOther":      {"A NetworkPolicy could open the pods of another application.", "NetworkPolicy", set(others, "spec", "podSelector", "matchLabels"), ownPods},
		"OpensAll":        {"A NetworkPolicy could open all pods.", "NetworkPolicy", set(map[string]any{}, "spec", "podSelector"), ownPods},
		"OpensByMore":     {"The selector must be exactly the application's.", "NetworkPolicy", set([]any{map[string]any{"key": "a", "operator": "DoesNotExist"}}, "spec", "podSelector", "matchExpressions"), ownPods},
		"LetsEgress":      {"A NetworkPolicy must not affect outbound traffic.", "NetworkPolicy", set([]any{"Ingress", "Egress"}, "spec", "policyTypes"), letsIn},
		"EgressRules":     {"Rules for outbound traffic are rejected.", "NetworkPolicy", set([]any{map[string]any{}}, "spec", "egress"), letsIn},
		"FromAll":         {"A rule without sources would admit all traffic.", "NetworkPolicy", from(), letsIn},
		"FromNamespaces":  {"A rule for all namespaces would admit all pods.", "NetworkPolicy", from(everywhere), letsIn},
		"FromAddresses":   {"Addresses as sources are rejected.", "NetworkPolicy", from(map[string]any{"ipBlock": map[string]any{"cidr": "0.0.0.0/0"}}), letsIn},
		"Closed":          {"A NetworkPolicy that admits no traffic is harmless.", "NetworkPolicy", set([]any{}, "spec", "ingress"), ""},
		"BlocksOther":     {"A budget for another application could block the drain of nodes.", "PodDisruptionBudget", set(others, "spec", "selector", "matchLabels"), evicts},
		"BlocksAll":       {"A budget for all pods could block the drain of nodes.", "PodDisruptionBudget", set(map[string]any{}, "spec", "selector"), evicts},
		"BlocksEviction":  {"A budget without evictions would block the drain of nodes.", "PodDisruptionBudget", set(int64(0), "spec", "maxUnavailable"), evicts},
		"BlocksByPercent": {"A budget of 0% would block the drain of nodes.", "PodDisruptionBudget", set("0%", "spec", "maxUnavailable"), evicts},
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
