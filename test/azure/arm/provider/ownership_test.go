// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	observed = "Observe"
	created  = "Observe, Create"
)

// newcomer returns the manifests of an application that has the names in Azure of another one, and tags of its own.
func newcomer(a *app, policies string) *app {
	n := newApp(unique(), policies)
	n.vault = strings.ReplaceAll(n.vault, "external-name: "+n.name, "external-name: "+a.name)
	n.identity = strings.NewReplacer(
		identityID(n.name), identityID(a.name), "forProvider: {location: westeurope, name: "+n.name, "forProvider: {location: westeurope, name: "+a.name,
		"managementPolicies: ["+owned+"]", "managementPolicies: ["+policies+"]",
	).Replace(n.identity)

	return n
}

// tagged waits until a managed resource is ready and says whose it is.
func (w *world) tagged(manifest, application string) {
	w.tb.Helper()

	got, _, _ := unstructured.NestedString(w.ready(manifest).Object, "status", "atProvider", "tags", "application")
	if got != application {
		w.tb.Errorf("tag application: want %q, got %q", application, got)
	}
}

// TestObserveBeforeCreate: a function can tell from values, not from messages, that nothing exists.
func TestObserveBeforeCreate(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), observed)
	a = newcomer(a, observed)
	w.apply(a.vault, a.identity)

	for _, manifest := range []string{a.vault, a.identity} {
		eventually(t, func(ctx context.Context) error {
			got, err := w.get(ctx, manifest)
			if err != nil {
				return err
			}

			list, _, _ := unstructured.NestedSlice(got.Object, "status", "conditions")
			for _, one := range list {
				c, _ := one.(map[string]any)
				if c["type"] == "Synced" && c["status"] == "False" && c["observedGeneration"] == got.GetGeneration() && at(got, "id") == "" {
					return nil
				}
			}

			return fmt.Errorf("want condition Synced to be False of this generation, and no id, got %v", got.Object["status"])
		})
	}

	if got := w.ARMResources(); len(got) != 0 {
		t.Errorf("what is only observed was made: %v", got)
	}

	for _, manifest := range []string{a.vault, a.identity} {
		w.patch(manifest, `{"spec":{"managementPolicies":["Observe","Create"]}}`)
		w.tagged(manifest, a.name)
	}
}

// TestCreateWithoutUpdate: an existing resource keeps its tags, visible to a function, until the provider may update it.
func TestCreateWithoutUpdate(t *testing.T) {
	w := newWorld(t)
	w.start()

	first := newApp(unique(), owned)
	w.apply(first.vault, first.identity)
	w.ready(first.vault)
	w.ready(first.identity)

	for _, policies := range []string{observed, created} {
		second := newcomer(first, policies)
		w.apply(second.vault, second.identity)

		for _, manifest := range []string{second.vault, second.identity, first.vault, first.identity} {
			w.tagged(manifest, first.name)
		}

		w.delete(second.vault)
		w.delete(second.identity)
	}

	if diff := cmp.Diff([]azure.ARMResource{{ID: vaultID(first.name), Created: 1}, {ID: identityID(first.name), Created: 1}}, w.ARMResources()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestCreateLooksAgain: a vault created by somebody else since the provider looked stays as it is.
func TestCreateLooksAgain(t *testing.T) {
	w := newWorld(t)

	a := newApp(unique(), created)
	must(t, w.PutVault(azure.Vault{Name: a.name, TenantID: tenant, ResourceID: vaultID(a.name)}))

	_, err := w.AddFault(azure.Fault{Operation: azure.OpGetVault, Effect: azure.EffectStatus, Status: http.StatusNotFound, Count: 1})
	must(t, err)

	w.start()
	w.apply(a.vault)
	w.tagged(a.vault, "")

	if got := w.resources("vaults/" + a.name); len(got) != 0 {
		t.Errorf("a vault that somebody made meanwhile was changed: %v", got)
	}
}

// TestRecoveredTags: tags do not prove ownership of values. A recovered vault has the tags of the newcomer and the values of its predecessor.
func TestRecoveredTags(t *testing.T) {
	w := newWorld(t)
	w.start()

	first := newApp(unique(), owned)
	w.apply(first.vault)
	w.ready(first.vault)
	w.delete(first.vault)

	second := newcomer(first, created)
	w.apply(second.vault)
	w.tagged(second.vault, second.name)

	if diff := cmp.Diff([]azure.ARMResource{{ID: vaultID(first.name), Created: 1, Deleted: 1, Recovered: 1}}, w.resources("vaults/"+first.name)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
