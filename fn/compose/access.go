// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	authorizationv1beta1 "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"

	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
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

// principalWait is the time after which a principal without its role is doubtful. If the
// principal does not exist, the Azure provider retries for 30 minutes without an error.
const principalWait = 2 * time.Minute

// A grant is a role assignment to compose: a role of a principal on the vault, or on a shared
// secret.
type grant struct {
	resource      string // composition resource name
	suffix        string // of the Kubernetes object's name
	name          string // of the Kubernetes object, if it is not made of the suffix
	principalID   string // empty while unknown
	principalType string
	role          role
	scope         string // empty while unknown
	// shared is the entry of a shared secret.
	shared string
	// source is the field with the principal's id. It is empty for the application's identity.
	source finding.Reason
}

// ofPlatform reports whether the principal is in the settings. The platform can grant its role on
// a wider scope.
func (g grant) ofPlatform() bool {
	return g.source == finding.SourceSecretCreator || g.source == finding.SourcePlatformOfficers
}

// access is the state of the role assignments.
type access struct {
	grants   []grant
	observed map[string]Object
	// replacing lists the assignments that are deleted now and created in a later call.
	replacing []string
	// latest time in any observed object. The current time is the same or later.
	latest time.Time
	// readOnly is true if another cluster assigns the roles.
	readOnly bool
	// kept lists assignments that are not granted any more and are not revoked.
	kept []string
	// withdrawn is true if the vault is no longer assigned to the application.
	withdrawn bool
	// unproven is true if the vault or the identity is not known to be the application's.
	unproven bool
}

// roleAssignments composes the roles of the application, which reads its vault, and of the
// officers and the secret creator, which write to it.
func (c *composition) roleAssignments(v vault, i identity) access {
	a := access{
		observed: map[string]Object{}, latest: c.latest(), readOnly: c.isReadOnly(v, i), withdrawn: v.withdrawn,
		unproven: v.ownership == foreign || i.ownership == foreign,
	}
	if v.withdrawn {
		return a
	}
	for _, g := range c.grants(v, i) {
		if !c.isGranted(g, v) {
			c.assign(&a, g)
		}
	}

	return a
}

// assign composes a role assignment. An assignment that exists is kept if it matches the grant,
// and replaced otherwise.
func (c *composition) assign(a *access, g grant) {
	a.grants = append(a.grants, g)
	seen, exists := c.seen[g.resource]
	if exists {
		a.observed[g.resource] = seen
	}
	switch {
	case g.scope == "" || g.principalID == "":
		c.keepAssignment(g.resource, a.readOnly)
	case !exists || isSame(seen, g):
		c.want(g.resource, c.roleAssignment(seen, g, a.readOnly))
	default:
		c.replace(a, g.resource)
	}
}

// grants returns the roles on the application's vault.
func (c *composition) grants(v vault, i identity) []grant {
	grants := []grant{{
		resource: NameRoleAssignmentApp, suffix: "secrets-user",
		principalID: i.principalID, principalType: principalServicePrincipal, role: secretsUser(), scope: v.id,
	}}
	// Azure allows one assignment of a role to a principal.
	granted := map[string]bool{}
	officer := func(objectID, principalType string, source finding.Reason) {
		id := strings.ToLower(objectID)
		if id == "" || granted[id] {
			return
		}
		granted[id] = true
		grants = append(grants, grant{principalID: id, principalType: principalType, role: secretsOfficer(), scope: v.id, source: source})
	}
	officer(c.platform.SecretCreatorPrincipalID, principalServicePrincipal, finding.SourceSecretCreator)
	for _, o := range c.platform.KeyVault.Officers {
		officer(o.ObjectID, o.PrincipalType, finding.SourcePlatformOfficers)
	}
	for _, o := range c.keyVaultSpec().Officers {
		officer(o.ObjectID, o.PrincipalType, finding.SourceOfficers)
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
// creator. A principal that becomes the creator, or stops being it, keeps the resource
// name of its assignment: under a new name, Crossplane would delete the assignment in
// Azure together with the old name.
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

// roleAssignment returns the desired assignment. Azure cannot change one, so the observed values
// of an assignment that exists stay exactly as they are.
func (c *composition) roleAssignment(seen Object, g grant, readOnly bool) *managed[authorizationv1beta1.RoleAssignmentParameters] {
	if seen != nil {
		g.scope, g.principalID = seen.str("spec", "forProvider", "scope"), seen.str("spec", "forProvider", "principalId")
	}
	if seen.inAzure() {
		g.principalType = seen.str("spec", "forProvider", "principalType")
	}
	derived := azurename.RoleAssignment(g.scope, g.principalID, g.role.id)
	name := cmp.Or(seen.str("spec", "forProvider", "name"), derived)
	// The Kubernetes name tells apart an assignment and its successor.
	objectName := cmp.Or(g.name, fmt.Sprintf("%s-%s-%s", c.app.Name, g.suffix, derived[:8]))
	object := newManaged(c, authorizationv1beta1.RoleAssignment_GroupVersionKind, objectName, authorizationv1beta1.RoleAssignmentParameters{
		Name:               &name,
		PrincipalID:        &g.principalID,
		RoleDefinitionName: &g.role.name,
		Scope:              &g.scope,
	})
	object.Spec.ManagedResourceSpec = c.azureSpec()
	object.Spec.ManagementPolicies = c.assignmentPolicies(seen, readOnly, object.Spec.ManagementPolicies)
	object.Annotations = externalID(seen, azurename.RoleAssignmentID(g.scope, name))
	if g.shared != "" {
		object.Labels[LabelSharedSecrets] = g.shared
	}
	if g.principalType != "" {
		// Without a type, Azure rejects a new identity as PrincipalNotFound until Entra
		// ID has replicated it.
		object.Spec.ForProvider.PrincipalType = new(g.principalType)
	}

	return object
}

// isSame reports whether an assignment matches a grant. Azure does not preserve case in ids.
func isSame(seen Object, g grant) bool {
	return strings.EqualFold(seen.str("spec", "forProvider", "scope"), g.scope) &&
		strings.EqualFold(seen.str("spec", "forProvider", "principalId"), g.principalID) &&
		strings.EqualFold(seen.str("spec", "forProvider", "roleDefinitionName"), g.role.name)
}

func (a access) condition() Condition {
	if a.withdrawn {
		c := Condition{Type: TypeAccessReady, Status: False, Reason: ReasonVaultWithdrawn}
		if a.readOnly {
			return c.with(finding.New(finding.RolesLeftToOwner))
		}

		return c.with(finding.New(finding.RolesRevoked))
	}

	return a.conditionOfGrants().with(rolesNotRevoked(a.kept)...)
}

// rolesNotRevoked returns the note on assignments that stay in Azure.
func rolesNotRevoked(kept []string) []finding.Finding {
	if len(kept) == 0 {
		return nil
	}

	return []finding.Finding{finding.New(finding.RolesNotRevoked, finding.With{"assignments": finding.Some(", ", kept)})}
}

// conditionOfGrants returns the condition without assignments that are not granted any more.
func (a access) conditionOfGrants() Condition {
	c := Condition{Type: TypeAccessReady, Status: False}
	if len(a.replacing) > 0 {
		c.Reason = ReasonReplacing
		return c.with(finding.New(finding.RolesReplacing, finding.With{"assignments": finding.All(", ", a.replacing)}))
	}
	var waiting []string
	ofPlatform := false
	var principals, doubtful []finding.Finding
	for _, g := range a.grants {
		o, ok := a.observed[g.resource]
		if ok && o.condition(conditionReady).status == "True" {
			continue
		}
		if problem := a.problem(o); problem.reported {
			c.Reason = ReasonAzureRefused
			return c.with(finding.New(finding.RoleRefused, finding.With{"role": g.role.name, "assignment": g.resource, "problem": problem}))
		}
		waiting = append(waiting, g.resource)
		ofPlatform = ofPlatform || g.ofPlatform()
		if g.source == "" || !ok {
			continue
		}
		principal := finding.New(finding.PrincipalIn, finding.With{"principal": g.principalID, "source": finding.New(g.source)})
		principals = append(principals, principal)
		if since := o.requestedSince(); !since.IsZero() && a.latest.Sub(since) >= principalWait {
			doubtful = append(doubtful, principal)
		}
	}
	if len(doubtful) > 0 {
		c.Reason = ReasonAzureRefused
		return c.with(finding.New(finding.PrincipalsDoubtful, finding.With{"principals": finding.Some("; ", doubtful)}))
	}
	if len(waiting) == 0 {
		c.Status, c.Reason = True, ReasonAvailable
		return c.with(finding.New(finding.RolesAvailable))
	}

	return a.creating(waiting, ofPlatform, principals)
}

// creating returns the condition while assignments are missing.
func (a access) creating(waiting []string, ofPlatform bool, principals []finding.Finding) Condition {
	slices.Sort(waiting)
	c := Condition{Type: TypeAccessReady, Status: False, Reason: ReasonCreating}
	missing := finding.With{"assignments": finding.All(", ", waiting)}
	switch {
	case a.unproven:
		return c.with(finding.New(finding.RolesAwaitProof, missing))
	case a.readOnly:
		c = c.with(finding.New(finding.RolesAwaitOwner, missing))
		if ofPlatform {
			c = c.with(finding.New(finding.RolesMayBeGranted))
		}

		return c.because(a.observed[waiting[0]].problem())
	}
	c = c.with(finding.New(finding.RolesCreating, missing))
	if len(principals) > 0 {
		c = c.with(finding.New(finding.PrincipalsInDoubt, finding.With{"principals": finding.Some("; ", principals)}))
	}

	return c
}

// problem returns the error of an assignment. An assignment that another cluster has not made
// yet is not an error.
func (a access) problem(o Object) problem {
	if a.readOnly && o.observeFailed() {
		return problem{}
	}

	return o.problem()
}

// replace deletes an assignment now, and its successor is created afterwards: an assignment is
// immutable, and its principal has changed, for example because the identity was deleted and
// recreated in Azure.
func (c *composition) replace(a *access, name string) {
	a.replacing = append(a.replacing, name)
	c.release(name, !a.readOnly && (!c.sharesAccess(c.seen[name]) || c.isSoleOwner()))
}
