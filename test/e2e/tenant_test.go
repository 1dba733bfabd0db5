//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/plane"
)

const tenantLabel = "meta.p6m.dev/tenant"

// TestTenants transfers the namespace of a team to another tenant. The application of the first tenant proves the ownership of its
// vault by tags, and leaves the vault behind, as it does by default. The same application of the second tenant gets a new identity
// and the same vault name, but no access.
func TestTenants(t *testing.T) {
	p := w.modern
	namespace := namespaceOf(t, p)

	configure(t, w.modern, map[string]any{"tenantLabel": tenantLabel})

	// Nothing is created before the tenant is known.
	a, pw := apply(t, p, namespace, "web"), password()
	a.wait(t, conditionSays("KeyVaultReady", namespace, tenantLabel))

	if got := a.composed(t); len(got) > 0 {
		t.Errorf("without a tenant nothing must be composed, got %v", got)
	}

	labelled(t, p, namespace, tenantLabel, "first")
	a.set(t, postgres(pw))
	first := a.wait(t, plane.Ready)
	a.runsWith(t, pw)
	a.remove(t)

	vault := first.Status.KeyVault.URI
	before := changed(t, vault)

	labelled(t, p, namespace, tenantLabel, "second")

	again := apply(t, p, namespace, "web")
	again.wait(t, conditionIs("KeyVaultReady", "OwnedByAnother"))
	// A new identity belongs to the second tenant as soon as its tags show that.
	again.wait(t, conditionIs("IdentityReady", "Available"))

	if diff := cmp.Diff(before, changed(t, vault)); diff != "" {
		t.Errorf("the vault of another tenant must not change: -want, +got:\n%s", diff)
	}

	if got := again.wait(t, func(*plane.Application) error { return nil }); got.Status.KeyVault != nil && got.Status.KeyVault.URI != "" {
		t.Errorf("the address of another tenant's vault must not be told, got %s", got.Status.KeyVault.URI)
	}

	// The vault belongs to its first owner again as soon as the namespace does.
	labelled(t, p, namespace, tenantLabel, "first")
	again.wait(t, plane.Ready)
	again.runsWith(t, pw)
}
