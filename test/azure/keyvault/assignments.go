// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// An assignment as the store keeps it.
type assignment struct {
	RoleAssignment

	role string
	from time.Time

	// scope is a vault by its name, or all vaults of a resource group or subscription by its id. It is in lower case.
	scope string
}

// on tells whether the assignment is on a vault or above it.
func (a assignment) on(v *vault) bool {
	return a.scope == lower(v.Name) || strings.HasPrefix(lower(v.ResourceID)+"/", a.scope+"/")
}

// PutRoleAssignment creates a role assignment on a vault, or replaces the one with its id.
func (s *Store) PutRoleAssignment(vaultName string, a RoleAssignment) error {
	return s.with(vaultName, "assign a role on", func(v *vault) error {
		if v.deleted {
			return ErrNotFound
		}

		return s.assign(v.Name, a)
	})
}

// DeleteRoleAssignment removes a role assignment from a vault.
func (s *Store) DeleteRoleAssignment(vaultName, id string) error {
	return s.with(vaultName, "remove a role assignment from", func(v *vault) error {
		if !s.Disinherit(v.Name, id) {
			return fmt.Errorf("role assignment %q: %w", id, ErrNotFound)
		}

		return nil
	})
}

// RoleAssignments returns those of a vault, by id.
func (s *Store) RoleAssignments(vaultName string) (out []RoleAssignment, err error) {
	err = s.with(vaultName, "list the role assignments of", func(v *vault) error {
		s.roles.RLock()
		defer s.roles.RUnlock()

		for _, a := range s.assignments {
			if a.scope == lower(v.Name) {
				out = append(out, a.RoleAssignment)
			}
		}

		slices.SortFunc(out, func(a, b RoleAssignment) int { return cmp.Compare(a.ID, b.ID) })

		return nil
	})

	return out, err
}

// Inherit assigns a role on all present and future vaults below a scope, which is a resource group or a subscription.
func (s *Store) Inherit(scope string, a RoleAssignment) error {
	if err := s.assign(scope, a); err != nil {
		return fmt.Errorf("cannot assign a role on %q: %w", scope, err)
	}

	return nil
}

// Disinherit removes a role assignment on a scope, and tells whether there was one.
func (s *Store) Disinherit(scope, id string) bool {
	s.roles.Lock()
	defer s.roles.Unlock()

	known := len(s.assignments)
	s.assignments = slices.DeleteFunc(s.assignments, func(a assignment) bool { return a.scope == lower(scope) && a.ID == id })

	return len(s.assignments) < known
}

func (s *Store) assign(scope string, a RoleAssignment) error {
	role, err := roleID(a.Role)
	if err != nil {
		return err
	}

	principal, err := uuid.Parse(a.PrincipalID)
	if err != nil {
		return fmt.Errorf("the principal id %q is not a GUID", a.PrincipalID)
	}

	if a.ID == "" || a.Delay < 0 {
		return errors.New("an assignment needs an id, and a delay that is not negative")
	}

	a.PrincipalID, a.Secrets = principal.String(), slices.Clone(a.Secrets)

	s.roles.Lock()
	defer s.roles.Unlock()

	for _, other := range s.assignments {
		// The resource manager checks scopes above vaults, of which several may be one here.
		if !strings.HasPrefix(scope, "/") && other.scope == lower(scope) && other.ID != a.ID && other.role == role && other.PrincipalID == a.PrincipalID {
			return fmt.Errorf("the role assignment already exists: the id of the existing role assignment is %s", other.ID)
		}
	}

	s.assignments = slices.DeleteFunc(s.assignments, func(other assignment) bool { return other.scope == lower(scope) && other.ID == a.ID })
	s.assignments = append(s.assignments, assignment{RoleAssignment: a, role: role, from: s.now().Add(a.Delay), scope: lower(scope)})

	return nil
}

// allowed tells whether a principal may do an operation, by assignments on the vault and above.
func (s *Store) allowed(v *vault, principalID, operation, secret string, now time.Time) bool {
	s.roles.RLock()
	defer s.roles.RUnlock()

	return !v.AccessPolicies && slices.ContainsFunc(s.assignments, func(a assignment) bool {
		return a.PrincipalID == principalID && a.on(v) && a.allows(operation, secret, now)
	})
}
