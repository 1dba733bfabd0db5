// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package platform has what a cluster says of its platform: the settings of applications, and who the providers are in Azure.
package platform

import "github.com/p6m-dev/platform-application/apis/input/v1alpha1"

// Names of the platform's objects.
const (
	// EnvironmentConfig has the settings, unless the Composition names another.
	EnvironmentConfig = v1alpha1.DefaultEnvironmentConfig

	// ProviderConfig is the ClusterProviderConfig of the Azure providers, unless the settings name another.
	ProviderConfig = "default"

	// Function is the package that composes applications.
	Function = "p6m-dev-function-platform-application"
)

// ServiceAccounts of the providers, in the namespace of Crossplane. Policies know the providers by them.
const (
	AzureServiceAccount   = "provider-azure"
	CreatorServiceAccount = "provider-keyvault-secretsync"
)

// A Platform is what the cluster says of it.
type Platform struct {
	// Namespace of Crossplane.
	Namespace string

	// Settings with their defaults. Nil if there are none that can be used.
	Settings *v1alpha1.PlatformConfigSpec

	// Azure is who the Azure providers are. Nil if that cannot be found out.
	Azure *Principal

	// Creator is who creates missing secrets. Nil if nobody does, or if that cannot be found out.
	Creator *Principal

	// Issuer of the cluster's tokens, as its API server says. Empty if it does not.
	Issuer string

	// Definitions are the names of the definitions of PlatformApplication that are installed.
	Definitions []string

	// Composition that makes applications. Empty if there is none.
	Composition string

	// Compositions there are of the kind, unless the definition says which one counts.
	Compositions []string

	// CreatesNothing tells that the provider configuration says so: nobody creates missing secrets.
	CreatesNothing bool

	// Samples are the fields that have values of the examples, such as EnvironmentConfig/platform-application.tenantId.
	Samples []string
}

// A Principal of Entra ID that a provider signs in as.
type Principal struct {
	// Object that says so, such as ClusterProviderConfig/default.
	Object string

	// Source of credentials, such as OIDCTokenFile.
	Source string

	// TokenFile is its oidcTokenFilePath.
	TokenFile string

	// ServiceAccount whose tokens it signs in with, in the namespace of Crossplane.
	ServiceAccount string

	ClientID, TenantID, SubscriptionID string

	// Environment is a cloud, such as usgovernment. Empty is the public one.
	Environment string
}
