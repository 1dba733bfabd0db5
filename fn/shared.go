// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource/composite"
	authorizationv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// lookUpSharedAssignments adds the role assignments on shared secrets, which are counted before the
// application gets new ones.
func (c *call) lookUpSharedAssignments(platform inputv1alpha1.PlatformConfigSpec) *stop {
	toCount := compose.SharedToCount(c.app, platform, c.seen.composed)
	requireSharedAssignments(c.req, c.rsp, c.app.Namespace, toCount)
	assignments, counted := sharedAssignments(c.req, c.app.Namespace, toCount)
	if !counted {
		return wait(compose.ReasonSettingsMissing, finding.New(finding.SharedUncounted), finding.New(finding.HowToRender))
	}
	c.app.SharedAssignments = assignments
	if c.adopts {
		c.app.LeftAssignments = leftAssignments(c.req, c.xr, c.app, toCount)
	}

	return nil
}

// requireSharedAssignments requires the role assignments of the namespace on the shared
// secrets of some entries. An application requires them only while it needs a new one: the
// assignments of all applications together are too many to read in every call.
func requireSharedAssignments(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, namespace string, entries []string) {
	for _, entry := range entries {
		require(req, rsp, sharedAssignmentsOf(entry), &fnv1.ResourceSelector{
			ApiVersion: authorizationv1beta1.CRDGroupVersion.String(),
			Kind:       authorizationv1beta1.RoleAssignment_Kind,
			Namespace:  &namespace,
			Match:      &fnv1.ResourceSelector_MatchLabels{MatchLabels: &fnv1.MatchLabels{Labels: map[string]string{compose.LabelSharedSecrets: entry}}},
		})
	}
}

// sharedAssignments returns the names of the role assignments of all applications in the
// namespace, by entry. It returns false if Crossplane has not looked for all of them yet.
func sharedAssignments(req *fnv1.RunFunctionRequest, namespace string, entries []string) (map[string][]string, bool) {
	names := make(map[string][]string, len(entries))
	for _, entry := range entries {
		items, state := required(req, sharedAssignmentsOf(entry))
		if state == unresolved {
			return nil, false
		}
		for _, i := range items {
			// See isElsewhere. Tools that render also ignore the label.
			if !isElsewhere(i.Resource, namespace) && i.Resource.GetLabels()[compose.LabelSharedSecrets] == entry {
				names[entry] = append(names[entry], i.Resource.GetName())
			}
		}
	}

	return names, true
}

// leftAssignments returns the names of the role assignments on shared secrets that an application of this
// name has left behind, by the name of the composed resource. Other applications have resources of
// the same name, so the label of the application counts, too.
func leftAssignments(req *fnv1.RunFunctionRequest, xr *composite.Unstructured, app compose.Application, entries []string) map[string]string {
	left := map[string]string{}
	for _, entry := range entries {
		items, _ := required(req, sharedAssignmentsOf(entry))
		for _, i := range items {
			name := i.Resource.GetAnnotations()[annotationResource]
			if strings.HasPrefix(name, compose.PrefixRoleAssignmentShared+entry+"-") && relationOf(name, i.Resource, xr, app.Namespace) == relationOrphan &&
				i.Resource.GetLabels()[compose.LabelApplication] == app.Name {
				left[name] = i.Resource.GetName()
			}
		}
	}

	return left
}

// sharedAssignmentsOf returns the name of the requirement for an entry.
func sharedAssignmentsOf(entry string) string { return "shared-" + entry + " (RoleAssignment)" }
