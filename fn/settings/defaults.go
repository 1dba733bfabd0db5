// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// The clouds of Azure.
const (
	CloudAzurePublic       = "AzurePublic"
	CloudAzureUSGovernment = "AzureUSGovernment"
	CloudAzureChina        = "AzureChina"
)

// Defaults of a vault.
const (
	defaultSKU                     = "standard"
	defaultDeletionPolicy          = "Retain"
	defaultSoftDeleteRetentionDays = int32(90)
)

// defaultMaxReplicas applies to applications without maxReplicas.
const defaultMaxReplicas = 10

// setDefaults sets missing fields, so that readers of settings need no defaults.
func setDefaults(s *v1alpha1.PlatformConfigSpec) {
	// Entra ID and Azure return lower case. A difference in case would look like a change.
	for _, id := range []*string{&s.TenantID, &s.SubscriptionID, &s.SecretCreatorPrincipalID} {
		*id = strings.ToLower(*id)
	}

	if s.Cloud == "" {
		s.Cloud = CloudAzurePublic
	}
	s.AzureProviderConfigRef = providerConfig(s.AzureProviderConfigRef)
	s.SecretSyncProviderConfigRef = providerConfig(s.SecretSyncProviderConfigRef)

	if s.ClusterSharing == nil {
		s.ClusterSharing = &v1alpha1.ClusterSharing{}
	}
	if s.KeyVault == nil {
		s.KeyVault = &v1alpha1.KeyVaultDefaults{}
	}
	if s.KeyVault.SKU == "" {
		s.KeyVault.SKU = defaultSKU
	}
	if s.KeyVault.DeletionPolicy == "" {
		s.KeyVault.DeletionPolicy = defaultDeletionPolicy
	}
	if s.KeyVault.SoftDeleteRetentionDays == nil {
		d := defaultSoftDeleteRetentionDays
		s.KeyVault.SoftDeleteRetentionDays = &d
	}

	if s.KeyVault.Allow == nil {
		s.KeyVault.Allow = &v1alpha1.KeyVaultAllowance{}
	}
	if s.KeyVault.Allow.Officers == "" {
		s.KeyVault.Allow.Officers = OfficersNone
	}

	setNetworkDefaults(s)

	if s.Secrets == nil {
		s.Secrets = &v1alpha1.SecretDefaults{}
	}
	if s.Secrets.CreateMissing == nil {
		create := true
		s.Secrets.CreateMissing = &create
	}
	if len(s.Secrets.EnvironmentPrefixes) == 0 {
		s.Secrets.EnvironmentPrefixes = []string{"common-", "dev-", "stg-", "prd-", "prod-"}
	}
	setSharedDefaults(s.Secrets.Shared)
	s.Secrets.Structures = append(s.Secrets.Structures, builtinStructures()...)

	setWorkloadDefaults(s)
	if s.Ingress == nil {
		s.Ingress = &v1alpha1.IngressDefaults{}
	}
}

func setWorkloadDefaults(s *v1alpha1.PlatformConfigSpec) {
	if s.Workload == nil {
		s.Workload = &v1alpha1.WorkloadDefaults{}
	}
	if s.Workload.PodDisruptionBudget == nil {
		s.Workload.PodDisruptionBudget = new(true)
	}
	if s.Autoscaling == nil {
		s.Autoscaling = &v1alpha1.AutoscalingDefaults{}
	}
	if s.Autoscaling.MaxReplicas == nil {
		s.Autoscaling.MaxReplicas = new(int32(defaultMaxReplicas))
	}
	if len(s.Autoscaling.AllowedTriggers) == 0 {
		s.Autoscaling.AllowedTriggers = []string{"cron", "cpu", "memory"}
	}
	if s.NetworkPolicy == nil {
		s.NetworkPolicy = &v1alpha1.NetworkPolicyDefaults{}
	}
}

func providerConfig(ref *v1alpha1.ProviderConfigReference) *v1alpha1.ProviderConfigReference {
	out := v1alpha1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "default"}
	if ref != nil {
		out.Name = ref.Name
		if ref.Kind != "" {
			out.Kind = ref.Kind
		}
	}

	return &out
}

// Adopts reports whether an application may take over objects without a controller.
func Adopts(s *v1alpha1.PlatformConfigSpec, namespace, application string) bool {
	return slices.Contains(s.Adopt, v1alpha1.ApplicationReference{Namespace: namespace, Name: application})
}
