// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/test/azure"
)

// A look is the visible state of a managed resource: its conditions with their reasons, and its progress.
type look struct {
	Conditions map[string]string
	Asked      bool // since when Azure is asked is noted
	Failed     bool // that it was refused, too
	Observed   bool
}

func lookAt(o *unstructured.Unstructured) look {
	l := look{Conditions: map[string]string{}, Observed: at(o, "id") != ""}

	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range list {
		c, _ := one.(map[string]any)
		l.Conditions[fmt.Sprint(c["type"])] = fmt.Sprint(c["status"], " ", c["reason"])
	}

	annotations := o.GetAnnotations()
	l.Asked = annotations["crossplane.io/external-create-pending"] != "" && annotations["crossplane.io/external-create-succeeded"] != ""
	l.Failed = annotations["crossplane.io/external-create-failed"] != ""

	return l
}

// looks waits until a managed resource looks like that.
func (w *world) looks(text string, want look) {
	w.tb.Helper()

	eventually(w.tb, func(ctx context.Context) error {
		got, err := w.get(ctx, text)
		if err != nil {
			return err
		}

		if diff := cmp.Diff(want, lookAt(got)); diff != "" {
			return fmt.Errorf("%s %s: -want, +got:\n%s", got.GetKind(), got.GetName(), diff)
		}

		return nil
	})
}

// creating is the look during the first creation: no error, and nothing observed.
func creating() look {
	return look{Conditions: map[string]string{"Ready": "False Creating", "Synced": "True ReconcileSuccess"}, Asked: true}
}

// available is the look once Azure has the resource.
func available() look {
	return look{
		Conditions: map[string]string{"Ready": "True Available", "Synced": "True ReconcileSuccess", "LastAsyncOperation": "True Success"},
		Asked:      true, Observed: true,
	}
}

// TestOngoing looks at a resource during its creation and after.
func TestOngoing(t *testing.T) {
	w := newWorld(t)
	// Five minutes until the new vault's address is believed.
	w.start("--time-scale=2.5")

	a := newApp(unique(), owned)
	w.apply(a.vault, a.identity)
	w.looks(a.identity, available())
	w.looks(a.vault, creating())

	eventually(t, func(context.Context) error {
		if got := w.resources("vaults/" + a.name); len(got) != 1 {
			return fmt.Errorf("want one vault, got %v", got)
		}

		return nil
	})

	// It is in Azure already, which the managed resource does not show.
	w.looks(a.vault, creating())

	// It cannot be deleted before it is there.
	must(t, api.Client().Delete(t.Context(), w.manifest(a.vault)))
	w.says(a.vault, "delete failed: create operation that started at")

	if diff := cmp.Diff([]azure.ARMResource{{ID: vaultID(a.name), Created: 1}}, w.resources("vaults/"+a.name)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestUnknownPrincipal: an unknown principal looks like a new one until the provider gives up.
func TestUnknownPrincipal(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), owned)
	w.apply(a.vault)

	scope, name, unknown := at(w.ready(a.vault), "id"), uuid.NewString(), uuid.NewString()
	role := fmt.Sprintf(`
apiVersion: authorization.azure.m.upbound.io/v1beta1
kind: RoleAssignment
metadata: {name: %[1]s, annotations: {crossplane.io/external-name: %[2]s/providers/Microsoft.Authorization/roleAssignments/%[3]s}}
spec:
  forProvider: {name: %[3]s, principalId: %[4]s, roleDefinitionName: Key Vault Secrets Officer, scope: %[2]s}
  managementPolicies: [Observe, Create, Update, Delete]
  providerConfigRef: {kind: ProviderConfig, name: default}
`, a.name, scope, name, unknown)
	w.apply(role)

	eventually(t, func(context.Context) error {
		if n := w.Counts().Of(azure.CountKey{Operation: azure.OpPutRoleAssignment, Error: "PrincipalNotFound"}); n < 2 {
			return fmt.Errorf("want it to be asked for again, was asked for %d times", n)
		}

		return nil
	})
	w.looks(role, creating())

	// Half an hour later, which are 18 seconds here, the provider gives up and starts again. Only its last operation says why.
	w.looks(role, look{
		Conditions: map[string]string{"Ready": "False Creating", "Synced": "True ReconcileSuccess", "LastAsyncOperation": "False AsyncCreateFailure"},
		Asked:      true, Failed: true,
	})

	got, err := w.get(t.Context(), role)
	must(t, err)

	if _, message := condition(got, "LastAsyncOperation"); !strings.HasPrefix(message, "async create failed: failed to create the resource: [{0 unexpected status 400 (400 Bad Request) with error: PrincipalNotFound: Principal ") {
		t.Errorf("condition LastAsyncOperation says %q", message)
	}

	must(t, w.PutApplication(azure.Application{TenantID: tenant, ClientID: uuid.NewString(), PrincipalID: unknown}))

	want := available()
	want.Failed = true
	w.looks(role, want)
}

// TestScopeCase: the scope of an assignment needs Azure's spelling.
func TestScopeCase(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), owned)
	w.apply(a.vault, a.identity)

	_, role := w.grant(a)
	role = strings.Replace(role, "scope: /subscriptions/"+subscription+"/resourceGroups/", "scope: /subscriptions/"+subscription+"/resourcegroups/", 1)
	w.apply(role)
	w.says(role, `refuse to update the external resource because the following update requires replacing it: cannot change the value of the argument "scope"`)
}

// TestCredentialsOfOneIdentity are written one after the other, because Azure refuses two writes at once.
func TestCredentialsOfOneIdentity(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), owned)
	w.apply(a.vault, a.identity)

	_, err := w.AddFault(azure.Fault{Operation: azure.OpPutCredential, Effect: azure.EffectSlow, Duration: 300 * time.Millisecond})
	must(t, err)

	one, _ := w.grant(a)
	two := strings.ReplaceAll(strings.Replace(one, "name: "+a.name+",", "name: "+a.name+"-two,", 1), "external-name: "+a.name, "external-name: "+a.name+"-two")
	two = strings.Replace(two, ":"+a.name+"\n", ":two\n", 1)
	w.apply(one, two)
	w.ready(one)
	w.ready(two)

	if n := w.Counts().Of(azure.CountKey{Operation: azure.OpPutCredential, Status: 409}); n != 0 {
		t.Errorf("want no write to be refused, got %d", n)
	}
}
