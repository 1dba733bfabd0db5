// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
)

// requirementProviderConfig is the name of the requirement for the provider configuration.
const requirementProviderConfig = "azure-provider-config"

// lookUpSubscription adds the subscription of the Azure providers.
func (c *call) lookUpSubscription(platform inputv1alpha1.PlatformConfigSpec) {
	requireProviderConfig(c.req, c.rsp, compose.AzureProviderConfig(platform, c.seen.composed), c.app.Namespace, c.seen.composed)
	c.app.ProviderSubscription = decodeSubscription(c.req)
}

// requireProviderConfig requires the configuration of the Azure providers, whose subscription may
// differ from that of the settings. Only its spec is read, and no Secret. Running applications do
// not require it: the providers count users in its status, and each change would reconcile every
// application that requires it.
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

// decodeSubscription returns the subscription of the Azure providers. It is empty if their
// configuration is missing, or gets the subscription from the credentials.
func decodeSubscription(req *fnv1.RunFunctionRequest) string {
	items, state := required(req, requirementProviderConfig)
	if state != found {
		return ""
	}
	subscription, _, _ := unstructured.NestedString(items[0].Resource.Object, "spec", "subscriptionID")

	return subscription
}
