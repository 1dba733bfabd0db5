// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// grants checks the role assignments that replace those on each vault: those of keyVault.roleAssignments on the resource group, and those
// in keyVault.confirmedGrants. It does not look into groups: the principal itself needs the assignment, as on a vault.
func (d decision) grants() []finding.Finding {
	if d.settings.KeyVault == nil {
		return nil
	}

	var out []finding.Finding

	reported := map[string]bool{}
	missing := func(principal, scope string) {
		key := strings.ToLower(principal + scope)
		if !reported[key] {
			out = append(out, d.found(GrantMissing, principal, "scope", scope, "type", d.typeFlag(principal)))
		}

		reported[key] = true
	}

	for _, g := range d.settings.KeyVault.ConfirmedGrants {
		if d.roles(g.Scope).Refused == "" && !d.isGranted(g.PrincipalID, g.Scope) {
			missing(g.PrincipalID, g.Scope)
		}
	}

	if d.settings.KeyVault.RoleAssignments != settings.RoleAssignmentsGranted || d.facts.Assignments.Refused != "" {
		return out
	}

	for _, principal := range d.granted() {
		switch {
		case !d.isGranted(principal, d.groupID):
			missing(principal, d.groupID)
		case !settings.IsConfirmed(&d.settings, principal, d.groupID+"/") && d.onVaults(principal):
			out = append(out, d.found(GrantNotConfirmed, principal))
		}
	}

	return out
}

// granted returns the principals to which keyVault.roleAssignments applies, in lower case, each once.
func (d decision) granted() []string {
	var out []string

	seen := map[string]bool{"": true}
	add := func(id string) {
		id = strings.ToLower(id)
		if !seen[id] {
			out = append(out, id)
		}

		seen[id] = true
	}

	add(d.settings.SecretCreatorPrincipalID)

	for _, o := range d.settings.KeyVault.Officers {
		add(o.ObjectID)
	}

	return out
}

// typeFlag returns the flag of az with the type of a principal, if the settings have it.
func (d decision) typeFlag(id string) string {
	const flag = " --assignee-principal-type "

	for _, o := range d.settings.KeyVault.Officers {
		if strings.EqualFold(o.ObjectID, id) && o.PrincipalType != "" {
			return flag + o.PrincipalType
		}
	}

	if strings.EqualFold(d.settings.SecretCreatorPrincipalID, id) {
		return flag + servicePrincipal
	}

	return ""
}

// roles returns the role assignments of the subscription of a scope.
func (d decision) roles(scope string) Answer[[]Resource[Assignment]] {
	if id := strings.ToLower(segment(scope, "subscriptions")); id != strings.ToLower(d.settings.SubscriptionID) {
		return d.facts.Others[id]
	}

	return d.facts.Assignments
}

// isGranted reports whether a principal is officer of a scope. An assignment with a condition may not cover all secrets.
func (d decision) isGranted(principal, scope string) bool {
	return isOfficer(d.roles(scope), principal, func(a Assignment) bool { return a.Condition == "" && access.Covers(a.Scope, scope) })
}

// onVaults reports whether a principal is officer of single vaults of the resource group.
func (d decision) onVaults(principal string) bool {
	vaults := d.groupID + "/providers/Microsoft.KeyVault/vaults"

	return isOfficer(d.facts.Assignments, principal, func(a Assignment) bool { return settings.Contains(vaults, a.Scope) })
}

func isOfficer(assignments Answer[[]Resource[Assignment]], principal string, on func(Assignment) bool) bool {
	for _, a := range assignments.Value {
		p := a.Properties
		if strings.EqualFold(p.PrincipalID, principal) && strings.HasSuffix(strings.ToLower(p.RoleDefinitionID), "/"+secretsOfficer) && on(p) {
			return true
		}
	}

	return false
}
