// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A State of one secret, and of all of them together. Expiry is not a state, because Key
// Vault still serves an expired secret.
type State string

// The states of a secret.
const (
	// StateSynced: the content of the latest version is in the Secret.
	StateSynced State = "Synced"
	// StateAwaitingValue: a key of the structure is still empty or null, a required
	// key is missing, or the secret has no structure and was created without any
	// keys.
	StateAwaitingValue State = "AwaitingValue"
	// StateMissing: the secret does not exist in the vault.
	StateMissing State = "Missing"
	// StateSoftDeleted: the secret is deleted and can be recovered, or it is being
	// deleted or recovered.
	StateSoftDeleted State = "SoftDeleted"
	// StateDisabled: the secret is disabled.
	StateDisabled State = "Disabled"
	// StateInvalid: the value cannot be parsed, or two of its keys collide.
	StateInvalid State = "Invalid"
	// StateForbidden: the application's identity has no permission to read the secret.
	StateForbidden State = "Forbidden"
	// StateAwaitingAccess: roles or credentials have not reached Azure's data
	// plane yet, which is normal for some minutes after creation.
	StateAwaitingAccess State = "AwaitingAccess"
	// StateThrottled: Key Vault throttles requests, or expensive values of the application
	// wait to be decrypted.
	StateThrottled State = "Throttled"
	// StateUnreachable: Key Vault or Entra ID is unavailable, or Entra ID cannot reach
	// the cluster's issuer.
	StateUnreachable State = "Unreachable"
)

// States of the object that no single secret can have.
const (
	// StateTargetConflict: a Secret of that name exists and does not belong to the object.
	// The provider does not change it.
	StateTargetConflict State = "TargetConflict"
	// StateTargetTooLarge: the Secret would be larger than Kubernetes allows. The
	// existing Secret is unchanged.
	StateTargetTooLarge State = "TargetTooLarge"
)

// SyncRequestedAtAnnotation requests a read of all secrets of a KeyVaultSecretSync. Any new
// value is a new request; it is usually the current time.
const SyncRequestedAtAnnotation = "secrets.p6m.dev/sync-requested-at"

// MaxSecrets of one KeyVaultSecretSync: those that an application lists, and as
// many that its pods still reference.
const MaxSecrets = 200

// Identities that list a vault.
const (
	ListWithApplication    = "Application"
	ListWithProviderConfig = "ProviderConfig"
)

// KeyVaultSecretSyncParameters are the secrets to sync, their vault, and the Secret.
type KeyVaultSecretSyncParameters struct {
	// VaultURI is the address of the Key Vault, for example
	// https://web-application-ab12.vault.azure.net/. The vault can be in Azure, Azure China
	// or Azure US Government.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^https://[a-zA-Z][0-9a-zA-Z-]{1,22}[0-9a-zA-Z]\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)/?$`
	VaultURI string `json:"vaultUri"`

	// TenantID is the Entra ID tenant of the identity.
	// +kubebuilder:validation:MinLength=1
	TenantID string `json:"tenantId"`

	// ClientID of the application's identity, which reads the vault.
	// +kubebuilder:validation:MinLength=1
	ClientID string `json:"clientId"`

	// ServiceAccountName is the ServiceAccount in the namespace of this object whose
	// token the provider exchanges for one of the identity.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*$`
	ServiceAccountName string `json:"serviceAccountName"`

	// Secrets of the vault to sync.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=200
	Secrets []SyncedSecret `json:"secrets,omitempty"`

	// Target is the Kubernetes Secret to write.
	Target Target `json:"target"`

	// CreateMissing creates listed secrets that the vault does not have, with their keys and
	// without values. It uses the identity of the provider configuration. Secrets are never
	// overwritten or deleted. Only secrets with format Auto or JSON are created, because
	// plain text has no keys. Default: false.
	// +optional
	CreateMissing bool `json:"createMissing,omitempty"`

	// ListWith is the identity that lists the vault to find changes. Application: that of the
	// application. ProviderConfig: that of the provider configuration, which needs no
	// permission to read secrets. All objects with this vault and provider configuration then
	// share one list. It only says which secrets to read again; they are always read with the
	// identity of the application. If it cannot list the vault, the objects take turns to read
	// their secrets, at most 20 in a second together. Default: Application.
	// +optional
	// +kubebuilder:validation:Enum=Application;ProviderConfig
	ListWith string `json:"listWith,omitempty"`

	// PollInterval is the time between two polls of the vault. Default: the provider's, 30s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="must be at least 1s"
	PollInterval *metav1.Duration `json:"pollInterval,omitempty"`

	// FastPollInterval is the time between two polls for a while after a secret changed in
	// the vault, after this object was created or lists another secret, and after a
	// requested sync. Fast polls have a budget. 0s disables them. Default: the provider's, 5s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) == duration('0s') || duration(self) >= duration('1s')",message="must be at least 1s, or 0s to disable fast polls"
	FastPollInterval *metav1.Duration `json:"fastPollInterval,omitempty"`
}

// SyncedSecret is one secret of the vault.
type SyncedSecret struct {
	// Name of the secret in the vault.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:Pattern=`^[0-9a-zA-Z-]{1,127}$`
	Name string `json:"name"`

	// Version to read. Default: the latest.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{32}$`
	Version string `json:"version,omitempty"`

	// Format of the value. Default: Auto, which uses the content type. Without a content
	// type, a JSON object and a private key with a certificate are recognized. Anything
	// else is plain text, including lines KEY=VALUE.
	// +optional
	// +kubebuilder:validation:Enum=Auto;JSON;Text;Dotenv;PEM;PKCS12
	Format string `json:"format,omitempty"`

	// Keys that the secret is created with, and that must have values.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=125
	Keys []string `json:"keys,omitempty"`

	// RequiredKeys that the secret must also have, but is not created with. Their values can
	// be empty. A version without one of them is not synced. An empty name requires plain
	// text, which has no keys.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=125
	RequiredKeys []string `json:"requiredKeys,omitempty"`

	// Create allows the secret to be created in advance, if createMissing is set. Default:
	// true.
	// +optional
	Create *bool `json:"create,omitempty"`

	// Optional lets the object be ready without this secret. Default: false.
	// +optional
	Optional bool `json:"optional,omitempty"`

	// RefreshInterval is the minimum time between two syncs of changes of this secret.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="must not be negative"
	RefreshInterval *metav1.Duration `json:"refreshInterval,omitempty"`
}

// Target is the Kubernetes Secret to write. An existing Secret must belong to the object.
type Target struct {
	// Name of the Secret, in the namespace of this object. It cannot be changed,
	// because pods reference it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="cannot be changed, because pods refer to this Secret; make another KeyVaultSecretSync instead"
	Name string `json:"name"`

	// Labels of the Secret.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// InUse are data keys of the Secret that pods reference. A listed key that was removed
	// from its secret is kept with its last value, because pods could not restart without
	// it.
	// +optional
	// +listType=atomic
	InUse []string `json:"inUse,omitempty"`
}

// KeyVaultSecretSyncObservation is the observed state of the secrets and of the Secret. It
// never holds a value, or anything computed from a value.
type KeyVaultSecretSyncObservation struct {
	// State of all secrets together: the worst of their states. An optional secret without a
	// value does not count.
	// +optional
	State State `json:"state,omitempty"`

	// SecretsSynced is the number of synced secrets and of all secrets, for example 3/4.
	// +optional
	SecretsSynced string `json:"secretsSynced,omitempty"`

	// Secrets has the state of each secret.
	// +optional
	// +listType=map
	// +listMapKey=name
	Secrets []ObservedSecret `json:"secrets,omitempty"`

	// Target is the Secret as last written.
	// +optional
	Target *ObservedTarget `json:"target,omitempty"`

	// LastChangeTime is when the content of the Secret last changed.
	// +optional
	LastChangeTime *metav1.Time `json:"lastChangeTime,omitempty"`

	// Polling has the times that decide how often the vault is polled, in addition to the
	// times of its secrets and of this object's creation. They survive a restart of the
	// provider.
	// +optional
	Polling *ObservedPolling `json:"polling,omitempty"`
}

// ObservedPolling has the times that decide how often a vault is polled.
type ObservedPolling struct {
	// SecretAddedAt is when this object was last seen to list another secret.
	// +optional
	SecretAddedAt *metav1.Time `json:"secretAddedAt,omitempty"`
	// SyncRequestedAt is when the last requested sync began.
	// +optional
	SyncRequestedAt *metav1.Time `json:"syncRequestedAt,omitempty"`
	// SecretCreatedAt is when a missing secret was last created in advance. Changes of the
	// vault up to then start no fast polls.
	// +optional
	SecretCreatedAt *metav1.Time `json:"secretCreatedAt,omitempty"`
}

// ObservedSecret is the state of one secret.
type ObservedSecret struct {
	// Name of the secret in the vault.
	Name string `json:"name"`
	// State of the secret.
	// +optional
	State State `json:"state,omitempty"`
	// Reason of the state, in CamelCase, such as KeysWithoutValue or AccessDenied. It is
	// empty if the secret is synced and there is nothing to report. Unlike the message,
	// it is meant for programs.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]*$`
	Reason string `json:"reason,omitempty"`
	// Message describes the problem and its solution. It never holds a value.
	// +optional
	Message string `json:"message,omitempty"`
	// Version of the last good content, which is in the Secret.
	// +optional
	Version string `json:"version,omitempty"`
	// ContentType of that version.
	// +optional
	ContentType string `json:"contentType,omitempty"`
	// CreatedAt is when that version was created.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// UpdatedAt is when that version was last changed.
	// +optional
	UpdatedAt *metav1.Time `json:"updatedAt,omitempty"`
	// SyncedAt is when that content was written to the Secret.
	// +optional
	SyncedAt *metav1.Time `json:"syncedAt,omitempty"`
	// NotBefore is when that version becomes valid. Key Vault serves it before that time.
	// +optional
	NotBefore *metav1.Time `json:"notBefore,omitempty"`
	// ExpiresAt is when that version expires.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
	// Keys of the last good content.
	// +optional
	// +listType=atomic
	Keys []ObservedKey `json:"keys,omitempty"`
}

// ObservedKey is one key of a secret and where it is in the Kubernetes Secret.
type ObservedKey struct {
	// Key of the secret. Empty for a plain-text secret, which has no keys.
	// +optional
	Key string `json:"key,omitempty"`
	// DataKey of the Kubernetes Secret: <secret>.<key>, or <secret> for a
	// plain-text secret.
	DataKey string `json:"dataKey"`
}

// ObservedTarget is the Secret as last written.
type ObservedTarget struct {
	// Name of the Secret.
	// +optional
	Name string `json:"name,omitempty"`
	// Revision changes with the content. It is computed from names and version ids, never
	// from values.
	// +optional
	Revision string `json:"revision,omitempty"`
}

// KeyVaultSecretSyncSpec is the desired state of a KeyVaultSecretSync.
//
// +kubebuilder:validation:XValidation:rule="!has(self.writeConnectionSecretToRef)",message="writeConnectionSecretToRef is not supported: set forProvider.target, which is the Secret that is written"
type KeyVaultSecretSyncSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider names the secrets to sync, their vault, and the Secret to write.
	ForProvider KeyVaultSecretSyncParameters `json:"forProvider"`
}

// KeyVaultSecretSyncStatus is the observed state of a KeyVaultSecretSync.
type KeyVaultSecretSyncStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is the observed state of the secrets and of the Secret. It never holds a
	// value, or anything computed from a value.
	// +optional
	AtProvider KeyVaultSecretSyncObservation `json:"atProvider,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="STATE",type="string",JSONPath=".status.atProvider.state"
// +kubebuilder:printcolumn:name="SECRETS",type="string",JSONPath=".status.atProvider.secretsSynced"
// +kubebuilder:printcolumn:name="TARGET",type="string",JSONPath=".spec.forProvider.target.name",priority=1
// +kubebuilder:printcolumn:name="LAST-CHANGE",type="date",JSONPath=".status.atProvider.lastChangeTime"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:resource:scope=Namespaced,shortName=kvsync,categories={crossplane,managed,azure}

// A KeyVaultSecretSync keeps a Kubernetes Secret in sync with secrets of an
// Azure Key Vault.
type KeyVaultSecretSync struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   KeyVaultSecretSyncSpec   `json:"spec"`
	Status KeyVaultSecretSyncStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// A KeyVaultSecretSyncList is a list of KeyVaultSecretSyncs.
type KeyVaultSecretSyncList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []KeyVaultSecretSync `json:"items"`
}
