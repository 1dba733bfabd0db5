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
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

const tenantLabel = "meta.p6m.dev/tenant"

// A thing is a vault or an identity in Azure.
type thing struct {
	tags map[string]any
	// mark is part of all values that Azure returns about the thing.
	mark    string
	deleted bool
}

// A cloud has the vaults and identities in Azure, by the name of the composed resource. It acts as the provider, limited by the
// management policies of a managed resource, before the function sees anything.
type cloud map[string]*thing

// reconcile acts as the provider for one managed resource.
func (c cloud) reconcile(w *world, name string) {
	o, ok := w.composed[name]
	if !ok {
		return
	}
	spec := nested(o, "spec")
	policies, _ := spec["managementPolicies"].([]any)
	wanted, _ := at(spec, "forProvider", "tags").(map[string]any)

	if c[name] == nil && slices.Contains(policies, any("Create")) {
		c[name] = &thing{tags: maps.Clone(wanted), mark: "44444444"}
		annotate(o, "crossplane.io/external-create-succeeded", "2026-01-01T00:00:00Z")
	}
	t := c[name]
	if t == nil {
		fail(o)
		return
	}
	if slices.Contains(policies, any("Update")) {
		t.tags = maps.Clone(wanted)
	}
	nested(o, "status")["atProvider"] = map[string]any{
		"id":       "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/" + t.mark + "/providers/x/" + name,
		"vaultUri": "https://" + t.mark + ".vault.azure.net/",
		"clientId": t.mark + "-4444-4444-8444-444444444444", "principalId": t.mark + "-4444-4444-8444-444444444444",
		"tags": maps.Clone(t.tags), "location": t.mark, "resourceGroupName": t.mark, "tenantId": t.mark, "purgeProtectionEnabled": false,
	}
	becomeReady(o)
}

// fail sets the conditions of a managed resource whose creation failed.
func fail(o map[string]any) {
	nested(o, "status")["conditions"] = []any{map[string]any{
		"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "any text",
		"observedGeneration": nested(o, "metadata")["generation"],
	}}
}

// delete deletes the application: the provider deletes all objects that its policies allow.
func (c cloud) delete(w *world) {
	for name, t := range c {
		policies, _ := at(w.composed[name], "spec", "managementPolicies").([]any)
		t.deleted = t.deleted || slices.Contains(policies, any("Delete"))
	}
	w.composed = map[string]map[string]any{}
	delete(w.xr, "status")
}

// live alternates the function and the provider until nothing changes.
func (c cloud) live(w *world) *fnv1.RunFunctionResponse {
	for range 6 {
		w.reconcile()
		for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
			c.reconcile(w, name)
		}
		for name := range w.composed {
			if strings.HasPrefix(name, "role-assignment") || name == compose.NameFederatedCredential {
				becomeReady(w.composed[name])
			}
		}
	}

	return w.reconcile()
}

// provenWorld has a platform that requires proof of ownership.
func provenWorld(tb testing.TB) *world {
	tb.Helper()
	w := newWorld(tb, `{"keyVault": {"deletionPolicy": "Purge"}, "secrets": [{"name": "a"}]}`)
	w.environment["tenantLabel"] = tenantLabel
	w.tenant("acme")

	return w
}

// tenant labels the Namespace.
func (w *world) tenant(name string) {
	w.others = map[string]map[string]any{"Namespace": {"metadata": map[string]any{"name": "shop", "labels": map[string]any{tenantLabel: name}}}}
}

func policies(o map[string]any) string {
	list, _ := at(o, "spec", "managementPolicies").([]any)
	return strings.Trim(fmt.Sprint(list), "[]")
}

// own returns the tags of the application.
func ownTags() map[string]any {
	return map[string]any{"application": "shop-api", "namespace": "shop", "tenant": "acme"}
}

func with(m map[string]any, k string, v any) map[string]any {
	m = maps.Clone(m)
	delete(m, k)
	if v != nil {
		m[k] = v
	}

	return m
}

const fullPolicies = "Observe Create Update Delete"

// TestOwnership shows which existing Azure objects an application uses.
func TestOwnership(t *testing.T) {
	cases := map[string]struct {
		reason string
		tags   map[string]any
		want   bool
	}{
		"Own":              {"An object with the tags of the application belongs to it.", ownTags(), true},
		"MoreTags":         {"Others may add tags of their own.", with(ownTags(), "cost-center", "7"), true},
		"TagCase":          {"Azure ignores case in names of tags.", with(with(ownTags(), "tenant", nil), "Tenant", "acme"), true},
		"OtherTenant":      {"Objects of another tenant are never taken over, even if all else is equal.", with(ownTags(), "tenant", "mallory"), false},
		"ValueCase":        {"Azure does not ignore case in values of tags.", with(ownTags(), "tenant", "Acme"), false},
		"NoTenant":         {"Tags without a tenant prove nothing.", with(ownTags(), "tenant", nil), false},
		"OtherApplication": {"An object of another application of the tenant is foreign.", with(ownTags(), "application", "web"), false},
		"OtherNamespace":   {"An object of another namespace is foreign.", with(ownTags(), "namespace", "billing"), false},
		"TwoTenants":       {"Contradicting tags prove nothing.", with(ownTags(), "TENANT", "mallory"), false},
		"NotText":          {"A tag that is not a string proves nothing.", with(ownTags(), "tenant", 7.0), false},
		"None":             {"An object without tags belongs to another owner.", nil, false},
	}
	for name, tc := range cases {
		for resource, conditionType := range map[string]string{compose.NameKeyVault: compose.TypeKeyVaultReady, compose.NameIdentity: compose.TypeIdentityReady} {
			t.Run(name+"/"+resource, func(t *testing.T) {
				w, c := provenWorld(t), cloud{resource: {tags: tc.tags, mark: "55555555"}}
				rsp := c.live(w)
				if !tc.want {
					checkForeign(t, tc.reason, w, rsp, resource, conditionType)
					c.delete(w)
					if diff := cmp.Diff(&thing{tags: tc.tags, mark: "55555555"}, c[resource], cmp.AllowUnexported(thing{})); diff != "" {
						t.Errorf("\n%s\nin Azure, after the application was deleted: -before, +after:\n%s", tc.reason, diff)
					}

					// The platform team confirms that the object belongs to the application.
					c[resource].tags = ownTags()
					rsp = c.live(w)
				}
				got := []any{policies(desired(rsp, resource)), condition(rsp, conditionType).GetReason(), tells(rsp, "55555555")}
				if diff := cmp.Diff([]any{fullPolicies, compose.ReasonAvailable, true}, got); diff != "" {
					t.Errorf("\n%s\nRunFunction(...): -want policies, reason and whether it is used, +got:\n%s", tc.reason, diff)
				}
			})
		}
	}
}

// checkForeign checks that a vault or an identity is not used or changed, and that the condition
// explains what to do.
func checkForeign(t *testing.T, reason string, w *world, rsp *fnv1.RunFunctionResponse, resource, conditionType string) {
	t.Helper()
	got := []any{
		policies(desired(rsp, resource)), condition(rsp, conditionType).GetReason(), tells(rsp, "55555555"),
		rsp.GetDesired().GetResources()[resource].GetReady(), w.composed[compose.NameRoleAssignmentApp] != nil,
	}
	if diff := cmp.Diff([]any{"Observe", compose.ReasonOwnedByAnother, false, fnv1.Ready_READY_FALSE, false}, got); diff != "" {
		t.Errorf("\n%s\nRunFunction(...): -want policies, reason, whether it is used or ready or there is a role, +got:\n%s", reason, diff)
	}
	for _, say := range []string{"shop-api-", "application=shop-api, namespace=shop, tenant=acme"} {
		if message := condition(rsp, conditionType).GetMessage(); !strings.Contains(message, say) {
			t.Errorf("\n%s\nRunFunction(...): want a message that says %q, got %q", reason, say, message)
		}
	}
}

// tells reports whether a mark is in a desired resource, a condition or the status.
func tells(rsp *fnv1.RunFunctionResponse, mark string) bool {
	b, err := json.Marshal(rsp)
	return err != nil || strings.Contains(string(b), mark)
}

// TestOwnershipSequence shows how a new application gets a vault and an identity if ownership must
// be proven.
func TestOwnershipSequence(t *testing.T) {
	w, c := provenWorld(t), cloud{}
	vault := func() map[string]any { return w.composed[compose.NameKeyVault] }
	look := func() {
		c.reconcile(w, compose.NameKeyVault)
		c.reconcile(w, compose.NameIdentity)
	}
	steps := []struct {
		reason string
		do     func()
		want   string
	}{
		{"The provider must look first.", func() {}, "Observe"},
		{"The provider has not looked yet.", func() {}, "Observe"},
		{"A failure of an earlier generation does not count.", func() {
			look()
			nested(vault(), "metadata")["generation"] = 2.0
		}, "Observe"},
		{"The provider has looked and found nothing.", look, "Observe Create"},
		{"The provider has not created the vault yet.", func() {}, "Observe Create"},
		{"The provider has created the vault with the tags of the application.", look, "Observe Create Update Delete"},
		{"A lost status changes nothing.", func() { delete(vault(), "status") }, "Observe Create Update Delete"},
		{"Another owner in the tags changes nothing: the provider reverts a tag that was changed by hand.", func() {
			look()
			nested(vault(), "status", "atProvider", "tags")["tenant"] = "mallory"
		}, "Observe Create Update Delete"},
	}
	for _, s := range steps {
		s.do()
		rsp := w.reconcile()
		if diff := cmp.Diff(s.want, policies(desired(rsp, compose.NameKeyVault))); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want policies of the vault, +got:\n%s", s.reason, diff)
		}
		if got := condition(rsp, compose.TypeKeyVaultReady).GetReason(); !strings.Contains(s.want, "Update") && got != compose.ReasonCreating {
			t.Errorf("\n%s\nRunFunction(...): want reason %s, got %s", s.reason, compose.ReasonCreating, got)
		}
	}
}

// TestOwnershipGeneration checks that a provider without observedGeneration is trusted, because it is
// safe to let it create.
func TestOwnershipGeneration(t *testing.T) {
	w := provenWorld(t)
	w.reconcile()
	for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
		nested(w.composed[name], "status")["conditions"] = []any{map[string]any{"type": "Synced", "status": "False"}}
	}
	rsp := w.reconcile()
	for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
		if diff := cmp.Diff("Observe Create", policies(desired(rsp, name))); diff != "" {
			t.Errorf("RunFunction(...): %s: -want policies, +got:\n%s", name, diff)
		}
	}
}

// TestOwnershipRefused checks that Azure's error about a vault is reported as soon as the provider
// may create it, and not before.
func TestOwnershipRefused(t *testing.T) {
	w := provenWorld(t)
	for i, want := range []string{compose.ReasonCreating, compose.ReasonCreating, compose.ReasonAzureRefused} {
		rsp := w.reconcile()
		if got := condition(rsp, compose.TypeKeyVaultReady).GetReason(); got != want {
			t.Errorf("RunFunction(...): call %d: want reason %s, got %s", i, want, got)
		}
		fail(w.composed[compose.NameKeyVault])
	}
}

// TestOwnershipRefusedInBackground checks that Azure's error is shown while the provider retries and
// only its last operation reports the error, and that a wrong setting can then be corrected.
func TestOwnershipRefusedInBackground(t *testing.T) {
	ongoing := []any{
		map[string]any{"type": "Ready", "status": "False", "reason": "Creating"},
		map[string]any{"type": "Synced", "status": "True", "reason": "ReconcileSuccess"},
	}
	refused := map[string]any{"type": "LastAsyncOperation", "status": "False", "reason": "AsyncCreateFailure", "message": "async create failed: QuotaExceeded"}

	w := provenWorld(t)
	w.reconcile()
	vault := func() map[string]any { return w.composed[compose.NameKeyVault] }
	fail(vault())
	w.reconcile()
	annotate(vault(), "crossplane.io/external-create-succeeded", "2026-01-01T00:00:00Z")
	w.environment["location"] = "northeurope"

	steps := []struct {
		reason           string
		conditions       []any
		want, says, asks string
	}{
		{"Azure is asked for the first time.", ongoing, compose.ReasonCreating, "No action is needed.", "westeurope"},
		{"The provider asks again.", append(slices.Clone(ongoing), refused), compose.ReasonAzureRefused, "async create failed: QuotaExceeded", "northeurope"},
	}
	for _, s := range steps {
		nested(vault(), "status")["conditions"] = s.conditions
		rsp := w.reconcile()
		c := condition(rsp, compose.TypeKeyVaultReady)
		if diff := cmp.Diff(s.want, c.GetReason()); diff != "" || !strings.Contains(c.GetMessage(), s.says) {
			t.Errorf("\n%s\nRunFunction(...): -want reason, +got:\n%s\nwant a message that says %q, got %q", s.reason, diff, s.says, c.GetMessage())
		}
		got := desired(rsp, compose.NameKeyVault)
		if diff := cmp.Diff([]any{"Observe Create", s.asks}, []any{policies(got), at(got, "spec", "forProvider", "location")}); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): -want policies and location, +got:\n%s", s.reason, diff)
		}
	}
}

// TestTenant shows an application whose tenant is unknown, or changes.
func TestTenant(t *testing.T) {
	const full = fullPolicies
	type want struct {
		names            []string
		tenant, policies any
		says             string
	}
	all := []string{"federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", "secret-sync", "service-account"}
	cases := map[string]struct {
		reason  string
		running bool
		change  func(w *world)
		want    want
	}{
		"NoLabel": {
			reason: "Without the label, nothing is composed, and the condition names the label.",
			change: func(w *world) { w.tenant("") },
			want:   want{says: "Namespace shop has no label meta.p6m.dev/tenant"},
		},
		"OtherLabels": {
			reason: "Other labels do not matter.",
			change: func(w *world) {
				nested(w.others["Namespace"], "metadata")["labels"] = map[string]any{"tenant": "acme"}
			},
			want: want{says: "Namespace shop has no label meta.p6m.dev/tenant"},
		},
		"NoNamespace": {
			reason: "Without the Namespace, no new resources are composed.",
			change: func(w *world) { w.others = nil },
			want:   want{says: "cannot find Namespace shop, whose label meta.p6m.dev/tenant"},
		},
		"LabelLost": {
			reason: "Existing resources are kept when the label is lost.", running: true,
			change: func(w *world) { w.tenant("") },
			want:   want{names: all, tenant: "acme", policies: full, says: "Namespace shop has no label meta.p6m.dev/tenant"},
		},
		"NamespaceLost": {
			reason: "Without the Namespace, existing resources are kept.", running: true,
			change: func(w *world) { w.others = nil },
			want:   want{names: all, tenant: "acme", policies: full, says: "cannot find Namespace shop"},
		},
		"LabelChanged": {
			reason: "Existing objects keep their tenant when the label of the Namespace changes, and a note says so.", running: true,
			change: func(w *world) { w.tenant("mallory") },
			want:   want{names: all, tenant: "acme", policies: full, says: "the vault still belongs to tenant acme, although the Namespace now belongs to tenant mallory"},
		},
		"MovedByPlatform": {
			reason: "The platform moves the vault with the tag of the managed resource.", running: true,
			change: func(w *world) {
				w.tenant("beta")
				nested(w.composed[compose.NameKeyVault], "spec", "forProvider", "tags")["tenant"] = "beta"
			},
			want: want{names: all, tenant: "beta", policies: full, says: "Put values into"},
		},
		"TurnedOff": {
			reason: "Without the setting, nothing is proven or blocked.", running: true,
			change: func(w *world) { delete(w.environment, "tenantLabel") },
			want:   want{names: all, policies: full, says: "Put values into"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w, c := provenWorld(t), cloud{}
			if tc.running {
				c.live(w)
			}
			tc.change(w)
			rsp := w.reconcile()
			if f := fatal(rsp); f != "" {
				t.Fatalf("\n%s\nRunFunction(...): unexpected fatal result: %s", tc.reason, f)
			}
			if diff := cmp.Diff(tc.want.names, desiredNames(rsp)); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want desired resources, +got:\n%s", tc.reason, diff)
			}
			if got := condition(rsp, compose.TypeKeyVaultReady).GetMessage(); !strings.Contains(got, tc.want.says) {
				t.Errorf("\n%s\nRunFunction(...): want a message that says %q, got %q", tc.reason, tc.want.says, got)
			}
			if !tc.running {
				return
			}
			vault := desired(rsp, compose.NameKeyVault)
			if diff := cmp.Diff([]any{tc.want.tenant, tc.want.policies}, []any{at(vault, "spec", "forProvider", "tags", "tenant"), policies(vault)}); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want tenant and policies, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTenantLater checks that a platform that starts to require proof blocks no running
// application: it gets the tag, and keeps its resources.
func TestTenantLater(t *testing.T) {
	w, c := provenWorld(t), cloud{}
	delete(w.environment, "tenantLabel")
	before := c.live(w)
	w.environment["tenantLabel"] = tenantLabel
	after := c.live(w)
	if diff := cmp.Diff(before.GetConditions(), after.GetConditions(), protocmp.Transform()); diff != "" {
		t.Errorf("RunFunction(...): -before conditions, +after:\n%s", diff)
	}
	for name := range before.GetDesired().GetResources() {
		was, is := desired(before, name), desired(after, name)
		if name == compose.NameKeyVault || name == compose.NameIdentity {
			nested(was, "spec", "forProvider", "tags")["tenant"] = "acme"
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("RunFunction(...): %s: -before, +after:\n%s", name, diff)
		}
	}

	// A resource that does not exist in Azure yet has to be proven.
	w = provenWorld(t)
	delete(w.environment, "tenantLabel")
	w.reconcile()
	w.environment["tenantLabel"] = tenantLabel
	if got := policies(desired(w.reconcile(), compose.NameKeyVault)); got != "Observe" {
		t.Errorf("RunFunction(...): want a vault that is not in Azure to be looked for, got policies %q", got)
	}
}

// TestTenantTurnedOff checks that a lost setting does not give a blocked application access.
func TestTenantTurnedOff(t *testing.T) {
	foreign := with(ownTags(), "tenant", "mallory")
	w, c := provenWorld(t), cloud{compose.NameKeyVault: {tags: foreign, mark: "55555555"}}
	c.live(w)
	delete(w.environment, "tenantLabel")
	rsp := c.live(w)
	if diff := cmp.Diff([]any{"Observe", foreign, false}, []any{policies(desired(rsp, compose.NameKeyVault)), c[compose.NameKeyVault].tags, tells(rsp, "55555555")}); diff != "" {
		t.Errorf("RunFunction(...): -want policies, tags, and whether anything was read, +got:\n%s", diff)
	}
}

// TestTagsOfPlatform checks that vault and identity have the tags of the platform beside their own.
func TestTagsOfPlatform(t *testing.T) {
	w := provenWorld(t)
	w.environment["tags"] = map[string]any{"cost-center": "7"}
	rsp := cloud{}.live(w)
	for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
		if diff := cmp.Diff(any(with(ownTags(), "cost-center", "7")), at(desired(rsp, name), "spec", "forProvider", "tags")); diff != "" {
			t.Errorf("RunFunction(...): %s: -want tags, +got:\n%s", name, diff)
		}
	}
}

// TestAdoptedVaultIsNotProven checks that an assigned vault is used as before: the assignment is
// the proof.
func TestAdoptedVaultIsNotProven(t *testing.T) {
	w := adoptingWorld(t)
	w.environment["tenantLabel"] = tenantLabel
	w.tenant("acme")
	rsp := w.reconcile()
	if diff := cmp.Diff([]any{"Observe", compose.ReasonAvailable}, []any{policies(desired(rsp, compose.NameKeyVault)), condition(rsp, compose.TypeKeyVaultReady).GetReason()}); diff != "" {
		t.Errorf("RunFunction(...): -want policies and reason, +got:\n%s", diff)
	}
}

// TestRequireNamespace checks that the Namespace is required where it matters, and that nothing is
// decided before it is known.
func TestRequireNamespace(t *testing.T) {
	want := &fnv1.ResourceSelector{ApiVersion: "v1", Kind: "Namespace", Match: &fnv1.ResourceSelector_MatchName{MatchName: "shop"}}
	for _, claim := range []bool{false, true} {
		w := provenWorld(t)
		if claim {
			w.behindClaim()
		}
		rsp, err := NewFunction(nopLogger()).RunFunction(t.Context(), w.request())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, rsp.GetRequirements().GetResources()[requirementNamespace], protocmp.Transform()); diff != "" {
			t.Errorf("RunFunction(...): claim %t: -want requirement, +got:\n%s", claim, diff)
		}
		if n := len(rsp.GetDesired().GetResources()); n > 0 || fatal(rsp) != "" {
			t.Errorf("RunFunction(...): claim %t: want nothing composed and no fatal result, got %d resources, %q", claim, n, fatal(rsp))
		}
	}
}

// TestRetiredNamespace checks that a new owner of a namespace does not get its former vaults.
func TestRetiredNamespace(t *testing.T) {
	const why = "cannot compose application shop/shop-api: metadata.namespace: Forbidden: namespace shop is retired"
	cases := map[string]struct {
		reason  string
		retired []any
		running bool
		want    string
	}{
		"New":     {"A new application would get the vault of an earlier one.", []any{"old", "shop"}, false, why},
		"Running": {"An application with a vault is not affected.", []any{"shop"}, true, ""},
		"Other":   {"Other namespaces are not affected.", []any{"shop-old"}, false, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, twoSecrets)
			if tc.running {
				w.azureAll()
			}
			w.environment["retiredNamespaces"] = tc.retired
			got := fatal(w.reconcile())
			if !strings.HasPrefix(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("\n%s\nRunFunction(...): want fatal result %q, got %q", tc.reason, tc.want, got)
			}
			if len(w.composed) > 0 != (tc.want == "") {
				t.Errorf("\n%s\nRunFunction(...): composed are %v", tc.reason, w.observed())
			}
		})
	}
}

// TestOwnershipProperties runs applications in a shared cloud. An object without proof of ownership
// is never changed, deleted or read, whatever the provider reports and the platform does.
func TestOwnershipProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, c := provenWorld(t), cloud{}
		w.environment["tags"] = map[string]any{"owner": "platform"}
		before := map[string]map[string]any{}
		for i, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
			if rapid.Bool().Draw(rt, "taken") {
				c[name] = &thing{tags: anyTags().Draw(rt, "tags"), mark: fmt.Sprintf("5555555%d", i)}
				before[name] = maps.Clone(c[name].tags)
			}
		}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			c.disturb(rt, w)
			tenant, _ := at(w.others["Namespace"], "metadata", "labels", tenantLabel).(string)
			maps.DeleteFunc(before, func(_ string, tags map[string]any) bool { return isOwn(tags, tenant) })

			rsp := w.reconcile()
			if f := fatal(rsp); f != "" {
				rt.Fatalf("a valid application gets a fatal result: %s", f)
			}
			for name, tags := range before {
				if diff := cmp.Diff(tags, c[name].tags); diff != "" || c[name].deleted || tells(rsp, c[name].mark) {
					rt.Fatalf("%s of another owner was changed, deleted (%t) or read: -before, +after:\n%s", name, c[name].deleted, diff)
				}
			}
		}
	})
}

// disturb causes an event.
func (c cloud) disturb(rt *rapid.T, w *world) {
	name := rapid.SampledFrom([]string{compose.NameKeyVault, compose.NameIdentity}).Draw(rt, "name")
	events := map[string]func(){
		"Provider":      func() { c.reconcile(w, name) },
		"ProviderAgain": func() { c.reconcile(w, name) }, // The most frequent event.
		"Label":         func() { w.tenant(rapid.SampledFrom([]string{"acme", "mallory", ""}).Draw(rt, "tenant")) },
		"NamespaceGone": func() { w.others = nil },
		"StatusLost":    func() { delete(w.composed[name], "status") },
		"Deleted":       func() { c.delete(w) },
		"ResourceGone":  func() { delete(w.composed, name) },
		"Unresolved":    func() { w.unresolved = !w.unresolved },
		"SoftDelete":    func() { w.changeSpec(map[string]any{"keyVault": map[string]any{"deletionPolicy": "SoftDelete"}}) },
		"Request": func() {
			if o := w.composed[name]; o != nil {
				annotate(o, "crossplane.io/external-create-pending", rapid.SampledFrom([]string{"2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z"}).Draw(rt, "time"))
			}
		},
		"Failure": func() {
			if o := w.composed[name]; o != nil {
				fail(o)
				nested(o, "metadata")["generation"] = float64(rapid.IntRange(1, 3).Draw(rt, "generation"))
			}
		},
	}
	events[rapid.SampledFrom(slices.Sorted(maps.Keys(events))).Draw(rt, "event")]()
}

func anyTags() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(rt *rapid.T) map[string]any {
		tags := map[string]any{}
		for k, values := range map[string][]string{
			"application": {"shop-api", "web"}, "namespace": {"shop", "billing"}, "tenant": {"acme", "mallory"}, "Tenant": {"acme", "mallory"},
		} {
			if rapid.Bool().Draw(rt, k) {
				tags[k] = rapid.SampledFrom(values).Draw(rt, "value")
			}
		}

		return tags
	})
}

// isOwn reports whether tags name the application. It is independent of the function's code.
func isOwn(tags map[string]any, tenant string) bool {
	values := map[string][]any{}
	for k, v := range tags {
		values[strings.ToLower(k)] = append(values[strings.ToLower(k)], v)
	}
	is := func(k string, v any) bool {
		return len(values[k]) > 0 && !slices.ContainsFunc(values[k], func(x any) bool { return x != v })
	}

	return is("application", "shop-api") && is("namespace", "shop") && is("tenant", tenant)
}

// TestProofRequiredWhileCreated checks that a vault that this application has just created stays its own if the settings require a
// proof before the function has seen the vault: it must look for existing network rules first, so the provider may not change it yet.
func TestProofRequiredWhileCreated(t *testing.T) {
	later := map[string]func(w *world){
		"Tenant":  func(w *world) { w.environment["tenantLabel"] = tenantLabel },
		"Cluster": func(w *world) { w.environment["clusterName"] = "production" },
	}
	for name, require := range later {
		for _, seen := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%t", name, seen), func(t *testing.T) {
				w, c := provenWorld(t), cloud{}
				delete(w.environment, "tenantLabel")
				maps.Copy(nested(w.environment, "keyVault"), closed(false))
				w.reconcile()
				if got := policies(w.composed[compose.NameKeyVault]); got != "Observe Create" {
					t.Fatalf("RunFunction(...): want a vault that is looked for, got policies %q", got)
				}
				c.reconcile(w, compose.NameKeyVault)
				status := nested(w.composed[compose.NameKeyVault], "status")
				if !seen {
					delete(status, "atProvider")
				}
				require(w)
				w.reconcile()
				rsp := c.live(w)
				if got := condition(rsp, compose.TypeKeyVaultReady).GetReason(); got == compose.ReasonOwnedByAnother || !strings.Contains(policies(desired(rsp, compose.NameKeyVault)), "Update") {
					t.Errorf("RunFunction(...): want the vault that was created, got %s with policies %q", got, policies(desired(rsp, compose.NameKeyVault)))
				}
			})
		}
	}

	// A vault that another object has created has to be proven.
	w, c := provenWorld(t), cloud{compose.NameKeyVault: {tags: with(ownTags(), "tenant", nil), mark: "55555555"}}
	delete(w.environment, "tenantLabel")
	maps.Copy(nested(w.environment, "keyVault"), closed(false))
	w.reconcile()
	c.reconcile(w, compose.NameKeyVault)
	w.environment["tenantLabel"] = tenantLabel
	if rsp := c.live(w); condition(rsp, compose.TypeKeyVaultReady).GetReason() != compose.ReasonOwnedByAnother {
		t.Errorf("RunFunction(...): want a foreign vault, got %v", condition(rsp, compose.TypeKeyVaultReady))
	}
}

// TestProofRequiredWhileRequested checks what happens to a vault or an identity if the settings require a proof while the provider asks
// Azure to create it. What the provider has created belongs to the application. That it has asked proves nothing.
//
//nolint:gocognit // A table for each proof and each resource.
func TestProofRequiredWhileRequested(t *testing.T) {
	later := map[string]func(w *world){
		"Tenant":  func(w *world) { w.environment["tenantLabel"] = tenantLabel },
		"Cluster": func(w *world) { w.environment["clusterName"] = "production" },
	}
	cases := map[string]struct {
		reason string
		// outcome of the request in Azure, and the annotation with which the provider records it.
		tags   func(asked map[string]any) map[string]any
		record string
		owned  bool
	}{
		"Created": {"The application has created it.", func(asked map[string]any) map[string]any { return asked }, "crossplane.io/external-create-succeeded", true},
		"Unrecorded": {
			"Without a record of the outcome, somebody else may have created it in the meantime.",
			func(asked map[string]any) map[string]any { return asked }, "", false,
		},
		"Failed": {
			"Somebody else was faster.", func(asked map[string]any) map[string]any { return asked }, "crossplane.io/external-create-failed", false,
		},
		"OtherTags": {
			"Its tags name another application.", func(asked map[string]any) map[string]any { return with(asked, "application", "web") },
			"crossplane.io/external-create-succeeded", false,
		},
	}
	for name, tc := range cases {
		for proof, require := range later {
			for resource, conditionType := range map[string]string{compose.NameKeyVault: compose.TypeKeyVaultReady, compose.NameIdentity: compose.TypeIdentityReady} {
				t.Run(name+"/"+proof+"/"+resource, func(t *testing.T) {
					w, c := provenWorld(t), cloud{}
					delete(w.environment, "tenantLabel")
					w.reconcile()
					o := w.composed[resource]
					asked, _ := at(o, "spec", "forProvider", "tags").(map[string]any)
					annotate(o, "crossplane.io/external-create-pending", "2026-01-01T00:00:00Z")
					require(w)
					rsp := w.reconcile()
					if diff := cmp.Diff([]any{"Observe Create", any(asked)}, []any{policies(desired(rsp, resource)), at(desired(rsp, resource), "spec", "forProvider", "tags")}); diff != "" {
						t.Errorf("\n%s\nRunFunction(...): -want policies and tags during the request, +got:\n%s", tc.reason, diff)
					}

					tags := tc.tags(asked)
					c[resource] = &thing{tags: maps.Clone(tags), mark: "55555555"}
					if tc.record != "" {
						annotate(o, tc.record, "2026-01-01T00:00:01Z")
					}
					rsp = c.live(w)
					got := []any{condition(rsp, conditionType).GetReason() != compose.ReasonOwnedByAnother, strings.Contains(policies(desired(rsp, resource)), "Update"), !cmp.Equal(tags, c[resource].tags)}
					if diff := cmp.Diff([]any{tc.owned, tc.owned, tc.owned}, got); diff != "" {
						t.Errorf("\n%s\nRunFunction(...): -want whether it is used, may be changed and has got the tags of the proof, +got:\n%s", tc.reason, diff)
					}
				})
			}
		}
	}
}
