//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/plane"
)

// TestTwoClusters runs one application in two clusters with one name. Green stands beside blue and joins it, and takes over when blue is
// lost. The value of the secret is entered once.
func TestTwoClusters(t *testing.T) {
	green := w.modern

	blue, err := w.newPlane(t.Context(), "blue", plane.Modern, w.root, head)
	if blue != nil {
		defer func() {
			if err := w.stop(blue); err != nil {
				t.Error(err)
			}
		}()
	}

	must(t, err)

	named := map[string]any{"clusterName": "production"}
	must(t, blue.Configure(t.Context(), overlay(named, blue.Settings())))
	configure(t, green, named)

	namespace := namespaceOf(t, blue)
	namespaceOf(t, green)

	onBlue, pw := started(t, blue, namespace, "web")
	vault := onBlue.vault(t)

	// Two clusters may have one name by mistake.
	onGreen := apply(t, green, namespace, "web")
	onGreen.wait(t, conditionIs("KeyVaultReady", "OwnedByAnother", strings.TrimRight(blue.Issuer(), "/")))

	// Green joins, with blue's values.
	before := changed(t, vault)

	shares(t, green, "Member", blue)
	onGreen.wait(t, plane.Ready)
	onGreen.runsWith(t, pw)

	if got := onGreen.vault(t); got != vault {
		t.Errorf("both clusters must use one vault, got %s and %s", vault, got)
	}

	// Blue deletes its application, and creates it again.
	onBlue.remove(t)

	pw = password()
	onGreen.set(t, postgres(pw))
	onGreen.runsWith(t, pw)

	if diff := cmp.Diff(before, changed(t, vault)); diff != "" {
		t.Errorf("neither joining nor deleting may change the vault or its roles: -before, +after:\n%s", diff)
	}

	onBlue = apply(t, blue, namespace, "web")
	onBlue.wait(t, plane.Ready)
	onBlue.runsWith(t, pw)

	// Blue is lost, and green takes over.
	must(t, w.stop(blue))
	shares(t, green, "Owner", blue)
	eventually(t, "the vault to belong to green", onGreen.changesVault)
	onGreen.wait(t, plane.Ready)
	onGreen.runsWith(t, pw)

	pw = password()
	onGreen.set(t, postgres(pw))
	onGreen.runsWith(t, pw)

	// Green is alone, so the application is deleted as usual.
	shares(t, green, "SoleOwner", blue)
	eventually(t, "the sole owner's policies", onGreen.deletesIdentity)
	onGreen.remove(t)
}

// shares configures the relation of a cluster to another one.
func shares(t *testing.T, p *plane.Plane, role string, peer *plane.Plane) {
	t.Helper()
	configure(t, p, map[string]any{
		"clusterName": "production", "clusterSharing": map[string]any{"role": role, "peers": []any{peer.Issuer()}},
	})
}

// changed describes the changes of a vault and its role assignments in Azure.
func changed(t *testing.T, uri string) string {
	t.Helper()

	name, _, _ := strings.Cut(strings.TrimPrefix(uri, "https://"), ".")

	var out strings.Builder

	for _, r := range w.azure.ARMResources() {
		if strings.Contains(r.ID, "/vaults/"+name) {
			fmt.Fprintf(&out, "%+v\n", r)
		}
	}

	return out.String()
}

// changesVault returns an error unless the cluster of the application owns the vault, as its tag in Azure says.
func (a *app) changesVault(ctx context.Context) error {
	issuer, err := a.field(ctx, "keyvault.azure.m.upbound.io/v1beta1", "Vault", "status", "atProvider", "tags", "platform-application-cluster")
	if want := strings.TrimRight(a.plane.Issuer(), "/"); err == nil && issuer != want {
		return fmt.Errorf("it belongs to %v", issuer)
	}

	return err
}

// deletesIdentity returns an error unless the identity is deleted with the application.
func (a *app) deletesIdentity(ctx context.Context) error {
	policies, err := a.field(ctx, "managedidentity.azure.m.upbound.io/v1beta1", "UserAssignedIdentity", "spec", "managementPolicies")
	if list, _ := policies.([]any); err == nil && !slices.Contains(list, any("Delete")) {
		return fmt.Errorf("they are %v", policies)
	}

	return err
}

// field returns a field of a composed resource that has the name of the application.
func (a *app) field(ctx context.Context, apiVersion, kind string, path ...string) (any, error) {
	u := key{apiVersion, kind, a.namespace, a.name}.object()
	if err := a.plane.API.Client().Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
		return nil, fmt.Errorf("cannot get %s: %w", kind, err)
	}

	value, _, err := unstructured.NestedFieldNoCopy(u.Object, path...)

	return value, err //nolint:wrapcheck // It says it all.
}
