// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// These are the actions that Azure requires on resources that a private endpoint or a diagnostic setting links.
const (
	joinSubnet    = "Microsoft.Network/virtualNetworks/subnets/join/action"
	joinZone      = "Microsoft.Network/privateDnsZones/join/action"
	connectVault  = "Microsoft.KeyVault/vaults/PrivateEndpointConnectionsApproval/action"
	workspaceKeys = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
)

// An object is JSON.
type object = map[string]any

// at returns the value at a path of an object, or nil.
func at(o object, path ...string) any {
	var value any = o

	for _, name := range path {
		inner, _ := value.(object)
		value = inner[name]
	}

	return value
}

func text(o object, path ...string) string { return fmt.Sprint(at(o, path...)) }

// objects returns the elements of a list at a path.
func objects(o object, path ...string) (out []object) {
	list, _ := at(o, path...).([]any)
	for _, element := range list {
		if one, ok := element.(object); ok {
			out = append(out, one)
		}
	}

	return out
}

// A documentKind is a type of resources without a service of their own. They are kept as they were sent: locks, clusters, private
// endpoints with their DNS zone groups, and diagnostic settings. Subnets, zones and workspaces have no state here: each id that a role is
// assigned on exists.
type documentKind struct {
	// check returns the rejection of a new version, or completes it. known is nil for a new resource.
	check func(c *call, made, properties, known object) *wire.Answer

	// changed is called after a change, or with a deleted document.
	changed func(c *call, d object)
}

func documentKinds() map[string]documentKind {
	nothing := func(*call, object) {}

	return map[string]documentKind{
		typeLock:     {check: func(*call, object, object, object) *wire.Answer { return nil }, changed: nothing},
		typeCluster:  {check: (*call).checkCluster, changed: nothing},
		typeEndpoint: {check: (*call).checkEndpoint, changed: (*call).connect},
		typeZoneGroup: {check: (*call).checkZoneGroup, changed: func(c *call, _ object) {
			c.connect(c.service.documents[strings.ToLower(c.scope)])
		}},
		typeDiagnostics: {check: (*call).checkDiagnostics, changed: nothing},
	}
}

// document carries out an operation on a document.
func (c *call) document() wire.Answer {
	id, kind := c.id(), documentKinds()[c.typ]
	known := c.service.documents[strings.ToLower(id)]

	if write, remove := c.changes(); !write || remove {
		return c.readOrDelete(known != nil, id, known, func() {
			maps.DeleteFunc(c.service.documents, func(other string, _ object) bool { return role.Covers(id, other) })
			kind.changed(c, known)
		})
	}

	made := object{}
	if answer := c.read(&made); answer != nil {
		return *answer
	}

	properties, _ := made["properties"].(object)
	if properties == nil {
		return badRequest("The resource has no properties.")
	}

	if answer := kind.check(c, made, properties, known); answer != nil {
		return *answer
	}

	properties["provisioningState"] = "Succeeded"
	made["id"], made["name"], made["type"] = id, last(id), c.typ
	c.service.documents[strings.ToLower(id)] = made
	kind.changed(c, made)

	return c.wrote(known == nil, id, made)
}

// documents lists the documents of a type on a scope and below, and locks above.
func (c *call) documents() wire.Answer {
	out := []any{}

	for _, d := range c.service.of(c.typ) {
		if role.Covers(c.scope, text(d, "id")) || c.typ == typeLock && role.Covers(lockScope(d), c.scope) {
			out = append(out, d)
		}
	}

	return c.page(out)
}

// of returns the documents of a type, by id.
func (s *Manager) of(typ string) (out []object) {
	for _, id := range slices.Sorted(maps.Keys(s.documents)) {
		if s.documents[id]["type"] == typ {
			out = append(out, s.documents[id])
		}
	}

	return out
}

func lockScope(lock object) string {
	scope, _, _ := strings.Cut(text(lock, "id"), "/providers/"+typeLock+"/")

	return scope
}

// A Cluster is an existing cluster of AKS, reduced to its issuer of tokens.
type Cluster struct {
	SubscriptionID string
	ResourceGroup  string
	Name           string

	// Issuer is the address of the issuer after it was enabled.
	Issuer string
}

// PutCluster registers a cluster in a resource group, without its issuer.
func (s *Manager) PutCluster(made Cluster) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	sub := s.subscriptions[strings.ToLower(made.SubscriptionID)]
	if sub == nil || sub.groups[strings.ToLower(made.ResourceGroup)] == nil {
		return fmt.Errorf("cannot register cluster %q: there is no resource group %q in subscription %q", made.Name, made.ResourceGroup, made.SubscriptionID)
	}

	group := sub.groups[strings.ToLower(made.ResourceGroup)]
	id := "/subscriptions/" + sub.ID + "/resourceGroups/" + group.Name + "/providers/" + typeCluster + "/" + made.Name
	s.issuers[strings.ToLower(id)] = made.Issuer
	s.documents[strings.ToLower(id)] = object{
		"id": id, "name": made.Name, "type": typeCluster, "location": group.Location, "properties": object{"oidcIssuerProfile": object{"enabled": false}},
	}

	return nil
}

// checkCluster enables the issuer.
func (c *call) checkCluster(_, properties, known object) *wire.Answer {
	if known == nil {
		return new(badRequest("This stand-in makes no clusters."))
	}

	if issuer, ok := properties["oidcIssuerProfile"].(object); ok && issuer["enabled"] == true {
		issuer["issuerURL"] = c.service.issuers[strings.ToLower(c.scope)]
	}

	return nil
}

// linked returns the rejection of a caller without an action on a linked resource.
func (c *call) linked(scope, action string) *wire.Answer {
	if c.service.allowed(c.caller.PrincipalID, scope, role.Question{Action: action}) {
		return nil
	}

	return new(refuse(http.StatusForbidden, "LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action '%s' on scope "+
		"'%s'; however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' or the linked scope(s) are invalid.",
		c.caller.ClientID, c.caller.PrincipalID, c.right(), c.request.URL.Path, action, scope))
}

// linksOf returns the connections of a private endpoint, of which there is one.
func linksOf(endpoint object) []object {
	return slices.Concat(objects(endpoint, "properties", "privateLinkServiceConnections"), objects(endpoint, "properties", "manualPrivateLinkServiceConnections"))
}

// checkEndpoint checks a private endpoint, which connects the virtual network of its subnet to a vault. An administrator of the vault has
// to approve a manual connection.
func (c *call) checkEndpoint(made, properties, _ object) *wire.Answer {
	links := linksOf(made)
	if len(links) != 1 || made["location"] == nil {
		return new(badRequest("A private endpoint of this stand-in has a location and one connection."))
	}

	vaultID, state := text(links[0], "properties", "privateLinkServiceId"), "Pending"

	if v, ok := c.service.Vaults.Lookup(last(vaultID)); !ok || !v.DeletedAt.IsZero() || !strings.EqualFold(v.ResourceID, vaultID) {
		return new(refuse(http.StatusBadRequest, "PrivateLinkServiceNotFound", "Cannot find the private link service '%s'.", vaultID))
	}

	if answer := c.linked(text(properties, "subnet", "id"), joinSubnet); answer != nil {
		return answer
	}

	if properties["privateLinkServiceConnections"] != nil {
		state = "Approved"

		if answer := c.linked(vaultID, connectVault); answer != nil {
			return answer
		}
	}

	if link, ok := links[0]["properties"].(object); ok {
		link["privateLinkServiceConnectionState"] = object{"status": state}
	}

	properties["networkInterfaces"] = []any{object{"id": c.resourceID(typeInterface, c.name+".nic")}}

	return nil
}

// networkInterface returns the network interface of an endpoint. The stand-in has no addresses.
func (c *call) networkInterface() wire.Answer {
	return wire.JSON(http.StatusOK, object{"id": c.resourceID(typeInterface, c.name), "name": c.name, "type": typeInterface})
}

// checkZoneGroup checks the group that writes records of an endpoint into zones.
func (c *call) checkZoneGroup(made, _, _ object) *wire.Answer {
	if c.service.documents[strings.ToLower(c.scope)] == nil {
		return new(c.noParent())
	}

	for _, z := range objects(made, "properties", "privateDnsZoneConfigs") {
		if answer := c.linked(text(z, "properties", "privateDnsZoneId"), joinZone); answer != nil {
			return answer
		}
	}

	return nil
}

// checkDiagnostics checks the setting that sends the logs of a vault to a workspace. The stand-in writes no logs.
func (c *call) checkDiagnostics(_, properties, _ object) *wire.Answer {
	if _, ok := c.lookupVault(); !ok {
		return new(c.notFound())
	}

	return c.linked(text(properties, "workspaceId"), workspaceKeys)
}

// connect lets those networks through the firewall of an endpoint's vault whose clients resolve the vault to an endpoint, and are
// connected. A network is named by the id of the virtual network in lower case.
func (c *call) connect(changed object) {
	vaultOf := func(link object) string { return text(link, "properties", "privateLinkServiceId") }

	for _, link := range linksOf(changed) {
		var networks []string

		for _, group := range c.service.of(typeZoneGroup) {
			id, _, _ := strings.Cut(text(group, "id"), "/privateDnsZoneGroups/")
			endpoint := c.service.documents[strings.ToLower(id)]

			connected := func(l object) bool {
				return strings.EqualFold(vaultOf(l), vaultOf(link)) && text(l, "properties", "privateLinkServiceConnectionState", "status") == "Approved"
			}
			if len(objects(group, "properties", "privateDnsZoneConfigs")) > 0 && slices.ContainsFunc(linksOf(endpoint), connected) {
				network, _, _ := strings.Cut(strings.ToLower(text(endpoint, "properties", "subnet", "id")), "/subnets/")
				networks = append(networks, network)
			}
		}

		if v, ok := c.service.Vaults.Lookup(last(vaultOf(link))); ok && strings.EqualFold(v.ResourceID, vaultOf(link)) {
			_ = c.service.Vaults.SetFirewall(v.Name, func(f *keyvault.Firewall) { f.PrivateEndpoints = networks }) // It exists.
		}
	}
}
