// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// dataActions returns the data actions that operations on secrets need.
func dataActions() map[string]string {
	const of = "Microsoft.KeyVault/vaults/"

	return map[string]string{
		fault.Get:          of + "secrets/getSecret/action",
		fault.List:         of + "secrets/readMetadata/action",
		fault.ListVersions: of + "secrets/readMetadata/action",
		fault.Set:          of + "secrets/setSecret/action",
		fault.Update:       of + "secrets/update/action",
		fault.Delete:       of + "secrets/delete",
		fault.Recover:      of + "secrets/recover/action",

		// Reading a deleted secret needs the permission to recover it.
		fault.GetDeleted: of + "secrets/recover/action",

		// Azure has no action for reading alone.
		fault.GetContacts: of + "certificatecontacts/write",
	}
}

// A RoleAssignment gives a principal a role on a vault.
type RoleAssignment struct {
	// ID of the assignment: any name that is unique in the vault.
	ID string `json:"id,omitempty"`

	// PrincipalID is the object id of an identity.
	PrincipalID string `json:"principalId"`

	// Role is the name or the id of a built-in role, or the resource id of its definition.
	Role string `json:"role,omitempty"`

	// DataActions are those of a custom role, instead of Role.
	DataActions []string `json:"dataActions,omitempty"`

	// Delay is how long the assignment takes to reach the vault.
	Delay time.Duration `json:"-"`

	// Secret limits the scope to one secret. Azure then rejects lists.
	Secret string `json:"secret,omitempty"`
}

// PutRoleAssignment creates a role assignment on a vault, or replaces the one with its id.
func (s *Store) PutRoleAssignment(vaultName string, a RoleAssignment) error {
	return s.with(vaultName, "assign a role on", func(v *vault) error {
		definition, ok := role.Named(a.Role)
		if len(a.DataActions) > 0 {
			definition, ok = s.custom(v, a.DataActions), a.Role == ""
		}

		principal, err := uuid.Parse(a.PrincipalID)
		scope := v.ResourceID
		if a.Secret != "" {
			scope += "/secrets/" + a.Secret
		}
		wants := role.Assignment{
			Name: a.ID, Scope: scope, Counts: scope, PrincipalID: principal.String(), RoleID: definition.ID,
			From: s.now().Add(a.Delay),
		}

		switch {
		case v.deleted:
			return ErrNotFound
		case !ok || len(definition.DataActions) == 0:
			return fmt.Errorf("there is no role %q that says anything about secrets", a.Role)
		case err != nil:
			return fmt.Errorf("the principal id %q is not a GUID", a.PrincipalID)
		case a.ID == "" || a.Delay < 0:
			return errors.New("an assignment needs an id, and a delay that is not negative")
		case len(s.roles.Select(func(other role.Assignment) bool { return other.Same(wants) && other.Name != a.ID })) > 0:
			return errors.New("the role assignment already exists")
		}

		s.roles.Put(wants)

		return nil
	})
}

// custom returns the custom role with these data actions.
func (s *Store) custom(v *vault, dataActions []string) role.Definition {
	name := strings.Join(dataActions, " ")
	d := role.Definition{
		ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(v.TenantID+" "+name)).String(), Name: name, Tenant: v.TenantID, Scopes: []string{"/"},
		Permissions: role.Permissions{DataActions: slices.Clone(dataActions)},
	}
	s.roles.Definitions.Put(d)

	return d
}

// DeleteRoleAssignment removes a role assignment from a vault.
func (s *Store) DeleteRoleAssignment(vaultName, id string) error {
	return s.with(vaultName, "remove a role assignment from", func(v *vault) error {
		if !s.roles.Delete(func(a role.Assignment) bool { return a.Name == id && role.Covers(v.ResourceID, a.Scope) }) {
			return fmt.Errorf("role assignment %q: %w", id, ErrNotFound)
		}

		return nil
	})
}

// RoleAssignments returns those of a vault, by id.
func (s *Store) RoleAssignments(vaultName string) (out []RoleAssignment, err error) {
	err = s.with(vaultName, "list the role assignments of", func(v *vault) error {
		for _, a := range s.roles.Select(func(a role.Assignment) bool { return strings.EqualFold(a.Scope, v.ResourceID) }) {
			out = append(out, RoleAssignment{ID: a.Name, PrincipalID: a.PrincipalID, Role: a.RoleID})
		}

		return nil
	})

	return out, err
}

// allowed reports whether the caller may do an operation, by role assignments on the vault and above.
func (c *call) allowed() bool {
	action, resource := dataActions()[c.operation], c.vault.ResourceID
	if c.name != "" {
		resource += "/secrets/" + c.name
	}

	return !c.vault.AccessPolicies && c.service.roles.Any(func(a role.Assignment) bool {
		if a.PrincipalID != c.caller.PrincipalID || c.now.Before(a.From) || !role.Covers(a.Counts, resource) {
			return false
		}

		definition, _ := c.service.roles.Definitions.Get(a.RoleID)

		return definition.AllowsData(action)
	})
}

// A Firewall limits the networks that can reach a vault. The zero value lets everybody in.
type Firewall struct {
	// Deny rejects clients without a private endpoint, which no rule about addresses allows here. Private rejects them in other words.
	Deny, Private bool

	// PrivateEndpoints are the names of the networks with an approved private endpoint.
	PrivateEndpoints []string
}

// SetFirewall changes the firewall of a vault.
func (s *Store) SetFirewall(vaultName string, change func(*Firewall)) error {
	return s.with(vaultName, "change the firewall of", func(v *vault) error {
		change(&v.firewall)

		return nil
	})
}

// stop returns the rejection of a client in another network, or nil.
func (c *call) stop() *wire.Answer {
	f := c.vault.firewall

	switch {
	case slices.Contains(f.PrivateEndpoints, wire.NetworkOf(c.request)):
		return nil
	case f.Private:
		return new(refuse(http.StatusForbidden, "Forbidden", "ForbiddenByConnection",
			"Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n%s", c.who()))
	case f.Deny:
		return new(refuse(http.StatusForbidden, "Forbidden", "ForbiddenByFirewall",
			"Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.1\r\n%s", c.who()))
	default:
		return nil
	}
}

func (c *call) who() string {
	return "Caller: appid=" + c.caller.ClientID + ";oid=" + c.caller.PrincipalID + ";iss=https://sts.windows.net/" + c.caller.TenantID + "/\r\n" +
		"Vault: " + c.vault.Name + ";location=" + c.vault.Location
}
