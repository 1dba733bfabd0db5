// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	healthy     = "Healthy"
	suspended   = "Suspended"
	progressing = "Progressing"
	degraded    = "Degraded"
)

// install builds an argocd-cm with the component, as a platform team does.
func install(t *testing.T) (CLI, map[string]string) {
	t.Helper()

	cm, err := Build(t.Context(), filepath.Join("testdata", "install"))
	check.Must(t, err)

	path := filepath.Join(t.TempDir(), "argocd-cm.yaml")
	write(t, path, cm)

	c, err := New(t.Context(), path)
	check.Must(t, err)

	settings, err := Settings(cm)
	check.Must(t, err)

	return c, settings
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()

	check.Must(t, os.WriteFile(path, data, 0o600))
}

func save(t *testing.T, object any) string {
	t.Helper()

	data, err := json.Marshal(object)
	check.Must(t, err)

	path := filepath.Join(t.TempDir(), "object.yaml")
	write(t, path, data)

	return path
}

// object parses YAML.
func object(t *testing.T, doc string) map[string]any {
	t.Helper()

	o := map[string]any{}
	check.Must(t, yaml.UnmarshalStrict([]byte(doc), &o))

	return o
}

// rendered returns the application of an example at a stage, from the golden renderings.
func rendered(t *testing.T, stage string) map[string]any {
	t.Helper()

	data := check.Read(t, "test", "render", "testdata", "golden", "modern", "web-application", stage+".yaml")
	first, _, _ := strings.Cut(strings.TrimPrefix(data, "---\n"), "\n---\n")

	return object(t, first)
}

// message returns the message of a condition of a rendered application.
func message(t *testing.T, stage, condition string) string {
	t.Helper()

	conditions, _, err := unstructured.NestedSlice(rendered(t, stage), "status", "conditions")
	check.Must(t, err)

	for _, c := range conditions {
		if c, _ := c.(map[string]any); c["type"] == condition {
			text, _ := c["message"].(string)

			return text
		}
	}

	t.Fatalf("application at stage %s has no condition %s", stage, condition)

	return ""
}

// A condition in one line: type, status, reason, message.
type condition [4]string

// application returns a healthy application, except for the changed conditions.
func application(t *testing.T, generation, observed int, secrets string, changed ...condition) map[string]any {
	t.Helper()

	o := object(t, `
apiVersion: meta.p6m.dev/v1alpha1
kind: PlatformApplication
metadata: {name: web-application, namespace: shop-dev}
spec:
  deployment: {image: a}
  secrets: [{name: db}]
status:
  secrets: `+secrets)

	conditions := []condition{
		{"IdentityReady", "True", "Available", "Pods run as identity x."},
		{"KeyVaultReady", "True", "Available", "Put values into https://x.vault.azure.net/."},
		{"AccessReady", "True", "Available", "All roles are assigned."},
		{"SecretsSynced", "True", "Available", "1 of 1 secrets are synced."},
		{"WorkloadReady", "True", "Available", "3 of 3 pods are up to date and available."},
		{"FieldsIgnored", "False", "NoFieldsIgnored", "All fields of the spec are used."},
		{"Synced", "True", "ReconcileSuccess", ""},
		{"Ready", "True", "Available", ""},
	}

	var list []any

	for _, c := range conditions {
		for _, other := range changed {
			if other[0] == c[0] {
				c = other
			}
		}

		if c[1] != "" {
			list = append(list, map[string]any{"type": c[0], "status": c[1], "reason": c[2], "message": c[3], "observedGeneration": observed})
		}
	}

	o["metadata"].(map[string]any)["generation"] = generation //nolint:forcetypeassert // See object.
	o["status"].(map[string]any)["conditions"] = list         //nolint:forcetypeassert // See object.

	return o
}

// expect runs a test that an object has a health.
func (c CLI) expect(t *testing.T, name, reason string, object map[string]any, want Health) {
	t.Helper()

	t.Run(name, func(t *testing.T) {
		t.Parallel()

		got, err := c.Health(t.Context(), save(t, object))
		check.Must(t, err)

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("\n%s\nHealth(...): -want, +got:\n%s", reason, diff)
		}
	})
}

func TestApplicationHealth(t *testing.T) {
	t.Parallel()

	c, _ := install(t)

	const synced = `[{name: db, state: Synced, version: "1"}]`

	one := func(secrets string, changed ...condition) map[string]any {
		return application(t, 3, 3, secrets, changed...)
	}

	noStatus := one("[]")
	delete(noStatus, "status")

	claim := one(synced, condition{"Ready", "False", "Waiting", "Claim is waiting for composite resource to become Ready"})
	claim["spec"].(map[string]any)["resourceRef"] = map[string]any{"kind": "XPlatformApplication", "name": "web-application-x7k2p"} //nolint:forcetypeassert // See object.

	cases := map[string]struct {
		reason string
		object map[string]any
		want   Health
	}{
		"NoStatus": {
			reason: "An application without a status was never reconciled.",
			object: noStatus,
			want:   Health{progressing, "Crossplane has not reconciled this generation of the application yet."},
		},
		"Stale": {
			reason: "Conditions of an earlier generation do not apply to this one.",
			object: application(t, 4, 3, synced),
			want:   Health{progressing, "Crossplane has not reconciled this generation of the application yet."},
		},
		"Healthy": {
			reason: "A healthy application shows where to put values.",
			object: one(synced),
			want:   Health{healthy, "Put values into https://x.vault.azure.net/. 1 of 1 secrets are synced."},
		},
		"Claim": {
			reason: "A claim has the same health check.",
			object: claim,
			want:   Health{progressing, "Claim is waiting for composite resource to become Ready"},
		},
		"ClaimUnbound": {
			reason: "A claim has only its own conditions until its composite resource sets some.",
			object: one(`[]`, condition{"IdentityReady"}, condition{"KeyVaultReady"}, condition{"AccessReady"}, condition{"SecretsSynced"}, condition{"WorkloadReady"}, condition{"FieldsIgnored"}),
			want:   Health{progressing, "Condition IdentityReady is not set yet."},
		},
		"FieldsIgnored": {
			reason: "Ignored fields are listed even for a healthy application.",
			object: one(synced, condition{"FieldsIgnored", "True", "FieldsIgnored", "These fields have no effect: a."}),
			want:   Health{healthy, "Put values into https://x.vault.azure.net/. 1 of 1 secrets are synced. These fields have no effect: a."},
		},
		"NotReady": {
			reason: "An application that is not ready is not healthy.",
			object: one(synced, condition{"Ready", "False", "Creating", "Unready resources: ingress"}),
			want:   Health{progressing, "Unready resources: ingress"},
		},
		"ReadyUnknown": {
			reason: "A missing condition Ready means not ready yet.",
			object: one(synced, condition{"Ready"}),
			want:   Health{progressing, "Condition Ready is not set yet."},
		},
		"Paused": {
			reason: "A paused application is not degraded.",
			object: one(synced, condition{"Synced", "False", "ReconcilePaused", "Reconciliation is paused."}),
			want:   Health{suspended, "The application is paused."},
		},
		"ReconcileError": {
			reason: "A failed reconcile of Crossplane is a problem.",
			object: one(synced, condition{"Synced", "False", "ReconcileError", "cannot compose resources: function is gone"}),
			want:   Health{degraded, "cannot compose resources: function is gone"},
		},
		"Fatal": {
			reason: "The function's message is preferred to Crossplane's, which is less specific.",
			object: one(synced, condition{"Synced", "False", "ReconcileError", "pipeline step returned a fatal result"}, condition{"WorkloadReady", "False", "Invalid", "Nothing was changed: spec.config.A: must be a string."}),
			want:   Health{degraded, "Nothing was changed: spec.config.A: must be a string."},
		},
		"SettingsMissing": {
			reason: "Missing settings are a problem for the platform team.",
			object: one(synced, condition{"IdentityReady", "Unknown", "PlatformSettingsMissing", "The platform settings are missing."}),
			want:   Health{degraded, "The platform settings are missing."},
		},
		"First": {
			reason: "The message comes from the first condition that is not True.",
			object: one(`[{name: db, state: Pending}]`, condition{"KeyVaultReady", "False", "Creating", "Vault x is being created."}, condition{"AccessReady", "False", "Creating", "Roles are being assigned."}, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 1."}, condition{"WorkloadReady", "False", "WaitingForSecrets", "Pods wait."}),
			want:   Health{progressing, "Vault x is being created."},
		},
		"BrokenLater": {
			reason: "A problem is reported before conditions that are only in progress.",
			object: one(synced, condition{"IdentityReady", "False", "Creating", "The identity is being created."}, condition{"AccessReady", "False", "AzureRefused", "Azure did not assign a role."}),
			want:   Health{degraded, "Azure did not assign a role."},
		},
		"ValuesAndAccess": {
			reason: "While something is in progress, the application is not suspended.",
			object: one(`[{name: db, state: AwaitingValue}]`, condition{"AccessReady", "False", "Creating", "Roles are being assigned."}, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 1."}),
			want:   Health{progressing, "Roles are being assigned."},
		},
		"ModernNothingYet":    {"The identity is created first.", rendered(t, "1-nothing-yet"), Health{progressing, message(t, "1-nothing-yet", "IdentityReady")}},
		"ModernAzureReady":    {"The federated credential is created next.", rendered(t, "2-azure-ready"), Health{progressing, message(t, "2-azure-ready", "IdentityReady")}},
		"ModernSecretsSynced": {"The pods are started last.", rendered(t, "3-secrets-synced"), Health{progressing, message(t, "3-secrets-synced", "WorkloadReady")}},
		"OneIsOnItsWay": {
			reason: "While a secret is in progress, the application is not suspended.",
			object: one(`[{name: db, state: AwaitingValue}, {name: api, state: AwaitingAccess}]`, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 2."}),
			want:   Health{progressing, "0 of 2."},
		},
		"OptionalMissing": {
			reason: "A missing optional secret does not matter: the condition considers that.",
			object: one(`[{name: db, state: Synced, version: "1"}, {name: api, state: Missing}]`),
			want:   Health{healthy, "Put values into https://x.vault.azure.net/. 1 of 1 secrets are synced."},
		},
	}

	for name, tc := range cases {
		c.expect(t, name, tc.reason, tc.object, tc.want)
	}

	secrets := []struct {
		state  string
		synced bool // before
		health string
		reason string
	}{
		{"AwaitingValue", false, suspended, "Values are missing in the vault."},
		{"AwaitingValue", true, suspended, "Values are missing in a secret that was synced before."},
		{"Missing", false, suspended, "A secret that never existed has to be created."},
		{"Missing", true, degraded, "A secret that was synced has been deleted."},
		{"SoftDeleted", false, degraded, "A soft-deleted secret has to be recovered."},
		{"Disabled", true, degraded, "A disabled secret has to be enabled."},
		{"Invalid", false, degraded, "An invalid value has to be corrected."},
		{"Forbidden", true, degraded, "A missing permission has to be granted."},
		{"AwaitingAccess", false, progressing, "Permissions propagate without any action."},
		{"Throttled", true, progressing, "Throttling ends without any action."},
		{"Unreachable", true, progressing, "An outage usually ends without any action."},
		{"Pending", false, progressing, "A secret that was not read yet is in progress."},
		{"Revoked", false, degraded, "A revoked shared secret has to be removed from the manifest."},
		{"Dreaming", false, progressing, "An unknown state is not a problem."},
	}

	tested := map[string]bool{}

	for _, s := range secrets {
		tested[s.state] = true
		text := "0 of 1 secrets are synced. db: " + s.state + "."

		version := map[bool]string{true: `"1"`, false: "null"}[s.synced]

		c.expect(t, fmt.Sprint(s.state, s.synced), s.reason,
			one(`[{name: db, state: `+s.state+`, version: `+version+`}]`, condition{"SecretsSynced", "False", "SecretsNotSynced", text}),
			Health{s.health, text})
	}

	const types = "apis/secrets/v1alpha1/keyvaultsecretsync_types.go"

	// Only a sync has states of its target.
	target := check.Constants(t, types, "StateTarget")
	for _, state := range check.Constants(t, types, "State") {
		if !tested[state] && state != "Synced" && !slices.Contains(target, state) {
			t.Errorf("state %s of a secret has no test", state)
		}
	}
}

// TestReasons shows the health for every reason of a condition that is not True.
func TestReasons(t *testing.T) {
	t.Parallel()

	c, _ := install(t)

	want := map[string]string{
		"AzureRefused": degraded, "AccessPoliciesUsed": degraded, "VaultWithdrawn": degraded, "SecretNotWritten": degraded, "VariablesCollide": degraded,
		"ForeignResource": degraded, "IngressRefused": degraded, "RolloutFailed": degraded, "Invalid": degraded, "PlatformSettingsInvalid": degraded,
		"PlatformSettingsMissing": degraded, "OwnedByAnother": degraded, "TenantUnknown": degraded,
		"LandingZoneUnavailable": degraded,

		"Creating": progressing, "Replacing": progressing, "WaitingForIdentity": progressing, "RollingOut": progressing,

		"WaitingForSecrets": suspended, "Held": suspended,

		// TestApplicationHealth covers the states of secrets.
		"SecretsNotSynced": progressing,
		// Conditions with these reasons are True.
		"Available": progressing, "VariablesWithheld": progressing, "NotRequested": progressing, "FieldsIgnored": progressing, "NoFieldsIgnored": progressing,
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), check.Constants(t, "fn/compose/conditions.go", "Reason")); diff != "" {
		t.Errorf("reasons of the function: -tested, +existing:\n%s", diff)
	}

	for reason, status := range want {
		c.expect(t, reason, "Every reason has a health.",
			application(t, 1, 1, `[{name: db, state: Synced, version: "1"}]`, condition{"WorkloadReady", "False", reason, "Why."}),
			Health{status, "Why."})
	}
}

func TestSyncHealth(t *testing.T) {
	t.Parallel()

	const (
		before = `
apiVersion: secrets.p6m.dev/v1alpha1
kind: KeyVaultSecretSync
metadata: {name: web-application, namespace: shop-dev, generation: 2}
status:
`
		ready    = "{type: Synced, status: 'True', reason: ReconcileSuccess, observedGeneration: 2}, {type: Ready, status: 'True', reason: Available, observedGeneration: 2}"
		notReady = "{type: Synced, status: 'True', reason: ReconcileSuccess, observedGeneration: 2}, {type: Ready, status: 'False', reason: SecretsNotSynced, message: Not yet., observedGeneration: 2}"
	)

	states := map[string]Health{
		"Synced":         {healthy, "1/1 secrets are synced."},
		"AwaitingValue":  {suspended, "db: AwaitingValue. Do."},
		"Missing":        {suspended, "db: Missing. Do."},
		"SoftDeleted":    {degraded, "db: SoftDeleted. Do."},
		"Disabled":       {degraded, "db: Disabled. Do."},
		"Invalid":        {degraded, "db: Invalid. Do."},
		"Forbidden":      {degraded, "db: Forbidden. Do."},
		"AwaitingAccess": {progressing, "db: AwaitingAccess. Do."},
		"Throttled":      {progressing, "db: Throttled. Do."},
		"Unreachable":    {progressing, "db: Unreachable. Do."},
		"TargetConflict": {degraded, "Not yet."},
		"TargetTooLarge": {degraded, "Not yet."},
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(states)), check.Constants(t, "apis/secrets/v1alpha1/keyvaultsecretsync_types.go", "State")); diff != "" {
		t.Errorf("states of the provider: -tested, +existing:\n%s", diff)
	}

	cases := map[string]healthCase{
		"NoStatus": {"A sync without a status was never reconciled.", `{}`, Health{progressing, "The provider has not reconciled the sync yet."}},
		"Stale": {
			"Conditions of an earlier generation do not apply to this one.",
			`{conditions: [` + strings.ReplaceAll(ready, "observedGeneration: 2", "observedGeneration: 1") + `], atProvider: {state: Synced}}`,
			Health{progressing, "The provider has not reconciled this generation of the sync yet."},
		},
		"Paused": {
			"A paused sync is not degraded.", `{conditions: [{type: Synced, status: 'False', reason: ReconcilePaused}]}`,
			Health{suspended, "The sync is paused."},
		},
		"ReconcileError": {
			"A failed reconcile of the provider is a problem.", `{conditions: [{type: Synced, status: 'False', reason: ReconcileError, message: cannot apply Secret}]}`,
			Health{degraded, "cannot apply Secret"},
		},
		"Deleted": {
			"A secret that was synced has been deleted; pods still have its values.",
			`{conditions: [` + ready + `], atProvider: {state: Missing, secrets: [{name: db, state: Missing, message: Recover it., version: "1"}]}}`,
			Health{degraded, "db: Missing. Recover it."},
		},
		"WorstFirst": {
			"Problems are reported first.",
			`{conditions: [` + notReady + `], atProvider: {state: Invalid, secrets: [{name: a, state: AwaitingValue}, {name: b, state: Throttled}, {name: c, state: Invalid, message: Line 1.}]}}`,
			Health{degraded, "c: Invalid. Line 1."},
		},
		"NotLookedAt": {
			"A secret that was not read yet is in progress.", `{conditions: [` + notReady + `], atProvider: {secrets: [{name: a}]}}`,
			Health{progressing, "a: Pending. "},
		},
		"OptionalMissing": {
			"A missing optional secret does not matter: the state of the sync considers that.",
			`{conditions: [` + ready + `], atProvider: {state: Synced, secretsSynced: 1/2, secrets: [{name: a, state: Missing}, {name: b, state: Synced, version: "1"}]}}`,
			Health{healthy, "1/2 secrets are synced."},
		},
	}

	for state, want := range states {
		conditions := notReady
		if state == "Synced" {
			conditions = ready
		}

		cases["State"+state] = healthCase{
			"Every state has a health.",
			`{conditions: [` + conditions + `], atProvider: {state: ` + state + `, secretsSynced: 1/1, secrets: [{name: db, state: ` + state + `, message: Do.}]}}`,
			want,
		}
	}

	testHealth(t, before+"  ", "", cases)
}

// A healthCase is the status of an object and the health that Argo CD derives from it.
type healthCase struct {
	reason string
	status string
	want   Health
}

// testHealth tests objects whose YAML is a status between before and after.
func testHealth(t *testing.T, before, after string, cases map[string]healthCase) {
	t.Helper()

	c, _ := install(t)

	for name, tc := range cases {
		c.expect(t, name, tc.reason, object(t, before+tc.status+after), tc.want)
	}
}

func TestProviderConfigHealth(t *testing.T) {
	t.Parallel()

	testHealth(t, "{apiVersion: secrets.p6m.dev/v1alpha1, metadata: {name: a}, ", "}", map[string]healthCase{
		"Unused": {"An unused configuration is healthy.", `kind: ProviderConfig`, Health{healthy, "Used by 0 syncs."}},
		"One":    {"A configuration can have one user.", `kind: ProviderConfig, status: {users: 1}`, Health{healthy, "Used by 1 sync."}},
		"Shared": {"A cluster-wide configuration has many users.", `kind: ClusterProviderConfig, status: {users: 7}`, Health{healthy, "Used by 7 syncs."}},
	})
}

func TestArgoCDApplicationHealth(t *testing.T) {
	t.Parallel()

	const before = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {syncPolicy: {automated: {selfHeal: true}}}, status: "

	testHealth(t, before, "}", map[string]healthCase{
		"New":     {"An Application without a status blocks later sync waves.", `{}`, Health{progressing, "Objects of the application are missing."}},
		"Missing": {"Missing objects are in progress.", `{health: {status: Missing}}`, Health{progressing, "Objects of the application are missing."}},
		"Syncing": {
			"While a sync runs, the health is that of the previous sync.", `{health: {status: Healthy}, operationState: {phase: Running, message: waiting for packages}}`,
			Health{progressing, "waiting for packages"},
		},
		"Begun":   {"A running sync may have no message yet.", `{health: {status: Healthy}, operationState: {phase: Running}}`, Health{progressing, "The application is being synced."}},
		"Healthy": {"A successful sync with healthy objects is healthy.", `{health: {status: Healthy}, operationState: {phase: Succeeded, message: successfully synced}}`, Health{healthy, ""}},
		"Never":   {"Objects without a health check are healthy before they exist.", `{health: {status: Healthy}}`, Health{progressing, "The application has not been synced yet."}},
		"Refused": {
			"A rejected object is missing although the existing ones are healthy.",
			`{health: {status: Healthy}, operationState: {phase: Failed, message: not permitted}}`,
			Health{degraded, "not permitted"},
		},
		"Broken":   {"A failed sync may have no message.", `{health: {status: Missing}, operationState: {phase: Error}}`, Health{degraded, "The last sync failed."}},
		"Degraded": {"The health of a degraded object counts.", `{health: {status: Degraded, message: a pod}, operationState: {phase: Succeeded}}`, Health{degraded, "a pod"}},
		"Waiting":  {"The health of a suspended object counts.", `{health: {status: Suspended}, operationState: {phase: Succeeded}}`, Health{suspended, ""}},
	})
}
