// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group and version of this API.
const (
	Group   = "secrets.p6m.dev"
	Version = "v1alpha1"
)

// Kinds of this API.
const (
	KeyVaultSecretSyncKind      = "KeyVaultSecretSync"
	ProviderConfigKind          = "ProviderConfig"
	ClusterProviderConfigKind   = "ClusterProviderConfig"
	ProviderConfigUsageKind     = "ProviderConfigUsage"
	ProviderConfigUsageListKind = "ProviderConfigUsageList"
)

// GroupVersion returns the group and version of this API.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: Version}
}

// KeyVaultSecretSyncGroupVersionKind returns the type of a KeyVaultSecretSync.
func KeyVaultSecretSyncGroupVersionKind() schema.GroupVersionKind {
	return GroupVersion().WithKind(KeyVaultSecretSyncKind)
}

// AddToScheme makes the kinds of this API known to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion(),
		&KeyVaultSecretSync{}, &KeyVaultSecretSyncList{},
		&ProviderConfig{}, &ProviderConfigList{},
		&ClusterProviderConfig{}, &ClusterProviderConfigList{},
		&ProviderConfigUsage{}, &ProviderConfigUsageList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion())

	return nil
}
