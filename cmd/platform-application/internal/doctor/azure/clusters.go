// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// nobody stands for the owner of resources without a tag.
const nobody = "nobody"

// clusters reports the vaults and identities with names of this cluster that belong to another one.
func (d decision) clusters() []finding.Finding {
	if d.settings.ClusterName == "" {
		return nil
	}

	var (
		own    = azurename.IssuerTag(d.settings.OIDCIssuerURL)
		others = map[string][]string{}
	)

	note := func(id, name string, tags map[string]string) {
		if !strings.EqualFold(segment(id, "resourceGroups"), d.settings.ResourceGroupName) || !d.isNamed(name, tags) {
			return
		}

		if owner := d.owner(tags); owner != own {
			others[owner] = append(others[owner], name)
		}
	}

	for _, v := range d.facts.Vaults.Value {
		note(v.ID, v.Name, v.Tags)
	}

	for _, i := range d.facts.Identities.Value {
		note(i.ID, i.Name, i.Tags)
	}

	var out []finding.Finding

	for _, owner := range slices.Sorted(maps.Keys(others)) {
		names := others[owner]
		slices.Sort(names)

		out = append(out, d.found(OtherCluster, "", "owner", owner, "own", own, "tag", azurename.TagCluster, "relation", d.relation(owner),
			"count", strconv.Itoa(len(names)), "resources", finding.List(slices.Compact(names))))
	}

	return out
}

// isNamed reports whether an application of this cluster has that vault or identity.
func (d decision) isNamed(name string, tags map[string]string) bool {
	scope := azurename.Scope{
		SubscriptionID: d.settings.SubscriptionID, Issuer: d.settings.OIDCIssuerURL, Cluster: d.settings.ClusterName,
		Namespace: tag(tags, azurename.TagNamespace), Name: tag(tags, azurename.TagApplication),
	}

	return strings.EqualFold(name, scope.Vault()) || strings.EqualFold(name, scope.Identity())
}

// owner returns the cluster that owns a resource. Without a tag, it is the one whose issuer the name is made of, if any.
func (d decision) owner(tags map[string]string) string {
	switch owner := tag(tags, azurename.TagCluster); {
	case owner != "":
		return owner
	case azurename.IsIssuer(d.settings.ClusterName):
		return azurename.IssuerTag(d.settings.ClusterName)
	default:
		return nobody
	}
}

// relation returns what this cluster does with resources of another one: nothing, or what its role says.
func (d decision) relation(owner string) string {
	switch sharing := d.settings.ClusterSharing; {
	case !settings.IsPeer(sharing, owner):
		return ""
	case sharing.Role == settings.RoleSoleOwner:
		return settings.RoleOwner
	default:
		return sharing.Role
	}
}

// tag returns the value of a tag. Azure ignores case in names of tags.
func tag(tags map[string]string, name string) string {
	for k, v := range tags {
		if strings.EqualFold(k, name) {
			return v
		}
	}

	return ""
}
