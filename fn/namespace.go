// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// requirementNamespace is the name of the requirement for the application's Namespace.
const requirementNamespace = "namespace"

// requireNamespace requires the Namespace of the application.
func requireNamespace(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, name string) {
	require(req, rsp, requirementNamespace, &fnv1.ResourceSelector{
		ApiVersion: "v1",
		Kind:       "Namespace",
		Match:      &fnv1.ResourceSelector_MatchName{MatchName: name},
	})
}

// lookUpTenant adds the tenant that owns the namespace, if the settings name a label for it.
func (c *call) lookUpTenant(platform inputv1alpha1.PlatformConfigSpec) *stop {
	label := platform.TenantLabel
	if label == "" {
		return nil
	}
	tenant, state := decodeTenant(c.req, label)
	if tenant != "" {
		c.app.Tenant = tenant
		return nil
	}
	with := finding.With{"namespace": c.app.Namespace, "label": label}
	switch state {
	case unresolved:
		return wait(compose.ReasonTenantUnknown, finding.New(finding.TenantUnresolved, with), finding.New(finding.HowToRender))
	case notFound:
		return keep(compose.ReasonTenantUnknown, finding.New(finding.NamespaceNotFound, with), finding.New(finding.HowToRender))
	default:
		return keep(compose.ReasonTenantUnknown, finding.New(finding.TenantLabelMissing, with))
	}
}

// decodeTenant returns the tenant in a label of the application's Namespace. It is empty if the
// Namespace or the label is missing.
func decodeTenant(req *fnv1.RunFunctionRequest, label string) (string, resolution) {
	items, state := required(req, requirementNamespace)
	if state != found {
		return "", state
	}

	return items[0].Resource.GetLabels()[label], found
}
