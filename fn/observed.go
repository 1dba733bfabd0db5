// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// annotationResource is on everything Crossplane composes, and on whatever else
// somebody puts it.
// https://docs.crossplane.io/latest/composition/compositions/
const annotationResource = "crossplane.io/composition-resource-name"

// A standing is what an object is to a composite resource.
type standing int

const (
	// standingComposed: the composite resource controls it.
	standingComposed standing = iota
	// standingOrphan: nobody controls it. It may be what the composite resource lost,
	// or what somebody made to look like that.
	standingOrphan
	// standingForeign: it is of another kind, in another namespace, or of another
	// controller.
	standingForeign
)

// standingOf an object that shall be the composed resource of that name. An
// application's team can write spec.crossplane.resourceRefs, and so have Crossplane
// observe any object that no other controller owns, under the name in the object's
// own annotation. Kind and controller are what it cannot choose.
func standingOf(name string, object map[string]any, xr unstructured.Unstructured, namespace string) standing {
	o := unstructured.Unstructured{Object: object}
	kind, _ := compose.GroupKindOf(name)
	if gvk := o.GroupVersionKind(); gvk.GroupKind() != kind || gvk.Version == "" || o.GetNamespace() != namespace {
		return standingForeign
	}
	controlled := false
	for _, owner := range o.GetOwnerReferences() {
		if owner.Controller == nil || !*owner.Controller {
			continue
		}
		if !isReferenceTo(owner, xr) {
			return standingForeign
		}
		controlled = true
	}
	if !controlled {
		return standingOrphan
	}
	return standingComposed
}

// isReferenceTo compares everything but the version, which changes with an upgrade. A
// composite resource that is rendered can be without a UID; the API server gives one
// to each.
func isReferenceTo(owner metav1.OwnerReference, xr unstructured.Unstructured) bool {
	gv, err := schema.ParseGroupVersion(owner.APIVersion)
	return err == nil && gv.Group == xr.GroupVersionKind().Group && owner.Kind == xr.GetKind() && owner.Name == xr.GetName() &&
		(owner.UID == xr.GetUID() || xr.GetUID() == "")
}

// observed is what Crossplane observes of what this function composes.
type observed struct {
	composed compose.Observed
	// orphans may be adopted if the platform says so.
	orphans compose.Observed
	// foreign objects are never read.
	foreign compose.Observed
}

// decodeObserved leaves out what other functions of the pipeline compose.
func decodeObserved(req *fnv1.RunFunctionRequest, namespace string) observed {
	xr := composite(req)
	o := observed{composed: compose.Observed{}, orphans: compose.Observed{}, foreign: compose.Observed{}}
	for name, r := range req.GetObserved().GetResources() {
		if _, ours := compose.GroupKindOf(name); !ours {
			continue
		}
		object := r.GetResource().AsMap()
		switch standingOf(name, object, xr, namespace) {
		case standingComposed:
			o.composed[name] = object
		case standingOrphan:
			o.orphans[name] = object
		case standingForeign:
			o.foreign[name] = object
		}
	}
	return o
}

func composite(req *fnv1.RunFunctionRequest) unstructured.Unstructured {
	return unstructured.Unstructured{Object: req.GetObserved().GetComposite().GetResource().AsMap()}
}

// adopt makes orphans of the application its own.
func (o observed) adopt() observed {
	all := maps.Clone(o.composed)
	maps.Copy(all, o.orphans)
	return observed{composed: all, foreign: o.foreign}
}

// checkForeign returns an error that names every object that cannot be the application's.
func (o observed) checkForeign() error {
	return refuse(o.foreign, "it is of another kind, namespace or controller; remove it from the application's resourceRefs")
}

// checkOrphans returns an error that names every object that only the platform can say is the application's.
func (o observed) checkOrphans() error {
	return refuse(o.orphans, "nothing controls it; if the application has lost it, your platform team adds the application to the setting adopt")
}

func refuse(objects compose.Observed, why string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		errs = append(errs, fmt.Errorf("cannot use %s as composed resource %q: %s", describe(objects[name]), name, why))
	}
	return errors.Join(errs...)
}

// describe an object by what a person needs to find it.
func describe(object map[string]any) string {
	o := unstructured.Unstructured{Object: object}
	name := o.GetName()
	if o.GetNamespace() != "" {
		name = o.GetNamespace() + "/" + name
	}
	return fmt.Sprintf("%s %q", o.GroupVersionKind().GroupKind(), name)
}
