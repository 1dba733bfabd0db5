// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Limits of Azure that cannot be raised.
const (
	maxAssignments = 4000 // of roles in a subscription
	maxOfType      = 800  // resources of one type in a resource group
	nearLimit      = 80   // per cent
)

// room checks the limits on resources: those of a resource group once for each group, and those of a subscription once for each one.
func room(places []decision) []finding.Finding {
	var out []finding.Finding

	seen := map[string]bool{}

	for _, d := range places {
		if id := strings.ToLower(d.groupID); !seen[id] {
			out = append(out, unread(d, d.facts.Vaults, subjectVaults, "", "Microsoft.KeyVault/vaults/read")...)
			out = append(out, d.limit(subjectVaults, within(d.facts.Vaults.Value, d.groupID), maxOfType)...)
			out = append(out, d.limit(subjectIdentities, within(d.facts.Identities.Value, d.groupID), maxOfType)...)
			seen[id] = true
		}
	}

	for _, d := range places {
		for _, id := range append([]string{strings.ToLower(d.settings.SubscriptionID)}, slices.Sorted(maps.Keys(d.facts.Others))...) {
			if !seen[id] {
				out = append(out, d.assignmentRoom(id, places)...)
				seen[id] = true
			}
		}
	}

	return out
}

// limit returns a finding if a limit is near.
func (d decision) limit(what string, used, limit int) []finding.Finding {
	if used*100 < limit*nearLimit {
		return nil
	}

	code := RoomLow
	if used >= limit {
		code = RoomNone
	}

	return []finding.Finding{d.found(code, "", "what", what, "used", strconv.Itoa(used), "limit", strconv.Itoa(limit))}
}

// assignmentRoom checks the role assignments of a subscription, and those that the settings of all places allow for shared secrets: the
// function bounds these, but does not know the others.
func (d decision) assignmentRoom(subscription string, places []decision) []finding.Finding {
	assignments := d.roles("/subscriptions/" + subscription)
	d = d.in(subscription)
	out := unread(d, assignments, subjectAssignments, "", "Microsoft.Authorization/roleAssignments/read")
	used := within(assignments.Value, d.subscriptionID)
	out = append(out, d.limit(subjectAssignments, used, maxAssignments)...)

	shared, reserved := d.shared(places, assignments.Value)
	if used-shared+max(shared, reserved) > maxAssignments && reserved > 0 {
		out = append(out, d.found(SharedRoomLow, "", "used", strconv.Itoa(used), "shared", strconv.Itoa(shared), "reserved", strconv.Itoa(reserved),
			"limit", strconv.Itoa(maxAssignments)))
	}

	return out
}

// shared returns the number of role assignments on secrets of shared vaults in the subscription, and how many the settings allow. Places
// can have the same entry: each of its namespaces counts once.
func (d decision) shared(places []decision, assignments []Resource[Assignment]) (used, reserved int) {
	type share struct{ vault, entry, namespace string }

	shares, vaults := map[share]int{}, map[string]bool{}

	for _, p := range places {
		for _, e := range rolePerSecret(p.settings) {
			vault := strings.ToLower(e.VaultResourceID)
			if !settings.Contains(d.subscriptionID, vault) {
				continue
			}

			vaults[vault] = true

			for _, namespace := range e.Namespaces {
				if !settings.IsRevoked(e, namespace, "") {
					key := share{vault, e.Name, namespace}
					shares[key] = max(shares[key], int(e.MaxRoleAssignmentsPerNamespace))
				}
			}
		}
	}

	for vault := range vaults {
		used += within(assignments, vault+"/secrets")
	}

	for _, n := range shares {
		reserved += n
	}

	return used, reserved
}

// rolePerSecret returns the entries of shared secrets with a role assignment for each secret of an application.
func rolePerSecret(s v1alpha1.PlatformConfigSpec) []v1alpha1.SharedSecrets {
	if s.Secrets == nil {
		return nil
	}

	return slices.DeleteFunc(slices.Clone(s.Secrets.Shared), func(e v1alpha1.SharedSecrets) bool { return e.Access != v1alpha1.AccessRolePerSecret })
}

// within counts the resources in a scope.
func within[P any](all []Resource[P], scope string) int {
	n := 0

	for _, r := range all {
		if len(r.ID) > len(scope) && strings.EqualFold(r.ID[:len(scope)+1], scope+"/") {
			n++
		}
	}

	return n
}
