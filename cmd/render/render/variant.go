// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Variant is one of the two APIs for the same manifest.
type Variant string

const (
	// Modern is the namespaced XR.
	Modern Variant = "modern"

	// Claim is the claim of a cluster-scoped XR.
	Claim Variant = "claim"
)

const (
	// claimSuffix replaces the random suffix that Crossplane gives the XR of a claim.
	claimSuffix = "x7k2p"

	// maxClaimPrefix is the length to which Crossplane cuts the claim's name and a hyphen, so that the suffix makes 63 characters.
	maxClaimPrefix = 63 - len(claimSuffix)
)

// Variants returns all variants.
func Variants() []Variant { return []Variant{Modern, Claim} }

// ParseVariant returns the variant of that name.
func ParseVariant(name string) (Variant, error) {
	if v := Variant(name); slices.Contains(Variants(), v) {
		return v, nil
	}

	return "", fmt.Errorf("unknown variant %q: choose from %s, %s", name, Modern, Claim)
}

// dir returns the directory of the variant's XRD and Composition.
func (v Variant) dir() string {
	if v == Claim {
		return filepath.Join("apis", "claim")
	}

	return filepath.Join("apis", "platformapplication")
}

func (v Variant) composition() string { return filepath.Join(v.dir(), "composition.yaml") }

func (v Variant) definition() string { return filepath.Join(v.dir(), "definition.yaml") }

// composite returns the XR of the application: the application itself, or the XR that Crossplane would create for the claim.
func (v Variant) composite(application, composition *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	xr := application.DeepCopy()
	if v != Claim {
		return xr, nil
	}

	ref, _, err := unstructured.NestedStringMap(composition.Object, "spec", "compositeTypeRef")
	if err != nil {
		return nil, fmt.Errorf("cannot read composite type of Composition %q: %w", composition.GetName(), err)
	}

	xr.SetAPIVersion(ref["apiVersion"])
	xr.SetKind(ref["kind"])
	xr.SetName(compositeName(application.GetName()))
	xr.SetNamespace("")

	labels := xr.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}

	labels["crossplane.io/claim-name"] = application.GetName()
	labels["crossplane.io/claim-namespace"] = application.GetNamespace()
	xr.SetLabels(labels)

	err = unstructured.SetNestedStringMap(xr.Object, map[string]string{
		"apiVersion": application.GetAPIVersion(),
		"kind":       application.GetKind(),
		"name":       application.GetName(),
		"namespace":  application.GetNamespace(),
	}, "spec", "claimRef")
	if err != nil {
		return nil, fmt.Errorf("cannot refer to claim %q: %w", application.GetName(), err)
	}

	return xr, nil
}

// compositeName returns the name of the XR of a claim. Like the API server does for a generateName, it truncates the prefix, and
// the hyphen first.
func compositeName(claim string) string {
	prefix := claim + "-"

	return prefix[:min(len(prefix), maxClaimPrefix)] + claimSuffix
}
