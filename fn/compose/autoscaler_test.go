// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	stdcmp "cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ignored returns the fields without effect, as in the condition.
func (r Result) ignored() []string {
	s, ok := strings.CutPrefix(r.condition(TypeFieldsIgnored).Message, "These fields are kept but have no effect: ")
	if !ok {
		return nil
	}

	return strings.SplitAfter(strings.TrimSuffix(s, "."), "), ")
}

// scaled describes the autoscaling of an application.
type scaled struct {
	By          string
	Least, Most int64
	CPU         string
	Triggers    []string
	Ignored     []string
}

func scaling(r Result) scaled {
	out := scaled{Ignored: r.ignored()}
	if hpa, ok := r.Resources[NameAutoscaler]; ok {
		spec := Object(hpa.Object).object("spec")
		out.By = kindAutoscaler
		out.Least, _ = spec.number("minReplicas")
		out.Most, _ = spec.number("maxReplicas")
		metric, _ := spec.list("metrics")[0].(map[string]any)
		n, _ := Object(metric).number("resource", "target", "averageUtilization")
		out.CPU = strconv.FormatInt(n, 10)
	}
	if so, ok := r.Resources[NameScaledObject]; ok {
		spec := Object(so.Object).object("spec")
		out.By += kindScaledObject
		out.Least, _ = spec.number("minReplicaCount")
		out.Most, _ = spec.number("maxReplicaCount")
		for _, t := range spec.list("triggers") {
			b, err := json.Marshal(t)
			if err != nil {
				panic(err)
			}
			out.Triggers = append(out.Triggers, string(b))
		}
	}

	return out
}

const (
	cpuRequested = `"resources": {"requests": {"cpu": "100m"}}`
	withKEDA     = `{"autoscaling": {"keda": true}}`
	office       = `{"type": "cron", "metadata": {"timezone": "Europe/Berlin", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "desiredReplicas": "3"}}`
	officeOut    = `{"metadata":{"desiredReplicas":"3","end":"0 18 * * 1-5","start":"0 8 * * 1-5","timezone":"Europe/Berlin"},"type":"cron"}`
	cpuOut       = `{"metadata":{"value":"80"},"metricType":"Utilization","type":"cpu"}`
)

// runningSeen returns an application whose container has these resources.
func runningSeen(resources map[string]any) Observed {
	seen := azureSeen()
	seen[NameDeployment] = Object{
		"apiVersion": "apps/v1", "kind": kindDeployment, "metadata": map[string]any{"name": "shop-api", "namespace": "shop"},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{
			map[string]any{"name": "shop-api", "image": "a", "resources": resources, "ports": []any{map[string]any{"containerPort": 7070.0}}},
		}}}},
	}

	return seen
}

func requestsCPU() map[string]any {
	return map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "1Gi"}}
}

// TestScale shows the limits of the number of pods.
func TestScale(t *testing.T) {
	const nothing = "spec.autoscaling (the CPU load cannot be measured: set spec.deployment.resources.requests.cpu)"
	cases := map[string]struct {
		reason                            string
		deployment, autoscaling, platform string
		want                              scaled
	}{
		"Enabled":         {"Most manifests only enable autoscaling.", cpuRequested, ``, ``, scaled{Least: 1, Most: 10}},
		"Replicas":        {"The replicas of the manifest are the minimum.", cpuRequested + `, "replicas": 3`, ``, ``, scaled{Least: 3, Most: 10}},
		"PlatformLeast":   {"The platform's replicas are the default minimum.", cpuRequested, ``, `{"workload": {"replicas": 2}}`, scaled{Least: 2, Most: 10}},
		"PlatformMost":    {"The platform sets the default maximum.", cpuRequested, ``, `{"autoscaling": {"maxReplicas": 4}}`, scaled{Least: 1, Most: 4}},
		"Said":            {"Explicit values take precedence.", cpuRequested + `, "replicas": 3`, `, "minReplicas": 2, "maxReplicas": 30`, `{"workload": {"replicas": 5}, "autoscaling": {"maxReplicas": 4}}`, scaled{Least: 2, Most: 30}},
		"LeastAboveMost":  {"An explicit minimum raises the platform's maximum.", cpuRequested, `, "minReplicas": 15`, ``, scaled{Least: 15, Most: 15}},
		"ReplicasAbove":   {"The replicas of the manifest raise the platform's maximum.", cpuRequested + `, "replicas": 12`, ``, ``, scaled{Least: 12, Most: 12}},
		"MostBelow":       {"An explicit maximum lowers the minimum.", cpuRequested + `, "replicas": 5`, `, "maxReplicas": 3`, ``, scaled{Least: 3, Most: 3}},
		"None":            {"An autoscaler has at least one pod.", cpuRequested + `, "replicas": 0`, ``, ``, scaled{Least: 1, Most: 10, Ignored: []string{"spec.deployment.replicas (autoscaling keeps at least 1 pod)"}}},
		"PlatformNone":    {"An autoscaler has at least one pod, even if the platform's default is 0.", cpuRequested, ``, `{"workload": {"replicas": 0}}`, scaled{Least: 1, Most: 10}},
		"Target":          {"The manifest sets the target.", cpuRequested, `, "targetCPUUtilizationPercentage": 50`, ``, scaled{Least: 1, Most: 10, CPU: "50"}},
		"NoRequest":       {"The load is a percentage of the request.", `"replicas": 2`, ``, ``, scaled{Least: 2, Most: 10, Ignored: []string{nothing}}},
		"NoCPU":           {"A request of 0 cannot be measured.", `"resources": {"requests": {"cpu": "0"}}`, ``, ``, scaled{Least: 1, Most: 10, Ignored: []string{nothing}}},
		"Limit":           {"Without a request, Kubernetes uses the limit.", `"resources": {"limits": {"cpu": 1}}`, ``, ``, scaled{Least: 1, Most: 10}},
		"PlatformRequest": {"The platform's resources contain a request.", `"replicas": 2`, ``, `{"workload": {"resources": {"requests": {"cpu": "50m"}}}}`, scaled{Least: 2, Most: 10}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := scaling(compose(t, `{"deployment": {"image": "a", `+tc.deployment+`}, "autoscaling": {"enabled": true`+tc.autoscaling+`}}`, tc.platform, azureSeen()))
			tc.want.By, tc.want.CPU = kindAutoscaler, stdcmp.Or(tc.want.CPU, "80")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTriggers checks which triggers are used, and that an invalid one does not affect the others.
func TestTriggers(t *testing.T) {
	cron := func(entry, value string) string {
		return strings.Replace(office, entry, value, 1)
	}
	type want struct {
		Triggers, Ignored []string
	}
	const prefix = "spec.autoscaling.triggers"
	cases := map[string]struct {
		reason    string
		triggers  string
		platform  string
		resources map[string]any
		want      want
	}{
		"Cron":            {reason: "KEDA gets a valid trigger.", triggers: `[` + office + `]`, want: want{Triggers: []string{officeOut}}},
		"Number":          {reason: "A number is accepted instead of a string.", triggers: `[` + cron(`"3"`, `3`) + `]`, want: want{Triggers: []string{officeOut}}},
		"NoKEDA":          {reason: "Without KEDA, triggers have no effect.", triggers: `[` + office + `]`, platform: `{}`, want: want{Ignored: []string{prefix + " (the platform has no KEDA, so only the CPU load scales the pods)"}}},
		"Empty":           {reason: "An empty list has no triggers.", triggers: `[]`},
		"Null":            {reason: "Null has no triggers.", triggers: `null`},
		"Map":             {reason: "Triggers must be a list.", triggers: `{"type": "cron"}`, want: want{Ignored: []string{prefix + " (must be a list)"}}},
		"String":          {reason: "Triggers must be a list, even without KEDA.", triggers: `"cron"`, platform: `{}`, want: want{Ignored: []string{prefix + " (must be a list)"}}},
		"Requested":       {reason: "The CPU load is an additional trigger.", triggers: `[` + office + `]`, resources: requestsCPU(), want: want{Triggers: []string{officeOut, cpuOut}}},
		"OwnCPU":          {reason: "The manifest's own trigger replaces that for the CPU load.", triggers: `[{"type": "cpu", "metadata": {"value": 60}}]`, resources: requestsCPU(), want: want{Triggers: []string{`{"metadata":{"value":"60"},"metricType":"Utilization","type":"cpu"}`}}},
		"TwiceCPU":        {reason: "KEDA rejects two triggers of type cpu.", triggers: `[{"type": "cpu", "metadata": {"value": "60"}}, {"type": "cpu", "metadata": {"value": "70"}}]`, resources: requestsCPU(), want: want{Triggers: []string{`{"metadata":{"value":"60"},"metricType":"Utilization","type":"cpu"}`}, Ignored: []string{prefix + "[1] (only one trigger of this type is allowed)"}}},
		"Memory":          {reason: "Older versions of KEDA have the metric type in metadata.type.", triggers: `[{"type": "memory", "metadata": {"type": "AverageValue", "value": "500Mi"}}]`, resources: requestsCPU(), want: want{Triggers: []string{`{"metadata":{"value":"500Mi"},"metricType":"AverageValue","type":"memory"}`, cpuOut}}},
		"NotRequested":    {reason: "KEDA rejects a resource that it cannot measure.", triggers: `[{"type": "memory", "metadata": {"value": "60"}}]`, want: want{Ignored: []string{prefix + "[0] (the load cannot be measured: set spec.deployment.resources.requests.memory)"}}},
		"Percentage":      {reason: "KEDA rejects a target that is not a percentage.", triggers: `[{"type": "cpu", "metadata": {"value": "500m"}}]`, resources: requestsCPU(), want: want{Ignored: []string{prefix + "[0] (metadata.value must be a percentage from 1 to 9999)"}}},
		"Zero":            {reason: "KEDA rejects a target of 0.", triggers: `[{"type": "cpu", "metricType": "AverageValue", "metadata": {"value": "0"}}, {"type": "memory", "metricType": "AverageValue", "metadata": {"value": "0.0Gi"}}]`, resources: requestsCPU(), want: want{Ignored: []string{prefix + "[0] (metadata.value must be a quantity greater than 0), ", prefix + "[1] (metadata.value must be a quantity greater than 0)"}}},
		"OtherContainer":  {reason: "The pods have one container.", triggers: `[{"type": "cpu", "metadata": {"value": "50", "containerName": "x"}}]`, resources: requestsCPU(), want: want{Ignored: []string{prefix + "[0] (metadata.containerName must be the name of the application)"}}},
		"Fields":          {reason: "All fields that KEDA defines are copied, except for credentials.", triggers: `[{"type": "cron", "name": "office", "metricType": "AverageValue", "useCachedMetrics": true, "authenticationRef": {"name": "secret"}, ` + office[len(`{"type": "cron", `):] + `]`, want: want{Triggers: []string{`{"metadata":{"desiredReplicas":"3","end":"0 18 * * 1-5","start":"0 8 * * 1-5","timezone":"Europe/Berlin"},"metricType":"AverageValue","name":"office","type":"cron"}`}, Ignored: []string{prefix + "[0].authenticationRef (triggers of applications cannot have credentials), ", prefix + "[0].useCachedMetrics"}}},
		"SameName":        {reason: "KEDA rejects two triggers with the same name.", triggers: `[{"name": "a", ` + office[1:] + `, {"name": "a", ` + office[1:] + `]`, want: want{Triggers: []string{`{"metadata":{"desiredReplicas":"3","end":"0 18 * * 1-5","start":"0 8 * * 1-5","timezone":"Europe/Berlin"},"name":"a","type":"cron"}`, officeOut}, Ignored: []string{prefix + "[1].name (must be at most 63 lower-case letters, digits and hyphens, and unique among the triggers)"}}},
		"Outside":         {reason: "A trigger can connect to systems that the application cannot reach.", triggers: `[{"type": "metrics-api", "metadata": {"url": "http://x"}}, ` + office + `]`, want: want{Triggers: []string{officeOut}, Ignored: []string{prefix + "[0] (the platform does not allow this type of trigger)"}}},
		"Allowed":         {reason: "The platform can allow other types.", triggers: `[{"type": "kafka", "metadata": {"topic": "orders", "lagThreshold": 5, "tls": true}}]`, platform: `{"autoscaling": {"keda": true, "allowedTriggers": ["kafka"]}}`, want: want{Triggers: []string{`{"metadata":{"lagThreshold":"5","tls":"true","topic":"orders"},"type":"kafka"}`}}},
		"OnlyAllowed":     {reason: "The platform's list replaces the default list.", triggers: `[` + office + `]`, platform: `{"autoscaling": {"keda": true, "allowedTriggers": ["kafka"]}}`, want: want{Ignored: []string{prefix + "[0] (the platform does not allow this type of trigger)"}}},
		"BeyondMost":      {reason: "A trigger cannot exceed maxReplicas.", triggers: `[` + cron(`"3"`, `"30"`) + `]`, want: want{Triggers: []string{strings.Replace(officeOut, `"3"`, `"30"`, 1)}, Ignored: []string{prefix + "[0].metadata.desiredReplicas (autoscaling allows at most 10 pods: set spec.autoscaling.maxReplicas)"}}},
		"NegativePods":    {reason: "KEDA would ignore all triggers because of one.", triggers: `[` + cron(`"3"`, `"-3"`) + `, ` + office + `]`, want: want{Triggers: []string{officeOut}, Ignored: []string{prefix + "[0] (metadata.desiredReplicas must be a whole number of pods)"}}},
		"HalfPods":        {reason: "A number of pods must be whole.", triggers: `[` + cron(`"3"`, `2.5`) + `]`, want: want{Ignored: []string{prefix + "[0] (metadata.desiredReplicas must be a whole number of pods)"}}},
		"Zone":            {reason: "KEDA would ignore all triggers because of an unknown time zone.", triggers: `[` + cron(`Europe/Berlin`, `Mars/Phobos`) + `, ` + office + `]`, want: want{Triggers: []string{officeOut}, Ignored: []string{prefix + "[0] (metadata.timezone must be a time zone such as Europe/Berlin)"}}},
		"Schedule":        {reason: "KEDA would ignore all triggers because of an invalid schedule.", triggers: `[` + cron(`0 8 *`, `0 25 *`) + `]`, want: want{Ignored: []string{prefix + "[0] (metadata.start and metadata.end must be minute, hour, day of the month, month and day of the week, such as 0 8 * * 1-5)"}}},
		"NoTime":          {reason: "KEDA would ignore all triggers because of an empty schedule.", triggers: `[` + cron(`0 8 *`, `0 18 *`) + `]`, want: want{Ignored: []string{prefix + "[0] (metadata.start and metadata.end must differ)"}}},
		"Utilization":     {reason: "A schedule has no utilization.", triggers: `[{"metricType": "Utilization", ` + office[1:] + `]`, want: want{Ignored: []string{prefix + "[0] (metricType must be AverageValue or Value)"}}},
		"NoMetadata":      {reason: "An entry must be an object with type and metadata.", triggers: `[{"type": "cron"}, 7, null, "cron", [], {"metadata": {}}]`, want: want{Ignored: []string{prefix + "[0] (must be an object with type (a string) and metadata (a map)), ", prefix + "[1] (must be an object with type (a string) and metadata (a map)), ", prefix + "[2] (must be an object with type (a string) and metadata (a map)), ", prefix + "[3] (must be an object with type (a string) and metadata (a map)), ", prefix + "[4] (must be an object with type (a string) and metadata (a map)), ", prefix + "[5] (must be an object with type (a string) and metadata (a map))"}}},
		"NestedMetadata":  {reason: "Metadata of KEDA is a map of strings.", triggers: `[{"type": "cron", "metadata": {"start": {"a": 1}}}]`, want: want{Ignored: []string{prefix + "[0] (metadata must be a map of strings of at most 1024 characters)"}}},
		"HugeMetadata":    {reason: "Values have a limit.", triggers: `[{"type": "cron", "metadata": {"start": "` + strings.Repeat("x", 1025) + `"}}]`, want: want{Ignored: []string{prefix + "[0] (metadata must be a map of strings of at most 1024 characters)"}}},
		"MetricTypeIsMap": {reason: "A wrong type of one field affects only its trigger.", triggers: `[{"metricType": {}, ` + office[1:] + `]`, want: want{Ignored: []string{prefix + "[0] (metricType must be a string)"}}},
		"NameIsNumber":    {reason: "A wrong type of a name does not affect its trigger.", triggers: `[{"name": 7, ` + office[1:] + `]`, want: want{Triggers: []string{officeOut}, Ignored: []string{prefix + "[0].name (must be at most 63 lower-case letters, digits and hyphens, and unique among the triggers)"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			resources, err := json.Marshal(tc.resources)
			if err != nil {
				t.Fatal(err)
			}
			got := scaling(compose(t, `{"deployment": {"image": "a", "resources": `+string(resources)+`}, "autoscaling": {"enabled": true, "triggers": `+tc.triggers+`}}`,
				stdcmp.Or(tc.platform, withKEDA), runningSeen(tc.resources)))
			by := kindAutoscaler
			if len(tc.want.Triggers) > 0 {
				by = kindScaledObject
			}
			ignored := slices.DeleteFunc(got.Ignored, func(s string) bool { return strings.HasPrefix(s, "spec.autoscaling (") })
			if diff := cmp.Diff(tc.want, want{Triggers: got.Triggers, Ignored: slices.Clip(ignored)}, equateEmpty()); diff != "" || got.By != by {
				t.Errorf("\n%s\nCompose(...): want %s, got %s; -want, +got:\n%s", tc.reason, by, got.By, diff)
			}
		})
	}
}

// TestManyTriggers checks that the number of triggers is bounded.
func TestManyTriggers(t *testing.T) {
	got := scaling(compose(t, `{"deployment": {"image": "a"}, "autoscaling": {"enabled": true, "triggers": [`+strings.Repeat(office+`, `, 99)+office+`]}}`, withKEDA, runningSeen(nil)))
	if diff := cmp.Diff([]string{"spec.autoscaling.triggers[20] (at most 20 triggers are used; this and later ones are ignored)"}, got.Ignored); diff != "" || len(got.Triggers) != 20 {
		t.Errorf("Compose(...): want 20 triggers, got %d; -want ignored, +got:\n%s", len(got.Triggers), diff)
	}
}

// TestSwitchScaler shows the autoscaler during a change: there are never both, and nothing that
// KEDA would reject.
func TestSwitchScaler(t *testing.T) {
	const spec = `"autoscaling": {"enabled": true, "triggers": [` + office + `]}`
	hpa := Object{"apiVersion": "autoscaling/v2", "kind": kindAutoscaler, "metadata": map[string]any{"name": "shop-api"}, "spec": map[string]any{"maxReplicas": 9.0}}
	so := Object{
		"apiVersion": "keda.sh/v1alpha1", "kind": kindScaledObject, "metadata": map[string]any{"name": "shop-api", "labels": map[string]any{"scaledobject.keda.sh/name": "shop-api"}},
		"spec": map[string]any{"maxReplicaCount": 9.0, "pollingInterval": 5.0, "advanced": map[string]any{"restoreToOriginalReplicaCount": true}},
	}
	with := func(seen Observed, name string, o Object) Observed {
		seen = maps.Clone(seen)
		seen[name] = o

		return seen
	}
	cases := map[string]struct {
		reason   string
		spec     string
		platform string
		seen     Observed
		want     []string
		waiting  bool
	}{
		"New":        {"KEDA rejects a ScaledObject for a Deployment that does not exist.", `{"deployment": {"image": "a", ` + cpuRequested + `}, ` + spec + `}`, withKEDA, azureSeen(), nil, true},
		"Running":    {"Only the ScaledObject scales the Deployment.", `{"deployment": {"image": "a", ` + cpuRequested + `}, ` + spec + `}`, withKEDA, with(runningSeen(requestsCPU()), NameAutoscaler, hpa), []string{NameScaledObject}, false},
		"NotYet":     {"KEDA rejects a resource that the Deployment does not request yet.", `{"deployment": {"image": "a", ` + cpuRequested + `}, ` + spec + `}`, withKEDA, with(runningSeen(nil), NameAutoscaler, hpa), []string{NameAutoscaler}, true},
		"NotYetKept": {"KEDA continues to scale the Deployment.", `{"deployment": {"image": "a", ` + cpuRequested + `}, ` + spec + `}`, withKEDA, with(runningSeen(nil), NameScaledObject, so), []string{NameScaledObject}, true},
		"NoKEDA":     {"KEDA takes over again.", `{"deployment": {"image": "a"}, ` + spec + `}`, ``, with(runningSeen(nil), NameScaledObject, so), []string{NameAutoscaler}, false},
		"Off":        {"Nothing scales the Deployment.", `{"deployment": {"image": "a"}, "autoscaling": {"triggers": [` + office + `]}}`, withKEDA, with(runningSeen(nil), NameScaledObject, so), nil, false},
		"Gone":       {"The Deployment and its secrets no longer exist.", `{"deployment": {"image": "a"}, "secrets": [{"name": "b"}], ` + spec + `}`, withKEDA, with(azureSeen(), NameScaledObject, so), []string{NameScaledObject}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, tc.spec, tc.platform, tc.seen)
			var got []string
			for _, name := range []string{NameAutoscaler, NameScaledObject} {
				if _, ok := r.Resources[name]; ok {
					got = append(got, name)
				}
			}
			if tc.waiting != r.Waiting || cmp.Diff(tc.want, got) != "" {
				t.Errorf("\n%s\nCompose(...): want %v, waiting %t, got %v, waiting %t", tc.reason, tc.want, tc.waiting, got, r.Waiting)
			}
		})
	}

	kept := Keep(application(t, `{}`), Observed{NameScaledObject: so}, nil, ReasonSettingsMissing, nil).Resources[NameScaledObject].Object
	want := map[string]any{"apiVersion": "keda.sh/v1alpha1", "kind": kindScaledObject, "metadata": map[string]any{"name": "shop-api"}, "spec": map[string]any{"maxReplicaCount": 9.0}}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("Keep(...): -want nothing of KEDA's or others', +got:\n%s", diff)
	}
}

// TestScaledObject shows the whole object, and that KEDA's error is passed on.
func TestScaledObject(t *testing.T) {
	seen := runningSeen(requestsCPU())
	seen[NameScaledObject] = Object{"kind": kindScaledObject, "status": map[string]any{"conditions": []any{
		map[string]any{"type": "Ready", "status": "False", "reason": "ScaledObjectCheckFailed", "message": "password=1234"},
	}}}
	r := compose(t, `{"deployment": {"image": "a", `+cpuRequested+`}, "autoscaling": {"enabled": true, "minReplicas": 2, "triggers": [`+office+`]}}`, withKEDA, seen)
	want := map[string]any{
		"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
		"metadata": map[string]any{"name": "shop-api", "namespace": "shop"},
		"spec": map[string]any{
			"scaleTargetRef":  map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-api"},
			"minReplicaCount": int64(2), "maxReplicaCount": int64(10),
			"triggers": []any{
				map[string]any{"type": "cron", "metadata": map[string]any{"timezone": "Europe/Berlin", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "desiredReplicas": "3"}},
				map[string]any{"type": "cpu", "metricType": "Utilization", "metadata": map[string]any{"value": "80"}},
			},
		},
	}
	got := r.Resources[NameScaledObject]
	delete(Object(got.Object).object("metadata"), "labels")
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Errorf("Compose(...): -want, +got:\n%s", diff)
	}
	if !got.Ready {
		t.Error("Compose(...): want an application that does not wait for KEDA")
	}
	if diff := cmp.Diff([]string{"spec.autoscaling.triggers (KEDA rejects the ScaledObject; ask your platform team to check its status)"}, r.ignored()); diff != "" {
		t.Errorf("Compose(...): -want ignored, +got:\n%s", diff)
	}

	a := application(t, `{"deployment": {"image": "a"}, "autoscaling": {"enabled": true, "triggers": [`+office+`]}}`)
	a.Name = strings.Repeat("a", 63)
	seen = runningSeen(nil)
	containers := seen[NameDeployment].list("spec", "template", "spec", "containers")
	containers[0].(map[string]any)["name"] = a.Name //nolint:forcetypeassert // It is a container.
	long, err := Compose(a, platform(t, withKEDA), seen)
	if err != nil {
		t.Fatalf("Compose(...): %v", err)
	}
	if got := Object(long.Resources[NameScaledObject].Object).str("spec", "advanced", "horizontalPodAutoscalerConfig", "name"); got != a.Name {
		t.Errorf("Compose(...): want a name that KEDA takes for a HorizontalPodAutoscaler, got %q", got)
	}
}
