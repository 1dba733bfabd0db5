// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	managedidentityv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/p6m-dev/platform-application/fn/azurename"
)

// tokenAudience is what Entra ID wants a Kubernetes token to be made for.
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
const tokenAudience = "api://AzureADTokenExchange"

// An identity is what is known of the application's workload identity.
type identity struct {
	name string
	// id, clientID and principalID are empty until Azure has the identity.
	id, clientID, principalID string
	serviceAccount            string
	observed                  Object
	ownership                 ownership
	// owner is what the tags of the identity have to say.
	owner string
}

func (c *composition) identity() identity {
	seen := c.seen[NameIdentity]
	ownership := c.ownership(seen)
	known := ownership.readable(seen)
	i := identity{
		name:           first(seen.str("spec", "forProvider", "name"), c.names.Identity()),
		id:             known.str("status", "atProvider", "id"),
		clientID:       known.str("status", "atProvider", "clientId"),
		principalID:    known.str("status", "atProvider", "principalId"),
		serviceAccount: c.app.Name,
		observed:       seen,
		ownership:      ownership,
		owner:          c.owner(seen),
	}

	if c.createsElsewhere(NameIdentity) {
		c.keep(NameIdentity)
		return i
	}

	group := known.fixed("resourceGroupName", c.platform.ResourceGroupName)

	object := newManaged(c, managedidentityv1beta1.UserAssignedIdentity_GroupVersionKind, c.app.Name, managedidentityv1beta1.UserAssignedIdentityParameters{
		Name:              &i.name,
		Location:          new(known.fixed("location", c.platform.Location)),
		ResourceGroupName: &group,
		Tags:              c.tags(seen),
	})
	object.Spec.ManagedResourceSpec = c.azureSpec(xpv1.ManagementActionDelete)
	object.Spec.ManagementPolicies = ownership.policies(object.Spec.ManagementPolicies)
	id := azurename.IdentityID(c.platform.SubscriptionID, group, i.name)
	if known.inAzure() || !isAsked(seen) {
		object.Annotations = externalID(seen, id)
	} else {
		// Azure does not have it, and may be asked for it elsewhere now.
		object.Annotations = externalID(nil, id)
	}
	c.wantOf(ownership, NameIdentity, object)
	return i
}

// isAsked tells whether the external name of an identity is the id that it has where it is asked for.
func isAsked(seen Object) bool {
	name := seen.str("metadata", "annotations", annotationExternalName)
	return strings.EqualFold(name, azurename.IdentityID(subscription(name), seen.str("spec", "forProvider", "resourceGroupName"), seen.str("spec", "forProvider", "name")))
}

// federatedCredential makes Entra ID accept tokens of the application's service
// account for its identity. It returns what is observed of it.
func (c *composition) federatedCredential(i identity) Object {
	seen := c.seen[NameFederatedCredential]
	if i.id == "" {
		c.keep(NameFederatedCredential)
		return seen
	}

	if parent := seen.fixed("parentId", i.id); !strings.EqualFold(parent, i.id) {
		// The identity was made anew in another resource group. Azure does not move a
		// credential: it goes now, and its successor comes when it is gone.
		c.waiting = true
		return nil
	}

	object := newManaged(c, managedidentityv1beta1.FederatedIdentityCredential_GroupVersionKind, c.app.Name, managedidentityv1beta1.FederatedIdentityCredentialParameters{
		Audience: []*string{new(tokenAudience)},
		// Entra ID compares the issuer to the letter, a trailing slash included.
		Issuer:            &c.platform.OIDCIssuerURL,
		Subject:           new("system:serviceaccount:" + c.app.Namespace + ":" + i.serviceAccount),
		ParentID:          new(seen.fixed("parentId", i.id)),
		ResourceGroupName: new(seen.fixed("resourceGroupName", first(resourceGroup(i.id), c.platform.ResourceGroupName))),
	})
	object.Spec.ManagedResourceSpec = c.azureSpec(xpv1.ManagementActionDelete)
	object.Annotations = map[string]string{
		annotationExternalName: first(seen.str("metadata", "annotations", annotationExternalName), c.names.Credential()),
	}
	c.want(NameFederatedCredential, object)
	return seen
}

// serviceAccount is what the pods run as. It exists at once; the identity's
// client id follows.
func (c *composition) serviceAccount(i identity) {
	seen := c.seen[NameServiceAccount]
	annotations := map[string]string{
		annotationTenantID: c.platform.TenantID,
	}
	_, recorded, _ := strings.Cut(c.podIdentity(), "/")
	if id := first(i.clientID, seen.str("metadata", "annotations", annotationClientID), recorded); id != "" {
		annotations[annotationClientID] = id
	}
	object := corev1ac.ServiceAccount(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithAnnotations(annotations)
	c.want(NameServiceAccount, object)
}

// runsAs is the identity that a ServiceAccount gives to pods that are created now, with
// the tenant that it is in. It is empty if it gives none.
func runsAs(serviceAccount Object) string {
	annotations := serviceAccount.object("metadata", "annotations")
	if annotations.str(annotationClientID) == "" {
		return ""
	}
	return strings.ToLower(annotations.str(annotationTenantID) + "/" + annotations.str(annotationClientID))
}

// givesIdentity tells whether pods that are created now get the application's identity:
// its client id is put into a pod when that is created.
func (c *composition) givesIdentity(i identity) bool {
	seen, exists := c.seen[NameServiceAccount]
	return i.clientID != "" && (!exists || runsAs(seen) == runsAs(c.desired[NameServiceAccount].Object))
}

// podIdentity is the one that the pods were created with. Before it was recorded, it was
// that of the ServiceAccount, or what the status says if there is none.
func (c *composition) podIdentity() string {
	seen := c.seen[NameDeployment]
	id := first(seen.str(podAnnotation(annotationPodIdentity)...), seen.str("metadata", "annotations", annotationPodIdentity), runsAs(c.seen[NameServiceAccount]))
	if last := c.app.Status.Identity; id == "" && seen != nil && last != nil && last.ClientID != "" {
		id = strings.ToLower(c.platform.TenantID + "/" + last.ClientID)
	}
	return id
}

// setPodIdentity records the identity of the pods. If it is another one now, for example
// because the identity was deleted in Azure and made anew, the pods are replaced as soon
// as the ServiceAccount gives new ones the new identity. Until then it returns the former.
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
