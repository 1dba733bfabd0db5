// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package platform has what a cluster says of its platform: the settings of applications, and who the providers are in Azure.
package platform

import "github.com/p6m-dev/platform-application/apis/input/v1alpha1"

// Names of the platform's objects.
const (
	// EnvironmentConfig has the settings.
	EnvironmentConfig = "platform-application"

	// ProviderConfig is the ClusterProviderConfig of the Azure providers, unless the settings name another.
	ProviderConfig = "default"
)

// A Platform is what the cluster says of it.
type Platform struct {
	// Namespace of Crossplane.
	Namespace string

	// Settings with their defaults. Nil if there are none that can be used.
	Settings *v1alpha1.PlatformConfigSpec

	// Azure is who the Azure providers are. Nil if their ClusterProviderConfig is missing.
	Azure *Principal

	// Creator is who creates missing secrets. Nil if nobody does.
	Creator *Principal

	// Issuer of the cluster's tokens, as its API server says.
	Issuer string
}

// A Principal of Entra ID that a provider signs in as.
type Principal struct {
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
