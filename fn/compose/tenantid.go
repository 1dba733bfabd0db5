// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"strings"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// tenantID returns the Entra ID tenant of the application, in lower case. Nothing here moves a vault
// or an identity to another tenant, so a setting that is edited applies to new applications: a
// running one could not get a token in the other tenant. The ServiceAccount shows the tenant if the
// status of all others is lost, for example after a restore.
func (c *composition) tenantID() string {
	vault, identity := c.seen[NameKeyVault], c.seen[NameIdentity]
	ofPods, _, _ := strings.Cut(runsAs(c.seen[NameServiceAccount]), "/")

	return strings.ToLower(cmp.Or(
		c.ownership(identity).readable(identity).str("status", "atProvider", "tenantId"),
		c.ownership(vault).readable(vault).immutable("tenantId", ""),
		c.seen[NameSecretSync].str("spec", "forProvider", "tenantId"),
		ofPods,
		c.platform.TenantID,
	))
}

// notesOnTenantID returns a note if the settings name another Entra ID tenant than that of the
// application.
func (c *composition) notesOnTenantID() []finding.Finding {
	tenant := c.tenantID()
	if strings.EqualFold(tenant, c.platform.TenantID) {
		return nil
	}

	return []finding.Finding{finding.New(finding.StaysInTenant, finding.With{"tenant": cut(tenant), "settings": c.platform.TenantID})}
}
