// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package convert turns manifests of the External Secrets Operator, Deployments
// and hand-written Secrets into a PlatformApplication.
//
// It decodes a YAML stream, decides, and encodes. It needs neither a cluster nor
// Azure. A field without counterpart is left out, and the report says what to do
// about it.
//
// The converter never shows the value of a Secret. It reads the name, the names of
// the keys and the lengths of the values, and errors name a place without quoting it.
package convert
