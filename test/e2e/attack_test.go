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
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// argocdAccount applies the manifests that teams have in Git.
const argocdAccount = "system:serviceaccount:argocd:argocd-application-controller"

// resourceName is the annotation with the name of a composed resource.
const resourceName = "crossplane.io/composition-resource-name"

// TestDecoys lets a team point Crossplane at objects that claim to be its vault and its identity, but have the names of another
// application's. A policy rejects the references if Argo CD applies them. If the platform applies them, which no policy rejects, the
// function has to ignore them.
func TestDecoys(t *testing.T) {
	victim, pw := started(t, w.modern, namespaceOf(t, w.modern), "orders")
	status := victim.wait(t, plane.Ready).Status
	before := ofVictim(t, victim)

	mallory := victim.namespace + "-mallory"
	must(t, w.modern.API.CreateNamespace(t.Context(), mallory))

	vault := map[string]string{resourceName: "key-vault", "crossplane.io/external-name": status.KeyVault.Name}
	identity := map[string]string{resourceName: "identity", "crossplane.io/external-name": identityID(t, victim)}
	paused := manifest(mallory, "decoy")
	paused.SetAnnotations(map[string]string{resourceName: "key-vault", "crossplane.io/external-name": status.KeyVault.Name, "crossplane.io/paused": "true"})

	decoys := map[string]client.Object{
		"vault":    &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: mallory, Name: "vault", Annotations: vault}},
		"identity": &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: mallory, Name: "identity", Annotations: identity}},
		"decoy":    paused,
	}
	argocd := asArgoCD(t, w.modern)

	for _, d := range decoys {
		must(t, w.modern.API.Apply(t.Context(), d))
	}

	for name, refs := range map[string][]any{
		"ConfigMaps":        {ref("v1", "ConfigMap", "vault"), ref("v1", "ConfigMap", "identity")},
		"PausedApplication": {ref("meta.p6m.dev/v1alpha1", "PlatformApplication", "decoy")},
	} {
		t.Run(name, func(t *testing.T) {
			opts := []manifestOption{with("crossplane.resourceRefs", refs), with("keyVault.deletionPolicy", "Purge")}
			refusesFields(t, argocd, manifest(mallory, "refused", opts...))

			thief := apply(t, w.modern, mallory, strings.ToLower(name), opts...)

			thief.wait(t, conditionIs("WorkloadReady", "ForeignResource", mallory))
			thief.end(t)
		})
	}

	if diff := cmp.Diff(before, ofVictim(t, victim)); diff != "" {
		t.Errorf("what Azure has of the victim must stay as it was: -want, +got:\n%s", diff)
	}

	victim.wait(t, plane.Ready)
	victim.runsWith(t, pw)
}

// end deletes an application, whatever its references name.
func (a *app) end(t *testing.T) {
	t.Helper()

	must(t, a.plane.API.Client().Delete(t.Context(), manifest(a.namespace, a.name)))

	must(t, isGone(t.Context(), a.plane, manifest(a.namespace, a.name)))
}

// TestClaimOfAnother lets a team bind a claim to the composite resource of another application.
func TestClaimOfAnother(t *testing.T) {
	p := w.claims(t)
	victim, pw := started(t, p, namespaceOf(t, p), "orders")
	before := ofVictim(t, victim)

	got := victim.wait(t, plane.Ready)
	bound, _, _ := unstructured.NestedString(got.Object, "spec", "resourceRef", "name")

	mallory := victim.namespace + "-mallory"
	must(t, p.API.CreateNamespace(t.Context(), mallory))

	xr := with("resourceRef", ref("meta.p6m.dev/v1alpha1", "XPlatformApplication", bound))
	refusesFields(t, asArgoCD(t, p), manifest(mallory, "refused", xr))

	thief := apply(t, p, mallory, "thief", xr)
	thief.wait(t, func(a *plane.Application) error {
		if c := a.Condition("Synced"); c.Status != "False" {
			return fmt.Errorf("Synced is %q: %s", c.Status, c.Message)
		}

		return nil
	})

	if status := thief.wait(t, func(*plane.Application) error { return nil }).Status; status.KeyVault != nil {
		t.Errorf("a claim that names another's composite resource must be told nothing of it, got %+v", status.KeyVault)
	}

	if diff := cmp.Diff(before, ofVictim(t, victim)); diff != "" {
		t.Errorf("what Azure has of the victim must stay as it was: -want, +got:\n%s", diff)
	}

	victim.wait(t, plane.Ready)
	victim.runsWith(t, pw)
}

// asArgoCD returns a client with all permissions under the user name of Argo CD, so that only admission policies restrict it.
func asArgoCD(t *testing.T, p *plane.Plane) client.Client {
	t.Helper()

	must(t, p.API.Apply(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-argocd"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: argocdAccount}},
	}))

	cfg, err := p.API.ConfigForUser(argocdAccount, "system:serviceaccounts:argocd")
	must(t, err)

	c, err := client.New(cfg, client.Options{Scheme: p.API.Client().Scheme()})
	must(t, err)

	return c
}

// refusesFields checks that Crossplane's fields in a manifest are rejected, as soon as the role of
// the account is in force.
func refusesFields(t *testing.T, c client.Client, u *unstructured.Unstructured) {
	t.Helper()

	eventually(t, "the policy to refuse the manifest", func(ctx context.Context) error {
		err := c.Create(ctx, u.DeepCopy())
		if err == nil || !strings.Contains(err.Error(), "platform-application-fields") {
			return fmt.Errorf("it is not refused by platform-application-fields: %w", err)
		}

		return nil
	})
}

func ref(apiVersion, kind, name string) map[string]any {
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "name": name}
}

// identityID returns the Azure id of an application's identity.
func identityID(t *testing.T, a *app) string {
	t.Helper()

	name := a.wait(t, plane.Ready).Status.Identity.Name
	for _, r := range w.azure.ARMResources() {
		if strings.HasSuffix(r.ID, "/userAssignedIdentities/"+name) {
			return r.ID
		}
	}

	t.Fatalf("Azure has no identity %s", name)

	return ""
}

// ofVictim returns the Azure resources of an application, and how often each was changed.
func ofVictim(t *testing.T, a *app) []azure.ARMResource {
	t.Helper()

	status := a.wait(t, plane.Ready).Status

	return slices.DeleteFunc(w.azure.ARMResources(), func(r azure.ARMResource) bool {
		return !isOf(r.ID, status.KeyVault.Name) && !isOf(r.ID, status.Identity.Name)
	})
}

// isOf reports whether an Azure id is that of a vault or an identity of that name, or of something below it.
func isOf(id, name string) bool {
	return strings.Contains(id+"/", "/vaults/"+name+"/") || strings.Contains(id+"/", "/userAssignedIdentities/"+name+"/")
}
