// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// checkNamesakes requires objects with the kind and name of new resources, and refuses an application
// if one exists. Crossplane applies with force: it would take over an existing Service and delete it
// with the application, and the function would read a Vault that an attacker prepared as this
// application's. Crossplane also fails on a Deployment that it has not composed.
//
// An application that adopts takes over the objects that it left behind, but not with another vault or
// identity. If a PodDisruptionBudget of
// the name exists, none is composed. If another application has taken the slot of a role assignment, a
// later call takes another one.
func (c *call) checkNamesakes(r *compose.Result) *stop {
	names := toCreate(*r, c.seen.composed)
	for _, name := range names {
		o := unstructured.Unstructured{Object: r.Resources[name].Object}
		require(c.req, c.rsp, namesakeOf(name, o.GetKind()), &fnv1.ResourceSelector{
			ApiVersion: o.GetAPIVersion(),
			Kind:       o.GetKind(),
			Namespace:  new(o.GetNamespace()),
			Match:      &fnv1.ResourceSelector_MatchName{MatchName: o.GetName()},
		})
	}
	for _, name := range names {
		o := unstructured.Unstructured{Object: r.Resources[name].Object}
		existing, state := required(c.req, namesakeOf(name, o.GetKind()))
		if state == unresolved {
			return wait(compose.ReasonSettingsMissing, finding.New(finding.NamesUnresolved))
		}
		relation, taken := takenBy(existing, name, c.xr, o.GetNamespace(), c.adopts)
		switch {
		case !taken:
			if other := inAzureAs(existing, name, o); other != "" {
				return c.notComposed(finding.Err(finding.NameElsewhere, finding.With{"kind": o.GetKind(), "name": o.GetName(), "existing": other}))
			}
		case name == compose.NamePodDisruptionBudget:
			// Pods with two budgets cannot be evicted, and one is enough.
			delete(r.Resources, name)
		case relation == relationForeign && strings.HasPrefix(name, compose.PrefixRoleAssignmentShared):
			delete(r.Resources, name)
			r.Waiting = true
		default:
			return c.notComposed(finding.Err(finding.NameTaken, finding.With{"kind": o.GetKind(), "name": o.GetName()}))
		}
	}

	return nil
}

// takenBy returns the relation of the first object that prevents the creation of a resource, if there
// is one.
func takenBy(existing []resource.Required, name string, xr *composite.Unstructured, namespace string, adopts bool) (r relation, taken bool) {
	for _, e := range existing {
		if isElsewhere(e.Resource, namespace) {
			continue
		}
		r = relationOf(name, e.Resource, xr, namespace)
		isAdopted := r == relationOrphan && adopts && wasComposedAs(e.Resource, name)
		// Crossplane has created a composed one since.
		if r != relationComposed && !isAdopted {
			return r, true
		}
	}

	return r, false
}

// inAzureAs returns the name in Azure of an object that the application would take over with another one, and
// so lose: it forgets where it is if Crossplane does not observe its objects.
func inAzureAs(existing []resource.Required, name string, desired unstructured.Unstructured) string {
	for _, e := range existing {
		if is := compose.Object(e.Resource.Object); !isElsewhere(e.Resource, desired.GetNamespace()) && is.Moves(name, desired.Object) {
			return meta.GetExternalName(e.Resource)
		}
	}

	return ""
}

// isElsewhere reports whether an object is in another namespace. Tools that render compare only
// names, and older versions of Crossplane ignore the namespace of a selector.
func isElsewhere(o *unstructured.Unstructured, namespace string) bool {
	return o.GetNamespace() != "" && o.GetNamespace() != namespace
}

// wasComposedAs reports whether an object has Crossplane's annotation with that name. The
// annotation proves nothing, because users can set it.
func wasComposedAs(o *unstructured.Unstructured, name string) bool {
	return o.GetAnnotations()[annotationResource] == name
}

// toCreate returns the names of the resources that are not observed, which Crossplane is about
// to create. Crossplane must be allowed to get their kinds, as it is wherever it may create them.
func toCreate(r compose.Result, seen compose.Observed) []string {
	var names []string
	for name := range r.Resources {
		_, observed := seen[name]
		_, scaled := seen[compose.NameScaledObject]
		// KEDA's own HorizontalPodAutoscaler can have the name of the application. KEDA
		// deletes it with the ScaledObject.
		if observed || scaled && name == compose.NameAutoscaler {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)

	return names
}

// namesakeOf returns the name of the requirement for a resource. Crossplane names the requirement if
// it cannot read the object, but not the kind that it may not read.
func namesakeOf(name, kind string) string { return "new-" + name + " (" + kind + ")" }
