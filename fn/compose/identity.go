// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	managedidentityv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// tokenAudience is the audience that Entra ID requires in Kubernetes tokens.
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
const tokenAudience = "api://AzureADTokenExchange"

// An identity is the state of the application's workload identity.
type identity struct {
	name string
	// id, clientID and principalID are empty until Azure has the identity.
	id, clientID, principalID string
	serviceAccount            string
	observed                  Object
	ownership                 ownership
	// owner lists the tags that prove the ownership.
	owner string
	// cluster that owns the identity, if it is known and another one.
	cluster string
	// awaitsOwner: this cluster does not create the identity.
	awaitsOwner bool
}

func (c *composition) identity() identity {
	seen := c.seen[NameIdentity]
	ownership := c.ownership(seen)
	known := ownership.readable(seen)
	i := identity{
		name:           cmp.Or(seen.str("spec", "forProvider", "name"), c.names.Identity()),
		id:             known.str("status", "atProvider", "id"),
		clientID:       known.str("status", "atProvider", "clientId"),
		principalID:    known.str("status", "atProvider", "principalId"),
		serviceAccount: c.app.Name,
		observed:       seen,
		ownership:      ownership,
		owner:          c.owner(seen),
		cluster:        c.otherCluster(seen),
		awaitsOwner:    ownership == unseen && c.isMember(),
	}

	if c.createsElsewhere(NameIdentity) {
		c.keep(NameIdentity)
		return i
	}
	if c.awaitsCreation(seen) {
		c.keepRequest(NameIdentity)
		return i
	}

	group := c.seen.immutable(known, "resourceGroupName", c.platform.ResourceGroupName)

	object := newManaged(c, managedidentityv1beta1.UserAssignedIdentity_GroupVersionKind, c.app.Name, managedidentityv1beta1.UserAssignedIdentityParameters{
		Name:              &i.name,
		Location:          new(c.seen.immutable(known, "location", c.platform.Location)),
		ResourceGroupName: &group,
		Tags:              c.tags(seen, ownership),
	})
	object.Spec.ManagedResourceSpec = c.azureSpec()
	if c.mayDelete(seen) {
		object.Spec.ManagementPolicies = append(object.Spec.ManagementPolicies, xpv1.ManagementActionDelete)
	}
	object.Spec.ManagementPolicies = ownership.policies(object.Spec.ManagementPolicies)
	id := azurename.IdentityID(c.platform.SubscriptionID, group, i.name)
	if c.seen.exists(known) || !hasDesiredID(seen) {
		object.Annotations = externalID(seen, id)
	} else {
		// Azure does not have the identity, and its subscription or resource group may have changed.
		object.Annotations = externalID(nil, id)
	}
	c.wantOwned(ownership, NameIdentity, object)

	return i
}

// hasDesiredID reports whether the external name is the id of the desired identity.
func hasDesiredID(seen Object) bool {
	name := seen.str("metadata", "annotations", annotationExternalName)
	return strings.EqualFold(name, azurename.IdentityID(subscription(name), seen.str("spec", "forProvider", "resourceGroupName"), seen.str("spec", "forProvider", "name")))
}

// federatedCredential makes Entra ID accept tokens of the application's service
// account for its identity. It returns the observed credential.
func (c *composition) federatedCredential(i identity) Object {
	seen := c.seen[NameFederatedCredential]
	if i.id == "" {
		c.keep(NameFederatedCredential)
		return seen
	}

	if c.isCredentialOfOther(seen) {
		// For example after a restore of the objects of another cluster. That cluster
		// needs the credential, so it stays in Azure, and this cluster gets its own.
		c.release(NameFederatedCredential, false)
		return nil
	}

	if parent := seen.immutable("parentId", i.id); !strings.EqualFold(parent, i.id) {
		// The identity was recreated in another resource group. Azure cannot move a
		// credential: it is deleted now, and its successor is created afterwards.
		c.waiting = true
		return nil
	}

	object := newManaged(c, managedidentityv1beta1.FederatedIdentityCredential_GroupVersionKind, c.app.Name, managedidentityv1beta1.FederatedIdentityCredentialParameters{
		Audience: []*string{new(tokenAudience)},
		// Entra ID compares the issuer exactly, including a trailing slash.
		Issuer:            &c.platform.OIDCIssuerURL,
		Subject:           new("system:serviceaccount:" + c.app.Namespace + ":" + i.serviceAccount),
		ParentID:          new(seen.immutable("parentId", i.id)),
		ResourceGroupName: new(seen.immutable("resourceGroupName", cmp.Or(resourceGroup(i.id), c.platform.ResourceGroupName))),
	})
	object.Spec.ManagedResourceSpec = c.azureSpec(xpv1.ManagementActionDelete)
	object.Annotations = map[string]string{
		annotationExternalName: cmp.Or(seen.str("metadata", "annotations", annotationExternalName), c.names.Credential()),
	}
	c.want(NameFederatedCredential, object)

	return seen
}

// isCredentialOfOther reports whether a credential belongs to another cluster that shares the
// identity.
func (c *composition) isCredentialOfOther(seen Object) bool {
	issuer := seen.str("spec", "forProvider", "issuer")
	return issuer != "" && c.clustersShare(c.seen[NameIdentity]) && azurename.IssuerTag(issuer) != c.ownCluster()
}

// serviceAccount composes the ServiceAccount of the pods immediately, and adds the client id
// when the identity exists.
func (c *composition) serviceAccount(i identity) {
	seen := c.seen[NameServiceAccount]
	annotations := map[string]string{
		annotationTenantID: c.tenantID(),
	}
	_, recorded, _ := strings.Cut(c.podIdentity(), "/")
	if id := cmp.Or(i.clientID, seen.str("metadata", "annotations", annotationClientID), recorded); id != "" {
		annotations[annotationClientID] = id
	}
	object := corev1ac.ServiceAccount(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithAnnotations(annotations)
	c.want(NameServiceAccount, object)
}

// runsAs returns the tenant and client id of new pods of a ServiceAccount. It is empty
// without a client id.
func runsAs(serviceAccount Object) string {
	annotations := serviceAccount.object("metadata", "annotations")
	if annotations.str(annotationClientID) == "" {
		return ""
	}

	return strings.ToLower(annotations.str(annotationTenantID) + "/" + annotations.str(annotationClientID))
}

// givesIdentity reports whether new pods get the application's identity. A webhook writes the
// client id into a pod when the pod is created.
func (c *composition) givesIdentity(i identity) bool {
	seen, exists := c.seen[NameServiceAccount]
	return i.clientID != "" && (!exists || runsAs(seen) == runsAs(c.desired[NameServiceAccount].Object))
}

// podIdentity returns the identity with which the pods were created. If it was not recorded,
// that is the identity of the ServiceAccount, or else of the status.
func (c *composition) podIdentity() string {
	seen := c.seen[NameDeployment]
	id := cmp.Or(seen.str(podAnnotation(annotationPodIdentity)...), seen.str("metadata", "annotations", annotationPodIdentity), runsAs(c.seen[NameServiceAccount]))
	if last := c.app.Status.Identity; id == "" && seen != nil && last != nil && last.ClientID != "" {
		id = strings.ToLower(c.tenantID() + "/" + last.ClientID)
	}

	return id
}

// setPodIdentity records the identity of the pods. If the identity has changed, for
// example because it was deleted and recreated in Azure, the pods are replaced once the
// ServiceAccount has the new identity. Until then setPodIdentity returns the former one.
func (c *composition) setPodIdentity(i identity) (former string) {
	d, ok := c.desired[NameDeployment]
	if !ok {
		return ""
	}
	inPods := c.seen[NameDeployment].str(podAnnotation(annotationPodIdentity)...)
	is := c.podIdentity()
	switch wanted := runsAs(c.desired[NameServiceAccount].Object); {
	case i.clientID == "" || wanted == is:
	case wanted == runsAs(c.seen[NameServiceAccount]):
		is, inPods = wanted, wanted
	default:
		former = is
	}
	if is != "" {
		set(d.Object, is, "metadata", "annotations", annotationPodIdentity)
	}
	if inPods != "" {
		set(d.Object, inPods, podAnnotation(annotationPodIdentity)...)
	}

	return former
}

func identityReady(i identity, credential Object, w workload) Condition {
	c := Condition{Type: TypeIdentityReady, Status: False, Reason: ReasonCreating}
	if i.ownership == foreign {
		c.Reason = ReasonOwnedByAnother
		return c.with(ownedByAnother("identity", i.name, i.owner, i.cluster, i.observed))
	}
	for _, o := range []struct {
		kind    string
		problem problem
	}{
		{i.observed.str("kind"), i.ownership.problem(i.observed)},
		{credential.str("kind"), credential.problem()},
	} {
		if o.problem.reported {
			c.Reason = ReasonAzureRefused
			return c.with(finding.New(finding.IdentityRefused, finding.With{"kind": o.kind, "problem": o.problem}))
		}
	}
	switch {
	case i.awaitsOwner:
		return c.with(finding.New(finding.MemberWaits, finding.With{"what": "identity", "name": i.name})).because(i.observed.problem())
	case i.clientID == "" || i.principalID == "":
		return c.with(finding.New(finding.IdentityCreating, finding.With{"identity": i.name}))
	case w.formerIdentity != "":
		tenant, client, _ := strings.Cut(shorten(w.formerIdentity), "/")
		c.Reason = ReasonReplacing

		return c.with(finding.New(finding.IdentityReplacing, finding.With{
			"identity": i.name, "client": i.clientID, "former": client, "tenant": tenant, "serviceAccount": i.serviceAccount,
		}))
	case credential.condition(conditionReady).status != "True":
		return c.with(finding.New(finding.CredentialCreating, finding.With{"identity": i.name}))
	}
	c.Status, c.Reason = True, ReasonAvailable

	return c.with(finding.New(finding.IdentityAvailable, finding.With{"identity": i.name, "client": i.clientID}))
}
