// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"cmp"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Values of keyVault.network.
const (
	ActionAllow         = "Allow"
	ActionDeny          = "Deny"
	BypassAzureServices = "AzureServices"
	BypassNone          = "None"
)

// Limits of lists. Azure's are 50 tags of a resource, of which the function sets five, 1000 IP
// rules and 200 subnets of a vault, and five zones of a private endpoint.
const (
	maxTags      = 45
	maxInherited = 40
	maxIPRules   = 1000
	maxSubnets   = 200
	maxZones     = 5
)

var logCategory = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)

// setNetworkDefaults completes the network and the diagnostics of vaults, if they are configured.
func setNetworkDefaults(s *v1alpha1.PlatformConfigSpec) {
	if n := s.KeyVault.Network; n != nil {
		if n.DefaultAction != "" {
			n.Bypass = cmp.Or(n.Bypass, BypassAzureServices)
		}
		if e := n.PrivateEndpoint; e != nil {
			e.Location = cmp.Or(e.Location, s.Location)
			e.ResourceGroupName = cmp.Or(e.ResourceGroupName, s.ResourceGroupName)
			e.AzureProviderConfigRef = providerConfig(cmp.Or(e.AzureProviderConfigRef, s.AzureProviderConfigRef))
		}
	}
	if d := s.KeyVault.Diagnostics; d != nil && len(d.CategoryGroups)+len(d.Categories) == 0 {
		d.CategoryGroups = []string{"audit"}
	}
}

// tags applies the rules of Azure.
// https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
func (c *checker) tags(path *field.Path, tags map[string]string) {
	names := slices.Sorted(maps.Keys(tags))
	c.atMost(path, len(names), maxTags)
	for i, name := range names {
		c.tagName(path.Key(name), name, names[:i])
		if !isTagName(name) || utf8.RuneCountInString(tags[name]) > 256 {
			c.invalid(path.Key(name), name, finding.TagInvalid)
		}
	}
}

func (c *checker) inheritedTags(path *field.Path, s *v1alpha1.PlatformConfigSpec) {
	c.atMost(path, len(s.InheritedTags), maxInherited)
	if len(s.InheritedTags) > 0 {
		c.atMost(path, len(s.Tags)+len(s.InheritedTags), maxTags)
	}
	for i, name := range s.InheritedTags {
		c.tagName(path.Index(i), name, s.InheritedTags[:i])
		if !isTagName(name) {
			c.invalid(path.Index(i), name, finding.TagNameInvalid)
		}
	}
}

// tagName rejects the tags that the function sets: they name the owner of a vault and prove its
// ownership. It also rejects a name that is another one for Azure, which ignores case.
func (c *checker) tagName(path *field.Path, name string, others []string) {
	if azurename.IsTag(name) {
		c.forbidden(path, finding.TagOfFunction, finding.With{"tags": finding.All(", ", azurename.Tags())})
	}
	if slices.ContainsFunc(others, func(other string) bool { return strings.EqualFold(other, name) }) {
		c.add(field.Duplicate(path, name))
	}
}

func isTagName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= 512 && !strings.ContainsAny(name, `<>%&\?/`)
}

func (c *checker) vaultNetwork(path *field.Path, s *v1alpha1.PlatformConfigSpec) {
	if s.KeyVault == nil || s.KeyVault.Network == nil {
		return
	}
	n := s.KeyVault.Network
	c.oneOf(path.Child("defaultAction"), n.DefaultAction, ActionAllow, ActionDeny)
	c.oneOf(path.Child("bypass"), n.Bypass, BypassAzureServices, BypassNone)
	if n.DefaultAction == "" && (n.Bypass != "" || len(n.IPRules)+len(n.VirtualNetworkSubnetIDs) > 0) {
		c.add(field.Required(path.Child("defaultAction"), finding.Say(finding.NetworkRulesUnused)))
	}
	rules := path.Child("ipRules")
	c.atMost(rules, len(n.IPRules), maxIPRules)
	for i, rule := range n.IPRules {
		if !isPublicIPv4(rule) {
			c.invalid(rules.Index(i), rule, finding.MustBePublicIPv4)
		}
	}
	c.unique(rules, n.IPRules)
	subnets := path.Child("virtualNetworkSubnetIds")
	c.atMost(subnets, len(n.VirtualNetworkSubnetIDs), maxSubnets)
	for i, id := range n.VirtualNetworkSubnetIDs {
		c.id(subnets.Index(i), id, subnetID, exampleSubnet)
	}
	c.unique(subnets, n.VirtualNetworkSubnetIDs)
	c.privateEndpoint(path.Child("privateEndpoint"), n.PrivateEndpoint, s)
}

func (c *checker) privateEndpoint(path *field.Path, e *v1alpha1.KeyVaultPrivateEndpoint, s *v1alpha1.PlatformConfigSpec) {
	if e == nil {
		return
	}
	c.providerConfig(path.Child("azureProviderConfigRef"), e.AzureProviderConfigRef)
	if strings.Contains(e.ResourceGroupName, "/") {
		c.invalid(path.Child("resourceGroupName"), e.ResourceGroupName, finding.MustBeResourceGroup)
	}
	zones := path.Child("privateDnsZoneIds")
	c.atMost(zones, len(e.PrivateDNSZoneIDs), maxZones)
	for i, id := range e.PrivateDNSZoneIDs {
		if _, zone, valid := parseID(zoneID, id); !valid || !strings.HasPrefix(strings.ToLower(zone), "privatelink.vaultcore.") {
			c.invalid(zones.Index(i), id, finding.MustBeAzureID, finding.With{"example": exampleZone})
		}
	}
	c.unique(zones, e.PrivateDNSZoneIDs)
	switch subscription, _, valid := parseID(subnetID, e.SubnetID); {
	case !Enabled(e.Enabled) && e.SubnetID == "":
	case e.SubnetID == "":
		c.add(field.Required(path.Child("subnetId"), ""))
	case !valid:
		c.id(path.Child("subnetId"), e.SubnetID, subnetID, exampleSubnet)
	case Enabled(e.Enabled) && !strings.EqualFold(subscription, s.SubscriptionID) && (e.AzureProviderConfigRef == nil || e.ResourceGroupName == ""):
		c.invalid(path.Child("subnetId"), e.SubnetID, finding.SubnetInOtherSubscription)
	}
}

func (c *checker) vaultDiagnostics(path *field.Path, kv *v1alpha1.KeyVaultDefaults) {
	if kv == nil || kv.Diagnostics == nil {
		return
	}
	d := kv.Diagnostics
	switch {
	case !Enabled(d.Enabled) && d.LogAnalyticsWorkspaceID == "":
	case d.LogAnalyticsWorkspaceID == "":
		c.add(field.Required(path.Child("logAnalyticsWorkspaceId"), ""))
	default:
		c.id(path.Child("logAnalyticsWorkspaceId"), d.LogAnalyticsWorkspaceID, workspaceID, exampleWorkspace)
	}
	if len(d.CategoryGroups) > 0 && len(d.Categories) > 0 {
		c.forbidden(path.Child("categories"), finding.CategoriesWithGroups)
	}
	c.logs(path.Child("categoryGroups"), d.CategoryGroups, 5)
	c.logs(path.Child("categories"), d.Categories, 20)
}

func (c *checker) logs(path *field.Path, names []string, most int) {
	c.atMost(path, len(names), most)
	for i, name := range names {
		if !logCategory.MatchString(name) {
			c.invalid(path.Index(i), name, finding.LogCategoryInvalid)
		}
	}
	c.unique(path, names)
}

// Enabled reports whether a setting is enabled, which is its default.
func Enabled(enabled *bool) bool { return enabled == nil || *enabled }

// isPublicIPv4 reports whether Azure accepts a rule. It rejects private addresses.
// https://learn.microsoft.com/azure/key-vault/general/network-security
func isPublicIPv4(rule string) bool {
	if address, err := netip.ParseAddr(rule); err == nil {
		return isPublic(address)
	}
	prefix, err := netip.ParsePrefix(rule)

	return err == nil && isPublic(prefix.Addr()) && prefix == prefix.Masked()
}

func isPublic(address netip.Addr) bool {
	return address.Is4() && address.IsGlobalUnicast() && !address.IsPrivate()
}
