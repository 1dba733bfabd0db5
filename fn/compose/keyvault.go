// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"fmt"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	keyvaultv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// A vault is the state of the application's Key Vault.
type vault struct {
	name string
	// id and uri are empty until the vault exists in Azure, and after it is withdrawn.
	id, uri   string
	portalURL string
	observed  Object
	ownership ownership
	// owner lists the tags that prove the ownership.
	owner string
	// cluster that owns the vault, if it is known and another one.
	cluster string
	// awaitsOwner: this cluster does not create the vault.
	awaitsOwner bool
	// adopted: the manifest names an existing vault, which must not be changed.
	adopted bool
	// withdrawn: the vault was adopted, and is no longer assigned to the application.
	withdrawn bool
	// roleAssignments is Granted, or empty.
	roleAssignments string
	// notes describe requests that cannot be met.
	notes []finding.Finding
	// closed: the vault is desired to be reachable only from some networks.
	closed   bool
	endpoint endpoint
	logs     Object
}

func (c *composition) keyVault() vault {
	seen := c.seen[NameKeyVault]
	v := vault{observed: seen, adopted: c.keyVaultSpec().Name != ""}
	if c.rolesGranted() {
		v.roleAssignments = settings.RoleAssignmentsGranted
	}
	if !v.adopted {
		v.ownership, v.owner = c.ownership(seen), c.owner(seen)
		v.cluster, v.awaitsOwner = c.otherCluster(seen), v.ownership == unseen && c.isMember()
	}
	known := v.ownership.readable(seen)
	v.id = known.str("status", "atProvider", "id")
	v.uri = known.str("status", "atProvider", "vaultUri")
	// An existing vault keeps its name, even if the settings or a later version of this
	// function would derive another one: another name is another vault.
	v.name = cmp.Or(
		seen.str("metadata", "annotations", annotationExternalName),
		lastSegment(v.id),
		c.keyVaultSpec().Name,
		c.names.Vault(),
	)
	if v.withdrawn = isWithdrawn(c.app, c.platform, seen); v.withdrawn {
		v.id, v.uri = "", ""
		c.keep(NameKeyVault)
		c.waiting = true

		return v
	}
	if c.createsElsewhere(NameKeyVault) {
		c.keep(NameKeyVault)
		return v
	}
	if !v.adopted && c.awaitsCreation(seen) {
		c.keepRequest(NameKeyVault)
		return v
	}
	v.portalURL = cmp.Or(portalURL(c.platform.Cloud, c.tenantID(), v.id), seen.str("metadata", "annotations", annotationArgoCDLink))

	object := newManaged(c, keyvaultv1beta1.Vault_GroupVersionKind, c.app.Name, keyvaultv1beta1.VaultParameters{})
	object.Annotations = map[string]string{annotationExternalName: v.name}
	if v.portalURL != "" {
		object.Annotations[annotationArgoCDLink] = v.portalURL
	}
	object.Spec.ManagedResourceSpec = c.azureSpec()
	if v.adopted {
		object.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
		object.Spec.ForProvider.ResourceGroupName = new(c.adoptedResourceGroup())
	} else {
		v.notes = append(c.ownVault(&object.Spec, known, v.ownership), c.notesOnTenant(seen)...)
		object.Spec.ForProvider.Tags = c.tags(seen, v.ownership)
		object.Spec.ManagementPolicies = v.ownership.policies(object.Spec.ManagementPolicies)
		v.notes = append(v.notes, c.network(&v, &object.Spec, known)...)
		if with := c.createdWith(seen); with != "" {
			object.Annotations[annotationCreatedWith] = with
		}
		if v.roleAssignments != "" {
			object.Annotations[annotationRoleAssignments] = v.roleAssignments
		}
	}
	c.wantOwned(v.ownership, NameKeyVault, object)

	return v
}

// ownVault sets the parameters of the application's own vault.
func (c *composition) ownVault(spec *managedSpec[keyvaultv1beta1.VaultParameters], seen Object, o ownership) (notes []finding.Finding) {
	policy := c.deletionPolicy()
	if policy != v1alpha1.DeletionRetain && c.mayDelete(c.seen[NameKeyVault]) {
		spec.ManagementPolicies = append(spec.ManagementPolicies, xpv1.ManagementActionDelete)
	}

	// Without purge protection the Azure provider purges a vault that it deletes.
	purgeProtection := policy != v1alpha1.DeletionPurge
	if !purgeProtection && seen.bool("status", "atProvider", "purgeProtectionEnabled") {
		purgeProtection = true
		notes = append(notes, finding.New(finding.PurgeProtectionStays))
	}

	notes = append(notes, c.notesOnCluster(c.seen[NameKeyVault], o, policy)...)

	retention := float64(*c.platform.KeyVault.SoftDeleteRetentionDays)
	if n, ok := c.seen.immutableNumber(seen, "softDeleteRetentionDays"); ok {
		retention = float64(n)
	}
	spec.ForProvider = keyvaultv1beta1.VaultParameters{
		// Azure cannot move a vault. A retained vault that is found again keeps its
		// location, too.
		Location:                   new(c.seen.immutable(seen, "location", c.platform.Location)),
		ResourceGroupName:          new(c.seen.immutable(seen, "resourceGroupName", c.platform.ResourceGroupName)),
		SoftDeleteRetentionDays:    &retention,
		TenantID:                   new(c.seen.immutable(seen, "tenantId", c.tenantID())),
		SkuName:                    new(c.sku(seen)),
		RbacAuthorizationEnabled:   new(true),
		PurgeProtectionEnabled:     &purgeProtection,
		PublicNetworkAccessEnabled: c.publicNetworkAccess(seen),
	}

	return notes
}

func (c *composition) deletionPolicy() v1alpha1.DeletionPolicy {
	return v1alpha1.DeletionPolicy(cmp.Or(string(c.keyVaultSpec().DeletionPolicy), c.platform.KeyVault.DeletionPolicy))
}

// adoptedResourceGroup returns the resource group of an assigned vault. Where the assignment names none,
// the vault stays in the group in which it was found: another group of the platform is for new vaults.
func (c *composition) adoptedResourceGroup() string {
	a, _ := settings.Assigned(&c.platform, c.keyVaultSpec().Name, c.app.Namespace, c.app.Name)
	return cmp.Or(a.ResourceGroupName, c.seen.immutable(c.seen[NameKeyVault], "resourceGroupName", c.platform.ResourceGroupName))
}

// sku returns the SKU of the application's own vault. A premium vault stays premium unless the manifest
// says otherwise: its keys may be in hardware.
func (c *composition) sku(seen Object) string {
	have := ""
	if c.seen.immutable(seen, "skuName", "") == skuPremium {
		have = skuPremium
	}

	return cmp.Or(c.keyVaultSpec().SKU, have, c.platform.KeyVault.SKU)
}

// keyVaultSpec returns spec.keyVault. It is empty if it is not set.
func (c *composition) keyVaultSpec() v1alpha1.KeyVault {
	return ptr.Deref(c.app.Spec.KeyVault, v1alpha1.KeyVault{})
}

func portalURL(cloud, tenantID, resourceID string) string {
	if resourceID == "" {
		return ""
	}
	host := map[string]string{
		settings.CloudAzureUSGovernment: "portal.azure.us",
		settings.CloudAzureChina:        "portal.azure.cn",
	}[cloud]

	return fmt.Sprintf("https://%s/#@%s/resource%s/secrets", cmp.Or(host, "portal.azure.com"), tenantID, resourceID)
}

func keyVaultReady(v vault) Condition {
	c := Condition{Type: TypeKeyVaultReady, Status: False, Reason: ReasonCreating}
	problem := v.ownership.problem(v.observed)
	notes := v.notes
	switch notReady := v.observed.failed(conditionReady); {
	case v.ownership == foreign:
		c.Reason = ReasonOwnedByAnother
		c = c.with(ownedByAnother("vault", v.name, v.owner, v.cluster, v.observed))
	case v.withdrawn:
		c.Reason = ReasonVaultWithdrawn
		c = c.with(finding.New(finding.VaultWithdrawn, finding.With{"vault": v.name}))
	case v.uri == "" && problem.reported:
		c.Reason = ReasonAzureRefused
		c = c.with(finding.New(finding.VaultRefused, finding.With{"vault": v.name, "problem": problem}))
	case v.awaitsOwner:
		c = c.with(finding.New(finding.MemberWaits, finding.With{"what": "vault", "name": v.name})).because(v.observed.problem())
	case v.uri == "" && v.adopted:
		c = c.with(finding.New(finding.VaultLookedUp, finding.With{"vault": v.name}))
	case v.uri == "":
		c = c.with(finding.New(finding.VaultCreating, finding.With{"vault": v.name}))
	case v.adopted && usesAccessPolicies(v.observed):
		c.Reason = ReasonAccessPoliciesUsed
		c = c.with(finding.New(finding.VaultUsesAccessPolicies, finding.With{"vault": v.name}))
	case notReady.reported:
		c = c.with(finding.New(finding.VaultNotReady, finding.With{"vault": v.name, "problem": cmp.Or(problem, notReady)}))
	case v.unreachable():
		c = v.endpoint.inCondition(c, v.name)
	default:
		c.Status, c.Reason = True, ReasonAvailable
		c = c.with(finding.New(finding.VaultAvailable, finding.With{"uri": v.uri}))
		if problem.reported {
			notes = append(notes, finding.New(finding.VaultChangeRefused, finding.With{"problem": problem}))
		}
	}
	notes = append(notes, v.networkNotes()...)
	if len(notes) > 0 {
		c = c.with(finding.New(finding.Notes, finding.With{"notes": finding.All("; ", notes)}))
	}

	return c
}

// usesAccessPolicies reports whether Azure reports access policies for a vault.
func usesAccessPolicies(o Object) bool {
	enabled, ok := o.object("status", "atProvider")["rbacAuthorizationEnabled"].(bool)
	return ok && !enabled
}
