//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/test/apiserver"
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

	belongsTo(t, p, namespace, "first")
	a.set(t, postgres(pw))
	first := a.wait(t, plane.Ready)
	a.runsWith(t, pw)
	a.remove(t)

	changes := func() string {
		var out strings.Builder

		for _, r := range w.azure.ARMResources() {
			if strings.Contains(r.ID, "/vaults/"+first.Status.KeyVault.Name) {
				fmt.Fprintf(&out, "%+v\n", r)
			}
		}

		return out.String()
	}
	before := changes()

	belongsTo(t, p, namespace, "second")

	again := apply(t, p, namespace, "web")
	again.wait(t, func(got *plane.Application) error {
		if c := got.Condition("KeyVaultReady"); c.Reason != "OwnedByAnother" {
			return fmt.Errorf("KeyVaultReady is %s: %s", c.Reason, c.Message)
		}

		// A new identity belongs to the second tenant as soon as its tags show that.
		if c := got.Condition("IdentityReady"); c.Status != "True" {
			return fmt.Errorf("IdentityReady is %s: %s", c.Reason, c.Message)
		}

		return nil
	})

	if diff := cmp.Diff(before, changes()); diff != "" {
		t.Errorf("the vault of another tenant must not change: -want, +got:\n%s", diff)
	}

	if got := again.wait(t, func(*plane.Application) error { return nil }); got.Status.KeyVault != nil && got.Status.KeyVault.URI != "" {
		t.Errorf("the address of another tenant's vault must not be told, got %s", got.Status.KeyVault.URI)
	}

	// The vault belongs to its first owner again as soon as the namespace does.
	belongsTo(t, p, namespace, "first")
	again.wait(t, plane.Ready)
	again.runsWith(t, pw)
}

// belongsTo labels a namespace of applications with its tenant.
func belongsTo(t *testing.T, p *plane.Plane, namespace, tenant string) {
	t.Helper()

	must(t, p.API.Apply(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: namespace, Labels: map[string]string{apiserver.LabelWorkloads: apiserver.WorkloadsComposed, tenantLabel: tenant},
	}}))
}
