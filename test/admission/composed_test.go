// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/schema"
)

// A composed kind is one that only some accounts can write.
type composed struct {
	resource string
	object   *unstructured.Unstructured

	// reconciler is the account that reconciles the kind.
	reconciler string

	// usage is the usage of a provider configuration that the reconciler creates.
	usage bool

	// status is a subresource.
	status bool
}

const azureGroup = "azure.m.upbound.io"

// composedKinds returns an object of each kind in a namespace.
func composedKinds(namespace string) []composed {
	managed := func(group, kind, resource string, forProvider map[string]any) composed {
		return composed{
			resource:   resource + "." + group,
			object:     object(group+"/v1beta1", kind, namespace, "web", map[string]any{"spec": map[string]any{"forProvider": forProvider}}),
			reconciler: azureProvider, status: true,
		}
	}

	usage := map[string]any{
		"providerConfigRef": map[string]any{"kind": "ClusterProviderConfig", "name": "default"},
		"resourceRef":       map[string]any{"apiVersion": "v1", "kind": "Vault", "name": "web"},
	}

	sync := object("secrets.p6m.dev/v1alpha1", "KeyVaultSecretSync", namespace, "web", map[string]any{"spec": map[string]any{"forProvider": map[string]any{
		"vaultUri": "https://web-1.vault.azure.net/", "tenantId": "11111111-1111-4111-8111-111111111111",
		"clientId": "66666666-6666-4666-8666-666666666666", "serviceAccountName": "web",
		"secrets": []any{map[string]any{"name": "api"}}, "target": map[string]any{"name": "web-keyvault"},
	}}})

	azureConfig := object(azureGroup+"/v1beta1", "ProviderConfig", namespace, "web", map[string]any{
		"spec": map[string]any{"credentials": map[string]any{"source": "OIDCTokenFile"}},
	})

	return []composed{
		managed("keyvault."+azureGroup, "Vault", "vaults", map[string]any{
			"location": "westeurope", "skuName": "standard", "tenantId": "1", "resourceGroupName": "rg",
		}),
		managed("managedidentity."+azureGroup, "UserAssignedIdentity", "userassignedidentities", map[string]any{
			"location": "westeurope", "name": "web", "resourceGroupName": "rg",
		}),
		managed("managedidentity."+azureGroup, "FederatedIdentityCredential", "federatedidentitycredentials", map[string]any{
			"audience": []any{"a"}, "issuer": "i", "subject": "s", "parentId": "p", "resourceGroupName": "rg",
		}),
		managed("authorization."+azureGroup, "RoleAssignment", "roleassignments", map[string]any{
			"principalId": "p", "scope": "/", "roleDefinitionName": "Owner",
		}),
		managed(azureGroup, "ResourceGroup", "resourcegroups", map[string]any{"location": "westeurope"}),
		{resource: "providerconfigs." + azureGroup, object: azureConfig, reconciler: azureProvider, status: true},
		{
			resource: "providerconfigusages." + azureGroup, reconciler: azureProvider, usage: true,
			object: object(azureGroup+"/v1beta1", "ProviderConfigUsage", namespace, "web", usage),
		},
		{resource: "keyvaultsecretsyncs.secrets.p6m.dev", object: sync, reconciler: secretSyncProvider, status: true},
		{resource: "providerconfigs.secrets.p6m.dev", object: providerConfig(namespace, "web"), reconciler: secretSyncProvider, status: true},
		{
			resource: "providerconfigusages.secrets.p6m.dev", reconciler: secretSyncProvider, usage: true,
			object: object("secrets.p6m.dev/v1alpha1", "ProviderConfigUsage", namespace, "web", usage),
		},
	}
}

// verbs are those that change an object.
func (k composed) verbs() map[string]func(context.Context, client.Client) error {
	// The metadata changes are those of a reconciler.
	change := nest("now", "metadata", "annotations", "crossplane.io/external-create-succeeded")
	fresh := func() *unstructured.Unstructured {
		u := k.object.DeepCopy()
		u.SetName("fresh")
		u.SetResourceVersion("")
		u.SetUID("")

		return u
	}

	out := map[string]func(context.Context, client.Client) error{
		"create": func(ctx context.Context, kube client.Client) error {
			return kube.Create(ctx, fresh(), client.DryRunAll)
		},
		"apply": func(ctx context.Context, kube client.Client) error {
			u := fresh()
			u.SetManagedFields(nil)

			return serverSide(ctx, kube, u)
		},
		"update": func(ctx context.Context, kube client.Client) error {
			u := k.object.DeepCopy()
			u.SetAnnotations(map[string]string{"crossplane.io/external-create-succeeded": "now"})
			u.SetFinalizers([]string{"finalizer.managedresource.crossplane.io"})

			return kube.Update(ctx, u, client.DryRunAll)
		},
		"patch": func(ctx context.Context, kube client.Client) error { return merge(ctx, kube, k.object, change) },
		"delete": func(ctx context.Context, kube client.Client) error {
			return kube.Delete(ctx, k.object.DeepCopy(), client.DryRunAll)
		},
		"deletecollection": func(ctx context.Context, kube client.Client) error {
			u := &unstructured.Unstructured{}
			u.SetGroupVersionKind(k.object.GroupVersionKind())

			return kube.DeleteAllOf(ctx, u, client.InNamespace(k.object.GetNamespace()), client.DryRunAll)
		},
	}

	if k.status {
		out["status"] = func(ctx context.Context, kube client.Client) error {
			return kube.Status().Patch(ctx, k.object.DeepCopy(), mergePatch(map[string]any{"status": map[string]any{"conditions": []any{}}}), client.DryRunAll)
		}
	}

	return out
}

// allowed returns the verbs of an account.
func (k composed) allowed(user string) []string {
	all := []string{"create", "apply", "update", "patch", "delete", "deletecollection", "status"}

	switch {
	case user == backup, user == engineer:
		return all
	case user == crossplane:
		return all[:6]
	case user == k.reconciler && k.usage, user == otherAzureProvider && k.reconciler == azureProvider && k.usage:
		return all
	case user == k.reconciler, user == otherAzureProvider && k.reconciler == azureProvider:
		return []string{"update", "patch", "status"}
	case user == garbageCollector, user == controllerManager:
		return []string{"update", "patch", "delete", "deletecollection"}
	case user == namespaceController:
		return []string{"delete", "deletecollection"}
	default:
		return nil
	}
}

// TestComposedKinds tries every verb on every kind as every account.
//
//nolint:gocognit // Tables of closures, each of which is short.
func TestComposedKinds(t *testing.T) {
	namespaces := map[string]string{"Labelled": modern.namespace(t), "Unlabelled": modern.Namespace(t)}

	for name, namespace := range namespaces {
		for _, k := range composedKinds(namespace) {
			t.Run(name+"/"+k.resource, func(t *testing.T) {
				check.Must(t, modern.Client().Create(t.Context(), k.object))

				for _, user := range []string{
					team, "system:serviceaccount:argocd:argocd-server", crossplane, azureProvider, otherAzureProvider, secretSyncProvider, garbageCollector, namespaceController,
					controllerManager, backup, engineer, "system:serviceaccount:" + namespace + ":crossplane", "system:serviceaccount:kube-system:default",
				} {
					var groups []string
					if user == engineer {
						groups = []string{engineers, "system:authenticated"}
					}

					kube := modern.as(user, groups...)

					for verb, do := range k.verbs() {
						err := do(t.Context(), kube)
						want := slices.Contains(k.allowed(user), verb)

						if got := err == nil; got != want || err != nil && deniedBy(err) != "platform-application-composed" {
							t.Errorf("%s by %s: allowed: want %t, got %t: %v", verb, user, want, got, err)
						}
					}
				}
			})
		}
	}
}

// TestComposedMessages shows the messages for a team.
func TestComposedMessages(t *testing.T) {
	namespace := modern.namespace(t)
	vault := composedKinds(namespace)[0]

	check.Must(t, modern.Client().Create(t.Context(), vault.object))

	cases := map[string]struct {
		user, verb string
		want       string
	}{
		"Team": {
			user: team, verb: "create",
			want: "only Crossplane and the provider may write vaults.keyvault.azure.m.upbound.io. " +
				"Use a PlatformApplication instead, or ask the platform team",
		},
		"Crossplane": {user: crossplane, verb: "status", want: "only the provider may write the status of vaults.keyvault.azure.m.upbound.io"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, said(vault.verbs()[tc.verb](t.Context(), modern.as(tc.user)))); diff != "" {
				t.Errorf("-want, +got:\n%s", diff)
			}
		})
	}
}

// TestUsageOfOwner checks that the namespace controller leaves a usage with an owner to the garbage
// collector, and deletes one without an owner, which would otherwise stay forever.
func TestUsageOfOwner(t *testing.T) {
	namespace := modern.namespace(t)

	for _, k := range composedKinds(namespace) {
		if !k.usage {
			continue
		}

		t.Run(k.resource, func(t *testing.T) {
			setOwner(k.object, owner("Vault", "web", "0"))

			check.Must(t, modern.as(k.reconciler).Create(t.Context(), k.object))

			want := k.resource + " web cannot be deleted before its owner: the provider needs it to delete the Azure resource"

			for _, verb := range []string{"delete", "deletecollection"} {
				for user, want := range map[string]string{namespaceController: want, garbageCollector: "", controllerManager: "", k.reconciler: "", backup: ""} {
					if diff := cmp.Diff(want, said(k.verbs()[verb](t.Context(), modern.as(user)))); diff != "" {
						t.Errorf("%s by %s: -want, +got:\n%s", verb, user, diff)
					}
				}
			}
		})
	}
}

// TestCollectorKeepsSpec lets the garbage collector change only metadata.
func TestCollectorKeepsSpec(t *testing.T) {
	vault := composedKinds(modern.namespace(t))[0].object
	check.Must(t, modern.Client().Create(t.Context(), vault))

	err := merge(t.Context(), modern.as(garbageCollector), vault, nest("another", "spec", "forProvider", "resourceGroupName"))
	if diff := cmp.Diff("the garbage collector may change only the metadata of an object", said(err)); diff != "" {
		t.Errorf("spec by the garbage collector: -want, +got:\n%s", diff)
	}
}

// TestSyncNow lets the action of Argo CD request a sync, and nothing else.
func TestSyncNow(t *testing.T) {
	namespace := modern.namespace(t)

	var sync *unstructured.Unstructured

	for _, k := range composedKinds(namespace) {
		if k.object.GetKind() == "KeyVaultSecretSync" {
			sync = k.object
		}
	}

	sync.SetAnnotations(map[string]string{"crossplane.io/composition-resource-name": "secret-sync"})

	check.Must(t, modern.Client().Create(t.Context(), sync))

	annotations := func(key, value string) map[string]any { return nest(value, "metadata", "annotations", key) }
	asked := annotations("secrets.p6m.dev/sync-requested-at", "2026-01-01T00:00:00Z")

	cases := map[string]struct {
		reason string
		patch  map[string]any
		denied bool
	}{
		"Asked":      {reason: "The action requests a sync.", patch: asked},
		"Paused":     {reason: "Another annotation is rejected.", patch: annotations("crossplane.io/paused", "true"), denied: true},
		"Annotation": {reason: "A change of an existing annotation is rejected.", patch: annotations("crossplane.io/composition-resource-name", "key-vault"), denied: true},
		"Removed":    {reason: "A removal of an annotation is rejected.", patch: nest(nil, "metadata", "annotations", "crossplane.io/composition-resource-name"), denied: true},
		"Label":      {reason: "A label is rejected.", patch: nest("victim", "metadata", "labels", "crossplane.io/composite"), denied: true},
		"Owner":      {reason: "An owner is rejected.", patch: nest([]any{owner("PlatformApplication", "victim", "0")}, "metadata", "ownerReferences"), denied: true},
		"Spec":       {reason: "Another vault is rejected.", patch: nest("https://victim.vault.azure.net/", "spec", "forProvider", "vaultUri"), denied: true},
		"Both": {
			reason: "Another vault together with a request is rejected.", denied: true,
			patch: map[string]any{"metadata": asked["metadata"], "spec": map[string]any{"forProvider": map[string]any{"clientId": "99999999-9999-4999-8999-999999999999"}}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := merge(t.Context(), modern.as("system:serviceaccount:argocd:argocd-server"), sync, tc.patch)
			if got := deniedBy(err) == "platform-application-composed"; got != tc.denied || !tc.denied && err != nil {
				t.Errorf("\n%s\ndenied: want %t, got %v", tc.reason, tc.denied, err)
			}
		})
	}
}

// TestEveryAzureGroup checks that the policy lists every API group with namespaced kinds of the
// Azure provider, because a policy cannot match the end of a group's name.
func TestEveryAzureGroup(t *testing.T) {
	dir, err := schema.AzureDefinitions(t.Context())
	check.Must(t, err)

	files, err := filepath.Glob(filepath.Join(dir, "*.m.upbound.io_*.yaml"))
	check.Must(t, err)

	want := []string{"secrets.p6m.dev"}

	for _, f := range files {
		group, _, _ := strings.Cut(filepath.Base(f), "_")
		want = append(want, group)
	}

	slices.Sort(want)

	rules, _, _ := unstructured.NestedSlice(shipped(t, "composed.yaml", "ValidatingAdmissionPolicy", "platform-application-composed").Object, "spec", "matchConstraints", "resourceRules")
	rule, _ := rules[0].(map[string]any)
	got, _, _ := unstructured.NestedStringSlice(rule, "apiGroups")
	slices.Sort(got)

	if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
		t.Errorf("groups of the policy: -want, +got:\n%s", diff)
	}
}

// TestCompositeOfClaim lets only Crossplane write the composite resource of a claim.
func TestCompositeOfClaim(t *testing.T) {
	k := composed{
		resource: "xplatformapplications.meta.p6m.dev", reconciler: crossplane, status: true,
		object: object("meta.p6m.dev/v1alpha1", "XPlatformApplication", "", "web", map[string]any{"spec": map[string]any{}}),
	}

	check.Must(t, claim.Client().Create(t.Context(), k.object))

	for user, want := range map[string]string{
		team: "", azureProvider: "", secretSyncProvider: "", engineer: "",
		crossplane: "apply create delete deletecollection patch status update", backup: "apply create delete deletecollection patch status update",
		garbageCollector: "delete deletecollection patch update", namespaceController: "delete deletecollection",
	} {
		var got []string

		for verb, do := range k.verbs() {
			err := do(t.Context(), claim.as(user))
			if err == nil {
				got = append(got, verb)
			} else if deniedBy(err) != "platform-application-composed" {
				t.Errorf("%s by %s: %v", verb, user, err)
			}
		}

		slices.Sort(got)

		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("verbs of %s: -want, +got:\n%s", user, diff)
		}
	}
}

// TestParts lets only Crossplane and the platform make an object look like a part of an
// application.
//

func TestParts(t *testing.T) {
	const denied = "only Crossplane may make an object a part of a PlatformApplication. Remove the annotation " +
		"crossplane.io/composition-resource-name and the ownerReferences to PlatformApplications from the manifest"

	namespace := modern.namespace(t)
	app := modern.filled(t, namespace, "web")
	controller := owner("PlatformApplication", "web", string(app.GetUID()))

	pods := map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
		"template": map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "web"}}},
		},
	}

	for name, u := range map[string]*unstructured.Unstructured{
		"ServiceAccount": object("v1", "ServiceAccount", namespace, "part", nil),
		"Service":        object("v1", "Service", namespace, "part", nest([]any{map[string]any{"port": int64(80)}}, "spec", "ports")),
		"Deployment":     object("apps/v1", "Deployment", namespace, "part", map[string]any{"spec": pods}),
		"Autoscaler": object("autoscaling/v2", "HorizontalPodAutoscaler", namespace, "part", map[string]any{"spec": map[string]any{
			"maxReplicas": int64(2), "scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
		}}),
		"NetworkPolicy":       object("networking.k8s.io/v1", "NetworkPolicy", namespace, "part", nest(map[string]any{}, "spec", "podSelector")),
		"PodDisruptionBudget": object("policy/v1", "PodDisruptionBudget", namespace, "part", nest(int64(1), "spec", "maxUnavailable")),
		"Ingress": object("networking.k8s.io/v1", "Ingress", namespace, "part", map[string]any{"spec": map[string]any{
			"defaultBackend": map[string]any{"service": map[string]any{"name": "web", "port": map[string]any{"number": int64(80)}}},
		}}),
	} {
		t.Run(name, func(t *testing.T) {
			part := u.DeepCopy()
			part.SetAnnotations(map[string]string{"crossplane.io/composition-resource-name": "part"})
			setOwner(part, controller)

			check.Must(t, modern.as(crossplane).Create(t.Context(), part))

			other := u.DeepCopy()
			other.SetName("other")

			check.Must(t, modern.as(team).Create(t.Context(), other))

			annotated, owned := u.DeepCopy(), u.DeepCopy()
			annotated.SetName("annotated")
			annotated.SetAnnotations(part.GetAnnotations())
			owned.SetName("owned")
			owned.SetOwnerReferences(part.GetOwnerReferences())

			reference := nest([]any{controller}, "metadata", "ownerReferences")
			annotation := nest("another", "metadata", "annotations", "crossplane.io/composition-resource-name")

			cases := map[string]struct {
				reason string
				do     func(context.Context, client.Client) error
				want   string
			}{
				"CreateAnnotated": {
					reason: "A team could create a decoy with the name of a part.", want: denied,
					do: func(ctx context.Context, kube client.Client) error {
						return kube.Create(ctx, annotated.DeepCopy(), client.DryRunAll)
					},
				},
				"CreateOwned": {
					reason: "A team could create a decoy that the application seems to control.", want: denied,
					do: func(ctx context.Context, kube client.Client) error {
						return kube.Create(ctx, owned.DeepCopy(), client.DryRunAll)
					},
				},
				"Annotate": {reason: "An annotation could turn an object into a decoy.", want: denied, do: patched(other, annotation)},
				"Own":      {reason: "An owner could turn an object into a decoy.", want: denied, do: patched(other, reference)},
				"Rename":   {reason: "A part could be turned into another part.", want: denied, do: patched(part, annotation)},
				"Label":    {reason: "Controllers annotate the objects that they manage.", do: patched(part, nest("1", "metadata", "annotations", "deployment.kubernetes.io/revision"))},
				"Orphan":   {reason: "The garbage collector removes owners.", do: patched(part, nest([]any{}, "metadata", "ownerReferences"))},
				"Other":    {reason: "Objects that are not parts are not restricted.", do: patched(other, nest("1", "metadata", "annotations", "example.com/note"))},
			}

			for name, tc := range cases {
				t.Run(name, func(t *testing.T) {
					for user, want := range map[string]string{team: tc.want, azureProvider: tc.want, garbageCollector: tc.want, crossplane: "", backup: ""} {
						if diff := cmp.Diff(want, said(tc.do(t.Context(), modern.as(user)))); diff != "" {
							t.Errorf("\n%s\nby %s: -want, +got:\n%s", tc.reason, user, diff)
						}
					}
				})
			}
		})
	}
}

// patched returns the patch of an object with this content.
func patched(u *unstructured.Unstructured, content map[string]any) func(context.Context, client.Client) error {
	return func(ctx context.Context, kube client.Client) error { return merge(ctx, kube, u, content) }
}

// TestParameters checks that no component can make itself a part of the platform, and that missing
// parameters reject all requests.
func TestParameters(t *testing.T) {
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "crossplane-system", Name: parameters}}
	other := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "crossplane-system", Name: "other"}}
	taken := client.RawPatch(types.MergePatchType, []byte(`{"data":{"users":"`+azureProvider+`"}}`))

	check.Must(t, modern.Apply(t.Context(), other))

	for user, want := range map[string]string{
		azureProvider: parameters, secretSyncProvider: parameters, crossplane: parameters, "system:serviceaccount:crossplane-system:another": parameters,
		team: "", engineer: "",
	} {
		kube := modern.as(user)

		for verb, err := range map[string]error{
			"patch":            kube.Patch(t.Context(), config.DeepCopy(), taken, client.DryRunAll),
			"delete":           kube.Delete(t.Context(), config.DeepCopy(), client.DryRunAll),
			"deletecollection": kube.DeleteAllOf(t.Context(), config.DeepCopy(), client.InNamespace(config.Namespace), client.DryRunAll),
		} {
			if got := deniedBy(err); got != want {
				t.Errorf("%s of the parameters by %s: want a denial by %q, got %v", verb, user, want, err)
			}
		}

		if err := kube.Patch(t.Context(), other.DeepCopy(), taken, client.DryRunAll); err != nil {
			t.Errorf("another ConfigMap by %s: %v", user, err)
		}
	}
}

// TestShippedParameters checks that only system:masters is listed.
func TestShippedParameters(t *testing.T) {
	if diff := cmp.Diff(map[string]any{"groups": "system:masters\n", "users": "", "azureProviders": azureProvider + "\n"}, shipped(t, "parameters.yaml", "ConfigMap", parameters).Object["data"]); diff != "" {
		t.Errorf("the platform, unless it says otherwise: -want, +got:\n%s", diff)
	}
}

// TestNoParameters checks that missing parameters reject all users, and that empty lists allow only
// Crossplane's own accounts.
func TestNoParameters(t *testing.T) {
	c := &cluster{Server: apiserver.StartFor(t)}
	check.Must(t, c.install(t.Context()))

	namespace := c.namespace(t)
	try := func(user string, groups ...string) error {
		return c.as(user, groups...).Create(t.Context(), providerConfig(namespace, "own"), client.DryRunAll)
	}

	check.Must(t, c.setPlatform(t.Context(), map[string]string{}))

	eventually(t, func() error {
		if try(backup) == nil {
			return errors.New("the old list is still in force")
		}

		return nil
	})

	if got := deniedBy(try(engineer, "system:masters")); got != "platform-application-composed" {
		t.Errorf("a user of system:masters with an empty list: want a denial, got %q", got)
	}

	if err := try(crossplane); err != nil {
		t.Errorf("Crossplane with an empty list: %v", err)
	}

	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "crossplane-system", Name: parameters}}
	check.Must(t, c.Client().Delete(t.Context(), config))

	eventually(t, func() error {
		if err := try(crossplane); err == nil || !strings.Contains(err.Error(), "no params found for policy binding with `Deny` parameterNotFoundAction") {
			return fmt.Errorf("without parameters: want a denial, got %v", err) //nolint:errorlint // It may be nil.
		}

		return nil
	})

	// No other step is needed.
	check.Must(t, c.ApplyFiles(t.Context(), restrictions+"parameters.yaml"))

	eventually(t, func() error { return try(engineer, "system:masters") })
}

func eventually(t *testing.T, try func() error) {
	t.Helper()

	check.Must(t, apiserver.Eventually(t.Context(), func(context.Context) error { return try() }))
}

// shipped returns the object of that kind and name from a file of policies.
func shipped(t *testing.T, file, kind, name string) *unstructured.Unstructured {
	t.Helper()

	objects, err := apiserver.ReadFiles(restrictions + file)
	check.Must(t, err)

	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind && o.GetName() == name })
	if i < 0 {
		t.Fatalf("%s has no %s %s", file, kind, name)
	}

	return objects[i]
}
