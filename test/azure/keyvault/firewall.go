// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// elsewhere is the address of clients without a network.
const elsewhere = "203.0.113.1"

// A Firewall limits the networks that can reach a vault. The zero value lets everybody in.
type Firewall struct {
	// Deny rejects clients that no rule allows.
	Deny bool `json:"deny,omitempty"`

	// IPRules are the addresses, and ranges of them, that can reach the vault.
	IPRules []string `json:"ipRules,omitempty"`

	// Private rejects clients without a private endpoint.
	Private bool `json:"private,omitempty"`

	// PrivateEndpoints are the names of the networks with an approved private endpoint.
	PrivateEndpoints []string `json:"privateEndpoints,omitempty"`
}

// SetFirewall changes the firewall of a vault.
func (s *Store) SetFirewall(vaultName string, change func(*Firewall)) error {
	return s.with(vaultName, "change the firewall of", func(v *vault) error {
		change(&v.firewall)

		return nil
	})
}

// stop returns the rejection of a client in another network, or nil. A private endpoint is not subject to the rules.
func (c *call) stop() *wire.Answer {
	f, network := c.vault.firewall, wire.NetworkOf(c.request)

	switch {
	case slices.Contains(f.PrivateEndpoints, network):
		return nil
	case f.Private:
		return new(refuse(http.StatusForbidden, "Forbidden", "ForbiddenByConnection",
			"Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n%s", c.who()))
	case f.Deny && !f.allows(network):
		return new(refuse(http.StatusForbidden, "Forbidden", "ForbiddenByFirewall",
			"Client address is not authorized and caller is not a trusted service.\r\nClient address: %s\r\n%s", addressOf(network), c.who()))
	default:
		return nil
	}
}

func (c *call) who() string {
	return "Caller: appid=" + c.caller.ClientID + ";oid=" + c.caller.PrincipalID + ";iss=https://sts.windows.net/" + c.caller.TenantID + "/\r\n" +
		"Vault: " + c.vault.Name + ";location=" + c.vault.Location
}

func (f Firewall) allows(network string) bool {
	address := addressOf(network)

	return slices.ContainsFunc(f.IPRules, func(rule string) bool {
		if prefix, err := netip.ParsePrefix(rule); err == nil {
			return prefix.Contains(address)
		}

		return rule == address.String()
	})
}

// addressOf a network in the internet. A network that is no address has that of everybody else.
func addressOf(network string) netip.Addr {
	if address, err := netip.ParseAddr(network); err == nil {
		return address
	}

	return netip.MustParseAddr(elsewhere)
}
