// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// requireNamesakes asks for objects of the kind and name of those that are about to be created. Crossplane applies by
// force: a Service that somebody else made would be taken over, and be deleted with the application, and what a Vault that
// somebody prepared says of itself would be read as this application's. And it cannot go on when it meets a Deployment that it
// has not composed.
func requireNamesakes(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, r compose.Result, seen compose.Observed) {
	for _, name := range toCreate(r, seen) {
		o := unstructured.Unstructured{Object: r.Resources[name].Object}
		require(req, rsp, namesakeOf(name), &fnv1.ResourceSelector{
			ApiVersion: o.GetAPIVersion(),
			Kind:       o.GetKind(),
			Namespace:  new(o.GetNamespace()),
			Match:      &fnv1.ResourceSelector_MatchName{MatchName: o.GetName()},
		})
	}
}

// checkNamesakes returns an error that names the one that is in the way, and false if Crossplane has not looked for them yet. An
// application that adopts takes up what it left behind. A PodDisruptionBudget is in nobody's way: the result goes without.
func checkNamesakes(req *fnv1.RunFunctionRequest, r compose.Result, seen compose.Observed, adopts bool) (bool, error) {
	xr := composite(req)
	for _, name := range toCreate(r, seen) {
		existing, state := required(req, namesakeOf(name))
		if state == unresolved {
			return false, nil
		}
		o := unstructured.Unstructured{Object: r.Resources[name].Object}
		for _, e := range existing {
			object := e.GetResource().AsMap()
			if isElsewhere(object, o.GetNamespace()) {
				continue
			}
			switch standingOf(name, object, xr, o.GetNamespace()) {
			case standingComposed:
				// Crossplane has just created it.
				continue
			case standingOrphan:
				if adopts && wasComposedAs(object, name) {
					continue
				}
			case standingForeign:
			}
			if name == compose.NamePodDisruptionBudget {
				// Pods with two budgets cannot be evicted, and one that somebody else made does what ours is for.
				delete(r.Resources, name)
				continue
			}
			return true, fmt.Errorf("cannot create %s %s: there is one already that does not belong to this application: remove it, or give the application another name; if the application has left it behind, your platform team adds the application to the setting adopt",
				o.GetKind(), o.GetName())
		}
	}
	return true, nil
}

// isElsewhere is true of an object in another namespace. A tool that renders looks for the name in its files only; older
// versions of Crossplane do not know the namespace of a selector.
func isElsewhere(object map[string]any, namespace string) bool {
	o := unstructured.Unstructured{Object: object}
	return o.GetNamespace() != "" && o.GetNamespace() != namespace
}

// wasComposedAs is true of an object that Crossplane has composed by that name. It says so itself, and proves nothing.
func wasComposedAs(object map[string]any, name string) bool {
	o := unstructured.Unstructured{Object: object}
	return o.GetAnnotations()[annotationResource] == name
}

// toCreate lists what is about to be created. Crossplane needs a role to see some of these, without which it would wait for them
// in vain; but it needs the same one to create them. Objects that are observed already are not looked for.
func toCreate(r compose.Result, seen compose.Observed) []string {
	var names []string
	for name := range r.Resources {
		_, observed := seen[name]
		_, scaled := seen[compose.NameScaledObject]
		// The HorizontalPodAutoscaler that KEDA makes can have the name of the application. It goes with the ScaledObject.
		if observed || scaled && name == compose.NameAutoscaler {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// namesakeOf a resource is the name under which it is asked for.
func namesakeOf(name string) string { return "new-" + name }
