// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the PlatformApplication API: what an application team
// writes and what it reads back.
//
// +kubebuilder:object:generate=true
// +groupName=meta.p6m.dev
// +versionName=v1alpha1
package v1alpha1
