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
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// Issuers of the clusters, and the tags that name them.
const (
	blueIssuer  = "https://oidc.example.com/blue/"
	greenIssuer = "https://oidc.example.com/green/"
	blueTag     = "https://oidc.example.com/blue"
	greenTag    = "https://oidc.example.com/green"
	clusterTag  = "platform-application-cluster"
)

// A part is a resource in Azure.
type part struct {
	tags   map[string]any
	issuer any
	// rules of a vault's network.
	rules any
}

func newPart(parameters map[string]any) *part {
	tags, _ := parameters["tags"].(map[string]any)
	return &part{tags: maps.Clone(tags), issuer: parameters["issuer"], rules: parameters["networkAcls"]}
}

// A subscription has the resources in Azure of all clusters, by kind and external name.
type subscription map[string]*part

// A site is a cluster that runs the application.
type site struct {
	*world

	azure subscription
	// role that the function has last seen.
	role string
	// deletes and updates are called before the provider changes a resource.
	deletes, updates func(key string, p *part)
}

// sites returns two clusters with one name and one Azure.
func sites(tb testing.TB, spec string) (blue, green *site) {
	tb.Helper()
	in := subscription{}
	out := make([]*site, 0, 2)
	for _, issuer := range []string{blueIssuer, greenIssuer} {
		s := &site{world: newWorld(tb, spec), azure: in, deletes: func(string, *part) {}, updates: func(string, *part) {}}
		s.environment["oidcIssuerUrl"] = issuer
		s.environment["clusterName"] = "production"
		out = append(out, s)
	}

	return out[0], out[1]
}

// become sets clusterSharing.
func (s *site) become(role string, peers ...any) {
	s.environment["clusterSharing"] = map[string]any{"role": role, "peers": peers}
}

// isAzure reports whether the Azure providers act for a composed resource.
func isAzure(o map[string]any) bool {
	version, _ := o["apiVersion"].(string)
	return strings.Contains(version, ".azure.")
}

func keyOf(o map[string]any) string {
	name, _ := at(o, "metadata", "annotations", "crossplane.io/external-name").(string)
	kind, _ := o["kind"].(string)

	return kind + " " + name
}

// provide acts as the Azure providers for one managed resource.
func (s *site) provide(name string) {
	o, ok := s.composed[name]
	if !ok || !isAzure(o) {
		return
	}
	key := keyOf(o)
	may := func(action string) bool {
		list, _ := at(o, "spec", "managementPolicies").([]any)
		return slices.Contains(list, any(action))
	}
	parameters := nested(o, "spec", "forProvider")
	if s.azure[key] == nil && may("Create") {
		s.azure[key] = newPart(parameters)
		annotate(o, "crossplane.io/external-create-succeeded", "2026-01-01T00:00:00Z")
	}
	p := s.azure[key]
	if p == nil {
		delete(nested(o, "status"), "atProvider")
		fail(o)

		return
	}
	if may("Update") {
		s.updates(key, p)
		*p = *newPart(parameters)
	}
	s.world.azure(name)
	nested(o, "status", "atProvider")["id"] = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/x/" + strings.ReplaceAll(key, " ", "/")
	if zone, ok := strings.CutPrefix(fmt.Sprint(at(o, "spec", "providerConfigRef", "name")), "azure-"); ok {
		s.inAzure(name, fmt.Sprint(zoneSettings(zone)["subscriptionId"]))
	}
	if p.tags != nil {
		nested(o, "status", "atProvider")["tags"] = maps.Clone(p.tags)
	}
	if name == compose.NameKeyVault {
		nested(o, "status", "atProvider")["networkAcls"] = p.rules
	}
	becomeReady(o)
}

// compose calls the function. Crossplane deletes what is not desired any more.
func (s *site) compose() {
	before := maps.Clone(s.composed)
	rsp := s.reconcile()
	if fatal(rsp) == "" && condition(rsp, compose.TypeKeyVaultReady).GetStatus() != fnv1.Status_STATUS_CONDITION_UNKNOWN {
		s.role, _ = at(s.environment, "clusterSharing", "role").(string)
	}
	for name := range s.composed {
		delete(before, name)
	}
	s.remove(before)
}

// remove deletes managed resources, and what their policies allow in Azure.
func (s *site) remove(composed map[string]map[string]any) {
	for _, o := range composed {
		list, _ := at(o, "spec", "managementPolicies").([]any)
		if key := keyOf(o); isAzure(o) && s.azure[key] != nil && slices.Contains(list, any("Delete")) {
			s.deletes(key, s.azure[key])
			delete(s.azure, key)
		}
	}
}

// deleteApplication deletes the application in this cluster.
func (s *site) deleteApplication() {
	s.remove(s.composed)
	s.composed = map[string]map[string]any{}
	delete(s.xr, "status")
}

// live alternates the function and the providers until nothing changes.
func (s *site) live() {
	for range 8 {
		s.compose()
		for _, name := range slices.Sorted(maps.Keys(s.composed)) {
			s.provide(name)
		}
	}
	s.compose()
}

// says returns the reason and the message of a condition.
func (s *site) says(conditionType string) (reason, message string) {
	c := condition(s.reconcile(), conditionType)
	return c.GetReason(), c.GetMessage()
}

func (s *site) policies() map[string]string {
	out := map[string]string{}
	for name, o := range s.composed {
		if isAzure(o) {
			out[strings.TrimSuffix(name, "-44444444-4444-4444-8444-444444444444")] = policies(o)
		}
	}

	return out
}

// owner returns the cluster in the tags of vault and identity.
func (s *site) owner() (vault, identity any) {
	for key, p := range s.azure {
		switch {
		case strings.HasPrefix(key, "Vault "):
			vault = p.tags[clusterTag]
		case strings.HasPrefix(key, "UserAssignedIdentity "):
			identity = p.tags[clusterTag]
		}
	}

	return vault, identity
}

const (
	observes = "Observe"
	changes  = "Observe Create Update"
)

// all returns policies of all composed Azure resources.
func all(shared string) map[string]string {
	return map[string]string{
		compose.NameKeyVault: shared, compose.NameIdentity: shared,
		compose.NameRoleAssignmentApp: shared, compose.NameRoleAssignmentCreator: shared,
		compose.NameFederatedCredential: fullPolicies,
	}
}

// depose lets blue see the tags of green, before its provider reverts them.
func depose(blue, _ *site) {
	for _, p := range blue.azure {
		if p.tags != nil {
			p.tags[clusterTag] = greenTag
		}
	}
	for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
		nested(blue.composed[name], "status", "atProvider", "tags")[clusterTag] = greenTag
	}
	blue.compose()
}

// TestClusters shows what two clusters with one name do with the vault and the identity of an application.
func TestClusters(t *testing.T) {
	const purge = `{"keyVault": {"deletionPolicy": "Purge"}, "secrets": [{"name": "a"}]}`
	type want struct {
		blue, green map[string]string
		owner       any
		parts       int
		reason      string // of KeyVaultReady on green
		says        string
	}
	onlyBlue := map[string]string{compose.NameKeyVault: observes, compose.NameIdentity: observes}
	cases := map[string]struct {
		reason string
		do     func(blue, green *site)
		want   want
	}{
		"Mistake": {
			reason: "A second cluster with the name observes the vault of the first one, and says whose it is.",
			do:     func(_, _ *site) {},
			want:   want{blue: all(changes), green: onlyBlue, owner: blueTag, parts: 5, reason: compose.ReasonOwnedByAnother, says: "belongs to the cluster with issuer " + blueTag},
		},
		"OtherPeer": {
			reason: "A member joins only the clusters that its settings list.",
			do:     func(_, green *site) { green.become("Member", "https://oidc.example.com/red") },
			want:   want{blue: all(changes), green: onlyBlue, owner: blueTag, parts: 5, reason: compose.ReasonOwnedByAnother, says: blueTag},
		},
		"Join": {
			reason: "A member uses vault and identity without changing them, and has a credential of its own.",
			do:     func(_, green *site) { green.become("Member", blueIssuer) },
			want:   want{blue: all(changes), green: all(observes), owner: blueTag, parts: 6, reason: compose.ReasonAvailable, says: "this cluster uses it without changing it"},
		},
		"JoinForgotten": {
			reason: "A lost setting changes nothing: an application that uses the vault goes on using it.",
			do: func(_, green *site) {
				green.become("Member", blueIssuer)
				green.live()
				delete(green.environment, "clusterSharing")
				green.live()
				delete(green.environment, "clusterName")
			},
			want: want{blue: all(changes), green: all(observes), owner: blueTag, parts: 6, reason: compose.ReasonAvailable, says: blueTag},
		},
		"TakeOver": {
			reason: "An owner takes over from a cluster that has become a member: the tags move.",
			do: func(blue, green *site) {
				blue.become("Member", greenIssuer)
				blue.live()
				green.become("Owner", blueIssuer)
			},
			want: want{blue: all(observes), green: all(changes), owner: greenTag, parts: 6, reason: compose.ReasonAvailable, says: "has no effect while several clusters"},
		},
		"TakeOverForgotten": {
			reason: "An owner stays the owner without the settings.",
			do: func(blue, green *site) {
				blue.become("Member", greenIssuer)
				blue.live()
				green.become("Owner", blueIssuer)
				green.live()
				delete(green.environment, "clusterSharing")
				delete(green.environment, "clusterName")
			},
			want: want{blue: all(observes), green: all(changes), owner: greenTag, parts: 6, reason: compose.ReasonAvailable, says: "has no effect while several clusters"},
		},
		"SoleOwner": {
			reason: "A sole owner deletes what the manifest asks for.",
			do: func(blue, green *site) {
				blue.become("Member", greenIssuer)
				blue.deleteApplication()
				green.become("SoleOwner", blueIssuer)
			},
			want: want{green: all(fullPolicies), owner: greenTag, parts: 5, reason: compose.ReasonAvailable, says: "Put values into"},
		},
		"DeletedOnBlue": {
			reason: "Deleting the application in one cluster leaves the other one its vault, identity, roles and credential.",
			do: func(blue, green *site) {
				green.become("Member", blueIssuer)
				green.live()
				blue.deleteApplication()
			},
			want: want{green: all(observes), owner: blueTag, parts: 5, reason: compose.ReasonAvailable, says: blueTag},
		},
		"LostAndTakenOver": {
			reason: "A new cluster takes over from a lost one, and finds its resources.",
			do: func(blue, green *site) {
				blue.composed = map[string]map[string]any{}
				green.become("Owner", blueIssuer)
			},
			want: want{green: all(changes), owner: greenTag, parts: 6, reason: compose.ReasonAvailable, says: "Put values into"},
		},
		"LaterNamed": {
			reason: "A cluster that did not have a name is found by its issuer, although its vaults have no tag.",
			do: func(blue, green *site) {
				blue.deleteApplication()
				clear(blue.azure)
				delete(blue.environment, "clusterName")
				blue.changeSpec(map[string]any{"keyVault": map[string]any{"deletionPolicy": "Retain"}})
				blue.live()
				green.composed = map[string]map[string]any{}
				green.environment["clusterName"] = blueIssuer
				green.become("Member", blueIssuer)
			},
			want: want{
				blue: map[string]string{
					compose.NameKeyVault: changes, compose.NameIdentity: fullPolicies, compose.NameFederatedCredential: fullPolicies,
					compose.NameRoleAssignmentApp: fullPolicies, compose.NameRoleAssignmentCreator: fullPolicies,
				},
				green: all(observes), parts: 6, reason: compose.ReasonAvailable, says: blueTag,
			},
		},
		"Deposed": {
			reason: "A cluster that finds another owner's tag on its vault stops changing it, and goes on using it.",
			do:     depose,
			want:   want{blue: all(observes), green: all(changes), owner: greenTag, parts: 6, reason: compose.ReasonAvailable, says: "Put values into"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			blue, green := sites(t, purge)
			blue.live()
			green.live()
			tc.do(blue, green)
			got := want{says: tc.want.says}
			for range 2 {
				if tc.want.blue != nil {
					blue.live()
					got.blue = blue.policies()
				}
				green.live()
			}
			got.green, got.parts = green.policies(), len(green.azure)
			vault, identity := green.owner()
			if got.owner = vault; vault != identity {
				t.Errorf("\n%s\nowner of the vault is %v, of the identity %v", tc.reason, vault, identity)
			}
			var message string
			if got.reason, message = green.says(compose.TypeKeyVaultReady); !strings.Contains(message, tc.want.says) {
				t.Errorf("\n%s\nKeyVaultReady: want a message that says %q, got %q", tc.reason, tc.want.says, message)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// clusterOf returns the cluster that owns a resource in Azure: that in its tags, or in those of the vault that it belongs to.
func (in subscription) clusterOf(key string) string {
	p := in[key]
	if _, vault, ok := strings.Cut(key, "/x/Vault/"); ok && p.tags == nil {
		name, _, _ := strings.Cut(strings.ReplaceAll(vault, "|", "/"), "/")
		if v := in["Vault "+name]; v != nil {
			p = v
		}
	}
	cluster, _ := p.tags[clusterTag].(string)

	return cluster
}

// watch fails if the provider of a cluster does what it must not do.
func (s *site) watch(rt *rapid.T, issuer string) {
	s.deletes = func(key string, p *part) {
		own := s.azure.clusterOf(key)+"/" == issuer
		switch {
		case p.issuer == issuer, p.issuer == nil && s.role == "SoleOwner":
		case own && (strings.HasPrefix(key, "PrivateEndpoint ") || strings.HasPrefix(key, "MonitorDiagnosticSetting ") && s.disabled()):
			// An endpoint belongs to one cluster. The platform can say that it wants no logs.
		default:
			rt.Fatalf("%s with role %q deletes %s", issuer, s.role, key)
		}
	}
	s.updates = func(key string, p *part) {
		tag := s.azure.clusterOf(key)
		takesOver := s.role == "Owner" || s.role == "SoleOwner"
		switch {
		case p.issuer == issuer, tag+"/" == issuer:
			// A member changes its own vault until it has seen its tag there.
		case p.issuer != nil, tag != "" && !takesOver, s.role == "Member":
			rt.Fatalf("%s with role %q changes %s, which belongs to %q", issuer, s.role, key, tag)
		}
	}
}

// disabled reports whether the settings remove endpoints and logs.
func (s *site) disabled() bool {
	return at(s.environment, "keyVault", "diagnostics", "enabled") == false
}

// takeOver makes a cluster the owner of what a peer has, which is lost or only observes.
func (s *site) takeOver(peer *site, own, issuer string, isLost bool) {
	if !isLost {
		peer.become("Member", own)
		peer.compose()
	}
	p := peer.policies()
	if isLost || p[compose.NameKeyVault] == observes && p[compose.NameIdentity] == observes {
		s.become("Owner", issuer)
	}
}

// configure changes the settings of all features that change what is composed in Azure.
func (s *site) configure(rt *rapid.T) {
	kv := nested(testSettings(), "keyVault")
	switch rapid.IntRange(0, 3).Draw(rt, "network") {
	case 0:
	case 1:
		maps.Copy(kv, map[string]any{"network": map[string]any{"privateEndpoint": map[string]any{"enabled": false}}, "diagnostics": map[string]any{"enabled": false}})
	default:
		maps.Copy(kv, closed(rapid.Bool().Draw(rt, "existing")))
		maps.Copy(nested(kv, "network", "privateEndpoint"), map[string]any{"resourceGroupName": "rg-network", "azureProviderConfigRef": map[string]any{"name": "network"}})
	}
	if mode := rapid.SampledFrom([]string{"", "Vault", "Granted"}).Draw(rt, "mode"); mode != "" {
		kv["roleAssignments"] = mode
	}
	if rapid.Bool().Draw(rt, "confirmed") {
		kv["confirmedGrants"] = []any{map[string]any{"principalId": s.environment["secretCreatorPrincipalId"], "scope": "/subscriptions/" + subscriptionOfSettings}}
	}
	s.environment["keyVault"] = kv
	delete(s.environment, "secrets")
	if rapid.IntRange(0, 3).Draw(rt, "shared") > 0 {
		s.share(func(e map[string]any) {
			if rapid.IntRange(0, 3).Draw(rt, "revoked") == 0 {
				e["revoked"] = []any{map[string]any{"namespace": "shop"}}
			}
			e["access"] = rapid.SampledFrom([]any{"RolePerSecret", "Granted"}).Draw(rt, "access")
		})
	}
}

// mayDrop reports whether the manifest or the settings no longer ask for a composed resource.
func (s *site) mayDrop(name string) bool {
	kv := nested(s.environment, "keyVault")
	switch {
	case name == compose.NamePrivateEndpoint, name == compose.NameDiagnosticSetting:
		return s.disabled()
	case name == compose.NameRoleAssignmentCreator:
		return kv["roleAssignments"] != "Vault" && kv["confirmedGrants"] != nil
	case strings.HasPrefix(name, compose.PrefixRoleAssignmentOfficer):
		return at(s.xr, "spec", "keyVault", "officers") == nil
	case name == sharedSync, strings.HasPrefix(name, compose.PrefixRoleAssignmentShared):
		shared := list(at(s.environment, "secrets", "shared"))
		return len(shared) > 0 && shared[0]["revoked"] != nil || !strings.Contains(fmt.Sprint(at(s.xr, "spec", "secrets")), commonAPIKey)
	}

	return false
}

// check composes once, and checks what holds for every call.
func (s *site) check(rt *rapid.T) {
	before, rsp := s.observed(), s.call()
	if !proto.Equal(rsp, s.call()) {
		rt.Fatalf("two calls with the same input give different answers")
	}
	if f := fatal(rsp); f != "" && !strings.Contains(f, "landing zone") {
		rt.Fatalf("a valid application gets a fatal result: %s", f)
	}
	desired := rsp.GetDesired().GetResources()
	for name := range desired {
		if _, ok := compose.GroupKindOf(name); !ok {
			rt.Fatalf("%s has no kind", name)
		}
	}
	for _, name := range before {
		if desired[name] == nil && fatal(rsp) == "" && !s.mayDrop(name) {
			rt.Fatalf("%s drops out", name)
		}
	}
	s.compose()
	if zones := zonesOf(s.world); len(zones) > 1 {
		rt.Fatalf("the application is in zones %v", zones)
	}
}

// synchronize acts as the other providers and controllers.
func (s *site) synchronize() {
	for _, secret := range list(at(s.composed[compose.NameSecretSync], "spec", "forProvider", "secrets")) {
		s.sync(fmt.Sprint(secret["name"]), "Synced", "A")
	}
	if s.composed[sharedSync] != nil {
		s.syncShared(commonAPIKey, "Synced", "KEY")
	}
	s.rollout()
}

// disturb causes an event in a cluster.
func (s *site) disturb(rt *rapid.T, peer *site, own, issuer string, lost map[*site]bool) {
	name := rapid.SampledFrom(append(slices.Sorted(maps.Keys(s.composed)), "none")).Draw(rt, "name")
	officers := []any{map[string]any{"objectId": "88888888-8888-4888-8888-888888888888"}}
	events := map[string]func(){
		"Function":      func() { s.check(rt) },
		"FunctionAgain": func() { s.check(rt) },
		"Provider":      func() { s.provide(name) },
		"ProviderAgain": func() { s.provide(name) },
		"Live":          s.live,
		"Synchronize":   s.synchronize,
		"Configure":     func() { s.configure(rt) },
		"Tenant": func() {
			s.environment["tenantLabel"] = rapid.SampledFrom([]any{"", tenantLabel}).Draw(rt, "tenantLabel")
		},
		"Zone": func() {
			zone := rapid.SampledFrom([]any{nil, "eu", "us", "mars"}).Draw(rt, "zone")
			for _, in := range []*site{s, peer} {
				labels := nested(in.others["Namespace"], "metadata", "labels")
				labels[zoneLabel] = zone
				if zone == nil {
					delete(labels, zoneLabel)
				}
			}
		},
		"ZoneGone":   func() { delete(s.zones, "platform-application-eu") },
		"ZoneBack":   func() { s.zones["platform-application-eu"] = zoneSettings("eu") },
		"Member":     func() { s.become("Member", issuer) },
		"TakeOver":   func() { s.takeOver(peer, own, issuer, lost[peer]) },
		"Deleted":    func() { s.compose(); s.deleteApplication() },
		"StatusLost": func() { delete(s.composed[name], "status") },
		"ObjectLost": func() { delete(s.composed, name) },
		"Unresolved": func() { s.unresolved = true; s.compose(); s.unresolved = false },
		"Manifest": func() {
			spec := map[string]any{"deployment": map[string]any{"image": "a:1"}, "keyVault": map[string]any{"deletionPolicy": "SoftDelete"}, "secrets": []any{map[string]any{"name": "a"}}}
			if rapid.Bool().Draw(rt, "officers") {
				nested(spec, "keyVault")["officers"] = officers
			}
			s.changeSpec(spec)
			if rapid.Bool().Draw(rt, "common") {
				s.list(map[string]any{"name": commonAPIKey})
			}
		},
		"Forgotten": func() {
			// A member that is no member any more owns its vaults again.
			if at(s.environment, "clusterSharing", "role") != "Member" {
				delete(s.environment, "clusterSharing")
			}
		},
		"Lost": func() {
			if !lost[peer] {
				lost[s], s.composed = true, map[string]map[string]any{}
			}
		},
		"SoleOwner": func() {
			if lost[peer] {
				s.become("SoleOwner", issuer)
			}
		},
	}
	events[rapid.SampledFrom(slices.Sorted(maps.Keys(events))).Draw(rt, "event")]()
}

// TestClusterProperties runs an application in two clusters, with settings that change in any order: landing zones, tenants, networks
// and logs, role assignments, and shared secrets. No cluster deletes what both use unless it is the sole owner, and none changes what
// the other one owns, unless it takes over from a cluster that is a member or lost. Nothing drops out that is still asked for.
func TestClusterProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		blue, green := sites(t, `{"deployment": {"image": "a:1"}, "keyVault": {"deletionPolicy": "Purge", "officers": [{"objectId": "88888888-8888-4888-8888-888888888888"}]}, "secrets": [{"name": "a"}, {"name": "common-api-key"}]}`)
		for _, s := range []*site{blue, green} {
			s.tenant("acme")
			s.zones = map[string]map[string]any{"platform-application-eu": zoneSettings("eu"), "platform-application-us": zoneSettings("us")}
		}
		blue.watch(rt, blueIssuer)
		green.watch(rt, greenIssuer)
		lost := map[*site]bool{}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch isGreen := rapid.Bool().Draw(rt, "green"); {
			case isGreen && !lost[green]:
				green.disturb(rt, blue, greenIssuer, blueIssuer, lost)
			case !isGreen && !lost[blue]:
				blue.disturb(rt, green, blueIssuer, greenIssuer, lost)
			}
		}
		if lost[blue] || lost[green] {
			return
		}
		for range 3 {
			blue.live()
			green.live()
		}
		vault := func(s *site) string { return keyOf(s.composed[compose.NameKeyVault]) }
		if blue.composed[compose.NameKeyVault] != nil && vault(blue) == vault(green) && blue.policies()[compose.NameKeyVault] != observes && green.policies()[compose.NameKeyVault] != observes {
			rt.Fatalf("both clusters change the vault: %v, %v", blue.policies(), green.policies())
		}
	})
}

// roles returns the number of role assignments in Azure.
func (s *site) roles() (n int) {
	for key := range s.azure {
		if strings.HasPrefix(key, "RoleAssignment ") {
			n++
		}
	}

	return n
}

// failAll makes the provider report an error for every object in Azure.
func (s *site) failAll(message string) {
	for _, o := range s.composed {
		if isAzure(o) {
			nested(o, "status")["conditions"] = []any{map[string]any{"type": "Synced", "status": "False", "reason": "ReconcileError", "message": message}}
		}
	}
	s.compose()
}

// retag changes the owner in Azure. An empty one removes the tag.
func (s *site) retag(owner string) {
	for _, p := range s.azure {
		if p.tags == nil {
			continue
		}
		delete(p.tags, clusterTag)
		if owner != "" {
			p.tags[clusterTag] = owner
		}
	}
}

// assign assigns a vault to an application.
func (s *site) assign(application string) {
	nested(s.environment, "keyVault")["assigned"] = []any{map[string]any{"name": "legacy-vault", "namespace": "shop", "application": application}}
}

// label sets the tenant of the namespace.
func (s *site) label(tenant string) {
	s.environment["tenantLabel"] = "tenant"
	s.others = map[string]map[string]any{"Namespace": {
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "shop", "labels": map[string]any{"tenant": tenant}},
	}}
}

// TestClusterMistakes shows that no mistake of a platform deletes roles that another cluster needs, keeps roles that must go, or
// gets wrong advice.
func TestClusterMistakes(t *testing.T) {
	const (
		red     = "https://oidc.example.com/red"
		own     = `{"secrets": [{"name": "a"}]}`
		legacy  = `{"keyVault": {"name": "legacy-vault"}, "secrets": [{"name": "a"}]}`
		officer = "88888888-8888-4888-8888-888888888888"
	)
	type want struct {
		roles     int
		condition string
		says      string
	}
	cases := map[string]struct {
		reason string
		spec   string
		// do returns the site whose condition is wanted, or nil.
		do   func(blue, green *site) *site
		want want
	}{
		"HandedOn": {
			reason: "A member goes on using a vault that its owner has handed on to a cluster that is not listed.",
			spec:   own,
			do: func(_, green *site) *site {
				green.become("Member", blueIssuer)
				green.live()
				green.retag(red)
				green.live()

				return green
			},
			want: want{roles: 2, condition: compose.TypeKeyVaultReady, says: "belongs to the cluster with issuer " + red + ", and this cluster uses it"},
		},
		"DeletedAfterHandedOn": {
			reason: "A sole owner deletes no roles on a vault that another cluster owns.",
			spec:   own,
			do: func(_, green *site) *site {
				green.become("Member", blueIssuer)
				green.live()
				green.retag(red)
				green.live()
				green.become("SoleOwner", blueIssuer)
				green.live()
				green.deleteApplication()

				return nil
			},
			want: want{roles: 2},
		},
		"DeletedAfterTenantLabel": {
			reason: "A sole owner deletes no roles on a vault whose tenant is not proven.",
			spec:   own,
			do: func(_, green *site) *site {
				green.become("Member", blueIssuer)
				green.live()
				green.label("t1")
				green.live()
				green.become("SoleOwner", blueIssuer)
				green.live()
				green.deleteApplication()

				return nil
			},
			want: want{roles: 2},
		},
		"TenantLabelFirst": {
			reason: "The advice to set the tags does not change the owner.",
			spec:   own,
			do: func(_, green *site) *site {
				green.become("Member", blueIssuer)
				green.live()
				green.label("t1")
				green.live()

				return green
			},
			want: want{roles: 2, condition: compose.TypeKeyVaultReady, says: "tenant=t1, platform-application-cluster=" + blueTag},
		},
		"Stripped": {
			reason: "An owner stays the owner when its tag is removed, even if the name is made of the issuer of another cluster.",
			spec:   own,
			do: func(_, green *site) *site {
				green.environment["clusterName"] = blueIssuer
				green.become("Owner", blueIssuer)
				green.live()
				delete(green.environment, "clusterSharing")
				green.retag("")
				for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
					delete(nested(green.composed[name], "status", "atProvider", "tags"), clusterTag)
				}
				green.live()

				return green
			},
			want: want{roles: 4, condition: compose.TypeKeyVaultReady, says: "Put values into"},
		},
		"Mistake": {
			reason: "Roles on a vault that is not used wait for no other cluster.",
			spec:   own,
			do: func(_, green *site) *site {
				green.live()

				return green
			},
			want: want{roles: 2, condition: compose.TypeAccessReady, says: "wait until the application may use the vault and the identity: role-assignment-app, role-assignment-creator"},
		},
		"MistakeRenamed": {
			reason: "What was looked at under the wrong name keeps it, and the condition names the object to delete.",
			spec:   own,
			do: func(_, green *site) *site {
				green.live()
				green.environment["clusterName"] = "staging"
				green.live()

				return green
			},
			want: want{roles: 2, condition: compose.TypeKeyVaultReady, says: "they give this one another name and then delete Vault/shop-api in it"},
		},
		"MistakeMended": {
			reason: "Without these objects, the application gets a vault of its own, and the other cluster keeps all it has.",
			spec:   own,
			do: func(_, green *site) *site {
				green.live()
				green.environment["clusterName"] = "staging"
				green.live()
				green.remove(green.composed)
				delete(green.composed, compose.NameKeyVault)
				delete(green.composed, compose.NameIdentity)
				green.live()

				return green
			},
			want: want{roles: 4, condition: compose.TypeKeyVaultReady, says: "Put values into"},
		},
		"OtherName": {
			reason: "A member whose settings derive another name than the owner's says which settings to compare.",
			spec:   own,
			do: func(_, green *site) *site {
				green.environment["clusterName"] = "staging"
				green.become("Member", blueIssuer)
				green.live()

				return green
			},
			want: want{roles: 2, condition: compose.TypeIdentityReady, says: "compare clusterName, subscription, resource group and landing zone of both clusters"},
		},
		"Refused": {
			reason: "A member that may not read says so.",
			spec:   own,
			do: func(_, green *site) *site {
				green.become("Member", blueIssuer)
				green.compose()
				green.failAll("cannot observe: AuthorizationFailed")

				return green
			},
			want: want{roles: 2, condition: compose.TypeKeyVaultReady, says: "The Azure provider reports: cannot observe: AuthorizationFailed."},
		},
		"Unlisted": {
			reason: "A role that is no longer listed is named, and an error of a moment does not make it forgotten.",
			spec:   `{"keyVault": {"officers": [{"objectId": "` + officer + `"}]}, "secrets": [{"name": "a"}]}`,
			do: func(blue, _ *site) *site {
				blue.changeSpec(map[string]any{"keyVault": map[string]any{}})
				blue.live()
				blue.failAll("cannot observe: 429")
				blue.live()

				return blue
			},
			want: want{roles: 3, condition: compose.TypeAccessReady, says: "this cluster no longer needs still exist in Azure: role-assignment-officer-" + officer},
		},
		"Withdrawn": {
			reason: "The roles on an assigned vault are revoked with the assignment: another application gets the vault.",
			spec:   legacy,
			do: func(blue, _ *site) *site {
				blue.assign("other")
				blue.live()

				return blue
			},
			want: want{condition: compose.TypeAccessReady, says: "are being revoked"},
		},
		"WithdrawnByMember": {
			reason: "A member leaves that to the owner, and says so.",
			spec:   legacy,
			do: func(blue, _ *site) *site {
				blue.become("Member", greenIssuer)
				blue.live()
				blue.assign("other")
				blue.live()

				return blue
			},
			want: want{roles: 2, condition: compose.TypeAccessReady, says: "the roles are revoked when the owner's settings"},
		},
		"WithoutSpec": {
			reason: "An observed object can have any form.",
			spec:   own,
			do: func(blue, _ *site) *site {
				name := compose.PrefixRoleAssignmentOfficer + officer
				blue.composed[name] = map[string]any{"apiVersion": "authorization.azure.m.upbound.io/v1beta1", "kind": "RoleAssignment", "metadata": map[string]any{"name": "x", "namespace": "shop"}}
				blue.own(name, blue.composed[name])
				blue.compose()

				return nil
			},
			want: want{roles: 2},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			blue, green := sites(t, tc.spec)
			blue.azure["Vault legacy-vault"] = &part{}
			blue.assign("shop-api")
			blue.live()
			s := tc.do(blue, green)
			got := want{roles: blue.roles(), condition: tc.want.condition, says: tc.want.says}
			if s != nil {
				if _, message := s.says(tc.want.condition); !strings.Contains(message, tc.want.says) {
					got.says = message
				}
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
