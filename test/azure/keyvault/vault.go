// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyvault stands in for Azure Key Vault: vaults with their role assignments, and the data plane of their secrets.
package keyvault

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/role"
)

// Defaults of a vault. Deleted objects can be recovered for a number of days.
const (
	defaultRetention = 90
	defaultLocation  = "westeurope"
)

// ValidVaultName reports whether Azure accepts the name of a vault.
func ValidVaultName(name string) bool {
	return vaultName.MatchString(name) && !strings.Contains(name, "--")
}

var vaultName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$`)

// A Vault is a key vault that uses role assignments.
type Vault struct {
	// Name is unique in all of Azure.
	Name string `json:"name,omitempty"`

	// TenantID is the tenant of its callers.
	TenantID string `json:"tenantId"`

	// PurgeProtection cannot be disabled.
	PurgeProtection bool `json:"purgeProtection,omitempty"`

	// RetentionDays is fixed at creation: 7 to 90, the default.
	RetentionDays int `json:"retentionDays,omitempty"`

	// ResourceID and Location occur in errors.
	ResourceID string `json:"resourceId,omitempty"`
	Location   string `json:"location,omitempty"`

	// AccessPolicies makes the vault use access policies instead of role assignments. It has none, so it rejects everything.
	AccessPolicies bool `json:"accessPolicies,omitempty"`
}

// A vault in the store.
type vault struct {
	Vault

	mu sync.Mutex

	deleted bool

	deletedAt time.Time

	// secrets and deletedSecrets are by name in lower case.
	secrets        map[string]*secret
	deletedSecrets map[string]*secret

	// moving secrets are being deleted or recovered, which takes the time transition.
	moving     map[string]move
	transition time.Duration

	writes   []Write
	firewall Firewall
}

// A Write records who changed a secret, and when, without the value.
type Write struct {
	Secret    string    `json:"secret"`
	Version   string    `json:"version,omitempty"`
	Operation string    `json:"operation"`
	Principal string    `json:"principalId,omitempty"`
	Time      time.Time `json:"time"`
}

// ErrNotFound is the cause of an error about a missing object.
var ErrNotFound = errors.New("not found")

// PutVault creates or changes a vault.
func (s *Store) PutVault(v Vault) error {
	tenantID, err := uuid.Parse(v.TenantID)
	if err != nil || !ValidVaultName(v.Name) {
		return fmt.Errorf("cannot register vault %q in tenant %q: a name has 3 to 24 letters, digits and single hyphens, starts with a letter and "+
			"ends with a letter or digit, and a tenant id is a GUID", v.Name, v.TenantID)
	}

	v.TenantID = tenantID.String()

	s.mu.Lock()
	defer s.mu.Unlock()

	if known := s.vaults[strings.ToLower(v.Name)]; known != nil {
		return known.change(v)
	}

	v.RetentionDays, v.Location = cmp.Or(v.RetentionDays, defaultRetention), cmp.Or(v.Location, defaultLocation)

	if v.ResourceID == "" {
		v.ResourceID = "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/default/providers/microsoft.keyvault/vaults/" +
			strings.ToLower(v.Name)
	}

	s.vaults[strings.ToLower(v.Name)] = &vault{
		Vault: v, secrets: map[string]*secret{}, deletedSecrets: map[string]*secret{}, moving: map[string]move{},
	}

	return nil
}

// change updates a vault, as far as Azure allows.
func (v *vault) change(to Vault) error {
	v.mu.Lock()
	defer v.mu.Unlock()

	if v.deleted {
		return fmt.Errorf("cannot change vault %q: it is deleted, and has to be recovered or purged", v.Name)
	}

	v.TenantID, v.PurgeProtection, v.AccessPolicies = to.TenantID, to.PurgeProtection, to.AccessPolicies

	v.Location, v.ResourceID = cmp.Or(to.Location, v.Location), cmp.Or(to.ResourceID, v.ResourceID)

	return nil
}

// DeleteVault deletes a vault, which can be recovered, and its role assignments, which cannot.
func (s *Store) DeleteVault(name string) error {
	return s.with(name, "delete", func(v *vault) error {
		if v.deleted {
			return ErrNotFound
		}

		v.deleted, v.deletedAt = true, s.now()

		s.roles.Delete(func(a role.Assignment) bool { return role.Covers(v.ResourceID, a.Scope) })

		return nil
	})
}

// RecoverVault recovers a deleted vault, without its role assignments.
func (s *Store) RecoverVault(name string) error {
	return s.with(name, "recover", func(v *vault) error {
		if !v.deleted {
			return errors.New("it is not deleted")
		}

		v.deleted = false

		return nil
	})
}

// PurgeVault purges a deleted vault, unless it is protected.
func (s *Store) PurgeVault(name string) error {
	err := s.with(name, "purge", func(v *vault) error {
		if !v.deleted || v.PurgeProtection {
			return errors.New("it is not deleted, or has purge protection")
		}

		return nil
	})

	s.mu.Lock()
	defer s.mu.Unlock()

	if err == nil {
		delete(s.vaults, strings.ToLower(name))
	}

	return err
}

// Vaults returns the vaults that are not deleted, by name.
func (s *Store) Vaults() []Vault {
	s.mu.RLock()
	defer s.mu.RUnlock()

	var out []Vault

	for _, name := range slices.Sorted(maps.Keys(s.vaults)) {
		v := s.vaults[name]
		v.mu.Lock()
		if !v.deleted {
			out = append(out, v.Vault)
		}
		v.mu.Unlock()
	}

	return out
}

// A VaultState is a vault and its state.
type VaultState struct {
	Vault

	// DeletedAt is the time of the deletion, or zero.
	DeletedAt time.Time
}

// Lookup returns a vault, deleted or not.
func (s *Store) Lookup(name string) (VaultState, bool) {
	v := s.vault(name)
	if v == nil {
		return VaultState{}, false
	}

	v.mu.Lock()
	defer v.mu.Unlock()

	out := VaultState{Vault: v.Vault}
	if v.deleted {
		out.DeletedAt = v.deletedAt
	}

	return out, true
}

// States of a vault.
const (
	VaultActive  = "active"
	VaultDeleted = "deleted"
	VaultGone    = "gone"
)

// WhereIsVault returns whether a vault is active, deleted, or gone.
func (s *Store) WhereIsVault(name string) string {
	switch state, ok := s.Lookup(name); {
	case !ok:
		return VaultGone
	case !state.DeletedAt.IsZero():
		return VaultDeleted
	default:
		return VaultActive
	}
}

// Exists reports whether the name of a vault resolves: it is registered and not deleted.
func (s *Store) Exists(name string) bool {
	v, _ := s.serving(name)

	return v != nil
}

// Writes returns the changes of secrets of a vault, in order, or those of one secret. PutSecret and PutCertificate have no principal.
func (s *Store) Writes(vaultName, secretName string) ([]Write, error) {
	var out []Write

	err := s.with(vaultName, "list the writes to", func(v *vault) error {
		for _, w := range v.writes {
			if secretName == "" || strings.EqualFold(w.Secret, secretName) {
				out = append(out, w)
			}
		}

		return nil
	})

	return out, err
}

// with locks a vault, deleted or not, and calls do.
func (s *Store) with(name, verb string, do func(*vault) error) error {
	v := s.vault(name)
	if v == nil {
		return fmt.Errorf("cannot %s vault %q: %w", verb, name, ErrNotFound)
	}

	v.mu.Lock()
	defer v.mu.Unlock()

	if err := do(v); err != nil {
		return fmt.Errorf("cannot %s vault %q: %w", verb, name, err)
	}

	return nil
}

func (s *Store) vault(name string) *vault {
	s.mu.RLock()
	defer s.mu.RUnlock()

	if v, ok := s.vaults[name]; ok {
		return v
	}

	return s.vaults[strings.ToLower(name)]
}
