// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource"
)

// A resolution is the state of a required resource.
type resolution int

const (
	// unresolved: Crossplane has not looked for the resource yet, and calls again.
	unresolved resolution = iota
	notFound
	found
)

// require adds a resource to the requirements. Every response must repeat it, or Crossplane drops
// the requirement.
//
// Crossplane 2 resolves required resources, and Crossplane 1 extra resources, the deprecated form.
// Both forms are sent until the caller shows which one it supports, and only that one afterwards:
// Crossplane 1 repeats the call until two responses have equal requirements, and the byte order of
// its unknown fields is random.
func require(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, name string, s *fnv1.ResourceSelector) {
	if rsp.GetRequirements() == nil {
		rsp.Requirements = &fnv1.Requirements{Resources: map[string]*fnv1.ResourceSelector{}, ExtraResources: map[string]*fnv1.ResourceSelector{}} //nolint:staticcheck // See above.
	}
	knowsRequired := request.HasCapability(req, fnv1.Capability_CAPABILITY_REQUIRED_RESOURCES) || len(req.GetRequiredResources()) > 0
	knowsExtra := len(req.GetExtraResources()) > 0 //nolint:staticcheck // See above.
	if knowsRequired || !knowsExtra {
		rsp.Requirements.Resources[name] = s
	}
	if !knowsRequired {
		rsp.Requirements.ExtraResources[name] = s //nolint:staticcheck // See above.
	}
}

// required returns the objects that the caller has found for a requirement. The current form
// takes precedence.
func required(req *fnv1.RunFunctionRequest, name string) ([]resource.Required, resolution) {
	// The getters fail only for Go types, and these resources are unstructured.
	items, ok, _ := request.GetRequiredResource(req, name)
	if !ok {
		extra, _ := request.GetExtraResources(req) //nolint:staticcheck // See require.
		items, ok = extra[name]
	}
	switch {
	case !ok:
		return nil, unresolved
	case len(items) == 0:
		return nil, notFound
	}

	return items, found
}
