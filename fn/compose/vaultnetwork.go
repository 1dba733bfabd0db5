// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	keyvaultv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// The settings of network and logs apply to vaults that are created later, unless they apply to
// existing ones: a firewall that is added to a running vault, or a DNS record that changes its
// address, can cut off applications and officers. A setting that is removed changes nothing.

// privateEndpointVersion is declared here because the Go package of all network types takes
// minutes to compile. Tests check the parameters against the provider's definition.
func privateEndpointVersion() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "network.azure.m.upbound.io", Version: "v1beta1", Kind: "PrivateEndpoint"}
}

// privateEndpointParameters has the parameters of a PrivateEndpoint that this function sets.
type privateEndpointParameters struct {
	Location                 string             `json:"location"`
	ResourceGroupName        string             `json:"resourceGroupName"`
	SubnetID                 string             `json:"subnetId"`
	PrivateServiceConnection serviceConnection  `json:"privateServiceConnection"`
	PrivateDNSZoneGroup      *dnsZoneGroup      `json:"privateDnsZoneGroup,omitempty"`
	Tags                     map[string]*string `json:"tags,omitempty"`
}

type serviceConnection struct {
	Name                        string   `json:"name"`
	PrivateConnectionResourceID string   `json:"privateConnectionResourceId"`
	SubresourceNames            []string `json:"subresourceNames"`
	IsManualConnection          bool     `json:"isManualConnection"`
	RequestMessage              string   `json:"requestMessage,omitempty"`
}

type dnsZoneGroup struct {
	Name              string   `json:"name"`
	PrivateDNSZoneIDs []string `json:"privateDnsZoneIds"`
}

// nameInEndpoint is the name of the connection and of the DNS zone group of a private endpoint,
// which has only one of each.
const nameInEndpoint = "vault"

// requestMessage is what an administrator reads who approves a connection.
const requestMessage = "PlatformApplication "

func (c *composition) networkSettings() inputv1alpha1.KeyVaultNetwork {
	return ptr.Deref(c.platform.KeyVault.Network, inputv1alpha1.KeyVaultNetwork{})
}

// endpointSettings returns the private endpoint of the settings, or nil without one.
func (c *composition) endpointSettings() *inputv1alpha1.KeyVaultPrivateEndpoint {
	if e := c.networkSettings().PrivateEndpoint; e != nil && settings.Enabled(e.Enabled) {
		return e
	}

	return nil
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
	v.closed = rules.deny() || !ptr.Deref(c.platform.KeyVault.PublicNetworkAccessEnabled, true)
	if n := c.networkSettings(); n.ApplyToExisting && n.DefaultAction == settings.ActionDeny && c.isRunning(seen) && !rules.deny() && v.ownership == owned {
		notes = append(notes, finding.New(finding.VaultStaysOpen))
	}

	return notes
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
	case !c.isRunning(seen) && seen.str("status", "atProvider", "id") == "":
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
	if seen.str("status", "atProvider", "id") == "" {
		return rulesOf(seen.object("spec", "forProvider", "networkAcls"))
	}

	return rulesOf(seen.object("status", "atProvider", "networkAcls"))
}

// strings returns the strings of a list.
func (o Object) strings(path ...string) (out []string) {
	for _, v := range o.list(path...) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}

	return out
}

// An endpoint is the state of the vault's private endpoint.
type endpoint struct {
	name     string
	composed bool
	observed Object
	// zones: the endpoint writes records into private DNS zones.
	zones bool
	// unapproved: an administrator has to approve the connection, and no secret was synced since.
	unapproved bool
}

func (c *composition) endpointOf(seen Object) endpoint {
	return endpoint{
		name:     seen.str("metadata", "annotations", annotationExternalName),
		observed: seen,
		zones:    len(seen.list("spec", "forProvider", "privateDnsZoneGroup", "privateDnsZoneIds")) > 0,
	}
}

// hasRecords reports whether every zone of the endpoint has a record.
func (e endpoint) hasRecords() bool {
	return !e.zones || e.observed.str("status", "atProvider", "privateDnsZoneGroup", "id") != ""
}

func (e endpoint) ready() bool {
	return e.observed.condition(conditionReady).status == "True" && e.hasRecords()
}

// privateEndpoint composes the private endpoint of the application's own vault.
func (c *composition) privateEndpoint(v vault) endpoint {
	want := c.endpointSettings()
	seen, exists := c.seen[NamePrivateEndpoint]
	switch {
	case c.isEndpointOfOther(seen):
		// As with the credential of another cluster.
		c.release(NamePrivateEndpoint, false)
		return endpoint{}
	case want == nil && c.networkSettings().PrivateEndpoint != nil:
		return endpoint{}
	case want == nil, v.id == "", v.adopted, !exists && !c.networkSettings().ApplyToExisting && !c.wasCreatedWith(NamePrivateEndpoint):
		c.keepIfObserved(NamePrivateEndpoint)
		e := c.endpointOf(seen)
		e.composed = exists

		return e
	case seen.inAzure():
		c.sameEndpoint(seen, want)
	default:
		c.want(NamePrivateEndpoint, c.newEndpoint(v, want))
	}
	e := c.endpointOf(seen)
	if !exists {
		e = c.endpointOf(c.desired[NamePrivateEndpoint].Object)
	}
	e.composed = true
	e.unapproved = seen.bool("spec", "forProvider", "privateServiceConnection", "isManualConnection") && c.seen[NameSecretSync].condition(conditionReady).status != "True"
	if !v.closed {
		// The vault is reachable without it.
		c.setReady(NamePrivateEndpoint, true)
	}

	return e
}

// isEndpointOfOther reports whether an endpoint belongs to another cluster that shares the vault.
func (c *composition) isEndpointOfOther(seen Object) bool {
	recorded := recordedCluster(seen)
	return recorded != "" && recorded != c.ownCluster()
}

func (c *composition) newEndpoint(v vault, want *inputv1alpha1.KeyVaultPrivateEndpoint) *managed[privateEndpointParameters] {
	p := privateEndpointParameters{
		Location:          want.Location,
		ResourceGroupName: want.ResourceGroupName,
		SubnetID:          want.SubnetID,
		PrivateServiceConnection: serviceConnection{
			Name:                        nameInEndpoint,
			PrivateConnectionResourceID: v.id,
			SubresourceNames:            []string{"vault"},
			IsManualConnection:          want.ManualApproval,
		},
		PrivateDNSZoneGroup: zoneGroup(want),
		Tags:                c.tags(c.seen[NamePrivateEndpoint], owned),
	}
	if want.ManualApproval {
		p.PrivateServiceConnection.RequestMessage = requestMessage + c.app.Namespace + "/" + c.app.Name
	}
	object := newManaged(c, privateEndpointVersion(), c.app.Name, p)
	object.Annotations = map[string]string{annotationExternalName: c.names.PrivateEndpoint(want.SubnetID)}
	object.Spec.ManagedResourceSpec = c.azureSpec(xpv1.ManagementActionDelete)
	object.Spec.ProviderConfigReference = providerConfigReference(want.AzureProviderConfigRef)

	return object
}

// sameEndpoint composes an endpoint that exists. Azure can change only its zones and tags.
func (c *composition) sameEndpoint(seen Object, want *inputv1alpha1.KeyVaultPrivateEndpoint) {
	object := Object(own(seen))
	changed := toMap(&struct {
		Labels map[string]string  `json:"labels"`
		Tags   map[string]*string `json:"tags"`
		Zone   *dnsZoneGroup      `json:"privateDnsZoneGroup,omitempty"`
	}{c.labels(), c.tags(seen, owned), zoneGroup(want)})
	object.object("metadata")["labels"] = changed["labels"]
	parameters := object.object("spec", "forProvider")
	parameters["tags"] = changed["tags"]
	if zone, ok := changed["privateDnsZoneGroup"]; ok && c.networkSettings().ApplyToExisting {
		parameters["privateDnsZoneGroup"] = zone
	}
	c.desired[NamePrivateEndpoint] = Resource{Object: object, Ready: ready(seen)}
}

func zoneGroup(want *inputv1alpha1.KeyVaultPrivateEndpoint) *dnsZoneGroup {
	if len(want.PrivateDNSZoneIDs) == 0 {
		return nil
	}

	return &dnsZoneGroup{Name: nameInEndpoint, PrivateDNSZoneIDs: want.PrivateDNSZoneIDs}
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

// inCondition says what a vault waits for that only its endpoint reaches.
func (e endpoint) inCondition(c Condition, vault string) Condition {
	with := finding.With{"vault": vault, "endpoint": e.name}
	switch problem := e.observed.problem(); {
	case problem.reported:
		c.Reason = ReasonAzureRefused
		return c.with(finding.New(finding.PrivateEndpointRefused, with, finding.With{"problem": problem}))
	case e.observed.condition(conditionReady).status == "True":
		return c.with(finding.New(finding.PrivateEndpointNoRecord, with))
	}

	return c.with(finding.New(finding.PrivateEndpointCreating, with))
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
