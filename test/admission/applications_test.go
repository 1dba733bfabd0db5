// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// The messages are those of the policies.
const (
	ofFields  = "only Crossplane and the platform team may set these fields. Remove them from the manifest: "
	ofMarks   = "only Crossplane and the platform team may set these labels and annotations. Remove them from the manifest: "
	ofOwners  = "only Crossplane and Kubernetes may set finalizers and ownerReferences of a PlatformApplication. Remove them from the manifest"
	ofStatus  = "only Crossplane may write the status of a PlatformApplication. Change its spec instead"
	fieldName = "argocd-controller"
)

// fieldsOfCrossplane are fields that a team must not write, with a value for each: those of this
// variant, and those of the other variant or an older Crossplane, which are preserved like all
// unknown fields.
func (c *cluster) fieldsOfCrossplane() map[string]any {
	name, labels := map[string]any{"name": "another"}, map[string]any{"matchLabels": map[string]any{"channel": "another"}}

	fields := map[string]any{
		"compositionRef":              name,
		"compositionRevisionRef":      name,
		"compositionSelector":         labels,
		"compositionRevisionSelector": labels,
		"compositionUpdatePolicy":     "Manual",
		"resourceRef":                 map[string]any{"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "XPlatformApplication", "name": "victim"},
		"resourceRefs":                []any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "decoy"}},
		"claimRef":                    map[string]any{"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "PlatformApplication", "name": "victim", "namespace": "payments"},
		"compositeDeletePolicy":       "Foreground",
		"publishConnectionDetailsTo":  name,
		"writeConnectionSecretToRef":  name,
	}

	for _, field := range []string{"compositionRef", "compositionRevisionRef", "compositionSelector", "compositionRevisionSelector", "compositionUpdatePolicy", "resourceRefs"} {
		fields["crossplane."+field] = fields[field]
	}

	return fields
}

// refused names the field of spec that a policy rejects.
func refused(path string) string {
	field, _, _ := strings.Cut(path, ".")

	return ofFields + "spec." + field
}

// TestFieldsOfCrossplane lets only Crossplane and the platform set or change the fields of
// Crossplane in an application.
//
//nolint:gocognit // Tables of closures, each of which is short.
func TestFieldsOfCrossplane(t *testing.T) {
	for variant, c := range variants() {
		t.Run(variant, func(t *testing.T) {
			namespace := c.namespace(t)
			filled := c.filled(t, namespace, "filled")

			for path, value := range c.fieldsOfCrossplane() {
				fields := append([]string{"spec"}, strings.Split(path, ".")...)

				fresh := c.application(namespace, "fresh")
				changed := filled.DeepCopy()
				removed := filled.DeepCopy()

				for _, u := range []*unstructured.Unstructured{fresh, changed} {
					check.Must(t, unstructured.SetNestedField(u.Object, value, fields...))
				}

				writes := map[string]func(context.Context, client.Client) error{
					"Create": func(ctx context.Context, kube client.Client) error {
						return kube.Create(ctx, fresh.DeepCopy(), client.DryRunAll)
					},
					"ApplyNew": func(ctx context.Context, kube client.Client) error { return serverSide(ctx, kube, fresh) },
					"Update": func(ctx context.Context, kube client.Client) error {
						return kube.Update(ctx, changed.DeepCopy(), client.DryRunAll)
					},
					"Patch": func(ctx context.Context, kube client.Client) error {
						return merge(ctx, kube, filled, nest(value, fields...))
					},
					"Apply": func(ctx context.Context, kube client.Client) error {
						u := c.application(namespace, filled.GetName())
						if err := unstructured.SetNestedField(u.Object, value, fields...); err != nil {
							return fmt.Errorf("cannot set %s: %w", path, err)
						}

						return serverSide(ctx, kube, u)
					},
				}

				// A field with a default is not removed, but gets the default again.
				if _, found, _ := unstructured.NestedFieldNoCopy(filled.Object, fields...); found && path != "compositionUpdatePolicy" && path != "compositeDeletePolicy" {
					unstructured.RemoveNestedField(removed.Object, fields...)
					writes["Remove"] = func(ctx context.Context, kube client.Client) error {
						return kube.Update(ctx, removed.DeepCopy(), client.DryRunAll)
					}
				}

				for write, do := range writes {
					for user, want := range map[string]string{
						team: refused(path), garbageCollector: refused(path), azureProvider: refused(path), secretSyncProvider: refused(path),
						engineer: refused(path), crossplane: "", backup: "",
					} {
						if diff := cmp.Diff(want, said(do(t.Context(), c.as(user)))); diff != "" {
							t.Errorf("%s of spec.%s by %s: -want, +got:\n%s", write, path, user, diff)
						}
					}

					for _, group := range []string{"system:masters", engineers} {
						if got := said(do(t.Context(), c.as(engineer, group, "system:authenticated"))); got != "" {
							t.Errorf("%s of spec.%s by %s: want no denial, got %s", write, path, group, got)
						}
					}
				}
			}
		})
	}
}

// TestTeamWrites lets a team do only the usual writes to an application that Crossplane has
// reconciled.
//
//nolint:gocognit // Tables of closures, each of which is short.
func TestTeamWrites(t *testing.T) {
	const manifestImage = "registry.example.com/web:2"

	for variant, c := range variants() {
		t.Run(variant, func(t *testing.T) {
			namespace := c.namespace(t)
			filled := c.filled(t, namespace, "filled")

			git := c.application(namespace, "filled")
			check.Must(t, unstructured.SetNestedField(git.Object, manifestImage, "spec", "deployment", "image"))

			with := func(change func(*unstructured.Unstructured)) func(context.Context, client.Client) error {
				u := filled.DeepCopy()
				change(u)

				return func(ctx context.Context, kube client.Client) error { return kube.Update(ctx, u, client.DryRunAll) }
			}

			create := func(change func(*unstructured.Unstructured)) func(context.Context, client.Client) error {
				u := c.application(namespace, "new")
				change(u)

				return func(ctx context.Context, kube client.Client) error {
					return kube.Create(ctx, u.DeepCopy(), client.DryRunAll)
				}
			}

			annotate := func(key, value string) func(context.Context, client.Client) error {
				return func(ctx context.Context, kube client.Client) error {
					return merge(ctx, kube, filled, nest(value, "metadata", "annotations", key))
				}
			}

			fields := "spec.crossplane"
			if c.claims {
				fields = "spec.compositionRef, spec.compositionRevisionRef, spec.resourceRef"
			}

			cases := map[string]struct {
				reason string
				do     func(context.Context, client.Client) error
				want   string
			}{
				"Create": {reason: "A team creates an application.", do: create(func(*unstructured.Unstructured) {})},
				"CreateWithDefaults": {
					reason: "The default of the API server is not a choice of the team.",
					do: create(func(u *unstructured.Unstructured) {
						path := []string{"spec", "crossplane", "compositionUpdatePolicy"}
						if c.claims {
							path = []string{"spec", "compositionUpdatePolicy"}
						}

						check.Must(t, unstructured.SetNestedField(u.Object, "Automatic", path...))
					}),
				},
				"ServerSideApply": {reason: "Argo CD with ServerSideApply and kubectl apply --server-side are allowed.", do: func(ctx context.Context, kube client.Client) error { return serverSide(ctx, kube, git) }},
				"Apply": {
					reason: "Argo CD and kubectl apply send the changes in Git.",
					do: func(ctx context.Context, kube client.Client) error {
						return merge(ctx, kube, filled, nest(manifestImage, "spec", "deployment", "image"))
					},
				},
				"Update":   {reason: "An update with a previously read object is allowed.", do: with(func(*unstructured.Unstructured) {})},
				"Restart":  {reason: "The action restart is allowed.", do: annotate("meta.p6m.dev/restarted-at", "2026-01-01T00:00:00Z")},
				"Sync":     {reason: "The action sync-secrets-now is allowed.", do: annotate("meta.p6m.dev/sync-requested-at", "2026-01-01T00:00:00Z")},
				"Namesake": {reason: "A domain that only ends like Crossplane's is not restricted.", do: annotate("notcrossplane.io/paused", "true")},
				"Delete": {
					reason: "A team may delete its application, also in the foreground.",
					do: func(ctx context.Context, kube client.Client) error {
						return kube.Delete(ctx, filled.DeepCopy(), client.DryRunAll, client.PropagationPolicy("Foreground"))
					},
				},
				"Replace": {
					reason: "kubectl replace would remove Crossplane's fields.",
					do: with(func(u *unstructured.Unstructured) {
						u.Object["spec"] = git.Object["spec"]
					}),
					want: ofFields + fields,
				},
				"Paused": {
					reason: "A paused application would keep permissions that the platform revokes, and would block the deletion of its namespace.",
					do:     annotate("crossplane.io/paused", "true"),
					want:   ofMarks + "crossplane.io/paused",
				},
				"Part":         {reason: "An application cannot be a part of another one.", do: annotate("crossplane.io/composition-resource-name", "key-vault"), want: ofMarks + "crossplane.io/composition-resource-name"},
				"ExternalName": {reason: "The external name belongs to Crossplane.", do: annotate("crossplane.io/external-name", "victim"), want: ofMarks + "crossplane.io/external-name"},
				"PollInterval": {reason: "Only the platform sets Crossplane's poll interval.", do: annotate("crossplane.io/poll-interval", "1s"), want: ofMarks + "crossplane.io/poll-interval"},
				"Subdomain": {
					reason: "Later versions of Crossplane have other annotations.",
					do:     annotate("usage.crossplane.io/deletion-attempt-with-policy", "x"),
					want:   ofMarks + "usage.crossplane.io/deletion-attempt-with-policy",
				},
				"Labels": {
					reason: "Crossplane sets these labels on every part.",
					do: with(func(u *unstructured.Unstructured) {
						u.SetLabels(map[string]string{"crossplane.io/composite": "victim", "crossplane.io/claim-namespace": "payments", "app": "web"})
					}),
					want: ofMarks + "crossplane.io/claim-namespace, crossplane.io/composite",
				},
				"NoMarks": {
					reason: "A team cannot remove these labels.",
					do: with(func(u *unstructured.Unstructured) {
						u.SetLabels(nil)
						u.SetAnnotations(nil)
					}),
					want: ofMarks + "crossplane.io/composite, crossplane.io/external-name",
				},
				"NoFinalizers": {reason: "A claim without its finalizer would leave its composite resource.", do: with(func(u *unstructured.Unstructured) { u.SetFinalizers(nil) }), want: ofOwners},
				"Finalizers": {
					reason: "A foreign finalizer would block the deletion of the namespace.",
					do: with(func(u *unstructured.Unstructured) {
						u.SetFinalizers(append(u.GetFinalizers(), "example.com/never"))
					}),
					want: ofOwners,
				},
				"Owner": {
					reason: "An owner would make the application look like a part of another object, and delete it with that object.",
					do: with(func(u *unstructured.Unstructured) {
						setOwner(u, owner("PlatformApplication", "victim", "0"))
					}),
					want: ofOwners,
				},
				"CreateWithMarks": {
					reason: "A decoy would be observed as the vault of another application.",
					do: create(func(u *unstructured.Unstructured) {
						u.SetAnnotations(map[string]string{"crossplane.io/composition-resource-name": "key-vault", "crossplane.io/external-name": "victim"})
					}),
					want: ofMarks + "crossplane.io/composition-resource-name, crossplane.io/external-name",
				},
				"CreateWithFinalizer": {reason: "A new application with a foreign finalizer would block the deletion of its namespace.", do: create(func(u *unstructured.Unstructured) { u.SetFinalizers([]string{"example.com/never"}) }), want: ofOwners},
				"Status": {
					reason: "The function reads names and ids from the status.",
					do: func(ctx context.Context, kube client.Client) error {
						u := filled.DeepCopy()
						u.Object["status"] = map[string]any{"keyVault": map[string]any{"name": "victim"}}

						return kube.Status().Update(ctx, u, client.DryRunAll)
					},
					want: ofStatus,
				},
				"StatusPatch": {
					reason: "No kind of write is allowed.",
					do: func(ctx context.Context, kube client.Client) error {
						return kube.Status().Patch(ctx, filled.DeepCopy(), mergePatch(nest("victim", "status", "keyVault", "name")), client.DryRunAll)
					},
					want: ofStatus,
				},
			}

			for name, tc := range cases {
				t.Run(name, func(t *testing.T) {
					got := said(tc.do(t.Context(), c.as(team)))
					if message, list, ok := strings.Cut(got, ": "); ok {
						got = message + ": " + sorted(list)
					}

					if diff := cmp.Diff(tc.want, got); diff != "" {
						t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
					}

					for _, user := range []string{crossplane, backup} {
						if got := said(tc.do(t.Context(), c.as(user))); got != "" {
							t.Errorf("\n%s\nas %s: want no denial, got %s", tc.reason, user, got)
						}
					}
				})
			}
		})
	}
}

// TestOrphans lets only Crossplane and the platform delete an application without its parts.
func TestOrphans(t *testing.T) {
	const orphans = "a PlatformApplication must be deleted together with its resources. Use propagation policy Background or Foreground, not Orphan"

	for variant, c := range variants() {
		t.Run(variant, func(t *testing.T) {
			namespace := c.namespace(t)
			filled := c.filled(t, namespace, "filled")

			remove := func(opts ...client.DeleteOption) func(context.Context, client.Client) error {
				return func(ctx context.Context, kube client.Client) error {
					return kube.Delete(ctx, filled.DeepCopy(), append(opts, client.DryRunAll)...)
				}
			}

			deprecated := true

			cases := map[string]struct {
				reason string
				do     func(context.Context, client.Client) error
				want   string
			}{
				"Plain":      {reason: "A team may delete its application.", do: remove()},
				"Background": {reason: "Argo CD deletes in the background.", do: remove(client.PropagationPolicy("Background"))},
				"Foreground": {reason: "Argo CD deletes in the foreground by default.", do: remove(client.PropagationPolicy("Foreground"))},
				"Orphan":     {reason: "Argo CD with PrunePropagationPolicy=orphan would leave the parts.", do: remove(client.PropagationPolicy("Orphan")), want: orphans},
				"Deprecated": {
					reason: "The older option orphanDependents is rejected, too.",
					do:     remove(&client.DeleteOptions{Raw: &metav1.DeleteOptions{OrphanDependents: &deprecated}}), //nolint:staticcheck // It is what is tried.
					want:   orphans,
				},
				"All": {
					reason: "A deletion of many applications is rejected, too.",
					do: func(ctx context.Context, kube client.Client) error {
						return kube.DeleteAllOf(ctx, filled.DeepCopy(), client.InNamespace(namespace), client.PropagationPolicy("Orphan"), client.DryRunAll)
					},
					want: orphans,
				},
				"AllOfThem": {
					reason: "The namespace controller deletes applications with their namespace.",
					do: func(ctx context.Context, kube client.Client) error {
						return kube.DeleteAllOf(ctx, filled.DeepCopy(), client.InNamespace(namespace), client.DryRunAll)
					},
				},
			}

			for name, tc := range cases {
				t.Run(name, func(t *testing.T) {
					for user, want := range map[string]string{
						team: tc.want, engineer: tc.want, azureProvider: tc.want, garbageCollector: tc.want, crossplane: "", backup: "",
					} {
						if diff := cmp.Diff(want, said(tc.do(t.Context(), c.as(user)))); diff != "" {
							t.Errorf("\n%s\nas %s: -want, +got:\n%s", tc.reason, user, diff)
						}
					}
				})
			}
		})
	}
}

// TestCollectorChangesOwners lets the garbage collector remove its finalizers, and owners that no
// longer exist.
func TestCollectorChangesOwners(t *testing.T) {
	namespace := modern.namespace(t)
	filled := modern.filled(t, namespace, "filled")

	deleting := filled.DeepCopy()
	deleting.SetFinalizers(append(deleting.GetFinalizers(), "foregroundDeletion"))

	for user, want := range map[string]string{garbageCollector: "", controllerManager: "", namespaceController: ofOwners, team: ofOwners, azureProvider: ofOwners} {
		if diff := cmp.Diff(want, said(modern.as(user).Update(t.Context(), deleting.DeepCopy(), client.DryRunAll))); diff != "" {
			t.Errorf("finalizers by %s: -want, +got:\n%s", user, diff)
		}
	}
}

// TestNested checks that no team stores an application that prevents others from being read. The API server accepts an object that is
// nested 10,000 deep, but a list with it is deeper, and no client decodes that.
//
//nolint:gocognit // A table, and the same for what is stored.
func TestNested(t *testing.T) {
	const (
		tooDeep  = "values of an application must not be nested more than 16 deep, or have more than 600 entries, counting those of all lists and maps around them"
		tooLarge = `expression 'variables.isFlat || variables.after.spec == variables.before.spec' resulted in error: composited variable "isFlat" fails to evaluate: operation cancelled: actual cost limit exceeded`
	)

	nested := func(depth int, around func(v any) any) any {
		var v any = "x"
		for range depth {
			v = around(v)
		}

		return v
	}
	list, object := func(v any) any { return []any{v} }, func(v any) any { return map[string]any{"a": v} }

	// A policy that looks at each of these does not answer before the request times out.
	wide, names := slices.Repeat([]any{int64(1)}, 80_000), map[string]any{}
	for i := range wide {
		names[fmt.Sprintf("a%d", i)] = int64(1)
	}
	many := []any{slices.Repeat([]any{slices.Repeat([]any{slices.Repeat([]any{int64(1)}, 150)}, 50)}, 50)}

	secrets := make([]any, 100)
	for i := range secrets {
		env := make([]any, 50)
		for j := range env {
			env[j] = map[string]any{"name": fmt.Sprintf("V_%d_%d", i, j), "key": "k"}
		}

		secrets[i] = map[string]any{"name": fmt.Sprintf("secret-%d", i), "env": env}
	}

	cases := map[string]struct {
		reason string
		field  string
		value  any
		want   string
	}{
		"lists":   {reason: "A field without effect can have any value.", field: "resources", value: nested(9_997, list), want: tooDeep},
		"objects": {reason: "So can an unknown field.", field: "unknown", value: nested(9_995, object), want: tooDeep},
		"one":     {reason: "One level too much is rejected.", field: "resources", value: nested(16, list), want: tooDeep},
		"most":    {reason: "A Deployment in the manifest has 14 levels.", field: "resources", value: nested(15, object)},
		"wide":    {reason: "Long lists are rejected before their items are read.", field: "resources", value: wide, want: tooDeep},
		"below":   {reason: "So are those below others.", field: "resources", value: nested(14, func(v any) any { return []any{wide, v} }), want: tooDeep},
		"names":   {reason: "Maps have the same limit.", field: "unknown", value: names, want: tooDeep},
		"sum":     {reason: "For each entry, the API server searches a stack of those around it.", field: "resources", value: nested(15, func(v any) any { return append(wide[:500:500], v) }), want: tooDeep},
		"many":    {reason: "The API server limits the cost of everything else.", field: "resources", value: many, want: tooLarge},
		"secrets": {reason: "The longest lists that the definition allows are accepted.", field: "secrets", value: secrets},
	}

	for variant, c := range variants() {
		t.Run(variant, func(t *testing.T) {
			namespace := c.namespace(t)

			for name, tc := range cases {
				u := c.application(namespace, name)
				check.Must(t, unstructured.SetNestedField(u.Object, tc.value, "spec", tc.field))

				if diff := cmp.Diff(tc.want, said(c.as(team).Create(t.Context(), u))); diff != "" {
					t.Errorf("%s: %s\n-want, +got:\n%s", name, tc.reason, diff)
				}
			}

			// An application that was stored before the rule can be deleted, and nothing else.
			for want, value := range map[string]any{tooDeep: []any{wide, nested(25, list)}, tooLarge: many} {
				stored := c.application(namespace, "stored")
				stored.SetName(fmt.Sprintf("stored-%d", len(want)))
				check.Must(t, unstructured.SetNestedField(stored.Object, value, "spec", "resources"))
				check.Must(t, c.as(crossplane).Create(t.Context(), stored))

				stored.SetFinalizers(append(stored.GetFinalizers(), "foregroundDeletion"))
				check.Must(t, c.as(garbageCollector).Update(t.Context(), stored))
				check.Must(t, unstructured.SetNestedField(stored.Object, []any{value, value}, "spec", "resources"))

				if diff := cmp.Diff(want, said(c.as(team).Update(t.Context(), stored))); diff != "" {
					t.Errorf("a stored application: -want, +got:\n%s", diff)
				}
			}

			all := &unstructured.UnstructuredList{}
			all.SetAPIVersion("meta.p6m.dev/v1alpha1")
			all.SetKind("PlatformApplicationList")
			check.Must(t, c.Client().List(t.Context(), all, client.InNamespace(namespace)))
		})
	}
}

// sorted returns a sorted list of names.
func sorted(list string) string {
	names := strings.Split(list, ", ")
	slices.Sort(names)

	return strings.Join(names, ", ")
}

// owner returns an owner that controls an object.
func owner(kind, name, uid string) map[string]any {
	return map[string]any{
		"apiVersion": "meta.p6m.dev/v1alpha1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true,
	}
}

// setOwner sets the owner of an object.
func setOwner(u *unstructured.Unstructured, owner map[string]any) {
	u.Object["metadata"].(map[string]any)["ownerReferences"] = []any{owner} //nolint:forcetypeassert // It has metadata.
}

// nest returns a value below these fields.
func nest(value any, fields ...string) map[string]any {
	for _, f := range slices.Backward(fields) {
		value = map[string]any{f: value}
	}

	out, _ := value.(map[string]any)

	return out
}

func mergePatch(content map[string]any) client.Patch {
	data, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}

	return client.RawPatch(types.MergePatchType, data)
}

// merge merges content into an object.
func merge(ctx context.Context, kube client.Client, u *unstructured.Unstructured, content map[string]any) error {
	return kube.Patch(ctx, u.DeepCopy(), mergePatch(content), client.DryRunAll) //nolint:wrapcheck // The test looks at it.
}

// serverSide applies a manifest as Argo CD does.
func serverSide(ctx context.Context, kube client.Client, u *unstructured.Unstructured) error {
	content := client.ApplyConfigurationFromUnstructured(u.DeepCopy())

	return kube.Apply(ctx, content, client.FieldOwner(fieldName), client.ForceOwnership, client.DryRunAll) //nolint:wrapcheck // The test looks at it.
}
