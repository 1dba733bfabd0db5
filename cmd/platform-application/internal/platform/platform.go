// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package platform reads the platform of a cluster: the settings of applications, and the Azure identities of the providers.
package platform

import "github.com/p6m-dev/platform-application/apis/input/v1alpha1"

// Names of the platform's objects.
const (
	// EnvironmentConfig contains the settings, unless the Composition refers to another one.
	EnvironmentConfig = v1alpha1.DefaultEnvironmentConfig

	// ProviderConfig is the ClusterProviderConfig of the Azure providers, unless the settings refer to another one.
	ProviderConfig = "default"

	// Function is the package that composes applications.
	Function = "p6m-dev-function-platform-application"
)

// ServiceAccounts of the providers in the namespace of Crossplane. Policies refer to them.
const (
	AzureServiceAccount   = "provider-azure"
	CreatorServiceAccount = "provider-keyvault-secretsync"
)

// A Platform is the platform of a cluster.
type Platform struct {
	// Namespace of Crossplane.
	Namespace string

	// Settings with their defaults. They are nil if they are missing or invalid.
	Settings *v1alpha1.PlatformConfigSpec

	// Azure is the principal of the Azure providers. It is nil if it is unknown.
	Azure *Principal

	// Creator is the principal that creates missing secrets. It is nil if there is none, or if it is unknown.
	Creator *Principal

	// Issuer of the cluster's tokens, from its API server. It is empty if it is unknown.
	Issuer string

	// Definitions are the installed definitions of PlatformApplication.
	Definitions []string

	// Composition of applications. It is empty if there is none.
	Composition string

	// Compositions of the kind, unless the definition refers to one.
	Compositions []string

	// CreatesNothing is true if the provider configuration has source None, so that missing secrets are not created.
	CreatesNothing bool

	// Zones are the landing zones with valid settings.
	Zones []Zone

	// Samples are fields with values of the examples, such as EnvironmentConfig/platform-application.tenantId.
	Samples []string
}

// A Principal is the principal of a provider in Entra ID.
type Principal struct {
	// Object with this configuration, such as ClusterProviderConfig/default.
	Object string

	// Source of credentials, such as OIDCTokenFile.
	Source string

	// TokenFile is the oidcTokenFilePath.
	TokenFile string

	// ServiceAccount whose token it uses, in the namespace of Crossplane.
	ServiceAccount string

	ClientID, TenantID, SubscriptionID string

	// Environment is a cloud, such as usgovernment. Empty means the public cloud.
	Environment string
}
