// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"slices"
	"strings"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	skuPremium     = "premium"
	principalGroup = "Group"
)

// allowedKeyVault removes the fields of a manifest's vault that the platform does not allow,
// and returns them.
func allowedKeyVault(kv v1alpha1.KeyVault, p inputv1alpha1.PlatformConfigSpec, seen Observed) (allowed v1alpha1.KeyVault, ignored []IgnoredField) {
	allow := p.KeyVault.Allow
	if kv.DeletionPolicy == v1alpha1.DeletionPurge && !allow.Purge {
		kv.DeletionPolicy = ""
		ignored = append(ignored, IgnoredField{Path: "spec.keyVault.deletionPolicy", Why: finding.New(finding.PurgeNotAllowed)})
	}
	// A premium vault stays premium: its keys may be in hardware.
	if kv.SKU == skuPremium && !allow.Premium && seen.immutable(seen[NameKeyVault], "skuName", "") != skuPremium {
		kv.SKU = ""
		ignored = append(ignored, IgnoredField{Path: "spec.keyVault.sku", Why: finding.New(finding.PremiumNotAllowed)})
	}
	kv.Officers = slices.DeleteFunc(slices.Clone(kv.Officers), func(o v1alpha1.Officer) bool {
		why := refusedOfficer(o, p, seen)
		if !why.IsZero() {
			ignored = append(ignored, IgnoredField{Path: Entry("spec.keyVault.officers", o.ObjectID), Why: why})
		}

		return !why.IsZero()
	})

	return kv, ignored
}

// refusedOfficer returns why the platform does not allow an officer. It is zero for an allowed
// one.
func refusedOfficer(o v1alpha1.Officer, p inputv1alpha1.PlatformConfigSpec, seen Observed) (why finding.Finding) {
	is := func(id string) bool { return strings.EqualFold(id, o.ObjectID) }
	// The platform itself assigns these the role.
	if is(p.SecretCreatorPrincipalID) || slices.ContainsFunc(p.KeyVault.Officers, func(o inputv1alpha1.Officer) bool { return is(o.ObjectID) }) {
		return why
	}
	// Azure checks the type only when it assigns a role. For an existing assignment, the
	// type that Azure reports decides.
	isGroup := o.PrincipalType == principalGroup && cmp.Or(assignedType(seen, o.ObjectID), principalGroup) == principalGroup
	allow := p.KeyVault.Allow
	listed := slices.ContainsFunc(allow.OfficerIDs, is)
	switch {
	case allow.Officers == settings.OfficersAny:
		return why
	case allow.Officers == settings.OfficersListed && !listed:
		return finding.New(finding.OfficerNotListed)
	case allow.Officers == settings.OfficersGroups && !isGroup && !listed:
		return finding.New(finding.OfficerNotGroup)
	case allow.Officers == settings.OfficersNone:
		return finding.New(finding.OfficersNotAllowed)
	}

	return why
}

// assignedType returns the type that Azure reports for a principal with an assignment. It is
// empty without one.
func assignedType(seen Observed, principalID string) string {
	for _, name := range []string{PrefixRoleAssignmentOfficer + principalID, NameRoleAssignmentCreator} {
		if o := seen[name]; strings.EqualFold(o.str("spec", "forProvider", "principalId"), principalID) {
			return o.str("status", "atProvider", "principalType")
		}
	}

	return ""
}
