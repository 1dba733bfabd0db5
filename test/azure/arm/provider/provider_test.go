// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/test/azure"
)

// An app is the managed resources that an application is composed of, as manifests.
type app struct {
	name     string
	vault    string
	identity string

	credential string
	roleName   string
}

// newApp returns the manifests of an application as the function composes them, with those management policies of the vault.
func newApp(name, policies string) *app {
	a := &app{name: name, roleName: uuid.NewString()}

	a.vault = fmt.Sprintf(`
apiVersion: keyvault.azure.m.upbound.io/v1beta1
kind: Vault
metadata:
  name: %[1]s
  annotations: {crossplane.io/external-name: %[1]s}
spec:
  forProvider:
    location: westeurope
    purgeProtectionEnabled: true
    rbacAuthorizationEnabled: true
    resourceGroupName: rg-applications
    skuName: standard
    softDeleteRetentionDays: 90
    tags: {application: %[1]s}
    tenantId: 11111111-1111-4111-8111-111111111111
  managementPolicies: [%[2]s]
  providerConfigRef: {kind: ProviderConfig, name: default}
`, name, policies)

	a.identity = fmt.Sprintf(`
apiVersion: managedidentity.azure.m.upbound.io/v1beta1
kind: UserAssignedIdentity
metadata: {name: %[1]s, annotations: {crossplane.io/external-name: %[2]s}}
spec:
  forProvider: {location: westeurope, name: %[1]s, resourceGroupName: rg-applications, tags: {application: %[1]s}}
  managementPolicies: [Observe, Create, Update, Delete]
  providerConfigRef: {kind: ProviderConfig, name: default}
`, name, identityID(name))

	return a
}

const owned = "Observe, Create, Update, Delete"

// grant returns the manifests of what needs the identity and the vault to be there.
func (w *world) grant(a *app) (credential, role string) {
	vault, identity := w.ready(a.vault), w.ready(a.identity)

	a.credential = fmt.Sprintf(`
apiVersion: managedidentity.azure.m.upbound.io/v1beta1
kind: FederatedIdentityCredential
metadata: {name: %[1]s, annotations: {crossplane.io/external-name: %[1]s}}
spec:
  forProvider:
    audience: [api://AzureADTokenExchange]
    issuer: %[2]s
    parentId: %[3]s
    resourceGroupName: rg-applications
    subject: system:serviceaccount:%[4]s:%[1]s
  managementPolicies: [Observe, Create, Update, Delete]
  providerConfigRef: {kind: ProviderConfig, name: default}
`, a.name, api.Issuer(), at(identity, "id"), w.namespace)

	role = fmt.Sprintf(`
apiVersion: authorization.azure.m.upbound.io/v1beta1
kind: RoleAssignment
metadata: {name: %[1]s, annotations: {crossplane.io/external-name: %[4]s/providers/Microsoft.Authorization/roleAssignments/%[2]s}}
spec:
  forProvider:
    name: %[2]s
    principalId: %[3]s
    principalType: ServicePrincipal
    roleDefinitionName: Key Vault Secrets User
    scope: %[4]s
  managementPolicies: [Observe, Create, Update, Delete]
  providerConfigRef: {kind: ProviderConfig, name: default}
`, a.name, a.roleName, at(identity, "principalId"), at(vault, "id"))

	return a.credential, role
}

func TestDelays(t *testing.T) {
	w := newWorld(t)
	w.SetDelays(azure.Delays{Vault: 3 * time.Second, Credential: 5 * time.Second, Role: 5 * time.Second, Principal: 15 * time.Second})
	w.start()

	a := newApp(unique(), owned)
	must(t, api.CreateServiceAccount(t.Context(), w.namespace, a.name))
	w.apply(a.vault, a.identity)

	credential, role := w.grant(a)

	// Without its type the principal is not believed to exist yet. The provider tries again, and says nothing.
	untyped := strings.Replace(role, "    principalType: ServicePrincipal\n", "", 1)
	w.apply(untyped)
	w.ready(untyped)

	if n := w.Counts().Of(azure.CountKey{Operation: azure.OpPutRoleAssignment, Error: "PrincipalNotFound"}); n == 0 {
		t.Error("a principal that is new was known at once")
	}

	w.apply(credential)
	w.ready(credential)

	_, err := w.PutSecret(a.name, "s", azure.Secret{Value: "v"})
	must(t, err)

	c := w.client(a.name, a.name, at(w.ready(a.identity), "clientId"))
	eventually(t, func(ctx context.Context) error {
		_, err := c.GetSecret(ctx, "s", "", nil)

		return err //nolint:wrapcheck // There is nothing to add.
	})

	// Drift is repaired.
	must(t, w.DeleteRoleAssignment(a.name, a.roleName))
	eventually(t, func(context.Context) error {
		list, err := w.RoleAssignments(a.name)
		if err == nil && len(list) != 1 {
			err = errors.New("the role assignment is not back")
		}

		return err
	})
}

func TestNameTaken(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), owned)
	must(t, w.PutVault(azure.Vault{Name: a.name, TenantID: tenant}))
	w.apply(a.vault)
	w.says(a.vault, "VaultAlreadyExists")

	if got := w.resources("vaults/" + a.name); len(got) != 0 {
		t.Errorf("a vault of somebody else was touched: %v", got)
	}
}

func TestChanges(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), owned)
	w.apply(a.vault, a.identity)
	w.ready(a.vault)
	w.ready(a.identity)

	w.patch(a.vault, `{"spec":{"forProvider":{"tags":{"application":"other"},"skuName":"premium"}}}`)
	eventually(t, func(ctx context.Context) error {
		got, err := w.get(ctx, a.vault)
		if err != nil {
			return err
		}

		if tag, _, _ := unstructured.NestedString(got.Object, "status", "atProvider", "tags", "application"); tag != "other" || at(got, "skuName") != "premium" {
			return fmt.Errorf("want the change, got tag %q and sku %q", tag, at(got, "skuName"))
		}

		return nil
	})

	for _, refused := range []struct{ manifest, patch, words string }{
		{a.vault, `{"spec":{"forProvider":{"location":"northeurope"}}}`, `refuse to update the external resource because the following update ` +
			`requires replacing it: cannot change the value of the argument "location" from "westeurope" to "northeurope"`},
		{a.identity, `{"spec":{"forProvider":{"name":"another"}}}`, `cannot change the value of the argument "name" from "` + a.name + `" to "another"`},
	} {
		w.patch(refused.manifest, refused.patch)
		w.says(refused.manifest, refused.words)
	}

	w.apply(a.vault)
	w.ready(a.vault)

	w.patch(a.vault, `{"spec":{"forProvider":{"purgeProtectionEnabled":false}}}`)
	w.says(a.vault, "once Purge Protection has been Enabled it's not possible to disable it")
}

func TestKill(t *testing.T) {
	cases := map[string]struct {
		reason string
		effect azure.Effect
		made   int
	}{
		"Done":    {"Azure does what it is asked for, and the answer never comes.", azure.EffectTruncate, 2},
		"NotDone": {"Azure has not begun.", azure.EffectHang, 0},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.start()
			a := newApp(unique(), owned)

			for _, operation := range []string{azure.OpPutVault, azure.OpPutIdentity} {
				_, err := w.AddFault(azure.Fault{Host: "management.azure.com", Operation: operation, Effect: tc.effect})
				must(t, err)
			}

			w.apply(a.vault, a.identity)
			w.asked(a.vault, a.identity)
			eventually(t, func(context.Context) error {
				if got := w.resources(a.name); len(got) != tc.made {
					return fmt.Errorf("want %d resources, got %v", tc.made, got)
				}

				return nil
			})
			p.end(t, syscall.SIGKILL)
			w.ClearFaults()
			w.start()

			w.ready(a.vault)
			w.ready(a.identity)

			if diff := cmp.Diff([]azure.ARMResource{{ID: vaultID(a.name), Created: 1}, {ID: identityID(a.name), Created: 1}}, w.resources(a.name)); diff != "" {
				t.Errorf("\n%s\nIt is made once: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// asked waits until Azure is asked to create managed resources, and that is noted.
func (w *world) asked(texts ...string) {
	w.tb.Helper()

	for _, text := range texts {
		eventually(w.tb, func(ctx context.Context) error {
			got, err := w.get(ctx, text)
			if err == nil && !lookAt(got).Asked {
				err = errors.New("want it to be asked for")
			}

			return err
		})
	}
}

// TestRestart: without the right to late-initialize, the provider keeps the id of a new identity only in memory. So the function sets it
// before.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	p := w.start()

	named, unnamed := newApp(unique(), owned), newApp(unique(), owned)
	unnamed.identity = strings.Replace(unnamed.identity, ", annotations: {crossplane.io/external-name: "+identityID(unnamed.name)+"}", "", 1)
	w.apply(named.identity, unnamed.identity)
	w.ready(named.identity)

	if got := w.ready(unnamed.identity).GetAnnotations()["crossplane.io/external-name"]; got != "" {
		t.Errorf("external name: want none, got %q", got)
	}

	p.end(t, syscall.SIGTERM)
	w.start()

	w.says(unnamed.identity, "already exists - to be managed via Terraform this resource needs to be imported into the State")
	w.patch(unnamed.identity, `{"metadata":{"annotations":{"crossplane.io/external-name":"`+identityID(unnamed.name)+`"}}}`)
	w.ready(unnamed.identity)
	w.ready(named.identity)

	for _, a := range []*app{named, unnamed} {
		if diff := cmp.Diff([]azure.ARMResource{{ID: identityID(a.name), Created: 1}}, w.resources(a.name)); diff != "" {
			t.Errorf("-want, +got:\n%s", diff)
		}
	}
}

// TestCreateIncomplete: a provider killed between its notes about a creation leaves the rest to a person.
func TestCreateIncomplete(t *testing.T) {
	w := newWorld(t)

	a := newApp(unique(), owned)
	a.vault = strings.Replace(a.vault, "annotations: {", `annotations: {crossplane.io/external-create-pending: "2026-01-01T00:00:00Z", `, 1)
	w.apply(a.vault)
	w.start()
	w.says(a.vault, "cannot determine creation result - remove the crossplane.io/external-create-pending annotation if it is safe to proceed")

	// Removing the annotation alone triggers no reconcile.
	w.patch(a.vault, `{"metadata":{"annotations":{"crossplane.io/external-create-pending":null,"again":"1"}}}`)
	w.ready(a.vault)
}

func TestFaults(t *testing.T) {
	w := newWorld(t)

	for _, f := range []azure.Fault{
		{Host: "management.azure.com", Effect: azure.EffectStatus, Status: http.StatusTooManyRequests, RetryAfter: time.Second, Count: 3},
		{Host: "management.azure.com", Effect: azure.EffectStatus, Status: http.StatusServiceUnavailable, Count: 3},
		{Operation: azure.OpToken, Effect: azure.EffectStatus, Status: http.StatusInternalServerError, Count: 2},
	} {
		_, err := w.AddFault(f)
		must(t, err)
	}

	w.start()

	a := newApp(unique(), owned)
	w.apply(a.vault, a.identity)
	w.ready(a.vault)
	w.ready(a.identity)

	// During an outage nothing is taken for gone.
	outage, err := w.AddFault(azure.Fault{Host: "management.azure.com", Operation: azure.OpGetVault, Effect: azure.EffectStatus, Status: http.StatusServiceUnavailable})
	must(t, err)
	w.says(a.vault, `vaults.VaultsClient#Get: Failure responding to request: StatusCode=503 -- Original Error: autorest/azure: Service returned an error. Status=503 Code="ServerTimeout"`)

	if status, _ := condition(w.ready(a.identity), "Ready"); status != "True" {
		t.Error("a resource without an outage is not ready")
	}

	w.RemoveFault(outage)
	w.ready(a.vault)

	if diff := cmp.Diff([]azure.ARMResource{{ID: vaultID(a.name), Created: 1}, {ID: identityID(a.name), Created: 1}}, w.resources(a.name)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func vaultID(name string) string {
	return "/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/Microsoft.KeyVault/vaults/" + name
}

func identityID(name string) string {
	return "/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
}
