// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

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

// decodeTenant returns the tenant in a label of the application's Namespace. It is empty if the
// Namespace or the label is missing.
func decodeTenant(req *fnv1.RunFunctionRequest, label string) (string, resolution) {
	items, state := required(req, requirementNamespace)
	if state != found {
		return "", state
	}

	return items[0].Resource.GetLabels()[label], found
}

// tenantUnknown returns why the tenant of a namespace is unknown.
func tenantUnknown(namespace, label string, state resolution) finding.Message {
	with := finding.With{"namespace": namespace, "label": label}
	switch state {
	case unresolved:
		return finding.Message{finding.New(finding.TenantUnresolved, with), finding.New(finding.HowToRender)}
	case notFound:
		return finding.Message{finding.New(finding.NamespaceNotFound, with), finding.New(finding.HowToRender)}
	default:
		return finding.Message{finding.New(finding.TenantLabelMissing, with)}
	}
}
