// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"

	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// rolesGranted reports whether the platform has granted its officers and the secret creator
// their role on a wider scope than a vault. Without the setting, an application keeps what it
// has: otherwise a lost setting would create assignments for all applications at once, which
// can exceed Azure's limit.
func (c *composition) rolesGranted() bool {
	last := ptr.Deref(c.app.Status.KeyVault, v1alpha1.KeyVaultStatus{})
	recorded := c.seen[NameKeyVault].str("metadata", "annotations", annotationRoleAssignments)

	return cmp.Or(c.platform.KeyVault.RoleAssignments, recorded, last.RoleAssignments) == settings.RoleAssignmentsGranted
}

// isGranted reports whether a role needs no assignment on the vault, because the principal has
// it on a wider scope. An assignment that exists is deleted only after the platform has
// confirmed the wider one. A vault that the platform has assigned can be in any resource
// group, so it always has its own assignments.
func (c *composition) isGranted(g grant, v vault) bool {
	if !g.ofPlatform() || v.adopted || !c.rolesGranted() {
		return false
	}
	seen, exists := c.seen[g.resource]
	if seen.held() && !seen.inAzure() {
		// A member has looked for the assignment in vain.
		exists = false
	}

	return !exists || settings.IsConfirmed(&c.platform, g.principalID, v.id)
}
