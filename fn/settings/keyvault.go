// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Values of keyVault.allow.officers.
const (
	OfficersNone   = "None"
	OfficersListed = "Listed"
	OfficersGroups = "Groups"
	OfficersAny    = "Any"
)

// Values of keyVault.roleAssignments.
const (
	RoleAssignmentsVault   = "Vault"
	RoleAssignmentsGranted = "Granted"
)

const (
	// maxOfficers bounds the role assignments of each vault.
	maxOfficers   = 20
	maxOfficerIDs = 1000
)

func (c *checker) keyVault(path *field.Path, kv *v1alpha1.KeyVaultDefaults) {
	if kv == nil {
		return
	}
	c.oneOf(path.Child("sku"), kv.SKU, "standard", "premium")
	c.oneOf(path.Child("deletionPolicy"), kv.DeletionPolicy, "Retain", "SoftDelete")
	if d := kv.SoftDeleteRetentionDays; d != nil && (*d < 7 || *d > 90) {
		c.invalid(path.Child("softDeleteRetentionDays"), *d, finding.MustBeBetween, finding.With{"least": 7, "most": 90})
	}
	c.atMost(path.Child("officers"), len(kv.Officers), maxOfficers)
	for i, o := range kv.Officers {
		at := path.Child("officers").Index(i)
		c.uuid(at.Child("objectId"), o.ObjectID)
		c.oneOf(at.Child("principalType"), o.PrincipalType, "User", "Group", "ServicePrincipal")
	}
	c.uniqueKeys(path.Child("officers"), "objectId", each(kv.Officers, func(o v1alpha1.Officer) string { return strings.ToLower(o.ObjectID) }))
	if a := kv.Allow; a != nil {
		allow := path.Child("allow")
		c.oneOf(allow.Child("officers"), a.Officers, OfficersNone, OfficersListed, OfficersGroups, OfficersAny)
		c.atMost(allow.Child("officerIds"), len(a.OfficerIDs), maxOfficerIDs)
		for i, id := range a.OfficerIDs {
			c.uuid(allow.Child("officerIds").Index(i), id)
		}
		c.unique(allow.Child("officerIds"), each(a.OfficerIDs, strings.ToLower))
		if len(a.OfficerIDs) > 0 && a.Officers != OfficersListed && a.Officers != OfficersGroups {
			c.forbidden(allow.Child("officerIds"), finding.OfficerIDsUnused, finding.With{"listed": OfficersListed, "groups": OfficersGroups})
		}
	}
	c.oneOf(path.Child("roleAssignments"), kv.RoleAssignments, RoleAssignmentsVault, RoleAssignmentsGranted)
	c.confirmedGrants(path.Child("confirmedGrants"), kv.ConfirmedGrants)
	c.assigned(path.Child("assigned"), kv.Assigned)
}

// assigned allows one application per vault. Two applications would read each other's secrets,
// and compete for the role assignments of officers, because Azure allows only one per officer.
func (c *checker) assigned(path *field.Path, assigned []v1alpha1.AssignedVault) {
	c.atMost(path, len(assigned), maxListed)
	vaults := map[string]v1alpha1.AssignedVault{}
	for i, a := range assigned {
		if a.Name == "" || a.Namespace == "" || a.Application == "" {
			c.add(field.Required(path.Index(i), finding.Say(finding.AssignmentIncomplete)))
			continue
		}
		if other, ok := vaults[strings.ToLower(a.Name)]; ok {
			c.forbidden(path.Index(i), finding.AssignedTwice, finding.With{"vault": a.Name, "namespace": other.Namespace, "application": other.Application})
		}
		vaults[strings.ToLower(a.Name)] = a
	}
}

// Assigned returns the vault of that name, if the application may use it.
func Assigned(s *v1alpha1.PlatformConfigSpec, vault, namespace, application string) (v1alpha1.AssignedVault, bool) {
	for _, a := range s.KeyVault.Assigned {
		if strings.EqualFold(a.Name, vault) && a.Namespace == namespace && a.Application == application {
			return a, true
		}
	}

	return v1alpha1.AssignedVault{}, false
}
