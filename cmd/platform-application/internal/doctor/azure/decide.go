// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// audience of tokens for a federated credential.
const audience = "api://AzureADTokenExchange"

// A decision has the facts and settings of a platform.
type decision struct {
	platform platform.Platform
	settings v1alpha1.PlatformConfigSpec
	facts    Facts

	// subscriptionID and groupID are the resource ids of the settings.
	subscriptionID, groupID string
}

func about(p platform.Platform) decision {
	subscription := "/subscriptions/" + p.Settings.SubscriptionID

	return decision{
		platform: p, settings: *p.Settings, subscriptionID: subscription, groupID: subscription + "/resourceGroups/" + p.Settings.ResourceGroupName,
	}
}

// found returns a finding, with pairs of further parameters.
func (d decision) found(code finding.Code, object string, pairs ...string) finding.Finding {
	with := map[string]string{
		"subscription": d.settings.SubscriptionID, "tenant": d.settings.TenantID, "group": d.settings.ResourceGroupName,
		"location": d.settings.Location, "groupId": d.groupID, "subscriptionId": d.subscriptionID,
	}

	for i := 0; i+1 < len(pairs); i += 2 {
		with[pairs[i]] = pairs[i+1]
	}

	return finding.Finding{Code: code, Object: object, With: with}
}

// A place is the platform or one of its landing zones, with its facts.
type place struct {
	platform platform.Platform
	facts    Facts
}

// decide returns the findings for the facts of all places, each once: places can share a subscription or a resource group.
func decide(places ...place) []finding.Finding {
	var (
		all, known []decision
		out        []finding.Finding
	)

	for _, p := range places {
		d := about(p.platform)
		d.facts = p.facts
		all = append(all, d)
	}

	for _, d := range all {
		found, ok := d.subscription()
		if ok {
			known = append(known, d)
			found = slices.Concat(found, d.group(), d.registrations(), d.identities(), d.access(all), d.officers(), d.grants(), d.locks(), d.policies(), d.name(), d.clusters())
		}

		out = append(out, found...)
	}

	return distinct(append(out, room(known)...))
}

// distinct removes repeated findings. Azure ignores the case of ids and names.
func distinct(all []finding.Finding) []finding.Finding {
	var out []finding.Finding

	for _, f := range all {
		if !slices.ContainsFunc(out, func(o finding.Finding) bool {
			return f.Code == o.Code && strings.EqualFold(f.Object, o.Object) && maps.EqualFunc(f.With, o.With, strings.EqualFold)
		}) {
			out = append(out, f)
		}
	}

	return out
}

// in returns a decision about a whole subscription, whose findings are the same for all its resource groups.
func (d decision) in(subscription string) decision {
	d.settings.SubscriptionID, d.subscriptionID = subscription, "/subscriptions/"+subscription
	d.settings.ResourceGroupName, d.settings.Location, d.groupID = "", "", ""

	return d
}

// subscription also reports whether the other facts are known.
func (d decision) subscription() ([]finding.Finding, bool) {
	d = d.in(d.settings.SubscriptionID)

	switch s := d.facts.Subscription; {
	case s.Missing():
		return []finding.Finding{d.found(SubscriptionMissing, d.subscriptionID)}, false
	case s.Refused == "InvalidAuthenticationTokenTenant":
		return []finding.Finding{d.found(SubscriptionOfOtherTenant, d.subscriptionID)}, false
	case s.Refused != "":
		return unread(d, s, subjectSubscription, "", "Microsoft.Resources/subscriptions/read"), false
	case !strings.EqualFold(s.Value.TenantID, d.settings.TenantID):
		return []finding.Finding{d.found(SubscriptionOfOtherTenant, d.subscriptionID)}, true
	case s.Value.State == "PastDue":
		return []finding.Finding{d.found(SubscriptionPastDue, d.subscriptionID)}, true
	case s.Value.State != "Enabled":
		return []finding.Finding{d.found(SubscriptionDisabled, d.subscriptionID, "state", s.Value.State)}, true
	default:
		return nil, true
	}
}

func (d decision) group() []finding.Finding {
	switch g := d.facts.Group; {
	case g.Missing():
		return []finding.Finding{d.found(GroupMissing, d.groupID)}
	case g.Refused != "":
		return unread(d, g, subjectGroup, "", "Microsoft.Resources/subscriptions/resourceGroups/read")
	case g.Value.Properties.State == "Deleting":
		return []finding.Finding{d.found(GroupDeleting, d.groupID)}
	case location(g.Value.Location) != location(d.settings.Location):
		return []finding.Finding{d.found(GroupElsewhere, d.groupID, "elsewhere", g.Value.Location)}
	default:
		return nil
	}
}

func (d decision) registrations() []finding.Finding {
	var out []finding.Finding

	d = d.in(d.settings.SubscriptionID)

	for _, namespace := range slices.Sorted(maps.Keys(d.facts.Registrations)) {
		r := d.facts.Registrations[namespace]
		if r.Refused != "" {
			out = append(out, unread(d, r, subjectRegistration, namespace, "Microsoft.Resources/subscriptions/providers/read")...)
		} else if r.Value.State != "Registered" {
			out = append(out, d.found(NotRegistered, namespace, "state", r.Value.State))
		}
	}

	return out
}

// A party is a provider that signs in to Azure.
type party struct {
	platform.Principal
	Account

	// account is the name of its ServiceAccount.
	account string
	needs   []need
}

// parties returns the providers that sign in.
func (d decision) parties() []party {
	var out []party

	if p := d.platform.Azure; p != nil {
		out = append(out, party{Principal: *p, Account: d.facts.Provider, account: platform.AzureServiceAccount, needs: d.needs()})
	}

	if p := d.platform.Creator; p != nil {
		out = append(out, party{Principal: *p, Account: d.facts.Creator, account: platform.CreatorServiceAccount, needs: d.creatorNeeds()})
	}

	return out
}

// identities checks the identities of the parties, and their federated credentials.
func (d decision) identities() []finding.Finding {
	out := unread(d.in(d.settings.SubscriptionID), d.facts.Identities, subjectIdentities, "", "Microsoft.ManagedIdentity/userAssignedIdentities/read")

	for _, p := range d.parties() {
		switch i := p.Identity; {
		case i == nil && p.Source == "ClientSecret" && d.settings.SecretCreatorPrincipalID != "":
			out = append(out, d.found(CreatorNotSeen, d.settings.SecretCreatorPrincipalID, "client", p.ClientID))
		case i == nil && (d.facts.Identities.Refused != "" || p.Source == "Secret" && p.ObjectID != ""):
		case i == nil:
			out = append(out, d.found(IdentityNotFound, "", "party", p.account, "client", p.ClientID))
		case !slices.Contains([]string{"OIDCTokenFile", "WorkloadIdentity", ""}, p.Source):
		case p.Credentials.Refused != "":
			out = append(out, unread(d, p.Credentials, subjectCredentials, i.ID,
				"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read")...)
		default:
			out = append(out, d.credential(p)...)
		}
	}

	if i := d.facts.Creator.Identity; i != nil && d.settings.SecretCreatorPrincipalID != "" &&
		!strings.EqualFold(i.Properties.PrincipalID, d.settings.SecretCreatorPrincipalID) {
		out = append(out, d.found(CreatorDiffers, i.ID, "ours", d.settings.SecretCreatorPrincipalID, "theirs", i.Properties.PrincipalID))
	}

	return out
}

// credential checks the federated credential for the token of a party. Entra ID requires exact matches.
func (d decision) credential(p party) []finding.Finding {
	want := Credential{
		Issuer: cmp.Or(d.platform.Issuer, d.settings.OIDCIssuerURL), Audiences: []string{audience},
		Subject: "system:serviceaccount:" + d.platform.Namespace + ":" + p.ServiceAccount,
	}

	var near *Resource[Credential]

	for i := range p.Credentials.Value {
		c := &p.Credentials.Value[i]

		same := c.Properties.Subject == want.Subject && c.Properties.Issuer == want.Issuer
		if same && slices.Contains(c.Properties.Audiences, audience) {
			return nil
		}

		// A credential with another issuer may belong to another cluster.
		if strings.EqualFold(c.Properties.Subject, want.Subject) && (same || near == nil || similar(c.Properties.Issuer, want.Issuer)) {
			near = c
		}
	}

	id := p.Identity.ID
	pairs := []string{
		"party", p.account, "account", p.ServiceAccount, "identity", p.Identity.Name, "identityGroup", segment(id, "resourceGroups"),
		"identitySubscription", segment(id, "subscriptions"), "issuer", want.Issuer, "subject", want.Subject,
	}

	if near == nil {
		return []finding.Finding{d.found(CredentialMissing, id, pairs...)}
	}

	var differences []string

	for _, f := range [...]struct{ name, has, wants string }{
		{"issuer", near.Properties.Issuer, want.Issuer},
		{"subject", near.Properties.Subject, want.Subject},
		{"audience", strings.Join(near.Properties.Audiences, " "), audience},
	} {
		if f.has != f.wants {
			differences = append(differences, difference(f.name, f.has, f.wants))
		}
	}

	return []finding.Finding{d.found(CredentialDiffers, id, append(pairs, "credential", near.Name, "differences", finding.List(differences))...)}
}

// similar reports whether issuers differ only in case, a trailing slash or the scheme.
func similar(a, b string) bool {
	plain := func(s string) string {
		return strings.TrimPrefix(strings.TrimRight(strings.ToLower(s), "/"), "https://")
	}

	return plain(a) == plain(b)
}

// segment returns the part of a resource id after a name.
func segment(id, name string) string {
	parts := strings.Split(id, "/")
	for i := range len(parts) - 1 {
		if strings.EqualFold(parts[i], name) {
			return parts[i+1]
		}
	}

	return ""
}

// officers checks officers by their role assignments. It does not ask Entra ID, because few people have permission to read it.
func (d decision) officers() []finding.Finding {
	if d.settings.KeyVault == nil || d.facts.Assignments.Refused != "" {
		return nil
	}

	var out []finding.Finding

	for _, o := range d.settings.KeyVault.Officers {
		i := slices.IndexFunc(d.facts.Assignments.Value, func(a Resource[Assignment]) bool { return strings.EqualFold(a.Properties.PrincipalID, o.ObjectID) })
		if i < 0 {
			out = append(out, d.found(OfficerNotSeen, o.ObjectID))

			continue
		}

		if is := d.facts.Assignments.Value[i].Properties.PrincipalType; o.PrincipalType != "" && is != "" && is != o.PrincipalType {
			out = append(out, d.found(OfficerDiffers, o.ObjectID, "ours", o.PrincipalType, "theirs", is))
		}
	}

	return out
}

// locks checks the locks on the resource group and the subscription. A lock on a single vault or identity is its owner's business.
func (d decision) locks() []finding.Finding {
	out := unread(d.in(d.settings.SubscriptionID), d.facts.Locks, subjectLocks, "", "Microsoft.Authorization/locks/read")

	for _, l := range d.facts.Locks.Value {
		locked := scopeOf(l.ID)
		if !strings.EqualFold(locked, d.subscriptionID) && !strings.EqualFold(locked, d.groupID) {
			continue
		}

		code := LockedForDeletion
		if strings.EqualFold(l.Properties.Level, "ReadOnly") {
			code = LockedForWriting
		}

		out = append(out, d.found(code, l.ID))
	}

	return out
}

// scopeOf returns the scope of a lock: its id without type and name.
func scopeOf(id string) string {
	const typeAndName = 4

	parts := strings.Split(id, "/")

	return strings.Join(parts[:max(0, len(parts)-typeAndName)], "/")
}

func (d decision) policies() []finding.Finding {
	if d.facts.Group.Refused != "" {
		return nil
	}

	out := unread(d, d.facts.Policies, subjectPolicies, "", "Microsoft.PolicyInsights/checkPolicyRestrictions/read")
	for _, p := range d.facts.Policies.Value {
		code := PolicyDenies
		if p.ReferenceID != "" {
			code = InitiativeDenies
		}

		out = append(out, d.found(code, p.AssignmentID, "what", p.Type, "definition", p.DefinitionID, "reference", p.ReferenceID))
	}

	return out
}

// name checks whether the vault name of an application is available.
func (d decision) name() []finding.Finding {
	n := d.facts.Name

	switch deleted := n.Deleted; {
	case n.Available.Refused != "":
		return unread(d, n.Available, subjectVaultName, n.Name, "Microsoft.KeyVault/checkNameAvailability/read")
	case n.Available.Value.Available, n.Ours.Value.ID != "":
		return nil
	case deleted.Refused == "" && within([]Resource[struct{}]{{ID: deleted.Value.Properties.VaultID}}, d.groupID) > 0:
		return []finding.Finding{d.found(VaultDeleted, n.Name, "until", deleted.Value.Properties.PurgeDate)}
	case deleted.Refused == "" || deleted.Missing():
		return []finding.Finding{d.found(VaultNameTaken, n.Name, "reason", n.Available.Value.Reason)}
	default:
		return unread(d, deleted, subjectDeleted, n.Name, "Microsoft.KeyVault/locations/deletedVaults/read")
	}
}

// unread returns a finding if the doctor cannot read a subject.
func unread[T any](d decision, a Answer[T], subject, of, permission string) []finding.Finding {
	switch {
	case a.Refused == "":
		return nil
	case a.Status == http.StatusForbidden || a.Status == http.StatusUnauthorized:
		return []finding.Finding{d.found(MayNotRead, "", "what", subject, "of", of, "permission", permission, "error", a.Refused)}
	default:
		return []finding.Finding{d.found(NoAnswer, "", "what", subject, "of", of, "error", a.Refused)}
	}
}
