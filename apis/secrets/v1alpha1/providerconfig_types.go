// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A CredentialsSource is the kind of identity that creates missing secrets.
type CredentialsSource string

// Sources of credentials.
const (
	// CredentialsSourceNone: no identity. No secrets are created.
	CredentialsSourceNone CredentialsSource = "None"
	// CredentialsSourceWorkloadIdentity: the workload identity of the provider's
	// own pod.
	CredentialsSourceWorkloadIdentity CredentialsSource = "WorkloadIdentity"
	// CredentialsSourceManagedIdentity: a managed identity of the node.
	CredentialsSourceManagedIdentity CredentialsSource = "ManagedIdentity"
	// CredentialsSourceClientSecret: an application with a client secret, which is
	// in a Kubernetes Secret.
	CredentialsSourceClientSecret CredentialsSource = "ClientSecret"
)

// ProviderConfigSpec configures the provider.
type ProviderConfigSpec struct {
	// Credentials of the identity that creates missing secrets, and that lists the vaults of
	// objects with listWith ProviderConfig. Secrets are always read with the identity of the
	// application.
	Credentials ProviderCredentials `json:"credentials"`
}

// ProviderCredentials are the credentials of the identity that creates missing secrets.
// The identity needs the role Key Vault Secrets Officer on the vaults.
//
// +kubebuilder:validation:XValidation:rule="self.source != 'ClientSecret' || (has(self.tenantId) && has(self.clientId) && has(self.secretRef))",message="source ClientSecret needs tenantId, clientId and secretRef"
// +kubebuilder:validation:XValidation:rule="self.source == 'ClientSecret' || !has(self.secretRef)",message="secretRef is for source ClientSecret only"
type ProviderCredentials struct {
	// Source of the credentials. With None, no secrets are created.
	// +kubebuilder:validation:Enum=None;WorkloadIdentity;ManagedIdentity;ClientSecret
	Source CredentialsSource `json:"source"`

	// TenantID of the identity. Default for WorkloadIdentity: the tenant of the provider's
	// pod.
	// +optional
	// +kubebuilder:validation:MinLength=1
	TenantID string `json:"tenantId,omitempty"`

	// ClientID of the identity. Default for WorkloadIdentity: the client id of the provider's
	// pod. Default for ManagedIdentity: the only identity of the node.
	// +optional
	// +kubebuilder:validation:MinLength=1
	ClientID string `json:"clientId,omitempty"`

	// SecretRef references the client secret.
	// +optional
	SecretRef *SecretKeyReference `json:"secretRef,omitempty"`
}

// A SecretKeyReference is a key of a Kubernetes Secret.
type SecretKeyReference struct {
	// Namespace of the Secret. A ProviderConfig can only use Secrets of its own
	// namespace, which is its default.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Name of the Secret.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`

	// Key of the Secret.
	// +kubebuilder:validation:MinLength=1
	Key string `json:"key"`
}

// ProviderConfigStatus is the observed state of a ProviderConfig.
type ProviderConfigStatus struct {
	xpv1.ProviderConfigStatus `json:",inline"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="SOURCE",type="string",JSONPath=".spec.credentials.source"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,provider,azure}

// A ProviderConfig configures provider-keyvault-secretsync for the syncs in its
// namespace that reference it.
type ProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ProviderConfigSpec   `json:"spec"`
	Status ProviderConfigStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// A ProviderConfigList is a list of ProviderConfigs.
type ProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ProviderConfig `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="SOURCE",type="string",JSONPath=".spec.credentials.source"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:resource:scope=Cluster,categories={crossplane,provider,azure}

// A ClusterProviderConfig configures provider-keyvault-secretsync for the syncs
// of all namespaces that reference it. Syncs reference the one named default unless they
// have a providerConfigRef.
type ClusterProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ProviderConfigSpec   `json:"spec"`
	Status ProviderConfigStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// A ClusterProviderConfigList is a list of ClusterProviderConfigs.
type ClusterProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterProviderConfig `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:printcolumn:name="CONFIG-KIND",type="string",JSONPath=".providerConfigRef.kind"
// +kubebuilder:printcolumn:name="CONFIG-NAME",type="string",JSONPath=".providerConfigRef.name"
// +kubebuilder:printcolumn:name="RESOURCE-KIND",type="string",JSONPath=".resourceRef.kind"
// +kubebuilder:printcolumn:name="RESOURCE-NAME",type="string",JSONPath=".resourceRef.name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,provider,azure}

// A ProviderConfigUsage records that a managed resource uses a ProviderConfig or a
// ClusterProviderConfig, and blocks its deletion.
type ProviderConfigUsage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	xpv2.TypedProviderConfigUsage `json:",inline"`
}

// +kubebuilder:object:root=true

// A ProviderConfigUsageList is a list of ProviderConfigUsages.
type ProviderConfigUsageList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ProviderConfigUsage `json:"items"`
}
