// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"
)

// nodeAffinity returns the affinity of the pods, as label=value,value.
func nodeAffinity(r Result) []string {
	var out []string
	for _, t := range Object(r.Resources[NameDeployment].Object).list("spec", "template", "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms") {
		term, _ := t.(map[string]any)
		for _, e := range Object(term).list("matchExpressions") {
			expression, _ := e.(map[string]any)
			var values []string
			for _, v := range Object(expression).list("values") {
				values = append(values, fmt.Sprint(v))
			}
			out = append(out, Object(expression).str("key")+" "+Object(expression).str("operator")+" "+strings.Join(values, ","))
		}
	}

	return out
}

// TestNodes shows the nodes on which pods can run.
func TestNodes(t *testing.T) {
	entry := func(name, why string) string { return pathSelectors + "[" + name + "] (" + why + ")" }
	type want struct{ Nodes, Ignored []string }
	cases := map[string]struct {
		reason    string
		selectors string
		want      want
	}{
		"Architectures": {"Nodes have another label than manifests.", `{"kubernetes.io/architectures": "amd64,arm64"}`, want{Nodes: []string{"kubernetes.io/arch In amd64,arm64"}}},
		"Beta":          {"Nodes may lack the deprecated labels.", `{"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64"}`, want{Nodes: []string{"kubernetes.io/arch In amd64", "kubernetes.io/os In linux"}}},
		"Label":         {"The platform can define labels.", `{"agentpool": "apps"}`, want{Nodes: []string{"agentpool In apps"}}},
		"Blanks":        {"Blanks, empty values and repetitions are dropped.", `{"a": " x , ,y,, x"}`, want{Nodes: []string{"a In x,y"}}},
		"Null":          {"Null selects no nodes.", `null`, want{}},
		"Empty":         {"An empty map selects no nodes.", `{}`, want{}},
		"List":          {"Selectors are a map.", `["kubernetes.io/arch"]`, want{Ignored: []string{pathSelectors + " (must be a map of node labels)"}}},
		"NoValue":       {"No node could match.", `{"a": " , ", "b": ""}`, want{Ignored: []string{entry("a", "has no value") + ", ", entry("b", "has no value")}}},
		"Types": {"Values must be strings; valid entries are used.", `{"a": true, "b": 1, "c": ["x"], "d": null, "e": {"x": "y"}, "f": "x"}`, want{Nodes: []string{"f In x"}, Ignored: []string{
			entry("a", "must be a string, with commas between values: put it in quotes") + ", ", entry("b", "must be a string, with commas between values: put it in quotes") + ", ",
			entry("c", "must be a string, with commas between values: put it in quotes") + ", ", entry("d", "must be a string, with commas between values: put it in quotes") + ", ",
			entry("e", "must be a string, with commas between values: put it in quotes"),
		}}},
		"Names": {"The API server accepts only valid names of labels.", `{"": "x", "a b": "x", "a/b/c": "x", "UPPER.example.com/x": "x"}`, want{Ignored: []string{entry(`""`, "must be the name of a label") + ", ", entry(`"a b"`, "must be the name of a label") + ", ", entry("UPPER.example.com/x", "must be the name of a label") + ", ", entry("a/b/c", "must be the name of a label")}}},
		"Values": {"The API server accepts only valid values of labels.", `{"a": "x y", "b": "` + strings.Repeat("x", 64) + `", "c": "x,-y"}`, want{Ignored: []string{
			entry("a", "a value must be at most 63 letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit") + ", ",
			entry("b", "a value must be at most 63 letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit") + ", ",
			entry("c", "a value must be at most 63 letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit"),
		}}},
		"Roles": {"A node that the cluster itself runs on is not for applications.", `{"kubernetes.io/hostname": "node-1", "kubernetes.azure.com/mode": "system", "node-role.kubernetes.io/control-plane": "x"}`, want{Ignored: []string{
			entry("kubernetes.azure.com/mode", "applications must not choose nodes by name or role") + ", ",
			entry("kubernetes.io/hostname", "applications must not choose nodes by name or role") + ", ",
			entry("node-role.kubernetes.io/control-plane", "applications must not choose nodes by name or role"),
		}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"deployment": {"image": "a"}, "workloadSelectors": `+tc.selectors+`}`, ``, azureSeen())
			if diff := cmp.Diff(tc.want, want{nodeAffinity(r), r.ignored()}, equateEmpty()); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestManyNodes checks that entries and values are bounded.
func TestManyNodes(t *testing.T) {
	selectors := map[string]string{}
	for i := range 30 {
		selectors[fmt.Sprintf("a%02d", i)] = "x"
	}
	var values []string
	for i := range 51 {
		values = append(values, fmt.Sprintf("v%d", i))
	}
	selectors["a00"] = strings.Join(values, ",")
	b, err := json.Marshal(selectors)
	if err != nil {
		t.Fatal(err)
	}
	r := compose(t, `{"deployment": {"image": "a"}, "workloadSelectors": `+string(b)+`}`, ``, azureSeen())
	want := []string{
		pathSelectors + "[a00] (must have at most 50 values), ",
		pathSelectors + "[a20] (at most 20 labels are used; this and later ones are ignored)",
	}
	if diff := cmp.Diff(want, r.ignored()); diff != "" || len(nodeAffinity(r)) != 19 {
		t.Errorf("Compose(...): want 19 entries, got %d; -want ignored, +got:\n%s", len(nodeAffinity(r)), diff)
	}
}

// TestReadOnlyRootFilesystem shows where a container can write.
func TestReadOnlyRootFilesystem(t *testing.T) {
	const why = "spec.deployment.readOnlyRootFilesystem (must be true or false, without quotes)"
	type want struct {
		Value   any
		Ignored []string
	}
	cases := map[string]struct {
		reason string
		value  string
		want   want
	}{
		"True":   {"The field is set.", `true`, want{Value: true}},
		"False":  {"False is also set, because some policies require the field.", `false`, want{Value: false}},
		"Null":   {"Without a value, the field is not set, and no pod is replaced.", `null`, want{}},
		"String": {"A string is not a boolean.", `"true"`, want{Ignored: []string{why}}},
		"Number": {"A number is not a boolean.", `1`, want{Ignored: []string{why}}},
		"Object": {"An object is not a boolean, even an empty one.", `{}`, want{Ignored: []string{why}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"deployment": {"image": "a", "readOnlyRootFilesystem": `+tc.value+`}}`, ``, azureSeen())
			container, _ := Object(r.Resources[NameDeployment].Object).list("spec", "template", "spec", "containers")[0].(map[string]any)
			got := want{Value: Object(container).object("securityContext")["readOnlyRootFilesystem"], Ignored: r.ignored()}
			if diff := cmp.Diff(tc.want, got, equateEmpty()); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestServiceLinks checks that pods have no variables of Services, and that no pod is replaced for
// that.
func TestServiceLinks(t *testing.T) {
	running := func(links any) Observed {
		seen := runningSeen(nil)
		// Another version of the function requested other pods, which only the digest shows.
		set(seen[NameDeployment], "0123456789abcdef", "metadata", "annotations", annotationPodsAskedFor)
		if links != nil {
			seen[NameDeployment].object("spec", "template", "spec")["enableServiceLinks"] = links
		}

		return seen
	}
	cases := map[string]struct {
		reason string
		image  string
		seen   Observed
		want   any
	}{
		"New":      {"New pods get no service links.", "a", azureSeen(), false},
		"Running":  {"Running pods are not replaced.", "a", running(nil), nil},
		"Replaced": {"Replaced pods get no service links.", "b", running(nil), false},
		"Done":     {"Pods without service links stay without.", "a", running(false), false},
		"Others":   {"A value of another author is kept until the next rollout.", "a", running(true), nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"deployment": {"image": "`+tc.image+`"}}`, ``, tc.seen)
			got := Object(r.Resources[NameDeployment].Object).object("spec", "template", "spec")["enableServiceLinks"]
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want enableServiceLinks, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPodDisruptionBudget shows which applications have one.
func TestPodDisruptionBudget(t *testing.T) {
	const autoscaled = `}, "autoscaling": {"enabled": true, "maxReplicas": 5`
	cases := map[string]struct {
		reason               string
		deployment, platform string
		want                 bool
	}{
		"One":           {"A budget for one pod would block the drain of its node.", `"replicas": 1`, ``, false},
		"Default":       {"The default is one pod.", `"args": []`, ``, false},
		"Two":           {"Two pods have a budget.", `"replicas": 2`, ``, true},
		"Platform":      {"The platform's replicas count.", `"args": []`, `{"workload": {"replicas": 2}}`, true},
		"Off":           {"The platform can disable budgets.", `"replicas": 2`, `{"workload": {"podDisruptionBudget": false}}`, false},
		"Autoscaled":    {"The minimum of autoscaling counts.", `"replicas": 1` + autoscaled + `, "minReplicas": 2`, ``, true},
		"AutoscaledOne": {"A minimum of one pod has no budget.", `"replicas": 3` + autoscaled + `, "minReplicas": 1`, ``, false},
		"None":          {"No pods have no budget.", `"replicas": 0`, ``, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"deployment": {"image": "a", `+tc.deployment+`}}`, tc.platform, azureSeen())
			got, ok := r.Resources[NamePodDisruptionBudget]
			if ok != tc.want {
				t.Fatalf("\n%s\nCompose(...): want a PodDisruptionBudget: %t, got %v", tc.reason, tc.want, got)
			}
			want := map[string]any{
				"selector": map[string]any{"matchLabels": map[string]any{LabelApplication: "shop-api"}}, "maxUnavailable": int64(1), "unhealthyPodEvictionPolicy": "AlwaysAllow",
			}
			if diff := cmp.Diff(want, map[string]any(Object(got.Object).object("spec"))); ok && diff != "" {
				t.Errorf("\n%s\nCompose(...): -want spec, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// anything generates values of a field of any type.
func anything(depth int) *rapid.Generator[any] {
	name := rapid.OneOf(rapid.SampledFrom([]string{"services", "name", "namespace", "port", "protocol", "type", "metadata", "metricType", "value", "kubernetes.io/arch", "a.example.com/b"}), rapid.StringN(0, 8, 300))
	word := rapid.OneOf(rapid.SampledFrom([]string{"cron", "cpu", "web", "8080", "UTC", "0 8 * * *", "amd64,arm64", "TCP"}), rapid.StringN(0, 8, 300))
	plain := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Map(rapid.Float64Range(-1e20, 1e20), func(n float64) any { return n }),
		rapid.Map(rapid.IntRange(-1, 70_000), func(n int) any { return n }), rapid.Map(word, func(s string) any { return s }))
	if depth == 0 {
		return plain
	}

	return rapid.OneOf(plain,
		rapid.Map(rapid.SliceOfN(anything(depth-1), 0, 5), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(name, anything(depth-1), 0, 5), func(m map[string]any) any { return m }))
}

// TestAnyFields checks that the pods run, and that the API server accepts all composed resources, with
// any value in fields of any type.
func TestAnyFields(t *testing.T) {
	p := platform(t, `{"autoscaling": {"keda": true, "allowedTriggers": ["cron", "cpu", "memory", "web"]}, "networkPolicy": {"enabled": true, "allowedNamespaces": ["a"]}}`)
	rapid.Check(t, func(rt *rapid.T) {
		spec, err := json.Marshal(map[string]any{
			"deployment":        map[string]any{"image": "a", "readOnlyRootFilesystem": anything(1).Draw(rt, "readOnly"), "resources": requestsCPU(), "ports": []any{map[string]any{"port": 8080}}},
			"workloadSelectors": anything(2).Draw(rt, "selectors"),
			"autoscaling":       map[string]any{"enabled": true, "triggers": anything(4).Draw(rt, "triggers")},
			"networking":        map[string]any{"inbound": anything(4).Draw(rt, "inbound")},
		})
		if err != nil {
			rt.Fatal(err)
		}
		r, err := Compose(application(rt, string(spec)), p, runningSeen(requestsCPU()))
		if err != nil {
			rt.Fatalf("Compose(...): %v", err)
		}
		checkAffinity(rt, r)
		checkLetIn(rt, r)
		for _, v := range Object(r.Resources[NameScaledObject].Object).list("spec", "triggers") {
			trigger, _ := v.(map[string]any)
			for _, value := range Object(trigger).object("metadata") {
				if _, ok := value.(string); !ok {
					rt.Fatalf("a trigger has %v, which is no string", value)
				}
			}
		}
		if n := len(r.condition(TypeFieldsIgnored).Message); n > 30_000 {
			rt.Fatalf("the condition has %d bytes", n)
		}
	})
}

// checkAffinity checks that names and values are valid labels.
func checkAffinity(rt *rapid.T, r Result) {
	for _, e := range nodeAffinity(r) {
		label, values, _ := strings.Cut(e, " In ")
		ok := len(validation.IsQualifiedName(label)) == 0 && values != ""
		for v := range strings.SplitSeq(values, ",") {
			ok = ok && len(validation.IsValidLabelValue(v)) == 0
		}
		if !ok {
			rt.Fatalf("pods choose nodes by %q", e)
		}
	}
}

// checkLetIn checks that only the platform's namespaces are allowed as a whole.
func checkLetIn(rt *rapid.T, r Result) {
	for _, e := range letIn(r) {
		namespace, rest, _ := strings.Cut(e, " ")
		pods, _, _ := strings.Cut(rest, " ")
		_, name, _ := strings.Cut(pods, "=")
		if len(validation.IsDNS1123Label(namespace)) > 0 || pods == "*" && namespace != "a" || len(validation.IsValidLabelValue(name)) > 0 {
			rt.Fatalf("let in is %q", e)
		}
	}
}
