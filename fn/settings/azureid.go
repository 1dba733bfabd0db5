// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Parts of ids of resources in Azure. The first group of a pattern is the subscription, and the second the name.
// A pattern may become wider, but never narrower: an installation whose id is rejected has no usable
// settings.
const (
	inGroup = `^/subscriptions/([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})/resourceGroups/[^/\s]{1,90}/providers/`
	itsName = `/([^/\s]{1,80})$`
)

// Ids in Azure. The Azure provider compares the types in them case-sensitively. The id of a shared
// vault is only the beginning of a scope, which Azure compares without case.
var (
	subnetID    = regexp.MustCompile(inGroup + `Microsoft\.Network/virtualNetworks/[^/\s]+/subnets` + itsName)
	zoneID      = regexp.MustCompile(inGroup + `Microsoft\.Network/privateDnsZones` + itsName)
	workspaceID = regexp.MustCompile(inGroup + `Microsoft\.OperationalInsights/workspaces` + itsName)
	vaultID     = regexp.MustCompile(`(?i)` + inGroup + `Microsoft\.KeyVault/vaults/([a-z][0-9a-z-]{1,22}[0-9a-z])$`)
)

// Examples of ids.
const (
	exampleSubnet    = "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<network>/subnets/<subnet>"
	exampleZone      = "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	exampleWorkspace = "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.OperationalInsights/workspaces/<workspace>"
)

// parseID returns the subscription and the name in the id of a kind of resource.
func parseID(kind *regexp.Regexp, id string) (subscription, name string, ok bool) {
	m := kind.FindStringSubmatch(id)
	if m == nil {
		return "", "", false
	}

	return m[1], m[2], true
}

func (c *checker) id(path *field.Path, id string, kind *regexp.Regexp, example string) {
	if !kind.MatchString(id) {
		c.invalid(path, id, finding.MustBeAzureID, finding.With{"example": example})
	}
}
