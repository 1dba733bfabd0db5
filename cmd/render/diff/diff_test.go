// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"
)

const (
	vault = `
apiVersion: keyvault.azure.m.upbound.io/v1beta1
kind: Vault
metadata:
  name: web
  namespace: shop
  annotations: {crossplane.io/composition-resource-name: key-vault, crossplane.io/external-name: web-x1}
spec:
  forProvider: {location: westeurope, resourceGroupName: rg, purgeProtectionEnabled: true, skuName: standard, tags: {team: shop}}
`
	deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {crossplane.io/composition-resource-name: deployment}}
spec:
  selector: {matchLabels: {app: web}}
  template: {spec: {containers: [{name: web, image: "web:1", env: [{name: A, value: a}, {name: B, value: b}]}]}}
`
	reversed = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {crossplane.io/composition-resource-name: deployment}}
spec:
  selector: {matchLabels: {app: web}}
  template: {spec: {containers: [{name: web, image: "web:1", env: [{name: B, value: b}, {name: A, value: a}]}]}}
`
	between = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {crossplane.io/composition-resource-name: deployment}}
spec:
  selector: {matchLabels: {app: web}}
  template: {spec: {containers: [{name: web, image: "web:1", env: [{name: A, value: a}, {name: AA}, {name: B, value: b}]}]}}
`
	assignment = `
apiVersion: authorization.azure.m.upbound.io/v1beta1
kind: RoleAssignment
metadata: {name: web-user, namespace: shop, annotations: {crossplane.io/composition-resource-name: role-assignment-app}}
spec: {forProvider: {principalId: p, scope: /s, roleDefinitionName: Key Vault Secrets User}}
`
	identityOf = `
apiVersion: managedidentity.azure.m.upbound.io/v1beta1
kind: UserAssignedIdentity
metadata: {name: web, namespace: shop, annotations: {crossplane.io/composition-resource-name: identity}}
spec: {forProvider: {name: web-x1, location: westeurope, resourceGroupName: rg}}
`
	xr = `
apiVersion: meta.p6m.dev/v1alpha1
kind: PlatformApplication
metadata: {name: web, namespace: shop}
status: {environment: {variables: 1}}
`
	result = `{apiVersion: render.crossplane.io/v1beta1, kind: Result, message: a message, severity: Normal}`
)

func TestCompare(t *testing.T) {
	cases := map[string]struct {
		reason   string
		before   []string
		after    []string
		observed []string
		want     []string
	}{
		"Same": {
			reason: "The order of objects does not matter.",
			before: []string{xr, vault, deployment},
			after:  []string{deployment, xr, vault},
		},
		"New": {
			reason: "A new object is harmless.",
			before: []string{vault},
			after:  []string{vault, deployment},
			want:   []string{"+ composed deployment"},
		},
		"Gone": {
			reason: "Crossplane deletes an object that is no longer composed.",
			before: []string{vault, deployment},
			after:  []string{deployment},
			want:   []string{"- composed key-vault  [forbidden] Crossplane deletes objects that are no longer composed; a new name in the Composition is a new object"},
		},
		"Renamed": {
			reason: "Another name in the Composition is another object.",
			before: []string{vault},
			after:  []string{edit(vault, "vault", "metadata", "annotations", annotationResource)},
			want: []string{
				"- composed key-vault  [forbidden] Crossplane deletes objects that are no longer composed; a new name in the Composition is a new object",
				"+ composed vault",
			},
		},
		"ExternalName": {
			reason: "Another external name is another vault.",
			before: []string{vault},
			after:  []string{edit(vault, "web-x2", "metadata", "annotations", annotationExternalName)},
			want: []string{
				`~ composed key-vault metadata.annotations["crossplane.io/external-name"]: web-x1 -> web-x2  [forbidden] ` +
					"the external name identifies the resource in Azure: another name recreates the resource",
			},
		},
		"ExternalNameIsGiven": {
			reason: "Setting a name that Azure generated before does not rename anything.",
			before: []string{identityOf},
			after:  []string{edit(identityOf, "id", "metadata", "annotations", annotationExternalName)},
			want:   []string{`+ composed identity metadata.annotations["crossplane.io/external-name"]: id`},
		},
		"ExternalNameIsGivenAsItIs": {
			reason:   "Keeping a name that Azure generated is no change.",
			before:   []string{identityOf},
			after:    []string{edit(identityOf, "id", "metadata", "annotations", annotationExternalName)},
			observed: []string{edit(identityOf, "id", "metadata", "annotations", annotationExternalName)},
			want:     []string{`+ composed identity metadata.annotations["crossplane.io/external-name"]: id`},
		},
		"ExternalNameIsTakenAway": {
			reason:   "Overwriting a name that Azure generated orphans the resource.",
			before:   []string{identityOf},
			after:    []string{edit(identityOf, "other", "metadata", "annotations", annotationExternalName)},
			observed: []string{edit(identityOf, "id", "metadata", "annotations", annotationExternalName)},
			want: []string{
				`~ composed identity metadata.annotations["crossplane.io/external-name"]: id -> other  [forbidden] ` +
					"the external name identifies the resource in Azure: another name recreates the resource",
			},
		},
		"Namespace": {
			reason: "An object cannot move.",
			before: []string{deployment},
			after:  []string{edit(deployment, "other", "metadata", "namespace")},
			want: []string{
				"~ composed deployment metadata.namespace: shop -> other  [forbidden] this is another object, and the former one is deleted",
			},
		},
		"Name": {
			reason: "An object cannot be renamed.",
			before: []string{deployment},
			after:  []string{edit(deployment, "app", "metadata", "name")},
			want:   []string{"~ composed deployment metadata.name: web -> app  [forbidden] this is another object, and the former one is deleted"},
		},
		"Kind": {
			reason: "An object cannot become one of another kind.",
			before: []string{deployment},
			after:  []string{edit(deployment, "StatefulSet", "kind")},
			want:   []string{"~ composed deployment kind: Deployment -> StatefulSet  [forbidden] this is another object, and the former one is deleted"},
		},
		"Group": {
			reason: "An object cannot move to another group.",
			before: []string{vault},
			after:  []string{edit(vault, "keyvault.azure.upbound.io/v1beta1", "apiVersion")},
			want: []string{
				"~ composed key-vault apiVersion: keyvault.azure.m.upbound.io/v1beta1 -> keyvault.azure.upbound.io/v1beta1" +
					"  [forbidden] this is another kind of object, and the former one is deleted",
			},
		},
		"Version": {
			reason: "Another version of the API is the same object.",
			before: []string{vault},
			after:  []string{edit(vault, "keyvault.azure.m.upbound.io/v1", "apiVersion")},
			want:   []string{"~ composed key-vault apiVersion: keyvault.azure.m.upbound.io/v1beta1 -> keyvault.azure.m.upbound.io/v1"},
		},
		"ImmutableOfVault": {
			reason: "A vault cannot move.",
			before: []string{vault},
			after:  []string{edit(vault, "northeurope", "spec", "forProvider", "location")},
			want:   []string{"~ composed key-vault spec.forProvider.location: westeurope -> northeurope  [forbidden] the field can never change"},
		},
		"PurgeProtectionOff": {
			reason: "Azure never turns purge protection off.",
			before: []string{vault},
			after:  []string{edit(vault, false, "spec", "forProvider", "purgeProtectionEnabled")},
			want:   []string{"~ composed key-vault spec.forProvider.purgeProtectionEnabled: true -> false  [forbidden] purge protection cannot be turned off"},
		},
		"ImmutableOfRoleAssignment": {
			reason: "Hardly any field of a role assignment can change.",
			before: []string{assignment},
			after:  []string{edit(assignment, "Reader", "spec", "forProvider", "roleDefinitionName")},
			want: []string{
				"~ composed role-assignment-app spec.forProvider.roleDefinitionName: Key Vault Secrets User -> Reader  [forbidden] the field can never change",
			},
		},
		"ImmutableIsSetLater": {
			reason:   "A role assignment without a description can never get one.",
			before:   []string{assignment},
			after:    []string{edit(assignment, "why", "spec", "forProvider", "description")},
			observed: []string{assignment},
			want: []string{
				"+ composed role-assignment-app spec.forProvider.description: why  [forbidden] the field can never change",
			},
		},
		"ImmutableIsSetAsItIs": {
			reason:   "Composing the observed value is no change.",
			before:   []string{assignment},
			after:    []string{edit(assignment, "Group", "spec", "forProvider", "principalType")},
			observed: []string{edit(assignment, "Group", "spec", "forProvider", "principalType")},
			want:     []string{"+ composed role-assignment-app spec.forProvider.principalType: Group"},
		},
		"ImmutableIsSetBefore": {
			reason: "A resource that does not exist yet can be created with any value.",
			before: []string{assignment},
			after:  []string{edit(assignment, "why", "spec", "forProvider", "description")},
			want:   []string{"+ composed role-assignment-app spec.forProvider.description: why"},
		},
		"ImmutableOfDeployment": {
			reason: "The API server rejects another selector.",
			before: []string{deployment},
			after:  []string{edit(deployment, "api", "spec", "selector", "matchLabels", "app")},
			want:   []string{"~ composed deployment spec.selector.matchLabels.app: web -> api  [forbidden] the field can never change"},
		},
		"RollsPods": {
			reason: "A change of the template restarts pods.",
			before: []string{deployment},
			after:  []string{edit(deployment, "5", "spec", "template", "metadata", "annotations", "x")},
			want:   []string{`+ composed deployment spec.template.metadata.annotations.x: "5"  [rolls pods]`},
		},
		"OrderInTemplate": {
			reason: "A template with another order is another template.",
			before: []string{deployment},
			after:  []string{reversed},
			want:   []string{"~ composed deployment spec.template.spec.containers[web].env order: A, B -> B, A  [rolls pods]"},
		},
		"OrderElsewhere": {
			reason: "The order of named items matters in no other list.",
			before: []string{edit(deployment, conditions("Ready", "Synced"), "spec", "conditions")},
			after:  []string{edit(deployment, conditions("Synced", "Ready"), "spec", "conditions")},
		},
		"OrderWithMore": {
			reason: "One more variable between others is one change, not two.",
			before: []string{deployment},
			after:  []string{between},
			want:   []string{"+ composed deployment spec.template.spec.containers[web].env[AA].name: AA  [rolls pods]"},
		},
		"Harmless": {
			reason: "A tag changes in place.",
			before: []string{vault},
			after:  []string{edit(vault, "api", "spec", "forProvider", "tags", "team")},
			want:   []string{"~ composed key-vault spec.forProvider.tags.team: shop -> api"},
		},
		"Status": {
			reason: "A field of the application is not an Azure resource.",
			before: []string{xr},
			after:  []string{edit(xr, int64(2), "status", "environment", "variables")},
			want:   []string{"~ PlatformApplication status.environment.variables: 1 -> 2"},
		},
		"Result": {
			reason: "A message that disappears deletes nothing.",
			before: []string{xr, result},
			after:  []string{xr},
			want:   []string{`- Result "a message"`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range Compare(parse(t, tc.before), parse(t, tc.after), parse(t, tc.observed)) {
				got = append(got, c.String())
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompare(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestCompareWithItself finds no change in an equal object, and finds a new field in both directions.
func TestCompareWithItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := rapid.MapOf(rapid.StringMatching(`[a-z.]{1,4}`), values(3)).Draw(t, "spec")
		o := &unstructured.Unstructured{Object: map[string]any{"kind": "Vault", "spec": spec}}
		same := []*unstructured.Unstructured{o.DeepCopy()}

		if got := Compare([]*unstructured.Unstructured{o}, same, nil); len(got) > 0 {
			t.Fatalf("an object differs from itself: %v", got)
		}

		other := o.DeepCopy()
		other.Object["spec"].(map[string]any)["zzzzz"] = rand.Int64() //nolint:forcetypeassert,gosec // The type is known, and any number is fine.

		forth := Compare([]*unstructured.Unstructured{o}, []*unstructured.Unstructured{other}, nil)
		back := Compare([]*unstructured.Unstructured{other}, []*unstructured.Unstructured{o}, nil)

		if len(forth) == 0 || len(forth) != len(back) {
			t.Fatalf("a new field: %v, in the other direction: %v", forth, back)
		}
	})
}

// values generates JSON of that depth.
func values(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Just[any](nil),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}

	return rapid.OneOf(append(
		scalars,
		rapid.SliceOfN(values(depth-1), 0, 3).AsAny(),
		rapid.MapOfN(rapid.StringMatching(`[a-z.]{1,4}`), values(depth-1), 0, 3).AsAny(),
	)...)
}

// edit sets a field of an object.
func edit(doc string, value any, path ...string) string {
	object := map[string]any{}
	if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
		panic(err)
	}

	if err := unstructured.SetNestedField(object, value, path...); err != nil {
		panic(err)
	}

	out, err := yaml.Marshal(object)
	if err != nil {
		panic(err)
	}

	return string(out)
}

// conditions returns conditions of those types.
func conditions(types ...string) []any {
	var out []any
	for _, t := range types {
		out = append(out, map[string]any{"type": t})
	}

	return out
}

func parse(t *testing.T, docs []string) []*unstructured.Unstructured {
	t.Helper()

	var out []*unstructured.Unstructured

	for _, doc := range docs {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &o.Object); err != nil {
			t.Fatal(err)
		}

		out = append(out, o)
	}

	return out
}
