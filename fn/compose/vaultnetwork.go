// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	keyvaultv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
	"k8s.io/utils/ptr"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// The settings of network and logs apply to vaults that are created later, unless they apply to
// existing ones: a firewall that is added to a running vault, or a DNS record that changes its
// address, can cut off applications and officers. A setting that is removed changes nothing.

func (c *composition) networkSettings() inputv1alpha1.KeyVaultNetwork {
	return ptr.Deref(c.platform.KeyVault.Network, inputv1alpha1.KeyVaultNetwork{})
}

// createdWith returns the resources that the settings demand for a new vault. A vault in Azure
// keeps those that it was created with.
func (c *composition) createdWith(seen Object) string {
	if c.isRunning(seen) {
		return seen.str("metadata", "annotations", annotationCreatedWith)
	}
	var names []string
	if c.diagnosticSettings() != nil {
		names = append(names, NameDiagnosticSetting)
	}
	if c.endpointSettings() != nil {
		names = append(names, NamePrivateEndpoint)
	}

	return strings.Join(names, ",")
}

// isRunning reports whether a vault exists. Its status can be lost, for example after a restore, but
// the role of the application was composed when the vault had an id.
func (c *composition) isRunning(seen Object) bool {
	_, granted := c.seen[NameRoleAssignmentApp]
	return granted || seen.established()
}

// wasCreatedWith reports whether the vault was created when the settings had such a resource.
func (c *composition) wasCreatedWith(name string) bool {
	return slices.Contains(strings.Split(c.createdWith(c.seen[NameKeyVault]), ","), name)
}

// network sets the network rules of the application's own vault.
func (c *composition) network(v *vault, spec *managedSpec[keyvaultv1beta1.VaultParameters], seen Object) (notes []finding.Finding) {
	rules, look := c.networkACLs(seen)
	if v.ownership == joined {
		rules, look = rulesInUse(seen), false
	}
	spec.ForProvider.NetworkAcls = rules.parameters()
	if _, tenant := spec.ForProvider.Tags[tagTenant]; look && v.ownership == owned && !tenant {
		// A vault of that name may exist. It must not be closed before its rules are known.
		spec.ManagementPolicies = absent.policies(nil)
	}
	v.closed = rules.deny() || !ptr.Deref(spec.ForProvider.PublicNetworkAccessEnabled, true)
	if n := c.networkSettings(); n.ApplyToExisting && n.DefaultAction == settings.ActionDeny && c.isRunning(seen) && !rules.deny() && v.ownership == owned {
		notes = append(notes, finding.New(finding.VaultStaysOpen))
	}

	return notes
}

// publicNetworkAccess returns whether public networks may reach the application's own vault. Without the
// setting, the vault keeps what it has: without the parameter, the provider would open it.
func (c *composition) publicNetworkAccess(seen Object) *bool {
	const parameter = "publicNetworkAccessEnabled"
	if want := c.platform.KeyVault.PublicNetworkAccessEnabled; want != nil {
		return want
	}
	if requested, ok := seen.object("spec", "forProvider")[parameter].(bool); ok {
		return &requested
	}
	if enabled, ok := seen.object("status", "atProvider")[parameter].(bool); ok && !enabled {
		return &enabled
	}

	return nil
}

// onlyLooked reports whether a vault is held only until its network rules are known. Where its
// owner must be proven, it has a tag for the tenant.
func (o Object) onlyLooked() bool {
	return o.allows(xpv1.ManagementActionCreate) && o.str("spec", "forProvider", "tags", tagTenant) == ""
}

// networkACLs returns the network rules of the application's own vault, and whether the provider must
// look for a vault before it may change it.
func (c *composition) networkACLs(seen Object) (rules networkRules, look bool) {
	n := c.networkSettings()
	want := networkRules{action: n.DefaultAction, bypass: n.Bypass, addresses: n.IPRules, subnets: n.VirtualNetworkSubnetIDs}
	have := rulesOf(seen.object("spec", "forProvider", "networkAcls"))
	switch {
	case want.action == "" && have.action == "":
		return networkRules{}, false
	case !c.isRunning(seen) && !seen.reported():
		if want.action == "" {
			want = have
		}

		return want, true
	case !c.isRunning(seen):
		// It was just created with these rules, or existed before.
		return rulesOf(seen.object("status", "atProvider", "networkAcls")), false
	case want.action == "" || !n.ApplyToExisting:
		return have, false
	case want.deny() && !have.deny() && !c.reachablePrivately():
		return have, false
	}

	return want, false
}

// reachablePrivately reports whether a vault can be closed without cutting off its clients. The
// provider does not report whether a connection was approved.
func (c *composition) reachablePrivately() bool {
	e := c.endpointSettings()
	return e == nil || !e.ManualApproval && c.endpointOf(c.seen[NamePrivateEndpoint]).ready()
}

// networkRules are the rules of a vault's firewall. Without an action there are none.
type networkRules struct {
	action, bypass     string
	addresses, subnets []string
}

func (r networkRules) deny() bool { return r.action == settings.ActionDeny }

func (r networkRules) parameters() *keyvaultv1beta1.NetworkAclsParameters {
	if r.action == "" {
		return nil
	}
	p := &keyvaultv1beta1.NetworkAclsParameters{DefaultAction: &r.action, Bypass: &r.bypass}
	for _, a := range r.addresses {
		p.IPRules = append(p.IPRules, &a)
	}
	for _, s := range r.subnets {
		p.VirtualNetworkSubnetIds = append(p.VirtualNetworkSubnetIds, &s)
	}

	return p
}

func rulesOf(o Object) networkRules {
	r := networkRules{action: o.str("defaultAction"), bypass: o.str("bypass"), addresses: o.strings("ipRules"), subnets: o.strings("virtualNetworkSubnetIds")}
	if r.bypass == "" {
		r.bypass = settings.BypassAzureServices
	}

	return r
}

// rulesInUse returns the network rules of a vault that another cluster changes. They are recorded,
// so that a cluster that takes over the vault changes none.
func rulesInUse(seen Object) networkRules {
	if !seen.reported() {
		return rulesOf(seen.object("spec", "forProvider", "networkAcls"))
	}

	return rulesOf(seen.object("status", "atProvider", "networkAcls"))
}

// unreachable reports whether clients wait for the private endpoint of the vault.
func (v vault) unreachable() bool { return v.closed && v.endpoint.composed && !v.endpoint.ready() }

// waiting returns what secrets wait for, or nothing.
func (v vault) waiting() (f finding.Finding) {
	if v.uri != "" && v.unreachable() {
		return finding.New(finding.WaitsForPrivateEndpoint, finding.With{"endpoint": v.endpoint.name})
	}

	return f
}

// networkNotes are about the endpoint of a vault that is reachable, and about its logs.
func (v vault) networkNotes() (notes []finding.Finding) {
	switch problem := v.endpoint.observed.problem(); {
	case !v.endpoint.composed || v.unreachable():
	case !v.endpoint.ready() && problem.reported:
		notes = append(notes, finding.New(finding.PrivateEndpointFailed, finding.With{"endpoint": v.endpoint.name, "problem": problem}))
	case !v.endpoint.ready():
		notes = append(notes, finding.New(finding.PrivateEndpointNote, finding.With{"endpoint": v.endpoint.name}))
	case v.endpoint.unapproved:
		notes = append(notes, finding.New(finding.PrivateEndpointApproval, finding.With{"endpoint": v.endpoint.name}))
	}
	if problem := v.logs.problem(); problem.reported {
		notes = append(notes, finding.New(finding.LogsNotSent, finding.With{"problem": problem}))
	}

	return notes
}
