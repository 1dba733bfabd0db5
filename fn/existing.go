// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// annotationResource is on everything Crossplane composes.
// https://docs.crossplane.io/latest/composition/compositions/
const annotationResource = "crossplane.io/composition-resource-name"

// requireNamesakes asks Crossplane for objects of the kind and name of those that are about to be created. Crossplane applies by
// force: a Service that somebody else made would be taken over, and be deleted with the application. And it cannot go on when
// it meets a Deployment that it has not composed.
func requireNamesakes(rsp *fnv1.RunFunctionResponse, r compose.Result, seen compose.Observed) {
	for _, name := range toCreate(r, seen) {
		o := unstructured.Unstructured{Object: r.Resources[name].Object}
		rsp.Requirements.Resources[namesakeOf(name)] = &fnv1.ResourceSelector{
			ApiVersion: o.GetAPIVersion(),
			Kind:       o.GetKind(),
			Namespace:  new(o.GetNamespace()),
			Match:      &fnv1.ResourceSelector_MatchName{MatchName: o.GetName()},
		}
	}
}

// checkNamesakes returns an error that names the one that is in the way, and false if Crossplane has not looked for them yet.
func checkNamesakes(req *fnv1.RunFunctionRequest, r compose.Result, seen compose.Observed) (bool, error) {
	for _, name := range toCreate(r, seen) {
		existing, ok := req.GetRequiredResources()[namesakeOf(name)]
		if !ok {
			return false, nil
		}
		for _, e := range existing.GetItems() {
			if isComposed(e.GetResource(), req.GetObserved().GetComposite().GetResource(), name) {
				continue
			}
			o := unstructured.Unstructured{Object: r.Resources[name].Object}
			return true, fmt.Errorf("cannot create %s %s: there is one already that does not belong to this application: take it away, or give the application another name",
				o.GetKind(), o.GetName())
		}
	}
	return true, nil
}

// toCreate lists what is about to be created, of the kinds that others make by such names. Crossplane may see these in any cluster; for
// Ingresses and autoscalers it needs a role, and without it would wait for them in vain.
func toCreate(r compose.Result, seen compose.Observed) []string {
	var names []string
	for _, name := range []string{compose.NameServiceAccount, compose.NameDeployment, compose.NameService} {
		_, desired := r.Resources[name]
		_, observed := seen[name]
		if desired && !observed {
			names = append(names, name)
		}
	}
	return names
}

// namesakeOf a resource is the name under which it is asked for.
func namesakeOf(name string) string { return "new-" + name }

// isComposed tells whether an object is what Crossplane has composed by that name: for this composite resource, or for
// one that has left it behind, which Crossplane takes up again.
func isComposed(o, xr *structpb.Struct, name string) bool {
	metadata := o.GetFields()["metadata"].GetStructValue().GetFields()
	uid := xr.GetFields()["metadata"].GetStructValue().GetFields()["uid"].GetStringValue()
	for _, v := range metadata["ownerReferences"].GetListValue().GetValues() {
		owner := v.GetStructValue().GetFields()
		if owner["controller"].GetBoolValue() {
			return owner["uid"].GetStringValue() == uid
		}
	}
	return metadata["annotations"].GetStructValue().GetFields()[annotationResource].GetStringValue() == name
}
