// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	kindDeployment = "Deployment"

	// podTemplate is where a Deployment has what Pods are made from.
	podTemplate = "spec.template"
)

// identity has the fields that make an object another one, by the reason why they must stay.
func identity() map[string]string {
	return map[string]string{
		"kind":               "it is another object, and the one before is deleted",
		"metadata.name":      "it is another object, and the one before is deleted",
		"metadata.namespace": "it is another object, and the one before is deleted",
		join("metadata.annotations", annotationExternalName): "the external name is what Azure knows the resource by: with another one it is made again",
	}
}

// immutable has the fields of a kind that can never change once they are set, by group and kind. A path covers all below it.
//
// Those of Azure are the ones whose CRD says that to change them forces a new resource to be created: upjet refuses such a change
// with "refuse to update the external resource because the following update requires replacing it". The days of soft deletion
// are one more: Azure takes them only when the vault is made, see azurerm_key_vault on https://registry.terraform.io. Those of
// ours are the ones that a rule of their CRD keeps. A test reads the CRDs.
func immutable(group, kind string) []string {
	switch kind + "." + group {
	case "Vault.keyvault.azure.m.upbound.io":
		return []string{"spec.forProvider.location", "spec.forProvider.resourceGroupName", "spec.forProvider.softDeleteRetentionDays"}
	case "RoleAssignment.authorization.azure.m.upbound.io":
		return []string{"spec.forProvider"}
	case "UserAssignedIdentity.managedidentity.azure.m.upbound.io":
		return []string{"spec.forProvider.location", "spec.forProvider.name", "spec.forProvider.resourceGroupName"}
	case "FederatedIdentityCredential.managedidentity.azure.m.upbound.io":
		return []string{"spec.forProvider.parentId", "spec.forProvider.resourceGroupName"}
	case "KeyVaultSecretSync.secrets.p6m.dev":
		return []string{"spec.forProvider.target.name"}
	case "Deployment.apps":
		// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates
		return []string{"spec.selector"}
	default:
		return nil
	}
}

// judge a change of a field. Its value is nil where it was not, or is not any more. What is observed of the object is nil before
// it is made.
func judge(o *unstructured.Unstructured, path string, before, after any, observed map[string]any) (v Verdict, why string) {
	if !isComposed(o) {
		return Harmless, ""
	}

	gvk := o.GroupVersionKind()

	if path == "apiVersion" && group(before) != group(after) {
		return Forbidden, "it is another kind of object, and the one before is deleted"
	}

	// Azure generates this name, so the function sets it once it is known: from empty to a name is no change.
	if why, ok := identity()[path]; ok && before != nil {
		return Forbidden, why
	}

	// Setting such a field later is a change as well, unless it already has that value.
	_, same := observed[path]
	sets := before == nil && observed != nil && !same

	for _, field := range immutable(gvk.Group, gvk.Kind) {
		if covers(field, path) && (before != nil || sets) {
			return Forbidden, "the field can never change"
		}
	}

	if gvk.Group == "keyvault.azure.m.upbound.io" && path == "spec.forProvider.purgeProtectionEnabled" && before == true {
		return Forbidden, "purge protection cannot be turned off"
	}

	if gvk.Kind == kindDeployment && covers(podTemplate, path) {
		return RollsPods, ""
	}

	return Harmless, ""
}

// covers tells whether the path is the field, or is in it.
func covers(field, path string) bool {
	rest, ok := strings.CutPrefix(path, field)

	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// group of an apiVersion.
func group(apiVersion any) string {
	s, _ := apiVersion.(string)
	g, _, _ := strings.Cut(s, "/")

	return strconv.Quote(g)
}
