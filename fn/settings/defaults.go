// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// The clouds of Azure.
const (
	CloudAzurePublic       = "AzurePublic"
	CloudAzureUSGovernment = "AzureUSGovernment"
	CloudAzureChina        = "AzureChina"
)

// Values of keyVault.allow.officers.
const (
	OfficersNone   = "None"
	OfficersListed = "Listed"
	OfficersGroups = "Groups"
	OfficersAny    = "Any"
)

// Values of clusterSharing.role.
const (
	RoleMember    = "Member"
	RoleOwner     = "Owner"
	RoleSoleOwner = "SoleOwner"
)

// Values of keyVault.roleAssignments.
const (
	RoleAssignmentsVault   = "Vault"
	RoleAssignmentsGranted = "Granted"
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

// builtinStructures come last, because the first structure of a name is used.
func builtinStructures() []v1alpha1.SecretStructure {
	return []v1alpha1.SecretStructure{
		{Name: "postgres-credentials", Keys: []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PORT"}},
		{Name: "api-credentials", Keys: []string{"API_KEY", "API_SECRET"}},
		{Name: "webhook-tokens", Keys: []string{"WEBHOOK_TOKEN"}},
		// It has no keys: a created secret would block the import of a Key Vault
		// certificate of this name, for 90 days if the vault has purge protection.
		{Name: "tls-certificates"},
	}
}

// Structure returns the keys of the first structure with that name, for a new secret.
// The name has no environment prefix. Case is ignored, as in Key Vault.
func Structure(s *v1alpha1.PlatformConfigSpec, name string) (keys []string, ok bool) {
	for _, st := range s.Secrets.Structures {
		if strings.EqualFold(st.Name, name) {
			return st.Keys, true
		}
	}

	return nil, false
}

// Assigned returns the vault of that name, if the application may use it.
func Assigned(s *v1alpha1.PlatformConfigSpec, vault, namespace, application string) (v1alpha1.AssignedVault, bool) {
	for _, a := range s.KeyVault.Assigned {
		if strings.EqualFold(a.Name, vault) && a.Namespace == namespace && a.Application == application {
			return a, true
		}
	}

	return v1alpha1.AssignedVault{}, false
}

// Adopts reports whether an application may take over objects without a controller.
func Adopts(s *v1alpha1.PlatformConfigSpec, namespace, application string) bool {
	return slices.Contains(s.Adopt, v1alpha1.ApplicationReference{Namespace: namespace, Name: application})
}

// AllowsAnnotation reports whether an application may set an annotation of that name on
// an Ingress of the type. Names are case-sensitive, as in Kubernetes.
func AllowsAnnotation(t v1alpha1.IngressType, name string) bool {
	if IsReserved(name) || name == AnnotationIngressClass || len(validation.IsQualifiedName(strings.ToLower(name))) > 0 {
		return false
	}

	return slices.ContainsFunc(t.AllowedAnnotations, func(pattern string) bool {
		begin, wildcard := strings.CutSuffix(pattern, "*")
		return pattern == name || wildcard && strings.HasPrefix(name, begin) && !isOnlyByName(name)
	})
}

// isOnlyByName reports whether an annotation is never allowed by a pattern, because it affects
// more than its own Ingress.
func isOnlyByName(annotation string) bool {
	name := strings.ToLower(annotation)
	return slices.ContainsFunc([]string{
		// Configuration of the ingress controller itself.
		"snippet", "config-",
		// Requests of another Ingress: some of them, those of the same host, or all of a shared load balancer.
		"canary", "priority", "use-regex", "group", "order", "load-balancer", "actions.", "conditions.",
		// Objects that can be in another namespace.
		"secret", "configmap", "headers", "middleware", "transport", "plugin", "polic", "cr-backend",
		// The target of requests or DNS records.
		"target", "mirror",
	}, func(part string) bool { return strings.Contains(name, part) })
}
