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

	// podTemplate is the field with a Deployment's Pod template.
	podTemplate = "spec.template"
)

// identity returns the fields that identify an object, with the reason why they must not change.
func identity() map[string]string {
	return map[string]string{
		"kind":               "this is another object, and the former one is deleted",
		"metadata.name":      "this is another object, and the former one is deleted",
		"metadata.namespace": "this is another object, and the former one is deleted",
		join("metadata.annotations", annotationExternalName): "the external name identifies the resource in Azure: another name recreates the resource",
	}
}

// immutable returns the fields of a kind that can never change once they are set. A path includes all fields below it.
//
// Fields of Azure resources are immutable if their CRD says that a change forces a new resource: upjet rejects such a change with
// "refuse to update the external resource because the following update requires replacing it". The retention of soft-deleted
// vaults is one more: Azure sets it only when it creates the vault, see azurerm_key_vault on https://registry.terraform.io. Fields
// of KeyVaultSecretSync are immutable by a rule of its CRD. A test reads the CRDs.
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
	case "PrivateEndpoint.network.azure.m.upbound.io":
		return []string{
			"spec.forProvider.customNetworkInterfaceName", "spec.forProvider.location",
			"spec.forProvider.privateServiceConnection.isManualConnection", "spec.forProvider.privateServiceConnection.name",
			"spec.forProvider.privateServiceConnection.privateConnectionResourceAlias",
			"spec.forProvider.privateServiceConnection.privateConnectionResourceId",
			"spec.forProvider.privateServiceConnection.subresourceNames", "spec.forProvider.resourceGroupName", "spec.forProvider.subnetId",
		}
	case "MonitorDiagnosticSetting.insights.azure.m.upbound.io":
		return []string{"spec.forProvider.name", "spec.forProvider.targetResourceId"}
	case "KeyVaultSecretSync.secrets.p6m.dev":
		return []string{"spec.forProvider.target.name"}
	case "Deployment.apps":
		// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates
		return []string{"spec.selector"}
	default:
		return nil
	}
}

// judge returns the verdict on a change of a field. A value is nil if the field is absent, and observed is nil if the object does
// not exist yet.
func judge(o *unstructured.Unstructured, path string, before, after any, observed map[string]any) (v Verdict, why string) {
	if !isComposed(o) {
		return Harmless, ""
	}

	gvk := o.GroupVersionKind()

	if path == "apiVersion" && group(before) != group(after) {
		return Forbidden, "this is another kind of object, and the former one is deleted"
	}

	// Azure generates external names, and the function sets them later, so setting an empty one is harmless.
	if why, ok := identity()[path]; ok && before != nil {
		return Forbidden, why
	}

	// Setting an immutable field of an existing object is also a change, unless the object already has that value.
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

// covers reports whether a path is the field or below it.
func covers(field, path string) bool {
	rest, ok := strings.CutPrefix(path, field)

	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// group returns the quoted group of an apiVersion.
func group(apiVersion any) string {
	s, _ := apiVersion.(string)
	g, _, _ := strings.Cut(s, "/")

	return strconv.Quote(g)
}
