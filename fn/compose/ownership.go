// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Tags in Azure that name the owner of a vault or an identity.
const (
	tagApplication = azurename.TagApplication
	tagNamespace   = azurename.TagNamespace
	tagTenant      = azurename.TagTenant
)

// An ownership is the relation of an object in Azure to the application. A name proves
// nothing: a tenant that takes over the namespace of another tenant gets the same vault
// names. The provider overwrites tags before this function sees them, so it must not update
// an object until the observed tags have proven the ownership.
type ownership int

const (
	// owned: the object belongs to the application, or the platform requires no proof.
	owned ownership = iota
	// unseen: the provider has not looked for an object of that name yet.
	unseen
	// absent: the provider has found no object and may create one. That is safe even if
	// the provider was wrong: it looks again before it creates, and does not change an
	// object that it finds.
	absent
	// foreign: the object exists, and its tags name another owner or none.
	foreign
	// joined: the object belongs to the application, and another cluster changes it.
	joined
)

// ownership returns the ownership of the vault or identity behind a managed resource.
func (c *composition) ownership(seen Object) ownership {
	switch {
	case seen.established(), !c.needsProof(seen):
		return c.inCluster(seen)
	case seen.reported() && (c.isProven(seen) || isCreatedUnproven(seen) && c.lacksProof(seen)):
		return c.inCluster(seen)
	case seen.reported():
		return foreign
	case !c.createsInCluster(seen):
		return unseen
	case seen.observeFailed(), seen.held() && seen.allows(xpv1.ManagementActionCreate):
		return absent
	}

	return unseen
}

// isCreatedUnproven reports whether this object has created a vault or an identity when no owner had to
// be proven. The settings can require the proof before the function sees what was created, which then
// has no tags that prove it.
func isCreatedUnproven(seen Object) bool {
	return seen.held() && seen.onlyLooked() && recordedCluster(seen) == "" && seen.created()
}

// isRequestedUnproven reports whether the provider is about to create a vault or an identity when no
// owner had to be proven: it has found none, and has not recorded yet whether Azure accepts the request.
// That proves nothing. An outcome does, see isCreatedUnproven.
func isRequestedUnproven(seen Object) bool {
	return seen.onlyLooked() && recordedCluster(seen) == "" && meta.ExternalCreateIncomplete(&unstructured.Unstructured{Object: seen})
}

// awaitsCreation reports whether such a vault or identity is being created. It must not get the tags of
// a proof that the one in Azure lacks.
func (c *composition) awaitsCreation(seen Object) bool {
	return (isCreatedUnproven(seen) || isRequestedUnproven(seen)) && seen.str("status", "atProvider", "id") == "" && (c.app.Tenant != "" || c.clustersShare(seen))
}

// keepRequest keeps a vault or an identity that is being created. The provider may not change one that it
// finds instead.
func (c *composition) keepRequest(name string) {
	c.keep(name)
	setPolicies(c.desired[name].Object, absent.policies(nil)...)
	c.waiting = true
}

// lacksProof reports whether the observed tags name the application, and no tenant or cluster.
func (c *composition) lacksProof(seen Object) bool {
	for k := range seen.object("status", "atProvider", "tags") {
		if strings.EqualFold(k, tagTenant) || strings.EqualFold(k, tagCluster) {
			return false
		}
	}

	return hasTags(seen, map[string]string{tagApplication: c.app.Name, tagNamespace: c.app.Namespace})
}

// needsProof reports whether tags must prove the owner of an object. That stays so for an object
// that is held for this reason, even if the settings do not require it any more.
func (c *composition) needsProof(seen Object) bool {
	return c.app.Tenant != "" || c.clustersShare(seen) || seen.held() && !seen.onlyLooked()
}

// isProven reports whether the observed tags are the application's.
func (c *composition) isProven(seen Object) bool { return hasTags(seen, c.ownTags(seen)) }

// hasTags reports whether the observed tags include those that are wanted.
func hasTags(seen Object, wanted map[string]string) bool {
	tags := seen.object("status", "atProvider", "tags")
	for name, want := range wanted {
		found := false
		for k, v := range tags {
			// Azure ignores case in names of tags.
			if !strings.EqualFold(k, name) {
				continue
			}
			if v != want {
				return false
			}
			found = true
		}
		if !found {
			return false
		}
	}

	return true
}

// policies returns the management policies of an object. Owned objects get the argument.
func (o ownership) policies(own xpv1.ManagementPolicies) xpv1.ManagementPolicies {
	switch o {
	case owned:
		return own
	case absent:
		return xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionCreate}
	default:
		return xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	}
}

// usable reports whether the application may use the object.
func (o ownership) usable() bool { return o == owned || o == joined }

// changeable reports whether this cluster may change the object, or create it.
func (o ownership) changeable() bool { return o == owned || o == absent }

// readable returns the part of a managed resource that the application may use. If the
// object is not owned, that is its conditions, without any other data from Azure.
func (o ownership) readable(seen Object) Object {
	if o.usable() || seen == nil {
		return seen
	}
	out := maps.Clone(seen)
	out["status"] = map[string]any{"conditions": seen.list("status", "conditions")}

	return out
}

// problem returns the error that the provider reports. An object that the provider has not
// found is not an error, because the provider can create it.
func (o ownership) problem(seen Object) problem {
	switch {
	case o.usable(), o == absent && seen.allows(xpv1.ManagementActionCreate) && seen.observeFailed():
		return seen.problem()
	case o == absent && seen.allows(xpv1.ManagementActionCreate):
		return seen.failed(conditionLastOperation)
	}

	return problem{}
}

// tags returns the tags of a vault or identity. They name its owner, for Azure
// administrators and as the proof of ownership. The settings have none of these names.
func (c *composition) tags(seen Object, o ownership) map[string]*string {
	tags := map[string]*string{}
	for k, v := range c.platform.Tags {
		tags[k] = new(v)
	}
	for k, v := range c.ownTags(seen) {
		tags[k] = new(v)
	}
	if c.clustersShare(seen) {
		tags[tagCluster] = new(c.clusterTag(seen, o))
	}
	if c.app.LandingZone != "" {
		tags[azurename.TagLandingZone] = new(c.app.LandingZone)
	}
	c.inherit(tags, seen)

	return tags
}

// ownTags returns the tags that name the owner.
func (c *composition) ownTags(seen Object) map[string]string {
	tags := map[string]string{tagApplication: c.app.Name, tagNamespace: c.app.Namespace}
	if tenant := c.tenant(seen); tenant != "" {
		tags[tagTenant] = tenant
	}

	return tags
}

// tenant returns the tenant that owns a vault or identity. An established object keeps its
// tenant when the label of the Namespace changes: a label must not transfer a vault.
func (c *composition) tenant(seen Object) string {
	have := seen.str("spec", "forProvider", "tags", tagTenant)
	switch {
	case c.app.Tenant == "" && !seen.held():
		return ""
	case seen.established():
		return cmp.Or(have, c.app.Tenant)
	}

	return cmp.Or(c.app.Tenant, have)
}

// notesOnTenant returns a note if the tenants of Namespace and vault differ.
func (c *composition) notesOnTenant(seen Object) []finding.Finding {
	if tenant := c.tenant(seen); tenant != c.app.Tenant && c.app.Tenant != "" {
		return []finding.Finding{finding.New(finding.VaultOfOtherTenant, finding.With{"vault": tenant, "namespace": c.app.Tenant})}
	}

	return nil
}

// owner returns the tags that prove the ownership, as text.
func (c *composition) owner(seen Object) string {
	owner := "application=" + c.app.Name + ", namespace=" + c.app.Namespace
	if tenant := c.tenant(seen); tenant != "" {
		owner += ", tenant=" + tenant
	}
	if c.clustersShare(seen) {
		// The advice to set the tags must not make this cluster the owner.
		observed, _ := observedCluster(seen)
		owner += ", " + tagCluster + "=" + cmp.Or(observed, recordedCluster(seen), c.ownCluster())
	}

	return owner
}

// ownedByAnother describes an object whose ownership is not proven. A cluster is known if the
// other tags are those of the application.
func ownedByAnother(what, name, owner, cluster string, seen Object) finding.Finding {
	with := finding.With{"what": what, "name": name, "object": seen.str("kind") + "/" + seen.str("metadata", "name")}
	if cluster != "" {
		return finding.New(finding.OwnedByOtherCluster, with, finding.With{"cluster": cut(cluster)})
	}

	return finding.New(finding.OwnedByAnother, with, finding.With{"owner": owner})
}

// established reports whether the provider may change the object.
func (o Object) established() bool {
	return o.inAzure() && o.allows(xpv1.ManagementActionUpdate)
}

// held reports whether the provider must not change the object until its owner is proven.
func (o Object) held() bool {
	return o != nil && !o.allows(xpv1.ManagementActionUpdate)
}

// allows reports whether the provider may perform an action. Without a list it may perform
// all actions.
func (o Object) allows(action xpv1.ManagementAction) bool {
	policies := o.list("spec", "managementPolicies")
	return o != nil && policies == nil || slices.Contains(policies, any(string(action))) || slices.Contains(policies, any(string(xpv1.ManagementActionAll)))
}

// observeFailed reports whether the provider has failed to observe the current generation of
// the object. Providers that record no generation are trusted.
func (o Object) observeFailed() bool {
	generation, _ := o.number("metadata", "generation")
	for c := range o.objects("status", "conditions") {
		if c.str("type") == conditionSynced {
			observed, _ := c.number("observedGeneration")
			return c.str("status") == "False" && (observed == 0 || observed == generation)
		}
	}

	return false
}
