// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"

	authorizationv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
	keyvaultv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
	managedidentityv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// Names of the composed resources. They are a contract: Crossplane deletes a resource whose
// name is no longer desired.
const (
	NameKeyVault              = "key-vault"
	NameIdentity              = "identity"
	NameFederatedCredential   = "federated-credential"
	NameRoleAssignmentApp     = "role-assignment-app"
	NameRoleAssignmentCreator = "role-assignment-creator"
	// PrefixRoleAssignmentOfficer is followed by the object id of the officer.
	PrefixRoleAssignmentOfficer = "role-assignment-officer-"
	NameServiceAccount          = "service-account"
	NameSecretSync              = "secret-sync"
	NameDeployment              = "deployment"
	NameService                 = "service"
	NameAutoscaler              = "autoscaler"
	NameIngress                 = "ingress"
	NameScaledObject            = "scaled-object"
	NameNetworkPolicy           = "network-policy"
	NamePodDisruptionBudget     = "pod-disruption-budget"
	NamePrivateEndpoint         = "private-endpoint"
	NameDiagnosticSetting       = "diagnostic-setting"
)

// kinds of the composed resources, by name.
//
//nolint:gochecknoglobals // A constant.
var kinds = map[string]schema.GroupKind{
	NameKeyVault:              keyvaultv1beta1.Vault_GroupVersionKind.GroupKind(),
	NameIdentity:              managedidentityv1beta1.UserAssignedIdentity_GroupVersionKind.GroupKind(),
	NameFederatedCredential:   managedidentityv1beta1.FederatedIdentityCredential_GroupVersionKind.GroupKind(),
	NameRoleAssignmentApp:     authorizationv1beta1.RoleAssignment_GroupVersionKind.GroupKind(),
	NameRoleAssignmentCreator: authorizationv1beta1.RoleAssignment_GroupVersionKind.GroupKind(),
	NameServiceAccount:        {Group: corev1.GroupName, Kind: kindServiceAccount},
	NameSecretSync:            secretsv1alpha1.KeyVaultSecretSyncGroupVersionKind().GroupKind(),
	NameDeployment:            {Group: appsv1.GroupName, Kind: kindDeployment},
	NameService:               {Group: corev1.GroupName, Kind: kindService},
	NameAutoscaler:            {Group: autoscalingv2.GroupName, Kind: kindAutoscaler},
	NameIngress:               {Group: networkingv1.GroupName, Kind: kindIngress},
	NameScaledObject:          {Group: scaledObjectVersion().Group, Kind: kindScaledObject},
	NameNetworkPolicy:         {Group: networkingv1.GroupName, Kind: kindNetworkPolicy},
	NamePodDisruptionBudget:   {Group: policyv1.GroupName, Kind: kindPodDisruptionBudget},
	NamePrivateEndpoint:       privateEndpointVersion().GroupKind(),
	NameDiagnosticSetting:     diagnosticSettingVersion().GroupKind(),
}

// GroupKindOf returns the kind of the composed resource with a name. It returns false for
// names of other functions in the pipeline.
func GroupKindOf(name string) (schema.GroupKind, bool) {
	switch {
	case strings.HasPrefix(name, PrefixSecretSyncShared):
		name = NameSecretSync
	case strings.HasPrefix(name, PrefixRoleAssignmentOfficer), strings.HasPrefix(name, PrefixRoleAssignmentShared):
		name = NameRoleAssignmentApp
	}
	kind, ok := kinds[name]

	return kind, ok
}

// isRoleAssignment reports whether a composed resource is a role assignment.
func isRoleAssignment(name string) bool {
	kind, _ := GroupKindOf(name)
	return kind == authorizationv1beta1.RoleAssignment_GroupVersionKind.GroupKind()
}

// isSync reports whether a composed resource is a KeyVaultSecretSync.
func isSync(name string) bool {
	return name == NameSecretSync || strings.HasPrefix(name, PrefixSecretSyncShared)
}
