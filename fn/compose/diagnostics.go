// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// diagnosticSettingName is the name in Azure. It is unique for each vault.
const diagnosticSettingName = "platform-application"

// diagnosticSettingVersion is declared here for the same reason as that of a private endpoint.
func diagnosticSettingVersion() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "insights.azure.m.upbound.io", Version: "v1beta1", Kind: kindDiagnosticSetting}
}

// diagnosticSettingParameters has the parameters of a MonitorDiagnosticSetting that this function
// sets.
type diagnosticSettingParameters struct {
	Name                    string       `json:"name"`
	TargetResourceID        string       `json:"targetResourceId"`
	LogAnalyticsWorkspaceID string       `json:"logAnalyticsWorkspaceId"`
	EnabledLog              []enabledLog `json:"enabledLog"`
}

type enabledLog struct {
	Category      string `json:"category,omitempty"`
	CategoryGroup string `json:"categoryGroup,omitempty"`
}

// diagnosticSettings returns the diagnostics of the settings, or nil without them.
func (c *composition) diagnosticSettings() *inputv1alpha1.KeyVaultDiagnostics {
	if d := c.platform.KeyVault.Diagnostics; d != nil && settings.Enabled(d.Enabled) {
		return d
	}

	return nil
}

// diagnosticSetting sends the logs of the application's own vault to a workspace. No other
// resource waits for it. It returns the observed setting.
func (c *composition) diagnosticSetting(v vault) Object {
	want := c.diagnosticSettings()
	seen, exists := c.seen[NameDiagnosticSetting]
	changes := c.changesVault(v)
	policies := c.diagnosticPolicies(v)
	switch {
	case want == nil && c.platform.KeyVault.Diagnostics != nil:
		if exists {
			c.drop(NameDiagnosticSetting, changes)
		}

		return nil
	case !changes, want == nil, v.id == "", v.adopted, !exists && !want.ApplyToExisting && !c.wasCreatedWith(NameDiagnosticSetting):
		c.keepDiagnosticSetting(policies)
		return seen
	case seen.inAzure() && !want.ApplyToExisting:
		c.keepDiagnosticSetting(policies)
		return seen
	}

	p := diagnosticSettingParameters{
		Name:                    diagnosticSettingName,
		TargetResourceID:        seen.immutable("targetResourceId", v.id),
		LogAnalyticsWorkspaceID: want.LogAnalyticsWorkspaceID,
	}
	for _, group := range want.CategoryGroups {
		p.EnabledLog = append(p.EnabledLog, enabledLog{CategoryGroup: group})
	}
	for _, category := range want.Categories {
		p.EnabledLog = append(p.EnabledLog, enabledLog{Category: category})
	}
	object := newManaged(c, diagnosticSettingVersion(), c.app.Name, p)
	object.Annotations = externalID(seen, azurename.DiagnosticSettingID(v.id, diagnosticSettingName))
	object.Spec.ManagedResourceSpec = c.azureSpec()
	object.Spec.ManagementPolicies = policies
	c.want(NameDiagnosticSetting, object)

	return seen
}

// diagnosticPolicies returns the management policies of the setting. A vault has one setting of
// this name in all clusters, and only the owner of the vault changes it.
func (c *composition) diagnosticPolicies(v vault) xpv1.ManagementPolicies {
	switch {
	case !c.changesVault(v):
		return xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	case c.deletionPolicy() == v1alpha1.DeletionRetain, !c.mayDelete(c.seen[NameKeyVault]):
		// A vault that outlives its application is still read and written by officers.
		return c.azureSpec().ManagementPolicies
	}

	return c.azureSpec(xpv1.ManagementActionDelete).ManagementPolicies
}

// keepDiagnosticSetting keeps a setting that exists. If clusters share the vault, its policies
// follow the present settings.
func (c *composition) keepDiagnosticSetting(policies xpv1.ManagementPolicies) {
	c.keepIfObserved(NameDiagnosticSetting)
	if r, ok := c.desired[NameDiagnosticSetting]; ok && c.clustersShare(c.seen[NameKeyVault]) {
		setPolicies(r.Object, policies...)
	}
}
