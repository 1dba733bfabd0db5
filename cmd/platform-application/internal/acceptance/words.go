// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// Codes of what a run waits for.
const (
	ConditionMissing  Code = "ConditionMissing"
	ConditionNotTrue  Code = "ConditionNotTrue"
	SecretMissing     Code = "SecretMissing"
	SecretInState     Code = "SecretInState"
	SecretNotRotated  Code = "SecretNotRotated"
	NoPods            Code = "NoPods"
	PodNotReady       Code = "PodNotReady"
	NothingPrinted    Code = "NothingPrinted"
	VariableMissing   Code = "VariableMissing"
	VariableDiffers   Code = "VariableDiffers"
	BeingDeleted      Code = "BeingDeleted"
	StillThere        Code = "StillThere"
	KeyVaultAnswered  Code = "KeyVaultAnswered"
	OfficerNotAllowed Code = "OfficerNotAllowed"
)

// table has the sentences of all codes.
//
//nolint:gochecknoglobals // A constant.
var table = map[Code]sentence.Template{
	ConditionMissing:  "condition {object} is not set yet",
	ConditionNotTrue:  "{object} is {state} ({reason}): {message}",
	SecretMissing:     "secret {object} is not in the status yet",
	SecretInState:     "secret {object} is {state}: {message}",
	SecretNotRotated:  "secret {object} is {state}, but has another version",
	NoPods:            "there are no pods",
	PodNotReady:       "pod {object} is not ready{message}",
	NothingPrinted:    "the pod printed no variables; check that its image is this program",
	VariableMissing:   "{object} is missing",
	VariableDiffers:   "{object} has another value",
	BeingDeleted:      "{object} is being deleted",
	StillThere:        "{object} still exists",
	KeyVaultAnswered:  "cannot {object}: Key Vault answered {state} {reason}",
	OfficerNotAllowed: "cannot {object}: Key Vault answered {state} {reason}. The officer with object id {message} needs Key Vault Secrets Officer on the vault. Check --officer-object-id or keyVault.officers of the settings. A new role takes up to 10 minutes",
}

// texts of a step: what happens, and how long that normally takes in Azure.
type texts struct{ what, normal string }

//nolint:gochecknoglobals // A constant.
var stepTexts = map[string]texts{
	"create":          {"create the namespace and the application", "a second"},
	"vault":           {"the application has a vault", "2 minutes"},
	"identity":        {"the application has an identity", "a minute"},
	"access":          {"the identity can read the vault", "a minute"},
	"awaiting-values": {"only values are missing", "up to 10 minutes"},
	"set-values":      {"an officer sets the values", "up to 10 minutes"},
	"variables":       {"the pods have all variables", "a minute"},
	"rotate":          {"a new value reaches the pods", "30 seconds"},
	"disable":         {"the secret's version is disabled, and the pods keep running", "30 seconds"},
	"enable":          {"the version is enabled again", "30 seconds"},
	"delete-secret":   {"the secret is deleted, and the pods keep running", "a minute"},
	"recover-secret":  {"the secret is recovered", "a minute"},
	"delete":          {"the application and its Azure resources are deleted", "3 minutes"},
	"return":          {"the application is created again, with the same vault", "up to 10 minutes"},
	Cleanup:           {"delete the application and the namespace", "3 minutes"},
}

// Awaited events, as the progress names them.
const (
	awaitVault       sentence.Template = "the vault"
	awaitCondition   sentence.Template = "condition {condition}"
	awaitStates      sentence.Template = "secrets without values"
	awaitReady       sentence.Template = "the application to be ready"
	awaitVersion     sentence.Template = "the new version"
	awaitRollout     sentence.Template = "the end of the rollout"
	awaitKeyVault    sentence.Template = "Key Vault"
	awaitState       sentence.Template = "the new state of the secret"
	awaitContent     sentence.Template = "the secrets of the vault"
	awaitSet         sentence.Template = "Key Vault to accept secret {secret}"
	awaitPods        sentence.Template = "pods with the values"
	awaitApply       sentence.Template = "the API server to accept the application"
	awaitAPIServer   sentence.Template = "the API server"
	awaitNoNamespace sentence.Template = "the deletion of namespace {namespace}"
	awaitNoApp       sentence.Template = "the deletion of the application"
)

// Measurements.
const (
	measureStatus = "from the write to the status"
	measurePods   = "from the write to all pods"
	measureState  = "from the change to the status"
	measureReady  = "from the change to readiness"
)

// Progress, a line each.
const (
	stepBegins     sentence.Template = "{step}: {what} (normally {normal}, at most {timeout})"
	stepPassed     sentence.Template = "{step}: passed in {seconds} s"
	stepFailed     sentence.Template = "{step}: failed after {seconds} s: {error}"
	cleanupEnded   sentence.Template = "{step}: {result} after {seconds} s"
	conditionLine  sentence.Template = "  {type} is {status} ({reason}): {message}"
	waitingFor     sentence.Template = "  waiting for {what}: {state}"
	measured       sentence.Template = "  {what}: {seconds} s"
	reportNotSaved sentence.Template = "cannot save the report: {error}"
	interrupted    sentence.Template = "interrupted: {error}"
)

// These report the objects that a run leaves.
const (
	namespaceRemains sentence.Template = "Namespace {namespace} and its content."
	vaultRetained    sentence.Template = "Deleted vault {vault}, until {date}. It costs nothing, and nobody can purge it earlier."
	vaultNotPurged   sentence.Template = "Deleted vault {vault}, until {date}: the Azure providers have no permission to purge it. To purge it: az keyvault purge --name {vault:sh} --location {location:sh}"
	vaultUnknown     sentence.Template = "Deleted vault {vault}, until {date}, if the Azure providers have no permission to purge it. The run ended before it could find out."
)

// containerEnded is a part of PodNotReady's message.
const containerEnded sentence.Template = ": the container ended with exit code {code} ({reason})"

// Facts that a run could not determine.
const (
	kubernetesUnknown sentence.Template = "cannot get the version of Kubernetes: {error}"
	clusterUnknown    sentence.Template = "cannot get the id of the cluster: {error}"
	crossplaneUnknown sentence.Template = "cannot get the version of Crossplane: {error}"
	packagesUnknown   sentence.Template = "cannot list packages of kind {kind}: {error}"
)

// skipped has the checks that need an administrator of Azure.
//
//nolint:gochecknoglobals // A constant.
var skipped = []string{
	"Revoking the role of the application's identity: it needs the permission to write role assignments.",
	"Deleting the identity and its federated credential: it needs the permission to write identities.",
	"Looking up in Azure Resource Manager whether the deleted vault is purged.",
}

// cleanUpWithout has the commands that clean up after a run without this program.
//
//nolint:gochecknoglobals // A constant.
var cleanUpWithout = []sentence.Template{
	"# Without this program. The second command prints nothing when Azure has deleted everything",
	"kubectl delete platformapplications.meta.p6m.dev --all --namespace {namespace}",
	"kubectl get {kinds} --namespace {namespace} --output name",
	"kubectl delete namespace {namespace}",
}

// Headings of the report.
const (
	headingRun        sentence.Template = "Acceptance run {run}: {result}"
	headingFailed     sentence.Template = "Step {step} failed"
	headingPackages                     = "Packages"
	headingSteps                        = "Steps"
	headingConditions                   = "Conditions of the application:"
	headingRemains                      = "What remains"
	headingCleanUp                      = "Clean up"
	headingSkipped                      = "Not tested"
	headingNotes                        = "Not determined"
)

// Columns of the report's tables.
//
//nolint:gochecknoglobals // Constants.
var (
	factColumns      = []string{"What", "Value"}
	packageColumns   = []string{"Kind", "Name", "Package", "Revision"}
	stepColumns      = []string{"Step", "What", "Result", "Seconds", "Normally"}
	conditionColumns = []string{"Condition", "Status", "Reason", "Message"}
)

// facts returns the first table of the report.
func facts(r Report) [][]string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}

		return t.Format(time.RFC3339)
	}

	return pairs(
		"Started", at(r.Started), "Ended", at(r.Ended), "Program", r.Program, "Image", r.Image, "Doctor", r.Doctor,
		"Cluster", r.ClusterID, "API server", r.Server, "Variant of the API", r.Variant, "Namespace", r.Namespace,
		"Kubernetes", r.Versions.Kubernetes, "Crossplane", r.Versions.Crossplane,
		"Tenant", r.Azure.TenantID, "Subscription", r.Azure.SubscriptionID, "Resource group", r.Azure.ResourceGroup, "Location", r.Azure.Location,
		"Vault", r.Azure.VaultID, "Vault URI", r.Azure.VaultURI, "Deletion policy", r.DeletionPolicy,
		"Identity", r.Azure.Identity, "Client id of the identity", r.Azure.ClientID, "Principal id of the identity", r.Azure.PrincipalID,
		"Object id of the officer", r.Azure.OfficerObjectID, "Client id of the officer", r.Azure.OfficerClientID,
	)
}
