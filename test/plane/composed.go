// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// annotationResource has the name of a composed resource in the composition.
const annotationResource = "crossplane.io/composition-resource-name"

// Composed returns the resources of an application, by their names in the composition.
func (p *Plane) Composed(ctx context.Context, namespace, name string) ([]*unstructured.Unstructured, error) {
	a, err := p.Application(ctx, namespace, name)
	if err != nil {
		return nil, err
	}

	refs, err := p.resourceRefs(ctx, a)
	if err != nil {
		return nil, err
	}

	out := make([]*unstructured.Unstructured, 0, len(refs))

	for _, ref := range refs {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind))

		if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, u); err != nil {
			return nil, fmt.Errorf("cannot get %s %q: %w", ref.Kind, ref.Name, err)
		}

		out = append(out, u)
	}

	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(a.GetAnnotations()[annotationResource], b.GetAnnotations()[annotationResource])
	})

	return out, nil
}

type resourceRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

// resourceRefs returns the references of a composite resource, which for a claim is another object.
func (p *Plane) resourceRefs(ctx context.Context, a *Application) ([]resourceRef, error) {
	xr := a.Unstructured

	if name, ok, _ := unstructured.NestedString(xr.Object, "spec", "resourceRef", "name"); ok {
		xr = &unstructured.Unstructured{}
		xr.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: "XPlatformApplication"})

		if err := p.API.Client().Get(ctx, client.ObjectKey{Name: name}, xr); err != nil {
			return nil, fmt.Errorf("cannot get XPlatformApplication %q: %w", name, err)
		}
	}

	// Their place depends on the variant.
	var found struct {
		Spec struct {
			Crossplane struct {
				ResourceRefs []resourceRef `json:"resourceRefs"`
			} `json:"crossplane"`
			ResourceRefs []resourceRef `json:"resourceRefs"`
		} `json:"spec"`
	}

	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(xr.Object, &found); err != nil {
		return nil, fmt.Errorf("cannot read resources of %q: %w", xr.GetName(), err)
	}

	refs := slices.Concat(found.Spec.Crossplane.ResourceRefs, found.Spec.ResourceRefs)

	return slices.DeleteFunc(refs, func(r resourceRef) bool { return r.Name == "" }), nil
}
