// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	authorizationv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"

	"github.com/p6m-dev/platform-application/fn/azurename"
)

// A role is one of Azure's built-in roles.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
type role struct{ name, id string }

func secretsUser() role {
	return role{name: "Key Vault Secrets User", id: "4633458b-17de-408a-b874-0445c86b69e6"}
}

func secretsOfficer() role {
	return role{name: "Key Vault Secrets Officer", id: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"}
}

const principalServicePrincipal = "ServicePrincipal"

// principalWait is how long a role assignment may take. For a principal that does not exist the Azure provider tries for
// 30 minutes, and says nothing meanwhile.
const principalWait = 2 * time.Minute

// A grant is a role that a principal shall have on the vault.
type grant struct {
	resource      string // composition resource name
	suffix        string // of the Kubernetes object's name
	principalID   string // empty: not known yet
	principalType string
	role          role
	// source names the field that a person wrote the principal's id in. It is empty for the application's identity.
	source string
}

// access is what is known of the role assignments.
type access struct {
	grants   []grant
	observed map[string]Object
	// replacing names those that are deleted now and created again next.
	replacing []string
	// latest time that is noted anywhere: it is now, or was before now.
	latest time.Time
	// withdrawn is true if nobody is to have a role on the vault by this application.
	withdrawn bool
}

// roleAssignments lets the application read its vault, and officers and the
// platform's secret creator write to it.
func (c *composition) roleAssignments(v vault, i identity) access {
	if v.withdrawn {
		return access{withdrawn: true}
	}
	a := access{grants: c.grants(i), observed: map[string]Object{}, latest: c.latest()}
	for _, g := range a.grants {
		seen, exists := c.seen[g.resource]
		if exists {
			a.observed[g.resource] = seen
		}
		switch {
		case v.id == "" || g.principalID == "":
			c.keep(g.resource)
		case !exists:
			c.want(g.resource, c.roleAssignment(nil, v.id, g))
		case isSame(seen, v.id, g):
			c.want(g.resource, c.sameAssignment(seen, g))
		default:
			// The principal is another one, for example because the identity was
			// deleted in Azure and made anew. An assignment cannot be changed: it
			// goes now, and its successor comes when it is gone.
			a.replacing = append(a.replacing, g.resource)
			c.waiting = true
		}
	}
	return a
}

func (c *composition) grants(i identity) []grant {
	grants := []grant{{
		resource: NameRoleAssignmentApp, suffix: "secrets-user",
		principalID: i.principalID, principalType: principalServicePrincipal, role: secretsUser(),
	}}
	// Azure has one assignment of a role to a principal, so must we.
	granted := map[string]bool{}
	officer := func(objectID, principalType, source string) {
		id := strings.ToLower(objectID)
		if id == "" || granted[id] {
			return
		}
		granted[id] = true
		grants = append(grants, grant{principalID: id, principalType: principalType, role: secretsOfficer(), source: source})
	}
	officer(c.platform.SecretCreatorPrincipalID, principalServicePrincipal, "secretCreatorPrincipalId of the settings of the platform")
	for _, o := range c.platform.KeyVault.Officers {
		officer(o.ObjectID, o.PrincipalType, "keyVault.officers of the settings of the platform")
	}
	for _, o := range c.keyVaultSpec().Officers {
		officer(o.ObjectID, o.PrincipalType, "spec.keyVault.officers of the manifest")
	}

	creator := c.creatorsName(granted)
	for i := range grants[1:] {
		g := &grants[i+1]
		g.resource, g.suffix = PrefixRoleAssignmentOfficer+g.principalID, "officer"
		if g.principalID == creator {
			g.resource, g.suffix = NameRoleAssignmentCreator, "secret-creator"
		}
	}
	return grants
}

// creatorsName returns the principal whose assignment has the resource name of the
// creator's. A principal that becomes the creator, or ceases to be it, keeps the
// assignment that it has: it is the same one in Azure by any name, and would go with
// the name that is given up.
func (c *composition) creatorsName(granted map[string]bool) string {
	holder := strings.ToLower(c.seen[NameRoleAssignmentCreator].str("spec", "forProvider", "principalId"))
	creator := strings.ToLower(c.platform.SecretCreatorPrincipalID)
	_, isOfficer := c.seen[PrefixRoleAssignmentOfficer+creator]
	_, both := c.seen[PrefixRoleAssignmentOfficer+holder]
	switch {
	case holder == creator:
		return creator
	case granted[holder] && !both:
		return holder
	case isOfficer:
		return ""
	}
	return creator
}

// roleAssignment is desired of an assignment, of which nothing is observed yet or
// what it has to stay.
func (c *composition) roleAssignment(seen Object, vaultID string, g grant) *managed[authorizationv1beta1.RoleAssignmentParameters] {
	derived := azurename.RoleAssignment(vaultID, g.principalID, g.role.id)
	name := first(seen.str("spec", "forProvider", "name"), derived)
	// The Kubernetes name tells apart an assignment and its successor.
	object := newManaged(c, authorizationv1beta1.RoleAssignment_GroupVersionKind, fmt.Sprintf("%s-%s-%s", c.app.Name, g.suffix, derived[:8]), authorizationv1beta1.RoleAssignmentParameters{
		Name:               &name,
		PrincipalID:        &g.principalID,
		RoleDefinitionName: &g.role.name,
		Scope:              &vaultID,
	})
	object.Spec.ManagedResourceSpec = c.azureSpec(xpv1.ManagementActionDelete)
	object.Annotations = externalID(seen, azurename.RoleAssignmentID(vaultID, name))
	if g.principalType != "" {
		// Without it a fresh identity, which is not everywhere in Entra ID yet, is
		// refused as PrincipalNotFound.
		object.Spec.ForProvider.PrincipalType = new(g.principalType)
	}
	return object
}

// sameAssignment is desired of an assignment that exists: Azure changes nothing
// about it, so what makes it what it is stays to the letter.
func (c *composition) sameAssignment(seen Object, g grant) *managed[authorizationv1beta1.RoleAssignmentParameters] {
	g.principalID = seen.str("spec", "forProvider", "principalId")
	if seen.inAzure() {
		g.principalType = seen.str("spec", "forProvider", "principalType")
	}

	return c.roleAssignment(seen, seen.str("spec", "forProvider", "scope"), g)
}

// isSame ignores case, which Azure does not keep in ids.
func isSame(seen Object, vaultID string, g grant) bool {
	return strings.EqualFold(seen.str("spec", "forProvider", "scope"), vaultID) &&
		strings.EqualFold(seen.str("spec", "forProvider", "principalId"), g.principalID) &&
		strings.EqualFold(seen.str("spec", "forProvider", "roleDefinitionName"), g.role.name)
}

func (a access) condition() Condition {
	if a.withdrawn {
		return Condition{
			Type: TypeAccessReady, Status: False, Reason: ReasonVaultWithdrawn,
			Message: "The roles on the vault are taken away, because it is no longer assigned to this application. Azure can take 10 minutes to act on it.",
		}
	}
	if len(a.replacing) > 0 {
		return Condition{
			Type: TypeAccessReady, Status: False, Reason: ReasonReplacing,
			Message: "A principal has changed, so role assignments on the vault are made anew: " + strings.Join(a.replacing, ", ") + ". This normally takes a minute.",
		}
	}
	var waiting, ids, doubtful []string
	for _, g := range a.grants {
		o, ok := a.observed[g.resource]
		if ok && o.condition("Ready").status == "True" {
			continue
		}
		if problem := o.problem(); problem != "" {
			return Condition{
				Type: TypeAccessReady, Status: False, Reason: ReasonAzureRefused,
				Message: fmt.Sprintf("Azure did not assign %s on the vault (%s): %s. Your platform team can help.", g.role.name, g.resource, problem),
			}
		}
		waiting = append(waiting, g.resource)
		if g.source == "" || !ok {
			continue
		}
		ids = append(ids, g.principalID+" in "+g.source)
		if since := o.asked(); !since.IsZero() && a.latest.Sub(since) >= principalWait {
			doubtful = append(doubtful, ids[len(ids)-1])
		}
	}
	if len(doubtful) > 0 {
		return Condition{
			Type: TypeAccessReady, Status: False, Reason: ReasonAzureRefused,
			Message: "Azure has not assigned roles on the vault for more than 2 minutes. These object ids may be wrong, or in another tenant: " +
				some(doubtful, "; ") + ". Correct them. If they are right, the roles are assigned within 30 minutes.",
		}
	}
	if len(waiting) == 0 {
		return Condition{
			Type: TypeAccessReady, Status: True, Reason: ReasonAvailable,
			Message: "All roles on the vault are assigned. After a change Azure can take 10 minutes to act on them.",
		}
	}
	slices.Sort(waiting)
	c := Condition{
		Type: TypeAccessReady, Status: False, Reason: ReasonCreating,
		Message: "Roles on the vault are being assigned: " + strings.Join(waiting, ", ") + ". This normally takes 2 minutes after the vault and the identity exist; then Azure can take 10 minutes to act on them. Nothing to do but wait.",
	}
	if len(ids) > 0 {
		c.Message += " If it takes longer, these object ids may be wrong: " + some(ids, "; ") + "."
	}
	return c
}

// resourceGroup returns the resource group of an Azure resource id.
func resourceGroup(id string) string {
	segments := strings.Split(id, "/")
	for i, s := range segments {
		if strings.EqualFold(s, "resourceGroups") && i+1 < len(segments) {
			return segments[i+1]
		}
	}
	return ""
}
