// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/utils/ptr"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// tagCluster names the cluster that owns a vault or an identity. Only this cluster changes the
// object. The desired tag of the managed resource records the owner: a lost setting must not
// change an object of another cluster.
const tagCluster = azurename.TagCluster

// sharing returns the role of this cluster among those with the same clusterName.
func (c *composition) sharing() inputv1alpha1.ClusterSharing {
	return ptr.Deref(c.platform.ClusterSharing, inputv1alpha1.ClusterSharing{})
}

// isMember reports whether this cluster only uses what its peers own.
func (c *composition) isMember() bool { return c.sharing().Role == settings.RoleMember }

// isSoleOwner reports whether no other cluster uses the vaults and identities.
func (c *composition) isSoleOwner() bool { return c.sharing().Role == settings.RoleSoleOwner }

// isPeer reports whether the settings list a cluster.
func (c *composition) isPeer(cluster string) bool {
	return settings.IsPeer(c.platform.ClusterSharing, cluster)
}

// ownCluster returns the tag of this cluster.
func (c *composition) ownCluster() string { return azurename.IssuerTag(c.platform.OIDCIssuerURL) }

// clustersShare reports whether other clusters may use a vault or an identity.
func (c *composition) clustersShare(seen Object) bool {
	return c.platform.ClusterName != "" || recordedCluster(seen) != ""
}

// recordedCluster returns the owner that was last decided for an object.
func recordedCluster(seen Object) string { return seen.str("spec", "forProvider", "tags", tagCluster) }

// observedCluster returns the owner that the tags in Azure name, or false if they contradict
// each other.
func observedCluster(seen Object) (cluster string, ok bool) {
	for k, v := range seen.object("status", "atProvider", "tags") {
		if !strings.EqualFold(k, tagCluster) {
			continue
		}
		s, isString := v.(string)
		if !isString || cluster != "" && s != cluster {
			return "", false
		}
		cluster = s
	}

	return cluster, true
}

// cluster returns the cluster that owns an object. It is empty if it is unknown.
func (c *composition) cluster(seen Object) string {
	own := c.ownCluster()
	observed, ok := observedCluster(seen)
	recorded := recordedCluster(seen)
	switch {
	case !ok && !seen.established():
		return ""
	case observed != "" && observed != own:
		return observed
	case recorded == own && seen.established():
		return own
	case recorded != "" && recorded != own:
		// The provider of this cluster may have reverted the tag before it was held.
		return recorded
	case observed == "" && azurename.IsIssuer(c.platform.ClusterName) && c.isNamedByCluster(seen):
		// A cluster without clusterName has made the name of its issuer, and sets no tag.
		return azurename.IssuerTag(c.platform.ClusterName)
	case observed != "", seen.established(), isCreatedUnproven(seen):
		return own
	}

	return ""
}

// isNamedByCluster reports whether the name of a vault or an identity is made of clusterName.
func (c *composition) isNamedByCluster(seen Object) bool {
	name := cmp.Or(seen.str("spec", "forProvider", "name"), seen.str("metadata", "annotations", annotationExternalName))
	return name == c.names.Vault() || name == c.names.Identity()
}

// inCluster returns the ownership of an object that belongs to the application in one of the
// clusters. An object that is in use stays in use, whatever the settings are.
func (c *composition) inCluster(seen Object) ownership {
	if !c.clustersShare(seen) {
		return owned
	}
	owner := c.cluster(seen)
	observed, _ := observedCluster(seen)
	switch {
	case owner == c.ownCluster() && c.isMember() && observed != "":
		// A member yields what it owns, once the tag says whose it is.
		return joined
	case owner == c.ownCluster():
		return owned
	case c.isPeer(owner) && !c.isMember():
		return owned
	case c.isPeer(owner), seen.established(), isJoined(seen, c.ownCluster()):
		return joined
	}

	return foreign
}

// isJoined reports whether this cluster has used the object of another one, which may have handed it
// on since.
func isJoined(seen Object, own string) bool {
	recorded := recordedCluster(seen)
	return recorded != "" && recorded != own
}

// createsInCluster reports whether this cluster may create a vault or an identity.
func (c *composition) createsInCluster(seen Object) bool {
	recorded := recordedCluster(seen)
	return !c.isMember() && (recorded == "" || recorded == c.ownCluster() || c.isPeer(recorded))
}

// clusterTag returns the desired tag of an object.
func (c *composition) clusterTag(seen Object, o ownership) string {
	switch o {
	case owned, absent:
		return c.ownCluster()
	case joined:
		return cmp.Or(c.cluster(seen), recordedCluster(seen), c.ownCluster())
	default:
		return cmp.Or(recordedCluster(seen), c.ownCluster())
	}
}

// otherCluster returns the cluster that owns an object, if that is not this one and the other
// tags are those of the application.
func (c *composition) otherCluster(seen Object) string {
	if cluster := c.cluster(seen); c.clustersShare(seen) && cluster != c.ownCluster() && c.isProven(seen) {
		return cluster
	}

	return ""
}

// mayDelete reports whether the provider may delete an object in Azure.
func (c *composition) mayDelete(seen Object) bool { return !c.clustersShare(seen) || c.isSoleOwner() }

// notesOnCluster returns notes about a vault that several clusters may use.
func (c *composition) notesOnCluster(seen Object, o ownership, policy v1alpha1.DeletionPolicy) (notes []finding.Finding) {
	if o == joined {
		if cluster := c.cluster(seen); cluster != c.ownCluster() {
			return append(notes, finding.New(finding.UsedFromCluster, finding.With{"cluster": cut(cluster)}))
		}

		return append(notes, finding.New(finding.NotChangedByMember))
	}
	if policy != v1alpha1.DeletionRetain && !c.mayDelete(seen) {
		notes = append(notes, finding.New(finding.DeletionWithheld, finding.With{"policy": policy}))
	}

	return notes
}

// sharesAccess reports whether other clusters may need a role assignment. Its name in Azure is
// the same in all clusters. It has no tags, so its policies record the decision.
func (c *composition) sharesAccess(assignment Object) bool {
	return c.clustersShare(c.seen[NameKeyVault]) || c.clustersShare(c.seen[NameIdentity]) || assignment != nil && !assignment.allows(xpv1.ManagementActionDelete)
}

// assignmentPolicies returns the management policies of a role assignment. Only the owner of
// vault and identity changes it.
func (c *composition) assignmentPolicies(seen Object, readOnly bool, own xpv1.ManagementPolicies) xpv1.ManagementPolicies {
	switch {
	case readOnly:
		return xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	case !c.sharesAccess(seen) || c.isSoleOwner():
		return append(own, xpv1.ManagementActionDelete)
	}

	return own
}

// keepAssignment keeps a role assignment, with the policies of the present settings.
func (c *composition) keepAssignment(name string, readOnly bool) {
	if seen := c.seen[name]; c.keep(name) && c.sharesAccess(seen) {
		setPolicies(c.desired[name].Object, c.assignmentPolicies(seen, readOnly, c.azureSpec().ManagementPolicies)...)
	}
}

// isReadOnly reports whether this cluster changes nothing about the vault and its access. Access to a
// vault or for an identity of another owner is that owner's.
func (c *composition) isReadOnly(v vault, i identity) bool {
	shared := c.clustersShare(c.seen[NameKeyVault]) || c.clustersShare(c.seen[NameIdentity])
	return c.isMember() || shared && (!v.ownership.changeable() || !i.ownership.changeable())
}

// changesVault reports whether this cluster may change what belongs to the vault itself, such as
// its logs.
func (c *composition) changesVault(v vault) bool {
	return !c.clustersShare(c.seen[NameKeyVault]) || v.ownership == owned && !c.isMember()
}

// revokeUnlisted handles observed role assignments that are not desired any more, on the vault
// and on shared secrets. Those that stay in Azure, because another cluster may need them, are
// listed as kept.
func (c *composition) revokeUnlisted(a *access) {
	for name, seen := range c.seen {
		_, isDesired := c.desired[name]
		if isDesired || !isRoleAssignment(name) || slices.Contains(a.replacing, name) || !c.sharesAccess(seen) {
			continue
		}
		switch {
		case a.withdrawn && !strings.HasPrefix(name, PrefixRoleAssignmentShared):
			// The vault is assigned to the application, and belongs to no cluster.
			c.release(name, !c.isMember())
		case a.readOnly:
			// The owner revokes it.
			c.release(name, false)
		case c.isSoleOwner():
			c.release(name, true)
		default:
			c.keep(name)
			setPolicies(c.desired[name].Object, xpv1.ManagementActionObserve)
			// Nothing waits for it. The platform may have deleted it in Azure.
			c.setReady(name, true)
			if !seen.observeFailed() {
				a.kept = append(a.kept, name)
			}
		}
	}
	slices.Sort(a.kept)
}
