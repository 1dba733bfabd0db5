// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

const (
	sharedVault  = "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/shared-ab12"
	sharedSync   = "secret-sync-shared-platform"
	sharedRole   = "role-assignment-shared-platform-common-api-key"
	sharedTarget = "shop-api-keyvault.shared.platform"
	ownTarget    = "shop-api-keyvault"
	commonAPIKey = "common-api-key"
	listsCommon  = `{"deployment": {"image": "shop-api:1"}, "secrets": [{"name": "common-api-key"}]}`
)

// share adds an entry of shared secrets to the settings.
func (w *world) share(change func(entry map[string]any)) {
	entry := map[string]any{
		"name": "platform", "vaultUri": "https://shared-ab12.vault.azure.net/", "vaultResourceId": sharedVault,
		"prefixes": []any{"common-"}, "namespaces": []any{"shop"},
	}
	if change != nil {
		change(entry)
	}
	w.environment["secrets"] = map[string]any{"shared": []any{entry}}
}

// syncShared acts as provider-keyvault-secretsync for a shared secret.
func (w *world) syncShared(secret, state string, keys ...string) {
	own := w.composed[compose.NameSecretSync]
	w.composed[compose.NameSecretSync] = w.composed[sharedSync]
	w.sync(secret, state, keys...)
	w.composed[compose.NameSecretSync] = own
	if own == nil {
		delete(w.composed, compose.NameSecretSync)
	}
}

// sharing returns a world whose application has a synced shared secret.
func sharing(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, listsCommon)
	w.share(nil)
	w.azureAll()
	w.syncShared(commonAPIKey, "Synced", "KEY")
	w.reconcile()
	w.rollout()
	w.reconcile()

	return w
}

// sourceOf returns the Kubernetes Secret that variable KEY of the desired pods comes from.
func sourceOf(rsp *fnv1.RunFunctionResponse) string {
	for _, c := range list(at(desired(rsp, compose.NameDeployment), "spec", "template", "spec", "containers")) {
		for _, v := range list(c["env"]) {
			if v["name"] == "KEY" {
				return fmt.Sprint(at(v, "valueFrom", "secretKeyRef", "name"))
			}
		}
	}

	return ""
}

// listed returns the secrets that a desired sync lists.
func listed(rsp *fnv1.RunFunctionResponse, sync string) (names []string) {
	for _, s := range list(at(desired(rsp, sync), "spec", "forProvider", "secrets")) {
		names = append(names, fmt.Sprint(s["name"]))
	}

	return names
}

// stateOf returns state and source of the first secret of the status.
func stateOf(rsp *fnv1.RunFunctionResponse) (state, source string) {
	secrets := list(at(rsp.GetDesired().GetComposite().GetResource().AsMap(), "status", "secrets"))
	if len(secrets) == 0 {
		return "", ""
	}
	text := func(v any) string { s, _ := v.(string); return s }

	return text(secrets[0]["state"]), text(secrets[0]["source"])
}

// TestShared shows a new application with a shared secret.
func TestShared(t *testing.T) {
	rsp := sharing(t).call()
	role := at(desired(rsp, sharedRole), "spec", "forProvider")
	if diff := cmp.Diff(map[string]any{
		"name": at(desired(rsp, sharedRole), "spec", "forProvider", "name"), "principalId": "77777777-7777-4777-8777-777777777777", "principalType": "ServicePrincipal",
		"roleDefinitionName": "Key Vault Secrets User", "scope": sharedVault + "/secrets/common-api-key",
	}, role); diff != "" {
		t.Errorf("RunFunction(...) role assignment: -want, +got:\n%s", diff)
	}
	type parameters struct{ Vault, Client, Target, Create any }
	p := func(name string) any { return at(desired(rsp, sharedSync), "spec", "forProvider", name) }
	got := parameters{p("vaultUri"), p("clientId"), at(desired(rsp, sharedSync), "spec", "forProvider", "target", "name"), p("createMissing")}
	if diff := cmp.Diff(parameters{"https://shared-ab12.vault.azure.net/", "66666666-6666-4666-8666-666666666666", sharedTarget, nil}, got); diff != "" {
		t.Errorf("RunFunction(...) sync: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"deployment", "federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", sharedRole, sharedSync, "service-account"}, desiredNames(rsp)); diff != "" {
		t.Errorf("RunFunction(...): -want names of composed resources, +got:\n%s", diff)
	}
	state, source := stateOf(rsp)
	if state != "Synced" || source != "platform" || sourceOf(rsp) != sharedTarget {
		t.Errorf("RunFunction(...): want a synced secret from the shared vault, got %s from %q in %q", state, source, sourceOf(rsp))
	}
}

// TestSharedChanges shows what an application keeps, and what it loses, when settings or its manifest change.
func TestSharedChanges(t *testing.T) {
	type want struct {
		Shared, Own           []string
		Role                  bool
		State, Source, Target string
	}
	kept := want{Shared: []string{commonAPIKey}, Role: true, State: "Synced", Source: "platform", Target: sharedTarget}
	cases := map[string]struct {
		reason string
		change func(w *world)
		want   want
	}{
		"EntryGone":     {"A setting that goes by accident changes nothing.", func(w *world) { w.environment["secrets"] = map[string]any{} }, kept},
		"NamespaceGone": {"A namespace that is removed by accident changes nothing.", func(w *world) { w.share(func(e map[string]any) { e["namespaces"] = []any{"other"} }) }, kept},
		"NameGone":      {"A name that is removed by accident changes nothing.", func(w *world) { w.share(func(e map[string]any) { e["prefixes"] = []any{"other-"} }) }, kept},
		"VaultChanged": {"An application keeps its vault.", func(w *world) {
			w.share(func(e map[string]any) {
				e["vaultUri"], e["vaultResourceId"] = "https://shared-cd34.vault.azure.net", strings.Replace(sharedVault, "ab12", "cd34", 1)
			})
		}, kept},
		"Granted":      {"A wider grant removes no role.", func(w *world) { w.share(func(e map[string]any) { e["access"] = "Granted" }) }, kept},
		"LimitLowered": {"A lower limit removes no role.", func(w *world) { w.share(func(e map[string]any) { e["maxRoleAssignmentsPerNamespace"] = 1 }) }, kept},
		"RevokedOther": {"A revocation applies to its own application.", func(w *world) {
			w.share(func(e map[string]any) {
				e["revoked"] = []any{map[string]any{"namespace": "shop", "application": "other"}}
			})
		}, kept},
		"Revoked": {"A revocation removes role, sync and values.", func(w *world) {
			w.share(func(e map[string]any) {
				e["revoked"] = []any{map[string]any{"namespace": "shop", "application": "shop-api"}}
			})
		}, want{State: "Revoked", Source: "platform", Target: sharedTarget}},
		"NamespaceRevoked": {"A namespace that is also removed stays revoked.", func(w *world) {
			w.share(func(e map[string]any) {
				e["revoked"], e["namespaces"] = []any{map[string]any{"namespace": "shop"}}, []any{}
			})
		}, want{State: "Revoked", Source: "platform", Target: sharedTarget}},
		"Own": {"The pods use the shared secret until the application's own is synced.", func(w *world) { list(at(w.xr, "spec", "secrets"))[0]["source"] = "Own" }, want{
			Shared: []string{commonAPIKey}, Own: []string{commonAPIKey}, Role: true, State: "Pending", Target: sharedTarget,
		}},
		"NotListed": {"Pods that are being replaced need the secret.", func(w *world) { delete(nested(w.xr, "spec"), "secrets") }, want{Shared: []string{commonAPIKey}, Role: true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := sharing(t)
			tc.change(w)
			rsp := w.call()
			if f := fatal(rsp); f != "" {
				t.Fatalf("\n%s\nRunFunction(...): %s", tc.reason, f)
			}
			got := want{Shared: listed(rsp, sharedSync), Own: listed(rsp, "secret-sync"), Target: sourceOf(rsp)}
			_, got.Role = rsp.GetDesired().GetResources()[sharedRole]
			got.State, got.Source = stateOf(rsp)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestSharedListWith shows who lists the shared vault.
func TestSharedListWith(t *testing.T) {
	listWith := func(rsp *fnv1.RunFunctionResponse) any {
		return at(desired(rsp, sharedSync), "spec", "forProvider", "listWith")
	}
	platform := func(e map[string]any) { e["listWith"] = "ProviderConfig" }
	w := sharing(t)
	for _, s := range []struct {
		reason string
		do     func()
		want   any
	}{
		{"By default, the application lists.", func() {}, nil},
		{"The platform lists if the settings say so.", func() { w.share(platform) }, "ProviderConfig"},
		{"An entry that goes by accident changes nothing.", func() { w.environment["secrets"] = map[string]any{} }, "ProviderConfig"},
		{"The setting can be taken back.", func() { w.share(nil) }, nil},
	} {
		s.do()
		if diff := cmp.Diff(s.want, listWith(w.reconcile())); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want listWith, +got:\n%s", s.reason, diff)
		}
	}
}

// TestSharedSwitch shows how an application with its own secret changes to the shared one.
func TestSharedSwitch(t *testing.T) {
	w := newWorld(t, listsCommon)
	w.azureAll()
	w.sync(commonAPIKey, "Synced", "KEY")
	w.reconcile()
	w.rollout()
	w.reconcile()
	type want struct {
		Shared, Own []string
		Target      string
	}
	both := []string{commonAPIKey}
	steps := []struct {
		reason string
		do     func()
		want   want
	}{
		{"Without the setting, the secret is the application's own.", func() {}, want{Own: both, Target: ownTarget}},
		{"The application keeps its own secret while the shared one is not read.", func() { w.share(nil) }, want{both, both, ownTarget}},
		{"A shared secret without a value changes nothing.", func() { w.syncShared(commonAPIKey, "Missing") }, want{both, both, ownTarget}},
		{"The pods change once the shared secret is synced, and those that are replaced keep theirs.", func() { w.syncShared(commonAPIKey, "Synced", "KEY") }, want{both, both, sharedTarget}},
		{"The own secret is not needed any more.", w.rollout, want{Shared: both, Target: sharedTarget}},
		{"A lost status does not switch back.", func() { delete(w.composed[sharedSync], "status") }, want{Shared: both, Target: sharedTarget}},
	}
	for _, s := range steps {
		s.do()
		w.reconcile()
		rsp := w.reconcile()
		if diff := cmp.Diff(s.want, want{listed(rsp, sharedSync), listed(rsp, "secret-sync"), sourceOf(rsp)}); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", s.reason, diff)
		}
	}
}

// TestSharedLimit checks that one role assignment too many is rejected in a condition, without
// a request to Azure. An application that has the name of another application's assignment does not evade the limit.
func TestSharedLimit(t *testing.T) {
	w := newWorld(t, `{"secrets": [{"name": "common-a"}, {"name": "common-b"}]}`)
	w.share(func(e map[string]any) { e["maxRoleAssignmentsPerNamespace"] = 2 })
	w.others = map[string]map[string]any{"RoleAssignment": {
		"apiVersion": "authorization.azure.m.upbound.io/v1beta1", "kind": "RoleAssignment",
		"metadata": map[string]any{"name": "shop-api", "namespace": "shop", "labels": map[string]any{compose.LabelSharedSecrets: "platform"}},
	}}
	w.own("", w.others["RoleAssignment"]) // A look for namesakes finds it, too.
	w.azureAll()
	rsp := w.call()
	if diff := cmp.Diff([]string{"common-a"}, listed(rsp, sharedSync)); diff != "" {
		t.Errorf("RunFunction(...): -want secrets within the limit, +got:\n%s", diff)
	}
	if _, ok := rsp.GetDesired().GetResources()["role-assignment-shared-platform-common-b"]; ok {
		t.Error("RunFunction(...): want no role assignment above the limit")
	}
	const message = "the limit is 2. Ask your platform team"
	if c := condition(rsp, compose.TypeSecretsSynced); c.GetStatus() != fnv1.Status_STATUS_CONDITION_FALSE || !strings.Contains(c.GetMessage(), message) {
		t.Errorf("RunFunction(...): want condition %q, got %v", message, c)
	}
}

// TestSharedRefused checks that an application that does not get a shared secret is not ready, although nothing that is composed
// shows that, and that one which uses its own secret instead says so.
func TestSharedRefused(t *testing.T) {
	const noRoom = "no more role assignments on the shared secrets platform are allowed in namespace shop: the limit is 1."
	full := func(w *world) {
		w.others = map[string]map[string]any{"RoleAssignment": {
			"apiVersion": "authorization.azure.m.upbound.io/v1beta1", "kind": "RoleAssignment",
			"metadata": map[string]any{"name": "other", "namespace": "shop", "labels": map[string]any{compose.LabelSharedSecrets: "platform"}},
		}}
		w.own("", w.others["RoleAssignment"]) // As in TestSharedLimit.
		w.share(func(e map[string]any) { e["maxRoleAssignmentsPerNamespace"] = 1 })
	}
	type want struct {
		Ready  fnv1.Ready
		Synced fnv1.Status
		State  string
		Source string
	}
	cases := map[string]struct {
		reason  string
		spec    string
		own     bool
		change  func(w *world)
		message string
		want    want
	}{
		"NoRoom":   {"The limit of the namespace is reached.", `{"secrets": [{"name": "common-api-key"}]}`, false, full, noRoom, want{fnv1.Ready_READY_FALSE, fnv1.Status_STATUS_CONDITION_FALSE, "Forbidden", "platform"}},
		"Revoked":  {"The platform has revoked the secret.", `{"secrets": [{"name": "common-api-key"}]}`, false, (*world).revokeShared, "has revoked", want{fnv1.Ready_READY_FALSE, fnv1.Status_STATUS_CONDITION_FALSE, "Revoked", "platform"}},
		"Optional": {"An optional secret does not make the application wait.", `{"secrets": [{"name": "common-api-key", "optional": true}]}`, false, full, noRoom, want{fnv1.Ready_READY_UNSPECIFIED, fnv1.Status_STATUS_CONDITION_FALSE, "Forbidden", "platform"}},
		"Own":      {"The application stays with its own secret.", `{"secrets": [{"name": "common-api-key"}]}`, true, full, noRoom, want{fnv1.Ready_READY_UNSPECIFIED, fnv1.Status_STATUS_CONDITION_TRUE, "Synced", ""}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.spec)
			if tc.own {
				w.azureAll()
				w.sync(commonAPIKey, "Synced", "KEY")
			}
			tc.change(w)
			w.azureAll()
			rsp := w.reconcile()
			c := condition(rsp, compose.TypeSecretsSynced)
			state, source := stateOf(rsp)
			if diff := cmp.Diff(tc.want, want{rsp.GetDesired().GetComposite().GetReady(), c.GetStatus(), state, source}); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
			if !strings.Contains(c.GetMessage(), tc.message) {
				t.Errorf("\n%s\nRunFunction(...): want %q in the message %q", tc.reason, tc.message, c.GetMessage())
			}
		})
	}
}

// TestSharedProperties checks that no application gets a shared secret that is not for its
// namespace, that nothing drops out by accident, and that nobody sees names that it does not list.
func TestSharedProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, `{"deployment": {"image": "shop-api:1"}}`)
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			s := drawSharedState(rt, w)
			rsp := w.call()
			if f := fatal(rsp); f != "" {
				rt.Fatalf("RunFunction(...): %s", f)
			}
			s.check(rt, rsp)
			w.reconcile()
			w.progress(rt, rsp)
		}
	})
}

// A sharedState is a state of manifest and settings, and what was composed before it.
type sharedState struct {
	// own is true for the secrets of the manifest that are the application's own, by name in lower case.
	own              map[string]bool
	allowed, revoked bool
	// synced before, and resources that existed before.
	synced, existing map[string]bool
}

func drawSharedState(rt *rapid.T, w *world) sharedState {
	s := sharedState{own: map[string]bool{}, synced: map[string]bool{}, existing: map[string]bool{}}
	secrets := []any{}
	for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"common-a", "Common-b", "other", "secret"}), 0, 4, strings.ToLower).Draw(rt, "names") {
		secret := map[string]any{"name": n}
		own := rapid.IntRange(0, 4).Draw(rt, "own") == 0
		if own {
			secret["source"] = "Own"
		}
		s.own[strings.ToLower(n)] = own
		secrets = append(secrets, secret)
	}
	nested(w.xr, "spec")["secrets"] = secrets
	w.environment = testSettings()
	if rapid.IntRange(0, 3).Draw(rt, "setting") > 0 {
		s.allowed, s.revoked = rapid.Bool().Draw(rt, "allowed"), rapid.IntRange(0, 5).Draw(rt, "revoked") == 0
		w.share(func(e map[string]any) {
			e["names"] = []any{"HIDDEN-NAME", "Other"}
			if !s.allowed {
				e["namespaces"] = []any{"elsewhere"}
			}
			if s.revoked {
				e["revoked"] = []any{map[string]any{"namespace": "shop"}}
			}
		})
	}
	for _, secret := range list(at(w.composed[sharedSync], "spec", "forProvider", "secrets")) {
		s.synced[strings.ToLower(fmt.Sprint(secret["name"]))] = true
	}
	for name := range w.composed {
		s.existing[name] = true
	}

	return s
}

func (s sharedState) check(rt *rapid.T, rsp *fnv1.RunFunctionResponse) {
	after := map[string]bool{}
	for _, n := range listed(rsp, sharedSync) {
		n = strings.ToLower(n)
		after[n] = true
		if !s.synced[n] && (!s.allowed || s.revoked || n == "secret") {
			rt.Fatalf("%s is new, and not shared with the namespace", n)
		}
	}
	if s.revoked && len(after) > 0 {
		rt.Fatalf("%v is revoked", after)
	}
	for name, own := range s.own {
		if own || s.revoked || !s.synced[name] {
			continue
		}
		role := "role-assignment-shared-platform-" + name
		if _, ok := rsp.GetDesired().GetResources()[role]; !after[name] || !ok && s.existing[role] {
			rt.Fatalf("%s or its role has dropped out", name)
		}
	}
	if strings.Contains(strings.ToUpper(fmt.Sprint(rsp)), "HIDDEN-NAME") {
		rt.Fatal("the response names a secret that the application does not list")
	}
}

// progress acts as the providers for some of the resources.
func (w *world) progress(rt *rapid.T, rsp *fnv1.RunFunctionResponse) {
	for _, name := range w.observed() {
		switch {
		case rapid.IntRange(0, 3).Draw(rt, "azure") == 0:
		case name == sharedSync:
			for _, n := range listed(rsp, name) {
				w.syncShared(n, "Synced", "KEY")
			}
		case name == compose.NameSecretSync:
			for _, n := range listed(rsp, name) {
				w.sync(n, "Synced", "KEY")
			}
		case name == compose.NameDeployment:
			w.rollout()
		default:
			w.azure(name)
		}
	}
}

// TestSharedRevokedWhileKept checks that a revocation takes effect although everything else of the application is kept, and
// whatever its team commits.
func TestSharedRevokedWhileKept(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(w *world)
	}{
		"ZoneDelisted": {reason: "The platform removes a team from its landing zone, and revokes its secrets.", change: func(w *world) {
			nested(w.zones["platform-application-eu"], "landingZone")["namespaces"] = []any{}
		}},
		"ZoneGone":    {reason: "The settings of the zone are missing.", change: func(w *world) { w.zones = nil }},
		"ZoneInvalid": {reason: "The settings of the zone are invalid.", change: func(w *world) { w.zones["platform-application-eu"]["locaton"] = "x" }},
		"TenantGone":  {reason: "The Namespace has lost its tenant.", change: func(w *world) { w.environment["tenantLabel"] = tenantLabel }},
		"OtherInvalid": {reason: "A setting beside the revocation is invalid.", change: func(w *world) {
			w.environment["tenantId"] = "x"
		}},
		"ManifestInvalid": {reason: "A team must not prevent a revocation with a manifest that cannot be composed.", change: func(w *world) {
			nested(w.xr, "spec", "deployment")["ports"] = []any{map[string]any{"port": float64(80)}, map[string]any{"name": "tcp-80", "port": float64(81)}}
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := sharingInZone(t)
			tc.change(w)
			w.revokeShared()
			before := slices.Sorted(maps.Keys(w.composed))
			rsp := w.reconcile()
			lost := slices.DeleteFunc(before, func(name string) bool { return w.composed[name] != nil })
			if diff := cmp.Diff([]string{sharedRole, sharedSync}, lost); diff != "" || fatal(rsp) != "" {
				t.Errorf("\n%s\nRunFunction(...): %s -want resources that are taken away, +got:\n%s", tc.reason, fatal(rsp), diff)
			}
			state, _ := stateOf(rsp)
			if got := condition(rsp, compose.TypeSecretsSynced).GetMessage(); state != "Revoked" || !strings.Contains(got, "has revoked the shared secrets platform") {
				t.Errorf("\n%s\nRunFunction(...): got state %q and message %q", tc.reason, state, got)
			}
			after := slices.Sorted(maps.Keys(w.composed))
			w.reconcile()
			if diff := cmp.Diff(after, slices.Sorted(maps.Keys(w.composed))); diff != "" {
				t.Errorf("\n%s\nRunFunction(...) again: -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

// revokeShared revokes the shared secrets of the whole namespace.
func (w *world) revokeShared() {
	w.share(func(e map[string]any) { e["revoked"] = []any{map[string]any{"namespace": "shop"}} })
}

// TestSharedRevocationMisspelt checks that a revocation with a misspelt field takes nothing away: it could be one of another
// application only.
func TestSharedRevocationMisspelt(t *testing.T) {
	w := sharingInZone(t)
	w.zones = nil
	w.share(func(e map[string]any) { e["revoked"] = []any{map[string]any{"namespace": "shop", "app": "other"}} })
	before := slices.Sorted(maps.Keys(w.composed))
	w.reconcile()
	if diff := cmp.Diff(before, slices.Sorted(maps.Keys(w.composed))); diff != "" {
		t.Errorf("RunFunction(...): -before, +after:\n%s", diff)
	}
}

// sharingInZone returns an application of a landing zone with a shared secret.
func sharingInZone(t *testing.T) *world {
	t.Helper()
	w := zonedWorld(t, "eu")
	w.changeSpec(object(t, listsCommon))
	w.share(nil)
	w.azureAll()
	w.syncShared(commonAPIKey, "Synced", "KEY")
	w.reconcile()

	return w
}

// TestSharedLeftBehind checks that an application that adopts what it left behind takes over its roles on shared secrets: with a
// second object for one role, a revocation would not last.
func TestSharedLeftBehind(t *testing.T) {
	cases := map[string]struct {
		reason  string
		adopt   bool
		label   string
		adopted bool
	}{
		"Adopts":   {reason: "The application takes over its role.", adopt: true, label: "shop-api", adopted: true},
		"OfOther":  {reason: "A resource of this name of another application is not taken over.", adopt: true, label: "other"},
		"NoAdopts": {reason: "Nothing is taken over unless the platform says so.", label: "shop-api"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := sharing(t)
			left := w.composed[sharedRole]
			delete(nested(left, "metadata"), "ownerReferences")
			annotate(left, annotationResource, sharedRole)
			nested(left, "metadata", "labels")[compose.LabelApplication] = tc.label
			delete(w.composed, sharedRole)
			w.others = map[string]map[string]any{"RoleAssignment": left}
			if tc.adopt {
				w.environment["adopt"] = []any{map[string]any{"namespace": "shop", "name": "shop-api"}}
			}
			rsp := w.call()
			if got := at(desired(rsp, sharedRole), "metadata", "name") == at(left, "metadata", "name"); got != tc.adopted {
				t.Errorf("\n%s\nRunFunction(...): adopted: %t, want %t: %v", tc.reason, got, tc.adopted, desiredNames(rsp))
			}
		})
	}
}
