// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
)

// howToRender ends messages about a missing required resource.
const howToRender = "To render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20)."

// A resolution is how far the caller is with a required resource.
type resolution int

const (
	// unresolved: Crossplane has not looked yet; it calls again when it has.
	unresolved resolution = iota
	notFound
	found
)

// require asks the caller for a resource. The resource has to be asked for every time, or Crossplane takes it as no longer
// needed.
//
// Crossplane 2 resolves required resources, and Crossplane 1 extra resources, the deprecated form. Both forms are sent
// until the caller shows which one it supports. Then the other is left out: Crossplane 1 repeats the call until two responses have
// equal requirements, and the byte order of its unknown fields is random.
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

// required returns what the caller has found of a required resource. An answer in the current form comes first.
func required(req *fnv1.RunFunctionRequest, name string) ([]*fnv1.Resource, resolution) {
	resources, ok := req.GetRequiredResources()[name]
	if !ok {
		resources, ok = req.GetExtraResources()[name] //nolint:staticcheck // See require.
	}
	switch {
	case !ok:
		return nil, unresolved
	case len(resources.GetItems()) == 0:
		return nil, notFound
	}
	return resources.GetItems(), found
}
