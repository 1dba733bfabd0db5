// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// A sharingNamespace has applications that share one entry, and an API server.
type sharingNamespace struct {
	limit    int
	platform inputv1alpha1.PlatformConfigSpec
	apps     []Application
	seen     []Observed
	// owners are the applications of the role assignments on shared secrets, by name. Older ones have owner -1.
	owners map[string]int
	// history are all lists of these assignments since the start.
	history [][]string
}

func drawSharingNamespace(rt *rapid.T) *sharingNamespace {
	n := &sharingNamespace{limit: rapid.IntRange(1, 6).Draw(rt, "limit"), owners: map[string]int{}}
	n.platform = platform(rt, fmt.Sprintf(`{"secrets": {"shared": [{
		"name": "platform", "vaultUri": "https://shared-ab12.vault.azure.net/", "prefixes": ["common-"], "namespaces": ["shop"], "maxRoleAssignmentsPerNamespace": %d,
		"vaultResourceId": "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/shared-ab12"
	}]}}`, n.limit))
	for i := range rapid.IntRange(0, n.limit).Draw(rt, "older") {
		n.owners[fmt.Sprintf("older-shared-%d", i)] = -1
	}
	n.record()
	for i := range rapid.IntRange(2, 6).Draw(rt, "applications") {
		a := application(rt, "{}")
		a.Name = fmt.Sprintf("app-%d", i)
		n.apps, n.seen = append(n.apps, a), append(n.seen, azureSeen())
		n.list(i, rapid.IntRange(0, 4).Draw(rt, "secrets"))
	}

	return n
}

// list makes a manifest list some shared secrets.
func (n *sharingNamespace) list(app, secrets int) {
	n.apps[app].Spec.Secrets = nil
	for i := range secrets {
		n.apps[app].Spec.Secrets = append(n.apps[app].Spec.Secrets, v1alpha1.Secret{Name: fmt.Sprintf("common-%d", i)})
	}
}

func (n *sharingNamespace) record() {
	n.history = append(n.history, slices.Sorted(maps.Keys(n.owners)))
}

// reconcile acts as Crossplane for one application, with a list of any age. Like the API server, it lets no application
// control an object of another.
func (n *sharingNamespace) reconcile(rt *rapid.T, app int, list []string) {
	a := n.apps[app]
	a.SharedAssignments = map[string][]string{"platform": list}
	r, err := Compose(a, n.platform, n.seen[app])
	if err != nil {
		rt.Fatalf("Compose(...): %v", err)
	}
	maps.DeleteFunc(n.seen[app], func(name string, o Object) bool {
		_, desired := r.Resources[name]
		if !desired && strings.HasPrefix(name, PrefixRoleAssignmentShared) {
			delete(n.owners, o.str("metadata", "name"))
		}

		return !desired
	})
	for resource, desired := range r.Resources {
		o := Object(desired.Object)
		if seen, exists := n.seen[app][resource]; exists {
			if resource == PrefixSecretSyncShared+"platform" {
				seen["spec"] = runtime.DeepCopyJSON(o)["spec"]
			}

			continue
		}
		if strings.HasPrefix(resource, PrefixRoleAssignmentShared) {
			name := o.str("metadata", "name")
			if _, taken := n.owners[name]; taken {
				continue
			}
			n.owners[name] = app
		}
		n.seen[app][resource] = runtime.DeepCopyJSON(o)
	}
	n.record()
	if len(n.owners) > n.limit {
		rt.Fatalf("%d role assignments %v exceed the limit %d", len(n.owners), n.owners, n.limit)
	}
	for _, s := range n.seen[app][PrefixSecretSyncShared+"platform"].list("spec", "forProvider", "secrets") {
		m, _ := s.(map[string]any)
		if role := sharedRole("platform", Object(m).str("name")); n.seen[app][role] == nil {
			rt.Fatalf("%s of %s is synced without its role", role, a.Name)
		}
	}
}

// lacking returns how many more assignments the applications need.
func (n *sharingNamespace) lacking() (lacking int) {
	for _, a := range n.apps {
		lacking += len(a.Spec.Secrets)
	}
	for _, owner := range n.owners {
		if owner >= 0 {
			lacking--
		}
	}

	return lacking
}

// TestSharedLimitProperties checks that applications that are reconciled at the same time, each with a list of role assignments
// that may be old, never have more of them together than the limit allows, and that they use all of it.
func TestSharedLimitProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := drawSharingNamespace(rt)
		for range rapid.IntRange(0, 20).Draw(rt, "steps") {
			app := rapid.IntRange(0, len(n.apps)-1).Draw(rt, "app")
			switch rapid.IntRange(0, 9).Draw(rt, "change") {
			case 0:
				n.list(app, rapid.IntRange(0, 4).Draw(rt, "secrets"))
			case 1:
				delete(n.owners, fmt.Sprintf("older-shared-%d", rapid.IntRange(0, n.limit).Draw(rt, "gone")))
				n.record()
			default:
				n.reconcile(rt, app, rapid.SampledFrom(n.history).Draw(rt, "list"))
			}
		}
		// Everybody sees the same list in each round, as if all were created at once.
		for range n.limit + 2 {
			list := n.history[len(n.history)-1]
			for app := range n.apps {
				n.reconcile(rt, app, list)
			}
		}
		if lacking := n.lacking(); lacking > 0 && len(n.owners) < n.limit {
			rt.Fatalf("%d secrets wait, although %v are below the limit %d", lacking, n.owners, n.limit)
		}
	})
}
