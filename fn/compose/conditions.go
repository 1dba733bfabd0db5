// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"strings"
	"unicode"

	upjet "github.com/crossplane/upjet/v2/pkg/resource"
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

// ConditionTypes returns the types of all conditions, every one of which is set
// by every call.
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
)

// ConditionStatus is True, False or Unknown.
type ConditionStatus string

// Statuses of conditions.
const (
	True    ConditionStatus = "True"
	False   ConditionStatus = "False"
	Unknown ConditionStatus = "Unknown"
)

// A Condition tells a team that has no access to the cluster what is, what is
// waited for, how long that is normal, and what to do.
type Condition struct {
	Type    string
	Status  ConditionStatus
	Reason  string
	Message string
}

// Conditions of managed resources that say what is wrong. The Azure providers create in the background: while they try again, all is
// well but for their last operation.
const (
	conditionSynced        = "Synced"
	conditionLastOperation = upjet.TypeLastAsyncOperation
)

// problem returns what a provider says is wrong with a managed resource.
func (o Object) problem() string {
	return first(o.failed(conditionSynced), o.failed(conditionLastOperation))
}

// failed returns why a condition is False, if it is.
func (o Object) failed(condition string) string {
	c := o.condition(condition)
	if c.status != "False" {
		return ""
	}
	return shorten(first(c.message, c.reason, condition))
}

// notReady returns why a managed resource says it is not ready, if it does.
func (o Object) notReady() string {
	ready := o.condition("Ready")
	if ready.status != "False" || ready.reason == "Creating" {
		return ""
	}
	return shorten(first(ready.message, ready.reason))
}

// shorten an error of Azure or of an admission webhook, which can have pages and any
// character, to what fits a condition.
func shorten(s string) string {
	const most = 400
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}

func identityReady(i identity, credential Object, w workload) Condition {
	c := Condition{Type: TypeIdentityReady, Status: False, Reason: ReasonCreating}
	if i.ownership == foreign {
		c.Reason, c.Message = ReasonOwnedByAnother, ownedByAnother("identity", i.name, i.owner, i.observed)
		return c
	}
	for _, o := range []struct{ kind, problem string }{
		{i.observed.str("kind"), i.ownership.problem(i.observed)},
		{credential.str("kind"), credential.problem()},
	} {
		if o.problem != "" {
			c.Reason = ReasonAzureRefused
			c.Message = fmt.Sprintf("Azure did not take the %s: %s. Your platform team can help.", o.kind, o.problem)
			return c
		}
	}
	switch {
	case i.clientID == "" || i.principalID == "":
		c.Message = "The identity " + i.name + " is being created in Azure. This normally takes a minute. Nothing to do but wait."
	case w.formerIdentity != "":
		tenant, client, _ := strings.Cut(shorten(w.formerIdentity), "/")
		c.Reason = ReasonReplacing
		c.Message = fmt.Sprintf("The identity %s has client id %s now. Pods that run still have the one they were created with, client id %s of tenant %s. They are replaced when the ServiceAccount %s has the new one. This normally takes a minute. Nothing to do but wait.",
			i.name, i.clientID, client, tenant, i.serviceAccount)
	case credential.condition("Ready").status != "True":
		c.Message = "The identity " + i.name + " exists; its federated credential is being created. This normally takes a minute. Nothing to do but wait."
	default:
		c.Status, c.Reason = True, ReasonAvailable
		c.Message = "Pods run as identity " + i.name + " (client id " + i.clientID + ")."
	}
	return c
}

func keyVaultReady(v vault) Condition {
	c := Condition{Type: TypeKeyVaultReady, Status: False, Reason: ReasonCreating}
	problem := v.ownership.problem(v.observed)
	switch {
	case v.ownership == foreign:
		c.Reason, c.Message = ReasonOwnedByAnother, ownedByAnother("vault", v.name, v.owner, v.observed)
	case v.withdrawn:
		c.Reason = ReasonVaultWithdrawn
		c.Message = "Vault " + v.name + " is no longer assigned to this application. Pods keep the values they have, and those of the vault no longer reach them. Ask your platform team to assign it again (keyVault.assigned), or delete the application."
	case v.uri == "" && problem != "":
		c.Reason = ReasonAzureRefused
		c.Message = fmt.Sprintf("Azure did not create vault %s: %s. Your platform team can help.", v.name, problem)
	case v.uri == "" && v.adopted:
		c.Message = "Vault " + v.name + " is being looked up. This normally takes a minute. If it lasts, your platform team can check that the vault exists in the resource group they assigned it from."
	case v.uri == "":
		c.Message = "Vault " + v.name + " is being created in Azure. This normally takes 2 minutes. Nothing to do but wait."
	case v.adopted && usesAccessPolicies(v.observed):
		c.Reason = ReasonAccessPoliciesUsed
		c.Message = "Vault " + v.name + " uses access policies, so role assignments have no effect. Ask its owner to switch it to Azure role-based access control."
	case v.observed.condition("Ready").status == "False":
		c.Message = "Vault " + v.name + " is not ready: " + first(problem, shorten(v.observed.condition("Ready").message), v.observed.condition("Ready").reason) + ". If this lasts for 10 minutes, your platform team can help."
	default:
		c.Status, c.Reason = True, ReasonAvailable
		c.Message = "Put values into " + v.uri + "."
		if problem != "" {
			v.notes = append(v.notes, "Azure did not take the last change of the vault: "+problem)
		}
	}
	if len(v.notes) > 0 {
		c.Message += " Note: " + strings.Join(v.notes, "; ") + "."
	}
	return c
}

// usesAccessPolicies is true only if the vault says so.
func usesAccessPolicies(o Object) bool {
	enabled, ok := o.object("status", "atProvider")["rbacAuthorizationEnabled"].(bool)
	return ok && !enabled
}

func (w workload) condition() Condition {
	c := Condition{Type: TypeWorkloadReady, Status: False}
	waiting := some(w.waitingFor, "; ")
	later := ""
	if len(w.refused) > 0 {
		later = " The Ingress will be refused then: " + strings.Join(w.refused, "; ") + "."
	}
	switch {
	case !w.requested:
		c.Status, c.Reason, c.Message = True, ReasonNotRequested, "The application has no deployment."
	case w.waitingForIdentity && len(w.waitingFor) == 0:
		c.Reason = ReasonWaitingForIdentity
		c.Message = "The pods start when the identity exists; condition IdentityReady says how far it is. This normally takes a minute." + later
	case w.held():
		c.Reason = ReasonHeld
		c.Message = "The pods that run are left as they are, image " + w.image() + ", until every secret has its values. Waiting for " + waiting + "; condition SecretsSynced says why. All changes of the deployment wait with it." + later
	case w.waits():
		c.Reason = ReasonWaitingForSecrets
		c.Message = "The pods start when every secret has its values. Waiting for " + waiting + "; condition SecretsSynced says why." + later
	case len(w.refused) > 0:
		c.Reason = ReasonIngressRefused
		c.Message = strings.Join(w.refused, "; ") + ". The pods are not affected."
	case w.rollsOut && w.observed != nil:
		c.Reason = ReasonRollingOut
		c.Message = "The pods are being rolled out. This normally takes a few minutes."
	default:
		r := rollout(w.observed)
		c.Status, c.Reason, c.Message = r.Status, r.Reason, r.Message
	}
	return c
}

// image of the application's container, which may have others beside it.
func (w workload) image() string {
	containers := byName(w.observed.list("spec", "template", "spec", "containers"))
	return first(containers[w.observed.str("metadata", "name")].str("image"), "unknown")
}
