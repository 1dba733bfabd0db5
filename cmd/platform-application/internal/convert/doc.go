// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package convert turns manifests of the External Secrets Operator, Deployments
// and hand-written Secrets into a PlatformApplication.
//
// It decodes a YAML stream, decides, and encodes. It needs no cluster and no
// Azure. The report names every field that it does not convert, and says what to do.
//
// The converter never shows the value of a Secret. It reads only the names of the
// Secret and of its keys, and the lengths of the values. Errors name a place without
// quoting it.
package convert
