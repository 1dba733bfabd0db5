// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// requirementNamespace is the name under which the application's Namespace is asked for.
const requirementNamespace = "namespace"

// requireNamespace asks for the Namespace of the application.
func requireNamespace(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, name string) {
	require(req, rsp, requirementNamespace, &fnv1.ResourceSelector{
		ApiVersion: "v1",
		Kind:       "Namespace",
		Match:      &fnv1.ResourceSelector_MatchName{MatchName: name},
	})
}

// decodeTenant returns the tenant that a label of the application's Namespace names. It is empty if there is no such
// Namespace, or no such label.
func decodeTenant(req *fnv1.RunFunctionRequest, label string) (string, resolution) {
	items, state := required(req, requirementNamespace)
	if state != found {
		return "", state
	}
	metadata := items[0].GetResource().GetFields()["metadata"].GetStructValue()
	return metadata.GetFields()["labels"].GetStructValue().GetFields()[label].GetStringValue(), found
}

// tenantUnknown says why the tenant of a namespace is not known.
func tenantUnknown(namespace, label string, state resolution) string {
	switch state {
	case unresolved:
		return fmt.Sprintf("Crossplane has not read Namespace %s yet, whose label %s names the tenant. %s", namespace, label, howToRender)
	case notFound:
		return fmt.Sprintf("Crossplane cannot find Namespace %s, whose label %s names the tenant. What exists is left as it is, and nothing new is created. Your platform team can help. %s", namespace, label, howToRender)
	default:
		return fmt.Sprintf("Namespace %s has no label %s, which names the tenant that owns it. What exists is left as it is, and nothing new is created, until your platform team has set the label.", namespace, label)
	}
}
