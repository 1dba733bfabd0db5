// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kind and version of the function's input.
const (
	Group   = "platformapplication.fn.p6m.dev"
	Version = "v1alpha1"
	Kind    = "PlatformConfig"
)

// DefaultEnvironmentConfig is the EnvironmentConfig that overlays the input
// unless the input names another.
const DefaultEnvironmentConfig = "platform-application"

// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:resource:categories=crossplane

// A PlatformConfig holds the settings of a platform. It is the input of the
// function in a Composition; an EnvironmentConfig of the cluster, whose data has
// the same fields as spec, overlays it: objects are merged, lists and plain
// values are replaced.
type PlatformConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PlatformConfigSpec `json:"spec,omitempty"`
}

// PlatformConfigSpec holds the settings of a platform.
type PlatformConfigSpec struct {
	// EnvironmentConfigRef names the EnvironmentConfig that overlays these
	// settings. It is read from the input only.
	// +optional
	EnvironmentConfigRef *EnvironmentConfigReference `json:"environmentConfigRef,omitempty"`

	// TenantID is the id of the Entra ID tenant. Required.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	TenantID string `json:"tenantId,omitempty"`

	// SubscriptionID is the id of the subscription that holds vaults and identities.
	// Required.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	SubscriptionID string `json:"subscriptionId,omitempty"`

	// ResourceGroupName is the existing resource group that holds vaults and
	// identities. Required.
	// +optional
	// +kubebuilder:validation:MaxLength=90
	ResourceGroupName string `json:"resourceGroupName,omitempty"`

	// Location of vaults and identities, for example westeurope. Required.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Location string `json:"location,omitempty"`

	// OIDCIssuerURL is the address of the issuer of the cluster. Required.
	// +optional
	// +kubebuilder:validation:Pattern=`^https://[^\s]+$`
	OIDCIssuerURL string `json:"oidcIssuerUrl,omitempty"`

	// Cloud decides the address of the Azure portal. Default: AzurePublic.
	// +optional
	// +kubebuilder:validation:Enum=AzurePublic;AzureUSGovernment;AzureChina
	Cloud string `json:"cloud,omitempty"`

	// Tags of vaults and identities. With tenantLabel, tags application, namespace
	// and tenant are the function's own, in any case.
	// +optional
	// +kubebuilder:validation:MaxProperties=40
	Tags map[string]string `json:"tags,omitempty"`

	// TenantLabel is the label of Namespaces whose value names the tenant that owns
	// the namespace, for example meta.p6m.dev/tenant. Only the platform may write it.
	// The value becomes tag tenant of vaults and identities, and nothing that exists
	// in Azure is used or changed unless its tags application, namespace and tenant
	// are those of the application. In a Namespace without the label nothing new is
	// composed. Default: none, and ownership is not proven.
	// +optional
	// +kubebuilder:validation:MaxLength=317
	TenantLabel string `json:"tenantLabel,omitempty"`

	// RetiredNamespaces are names of namespaces that must not have new applications:
	// they would have the names in Azure of applications that were there before, and
	// find their vaults. Applications that have a vault keep it.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10000
	RetiredNamespaces []string `json:"retiredNamespaces,omitempty"`

	// AzureProviderConfigRef is used by the Azure resources. Default:
	// ClusterProviderConfig/default.
	// +optional
	AzureProviderConfigRef *ProviderConfigReference `json:"azureProviderConfigRef,omitempty"`

	// SecretSyncProviderConfigRef is used by the KeyVaultSecretSync. Default:
	// ClusterProviderConfig/default.
	// +optional
	SecretSyncProviderConfigRef *ProviderConfigReference `json:"secretSyncProviderConfigRef,omitempty"`

	// SecretCreatorPrincipalID is the object id of the identity with which
	// provider-keyvault-secretsync creates missing secrets. It becomes Key Vault
	// Secrets Officer of every vault. Without it that identity needs the role on
	// a wider scope, or nothing is created in advance.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	SecretCreatorPrincipalID string `json:"secretCreatorPrincipalId,omitempty"`

	// KeyVault holds defaults and rules for vaults.
	// +optional
	KeyVault *KeyVaultDefaults `json:"keyVault,omitempty"`

	// Secrets holds the platform's rules for secrets.
	// +optional
	Secrets *SecretDefaults `json:"secrets,omitempty"`

	// Workload holds defaults for pods.
	// +optional
	Workload *WorkloadDefaults `json:"workload,omitempty"`

	// Autoscaling holds defaults for autoscaling.
	// +optional
	Autoscaling *AutoscalingDefaults `json:"autoscaling,omitempty"`

	// NetworkPolicy fences applications.
	// +optional
	NetworkPolicy *NetworkPolicyDefaults `json:"networkPolicy,omitempty"`

	// Ingress holds the platform's kinds of ingress.
	// +optional
	Ingress *IngressDefaults `json:"ingress,omitempty"`

	// Adopt lists applications that take over composed objects without a controller,
	// which an application has after a restore from a backup, or after one of its name
	// was deleted and its objects were kept. For others they are in the way: an object
	// that says whose it is proves nothing. Remove an application from the list when
	// it is ready again.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	Adopt []ApplicationReference `json:"adopt,omitempty"`
}

// ApplicationReference names an application.
type ApplicationReference struct {
	// Namespace of the application.
	Namespace string `json:"namespace"`
	// Name of the application.
	Name string `json:"name"`
}

// EnvironmentConfigReference names an EnvironmentConfig.
type EnvironmentConfigReference struct {
	// Name of the EnvironmentConfig. Default: platform-application.
	// +optional
	Name string `json:"name,omitempty"`

	// Resolution is Required or Optional. Required: without the
	// EnvironmentConfig nothing new is composed and what exists is left as it is.
	// Optional: without it the input alone counts. Default: Required.
	// +optional
	// +kubebuilder:validation:Enum=Required;Optional
	Resolution string `json:"resolution,omitempty"`
}

// ProviderConfigReference names a provider configuration.
type ProviderConfigReference struct {
	// Kind is ProviderConfig or ClusterProviderConfig. Default:
	// ClusterProviderConfig.
	// +optional
	// +kubebuilder:validation:Enum=ProviderConfig;ClusterProviderConfig
	Kind string `json:"kind,omitempty"`
	// Name of the provider configuration.
	Name string `json:"name"`
}

// KeyVaultDefaults holds defaults and rules for vaults.
type KeyVaultDefaults struct {
	// SKU of vaults: standard or premium. Default: standard.
	// +optional
	// +kubebuilder:validation:Enum=standard;premium
	SKU string `json:"sku,omitempty"`

	// DeletionPolicy of vaults: Retain or SoftDelete. Purge is for an application
	// to choose, where allow.purge is true, and never a default. Default: Retain.
	// +optional
	// +kubebuilder:validation:Enum=Retain;SoftDelete
	DeletionPolicy string `json:"deletionPolicy,omitempty"`

	// SoftDeleteRetentionDays is how long a deleted vault can be recovered, 7 to 90
	// days. It applies when a vault is created; Azure allows no change. Default: 90.
	// +optional
	// +kubebuilder:validation:Minimum=7
	// +kubebuilder:validation:Maximum=90
	SoftDeleteRetentionDays *int32 `json:"softDeleteRetentionDays,omitempty"`

	// PublicNetworkAccessEnabled lets vaults be reached from public networks.
	// Default: Azure's, which is true.
	// +optional
	PublicNetworkAccessEnabled *bool `json:"publicNetworkAccessEnabled,omitempty"`

	// Officers may read and write the secrets of every vault.
	// +optional
	// +listType=map
	// +listMapKey=objectId
	// +kubebuilder:validation:MaxItems=20
	Officers []Officer `json:"officers,omitempty"`

	// Allow says what a manifest may ask of its vault. Anything else is ignored,
	// and named in the condition FieldsIgnored. Default: nothing.
	// +optional
	Allow *KeyVaultAllowance `json:"allow,omitempty"`

	// Assigned lists existing vaults and the one application that may use each, with
	// spec.keyVault.name. An application that names another vault is refused, or
	// it could read the secrets of others. One whose vault is no longer in the list
	// loses its roles on it; a list that is missing takes nothing away.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	Assigned []AssignedVault `json:"assigned,omitempty"`
}

// KeyVaultAllowance says what a manifest may ask of its vault.
type KeyVaultAllowance struct {
	// Officers that a manifest may name: None; Listed, those of officerIds; Groups,
	// which Azure refuses for anything that is no group, and those of officerIds; or
	// Any. An officer reads every secret of the vault. Default: None.
	// +optional
	// +kubebuilder:validation:Enum=None;Listed;Groups;Any
	Officers string `json:"officers,omitempty"`

	// OfficerIDs are the object ids of officers that a manifest may name, with
	// officers Listed or Groups.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=1000
	// +kubebuilder:validation:items:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	OfficerIDs []string `json:"officerIds,omitempty"`

	// Purge allows the deletionPolicy Purge. A vault that was created with it gets
	// purge protection when this is taken back, and Azure never turns that off.
	// Default: false.
	// +optional
	Purge bool `json:"purge,omitempty"`

	// Premium allows the sku premium, which costs more. A vault that is premium
	// stays so when this is taken back. Default: false.
	// +optional
	Premium bool `json:"premium,omitempty"`
}

// Officer is a user, group or service principal that may write secrets.
type Officer struct {
	// ObjectID in Entra ID, a UUID.
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	ObjectID string `json:"objectId"`

	// PrincipalType of the object. Default: Azure finds out.
	// +optional
	// +kubebuilder:validation:Enum=User;Group;ServicePrincipal
	PrincipalType string `json:"principalType,omitempty"`
}

// AssignedVault lets one application use an existing vault.
type AssignedVault struct {
	// Name of the vault.
	Name string `json:"name"`
	// ResourceGroupName of the vault. Default: the platform's.
	// +optional
	ResourceGroupName string `json:"resourceGroupName,omitempty"`
	// Namespace of the application.
	Namespace string `json:"namespace"`
	// Application is its name.
	Application string `json:"application"`
}

// SecretDefaults holds the platform's rules for secrets.
type SecretDefaults struct {
	// Structures says which keys a new secret of a name has. The name is matched
	// without its environment prefix. They come before the built-in ones.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=200
	Structures []SecretStructure `json:"structures,omitempty"`

	// EnvironmentPrefixes that a secret's name may begin with. Default: common-,
	// dev-, stg-, prd-, prod-.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	EnvironmentPrefixes []string `json:"environmentPrefixes,omitempty"`

	// WithheldVariables are names that a variable of a secret has only if the
	// manifest asks for it with env, besides the built-in ones. An asterisk at the
	// end or at the beginning of a name stands for any characters.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z_][A-Za-z0-9_]*\*?|\*[A-Za-z0-9_]+)$`
	WithheldVariables []string `json:"withheldVariables,omitempty"`

	// AllowedVariables are names that are not withheld, although they are built in.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	AllowedVariables []string `json:"allowedVariables,omitempty"`

	// CreateMissing creates listed secrets that the vault does not have. Default:
	// true, and the base sets false.
	// +optional
	CreateMissing *bool `json:"createMissing,omitempty"`

	// PollInterval of a vault, at least 1s. Default: the provider's, 30s.
	// +optional
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(s|m|h))+$`
	PollInterval string `json:"pollInterval,omitempty"`

	// FastPollInterval of a vault while somebody may be waiting, at least 1s, or 0s to
	// turn fast polls off. Default: the provider's, 5s.
	// +optional
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(s|m|h))+$`
	FastPollInterval string `json:"fastPollInterval,omitempty"`
}

// SecretStructure says which keys a new secret has.
type SecretStructure struct {
	// Name of the secret, without its environment prefix.
	Name string `json:"name"`
	// Keys of the secret. None: the secret is not created in advance.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	Keys []string `json:"keys,omitempty"`
}

// WorkloadDefaults holds defaults for pods.
type WorkloadDefaults struct {
	// Replicas of an application that sets none. Default: Kubernetes', which is 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// Resources of an application that sets none.
	// +optional
	Resources *ResourceRequirements `json:"resources,omitempty"`

	// RunAsNonRoot refuses images that run as root, and drops all capabilities, as
	// the Pod Security Standard "restricted" wants. Default: false.
	// +optional
	RunAsNonRoot *bool `json:"runAsNonRoot,omitempty"`

	// Labels of the pods.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// ImagePullSecrets of the pods.
	// +optional
	// +listType=set
	ImagePullSecrets []string `json:"imagePullSecrets,omitempty"`

	// PodDisruptionBudget gives every application with more than one pod a
	// PodDisruptionBudget that lets one pod at a time be evicted. Default: true.
	// +optional
	PodDisruptionBudget *bool `json:"podDisruptionBudget,omitempty"`
}

// AutoscalingDefaults holds defaults for autoscaling.
type AutoscalingDefaults struct {
	// MaxReplicas of an application that sets none. Default: 10.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// KEDA says that the cluster has KEDA. An application whose autoscaling has
	// triggers then has a ScaledObject instead of a HorizontalPodAutoscaler. Default:
	// false, and triggers are ignored.
	// +optional
	KEDA *bool `json:"keda,omitempty"`

	// AllowedTriggers are the types of triggers that applications may have. Default:
	// cron, cpu and memory, which reach nothing outside the cluster.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	AllowedTriggers []string `json:"allowedTriggers,omitempty"`
}

// NetworkPolicyDefaults fences applications.
type NetworkPolicyDefaults struct {
	// Enabled composes a NetworkPolicy for an application with networking.inbound: it
	// lets in the services listed there and AllowedNamespaces, nobody else. Default:
	// false, and networking.inbound is ignored.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// AllowedNamespaces are let in everywhere: those of ingress controllers and of
	// monitoring.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	AllowedNamespaces []string `json:"allowedNamespaces,omitempty"`
}

// ResourceRequirements of a container.
type ResourceRequirements struct {
	// Limits is the most the container may use.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
	// Requests is what the container is sure to have.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
}

// IngressDefaults holds the platform's kinds of ingress.
type IngressDefaults struct {
	// Domain under which an application without hostnames is published, as
	// <application>.<domain>.
	// +optional
	Domain string `json:"domain,omitempty"`

	// AllowedDomains are those whose hostnames applications may have, in hostnames
	// and in values of annotations. A wildcard hostname is never allowed then.
	// Default: all.
	// +optional
	// +listType=set
	AllowedDomains []string `json:"allowedDomains,omitempty"`

	// PerNamespace keeps hostnames of namespaces apart: each ends in
	// <namespace>.<domain>, with Domain or one of AllowedDomains, and that of an
	// application without hostnames is <application>.<namespace>.<domain>. Hosts in
	// annotations are restricted alike. Default: false.
	// +optional
	PerNamespace bool `json:"perNamespace,omitempty"`

	// DefaultType of an Ingress that sets none.
	// +optional
	DefaultType string `json:"defaultType,omitempty"`

	// Types of ingress. Others are refused. Without any, a type is taken for an
	// IngressClass.
	// +optional
	// +listType=map
	// +listMapKey=name
	Types []IngressType `json:"types,omitempty"`
}

// IngressType is one kind of ingress.
type IngressType struct {
	// Name of the type.
	Name string `json:"name"`
	// IngressClassName of the type. Default: its name.
	// +optional
	IngressClassName string `json:"ingressClassName,omitempty"`
	// Annotations of every Ingress of the type. They win over the application's own.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// AllowedAnnotations are names of annotations that an application may set on an
	// Ingress of the type. A name that ends with * stands for all that begin so, for
	// example nginx.ingress.kubernetes.io/proxy-buffer*, but never for those that
	// reach beyond their Ingress, such as snippets, canaries and names of Secrets:
	// those must be named in full. Default: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	AllowedAnnotations []string `json:"allowedAnnotations,omitempty"`
	// OIDCAnnotations of an Ingress that asks visitors to log in. They win over
	// the application's own. Without them such an Ingress is refused.
	// +optional
	OIDCAnnotations map[string]string `json:"oidcAnnotations,omitempty"`
	// TLSSecretName of the certificate for the hostnames. The Secret must exist in
	// the namespace of each application. Default: no TLS section.
	// +optional
	TLSSecretName string `json:"tlsSecretName,omitempty"`
}
