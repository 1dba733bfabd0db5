// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	upjet "github.com/crossplane/upjet/v2/pkg/resource"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Types of the conditions of an application.
const (
	TypeIdentityReady = "IdentityReady"
	TypeKeyVaultReady = "KeyVaultReady"
	TypeAccessReady   = "AccessReady"
	TypeSecretsSynced = "SecretsSynced"
	TypeWorkloadReady = "WorkloadReady"
	TypeFieldsIgnored = "FieldsIgnored"
)

// ConditionTypes returns the types of all conditions. Every call sets all of them.
func ConditionTypes() []string {
	return []string{TypeIdentityReady, TypeKeyVaultReady, TypeAccessReady, TypeSecretsSynced, TypeWorkloadReady, TypeFieldsIgnored}
}

// Reasons of conditions.
const (
	ReasonAvailable          = "Available"
	ReasonCreating           = "Creating"
	ReasonReplacing          = "Replacing"
	ReasonAzureRefused       = "AzureRefused"
	ReasonNotRequested       = "NotRequested"
	ReasonSecretsNotSynced   = "SecretsNotSynced"
	ReasonSecretNotWritten   = "SecretNotWritten"
	ReasonVariablesCollide   = "VariablesCollide"
	ReasonVariablesWithheld  = "VariablesWithheld"
	ReasonWaitingForSecrets  = "WaitingForSecrets"
	ReasonWaitingForIdentity = "WaitingForIdentity"
	ReasonHeld               = "Held"
	ReasonIngressRefused     = "IngressRefused"
	ReasonRollingOut         = "RollingOut"
	ReasonRolloutFailed      = "RolloutFailed"
	ReasonFieldsIgnored      = "FieldsIgnored"
	ReasonNoFieldsIgnored    = "NoFieldsIgnored"
	ReasonSettingsMissing    = "PlatformSettingsMissing"
	ReasonSettingsInvalid    = "PlatformSettingsInvalid"
	ReasonInvalid            = "Invalid"
	ReasonForeignResource    = "ForeignResource"
	ReasonAccessPoliciesUsed = "AccessPoliciesUsed"
	ReasonVaultWithdrawn     = "VaultWithdrawn"
	ReasonOwnedByAnother     = "OwnedByAnother"
	ReasonTenantUnknown      = "TenantUnknown"

	ReasonLandingZoneUnavailable = "LandingZoneUnavailable"
)

// ConditionStatus is True, False or Unknown.
type ConditionStatus string

// Statuses of conditions.
const (
	True    ConditionStatus = "True"
	False   ConditionStatus = "False"
	Unknown ConditionStatus = "Unknown"
)

// A Condition informs a team without access to the cluster: the state, what it waits for,
// how long that normally takes, and what to do.
type Condition struct {
	Type    string
	Status  ConditionStatus
	Reason  string
	Message finding.Message
}

// with appends findings to the message.
func (c Condition) with(more ...finding.Finding) Condition {
	c.Message = append(slices.Clip(c.Message), more...)
	return c
}

// because adds the problem that a provider reports, if there is one.
func (c Condition) because(p problem) Condition {
	if !p.reported {
		return c
	}

	return c.with(finding.New(finding.AnswerOfAzure, finding.With{"problem": p}))
}

// Conditions of managed resources that report errors. The Azure providers create resources
// in the background: while they retry, only the last operation reports the error.
const (
	conditionReady         = "Ready"
	conditionSynced        = "Synced"
	conditionLastOperation = upjet.TypeLastAsyncOperation
)

// A problem is a condition that is False. Its text comes from Azure, Kubernetes or a
// provider: it is shown to users, and no decision depends on it.
type problem struct {
	reported bool
	text     string
}

func (p problem) String() string { return p.text }

// problem returns the error that a provider reports for a managed resource.
func (o Object) problem() problem {
	return cmp.Or(o.failed(conditionSynced), o.failed(conditionLastOperation))
}

// failed returns the problem of a condition. It is reported if the condition is False.
func (o Object) failed(condition string) problem {
	c := o.condition(condition)
	if c.status != "False" {
		return problem{}
	}

	return problem{reported: true, text: cmp.Or(shorten(c.message), shorten(c.reason), condition)}
}

// notReady returns the problem of the condition Ready. A resource that is being created has
// none.
func (o Object) notReady() problem {
	if o.condition(conditionReady).reason == "Creating" {
		return problem{}
	}

	return o.failed(conditionReady)
}

// perRequest matches what differs in each response of Azure to the same request: its id, and the
// time. A condition with it would change with every retry.
var perRequest = regexp.MustCompile(`(?i)\b((?:trace|correlation|request|activity|tracking)[ _-]?id|time(?:stamp)?)(\W{1,6})(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[t ][\d:.]+(?:z|[+-]\d\d:\d\d)?)`)

// shorten limits the error of Azure or of an admission webhook, which can have any length
// and any character, so that it fits in a condition. Azure names a missing permission and the
// locked scope after the name of the operation and its scope, so the middle is cut.
func shorten(s string) string {
	const (
		head = 1100 // A missing action ends here even if all names in the error have their maximal length.
		tail = 300
	)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	s = perRequest.ReplaceAllString(s, "$1$2…")
	if len(s) <= head+tail {
		return s
	}

	return strings.ToValidUTF8(s[:head], "") + " … " + strings.ToValidUTF8(s[len(s)-tail:], "")
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

func (w workload) condition() Condition {
	c := Condition{Type: TypeWorkloadReady, Status: False}
	var later []finding.Finding
	if len(w.refused) > 0 {
		later = append(later, finding.New(finding.IngressWillBeRefused, finding.With{"problems": finding.All("; ", w.refused)}))
	}
	waiting := finding.Some("; ", w.waitingFor)
	switch {
	case !w.requested:
		c.Status, c.Reason = True, ReasonNotRequested
		return c.with(finding.New(finding.NoDeployment))
	case w.waitingForIdentity && len(w.waitingFor) == 0:
		c.Reason = ReasonWaitingForIdentity
		return c.with(finding.New(finding.PodsWaitForIdentity)).with(later...)
	case w.held():
		c.Reason = ReasonHeld
		return c.with(finding.New(finding.PodsHeld, finding.With{"image": w.image(), "secrets": waiting})).with(later...)
	case w.waits():
		c.Reason = ReasonWaitingForSecrets
		return c.with(finding.New(finding.PodsWaitForSecrets, finding.With{"secrets": waiting})).with(later...)
	case len(w.refused) > 0:
		c.Reason = ReasonIngressRefused
		return c.with(finding.New(finding.IngressRefused, finding.With{"problems": finding.All("; ", w.refused)}))
	case w.rollsOut && w.observed != nil:
		c.Reason = ReasonRollingOut
		return c.with(finding.New(finding.PodsRollingOut))
	}
	r := rollout(w.observed)
	c.Status, c.Reason, c.Message = r.Status, r.Reason, r.Message

	return c
}

// image returns the image of the application's container. The pod can have other containers.
func (w workload) image() string {
	containers := byName(w.observed.list("spec", "template", "spec", "containers"))
	return cmp.Or(containers[w.observed.str("metadata", "name")].str("image"), finding.Say(finding.ImageUnknown))
}
