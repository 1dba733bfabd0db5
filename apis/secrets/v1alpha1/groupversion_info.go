// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group and version of this API.
const (
	Group   = "secrets.p6m.dev"
	Version = "v1alpha1"
)

// KeyVaultSecretSyncKind is the kind of a KeyVaultSecretSync.
const KeyVaultSecretSyncKind = "KeyVaultSecretSync"

// KeyVaultSecretSyncGroupVersionKind returns the type of a KeyVaultSecretSync.
func KeyVaultSecretSyncGroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: Group, Version: Version, Kind: KeyVaultSecretSyncKind}
}
