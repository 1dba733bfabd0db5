// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 defines the PlatformApplication API.
//
// +kubebuilder:object:generate=true
// +groupName=meta.p6m.dev
// +versionName=v1alpha1
package v1alpha1
