// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"slices"
	"strings"
)

// Tags that the function sets on vaults, identities and private endpoints in Azure.
const (
	TagApplication = "application"
	TagNamespace   = "namespace"
	TagTenant      = "tenant"
	// TagCluster names the cluster that owns a vault or an identity, by its OIDC issuer.
	TagCluster = "platform-application-cluster"
	// TagLandingZone proves nothing: labels of the composed resources record the zone.
	TagLandingZone = "landing-zone"
)

// Tags returns the names of all tags that the function sets.
func Tags() []string {
	return []string{TagApplication, TagNamespace, TagTenant, TagLandingZone, TagCluster}
}

// IsTag reports whether the function sets a tag of that name. Azure ignores case in names of tags.
func IsTag(name string) bool { return slices.Contains(Tags(), strings.ToLower(name)) }
