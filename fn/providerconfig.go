// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
)

// requirementProviderConfig is the name under which the configuration of the Azure providers is asked for.
const requirementProviderConfig = "azure-provider-config"

// requireProviderConfig asks Crossplane for the configuration of the Azure providers, of which the specification is read and no
// Secret: its subscription may be another than that of the settings. It is asked for before anything is created, and when
// something is wrong, and not by applications that run: the providers count users in its status, and Crossplane has every
// application that asks for it look again at each change.
func requireProviderConfig(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, ref *inputv1alpha1.ProviderConfigReference, namespace string, seen compose.Observed) {
	if !seen.AsksForSubscription() {
		return
	}
	selector := &fnv1.ResourceSelector{
		ApiVersion: "azure.m.upbound.io/v1beta1",
		Kind:       ref.Kind,
		Match:      &fnv1.ResourceSelector_MatchName{MatchName: ref.Name},
	}
	if ref.Kind == "ProviderConfig" {
		selector.Namespace = &namespace
	}
	require(req, rsp, requirementProviderConfig, selector)
}

// decodeSubscription returns the subscription that the Azure providers work in. It is empty if their configuration is not there,
// or leaves it to the credentials.
func decodeSubscription(req *fnv1.RunFunctionRequest) string {
	items, state := required(req, requirementProviderConfig)
	if state != found {
		return ""
	}
	spec := items[0].GetResource().GetFields()["spec"].GetStructValue()
	return spec.GetFields()["subscriptionID"].GetStringValue()
}
