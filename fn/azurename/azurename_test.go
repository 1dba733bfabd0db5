// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

const (
	subscription = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
	issuer       = "https://westeurope.oic.prod-aks.azure.com/9c1b7a52-4d3e-4f60-8a71-b2c3d4e5f607/3f6c9d2e-51a4-4f0e-8c57-0a1b2c3d4e5f"
)

// The rules are those in Azure's documentation.
var (
	vaultRule      = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$`)
	identityRule   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$`)
	credentialRule = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$`)
	endpointRule   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9_]$`)
	reserved       = regexp.MustCompile(`(?i)login|microsoft|windows|xbox`)
)

func app(namespace, name string) Scope {
	return Scope{SubscriptionID: subscription, Issuer: issuer, Namespace: namespace, Name: name}
}

// TestNamesAreFrozen has the names of existing applications. If it fails, the code is wrong, not
// the table: other names mean new, empty vaults. The hashes were computed with another
// implementation.
func TestNamesAreFrozen(t *testing.T) {
	type names struct{ Vault, Identity string }
	cases := map[string]struct {
		reason string
		scope  Scope
		want   names
	}{
		"Short": {
			reason: "A short name is kept whole.",
			scope:  app("shop", "orders"),
			want:   names{"orders-b6y42bwvzzb4stu", "orders-b6y42bwvzzb4stu"},
		},
		"Hyphen": {
			reason: "Hyphens are kept.",
			scope:  app("shop", "orders-api"),
			want:   names{"orders-a-44ghqmmq4vhdmxl", "orders-api-44ghqmmq4vhdmxl"},
		},
		"Long": {
			reason: "A name is cut to the maximum length of the resource.",
			scope:  app("shop", "orders-api-gateway-internal"),
			want:   names{"orders-a-pqg5okv3czbnvgl", "orders-api-gateway-internal-pqg5okv3czbnvgl"},
		},
		"CutAtHyphen": {
			reason: "A shortened name does not end with a hyphen.",
			scope:  app("shop", "payment-api-v2"),
			want:   names{"payment-emhwowzrsmgnu2b", "payment-api-v2-emhwowzrsmgnu2b"},
		},
		"LeadingDigit": {
			reason: "A vault's name cannot start with a digit, so it gets an a in front.",
			scope:  app("shop", "3scale"),
			want:   names{"a3scale-du747swjziybm6b", "a3scale-du747swjziybm6b"},
		},
		"Dot": {
			reason: "Any other character becomes a hyphen.",
			scope:  app("shop", "my.app"),
			want:   names{"my-app-dn2otpz3ewgule2", "my-app-dn2otpz3ewgule2"},
		},
		"ReservedAtStart": {
			reason: "Azure rejects names that start with login.",
			scope:  app("auth", "login-service"),
			want:   names{"log-in-s-n64f227qesuywcy", "log-in-service-n64f227qesuywcy"},
		},
		"ReservedAnywhere": {
			reason: "Azure rejects names that contain windows.",
			scope:  app("ops", "windows-exporter"),
			want:   names{"win-dows-uvn53enppblvzew", "win-dows-exporter-uvn53enppblvzew"},
		},
		"ReservedInHash": {
			reason: "A hash that contains a reserved word is taken from further on in the digest.",
			scope:  app("shop", "app-79178"),
			want:   names{"app-7917-box6hjzzptdphn6", "app-79178-box6hjzzptdphn6"},
		},
		"UpperCase": {
			reason: "The readable part is lower case, but names that differ in case have different hashes.",
			scope:  app("shop", "Orders"),
			want:   names{"orders-gszullnjq4kh3xm", "orders-gszullnjq4kh3xm"},
		},
		"NoName": {
			reason: "The readable part is never empty.",
			scope:  app("shop", ""),
			want:   names{"app-ig7zsfbl7fck3dp", "app-ig7zsfbl7fck3dp"},
		},
		"Unicode": {
			reason: "A name without letters and digits has a readable part.",
			scope:  app("shop", "日本"), //nolint:gosmopolitan // Any script may come.
			want:   names{"app-y4civ6nznlwwhay", "app-y4civ6nznlwwhay"},
		},
		"Longest": {
			reason: "The longest name of a Kubernetes label fits an identity.",
			scope:  app("shop", strings.Repeat("a", 63)),
			want:   names{"aaaaaaaa-w64fvsckqftqnxv", strings.Repeat("a", 63) + "-w64fvsckqftqnxv"},
		},
		"LongerThanThat": {
			reason: "A longer name is cut at the same length, and does not end with a hyphen.",
			scope:  app("shop", strings.Repeat("orders-", 30)),
			want:   names{"orders-o-wjasnweo5fdrtnk", "orders-orders-orders-orders-orders-orders-orders-orders-orders-wjasnweo5fdrtnk"},
		},
		"OtherNamespace": {
			reason: "The namespace is part of the hash.",
			scope:  app("shop-dev", "orders"),
			want:   names{"orders-3eqhyqmo7xq65di", "orders-3eqhyqmo7xq65di"},
		},
		"OtherCluster": {
			reason: "The issuer is part of the hash.",
			scope:  Scope{SubscriptionID: subscription, Issuer: "https://oidc.example.org", Namespace: "shop", Name: "orders"},
			want:   names{"orders-fhkodpzndkpz4af", "orders-fhkodpzndkpz4af"},
		},
		"OtherSubscription": {
			reason: "The subscription is part of the hash.",
			scope:  Scope{SubscriptionID: "6d2c1a3e-9a75-4b0b-8f51-2f6f1f3c7a10", Issuer: issuer, Namespace: "shop", Name: "orders"},
			want:   names{"orders-lwlrxs73fvmr2h6", "orders-lwlrxs73fvmr2h6"},
		},
		"SubscriptionCase": {
			reason: "The case of a subscription id is ignored.",
			scope:  Scope{SubscriptionID: strings.ToUpper(subscription), Issuer: issuer, Namespace: "shop", Name: "orders"},
			want:   names{"orders-b6y42bwvzzb4stu", "orders-b6y42bwvzzb4stu"},
		},
		"IssuerSlash": {
			reason: "A slash at the end of the issuer is ignored.",
			scope:  Scope{SubscriptionID: subscription, Issuer: issuer + "/", Namespace: "shop", Name: "orders"},
			want:   names{"orders-b6y42bwvzzb4stu", "orders-b6y42bwvzzb4stu"},
		},
		"Zero": {
			reason: "An empty scope has a name.",
			want:   names{"app-mzuhvlpymk6xo3e", "app-mzuhvlpymk6xo3e"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := names{tc.scope.Vault(), tc.scope.Identity()}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nVault(), Identity(): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want.Identity, tc.scope.Credential()); diff != "" {
				t.Errorf("\n%s\nCredential(): -want, +got:\n%s", tc.reason, diff)
			}
			checkScope(t, tc.scope)
		})
	}
}

const subnet = "/subscriptions/" + subscription + "/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"

// TestPrivateEndpointsAreFrozen has names that were computed with another implementation.
func TestPrivateEndpointsAreFrozen(t *testing.T) {
	type args struct {
		scope    Scope
		subnetID string
	}
	others := strings.Replace(subnet, "/endpoints", "/others", 1)
	renamed, blue := app("shop", "orders"), app("shop", "orders")
	renamed.Issuer = "https://oidc.example.org"
	blue.Cluster = "blue"
	cases := map[string]struct {
		reason string
		args   args
		want   string
	}{
		"Short":        {reason: "The readable part is that of the application.", args: args{app("shop", "orders"), subnet}, want: "orders-p53xzvkjjihc6ct"},
		"SubnetCase":   {reason: "Azure returns resource ids in a case of its own choice.", args: args{app("shop", "orders"), strings.ToUpper(subnet)}, want: "orders-p53xzvkjjihc6ct"},
		"OtherSubnet":  {reason: "An endpoint cannot move, so one in another subnet is another one.", args: args{app("shop", "orders"), others}, want: "orders-efq6mc6lz2m654y"},
		"OtherIssuer":  {reason: "Each cluster has its own endpoint.", args: args{renamed, subnet}, want: "orders-6ffakdt2epp5d7p"},
		"ClusterName":  {reason: "Clusters that share a vault each have an endpoint of their own.", args: args{blue, subnet}, want: "orders-p53xzvkjjihc6ct"},
		"Longest":      {reason: "The readable part is cut.", args: args{app("shop", strings.Repeat("a", 63)), subnet}, want: strings.Repeat("a", 48) + "-iyro7mvzgdrv2dn"},
		"ReservedWord": {reason: "Reserved words are broken.", args: args{app("auth", "login-service"), subnet}, want: "log-in-service-f5qbmvrdmgpstew"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := tc.args.scope.PrivateEndpoint(tc.args.subnetID)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nPrivateEndpoint(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRoleAssignmentsAreFrozen(t *testing.T) {
	const (
		scope     = "/subscriptions/" + subscription + "/resourceGroups/apps/providers/Microsoft.KeyVault/vaults/orders-b6y42bwvzz"
		principal = "5d0a5b6c-9b0d-4c8e-8a3f-1e2d3c4b5a69"
		user      = "4633458b-17de-408a-b874-0445c86b69e6"
		officer   = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
	)
	type args struct{ scope, principalID, roleDefinition string }
	cases := map[string]struct {
		reason string
		args   args
		want   string
	}{
		"User":          {reason: "A role has an assignment for its principal and scope.", args: args{scope, principal, user}, want: "2f7e59d7-1293-5df1-92dd-b5194005e387"},
		"Officer":       {reason: "Another role of the same principal is another assignment.", args: args{scope, principal, officer}, want: "9ff86aab-099b-563b-9037-45c3be105ce9"},
		"PrincipalCase": {reason: "The case of a principal is ignored.", args: args{scope, strings.ToUpper(principal), user}, want: "2f7e59d7-1293-5df1-92dd-b5194005e387"},
		"ScopeCase":     {reason: "Azure returns resource ids in a case of its own choice.", args: args{strings.ToLower(scope), principal, user}, want: "2f7e59d7-1293-5df1-92dd-b5194005e387"},
		"RoleCase":      {reason: "The case of a role is ignored.", args: args{scope, principal, strings.ToUpper(user)}, want: "2f7e59d7-1293-5df1-92dd-b5194005e387"},
		"Empty":         {reason: "An empty name has a readable part.", want: "3388b5a9-61ed-5380-808c-da2d6cd82591"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := RoleAssignment(tc.args.scope, tc.args.principalID, tc.args.roleDefinition)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nRoleAssignment(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPick(t *testing.T) {
	cases := map[string]struct {
		reason string
		digest string
		want   string
	}{
		"First":   {reason: "Normally, the first characters are used.", digest: "abcdefghijklmnopqrstuvwxyz234567", want: "abcdefghijklmno"},
		"Word":    {reason: "A reserved word at the start is skipped.", digest: "loginfghijklmnopqrstuvwxyz234567", want: "oginfghijklmnop"},
		"WordEnd": {reason: "A reserved word at the end is skipped.", digest: "abcdefxboxklmnopqrstuvwxyz234567", want: "boxklmnopqrstuv"},
		"Only":    {reason: "A digest with reserved words everywhere is used unchanged. That is too rare to occur.", digest: strings.Repeat("xbox", 14), want: "xboxxboxxboxxbo"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := pick(tc.digest)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\npick(%q): -want, +got:\n%s", tc.reason, tc.digest, diff)
			}
		})
	}
}

// TestNamesAreUnique names 100,000 similar applications, whose readable parts are often equal.
func TestNamesAreUnique(t *testing.T) {
	const subscriptions, issuers, namespaces, apps = 5, 20, 20, 50

	vaults := make(map[string]Scope, subscriptions*issuers*namespaces*apps)
	identities := make(map[string]Scope, subscriptions*issuers*namespaces*apps)
	for i := range subscriptions * issuers * namespaces * apps {
		s := Scope{
			SubscriptionID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i/(apps*namespaces*issuers)),
			Issuer:         fmt.Sprintf("https://oidc.example.org/%d/", i/(apps*namespaces)%issuers),
			Namespace:      fmt.Sprintf("team-%d", i/apps%namespaces),
			Name:           fmt.Sprintf("customer-orders-%d", i%apps),
		}
		for _, n := range []struct {
			name string
			seen map[string]Scope
		}{{s.Vault(), vaults}, {s.Identity(), identities}} {
			if other, ok := n.seen[n.name]; ok {
				t.Errorf("%v and %v are both named %q", other, s, n.name)
			}
			n.seen[n.name] = s
		}
		if err := ValidVault(s.Vault()); err != nil {
			t.Errorf("ValidVault(%q): %v", s.Vault(), err)
		}
	}
	if len(vaults) != 100_000 || len(identities) != 100_000 {
		t.Errorf("got %d names of vaults and %d of identities, want 100,000", len(vaults), len(identities))
	}
}

// TestNearMisses moves characters between the parts of a scope: the joined text stays the same, but
// the scope differs.
func TestNearMisses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScope().Draw(t, "scope")
		text := s.SubscriptionID + s.Issuer + s.Namespace + s.Name
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(text)), 3, 3).Draw(t, "cuts")
		slices.Sort(cuts)
		a, b, c := cuts[0], cuts[1], cuts[2]
		checkDiffer(t, s, Scope{SubscriptionID: text[:a], Issuer: text[a:b], Namespace: text[b:c], Name: text[c:]})

		other := rapid.String().Draw(t, "other")
		checkDiffer(t, s, Scope{SubscriptionID: other, Issuer: s.Issuer, Namespace: s.Namespace, Name: s.Name})
		checkDiffer(t, s, Scope{SubscriptionID: s.SubscriptionID, Issuer: other, Namespace: s.Namespace, Name: s.Name})
		checkDiffer(t, s, Scope{SubscriptionID: s.SubscriptionID, Issuer: s.Issuer, Namespace: other, Name: s.Name})
		checkDiffer(t, s, Scope{SubscriptionID: s.SubscriptionID, Issuer: s.Issuer, Namespace: s.Namespace, Name: other})
	})
}

// TestPrivateEndpointNearMisses moves characters between the name and the subnet. No name and no subnet
// contains a NUL.
func TestPrivateEndpointNearMisses(t *testing.T) {
	part := rapid.StringMatching(`[a-z0-9/.\-]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		text := part.Draw(t, "text")
		i, j := rapid.IntRange(0, len(text)).Draw(t, "i"), rapid.IntRange(0, len(text)).Draw(t, "j")
		a, b := app("shop", text[:i]).PrivateEndpoint(text[i:]), app("shop", text[:j]).PrivateEndpoint(text[j:])
		if (a == b) != (i == j) {
			t.Errorf("applications %q and %q have endpoints %q and %q", text[:i], text[:j], a, b)
		}
		other := part.Draw(t, "other")
		if c := app("shop", text[:i]).PrivateEndpoint(other); (a == c) != (text[i:] == other) {
			t.Errorf("subnets %q and %q have endpoints %q and %q", text[i:], other, a, c)
		}
	})
}

func TestScopeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkScope(t, anyScope().Draw(t, "scope")) })
}

func TestRoleAssignmentProperties(t *testing.T) {
	// These are all characters in the id of a resource, a principal or a role.
	id := rapid.StringMatching(`[a-z0-9/._()\-]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		a := [3]string{id.Draw(t, "scope"), id.Draw(t, "principal"), id.Draw(t, "role")}
		b := [3]string{id.Draw(t, "scope"), id.Draw(t, "principal"), id.Draw(t, "role")}
		for i := range b {
			if rapid.Bool().Draw(t, "same") {
				b[i] = a[i]
			}
		}
		if same := RoleAssignment(a[0], a[1], a[2]) == RoleAssignment(b[0], b[1], b[2]); same != (a == b) {
			t.Errorf("RoleAssignment(%q) and RoleAssignment(%q) are the same: %t, want %t", a, b, same, a == b)
		}
		checkRoleAssignment(t, a[0], a[1], a[2])
	})
}

func FuzzScope(f *testing.F) {
	f.Add(subscription, issuer, "shop", "orders")
	f.Add("", "/", "", "-")
	f.Add("x", "y", "z", "xboxboxbox")
	f.Add("x", "y", "z", "9logi-nLOGIN")
	f.Add("x", "y", "z", "\xff.ä--1")
	f.Fuzz(func(t *testing.T, subscription, issuer, namespace, name string) {
		checkScope(t, Scope{SubscriptionID: subscription, Issuer: issuer, Namespace: namespace, Name: name})
	})
}

func FuzzRoleAssignment(f *testing.F) {
	f.Add("/subscriptions/x", "5d0a5b6c-9b0d-4c8e-8a3f-1e2d3c4b5a69", "4633458b-17de-408a-b874-0445c86b69e6")
	f.Add("", "\xff", "É")
	f.Fuzz(func(t *testing.T, scope, principalID, roleDefinition string) {
		checkRoleAssignment(t, scope, principalID, roleDefinition)
	})
}

// checkScope checks the rules for the names of any scope.
func checkScope(t rapid.TB, s Scope) {
	t.Helper()

	vault, identity, credential := s.Vault(), s.Identity(), s.Credential()
	if err := ValidVault(vault); err != nil || !vaultRule.MatchString(vault) || strings.Contains(vault, "--") {
		t.Errorf("%q.Vault() = %q is not valid: %v", s, vault, err)
	}
	if !identityRule.MatchString(identity) {
		t.Errorf("%q.Identity() = %q is not valid", s, identity)
	}
	if !credentialRule.MatchString(credential) {
		t.Errorf("%q.Credential() = %q is not valid", s, credential)
	}
	endpoint := s.PrivateEndpoint(subnet)
	if !endpointRule.MatchString(endpoint) {
		t.Errorf("%q.PrivateEndpoint(...) = %q is not valid", s, endpoint)
	}
	for _, name := range []string{vault, identity, credential, endpoint} {
		if reserved.MatchString(name) {
			t.Errorf("%q has the name %q, which contains a reserved word", s, name)
		}
		if name != strings.ToLower(name) {
			t.Errorf("%q has the name %q, which is not lower case", s, name)
		}
	}

	// Bits are counted instead of characters, so that another alphabet cannot weaken the name.
	if bits := 5 * len(s.hash(s.Issuer)); bits < 75 || len(vault) > maxVault || !strings.HasSuffix(vault, "-"+s.hash(s.Issuer)) {
		t.Errorf("%q.Vault() = %q has %d bits of hash, want 75 at least", s, vault, bits)
	}
	if a, b := vault[len(vault)-hashLength:], identity[len(identity)-hashLength:]; a != b {
		t.Errorf("%q has the hash %q in the vault and %q in the identity", s, a, b)
	}
	same := Scope{SubscriptionID: strings.ToLower(s.SubscriptionID), Issuer: s.Issuer + "/", Namespace: s.Namespace, Name: s.Name}
	if got := same.Vault(); got != vault {
		t.Errorf("%q.Vault() = %q, want that of %q, which is %q", same, got, s, vault)
	}
	if got := same.PrivateEndpoint(strings.ToUpper(subnet)); got != endpoint {
		t.Errorf("%q.PrivateEndpoint(...) = %q, want that of %q, which is %q", same, got, s, endpoint)
	}
}

func checkDiffer(t rapid.TB, a, b Scope) {
	t.Helper()

	if equal := normal(a) == normal(b); equal != (a.hash(a.Issuer) == b.hash(b.Issuer)) {
		t.Errorf("%q and %q have the hashes %q and %q: want same %t", a, b, a.hash(a.Issuer), b.hash(b.Issuer), equal)
	}
}

// normal returns a scope without irrelevant differences.
func normal(s Scope) Scope {
	s.SubscriptionID = strings.ToLower(s.SubscriptionID)
	s.Issuer = strings.TrimRight(s.Issuer, "/")

	return s
}

func checkRoleAssignment(t rapid.TB, scope, principalID, roleDefinition string) {
	t.Helper()

	name := RoleAssignment(scope, principalID, roleDefinition)
	if id, err := uuid.Parse(name); err != nil || id.Version() != 5 || id.String() != name {
		t.Errorf("RoleAssignment(%q, %q, %q) = %q is not a UUID of version 5: %v", scope, principalID, roleDefinition, name, err)
	}
	if got := RoleAssignment(scope, strings.ToLower(principalID), roleDefinition); got != name {
		t.Errorf("RoleAssignment(%q, %q, %q) = %q, but %q in lower case", scope, principalID, roleDefinition, name, got)
	}
}

// anyScope draws valid and invalid scopes.
func anyScope() *rapid.Generator[Scope] {
	part := rapid.OneOf(
		rapid.StringMatching(`[a-z0-9]([a-z0-9\-]{0,60}[a-z0-9])?`),
		rapid.StringMatching(`-?(login|xbox|windows|microsoft|[a-z0-9])(login|boxbox|windows|soft|-)?[0-9.]?`),
		rapid.StringMatching(`[A-Za-z0-9/.\-]{0,30}`),
		rapid.String(),
	)

	return rapid.Custom(func(t *rapid.T) Scope {
		return Scope{SubscriptionID: part.Draw(t, "subscription"), Issuer: part.Draw(t, "issuer"), Namespace: part.Draw(t, "namespace"), Name: part.Draw(t, "name")}
	})
}

func BenchmarkVault(b *testing.B) {
	s := app("shop", "orders-api-gateway-internal")
	b.ReportAllocs()
	for b.Loop() {
		s.Vault()
	}
}

func BenchmarkRoleAssignment(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		RoleAssignment("/subscriptions/"+subscription, "5d0a5b6c-9b0d-4c8e-8a3f-1e2d3c4b5a69", "4633458b-17de-408a-b874-0445c86b69e6")
	}
}
