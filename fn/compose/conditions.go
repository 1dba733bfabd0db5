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
