// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

const (
	subscriptionOfSettings = "22222222-2222-4222-8222-222222222222"
	otherSubscription      = "33333333-3333-4333-8333-333333333333"
)

// provides sets the subscription in the configuration of the Azure providers.
func (w *world) provides(subscription any) {
	w.others = map[string]map[string]any{"ClusterProviderConfig": {
		"apiVersion": "azure.m.upbound.io/v1beta1", "kind": "ClusterProviderConfig", "metadata": map[string]any{"name": "default"},
		"spec": map[string]any{"subscriptionID": subscription},
	}}
}

// inAzure puts an object of the application into a subscription.
func (w *world) inAzure(name, subscription string) {
	status := nested(w.composed[name], "status", "atProvider")
	id, _ := status["id"].(string)
	status["id"] = strings.ReplaceAll(id, subscriptionOfSettings, subscription)
}

// TestSubscription checks that nothing is created in another subscription than that of the settings, and that
// existing resources are kept.
func TestSubscription(t *testing.T) {
	const (
		differ = "The subscriptions differ: ClusterProviderConfig default of the Azure providers names subscription " + otherSubscription +
			", but the platform settings name " + subscriptionOfSettings
		note = "Note: ClusterProviderConfig default of the Azure providers names subscription " + otherSubscription
	)

	azure := []string{"federated-credential", "identity", "key-vault", "role-assignment-app", "role-assignment-creator", "secret-sync", "service-account"}

	cases := map[string]struct {
		reason string
		world  func(t *testing.T) *world
		want   []string
		vault  string // The condition KeyVaultReady begins with this text, or has a note that does.
		status string
	}{
		"New": {
			reason: "A new object would be created in the wrong subscription.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.provides(otherSubscription)

				return w
			},
			want:  []string{"service-account"},
			vault: differ, status: "False PlatformSettingsInvalid",
		},
		"Same": {
			reason: "Azure ignores the case of the id.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.environment["subscriptionId"] = "abcdefab-2222-4222-8222-222222222222"
				w.provides("ABCDEFAB-2222-4222-8222-222222222222")

				return w
			},
			want:  []string{"identity", "key-vault", "service-account"},
			vault: "Vault ", status: "False Creating",
		},
		"NotSaid": {
			reason: "The subscription is in a Secret with credentials, which the function does not read.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.provides(nil)

				return w
			},
			want:  []string{"identity", "key-vault", "service-account"},
			vault: "Vault ", status: "False Creating",
		},
		"NoString": {
			reason: "An unreadable configuration counts as unknown.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.provides([]any{otherSubscription})

				return w
			},
			want:  []string{"identity", "key-vault", "service-account"},
			vault: "Vault ", status: "False Creating",
		},
		"HalfCreated": {
			reason: "The identity is not created, and the vault is kept.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.reconcile()
				w.azure(compose.NameKeyVault)
				delete(w.composed, compose.NameIdentity)
				w.provides(otherSubscription)

				return w
			},
			want:  []string{"key-vault", "role-assignment-creator", "service-account"},
			vault: note, status: "True Available",
		},
		"AlreadyExists": {
			reason: "The identity was created in the other subscription, and its id does not match.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.reconcile()
				nested(w.composed[compose.NameKeyVault], "status")["conditions"] = []any{map[string]any{"type": "Synced", "status": "False", "message": "VaultAlreadyExists"}}
				w.provides(otherSubscription)

				return w
			},
			want:  []string{"identity", "key-vault", "service-account"},
			vault: differ, status: "False PlatformSettingsInvalid",
		},
		"ObservedElsewhere": {
			reason: "The id of a vault has its subscription, even if the configuration has none.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := newWorld(t, twoSecrets)
				w.reconcile()
				w.azure(compose.NameKeyVault)
				w.azure(compose.NameIdentity)
				w.inAzure(compose.NameKeyVault, otherSubscription)

				return w
			},
			want:  azure,
			vault: "Note: Vault shop-api is in subscription " + otherSubscription + ", but the platform settings name " + subscriptionOfSettings, status: "True Available",
		},
		"Running": {
			reason: "A running application does not require the configuration, and keeps all its resources.",
			world: func(t *testing.T) *world {
				t.Helper()
				w := runningWorld(t)
				w.provides(otherSubscription)

				return w
			},
			want:  append([]string{"deployment"}, azure...),
			vault: "Put values into ", status: "True Available",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := tc.world(t)
			rsp := w.call()

			if f := fatal(rsp); f != "" {
				t.Fatalf("\n%s\nRunFunction(...): unexpected fatal result: %s", tc.reason, f)
			}
			if diff := cmp.Diff(tc.want, desiredNames(rsp)); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want desired resources, +got:\n%s", tc.reason, diff)
			}

			c := condition(rsp, compose.TypeKeyVaultReady)
			_, got, _ := strings.Cut(c.GetStatus().String()+" "+c.GetReason(), "STATUS_CONDITION_")
			if !strings.EqualFold(tc.status, got) {
				t.Errorf("\n%s\nKeyVaultReady: want %s, got %s", tc.reason, tc.status, got)
			}
			says := strings.HasPrefix
			if strings.HasPrefix(tc.vault, "Note: ") {
				says = strings.Contains
			}
			if m := c.GetMessage(); !says(m, tc.vault) {
				t.Errorf("\n%s\nKeyVaultReady: want message %q, got %q", tc.reason, tc.vault, m)
			}
		})
	}
}

// TestRequiresProviderConfig checks that the configuration of managed resources is required only while it
// matters.
func TestRequiresProviderConfig(t *testing.T) {
	cluster := func(name string) *fnv1.ResourceSelector {
		return &fnv1.ResourceSelector{ApiVersion: "azure.m.upbound.io/v1beta1", Kind: "ClusterProviderConfig", Match: &fnv1.ResourceSelector_MatchName{MatchName: name}}
	}

	cases := map[string]struct {
		reason string
		ref    any
		world  func(t *testing.T) *world
		want   *fnv1.ResourceSelector
	}{
		"Default": {reason: "The default configuration is required.", want: cluster("default")},
		"Named":   {reason: "The settings can name another configuration of the cluster.", ref: map[string]any{"kind": "ClusterProviderConfig", "name": "other"}, want: cluster("other")},
		"Namespaced": {
			reason: "A ProviderConfig is in the application's namespace.", ref: map[string]any{"kind": "ProviderConfig", "name": "own"},
			want: &fnv1.ResourceSelector{ApiVersion: "azure.m.upbound.io/v1beta1", Kind: "ProviderConfig", Namespace: new("shop"), Match: &fnv1.ResourceSelector_MatchName{MatchName: "own"}},
		},
		"Hostile": {reason: "Settings cannot make the function read a Secret.", ref: map[string]any{"kind": "Secret", "name": "azure-credentials"}},
		"Running": {reason: "If running applications required it, a new application would make all others reconcile.", world: runningWorld},
		"Failing": {
			reason: "A wrong subscription may be the cause of a problem.", want: cluster("default"),
			world: func(t *testing.T) *world {
				t.Helper()
				w := runningWorld(t)
				nested(w.composed[compose.NameIdentity], "status")["conditions"] = []any{
					map[string]any{"type": "Synced", "status": "True"},
					map[string]any{"type": "LastAsyncOperation", "status": "False", "reason": "AsyncCreateFailure", "message": "already exists"},
				}

				return w
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, twoSecrets)
			if tc.world != nil {
				w = tc.world(t)
			}
			if tc.ref != nil {
				w.environment["azureProviderConfigRef"] = tc.ref
			}
			got := w.call().GetRequirements().GetResources()[requirementProviderConfig]
			if diff := cmp.Diff(tc.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want requirement, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// checkRequired checks that the function requires no Secret and no other object that it does not
// need, because Crossplane returns everything that the function requires.
func checkRequired(rt *rapid.T, rsp *fnv1.RunFunctionResponse) {
	for name, selector := range rsp.GetRequirements().GetResources() {
		gk := schema.FromAPIVersionAndKind(selector.GetApiVersion(), selector.GetKind()).GroupKind()
		allowed := slices.Contains([]string{
			"EnvironmentConfig.apiextensions.crossplane.io", "Namespace", "ClusterProviderConfig.azure.m.upbound.io", "ProviderConfig.azure.m.upbound.io",
		}, gk.String())
		for composed := range rsp.GetDesired().GetResources() {
			kind, ok := compose.GroupKindOf(composed)
			allowed = allowed || ok && kind == gk
		}
		if !allowed || gk.Kind == "Secret" || selector.GetMatchName() == "" {
			rt.Fatalf("requirement %s is for %s %q", name, gk, selector.GetMatchName())
		}
	}
	if requirements := rsp.GetRequirements(); len(requirements.GetSchemas()) > 0 {
		rt.Fatalf("schemas are required: %v", slices.Sorted(maps.Keys(requirements.GetSchemas())))
	}
}
