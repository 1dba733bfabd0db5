// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/envmap"
	"github.com/p6m-dev/platform-application/test/schema"
)

// TestProperties runs generated applications: their specs change, Azure and the cluster make progress,
// lose their status, and get new fields. Every call must keep the invariants.
func TestProperties(t *testing.T) {
	valid := newValidator(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, `{}`)
		w.xr["spec"] = specs().Draw(rt, "spec")
		if rapid.Bool().Draw(rt, "claim") {
			w.behindClaim()
		}
		vault := ""
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			disturb(rt, w)
			before := w.observed()
			held := w.composed[compose.NameDeployment]

			rsp := w.call()
			if !proto.Equal(rsp, w.call()) {
				rt.Fatalf("two calls with the same input give different answers")
			}
			if f := fatal(rsp); f != "" {
				rt.Fatalf("a valid application gets a fatal result: %s", f)
			}
			checkKept(rt, w, before, rsp)
			checkRequired(rt, rsp)
			checkValid(rt, valid, rsp)
			checkVaultName(rt, rsp, &vault)
			checkPod(rt, w, held, rsp)
			checkInUse(rt, w, held, rsp)
			w.reconcile()
		}
	})
}

// observed returns the names of the composed resources.
func (w *world) observed() []string { return slices.Sorted(maps.Keys(w.composed)) }

// checkKept checks that observed resources that are still requested are desired.
func checkKept(rt *rapid.T, w *world, before []string, rsp *fnv1.RunFunctionResponse) {
	asked := askedFor(w)
	for _, name := range before {
		if _, ok := rsp.GetDesired().GetResources()[name]; ok || !asked(name) {
			continue
		}
		rt.Fatalf("%s is observed and asked for, and not desired", name)
	}
}

// askedFor returns the resources that a spec requests. It is independent of the function's code.
func askedFor(w *world) func(name string) bool {
	has := func(path ...string) bool {
		v := at(w.xr, append([]string{"spec"}, path...)...)
		switch l := v.(type) {
		case []any:
			return len(l) > 0
		case bool:
			return l
		}

		return v != nil
	}
	ports := has("deployment", "ports")
	byTriggers := hasTriggers(w)

	return func(name string) bool {
		switch name {
		case "secret-sync":
			return has("secrets")
		case "deployment":
			return has("deployment")
		case "service":
			return ports
		case "autoscaler":
			return has("deployment") && has("autoscaling", "enabled") && !byTriggers
		case "scaled-object":
			return has("deployment") && has("autoscaling", "enabled") && byTriggers
		case "network-policy":
			return has("deployment") && at(w.xr, "spec", "networking", "inbound") != nil && at(w.environment, "networkPolicy", "enabled") == true
		case "pod-disruption-budget":
			return has("deployment") && leastOf(w) > 1
		case "ingress":
			return ports && has("networking", "ingress", "enabled")
		}
		id, officer := strings.CutPrefix(name, "role-assignment-officer-")
		if !officer {
			return true
		}
		if w.environment != nil && at(w.environment, "keyVault", "allow", "officers") != "Any" {
			return false
		}
		for _, o := range list(at(w.xr, "spec", "keyVault", "officers")) {
			if o["objectId"] == id {
				return true
			}
		}

		return false
	}
}

// hasTriggers reports whether KEDA scales an application.
func hasTriggers(w *world) bool {
	return at(w.environment, "autoscaling", "keda") == true && slices.ContainsFunc(list(at(w.xr, "spec", "autoscaling", "triggers")), func(t map[string]any) bool {
		return t["type"] == "cron" && at(t, "metadata", "desiredReplicas") != nil
	})
}

// leastOf returns the minimum number of pods of an application.
func leastOf(w *world) float64 {
	least, ok := at(w.xr, "spec", "deployment", "replicas").(float64)
	if !ok {
		least = 1
	}
	if at(w.xr, "spec", "autoscaling", "enabled") == true {
		if most, ok := at(w.xr, "spec", "autoscaling", "maxReplicas").(float64); ok {
			least = min(least, most)
		}
	}

	return least
}

func list(v any) []map[string]any {
	l, _ := v.([]any)
	out := make([]map[string]any, 0, len(l))
	for _, e := range l {
		m, _ := e.(map[string]any)
		out = append(out, m)
	}

	return out
}

// checkVaultName checks that an application never gets another vault.
func checkVaultName(rt *rapid.T, rsp *fnv1.RunFunctionResponse, vault *string) {
	name, _ := at(desired(rsp, compose.NameKeyVault), "metadata", "annotations", "crossplane.io/external-name").(string)
	if name == "" || *vault != "" && name != *vault {
		rt.Fatalf("the vault was %q and is %q now", *vault, name)
	}
	*vault = name
}

// checkPod checks that no variable references a key that was never synced, and that running pods
// are changed only when everything they need exists.
func checkPod(rt *rapid.T, w *world, before map[string]any, rsp *fnv1.RunFunctionResponse) {
	after := desired(rsp, compose.NameDeployment)
	if len(after) == 0 {
		return
	}
	synced := map[string]bool{}
	ready := map[string]bool{}
	for _, s := range list(at(w.composed[compose.NameSecretSync], "status", "atProvider", "secrets")) {
		name, _ := s["name"].(string)
		ready[name] = s["version"] != nil
		for _, k := range list(s["keys"]) {
			synced[fmt.Sprint(k["dataKey"])] = true
		}
	}
	complete := true
	for _, s := range list(at(w.xr, "spec", "secrets")) {
		complete = complete && (s["optional"] == true || ready[fmt.Sprint(s["name"])])
	}

	pod := podOf(w.tb, after)
	switch changed := before == nil || fmt.Sprint(pod) != fmt.Sprint(podOf(w.tb, before)); {
	case changed && !complete:
		rt.Fatalf("pods are changed although a secret was never synced: %v", pod)
	case changed:
		for name, key := range pod.Env {
			_, plain := at(w.xr, "spec", "config", name).(string)
			if !plain && !synced[key] {
				rt.Fatalf("variable %s comes from %q, which is not synced", name, key)
			}
			if (envmap.Policy{}).Withholds(name) && !plain && !askedByName(w, name) {
				rt.Fatalf("variable %s comes from %q, without a mapping", name, key)
			}
		}
	}
}

func askedByName(w *world, name string) bool {
	for _, s := range list(at(w.xr, "spec", "secrets")) {
		for _, e := range list(s["env"]) {
			if e["name"] == name {
				return true
			}
		}
	}

	return false
}

// checkInUse checks that the sync lists every key that pods reference, including pods being
// replaced, unless the sync is kept because something is unknown.
func checkInUse(rt *rapid.T, w *world, before map[string]any, rsp *fnv1.RunFunctionResponse) {
	sync := desired(rsp, compose.NameSecretSync)
	vault, _ := at(w.composed[compose.NameKeyVault], "status", "atProvider", "vaultUri").(string)
	client, _ := at(w.composed[compose.NameIdentity], "status", "atProvider", "clientId").(string)
	known := vault != "" && client != "" && w.environment != nil && !w.unresolved
	if !known || len(sync) == 0 || before == nil || at(w.xr, "spec", "deployment") == nil {
		return
	}
	inUse, _ := at(sync, "spec", "forProvider", "target", "inUse").([]any)
	var need []any
	for _, container := range list(at(before, "spec", "template", "spec", "containers")) {
		for _, v := range list(container["env"]) {
			if key := at(v, "valueFrom", "secretKeyRef", "key"); key != nil {
				need = append(need, key)
			}
		}
	}
	if at(before, "status", "observedGeneration") != at(before, "metadata", "generation") {
		earlier, _ := at(w.composed[compose.NameSecretSync], "spec", "forProvider", "target", "inUse").([]any)
		need = append(need, earlier...)
	}
	for _, key := range need {
		if !slices.Contains(inUse, key) {
			rt.Fatalf("pods refer to %q, and the sync is not told so: %v", key, inUse)
		}
	}
}

// A validator has the schemas of all composed resources.
type validator struct {
	crds map[string]*schema.Validator
}

func newValidator(t *testing.T) validator {
	t.Helper()
	v := validator{crds: schema.ProviderAzureCRDs(t)}
	sync, err := schema.LoadCRD("../package/provider/crds/secrets.p6m.dev_keyvaultsecretsyncs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v.crds["KeyVaultSecretSync"] = sync
	scaled, err := schema.LoadCRD("../cmd/render/render/schemas/scaledobjects.keda.sh.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v.crds["ScaledObject"] = scaled

	return v
}

// checkValid checks that the API server accepts all desired resources.
func checkValid(rt *rapid.T, v validator, rsp *fnv1.RunFunctionResponse) {
	for name, r := range rsp.GetDesired().GetResources() {
		object := r.GetResource().AsMap()
		if _, ok := object["status"]; ok {
			rt.Fatalf("%s: desires a status", name)
		}
		if crd, ok := v.crds[fmt.Sprint(object["kind"])]; ok {
			if problems := crd.Validate(object); len(problems) > 0 {
				rt.Fatalf("%s is not valid: %s", name, strings.Join(problems, "\n"))
			}

			continue
		}
		b, err := json.Marshal(object)
		if err != nil {
			rt.Fatal(err)
		}
		decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
		if _, _, err := decoder.Decode(b, nil, nil); err != nil {
			rt.Fatalf("%s is not valid: %v", name, err)
		}
	}
}

// disturb causes a few events.
//
//nolint:gocognit // A list of events, each of which is simple.
func disturb(rt *rapid.T, w *world) {
	w.unresolved, w.environment = false, testSettings()
	events := map[string]func(){
		"NewSpec":                     func() { w.changeSpec(specs().Draw(rt, "spec")) },
		"EnvironmentConfigUnresolved": func() { w.unresolved = len(w.composed) > 0 },
		"EnvironmentConfigGone": func() {
			if len(w.composed) > 0 {
				w.environment = nil
			}
		},
		"SettingsChanged": func() {
			w.environment = testSettings()
			w.environment["location"] = "northeurope"
			w.environment["keyVault"] = map[string]any{"softDeleteRetentionDays": 30, "sku": "premium"}
		},
		"Fenced": func() {
			w.set("networkPolicy", map[string]any{"enabled": true, "allowedNamespaces": []any{"ingress-nginx"}})
		},
		"KEDA":    func() { w.set("autoscaling", map[string]any{"keda": true, "maxReplicas": 5}) },
		"Closed":  func() { w.set("keyVault", closed(rapid.Bool().Draw(rt, "existing"))) },
		"Rollout": w.rollout,
		"Progress": func() {
			for _, name := range w.observed() {
				if name != compose.NameSecretSync && name != compose.NameDeployment {
					w.azure(name)
				}
			}
		},
		"SyncProgress": func() {
			if _, ok := w.composed[compose.NameSecretSync]; !ok {
				return
			}
			for _, s := range list(at(w.xr, "spec", "secrets")) {
				keys := rapid.SliceOfNDistinct(keyNames(), 0, 4, rapid.ID).Draw(rt, "keys")
				state := rapid.SampledFrom([]string{"Synced", "AwaitingValue", "Missing", "Invalid", "Throttled"}).Draw(rt, "state")
				w.sync(fmt.Sprint(s["name"]), state, keys...)
			}
		},
		"StatusVanishes": func() {
			if names := w.observed(); len(names) > 0 {
				delete(w.composed[rapid.SampledFrom(names).Draw(rt, "vanishing")], "status")
			}
		},
		"StatusIsOdd": func() {
			if names := w.observed(); len(names) > 0 {
				w.composed[rapid.SampledFrom(names).Draw(rt, "odd")]["status"] = map[string]any{
					"atProvider": rapid.SampledFrom([]any{nil, "text", []any{1.0}, map[string]any{"id": 7.0, "secrets": "none"}}).Draw(rt, "value"),
					"conditions": "none",
				}
			}
		},
		"NewerProvider": func() {
			for _, o := range w.composed {
				nested(o, "status")["futureField"] = map[string]any{"a": []any{true}}
			}
		},
		"Deleted": func() {
			if names := w.observed(); len(names) > 0 {
				name := rapid.SampledFrom(names).Draw(rt, "deleted")
				if name != compose.NameKeyVault { // Its name is recomputed from settings that may have changed.
					delete(w.composed, name)
				}
			}
		},
		"OwnStatusGone": func() { delete(w.xr, "status") },
	}
	names := slices.Sorted(maps.Keys(events))
	for range rapid.IntRange(0, 4).Draw(rt, "events") {
		events[rapid.SampledFrom(names).Draw(rt, "event")]()
	}
}

// set changes a setting of the platform.
func (w *world) set(name string, value any) {
	if w.environment == nil {
		w.environment = testSettings()
	}
	w.environment[name] = value
}

// changeSpec changes the spec within the limits of the API server.
func (w *world) changeSpec(spec map[string]any) {
	if at(spec, "keyVault", "deletionPolicy") == "Purge" && at(w.xr, "spec", "keyVault", "deletionPolicy") != "Purge" {
		delete(nested(spec, "keyVault"), "deletionPolicy")
	}
	if ref, ok := at(w.xr, "spec", "claimRef").(map[string]any); ok {
		spec["claimRef"] = ref
	}
	w.xr["spec"] = spec
}

func keyNames() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"USER", "PASSWORD", "tls.crt", "clientId", "client_id", "client-id", "9lives", "HOST", "PATH", "nodeOptions", "PRELOAD"})
}

// specs generates manifests that the schema allows.
func specs() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(rt *rapid.T) map[string]any {
		spec := map[string]any{}
		maybe := func(label string, do func()) {
			if rapid.Bool().Draw(rt, label) {
				do()
			}
		}
		maybe("deployment", func() { spec["deployment"] = deployments().Draw(rt, "deployment") })
		maybe("config", func() {
			spec["config"] = map[string]any{"LOG_LEVEL": "info", "USER": rapid.StringN(0, 10, 40).Draw(rt, "value")}
		})
		maybe("secrets", func() {
			names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
				"postgres-credentials", "prod-api-key", "common-api-key", "tls-certificates", "common-tls-certificates", "a", "0", "common-node-options",
			}), 1, 4, rapid.ID).Draw(rt, "names")
			var secrets []any
			for _, name := range names {
				secrets = append(secrets, secretsOf(name).Draw(rt, "secret"))
			}
			spec["secrets"] = secrets
		})
		maybe("keyVault", func() {
			kv := map[string]any{}
			maybe("policy", func() {
				kv["deletionPolicy"] = rapid.SampledFrom([]any{"Retain", "SoftDelete", "Purge"}).Draw(rt, "policy")
			})
			maybe("sku", func() { kv["sku"] = rapid.SampledFrom([]any{"standard", "premium"}).Draw(rt, "sku") })
			maybe("officers", func() {
				kv["officers"] = []any{
					map[string]any{"objectId": "88888888-8888-4888-8888-888888888888", "principalType": "User"},
					map[string]any{"objectId": "44444444-4444-4444-8444-444444444444"},
				}
			})
			spec["keyVault"] = kv
		})
		maybe("autoscaling", func() {
			spec["autoscaling"] = map[string]any{
				"enabled":     rapid.Bool().Draw(rt, "enabled"),
				"maxReplicas": float64(rapid.IntRange(1, 9).Draw(rt, "max")),
			}
			maybe("triggers", func() { nested(spec, "autoscaling")["triggers"] = triggers().Draw(rt, "triggers") })
		})
		maybe("networking", func() {
			in := map[string]any{"enabled": rapid.Bool().Draw(rt, "enabled")}
			maybe("hostnames", func() { in["hostnames"] = []any{"shop.example.com"} })
			maybe("oidc", func() { in["oidc"] = map[string]any{"enabled": true} })
			maybe("annotations", func() { in["annotations"] = map[string]any{"example.com/a": "b"} })
			maybe("type", func() { in["type"] = "public" })
			spec["networking"] = map[string]any{"ingress": in, "cdn": []any{"x"}}
			maybe("inbound", func() { nested(spec, "networking")["inbound"] = inbounds().Draw(rt, "inbound") })
		})
		maybe("selectors", func() {
			spec["workloadSelectors"] = rapid.SampledFrom([]any{
				nil, "amd64", map[string]any{"kubernetes.io/architectures": "amd64,arm64", "a b": "x", "c": 1.0}, map[string]any{},
			}).Draw(rt, "workloadSelectors")
		})

		return spec
	})
}

// triggers generates valid and invalid triggers.
func triggers() *rapid.Generator[any] {
	cron := map[string]any{"type": "cron", "metadata": map[string]any{"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": 3.0}}
	return rapid.SampledFrom([]any{
		nil, "cron",
		[]any{},
		[]any{cron},
		[]any{7.0, cron, map[string]any{"type": "metrics-api", "metadata": map[string]any{}}},
		[]any{map[string]any{"type": "cron", "metadata": map[string]any{"start": []any{}}}},
		[]any{map[string]any{"type": "memory", "metadata": map[string]any{"value": 60.0}}, cron},
	})
}

// inbounds generates valid and invalid inbound rules.
func inbounds() *rapid.Generator[any] {
	return rapid.SampledFrom([]any{
		nil, "*",
		map[string]any{},
		[]any{"web"},
		map[string]any{"services": []any{}},
		map[string]any{"services": "web"},
		map[string]any{"services": []any{map[string]any{"name": "web", "namespace": "front", "port": 8080.0}, map[string]any{"name": "*"}, nil}},
	})
}

func deployments() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(rt *rapid.T) map[string]any {
		d := map[string]any{"image": rapid.SampledFrom([]string{"shop-api:1", "shop-api:2"}).Draw(rt, "image")}
		if rapid.Bool().Draw(rt, "replicas") {
			d["replicas"] = float64(rapid.IntRange(0, 5).Draw(rt, "n"))
		}
		if rapid.Bool().Draw(rt, "ports") {
			d["ports"] = []any{
				map[string]any{"port": 8080.0, "protocol": rapid.SampledFrom([]string{"http", "GRPC", "tcp", "udp"}).Draw(rt, "protocol")},
				map[string]any{"port": 65535.0, "name": "admin"},
			}
		}
		if rapid.Bool().Draw(rt, "probe") {
			d["readinessProbe"] = map[string]any{"port": 8080.0, "path": rapid.SampledFrom([]string{"/", "/health"}).Draw(rt, "path")}
			d["livenessProbe"] = map[string]any{"port": 8080.0, "periodSeconds": 7.0}
		}
		if rapid.Bool().Draw(rt, "resources") {
			d["resources"] = map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "64Mi"}, "limits": map[string]any{"cpu": 2.0}}
		}
		if rapid.Bool().Draw(rt, "restart") {
			d["restartOnSecretChange"] = rapid.Bool().Draw(rt, "restartOnSecretChange")
		}
		if rapid.Bool().Draw(rt, "readOnly") {
			d["readOnlyRootFilesystem"] = rapid.SampledFrom([]any{true, false, "true", 1.0, map[string]any{}}).Draw(rt, "readOnlyRootFilesystem")
		}

		return d
	})
}

func secretsOf(name string) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(rt *rapid.T) map[string]any {
		s := map[string]any{"name": name}
		if rapid.Bool().Draw(rt, "optional") {
			s["optional"] = true
		}
		switch rapid.IntRange(0, 4).Draw(rt, "shape") {
		case 0:
			s["prefix"] = rapid.SampledFrom([]any{"P_", "LD_"}).Draw(rt, "prefix")
		case 1:
			s["keys"] = []any{"USER", "tls.crt"}
		case 2:
			s["env"] = []any{map[string]any{"name": "USER", "key": "USER"}, map[string]any{"name": "plain"}, map[string]any{"name": "PATH", "key": "HOST"}}
		case 3:
			s["refreshInterval"], s["format"], s["version"] = "1h30m", "JSON", strings.Repeat("0a", 16)
		}

		return s
	})
}
