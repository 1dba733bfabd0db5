// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource/composite"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// annotationResource is set on every resource that Crossplane composes. Users can set it
// on other objects, too.
// https://docs.crossplane.io/latest/composition/compositions/
const annotationResource = "crossplane.io/composition-resource-name"

// A relation of an object to a composite resource.
type relation int

const (
	// relationComposed: the composite resource controls it.
	relationComposed relation = iota
	// relationOrphan: it has no controller. The composite resource may have lost it, or
	// an attacker may have prepared it.
	relationOrphan
	// relationForeign: it has another kind, namespace or controller.
	relationForeign
)

// relationOf returns the relation of an object to the composite resource. A team
// can write spec.crossplane.resourceRefs, and so make Crossplane observe any object
// without another controller, under the name in the object's own annotation. The team
// cannot choose kind and controller.
func relationOf(name string, o *unstructured.Unstructured, xr *composite.Unstructured, namespace string) relation {
	kind, _ := compose.GroupKindOf(name)
	if gvk := o.GroupVersionKind(); gvk.GroupKind() != kind || gvk.Version == "" || o.GetNamespace() != namespace {
		return relationForeign
	}
	controlled := false
	for _, owner := range o.GetOwnerReferences() {
		if owner.Controller == nil || !*owner.Controller {
			continue
		}
		if !isReferenceTo(owner, xr) {
			return relationForeign
		}
		controlled = true
	}
	if !controlled {
		return relationOrphan
	}

	return relationComposed
}

// isReferenceTo reports whether a controller is the composite resource. It ignores the
// version, which changes with an upgrade. A composite resource has no UID when it is
// rendered, and always has one on an API server.
func isReferenceTo(owner metav1.OwnerReference, xr *composite.Unstructured) bool {
	gv, err := schema.ParseGroupVersion(owner.APIVersion)
	return err == nil && gv.Group == xr.GroupVersionKind().Group && owner.Kind == xr.GetKind() && owner.Name == xr.GetName() &&
		(owner.UID == xr.GetUID() || xr.GetUID() == "")
}

// observed holds the resources of this function that Crossplane observes.
type observed struct {
	composed compose.Observed
	// orphans can be adopted if the platform allows it.
	orphans compose.Observed
	// foreign objects are never read.
	foreign compose.Observed
}

// decodeObserved skips resources of other functions in the pipeline.
func decodeObserved(req *fnv1.RunFunctionRequest, xr *composite.Unstructured, namespace string) (observed, error) {
	o := observed{composed: compose.Observed{}, orphans: compose.Observed{}, foreign: compose.Observed{}}
	resources, err := request.GetObservedComposedResources(req)
	if err != nil {
		return o, err //nolint:wrapcheck // The error names the resource.
	}
	for n, r := range resources {
		name := string(n)
		if _, ours := compose.GroupKindOf(name); !ours {
			continue
		}
		switch relationOf(name, &r.Resource.Unstructured, xr, namespace) {
		case relationComposed:
			o.composed[name] = r.Resource.Object
		case relationOrphan:
			o.orphans[name] = r.Resource.Object
		case relationForeign:
			o.foreign[name] = r.Resource.Object
		}
	}

	return o, nil
}

// adopt treats orphans as composed resources of the application.
func (o observed) adopt() observed {
	all := maps.Clone(o.composed)
	maps.Copy(all, o.orphans)

	return observed{composed: all, foreign: o.foreign}
}

// adopt adds the orphans of an application that may adopt them. Any other application must not have
// orphans.
func (c *call) adopt(platform inputv1alpha1.PlatformConfigSpec) *stop {
	if c.adopts = settings.Adopts(&platform, c.app.Namespace, c.app.Name); c.adopts {
		c.seen = c.seen.adopt()
	}
	if err := c.seen.checkOrphans(); err != nil {
		return abort(compose.ReasonForeignResource, err)
	}

	return nil
}

// checkForeign returns an error that names every foreign object.
func (o observed) checkForeign() error { return unusable(o.foreign, finding.ResourceForeign) }

// checkOrphans returns an error that names every orphan. Only the platform team can assign
// them to the application.
func (o observed) checkOrphans() error { return unusable(o.orphans, finding.ResourceOrphaned) }

func unusable(objects compose.Observed, why finding.Reason) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		errs = append(errs, finding.Err(why, finding.With{"object": describe(objects[name]), "name": name}))
	}

	return errors.Join(errs...)
}

// describe returns the kind, namespace and name of an object.
func describe(object map[string]any) string {
	o := unstructured.Unstructured{Object: object}
	name := o.GetName()
	if o.GetNamespace() != "" {
		name = o.GetNamespace() + "/" + name
	}

	return o.GroupVersionKind().GroupKind().String() + " " + strconv.Quote(name)
}
