// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/arm/condition"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// These are the actions that Azure requires on resources that a private endpoint or a diagnostic setting links.
const (
	joinSubnet    = "Microsoft.Network/virtualNetworks/subnets/join/action"
	joinZone      = "Microsoft.Network/privateDnsZones/join/action"
	connectVault  = "Microsoft.KeyVault/vaults/PrivateEndpointConnectionsApproval/action"
	workspaceKeys = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
)

const (
	approved = "Approved"
	pending  = "Pending"
)

// A privateEndpoint connects the virtual network of its subnet to a vault. Subnets, zones and workspaces have no state here: each id
// that a role is assigned on exists.
type privateEndpoint struct {
	ID         string                    `json:"id,omitempty"`
	Name       string                    `json:"name,omitempty"`
	Type       string                    `json:"type,omitempty"`
	Location   string                    `json:"location"`
	Tags       map[string]string         `json:"tags"`
	Properties privateEndpointProperties `json:"properties"`

	groups map[string]zoneGroup
}

type privateEndpointProperties struct {
	ProvisioningState string        `json:"provisioningState,omitempty"`
	Subnet            reference     `json:"subnet"`
	Interfaces        []reference   `json:"networkInterfaces,omitempty"`
	Connections       []privateLink `json:"privateLinkServiceConnections,omitempty"`
	Manual            []privateLink `json:"manualPrivateLinkServiceConnections,omitempty"`
}

type reference struct {
	ID string `json:"id"`
}

type privateLink struct {
	Name       string `json:"name"`
	Properties struct {
		ServiceID string            `json:"privateLinkServiceId"`
		GroupIDs  []string          `json:"groupIds"`
		Message   string            `json:"requestMessage,omitempty"`
		State     map[string]string `json:"privateLinkServiceConnectionState,omitempty"`
	} `json:"properties"`
}

// A zoneGroup writes records of an endpoint into zones.
type zoneGroup struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"name,omitempty"`
	Type       string `json:"type,omitempty"`
	Properties struct {
		ProvisioningState string       `json:"provisioningState,omitempty"`
		Zones             []zoneConfig `json:"privateDnsZoneConfigs"`
	} `json:"properties"`
}

type zoneConfig struct {
	Name       string `json:"name"`
	Properties struct {
		ZoneID string `json:"privateDnsZoneId"`
	} `json:"properties"`
}

// links returns the connections, of which there is one.
func (p privateEndpointProperties) links() []privateLink {
	return slices.Concat(p.Connections, p.Manual)
}

// vaultID returns the id of the connected vault.
func (e *privateEndpoint) vaultID() string {
	for _, l := range e.Properties.links() {
		return l.Properties.ServiceID
	}

	return ""
}

// reaches reports whether clients in the network resolve the vault to the endpoint, and are connected.
func (e *privateEndpoint) reaches() bool {
	zones := 0
	for _, g := range e.groups {
		zones += len(g.Properties.Zones)
	}

	links := e.Properties.links()

	return zones > 0 && len(links) == 1 && links[0].Properties.State["status"] == approved
}

// network returns the name of the network for firewalls of vaults: the id of the virtual network in lower case.
func (e *privateEndpoint) network() string {
	id, _, _ := strings.Cut(strings.ToLower(e.Properties.Subnet.ID), "/subnets/")

	return id
}

func (c *call) endpointKey() string { return strings.ToLower(c.resourceID(typeEndpoint, c.name)) }

// connect lets those networks through the firewall of a vault that have an endpoint. The lock must be held.
func (s *Manager) connect(vaultID string) {
	var networks []string

	for _, id := range slices.Sorted(maps.Keys(s.endpoints)) {
		if e := s.endpoints[id]; strings.EqualFold(e.vaultID(), vaultID) && e.reaches() {
			networks = append(networks, e.network())
		}
	}

	_ = s.Vaults.SetFirewall(last(vaultID), func(f *keyvault.Firewall) { f.PrivateEndpoints = networks }) // The vault exists.
}

// links returns the rejection of a caller without an action on a linked resource.
func (c *call) links(scope, action string) *wire.Answer {
	if c.service.allowed(c.caller.PrincipalID, scope, condition.Request{Action: action}) {
		return nil
	}

	return new(refuse(http.StatusForbidden, "LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action '%s' on scope "+
		"'%s'; however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' or the linked scope(s) are invalid.",
		c.caller.ClientID, c.caller.PrincipalID, c.right(), c.request.URL.Path, action, scope))
}

func (c *call) privateEndpoint() wire.Answer {
	known := c.service.endpoints[c.endpointKey()]
	if c.operation == fault.PutEndpoint {
		return c.putEndpoint(known)
	}

	return c.readOrDelete(known != nil, c.resourceID(typeEndpoint, c.name), known, notFound(typeEndpoint, c.name, c.group.Name), func() {
		delete(c.service.endpoints, c.endpointKey())
		c.connected(known)
	})
}

// connected updates the firewall of the vault of an endpoint. The vault may be deleted.
func (c *call) connected(e *privateEndpoint) {
	if v, ok := c.service.Vaults.Lookup(last(e.vaultID())); ok && strings.EqualFold(v.ResourceID, e.vaultID()) {
		c.service.connect(e.vaultID())
	}
}

func (c *call) putEndpoint(known *privateEndpoint) wire.Answer {
	made := privateEndpoint{}
	if answer := c.read(&made); answer != nil {
		return *answer
	}

	links := made.Properties.links()

	switch {
	case made.Location == "":
		return locationRequired()
	case len(links) != 1:
		return badRequest("A private endpoint of this stand-in has one connection.")
	case known != nil && !strings.EqualFold(known.Properties.Subnet.ID, made.Properties.Subnet.ID):
		return refuse(http.StatusBadRequest, "PrivateEndpointSubnetCannotBeChanged", "The subnet of private endpoint '%s' cannot be changed.", known.ID)
	}

	vaultID := links[0].Properties.ServiceID

	v, ok := c.service.Vaults.Lookup(last(vaultID))
	if !ok || !v.DeletedAt.IsZero() || !strings.EqualFold(v.ResourceID, vaultID) {
		return refuse(http.StatusBadRequest, "PrivateLinkServiceNotFound", "Cannot find the private link service '%s'.", vaultID)
	}

	if answer := c.links(made.Properties.Subnet.ID, joinSubnet); answer != nil {
		return *answer
	}

	state := pending

	if len(made.Properties.Connections) > 0 {
		state = approved

		if answer := c.links(vaultID, connectVault); answer != nil {
			return *answer
		}
	}

	for _, list := range [][]privateLink{made.Properties.Connections, made.Properties.Manual} {
		for i := range list {
			list[i].Properties.State = map[string]string{"status": state}
		}
	}

	made.ID, made.Name, made.Type, made.Location = c.resourceID(typeEndpoint, c.name), c.name, typeEndpoint, location(made.Location)
	made.Properties.ProvisioningState = "Succeeded"
	made.Properties.Interfaces = []reference{{c.resourceID(typeInterface, c.name+interfaceSuffix)}}
	made.groups = map[string]zoneGroup{}
	status := http.StatusCreated

	if known != nil {
		made.ID, made.Name, made.groups, status = known.ID, known.Name, known.groups, http.StatusOK
		c.note(made.ID).Updated++
	} else {
		c.note(made.ID).Created++
	}

	c.service.endpoints[c.endpointKey()] = &made
	c.connected(&made)

	return wire.JSON(status, made)
}

// interfaceSuffix is the end of the name of an endpoint's network interface.
const interfaceSuffix = ".nic"

// networkInterface returns the network interface of an endpoint. The stand-in has no addresses.
func (c *call) networkInterface() wire.Answer {
	owner := c.service.endpoints[strings.ToLower(c.resourceID(typeEndpoint, strings.TrimSuffix(c.name, interfaceSuffix)))]
	if owner == nil {
		return notFound(typeInterface, c.name, c.group.Name)
	}

	return wire.JSON(http.StatusOK, map[string]string{"id": owner.Properties.Interfaces[0].ID, "name": c.name, "type": typeInterface})
}

// zoneGroup carries out an operation on the DNS zone groups of an endpoint.
func (c *call) zoneGroup() wire.Answer {
	owner := c.service.endpoints[c.endpointKey()]
	if owner == nil {
		return refuse(http.StatusNotFound, "ParentResourceNotFound", "The parent resource '%s' could not be found.", c.scope)
	}

	key := strings.ToLower(c.child)
	known, ok := owner.groups[key]

	switch c.operation {
	case fault.ListZoneGroups:
		out := []any{}
		for _, name := range slices.Sorted(maps.Keys(owner.groups)) {
			out = append(out, owner.groups[name])
		}

		return c.page(out)
	case fault.PutZoneGroup:
		return c.putZoneGroup(owner)
	default:
		return c.readOrDelete(ok, known.ID, known, notFound(typeZoneGroup, c.name+"/"+c.child, c.group.Name), func() {
			delete(owner.groups, key)
			c.connected(owner)
		})
	}
}

func (c *call) putZoneGroup(owner *privateEndpoint) wire.Answer {
	made := zoneGroup{}
	if answer := c.read(&made); answer != nil {
		return *answer
	}

	for _, z := range made.Properties.Zones {
		if answer := c.links(z.Properties.ZoneID, joinZone); answer != nil {
			return *answer
		}
	}

	made.ID, made.Name, made.Type = owner.ID+"/privateDnsZoneGroups/"+c.child, c.child, typeZoneGroup
	made.Properties.ProvisioningState = "Succeeded"
	owner.groups[strings.ToLower(c.child)] = made
	c.note(made.ID).Created++
	c.connected(owner)

	return wire.JSON(http.StatusCreated, made)
}

// A diagnosticSetting sends the logs of a vault to a workspace. The stand-in writes no logs.
type diagnosticSetting struct {
	ID         string                      `json:"id,omitempty"`
	Name       string                      `json:"name,omitempty"`
	Type       string                      `json:"type,omitempty"`
	Properties diagnosticSettingProperties `json:"properties"`
}

type diagnosticSettingProperties struct {
	WorkspaceID string `json:"workspaceId"`
	Logs        []struct {
		Category      string `json:"category,omitempty"`
		CategoryGroup string `json:"categoryGroup,omitempty"`
		Enabled       bool   `json:"enabled"`
	} `json:"logs"`
}

func (c *call) diagnosticSetting() wire.Answer {
	id := c.resourceID(typeVault, c.name) + "/providers/" + typeDiagnostics + "/" + c.child
	known, ok := c.service.diagnostics[strings.ToLower(id)]

	if c.operation == fault.PutDiagnostics {
		return c.putDiagnostics(id, ok)
	}

	return c.readOrDelete(ok, id, known, refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", id), func() {
		delete(c.service.diagnostics, strings.ToLower(id))
	})
}

func (c *call) putDiagnostics(id string, exists bool) wire.Answer {
	made := diagnosticSetting{}
	if answer := c.read(&made); answer != nil {
		return *answer
	}

	if _, ok := c.lookupVault(); !ok {
		return notFound(typeVault, c.name, c.group.Name)
	}

	if answer := c.links(made.Properties.WorkspaceID, workspaceKeys); answer != nil {
		return *answer
	}

	made.ID, made.Name, made.Type = id, c.child, typeDiagnostics
	c.service.diagnostics[strings.ToLower(id)] = made

	if exists {
		c.note(id).Updated++
	} else {
		c.note(id).Created++
	}

	return wire.JSON(http.StatusOK, made)
}
