// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

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

// endpointSettings returns the private endpoint of the settings, or nil without one.
func (c *composition) endpointSettings() *inputv1alpha1.KeyVaultPrivateEndpoint {
	if e := c.networkSettings().PrivateEndpoint; e != nil && settings.Enabled(e.Enabled) {
		return e
	}

	return nil
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
