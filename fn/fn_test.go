// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
)

const twoSecrets = `{
	"deployment": {"image": "shop-api:1"},
	"config": {"LOG_LEVEL": "info"},
	"secrets": [{"name": "postgres-credentials"}, {"name": "api-credentials", "optional": true}]
}`

// runningWorld has a running application with the first of two secrets.
func runningWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, twoSecrets)
	w.azureAll()
	w.sync("postgres-credentials", "Synced", "POSTGRES_USER", "POSTGRES_PASSWORD")
	w.reconcile()
	w.rollout()
	w.reconcile()
	if _, ok := w.composed[compose.NameDeployment]; !ok {
		t.Fatalf("cannot get application to run: composed are only %v", slices.Sorted(maps.Keys(w.composed)))
	}

	return w
}

// TestSequence shows the order in which the resources of an application are composed.
func TestSequence(t *testing.T) {
	w := newWorld(t, twoSecrets)
	steps := []struct {
		reason string
		do     func()
		want   []string
	}{
		{
			reason: "Vault, identity and service account depend on nothing.",
			do:     func() {},
			want:   []string{"identity", "key-vault", "service-account"},
		},
		{
			reason: "The federated credential needs the id of the identity.",
			do:     func() { w.azure(compose.NameIdentity) },
			want:   []string{"federated-credential", "identity", "key-vault", "service-account"},
		},
		{
			reason: "Role assignments and the secret sync need the vault.",
			do:     func() { w.azure(compose.NameKeyVault) },
			want:   []string{"federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", "secret-sync", "service-account"},
		},
		{
			reason: "A secret that still waits for its value starts no pods.",
			do:     func() { w.sync("postgres-credentials", "AwaitingValue") },
			want:   []string{"federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", "secret-sync", "service-account"},
		},
		{
			reason: "Pods start when every secret that is not optional is synced.",
			do:     func() { w.sync("postgres-credentials", "Synced", "POSTGRES_USER") },
			want:   []string{"deployment", "federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", "secret-sync", "service-account"},
		},
	}
	w.reconcile()
	for _, s := range steps {
		s.do()
		rsp := w.reconcile()
		if diff := cmp.Diff(s.want, desiredNames(rsp)); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want desired resources, +got:\n%s", s.reason, diff)
		}
	}
}

// TestResourceNames freezes the names of composed resources. Changing one would delete that
// resource of every application.
func TestResourceNames(t *testing.T) {
	w := newWorld(t, `{
		"deployment": {"image": "shop-api:1", "ports": [{"port": 8080, "protocol": "http"}]},
		"secrets": [{"name": "postgres-credentials"}, {"name": "Common-Mail"}],
		"keyVault": {"officers": [{"objectId": "88888888-8888-4888-8888-888888888888"}]},
		"autoscaling": {"enabled": true, "minReplicas": 2},
		"networking": {"ingress": {"enabled": true, "hostnames": ["shop.example.com"]}, "inbound": {"services": []}}
	}`)
	w.environment["networkPolicy"] = map[string]any{"enabled": true}
	maps.Copy(nested(w.environment, "keyVault"), closed(true))
	w.share(nil)
	w.azureAll()
	w.sync("postgres-credentials", "Synced", "POSTGRES_USER")
	w.syncShared("Common-Mail", "Synced", "MAIL")
	want := []string{
		"autoscaler",
		"deployment",
		"diagnostic-setting",
		"federated-credential",
		"identity",
		"ingress",
		"key-vault",
		"network-policy",
		"pod-disruption-budget",
		"private-endpoint",
		"role-assignment-app",
		"role-assignment-creator",
		"role-assignment-officer-88888888-8888-4888-8888-888888888888",
		"role-assignment-shared-platform-common-mail",
		"secret-sync",
		"secret-sync-shared-platform",
		"service",
		"service-account",
	}
	if diff := cmp.Diff(want, desiredNames(w.reconcile())); diff != "" {
		t.Errorf("RunFunction(...): -want names of composed resources, +got:\n%s", diff)
	}

	nested(w.xr, "spec", "autoscaling")["triggers"] = []any{map[string]any{"type": "cron", "metadata": map[string]any{
		"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "3",
	}}}
	w.environment["autoscaling"] = map[string]any{"keda": true}
	want[0] = "scaled-object"
	slices.Sort(want)
	if diff := cmp.Diff(want, desiredNames(w.reconcile())); diff != "" {
		t.Errorf("RunFunction(...): -want names of composed resources, +got:\n%s", diff)
	}
}

// TestUpgradeRollsNoPod checks that pods of a Deployment from an earlier function stay, until another change
// replaces them.
func TestUpgradeRollsNoPod(t *testing.T) {
	w := runningWorld(t)
	delete(nested(w.composed[compose.NameDeployment], "spec", "template", "spec"), "enableServiceLinks")
	before := at(w.composed[compose.NameDeployment], "spec", "template")
	if diff := cmp.Diff(before, at(desired(w.call(), compose.NameDeployment), "spec", "template")); diff != "" {
		t.Errorf("RunFunction(...): -want the pods that run, +got:\n%s", diff)
	}
	nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
	for range 3 {
		w.reconcile()
		w.rollout()
	}
	if got := at(w.composed[compose.NameDeployment], "spec", "template", "spec", "enableServiceLinks"); got != false {
		t.Errorf("RunFunction(...): want new pods without the variables of Services, got enableServiceLinks %v", got)
	}
}

// TestHold shows the effect of other changes on running pods.
func TestHold(t *testing.T) {
	synced := map[string]string{
		"LOG_LEVEL":         "info",
		"POSTGRES_USER":     "postgres-credentials.POSTGRES_USER",
		"POSTGRES_PASSWORD": "postgres-credentials.POSTGRES_PASSWORD",
	}
	with := func(more ...string) map[string]string {
		m := maps.Clone(synced)
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}

		return m
	}
	// It is frozen: a change would roll all pods at an upgrade of the function.
	const revision = "5ee6300c21a65de7"
	old := podSpec{Image: "shop-api:1", Env: synced, Revision: revision}

	type want struct {
		pod    podSpec
		reason string
	}
	cases := map[string]struct {
		reason string
		change func(w *world)
		want   want
	}{
		"NothingChanged": {
			reason: "Without a change, the Deployment stays the same.",
			change: func(*world) {},
			want:   want{pod: old, reason: compose.ReasonAvailable},
		},
		"NewImage": {
			reason: "A new image rolls out.",
			change: func(w *world) { nested(w.xr, "spec", "deployment")["image"] = "shop-api:2" },
			want:   want{pod: podSpec{Image: "shop-api:2", Env: synced, Revision: revision}, reason: compose.ReasonRollingOut},
		},
		"NewSecret": {
			reason: "A newly listed secret that is not synced holds the Deployment, including a new image.",
			change: func(w *world) {
				nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
				nested(w.xr, "spec", "config")["LOG_LEVEL"] = "debug"
				w.list(map[string]any{"name": "webhook-tokens"})
			},
			want: want{pod: old, reason: compose.ReasonHeld},
		},
		"NewOptionalSecret": {
			reason: "An optional secret does not hold the Deployment.",
			change: func(w *world) {
				nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
				w.list(map[string]any{"name": "webhook-tokens", "optional": true})
			},
			want: want{pod: podSpec{Image: "shop-api:2", Env: synced, Revision: revision}, reason: compose.ReasonRollingOut},
		},
		"OptionalSecretSynced": {
			reason: "An optional secret is injected as soon as it exists.",
			change: func(w *world) { w.sync("api-credentials", "Synced", "API_KEY") },
			want:   want{pod: podSpec{Image: "shop-api:1", Env: with("API_KEY", "api-credentials.API_KEY"), Revision: "8ae6fb1811a9d055"}, reason: compose.ReasonRollingOut},
		},
		"SecretFailsAfterSynced": {
			reason: "A synced secret that fails now does not hold the Deployment: its last good keys stay in use.",
			change: func(w *world) {
				nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
				w.sync("postgres-credentials", "Disabled", "POSTGRES_USER", "POSTGRES_PASSWORD")
			},
			want: want{pod: podSpec{Image: "shop-api:2", Env: synced, Revision: revision}, reason: compose.ReasonRollingOut},
		},
		"SyncStatusEmptied": {
			reason: "A sync that has lost its status does not change the pods.",
			change: func(w *world) { delete(w.composed[compose.NameSecretSync], "status") },
			want:   want{pod: old, reason: compose.ReasonHeld},
		},
		"SyncWithoutRevision": {
			reason: "A missing revision does not roll the pods.",
			change: func(w *world) { delete(nested(w.composed[compose.NameSecretSync], "status", "atProvider"), "target") },
			want:   want{pod: old, reason: compose.ReasonAvailable},
		},
		"IdentityStatusVanished": {
			reason: "An identity that has lost its status changes nothing.",
			change: func(w *world) { delete(w.composed[compose.NameIdentity], "status") },
			want:   want{pod: old, reason: compose.ReasonAvailable},
		},
		"VaultStatusVanished": {
			reason: "A vault that has lost its status changes nothing.",
			change: func(w *world) { delete(w.composed[compose.NameKeyVault], "status") },
			want:   want{pod: old, reason: compose.ReasonAvailable},
		},
		"EnvironmentConfigGone": {
			reason: "Without the platform settings, all resources are kept unchanged.",
			change: func(w *world) {
				w.environment = nil
				nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
			},
			want: want{pod: old, reason: compose.ReasonSettingsMissing},
		},
		"EnvironmentConfigUnresolved": {
			reason: "Until Crossplane has read the settings, all resources are kept unchanged.",
			change: func(w *world) { w.unresolved = true },
			want:   want{pod: old, reason: compose.ReasonSettingsMissing},
		},
		"NewerProvider": {
			reason: "Fields of a newer provider are ignored.",
			change: func(w *world) {
				for _, o := range w.composed {
					o["future"] = "field"
					nested(o, "spec")["futureField"] = map[string]any{"a": []any{1.0, "b"}}
					nested(o, "status", "atProvider")["futureField"] = []any{map[string]any{"x": nil}}
				}
			},
			want: want{pod: old, reason: compose.ReasonAvailable},
		},
		"KeyOfExactMappingGone": {
			reason: "A variable from a missing key holds the Deployment.",
			change: func(w *world) {
				nested(w.xr, "spec")["secrets"] = []any{map[string]any{
					"name": "postgres-credentials",
					"env":  []any{map[string]any{"name": "PGHOST", "key": "POSTGRES_HOST"}},
				}}
			},
			want: want{pod: old, reason: compose.ReasonHeld},
		},
		"ForeignAnnotations": {
			reason: "Fields of other authors in the pod template stay theirs.",
			change: func(w *world) {
				nested(w.composed[compose.NameDeployment], "spec", "template", "metadata", "annotations")["kubectl.kubernetes.io/restartedAt"] = "now"
				delete(w.composed[compose.NameSecretSync], "status")
			},
			want: want{pod: old, reason: compose.ReasonHeld},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			before := slices.Sorted(maps.Keys(w.composed))
			tc.change(w)
			rsp := w.call()
			if f := fatal(rsp); f != "" {
				t.Fatalf("\n%s\nRunFunction(...): unexpected fatal result: %s", tc.reason, f)
			}
			if diff := cmp.Diff(before, desiredNames(rsp)); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want desired resources, +got:\n%s", tc.reason, diff)
			}
			got := want{pod: podOf(t, desired(rsp, compose.NameDeployment)), reason: condition(rsp, compose.TypeWorkloadReady).GetReason()}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
			if a := nested(desired(rsp, compose.NameDeployment), "spec", "template", "metadata", "annotations"); a["kubectl.kubernetes.io/restartedAt"] != nil {
				t.Errorf("\n%s\nRunFunction(...): desires a foreign annotation: %v", tc.reason, a)
			}
		})
	}
}

// TestOptionalStatusLost checks that pods keep the variables of an optional secret when the sync
// loses its status.
func TestOptionalStatusLost(t *testing.T) {
	w := newWorld(t, `{"deployment": {"image": "shop-api:1"}, "secrets": [{"name": "api-credentials", "optional": true}]}`)
	w.azureAll()
	w.sync("api-credentials", "Synced", "API_KEY")
	w.reconcile()
	want := podOf(t, w.composed[compose.NameDeployment])
	delete(w.composed[compose.NameSecretSync], "status")
	rsp := w.call()
	if diff := cmp.Diff(want, podOf(t, desired(rsp, compose.NameDeployment))); diff != "" || want.Env["API_KEY"] == "" {
		t.Errorf("RunFunction(...): -want pod, +got:\n%s", diff)
	}
	if diff := cmp.Diff(compose.ReasonHeld, condition(rsp, compose.TypeWorkloadReady).GetReason()); diff != "" {
		t.Errorf("RunFunction(...): -want reason, +got:\n%s", diff)
	}
}

// TestTooManySecrets checks that a list longer than the schema allows does not stop the function.
func TestTooManySecrets(t *testing.T) {
	w := runningWorld(t)
	for i := range 250 {
		w.list(map[string]any{"name": fmt.Sprintf("s-%d", i)})
	}
	if f := fatal(w.call()); f != "" {
		t.Errorf("RunFunction(...): %s", f)
	}
}

// TestHeldReadiness checks that a held application is not ready.
func TestHeldReadiness(t *testing.T) {
	w := runningWorld(t)
	if got := w.call().GetDesired().GetComposite().GetReady(); got != fnv1.Ready_READY_UNSPECIFIED {
		t.Errorf("RunFunction(...): want no word on the readiness of a running application, got %s", got)
	}
	w.list(map[string]any{"name": "webhook-tokens"})
	rsp := w.call()
	if got := rsp.GetDesired().GetComposite().GetReady(); got != fnv1.Ready_READY_FALSE {
		t.Errorf("RunFunction(...): want a held application not to be ready, got %s", got)
	}
	want := "The running pods keep image shop-api:1 until every secret has its values. Waiting for webhook-tokens (Pending); see condition SecretsSynced. Changes to the deployment are applied after that."
	if diff := cmp.Diff(want, condition(rsp, compose.TypeWorkloadReady).GetMessage()); diff != "" {
		t.Errorf("RunFunction(...): -want message, +got:\n%s", diff)
	}
}

// TestSecretRemoved checks that the keys of a removed secret stay in the Secret while pods
// reference them.
func TestSecretRemoved(t *testing.T) {
	w := runningWorld(t)
	listed := func(rsp *fnv1.RunFunctionResponse) (names []string) {
		for _, s := range list(at(desired(rsp, compose.NameSecretSync), "spec", "forProvider", "secrets")) {
			names = append(names, fmt.Sprint(s["name"]))
		}

		return names
	}
	nested(w.xr, "spec")["secrets"] = []any{map[string]any{"name": "api-credentials", "optional": true}}
	steps := []struct {
		reason string
		do     func()
		want   []string
	}{
		{reason: "Running pods reference the secret.", do: func() {}, want: []string{"api-credentials", "postgres-credentials"}},
		{reason: "Old pods still run.", do: func() {}, want: []string{"api-credentials", "postgres-credentials"}},
		{reason: "No old pod is running.", do: w.rollout, want: []string{"api-credentials"}},
		{reason: "Keys of the last secret are also kept until the rollout is over.", do: func() {
			w.sync("api-credentials", "Synced", "API_KEY")
			w.reconcile()
			w.rollout()
			delete(nested(w.xr, "spec"), "secrets")
		}, want: []string{"api-credentials"}},
		{reason: "Without secrets, there is no sync.", do: func() {
			w.reconcile()
			w.rollout()
		}, want: nil},
	}
	for _, s := range steps {
		s.do()
		if diff := cmp.Diff(s.want, listed(w.reconcile())); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want secrets of the sync, +got:\n%s", s.reason, diff)
		}
	}
	if _, ok := w.composed[compose.NameSecretSync]; ok {
		t.Error("RunFunction(...): want no sync for an application without secrets")
	}
}

// TestKeyInUse checks that a new version of a secret removes no key from the Secret while pods
// reference it.
func TestKeyInUse(t *testing.T) {
	const user, password = "postgres-credentials.POSTGRES_USER", "postgres-credentials.POSTGRES_PASSWORD"

	w := runningWorld(t)
	w.reconcile()
	steps := []struct {
		reason string
		do     func()
		want   []any
	}{
		{reason: "Running pods reference both keys.", do: func() {}, want: []any{password, user}},
		{reason: "Pods still need a key that a new version lacks.", do: func() { w.sync("postgres-credentials", "Synced", "POSTGRES_USER") }, want: []any{password, user}},
		{reason: "Old pods still run.", do: func() {}, want: []any{password, user}},
		{reason: "No old pod is running.", do: w.rollout, want: []any{user}},
		{reason: "A deleted Deployment needs no keys.", do: func() { delete(nested(w.xr, "spec"), "deployment") }, want: nil},
	}
	for _, s := range steps {
		s.do()
		got, _ := at(desired(w.reconcile(), compose.NameSecretSync), "spec", "forProvider", "target", "inUse").([]any)
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want keys in use, +got:\n%s", s.reason, diff)
		}
	}
}

// TestWithheld checks that a person who can only write values cannot choose which code runs.
func TestWithheld(t *testing.T) {
	type want struct {
		env      map[string]string
		withheld any
		status   fnv1.Status
		reason   string
		message  string
	}
	synced := map[string]string{
		"LOG_LEVEL":         "info",
		"POSTGRES_USER":     "postgres-credentials.POSTGRES_USER",
		"POSTGRES_PASSWORD": "postgres-credentials.POSTGRES_PASSWORD",
	}
	with := func(name, value string) map[string]string {
		env := maps.Clone(synced)
		env[name] = value

		return env
	}
	entry := func(name, secret, key string) any {
		return map[string]any{"name": name, "secret": secret, "key": key}
	}
	const message = "1 of 2 secrets are synced; the others are optional and have no value. Variables are withheld because they can change which code runs or what it trusts: "
	const remedy = ". To inject one, name it with env in spec.secrets."

	cases := map[string]struct {
		reason string
		change func(w *world)
		want   want
	}{
		"Keys": {
			reason: "Keys with such names are withheld, without affecting other keys, even colliding ones.",
			change: func(w *world) {
				w.sync("postgres-credentials", "Synced", "POSTGRES_USER", "POSTGRES_PASSWORD", "NODE_OPTIONS", "nodeOptions", "path")
			},
			want: want{
				env: synced,
				withheld: []any{
					entry("NODE_OPTIONS", "postgres-credentials", "NODE_OPTIONS"), entry("NODE_OPTIONS", "postgres-credentials", "nodeOptions"),
					entry("PATH", "postgres-credentials", "path"),
				},
				status: fnv1.Status_STATUS_CONDITION_TRUE, reason: compose.ReasonVariablesWithheld,
				message: message + "NODE_OPTIONS from key NODE_OPTIONS of secret postgres-credentials; NODE_OPTIONS from key nodeOptions of secret postgres-credentials; PATH from key path of secret postgres-credentials" + remedy,
			},
		},
		"Prefix": {
			reason: "The name includes the prefix.",
			change: func(w *world) {
				nested(w.xr, "spec")["secrets"] = []any{map[string]any{"name": "postgres-credentials", "prefix": "LD_"}}
				w.sync("postgres-credentials", "Synced", "PRELOAD")
			},
			want: want{
				env:      map[string]string{"LOG_LEVEL": "info"},
				withheld: []any{entry("LD_PRELOAD", "postgres-credentials", "PRELOAD")},
				status:   fnv1.Status_STATUS_CONDITION_TRUE, reason: compose.ReasonVariablesWithheld,
				message: "1 of 1 secrets are synced. Variables are withheld because they can change which code runs or what it trusts: LD_PRELOAD from key PRELOAD of secret postgres-credentials" + remedy,
			},
		},
		"AskedFor": {
			reason: "The manifest may use any name, because it is in Git.",
			change: func(w *world) {
				nested(w.xr, "spec")["secrets"] = []any{map[string]any{"name": "postgres-credentials", "env": []any{
					map[string]any{"name": "NODE_OPTIONS", "key": "options"}, map[string]any{"name": "https_proxy", "key": "proxy"},
				}}}
				w.sync("postgres-credentials", "Synced", "options", "proxy", "PATH")
			},
			want: want{
				env:    map[string]string{"LOG_LEVEL": "info", "NODE_OPTIONS": "postgres-credentials.options", "https_proxy": "postgres-credentials.proxy"},
				status: fnv1.Status_STATUS_CONDITION_TRUE, reason: compose.ReasonAvailable, message: "1 of 1 secrets are synced.",
			},
		},
		"Config": {
			reason: "Config can set any name, because it is in Git.",
			change: func(w *world) { nested(w.xr, "spec", "config")["PATH"] = "/app" },
			want: want{
				env: with("PATH", "/app"), status: fnv1.Status_STATUS_CONDITION_TRUE, reason: compose.ReasonAvailable,
				message: "1 of 2 secrets are synced; the others are optional and have no value.",
			},
		},
		"Platform": {
			reason: "The platform adds names, and allows others.",
			change: func(w *world) {
				w.environment["secrets"] = map[string]any{"withheldVariables": []any{"POSTGRES_P*"}, "allowedVariables": []any{"HTTPS_PROXY"}}
				w.sync("postgres-credentials", "Synced", "POSTGRES_USER", "POSTGRES_PASSWORD", "https_proxy")
			},
			want: want{
				env:      map[string]string{"LOG_LEVEL": "info", "POSTGRES_USER": "postgres-credentials.POSTGRES_USER", "HTTPS_PROXY": "postgres-credentials.https_proxy"},
				withheld: []any{entry("POSTGRES_PASSWORD", "postgres-credentials", "POSTGRES_PASSWORD")},
				status:   fnv1.Status_STATUS_CONDITION_TRUE, reason: compose.ReasonVariablesWithheld,
				message: message + "POSTGRES_PASSWORD from key POSTGRES_PASSWORD of secret postgres-credentials" + remedy,
			},
		},
		"Unsynced": {
			reason: "Withheld variables are reported in addition to other problems.",
			change: func(w *world) {
				w.sync("postgres-credentials", "Disabled", "POSTGRES_USER", "POSTGRES_PASSWORD", "PATH")
			},
			want: want{
				env:      synced,
				withheld: []any{entry("PATH", "postgres-credentials", "PATH")},
				status:   fnv1.Status_STATUS_CONDITION_FALSE, reason: compose.ReasonSecretsNotSynced,
				message: "0 of 2 secrets are synced. postgres-credentials (Disabled): message of the provider. Variables are withheld because they can change which code runs or what it trusts: PATH from key PATH of secret postgres-credentials" + remedy,
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			w.sync("api-credentials", "Missing")
			tc.change(w)
			rsp := w.call()
			c := condition(rsp, compose.TypeSecretsSynced)
			got := want{
				env:      podOf(t, desired(rsp, compose.NameDeployment)).Env,
				withheld: at(rsp.GetDesired().GetComposite().GetResource().AsMap(), "status", "environment", "withheld"),
				status:   c.GetStatus(), reason: c.GetReason(), message: c.GetMessage(),
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestWithheldAreBounded uses a vault with more such keys than an object can list.
func TestWithheldAreBounded(t *testing.T) {
	w := runningWorld(t)
	keys := []string{"POSTGRES_USER", "POSTGRES_PASSWORD"}
	for i := range 5000 {
		keys = append(keys, fmt.Sprintf("LD_%04d", i))
	}
	w.sync("postgres-credentials", "Synced", keys...)
	rsp := w.call()
	withheld := list(at(rsp.GetDesired().GetComposite().GetResource().AsMap(), "status", "environment", "withheld"))
	if len(withheld) != v1alpha1.MaxListed || withheld[0]["name"] != "LD_0000" {
		t.Errorf("RunFunction(...): want the first %d of 5000 withheld variables, got %d: %v", v1alpha1.MaxListed, len(withheld), withheld[:1])
	}
	if m := condition(rsp, compose.TypeSecretsSynced).GetMessage(); len(m) > 1000 || !strings.Contains(m, "and 4995 more") {
		t.Errorf("RunFunction(...): want a message that counts all of them, got %q", m)
	}
}

// TestWithheldFromRunningPods has pods that got such a variable from an earlier version of the
// function. New pods do not get it, and running pods keep it until they are replaced.
func TestWithheldFromRunningPods(t *testing.T) {
	const options = "postgres-credentials.NODE_OPTIONS"
	env := func(d map[string]any) string { return podOf(t, d).Env["NODE_OPTIONS"] }
	inUse := func(rsp *fnv1.RunFunctionResponse) bool {
		keys, _ := at(desired(rsp, compose.NameSecretSync), "spec", "forProvider", "target", "inUse").([]any)
		return slices.Contains(keys, any(options))
	}

	w := runningWorld(t)
	w.sync("postgres-credentials", "Synced", "POSTGRES_USER", "POSTGRES_PASSWORD", "NODE_OPTIONS")
	w.reconcile()
	w.rollout()
	container := list(at(w.composed[compose.NameDeployment], "spec", "template", "spec", "containers"))[0]
	vars, _ := container["env"].([]any)
	container["env"] = append(vars, map[string]any{"name": "NODE_OPTIONS", "valueFrom": map[string]any{
		"secretKeyRef": map[string]any{"name": "shop-api-keyvault", "key": options},
	}})
	before := w.composed[compose.NameDeployment]
	if env(before) != options {
		t.Fatalf("cannot prepare the Deployment: %v", before)
	}

	// While something is missing, the pods lose nothing.
	w.unresolved = true
	if got := env(desired(w.call(), compose.NameDeployment)); got != options {
		t.Errorf("RunFunction(...): settings are unresolved: want the Deployment as it is, got NODE_OPTIONS from %q", got)
	}
	w.unresolved = false

	rsp := w.reconcile()
	if got := env(desired(rsp, compose.NameDeployment)); got != "" {
		t.Errorf("RunFunction(...): want pods without NODE_OPTIONS, got it from %q", got)
	}
	if c := condition(rsp, compose.TypeWorkloadReady); c.GetReason() != compose.ReasonRollingOut {
		t.Errorf("RunFunction(...): want reason %s, got %s: %s", compose.ReasonRollingOut, c.GetReason(), c.GetMessage())
	}
	if !strings.Contains(condition(rsp, compose.TypeSecretsSynced).GetMessage(), "NODE_OPTIONS") {
		t.Errorf("RunFunction(...): want a message that names NODE_OPTIONS, got %q", condition(rsp, compose.TypeSecretsSynced).GetMessage())
	}
	if !inUse(rsp) || !inUse(w.reconcile()) {
		t.Errorf("RunFunction(...): want %s in use until the rollout is over", options)
	}
	w.rollout()
	if inUse(w.reconcile()) {
		t.Errorf("RunFunction(...): want %s no longer in use after the rollout", options)
	}
}

// TestRestartOnSecretChange checks that restarts can be disabled.
func TestRestartOnSecretChange(t *testing.T) {
	w := runningWorld(t)
	nested(w.xr, "spec", "deployment")["restartOnSecretChange"] = false
	got := podOf(t, desired(w.call(), compose.NameDeployment)).Revision
	if got != "" {
		t.Errorf("RunFunction(...): want no annotation %q, got %q", "secrets-revision", got)
	}
}

// TestImmutable checks that values that Azure cannot change stay, whatever the settings are later.
func TestImmutable(t *testing.T) {
	w := runningWorld(t)
	before := w.call()
	maps.Copy(w.environment, map[string]any{
		"location":          "northeurope",
		"resourceGroupName": "rg-other",
		"subscriptionId":    "99999999-9999-4999-8999-999999999999",
		"oidcIssuerUrl":     "https://other.example.com/",
		"keyVault":          map[string]any{"softDeleteRetentionDays": 7},
	})
	after := w.call()
	for _, name := range []string{compose.NameKeyVault, compose.NameIdentity, compose.NameRoleAssignmentApp, compose.NameRoleAssignmentCreator} {
		if diff := cmp.Diff(desired(before, name)["spec"], desired(after, name)["spec"]); diff != "" {
			t.Errorf("RunFunction(...): %s: -want unchanged, +got:\n%s", name, diff)
		}
	}
	for _, name := range []string{compose.NameKeyVault, compose.NameFederatedCredential} {
		want := nested(desired(before, name), "metadata", "annotations")["crossplane.io/external-name"]
		got := nested(desired(after, name), "metadata", "annotations")["crossplane.io/external-name"]
		if diff := cmp.Diff(want, got); diff != "" || want == nil {
			t.Errorf("RunFunction(...): %s: -want external name, +got:\n%s", name, diff)
		}
	}
}

// TestSettingsFollowed shows what a running application does when the platform edits a setting: the resources whose spec changes.
func TestSettingsFollowed(t *testing.T) {
	cases := map[string]struct {
		reason   string
		settings string
		want     []string
	}{
		"Location":      {"Azure moves nothing.", `{"location": "northeurope"}`, nil},
		"ResourceGroup": {"Azure moves nothing.", `{"resourceGroupName": "rg-other"}`, nil},
		"Subscription":  {"Azure moves nothing.", `{"subscriptionId": "99999999-9999-4999-8999-999999999999"}`, nil},
		"Tenant":        {"Nothing moves to another tenant.", `{"tenantId": "99999999-9999-4999-8999-999999999999"}`, nil},
		"Retention":     {"Azure changes no retention.", `{"keyVault": {"softDeleteRetentionDays": 7}}`, nil},
		"AzureConfig":   {"Another configuration can have another subscription.", `{"azureProviderConfigRef": {"name": "other"}}`, nil},
		"SyncConfig": {
			"What exists does not depend on the secret creator: no configuration affects how a vault is read.",
			`{"secretSyncProviderConfigRef": {"kind": "ProviderConfig", "name": "other"}}`,
			[]string{"secret-sync"},
		},
		"Issuer":   {"A cluster with another issuer needs other credentials.", `{"oidcIssuerUrl": "https://other.example.com/"}`, []string{"federated-credential"}},
		"Tags":     {"Tags follow.", `{"tags": {"cost-center": "7"}}`, []string{"identity", "key-vault"}},
		"Interval": {"Intervals follow.", `{"secrets": {"pollInterval": "1m"}}`, []string{"secret-sync"}},
		"Workload": {"Defaults of pods follow.", `{"workload": {"runAsNonRoot": true}}`, []string{"deployment"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			before := w.specs()
			maps.Copy(w.environment, object(t, tc.settings))
			w.reconcile()
			var changed []string
			for name, spec := range w.specs() {
				if !cmp.Equal(before[name], spec) {
					changed = append(changed, name)
				}
			}
			slices.Sort(changed)
			if diff := cmp.Diff(tc.want, changed); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want resources that follow, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRestoredStays checks that vault and identity stay as they are if the platform has edited settings when a backup is restored, which
// brings back no status. The vault of an application that was created again has no record of its creation either.
func TestRestoredStays(t *testing.T) {
	cases := map[string]struct{ reason, keyVault, settings string }{
		"Nothing":       {"Nothing was edited.", `{}`, `{}`},
		"Location":      {"Azure moves nothing.", `{}`, `{"location": "northeurope"}`},
		"ResourceGroup": {"In another group, the Azure providers would not find them.", `{}`, `{"resourceGroupName": "rg-other"}`},
		"Subscription":  {"In another subscription, the Azure providers would not find them.", `{}`, `{"subscriptionId": "99999999-9999-4999-8999-999999999999"}`},
		"AzureConfig":   {"Another configuration can have another subscription.", `{}`, `{"azureProviderConfigRef": {"name": "other"}}`},
		"SKU":           {"The keys of a premium vault may be in hardware.", `{}`, `{"keyVault": {"sku": "standard"}}`},
		"Retention":     {"Azure does not change it.", `{}`, `{"keyVault": {"sku": "premium", "softDeleteRetentionDays": 7}}`},
		"NotAllowed":    {"The same holds for the vault of a manifest that asks for premium.", `{"sku": "premium"}`, `{"keyVault": {"sku": "standard"}}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, twoSecrets)
			nested(w.xr, "spec")["keyVault"] = object(t, tc.keyVault)
			nested(w.environment, "keyVault")["sku"] = "premium"
			w.azureAll()
			state := func() map[string]any {
				vault, identity := w.composed[compose.NameKeyVault], w.composed[compose.NameIdentity]
				return map[string]any{
					"vault": vault["spec"], "identity": identity["spec"],
					"name": at(vault, "metadata", "annotations", "crossplane.io/external-name"), "id": at(identity, "metadata", "annotations", "crossplane.io/external-name"),
				}
			}
			before := state()
			for _, o := range w.composed {
				delete(o, "status")
			}
			maps.Copy(w.environment, object(t, tc.settings))
			w.reconcile()
			if diff := cmp.Diff(before, state()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestAssignedVaultStays checks that an assigned vault stays in its resource group when the platform changes the group of new vaults,
// and follows its own entry.
func TestAssignedVaultStays(t *testing.T) {
	cases := map[string]struct {
		reason      string
		found, lost bool
		entry       any
		want        string
	}{
		"Found":    {"It was found in the former group of the platform.", true, false, nil, "rg-applications"},
		"Restored": {"The same holds if its status is lost.", true, true, nil, "rg-applications"},
		"Entry":    {"Its own entry says where it is now.", true, false, "rg-legacy", "rg-legacy"},
		"NotFound": {"A wrong setting can be corrected.", false, false, nil, "rg-other"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, `{"keyVault": {"name": "legacy-vault"}}`)
			w.environment = assigned("shop-api")
			entry := list(at(w.environment, "keyVault", "assigned"))[0]
			delete(entry, "resourceGroupName")
			w.reconcile()
			if tc.found {
				w.azureAll()
			}
			if tc.lost {
				delete(w.composed[compose.NameKeyVault], "status")
			}
			w.environment["resourceGroupName"] = "rg-other"
			if tc.entry != nil {
				entry["resourceGroupName"] = tc.entry
			}
			for range 2 {
				if diff := cmp.Diff(any(tc.want), at(desired(w.reconcile(), compose.NameKeyVault), "spec", "forProvider", "resourceGroupName")); diff != "" {
					t.Errorf("\n%s\nRunFunction(...): -want resource group, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}

// TestIdentityReplaced checks that a role assignment follows a recreated identity: Azure cannot
// change an assignment, so it is deleted and created again.
func TestIdentityReplaced(t *testing.T) {
	w := runningWorld(t)
	old := nested(w.composed[compose.NameRoleAssignmentApp], "metadata")["name"]
	nested(w.composed[compose.NameIdentity], "status", "atProvider")["principalId"] = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"

	rsp := w.reconcile()
	if _, ok := rsp.GetDesired().GetResources()[compose.NameRoleAssignmentApp]; ok {
		t.Errorf("RunFunction(...): want the assignment of the old principal to go")
	}
	if diff := cmp.Diff(compose.ReasonReplacing, condition(rsp, compose.TypeAccessReady).GetReason()); diff != "" {
		t.Errorf("RunFunction(...): -want reason, +got:\n%s", diff)
	}
	rsp = w.reconcile()
	got := desired(rsp, compose.NameRoleAssignmentApp)
	if diff := cmp.Diff("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", nested(got, "spec", "forProvider")["principalId"]); diff != "" {
		t.Errorf("RunFunction(...): -want principal, +got:\n%s", diff)
	}
	if now := nested(got, "metadata")["name"]; now == old {
		t.Errorf("RunFunction(...): want the successor to have another name than %q, which may still be there", old)
	}
}

// TestIdentityMoved checks that the federated credential follows an identity that was recreated in
// another resource group. A credential of the former identity would be useless.
func TestIdentityMoved(t *testing.T) {
	w := runningWorld(t)
	status := nested(w.composed[compose.NameIdentity], "status", "atProvider")
	id, _ := status["id"].(string)
	annotate(w.composed[compose.NameFederatedCredential], "crossplane.io/external-create-succeeded", "2026-11-01T00:00:00Z")

	status["id"] = strings.ToUpper(id)
	if _, ok := desired(w.reconcile(), compose.NameFederatedCredential)["spec"]; !ok {
		t.Errorf("RunFunction(...): Azure does not keep the case of ids, so the credential stays")
	}

	moved := strings.Replace(id, "rg-applications", "rg-other", 1)
	status["id"] = moved
	rsp := w.reconcile()
	if _, ok := rsp.GetDesired().GetResources()[compose.NameFederatedCredential]; ok {
		t.Errorf("RunFunction(...): want the credential of the identity before to go")
	}
	if c := condition(rsp, compose.TypeIdentityReady); c.GetStatus() != fnv1.Status_STATUS_CONDITION_FALSE {
		t.Errorf("RunFunction(...): want IdentityReady to be false meanwhile, got %v", c)
	}
	want := []any{moved, "rg-other"}
	for range 2 {
		p := nested(desired(w.reconcile(), compose.NameFederatedCredential), "spec", "forProvider")
		if diff := cmp.Diff(want, []any{p["parentId"], p["resourceGroupName"]}); diff != "" {
			t.Errorf("RunFunction(...): -want identity and resource group of the credential, +got:\n%s", diff)
		}
		w.azure(compose.NameFederatedCredential)
	}
}

// assigned returns settings in which a vault is assigned to these applications.
func assigned(applications ...string) map[string]any {
	list := []any{}
	for _, a := range applications {
		list = append(list, map[string]any{"name": "legacy-vault", "resourceGroupName": "rg-legacy", "namespace": "shop", "application": a})
	}
	s := testSettings()
	s["keyVault"] = map[string]any{"assigned": list}

	return s
}

// adoptingWorld has a running application with an assigned vault.
func adoptingWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, `{"keyVault": {"name": "legacy-vault"}, "deployment": {"image": "shop-api:1"}, "secrets": [{"name": "a"}]}`)
	w.environment = assigned("shop-api")
	w.azureAll()
	w.sync("a", "Synced", "K")
	w.reconcile()
	w.rollout()
	w.reconcile()

	return w
}

// specs returns the specs of the composed resources.
func (w *world) specs() map[string]any {
	out := map[string]any{}
	for name, o := range w.composed {
		out[name] = o["spec"]
	}

	return out
}

// TestVaultWithdrawn shows an application whose vault is no longer assigned to it: only its roles
// are deleted. If the list may be lost, nothing is deleted.
func TestVaultWithdrawn(t *testing.T) {
	all := []string{"deployment", "federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", "secret-sync", "service-account"}
	withoutRoles := []string{"deployment", "federated-credential", "identity", "key-vault", "secret-sync", "service-account"}
	type want struct {
		names         []string
		fatal         bool
		vault, access string // reasons of KeyVaultReady and AccessReady
		workloadReady fnv1.Status
	}
	cases := map[string]struct {
		reason      string
		environment map[string]any
		unresolved  bool
		want        want
	}{
		"Assigned": {
			reason:      "An application has a role on its assigned vault.",
			environment: assigned("shop-api"),
			want:        want{names: all, vault: compose.ReasonAvailable, access: compose.ReasonAvailable, workloadReady: fnv1.Status_STATUS_CONDITION_TRUE},
		},
		"Nobody": {
			reason:      "A list without the vault revokes the roles.",
			environment: assigned(),
			want:        want{names: withoutRoles, vault: compose.ReasonVaultWithdrawn, access: compose.ReasonVaultWithdrawn, workloadReady: fnv1.Status_STATUS_CONDITION_TRUE},
		},
		"OtherApplication": {
			reason:      "An assignment to another application withdraws the vault.",
			environment: assigned("web"),
			want:        want{names: withoutRoles, vault: compose.ReasonVaultWithdrawn, access: compose.ReasonVaultWithdrawn, workloadReady: fnv1.Status_STATUS_CONDITION_TRUE},
		},
		"NoList": {
			reason:      "A missing list withdraws nothing, because it may be lost.",
			environment: testSettings(),
			want:        want{names: all, fatal: true, vault: compose.ReasonInvalid, access: compose.ReasonInvalid, workloadReady: fnv1.Status_STATUS_CONDITION_FALSE},
		},
		"Unusable": {
			reason:      "Rejected settings change nothing.",
			environment: map[string]any{"keyVault": map[string]any{"assigned": []any{}}},
			want:        want{names: all, fatal: true, vault: compose.ReasonSettingsInvalid, access: compose.ReasonSettingsInvalid, workloadReady: fnv1.Status_STATUS_CONDITION_FALSE},
		},
		"NotFound": {
			reason: "A deleted EnvironmentConfig changes nothing.",
			want:   want{names: all, vault: compose.ReasonSettingsMissing, access: compose.ReasonSettingsMissing, workloadReady: fnv1.Status_STATUS_CONDITION_UNKNOWN},
		},
		"Unresolved": {
			reason:     "An EnvironmentConfig that Crossplane has not looked for changes nothing.",
			unresolved: true,
			want:       want{names: all, vault: compose.ReasonSettingsMissing, access: compose.ReasonSettingsMissing, workloadReady: fnv1.Status_STATUS_CONDITION_UNKNOWN},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := adoptingWorld(t)
			before := w.specs()
			w.environment, w.unresolved = tc.environment, tc.unresolved
			rsp := w.reconcile()
			got := want{
				names: w.observed(), fatal: fatal(rsp) != "",
				vault: condition(rsp, compose.TypeKeyVaultReady).GetReason(), access: condition(rsp, compose.TypeAccessReady).GetReason(),
				workloadReady: condition(rsp, compose.TypeWorkloadReady).GetStatus(),
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
			maps.DeleteFunc(before, func(name string, _ any) bool { return w.composed[name] == nil })
			if diff := cmp.Diff(before, w.specs()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): what stays: -before, +after:\n%s", tc.reason, diff)
			}

			w.environment, w.unresolved = assigned("shop-api"), false
			w.reconcile()
			if diff := cmp.Diff(all, w.observed()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...) when it is assigned again: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestSettings shows the errors about settings that a platform team reads.
func TestSettings(t *testing.T) {
	type args struct {
		input, environment map[string]any
	}
	cases := map[string]struct {
		reason string
		args   args
		want   string
	}{
		"AllFromEnvironmentConfig": {
			reason: "An EnvironmentConfig alone is sufficient.",
			args:   args{environment: testSettings()},
		},
		"AllFromInput": {
			reason: "The input alone is sufficient, if the EnvironmentConfig is optional.",
			args: args{input: func() map[string]any {
				s := testSettings()
				s["environmentConfigRef"] = map[string]any{"resolution": "Optional"}

				return s
			}()},
		},
		"NotFound": {
			reason: "The error about a missing EnvironmentConfig lists the missing settings.",
			want:   `cannot find EnvironmentConfig "platform-application": to render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20); in a cluster, create it; if the Composition's input has all settings, set environmentConfigRef.resolution to Optional there instead`,
		},
		"OtherNotFound": {
			reason: "An EnvironmentConfig that the input names is required, even if the input has all settings.",
			args: args{input: func() map[string]any {
				s := testSettings()
				s["environmentConfigRef"] = map[string]any{"name": "production"}

				return s
			}()},
			want: `cannot find EnvironmentConfig "production": to render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20); in a cluster, create it; if the Composition's input has all settings, set environmentConfigRef.resolution to Optional there instead`,
		},
		"Missing": {
			reason: "All missing settings are reported together.",
			args:   args{environment: map[string]any{"tenantId": "11111111-1111-4111-8111-111111111111", "location": "westeurope"}},
			want:   "cannot use platform settings: missing subscriptionId, resourceGroupName, oidcIssuerUrl",
		},
		"Misspelt": {
			reason: "An unknown setting is an error.",
			args:   args{environment: map[string]any{"tennantId": "x"}},
			want:   `cannot read platform settings: unknown field "tennantId"`,
		},
		"WrongType": {
			reason: "A wrong type is named with its field.",
			args:   args{environment: map[string]any{"keyVault": map[string]any{"softDeleteRetentionDays": "90"}}},
			want:   "cannot read platform settings: keyVault.softDeleteRetentionDays: must be a whole number, not a string",
		},
		"WrongInput": {
			reason: "An unknown field of the input is an error.",
			args:   args{input: map[string]any{"tennantId": "x"}, environment: testSettings()},
			want:   `cannot read the function's input from the Composition:`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, `{}`)
			w.input, w.environment = tc.args.input, tc.args.environment
			rsp := w.call()
			got := fatal(rsp)
			if tc.want == "" && got != "" || !strings.HasPrefix(got, tc.want) {
				t.Errorf("\n%s\nRunFunction(...): -want fatal result, +got:\n%s", tc.reason, cmp.Diff(tc.want, got))
			}
			if tc.want != "" && (len(rsp.GetConditions()) != 6 || !strings.Contains(condition(rsp, compose.TypeWorkloadReady).GetMessage(), tc.want)) {
				t.Errorf("\n%s\nRunFunction(...): want six conditions, including one for the claim, got %v", tc.reason, rsp.GetConditions())
			}
		})
	}
}

// TestRequirements checks that every call requires the EnvironmentConfig, and that the provider
// configuration and existing objects are required until the resources exist.
func TestRequirements(t *testing.T) {
	environment := &fnv1.ResourceSelector{
		ApiVersion: "apiextensions.crossplane.io/v1beta1",
		Kind:       "EnvironmentConfig",
		Match:      &fnv1.ResourceSelector_MatchName{MatchName: "production"},
	}
	namespace := &fnv1.ResourceSelector{ApiVersion: "v1", Kind: "Namespace", Match: &fnv1.ResourceSelector_MatchName{MatchName: "shop"}}
	named := func(apiVersion, kind, name string) *fnv1.ResourceSelector {
		return &fnv1.ResourceSelector{ApiVersion: apiVersion, Kind: kind, Namespace: new("shop"), Match: &fnv1.ResourceSelector_MatchName{MatchName: name}}
	}

	cases := map[string]struct {
		reason string
		world  func(t *testing.T) *world
		want   map[string]*fnv1.ResourceSelector
		extra  map[string]*fnv1.ResourceSelector
	}{
		"Unresolved": {
			reason: "Without settings, nothing is decided, and both forms of requirements are sent.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.unresolved = true

				return w
			},
			want:  map[string]*fnv1.ResourceSelector{"environment-config production": environment, "namespace": namespace},
			extra: map[string]*fnv1.ResourceSelector{"environment-config production": environment, "namespace": namespace},
		},
		"New": {
			reason: "The first objects could have names that are taken.",
			world:  func(t *testing.T) *world { t.Helper(); return newWorld(t, twoSecrets) },
			want: map[string]*fnv1.ResourceSelector{
				"environment-config production": environment,
				"namespace":                     namespace,
				"azure-provider-config": {
					ApiVersion: "azure.m.upbound.io/v1beta1", Kind: "ClusterProviderConfig", Match: &fnv1.ResourceSelector_MatchName{MatchName: "default"},
				},
				"new-identity (UserAssignedIdentity)":  named("managedidentity.azure.m.upbound.io/v1beta1", "UserAssignedIdentity", "shop-api"),
				"new-key-vault (Vault)":                named("keyvault.azure.m.upbound.io/v1beta1", "Vault", "shop-api"),
				"new-service-account (ServiceAccount)": named("v1", "ServiceAccount", "shop-api"),
			},
		},
		"Running": {
			reason: "Observed objects are not required, because that would take more calls.",
			world:  runningWorld,
			want:   map[string]*fnv1.ResourceSelector{"environment-config production": environment, "namespace": namespace},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := tc.world(t)
			w.input = map[string]any{"environmentConfigRef": map[string]any{"name": "production"}}
			rsp := w.call()
			want := &fnv1.Requirements{Resources: tc.want, ExtraResources: tc.extra} //nolint:staticcheck // Crossplane 1 knows no other.
			if diff := cmp.Diff(want, rsp.GetRequirements(), protocmp.Transform()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want requirements, +got:\n%s", tc.reason, diff)
			}
			if f := fatal(rsp); f != "" {
				t.Errorf("\n%s\nRunFunction(...): unexpected fatal result, after which Crossplane does not fetch: %s", tc.reason, f)
			}
		})
	}
}

// TestTaken checks that existing objects are not taken over, from a ServiceAccount to a Vault.
func TestTaken(t *testing.T) {
	type existing func(w *world, name string) map[string]any
	// bare is an object with only kind and name.
	bare := func(w *world, name string) map[string]any {
		o := desired(w.call(), name)
		return map[string]any{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": map[string]any{"name": at(o, "metadata", "name"), "namespace": "shop"}}
	}
	owned := func(change func(owner map[string]any)) existing {
		return func(w *world, name string) map[string]any {
			o := bare(w, name)
			w.own(name, o)
			change(list(at(o, "metadata", "ownerReferences"))[0])

			return o
		}
	}
	annotated := func(as string) existing {
		return func(w *world, name string) map[string]any {
			o := bare(w, name)
			annotate(o, annotationResource, as)

			return o
		}
	}

	cases := map[string]struct {
		reason   string
		existing existing
		adopt    bool
		taken    bool
	}{
		"Bare":       {reason: "An object without labels and owners can belong to anyone.", existing: bare},
		"Ours":       {reason: "An object that Crossplane has just created belongs to the application, although it is not observed yet.", existing: owned(func(map[string]any) {}), taken: true},
		"Controlled": {reason: "An object of an earlier application has another controller.", existing: owned(func(o map[string]any) { o["uid"] = "00000000-0000-4000-8000-000000000002" })},
		"OwnedOnly":  {reason: "An owner reference without controller proves nothing.", existing: owned(func(o map[string]any) { o["controller"] = false })},
		"Marked":     {reason: "An annotation proves nothing, because users can set it.", existing: func(w *world, name string) map[string]any { return annotated(name)(w, name) }},
		"LeftBehind": {
			reason:   "An application in the list takes over the objects that it left behind.",
			existing: func(w *world, name string) map[string]any { return annotated(name)(w, name) }, adopt: true, taken: true,
		},
		"LeftBehindByAnother": {
			reason: "An object with another controller is not adopted.", adopt: true,
			existing: owned(func(o map[string]any) { o["uid"] = "00000000-0000-4000-8000-000000000002" }),
		},
		"ComposedAsAnother": {reason: "An object that was composed under another name is not adopted.", existing: annotated("another"), adopt: true},
	}

	for name, tc := range cases {
		for _, resource := range []string{compose.NameServiceAccount, compose.NameKeyVault, compose.NameIdentity, compose.NameSecretSync, compose.NameRoleAssignmentApp} {
			t.Run(name+"/"+resource, func(t *testing.T) {
				w := newWorld(t, twoSecrets)
				w.azureAll()
				if tc.adopt {
					w.environment["adopt"] = []any{map[string]any{"namespace": "shop", "name": "shop-api"}}
				}
				there := w.composed[resource]
				o := tc.existing(w, resource)
				delete(w.composed, resource)
				w.others = map[string]map[string]any{fmt.Sprint(there["kind"]): o}
				before := len(w.composed)
				rsp := w.reconcile()
				want := ""
				if !tc.taken {
					want = fmt.Sprintf("cannot compose application shop/shop-api: cannot create %s %s: it already exists and does not belong to this application", o["kind"], at(o, "metadata", "name"))
				}
				checkTaken(t, tc.reason, rsp, want)
				if _, ok := w.composed[resource]; ok != tc.taken {
					t.Errorf("\n%s\nRunFunction(...): want it composed: %t, got %t", tc.reason, tc.taken, ok)
				}
				if len(w.composed) < before {
					t.Errorf("\n%s\nRunFunction(...): something is composed no more", tc.reason)
				}
			})
		}
	}
}

// TestTakenBeside checks that objects of an operator or a chart are not taken over, whatever their
// kind. Existing resources are not looked up, and a ScaledObject only with KEDA.
func TestTakenBeside(t *testing.T) {
	const spec = `{"deployment": {"image": "a", "replicas": 2, "ports": [{"port": 8080}], "resources": {"requests": {"cpu": "1"}}},
		"autoscaling": {"enabled": true, "minReplicas": 2, "maxReplicas": 3, "triggers": [{"type": "cron", "metadata": {"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "3"}}]},
		"networking": {"ingress": {"enabled": true, "hostnames": ["a.example.com"]}, "inbound": {"services": [{"name": "web"}]}}}`
	cases := map[string]struct {
		resource string
		keda     bool
	}{
		"Ingress":                 {resource: compose.NameIngress},
		"HorizontalPodAutoscaler": {resource: compose.NameAutoscaler},
		"ScaledObject":            {resource: compose.NameScaledObject, keda: true},
		"NetworkPolicy":           {resource: compose.NameNetworkPolicy},
	}
	for kind, tc := range cases {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, spec)
			w.environment["autoscaling"] = map[string]any{"keda": tc.keda}
			w.environment["networkPolicy"] = map[string]any{"enabled": true}
			w.azureAll()
			w.reconcile()
			asked := func() bool {
				_, ok := w.call().GetRequirements().GetResources()[namesakeOf(tc.resource, kind)]
				return ok
			}
			there, ok := w.composed[tc.resource]
			if !ok || asked() {
				t.Fatalf("want %s composed and not looked for, got %t, %t", kind, ok, asked())
			}
			delete(w.composed, tc.resource)
			if !asked() {
				t.Errorf("%s is not looked for before it is created", kind)
			}
			w.others = map[string]map[string]any{kind: {"apiVersion": there["apiVersion"], "kind": kind, "metadata": map[string]any{"name": "shop-api", "namespace": "shop"}}}
			checkTaken(t, kind, w.reconcile(), "cannot compose application shop/shop-api: cannot create "+kind+" shop-api: it already exists and does not belong to this application")
			w.own(tc.resource, w.others[kind])
			checkTaken(t, kind, w.reconcile(), "")
			for name := range w.call().GetRequirements().GetResources() {
				if name == namesakeOf(compose.NameScaledObject, "ScaledObject") && !tc.keda {
					t.Error("a ScaledObject is looked for, where there may be no such kind")
				}
			}
		})
	}
}

// TestForeignBudget checks that an application with a foreign PodDisruptionBudget runs without its own.
func TestForeignBudget(t *testing.T) {
	w := newWorld(t, `{"deployment": {"image": "a", "replicas": 2}}`)
	w.others = map[string]map[string]any{"PodDisruptionBudget": {
		"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": map[string]any{"name": "shop-api", "namespace": "shop"},
	}}
	w.azureAll()
	rsp := w.reconcile()
	_, budget := desired(rsp, compose.NamePodDisruptionBudget)["kind"]
	_, pods := desired(rsp, compose.NameDeployment)["kind"]
	if f := fatal(rsp); f != "" || budget || !pods {
		t.Errorf("RunFunction(...): want the Deployment and no budget, got %t, %t, %q", pods, budget, f)
	}
}

// TestBackFromKEDA checks that KEDA's HorizontalPodAutoscaler does not block the application's own of
// the same name. KEDA deletes it with the ScaledObject.
func TestBackFromKEDA(t *testing.T) {
	w := newWorld(t, `{"deployment": {"image": "a", "resources": {"requests": {"cpu": "1"}}},
		"autoscaling": {"enabled": true, "maxReplicas": 3, "triggers": [{"type": "cron", "metadata": {"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "3"}}]}}`)
	w.environment["autoscaling"] = map[string]any{"keda": true}
	w.azureAll()
	w.reconcile()
	delete(nested(w.xr, "spec", "autoscaling"), "triggers")
	w.others = map[string]map[string]any{"HorizontalPodAutoscaler": {
		"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": "shop-api", "namespace": "shop"},
	}}
	rsp := w.call()
	_, keda := desired(rsp, compose.NameScaledObject)["kind"]
	_, cpu := desired(rsp, compose.NameAutoscaler)["kind"]
	if f := fatal(rsp); f != "" || keda || !cpu {
		t.Errorf("RunFunction(...): want the autoscaler instead of the ScaledObject, got %t, %t, %q", cpu, keda, f)
	}
}

// checkTaken checks the beginning of the fatal result, or that there is none.
func checkTaken(t *testing.T, reason string, rsp *fnv1.RunFunctionResponse, want string) {
	t.Helper()
	if got := fatal(rsp); !strings.HasPrefix(got, want) || want == "" && got != "" {
		t.Errorf("\n%s\nRunFunction(...): want fatal result %q, got %q", reason, want, got)
	}
}

// TestTTL checks that an application without pending changes is not reconciled every minute.
func TestTTL(t *testing.T) {
	w := newWorld(t, twoSecrets)
	if got := w.call().GetMeta().GetTtl().AsDuration(); got != time.Minute {
		t.Errorf("RunFunction(...): want a TTL of a minute while there is something to wait for, got %s", got)
	}
	w = runningWorld(t)
	if got := w.call().GetMeta().GetTtl().AsDuration(); got != 10*time.Minute {
		t.Errorf("RunFunction(...): want a TTL of 10 minutes for an application at rest, got %s", got)
	}
}

// TestClaim checks that an application behind a claim is composed like a namespaced one, and that
// its claim gets the conditions.
func TestClaim(t *testing.T) {
	run := func(claim bool) *fnv1.RunFunctionResponse {
		w := newWorld(t, twoSecrets)
		if claim {
			w.behindClaim()
		}
		w.azureAll()
		w.sync("postgres-credentials", "Synced", "POSTGRES_USER")

		return w.reconcile()
	}
	namespaced, claim := run(false), run(true)
	if diff := cmp.Diff(namespaced.GetDesired().GetResources(), claim.GetDesired().GetResources(), protocmp.Transform()); diff != "" {
		t.Errorf("RunFunction(...): -namespaced, +claim:\n%s", diff)
	}
	for name, r := range claim.GetDesired().GetResources() {
		if got := nested(r.GetResource().AsMap(), "metadata")["namespace"]; got != "shop" {
			t.Errorf("RunFunction(...): %s: want the namespace of the claim, got %v", name, got)
		}
	}
	for _, c := range claim.GetConditions() {
		if c.GetTarget() != fnv1.Target_TARGET_COMPOSITE_AND_CLAIM {
			t.Errorf("RunFunction(...): condition %s does not reach the claim", c.GetType())
		}
	}
	if len(claim.GetConditions()) != 6 {
		t.Errorf("RunFunction(...): want 6 conditions, got %d", len(claim.GetConditions()))
	}
}

// TestEarlierFunctions checks that the desired state of earlier functions stays.
func TestEarlierFunctions(t *testing.T) {
	w := newWorld(t, `{}`)
	req := w.request()
	req.Desired = &fnv1.State{
		Composite: &fnv1.Resource{Resource: resource.MustStructJSON(`{"status":{"region":"moon"}}`)},
		Resources: map[string]*fnv1.Resource{"bucket": {Resource: resource.MustStructJSON(`{"kind":"Bucket"}`)}},
	}
	rsp := w.converse(req)
	if _, ok := rsp.GetDesired().GetResources()["bucket"]; !ok {
		t.Errorf("RunFunction(...): a resource of an earlier function is gone")
	}
	status := nested(rsp.GetDesired().GetComposite().GetResource().AsMap(), "status")
	if status["region"] != "moon" || status["keyVault"] == nil {
		t.Errorf("RunFunction(...): want the status of an earlier function beside ours, got %v", status)
	}
}

// TestEarlierFunctionsKept checks that without settings, only resources of this function are kept:
// all others belong to other functions.
func TestEarlierFunctionsKept(t *testing.T) {
	w := runningWorld(t)
	want := w.observed()
	w.composed["bucket"] = map[string]any{"kind": "Bucket"}
	w.environment = nil
	if diff := cmp.Diff(want, desiredNames(w.call())); diff != "" {
		t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
	}
}

// TestFatalConditions checks that an invalid manifest keeps the other conditions.
func TestFatalConditions(t *testing.T) {
	w := runningWorld(t)
	nested(w.xr, "status")["conditions"] = []any{map[string]any{"type": "KeyVaultReady", "status": "True", "reason": "Available", "message": "m"}}
	nested(w.xr, "spec")["secrets"] = []any{map[string]any{"name": "a_b"}}
	rsp := w.call()
	got := map[string]string{}
	for _, c := range rsp.GetConditions() {
		got[c.GetType()] = c.GetStatus().String() + " " + c.GetReason()
	}
	want := map[string]string{
		"AccessReady": "STATUS_CONDITION_UNKNOWN Invalid", "FieldsIgnored": "STATUS_CONDITION_UNKNOWN Invalid", "IdentityReady": "STATUS_CONDITION_UNKNOWN Invalid",
		"KeyVaultReady": "STATUS_CONDITION_TRUE Available", "SecretsSynced": "STATUS_CONDITION_UNKNOWN Invalid", "WorkloadReady": "STATUS_CONDITION_FALSE Invalid",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("RunFunction(...): -want conditions, +got:\n%s", diff)
	}
}

// TestChangeIsNotReady checks that an application is not ready during a change, although its old
// pods were.
func TestChangeIsNotReady(t *testing.T) {
	w := runningWorld(t)
	if got := w.call().GetDesired().GetResources()[compose.NameDeployment].GetReady(); got != fnv1.Ready_READY_TRUE {
		t.Errorf("RunFunction(...): want a Deployment at rest to be ready, got %s", got)
	}
	nested(w.xr, "spec", "config")["LOG_LEVEL"] = "debug"
	rsp := w.call()
	if got := rsp.GetDesired().GetResources()[compose.NameDeployment].GetReady(); got != fnv1.Ready_READY_FALSE {
		t.Errorf("RunFunction(...): want a Deployment that changes not to be ready, got %s", got)
	}
	if got := rsp.GetMeta().GetTtl().AsDuration(); got != time.Minute {
		t.Errorf("RunFunction(...): want to be called again soon, got a TTL of %s", got)
	}
}

// TestRecreate checks that an application that is deleted and created again, with other settings,
// finds its unchanged vault.
func TestRecreate(t *testing.T) {
	w := runningWorld(t)
	vault := at(w.composed[compose.NameKeyVault], "metadata", "annotations", "crossplane.io/external-name")
	again := newWorld(t, twoSecrets)
	again.environment["location"] = "northeurope"
	again.reconcile()
	again.azure(compose.NameKeyVault)
	nested(again.composed[compose.NameKeyVault], "status", "atProvider")["location"] = "westeurope"
	got := desired(again.reconcile(), compose.NameKeyVault)
	if diff := cmp.Diff([]any{vault, "westeurope"}, []any{at(got, "metadata", "annotations", "crossplane.io/external-name"), at(got, "spec", "forProvider", "location")}); diff != "" {
		t.Errorf("RunFunction(...): -want vault and location, +got:\n%s", diff)
	}
}

// TestOnlyStatus checks that only the status of the composite resource is desired.
func TestOnlyStatus(t *testing.T) {
	xr := runningWorld(t).call().GetDesired().GetComposite().GetResource().AsMap()
	want := []string{"apiVersion", "kind", "status"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(xr))); diff != "" {
		t.Errorf("RunFunction(...): -want fields of the composite resource, +got:\n%s", diff)
	}
}

// TestNoEvents checks that a call writes no event, which would be one a minute for each
// application.
func TestNoEvents(t *testing.T) {
	if r := runningWorld(t).call().GetResults(); len(r) > 0 {
		t.Errorf("RunFunction(...): want no results, got %v", r)
	}
}

// TestKeysAreBounded uses a vault with more keys than the status lists, many of which become one
// variable.
func TestKeysAreBounded(t *testing.T) {
	w := runningWorld(t)
	keys := []string{"POSTGRES_USER", "POSTGRES_PASSWORD"}
	for i := range 250 {
		keys = append(keys, fmt.Sprintf("K_%04d", i))
	}
	for i := range 250 {
		keys = append(keys, "A"+strings.Repeat("_", i%5)+strings.Repeat("-", 5+i/5)+"B")
	}
	w.sync("postgres-credentials", "Synced", keys...)
	rsp := w.call()
	secret := list(at(rsp.GetDesired().GetComposite().GetResource().AsMap(), "status", "secrets"))[0]
	if env, _ := secret["env"].([]any); len(env) != v1alpha1.MaxListed {
		t.Errorf("RunFunction(...): want the first %d variables of the secret, got %d", v1alpha1.MaxListed, len(env))
	}
	if env := podOf(t, desired(rsp, compose.NameDeployment)).Env; len(env) < 250 {
		t.Errorf("RunFunction(...): want all variables in the pod, got %d", len(env))
	}
	if m := condition(rsp, compose.TypeSecretsSynced).GetMessage(); len(m) > 1000 {
		t.Errorf("RunFunction(...): want a message of one line, got %d characters: %q", len(m), m)
	}
}
