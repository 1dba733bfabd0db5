// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"slices"
	"strings"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	skuPremium     = "premium"
	principalGroup = "Group"
)

// allowedKeyVault returns what a manifest asks of its vault without what the platform
// does not allow, and says what that is.
func allowedKeyVault(kv v1alpha1.KeyVault, p inputv1alpha1.PlatformConfigSpec, seen Observed) (allowed v1alpha1.KeyVault, ignored []IgnoredField) {
	allow := p.KeyVault.Allow
	if kv.DeletionPolicy == v1alpha1.DeletionPurge && !allow.Purge {
		kv.DeletionPolicy = ""
		ignored = append(ignored, IgnoredField{Path: "spec.keyVault.deletionPolicy", Why: "the platform does not allow Purge"})
	}
	// A vault that is premium stays so: its keys may be in hardware.
	if kv.SKU == skuPremium && !allow.Premium && seen[NameKeyVault].str("status", "atProvider", "skuName") != skuPremium {
		kv.SKU = ""
		ignored = append(ignored, IgnoredField{Path: "spec.keyVault.sku", Why: "the platform does not allow premium"})
	}
	kv.Officers = slices.DeleteFunc(slices.Clone(kv.Officers), func(o v1alpha1.Officer) bool {
		why := refusedOfficer(o, p, seen)
		if why != "" {
			ignored = append(ignored, IgnoredField{Path: Entry("spec.keyVault.officers", o.ObjectID), Why: why})
		}
		return why != ""
	})
	return kv, ignored
}

// refusedOfficer says why the platform does not allow an officer, if it does not.
func refusedOfficer(o v1alpha1.Officer, p inputv1alpha1.PlatformConfigSpec, seen Observed) string {
	is := func(id string) bool { return strings.EqualFold(id, o.ObjectID) }
	// The platform gives these the role, whatever the manifest says.
	if is(p.SecretCreatorPrincipalID) || slices.ContainsFunc(p.KeyVault.Officers, func(o inputv1alpha1.Officer) bool { return is(o.ObjectID) }) {
		return ""
	}
	// Azure refuses a type that is not that of the principal when it assigns a role,
	// and looks at none that is assigned: then what it says itself is the type.
	isGroup := o.PrincipalType == principalGroup && first(assignedType(seen, o.ObjectID), principalGroup) == principalGroup
	allow := p.KeyVault.Allow
	listed := slices.ContainsFunc(allow.OfficerIDs, is)
	switch {
	case allow.Officers == settings.OfficersAny:
		return ""
	case allow.Officers == settings.OfficersListed && !listed:
		return "the platform allows only officers that it lists"
	case allow.Officers == settings.OfficersGroups && !isGroup && !listed:
		return "the platform allows only groups, with principalType Group"
	case allow.Officers == settings.OfficersNone:
		return "the platform allows no officers of applications"
	}
	return ""
}

// assignedType is the type that Azure says a principal with an assignment has, or empty.
func assignedType(seen Observed, principalID string) string {
	for _, name := range []string{PrefixRoleAssignmentOfficer + principalID, NameRoleAssignmentCreator} {
		if o := seen[name]; strings.EqualFold(o.str("spec", "forProvider", "principalId"), principalID) {
			return o.str("status", "atProvider", "principalType")
		}
	}
	return ""
}
