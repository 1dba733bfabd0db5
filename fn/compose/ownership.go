// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// Tags by which Azure tells whose a vault or an identity is.
const (
	tagApplication = "application"
	tagNamespace   = "namespace"
	tagTenant      = "tenant"
)

// An ownership is what is known of whose an object in Azure is. A name proves
// nothing: whoever gets a namespace that was used before gets the names of its
// vaults. The provider overwrites tags before this function sees them, so it may
// not update an object until the observed tags have proven the ownership.
type ownership int

const (
	// owned: the application's, or the platform does not ask for proof.
	owned ownership = iota
	// unseen: the provider has not looked whether there is an object of that name.
	unseen
	// absent: the provider has looked and has not found one. It may create one.
	// Whatever the provider's reason was, that is safe: it looks again before it
	// creates, and does not change what it finds.
	absent
	// foreign: there is an object, and its tags name another owner or none.
	foreign
)

// ownership of the vault or identity that a managed resource is for.
func (c *composition) ownership(seen Object) ownership {
	switch {
	case seen.established(), c.app.Tenant == "" && !seen.held():
		return owned
	case seen.str("status", "atProvider", "id") != "" && c.isProven(seen):
		return owned
	case seen.str("status", "atProvider", "id") != "":
		return foreign
	case seen.looked(), seen.held() && seen.may(xpv1.ManagementActionCreate):
		return absent
	}
	return unseen
}

// isProven tells whether the observed tags are the application's.
func (c *composition) isProven(seen Object) bool {
	tags := seen.object("status", "atProvider", "tags")
	for name, want := range c.ownTags(seen) {
		found := false
		for k, v := range tags {
			// Azure does not tell upper from lower case in names of tags.
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

// policies are what the provider may do to the object, of what it may do to an own one.
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

// readable returns what may be read of a managed resource: nothing that Azure says,
// unless the object is owned. What the provider says of its own work may be read.
func (o ownership) readable(seen Object) Object {
	if o == owned || seen == nil {
		return seen
	}
	out := maps.Clone(seen)
	out["status"] = map[string]any{"conditions": seen.list("status", "conditions")}
	return out
}

// problem returns what the provider says is wrong. That there is nothing to observe
// yet is no problem.
func (o ownership) problem(seen Object) string {
	switch {
	case o == owned, o == absent && seen.may(xpv1.ManagementActionCreate) && seen.looked():
		return seen.problem()
	case o == absent && seen.may(xpv1.ManagementActionCreate):
		return seen.failed(conditionLastOperation)
	}
	return ""
}

// wantOf makes an object in Azure desired. It is not ready before it is owned,
// whatever the provider says of it.
func (c *composition) wantOf(o ownership, name string, object any) {
	c.want(name, object)
	if o != owned {
		r := c.desired[name]
		r.Ready = false
		c.desired[name] = r
		c.waiting = true
	}
}

// tags of a vault or an identity. They tell an Azure administrator, and where
// ownership is proven also this function, whose it is.
func (c *composition) tags(seen Object) map[string]*string {
	ours := c.ownTags(seen)
	proof := ours[tagTenant] != ""
	tags := map[string]*string{}
	for k, v := range c.platform.Tags {
		// Azure does not tell upper from lower case in names of tags.
		_, same := ours[strings.ToLower(k)]
		if same && proof {
			continue
		}
		delete(ours, strings.ToLower(k))
		tags[k] = new(v)
	}
	for k, v := range ours {
		tags[k] = new(v)
	}
	return tags
}

// ownTags are those that name the owner.
func (c *composition) ownTags(seen Object) map[string]string {
	tags := map[string]string{tagApplication: c.app.Name, tagNamespace: c.app.Namespace}
	if tenant := c.tenant(seen); tenant != "" {
		tags[tagTenant] = tenant
	}
	return tags
}

// tenant that a vault or an identity belongs to. One that is established stays with
// its tenant when the Namespace gets another: a label gives nothing away.
func (c *composition) tenant(seen Object) string {
	have := seen.str("spec", "forProvider", "tags", tagTenant)
	switch {
	case c.app.Tenant == "" && !seen.held():
		return ""
	case seen.established():
		return first(have, c.app.Tenant)
	}
	return first(c.app.Tenant, have)
}

// notesOnTenant say that the tenant of the Namespace is another than that of the vault.
func (c *composition) notesOnTenant(seen Object) []string {
	if tenant := c.tenant(seen); tenant != c.app.Tenant && c.app.Tenant != "" {
		return []string{fmt.Sprintf("the vault still belongs to tenant %s, although the Namespace now belongs to tenant %s; your platform team decides whose the vault is", tenant, c.app.Tenant)}
	}
	return nil
}

// owner in words.
func (c *composition) owner(seen Object) string {
	owner := "application=" + c.app.Name + ", namespace=" + c.app.Namespace
	if tenant := c.tenant(seen); tenant != "" {
		owner += ", tenant=" + tenant
	}
	return owner
}

// ownedByAnother says what the platform team does about an object that is not proven
// to be the application's.
func ownedByAnother(what, name, owner string, seen Object) string {
	return fmt.Sprintf("The %s %s exists in Azure already, and its tags do not prove that it belongs to this application. It is neither used nor changed. "+
		"Your platform team finds out whose it is. If it belongs to this application, they set its tags in Azure: %s. "+
		"Otherwise they purge it, and then delete %s in the cluster; or give the application another name.",
		what, name, owner, seen.str("kind")+"/"+seen.str("metadata", "name"))
}

// established is true of an object that this function has let the provider change.
func (o Object) established() bool {
	return o.inAzure() && o.may(xpv1.ManagementActionUpdate)
}

// held is true of an object that the provider may not change until it is proven whose
// it is.
func (o Object) held() bool {
	return o != nil && !o.may(xpv1.ManagementActionUpdate)
}

// may tells whether the provider may do something. Without a list it may do all.
func (o Object) may(action xpv1.ManagementAction) bool {
	policies := o.list("spec", "managementPolicies")
	return o != nil && policies == nil || slices.Contains(policies, any(string(action))) || slices.Contains(policies, any(string(xpv1.ManagementActionAll)))
}

// looked is true if the provider has tried to observe the object as it is desired now,
// and has nothing to show. Providers that do not note a generation are believed.
func (o Object) looked() bool {
	generation, _ := o.number("metadata", "generation")
	for _, v := range o.list("status", "conditions") {
		m, _ := v.(map[string]any)
		if c := Object(m); c.str("type") == "Synced" {
			observed, _ := c.number("observedGeneration")
			return c.str("status") == "False" && (observed == 0 || observed == generation)
		}
	}
	return false
}

// validateNamespace keeps new applications out of namespaces that others had before.
func validateNamespace(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed, path *field.Path) field.ErrorList {
	if _, exists := seen[NameKeyVault]; exists || !slices.Contains(p.RetiredNamespaces, a.Namespace) {
		return nil
	}
	return field.ErrorList{field.Forbidden(path, fmt.Sprintf("namespace %s is retired, and an application in it could get the vault of an earlier one; use another namespace, or ask your platform team to purge those vaults and take the namespace off retiredNamespaces", a.Namespace))}
}
