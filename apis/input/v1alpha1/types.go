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

// DefaultEnvironmentConfig is the name of the EnvironmentConfig that overlays the input by
// default.
const DefaultEnvironmentConfig = "platform-application"

// LandingZoneLabel is the label of Namespaces that names the landing zone of their new
// applications. On composed resources it names the landing zone in which they were composed.
const LandingZoneLabel = "meta.p6m.dev/landing-zone"

// LandingZonePrefix is followed by the name of a landing zone in the name of the
// EnvironmentConfig with its settings.
const LandingZonePrefix = "platform-application-"

// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:resource:categories=crossplane

// A PlatformConfig holds the platform settings. It is the input of the function in a
// Composition. An EnvironmentConfig of the cluster, whose data has the same fields as
// spec, overlays it: objects are merged, and lists and scalars are replaced.
type PlatformConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PlatformConfigSpec `json:"spec,omitempty"`
}

// PlatformConfigSpec holds the platform settings.
type PlatformConfigSpec struct {
	// EnvironmentConfigRef names the EnvironmentConfig that overlays these
	// settings. Only the input can set it.
	// +optional
	EnvironmentConfigRef *EnvironmentConfigReference `json:"environmentConfigRef,omitempty"`

	// LandingZone says who may use the settings of a landing zone. Only the
	// EnvironmentConfig platform-application-<zone> of the zone can set it. The zone's
	// settings overlay the platform's.
	// +optional
	LandingZone *LandingZone `json:"landingZone,omitempty"`

	// TenantID is the id of the Entra ID tenant. Required.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	TenantID string `json:"tenantId,omitempty"`

	// SubscriptionID is the id of the subscription that holds vaults and identities.
	// Required.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	SubscriptionID string `json:"subscriptionId,omitempty"`

	// ResourceGroupName is the name of the existing resource group that holds vaults and
	// identities. Required.
	// +optional
	// +kubebuilder:validation:MaxLength=90
	ResourceGroupName string `json:"resourceGroupName,omitempty"`

	// Location of vaults and identities, for example westeurope. Required.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Location string `json:"location,omitempty"`

	// OIDCIssuerURL is the URL of the cluster's OIDC issuer. Required.
	// +optional
	// +kubebuilder:validation:Pattern=`^https://[^\s]+$`
	OIDCIssuerURL string `json:"oidcIssuerUrl,omitempty"`

	// ClusterName replaces the OIDC issuer in the names of new vaults and identities, so
	// that a cluster with another issuer finds them. It is a DNS label, or, to keep the
	// names of a cluster without this setting, the OIDC issuer URL of that cluster. With
	// it, vaults and identities have a tag that names the cluster that owns them, and no
	// cluster deletes a vault, an identity or a role assignment unless it is the sole
	// owner. Default: none, and names are made of the issuer.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^([a-z0-9]|[a-z0-9][-a-z0-9]{0,61}[a-z0-9]|https://[^\s]+)$`
	ClusterName string `json:"clusterName,omitempty"`

	// ClusterSharing says what this cluster does with vaults and identities of other
	// clusters with the same clusterName. Default: nothing, except to observe them.
	// +optional
	ClusterSharing *ClusterSharing `json:"clusterSharing,omitempty"`

	// Cloud selects the address of the Azure portal. Default: AzurePublic.
	// +optional
	// +kubebuilder:validation:Enum=AzurePublic;AzureUSGovernment;AzureChina
	Cloud string `json:"cloud,omitempty"`

	// Tags of vaults and identities. The function sets the tags application, namespace,
	// tenant, landing-zone and platform-application-cluster itself, and rejects them here.
	// Azure ignores case in names of tags.
	// +optional
	// +kubebuilder:validation:MaxProperties=40
	Tags map[string]string `json:"tags,omitempty"`

	// InheritedTags are names of tags that a policy of Azure sets, for example those that
	// vaults and identities inherit from their resource group. Their values in Azure stay,
	// and take precedence over tags. Those that the function sets itself are rejected, as
	// in tags. Default: none, and tags that these settings do not set are removed.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=40
	InheritedTags []string `json:"inheritedTags,omitempty"`

	// TenantLabel is the label of Namespaces that names the owning tenant, for example
	// meta.p6m.dev/tenant. Only the platform may write it. Its value becomes the tag
	// tenant of vaults and identities. An existing vault or identity is used and changed
	// only if its tags application, namespace and tenant match the application. In a
	// Namespace without the label, no new resources are composed. Default: none, and
	// ownership is not proven.
	// +optional
	// +kubebuilder:validation:MaxLength=317
	TenantLabel string `json:"tenantLabel,omitempty"`

	// RetiredNamespaces are names of namespaces that must not have new applications. A
	// new application there would get an earlier application's Azure names and vault.
	// Applications with a vault are not affected.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10000
	RetiredNamespaces []string `json:"retiredNamespaces,omitempty"`

	// AzureProviderConfigRef is the provider configuration of new Azure resources. Existing
	// ones keep theirs. Default: ClusterProviderConfig/default.
	// +optional
	AzureProviderConfigRef *ProviderConfigReference `json:"azureProviderConfigRef,omitempty"`

	// SecretSyncProviderConfigRef is the provider configuration of the
	// KeyVaultSecretSyncs, including existing ones. Default: ClusterProviderConfig/default.
	// +optional
	SecretSyncProviderConfigRef *ProviderConfigReference `json:"secretSyncProviderConfigRef,omitempty"`

	// SecretCreatorPrincipalID is the object id of the identity with which
	// provider-keyvault-secretsync creates missing secrets. It gets the role Key Vault
	// Secrets Officer on every vault. Without this setting, the identity needs the role
	// on a wider scope; otherwise no secrets are created in advance.
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

	// NetworkPolicy restricts inbound traffic of applications.
	// +optional
	NetworkPolicy *NetworkPolicyDefaults `json:"networkPolicy,omitempty"`

	// Ingress holds defaults and rules for Ingresses.
	// +optional
	Ingress *IngressDefaults `json:"ingress,omitempty"`

	// Adopt lists applications that take over composed objects without a controller.
	// Such objects exist after a restore from a backup, or after an application of the
	// same name was deleted and its objects were kept. They block other applications,
	// because labels and annotations prove no ownership. Remove an application from the
	// list when it is ready again.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	Adopt []ApplicationReference `json:"adopt,omitempty"`
}

// LandingZone says who may use the settings of a landing zone.
type LandingZone struct {
	// Namespaces that may be in the zone, by their exact names. The label
	// meta.p6m.dev/landing-zone of a Namespace chooses the zone; without its name in this
	// list, no new resources are composed there, and existing ones are kept.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10000
	Namespaces []string `json:"namespaces,omitempty"`
}

// ApplicationReference names an application.
type ApplicationReference struct {
	// Namespace of the application.
	Namespace string `json:"namespace"`
	// Name of the application.
	Name string `json:"name"`
}

// ClusterSharing relates this cluster to other clusters with the same clusterName.
type ClusterSharing struct {
	// Role of this cluster. Member: it uses the vaults and identities of the peers, and
	// changes and creates none. Owner: it takes over those of the peers. SoleOwner: it is
	// an owner, no other cluster uses its vaults and identities, and it may delete them.
	// Required if there are peers. Default: this cluster keeps what it owns.
	// +optional
	// +kubebuilder:validation:Enum=Member;Owner;SoleOwner
	Role string `json:"role,omitempty"`

	// Peers are the OIDC issuer URLs of the other clusters. A slash at the end is
	// ignored.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	Peers []string `json:"peers,omitempty"`
}

// EnvironmentConfigReference names an EnvironmentConfig.
type EnvironmentConfigReference struct {
	// Name of the EnvironmentConfig. Default: platform-application.
	// +optional
	Name string `json:"name,omitempty"`

	// Resolution is Required or Optional. Required: without the EnvironmentConfig,
	// existing resources are kept and no new ones are composed. Optional: without the
	// EnvironmentConfig, only the input is used. Default: Required.
	// +optional
	// +kubebuilder:validation:Enum=Required;Optional
	Resolution string `json:"resolution,omitempty"`
}

// ProviderConfigReference names a provider configuration.
type ProviderConfigReference struct {
	// Kind of the provider configuration. Default: ClusterProviderConfig.
	// +optional
	// +kubebuilder:validation:Enum=ProviderConfig;ClusterProviderConfig
	Kind string `json:"kind,omitempty"`
	// Name of the provider configuration.
	Name string `json:"name"`
}

// KeyVaultDefaults holds defaults and rules for vaults.
type KeyVaultDefaults struct {
	// SKU of vaults. A premium vault stays premium unless its manifest says otherwise.
	// Default: standard.
	// +optional
	// +kubebuilder:validation:Enum=standard;premium
	SKU string `json:"sku,omitempty"`

	// DeletionPolicy of vaults: Retain or SoftDelete. Purge cannot be the default; an
	// application can choose it if allow.purge is true. Default: Retain.
	// +optional
	// +kubebuilder:validation:Enum=Retain;SoftDelete
	DeletionPolicy string `json:"deletionPolicy,omitempty"`

	// SoftDeleteRetentionDays is the time in which a deleted vault can be recovered, 7
	// to 90 days. It applies to new vaults, because Azure allows no change. Default: 90.
	// +optional
	// +kubebuilder:validation:Minimum=7
	// +kubebuilder:validation:Maximum=90
	SoftDeleteRetentionDays *int32 `json:"softDeleteRetentionDays,omitempty"`

	// PublicNetworkAccessEnabled allows access to vaults from public networks, also to those
	// that exist. Default: a vault keeps what it has; Azure's default for a new one is true.
	// +optional
	PublicNetworkAccessEnabled *bool `json:"publicNetworkAccessEnabled,omitempty"`

	// Network restricts the networks that can reach vaults. Default: Azure's default, all
	// networks.
	// +optional
	Network *KeyVaultNetwork `json:"network,omitempty"`

	// Diagnostics sends the logs of vaults to a Log Analytics workspace. Default: none.
	// +optional
	Diagnostics *KeyVaultDiagnostics `json:"diagnostics,omitempty"`

	// Officers may read and write the secrets of every vault.
	// +optional
	// +listType=map
	// +listMapKey=objectId
	// +kubebuilder:validation:MaxItems=20
	Officers []Officer `json:"officers,omitempty"`

	// RoleAssignments of officers in these settings, and of the secret creator. Vault: they
	// get Key Vault Secrets Officer on every vault. Granted: the platform has granted them
	// the role on the resource group or on a wider scope, and new vaults get no assignments
	// for them. Existing assignments stay until confirmedGrants covers them. Officers in
	// manifests and vaults in assigned always have their own assignments. Without this
	// setting, an application keeps what it has. Default: Vault.
	// +optional
	// +kubebuilder:validation:Enum=Vault;Granted
	RoleAssignments string `json:"roleAssignments,omitempty"`

	// ConfirmedGrants are role assignments that exist in Azure on a resource group or a
	// subscription: Key Vault Secrets Officer, without a condition. With roleAssignments
	// Granted, the assignments of the same principal on vaults in that scope are deleted.
	// platform-application doctor checks the grants.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	ConfirmedGrants []ConfirmedGrant `json:"confirmedGrants,omitempty"`

	// Allow lists the vault settings that a manifest may use. Others are ignored and
	// reported in condition FieldsIgnored. Default: none.
	// +optional
	Allow *KeyVaultAllowance `json:"allow,omitempty"`

	// Assigned lists existing vaults, each with the one application that may use it with
	// spec.keyVault.name. An application that names another vault is rejected; otherwise
	// it could read the secrets of others. An application whose vault is removed from the
	// list loses its roles on the vault. A missing list revokes nothing.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	Assigned []AssignedVault `json:"assigned,omitempty"`
}

// KeyVaultNetwork restricts the networks that can reach vaults. A setting that is removed later
// changes no vault.
type KeyVaultNetwork struct {
	// ApplyToExisting applies these settings, and later changes of them, to vaults that
	// exist. A vault that the default action Deny would close stays open until its private
	// endpoint is ready, if one is configured. Default: false, and the settings apply to
	// vaults that are created later.
	// +optional
	ApplyToExisting bool `json:"applyToExisting,omitempty"`

	// DefaultAction for clients that no rule allows: Allow or Deny. Default: Azure's
	// default, Allow.
	// +optional
	// +kubebuilder:validation:Enum=Allow;Deny
	DefaultAction string `json:"defaultAction,omitempty"`

	// Bypass lets trusted services of Azure reach vaults: AzureServices or None. Requires
	// defaultAction. Default: AzureServices.
	// +optional
	// +kubebuilder:validation:Enum=AzureServices;None
	Bypass string `json:"bypass,omitempty"`

	// IPRules are public IPv4 addresses, or ranges in CIDR notation, that can reach vaults.
	// Requires defaultAction.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=1000
	IPRules []string `json:"ipRules,omitempty"`

	// VirtualNetworkSubnetIDs are the ids of subnets that can reach vaults. Each needs the
	// service endpoint Microsoft.KeyVault. Requires defaultAction.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	VirtualNetworkSubnetIDs []string `json:"virtualNetworkSubnetIds,omitempty"`

	// PrivateEndpoint composes a private endpoint for every vault. Default: none.
	// +optional
	PrivateEndpoint *KeyVaultPrivateEndpoint `json:"privateEndpoint,omitempty"`
}

// KeyVaultPrivateEndpoint composes a private endpoint for every vault. An endpoint that exists
// stays in its subnet, resource group and location.
type KeyVaultPrivateEndpoint struct {
	// Enabled composes private endpoints. False deletes those of all vaults. Default: true.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// SubnetID is the id of the subnet of private endpoints. Required.
	// +optional
	SubnetID string `json:"subnetId,omitempty"`

	// PrivateDNSZoneIDs are the ids of the private DNS zones that get a record for every
	// vault, usually one: privatelink.vaultcore.azure.net. Default: none, and somebody else
	// creates the records.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=5
	PrivateDNSZoneIDs []string `json:"privateDnsZoneIds,omitempty"`

	// Location of the virtual network. Default: location of the settings.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Location string `json:"location,omitempty"`

	// ResourceGroupName is the name of the resource group of private endpoints, in the
	// subscription of the subnet. Default: resourceGroupName of the settings.
	// +optional
	// +kubebuilder:validation:MaxLength=90
	ResourceGroupName string `json:"resourceGroupName,omitempty"`

	// AzureProviderConfigRef is the provider configuration of private endpoints. It is
	// required, with resourceGroupName, if the subnet is in another subscription than the
	// vaults. Default: azureProviderConfigRef of the settings.
	// +optional
	AzureProviderConfigRef *ProviderConfigReference `json:"azureProviderConfigRef,omitempty"`

	// ManualApproval is true if an administrator approves the connection of every private
	// endpoint, because the identity of the provider configuration may not. Vaults that exist
	// are then never closed. Default: false.
	// +optional
	ManualApproval bool `json:"manualApproval,omitempty"`
}

// KeyVaultDiagnostics sends the logs of vaults to a Log Analytics workspace. A setting that is
// removed later changes no vault.
type KeyVaultDiagnostics struct {
	// Enabled composes diagnostic settings. False deletes those of all vaults. Default: true.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// ApplyToExisting applies these settings, and later changes of them, to vaults that
	// exist. Default: false, and the settings apply to vaults that are created later.
	// +optional
	ApplyToExisting bool `json:"applyToExisting,omitempty"`

	// LogAnalyticsWorkspaceID is the id of the workspace. Required.
	// +optional
	LogAnalyticsWorkspaceID string `json:"logAnalyticsWorkspaceId,omitempty"`

	// CategoryGroups of logs: audit or allLogs. Default: audit, without categories.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=5
	CategoryGroups []string `json:"categoryGroups,omitempty"`

	// Categories of logs, for example AuditEvent. Azure does not accept them together with
	// categoryGroups.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	Categories []string `json:"categories,omitempty"`
}

// KeyVaultAllowance lists the vault settings that a manifest may use.
type KeyVaultAllowance struct {
	// Officers that a manifest may name: None; Listed, only those in officerIds; Groups,
	// groups (enforced by Azure) and those in officerIds; or Any. An officer can read
	// every secret of the vault. Default: None.
	// +optional
	// +kubebuilder:validation:Enum=None;Listed;Groups;Any
	Officers string `json:"officers,omitempty"`

	// OfficerIDs are the object ids of officers that a manifest may name if officers is
	// Listed or Groups.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=1000
	// +kubebuilder:validation:items:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	OfficerIDs []string `json:"officerIds,omitempty"`

	// Purge allows the deletionPolicy Purge. If it is set to false later, existing vaults
	// with this policy get purge protection, which Azure never turns off. Default: false.
	// +optional
	Purge bool `json:"purge,omitempty"`

	// Premium allows the sku premium, which costs more. If it is set to false later,
	// existing premium vaults stay premium. Default: false.
	// +optional
	Premium bool `json:"premium,omitempty"`
}

// Officer is a user, group or service principal that may write secrets.
type Officer struct {
	// ObjectID is the object id in Entra ID.
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	ObjectID string `json:"objectId"`

	// PrincipalType of the object. Default: Azure determines it.
	// +optional
	// +kubebuilder:validation:Enum=User;Group;ServicePrincipal
	PrincipalType string `json:"principalType,omitempty"`
}

// ConfirmedGrant is a role assignment on a scope that contains vaults.
type ConfirmedGrant struct {
	// PrincipalID is the object id of the officer or of the secret creator.
	// +kubebuilder:validation:Pattern=`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`
	PrincipalID string `json:"principalId"`
	// Scope of the role assignment: the resource id of a resource group or a subscription.
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:Pattern=`^/subscriptions/[0-9a-fA-F-]{36}(/resource[gG]roups/[^/]{1,90})?$`
	Scope string `json:"scope"`
}

// AssignedVault lets one application use an existing vault.
type AssignedVault struct {
	// Name of the vault.
	Name string `json:"name"`
	// ResourceGroupName of the vault. Default: the one in which it was found, else the
	// platform's.
	// +optional
	ResourceGroupName string `json:"resourceGroupName,omitempty"`
	// Namespace of the application.
	Namespace string `json:"namespace"`
	// Application is the name of the application.
	Application string `json:"application"`
}

// SecretDefaults holds the platform's rules for secrets.
type SecretDefaults struct {
	// Structures define the keys of new secrets by name, without the environment prefix.
	// They take precedence over the built-in ones.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=200
	Structures []SecretStructure `json:"structures,omitempty"`

	// EnvironmentPrefixes of names of secrets. Default: common-, dev-, stg-, prd-, prod-.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	EnvironmentPrefixes []string `json:"environmentPrefixes,omitempty"`

	// WithheldVariables are names of variables that a manifest must request with env, in
	// addition to the built-in ones. An asterisk at one end of a name matches any
	// characters.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z_][A-Za-z0-9_]*\*?|\*[A-Za-z0-9_]+)$`
	WithheldVariables []string `json:"withheldVariables,omitempty"`

	// AllowedVariables are built-in names that are not withheld.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	AllowedVariables []string `json:"allowedVariables,omitempty"`

	// CreateMissing creates listed secrets that the vault does not have. Default: true;
	// the base sets false.
	// +optional
	CreateMissing *bool `json:"createMissing,omitempty"`

	// PollInterval is the time between two polls of a vault. It must be at least 1s.
	// Default: the provider's, 30s.
	// +optional
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(s|m|h))+$`
	PollInterval string `json:"pollInterval,omitempty"`

	// FastPollInterval of a vault after a change, at least 1s, or 0s to disable fast
	// polls. Default: the provider's, 5s.
	// +optional
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(s|m|h))+$`
	FastPollInterval string `json:"fastPollInterval,omitempty"`

	// Shared lists vaults with secrets that applications of several namespaces share. An
	// application lists a shared secret by its name, like its own, and the secret is read
	// from the shared vault. In one namespace, a name can match only one entry. An
	// application keeps what it has of an entry that is changed or removed, until revoked
	// lists it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=20
	Shared []SharedSecrets `json:"shared,omitempty"`
}

// Access to shared secrets.
const (
	AccessRolePerSecret = "RolePerSecret"
	AccessGranted       = "Granted"
)

// SharedSecrets are secrets of one vault that applications share.
type SharedSecrets struct {
	// Name of the entry. It becomes a part of the names of composed resources, so an entry
	// that is renamed is another one.
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9]*$`
	Name string `json:"name"`

	// VaultURI is the address of the vault, for example https://shared-ab12.vault.azure.net/.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^https://[a-zA-Z][0-9a-zA-Z-]{1,22}[0-9a-zA-Z]\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)/?$`
	VaultURI string `json:"vaultUri"`

	// VaultResourceID is the id of the vault in Azure Resource Manager. Required for access
	// RolePerSecret.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	VaultResourceID string `json:"vaultResourceId,omitempty"`

	// Names of secrets in this vault. Case is ignored, as in Key Vault.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:Pattern=`^[0-9a-zA-Z-]{1,127}$`
	Names []string `json:"names,omitempty"`

	// Prefixes of names of secrets in this vault, for example common-.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[0-9a-zA-Z-]{1,127}$`
	Prefixes []string `json:"prefixes,omitempty"`

	// Namespaces whose applications may have these secrets. Names are exact.
	// +listType=set
	// +kubebuilder:validation:MaxItems=4000
	Namespaces []string `json:"namespaces,omitempty"`

	// Access of applications. RolePerSecret: each application gets the role Key Vault
	// Secrets User on each secret that it lists, and on no other. Granted: the platform has
	// granted the role on a wider scope, and Azure does not limit which of the secrets an
	// application can read. Default: RolePerSecret.
	// +optional
	// +kubebuilder:validation:Enum=RolePerSecret;Granted
	Access string `json:"access,omitempty"`

	// ListWith is the identity that lists the vault to find changes. Application: each
	// application lists with its own. Access RolePerSecret lets no application list, so each
	// then reads all its secrets in each poll interval. ProviderConfig: the identity of
	// secretSyncProviderConfigRef, which needs permission to list the vault and not to read
	// its secrets. It lists the vault once for all applications, and they read only what has
	// changed. Default: Application.
	// +optional
	// +kubebuilder:validation:Enum=Application;ProviderConfig
	ListWith string `json:"listWith,omitempty"`

	// MaxRoleAssignmentsPerNamespace limits the role assignments of this entry in one
	// namespace. Azure allows 4,000 role assignments in a subscription, so this limit times
	// the number of namespaces, for all entries with vaults in one subscription, must not
	// exceed 4,000. It applies to access RolePerSecret. Default: 20.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	MaxRoleAssignmentsPerNamespace int32 `json:"maxRoleAssignmentsPerNamespace,omitempty"`

	// PollInterval is the time between two polls of the vault for one application. It must
	// be at least 1s. Default: that of secrets.pollInterval.
	// +optional
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(s|m|h))+$`
	PollInterval string `json:"pollInterval,omitempty"`

	// Revoked lists namespaces and applications that lose these secrets: the roles, the
	// sync and the values in the cluster are deleted. It takes precedence over namespaces.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4000
	Revoked []RevokedAccess `json:"revoked,omitempty"`
}

// RevokedAccess is a namespace, or one of its applications, without access to shared secrets.
type RevokedAccess struct {
	// Namespace of the applications.
	Namespace string `json:"namespace"`
	// Application in the namespace. Default: all of them.
	// +optional
	Application string `json:"application,omitempty"`
}

// SecretStructure defines the keys of a new secret.
type SecretStructure struct {
	// Name of the secret, without its environment prefix.
	Name string `json:"name"`
	// Keys of the secret. Without keys, the secret is not created in advance.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	Keys []string `json:"keys,omitempty"`
}

// WorkloadDefaults holds defaults for pods.
type WorkloadDefaults struct {
	// Replicas of applications without replicas. Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// Resources of applications without resources.
	// +optional
	Resources *ResourceRequirements `json:"resources,omitempty"`

	// RunAsNonRoot rejects images that run as root, and drops all capabilities, as the
	// Pod Security Standard "restricted" requires. Default: false.
	// +optional
	RunAsNonRoot *bool `json:"runAsNonRoot,omitempty"`

	// Labels of the pods. Those that the function sets itself are rejected.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// ImagePullSecrets of the pods.
	// +optional
	// +listType=set
	ImagePullSecrets []string `json:"imagePullSecrets,omitempty"`

	// PodDisruptionBudget composes a PodDisruptionBudget for every application with more
	// than one pod. It allows the eviction of one pod at a time. Default: true.
	// +optional
	PodDisruptionBudget *bool `json:"podDisruptionBudget,omitempty"`
}

// AutoscalingDefaults holds defaults for autoscaling.
type AutoscalingDefaults struct {
	// MaxReplicas of applications without maxReplicas. Default: 10.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`

	// KEDA is true if the cluster has KEDA. Applications with autoscaling triggers then
	// get a ScaledObject instead of a HorizontalPodAutoscaler. Default: false, and
	// triggers are ignored.
	// +optional
	KEDA *bool `json:"keda,omitempty"`

	// AllowedTriggers are the types of triggers that applications may use. Default: cron,
	// cpu and memory, which connect to nothing outside the cluster.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	AllowedTriggers []string `json:"allowedTriggers,omitempty"`
}

// NetworkPolicyDefaults restricts inbound traffic of applications.
type NetworkPolicyDefaults struct {
	// Enabled composes a NetworkPolicy for applications with networking.inbound. It
	// allows traffic only from the services listed there and from AllowedNamespaces.
	// Default: false, and networking.inbound is ignored.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// AllowedNamespaces can connect to every application. List the namespaces of ingress
	// controllers and of monitoring.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	AllowedNamespaces []string `json:"allowedNamespaces,omitempty"`
}

// ResourceRequirements are the requests and limits of a container.
type ResourceRequirements struct {
	// Limits of the resources that the container can use.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
	// Requests are the resources that Kubernetes reserves for the container.
	// +optional
	Requests corev1.ResourceList `json:"requests,omitempty"`
}

// IngressDefaults holds defaults and rules for Ingresses.
type IngressDefaults struct {
	// Domain of applications without hostnames. They are published as
	// <application>.<domain>.
	// +optional
	Domain string `json:"domain,omitempty"`

	// AllowedDomains restrict the hosts in hostnames and in values of annotations.
	// Wildcard hostnames are then rejected. Default: all domains.
	// +optional
	// +listType=set
	AllowedDomains []string `json:"allowedDomains,omitempty"`

	// PerNamespace reserves hostnames for namespaces: each hostname must end with
	// <namespace>.<domain>, where domain is Domain or one of AllowedDomains. The default
	// hostname is <application>.<namespace>.<domain>. Hosts in annotations have the same
	// restriction. Default: false.
	// +optional
	PerNamespace bool `json:"perNamespace,omitempty"`

	// DefaultType of Ingresses without a type.
	// +optional
	DefaultType string `json:"defaultType,omitempty"`

	// Types of ingress. Other types are rejected. Without any types, a type is used as
	// the IngressClass.
	// +optional
	// +listType=map
	// +listMapKey=name
	Types []IngressType `json:"types,omitempty"`
}

// IngressType is one type of ingress.
type IngressType struct {
	// Name of the type.
	Name string `json:"name"`
	// IngressClassName of the type. Default: its name.
	// +optional
	IngressClassName string `json:"ingressClassName,omitempty"`
	// Annotations of every Ingress of the type. They override the application's own.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// AllowedAnnotations are names of annotations that an application may set on an
	// Ingress of the type. A name that ends with * matches all names with this prefix,
	// for example nginx.ingress.kubernetes.io/proxy-buffer*. It never matches annotations
	// that affect more than their Ingress, such as snippets, canaries and names of
	// Secrets: list these in full. Default: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	AllowedAnnotations []string `json:"allowedAnnotations,omitempty"`
	// OIDCAnnotations of an Ingress that requires a login. They override the
	// application's own. Without them, such an Ingress is rejected.
	// +optional
	OIDCAnnotations map[string]string `json:"oidcAnnotations,omitempty"`
	// TLSSecretName of the certificate for the hostnames. The Secret must exist in
	// the namespace of each application. Default: no TLS section.
	// +optional
	TLSSecretName string `json:"tlsSecretName,omitempty"`
}
