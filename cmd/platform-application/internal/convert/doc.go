// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package convert turns manifests of the External Secrets Operator, Deployments
// and hand-written Secrets into a PlatformApplication.
//
// It decodes a YAML stream, decides, and encodes; it does nothing else, and
// needs neither a cluster nor Azure. What has no counterpart is not guessed: it
// is left out, and the report says what a person has to do about it.
//
// A value of a Secret goes nowhere. Of a Secret only its name, the names of its
// keys and the lengths of its values are looked at, and errors say where something is wrong
// without quoting it.
package convert
