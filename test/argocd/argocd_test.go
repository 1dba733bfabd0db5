// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	healthy     = "Healthy"
	suspended   = "Suspended"
	progressing = "Progressing"
	degraded    = "Degraded"
)

// install builds what a platform team would: an Argo CD with the component.
func install(t *testing.T) (CLI, map[string]string) {
	t.Helper()

	cm, err := Build(t.Context(), filepath.Join("testdata", "install"))
	if err != nil {
		t.Fatalf("Build(...): %v", err)
	}

	path := filepath.Join(t.TempDir(), "argocd-cm.yaml")
	write(t, path, cm)

	c, err := New(t.Context(), path)
	if err != nil {
		t.Fatalf("New(...): %v", err)
	}

	settings, err := Settings(cm)
	if err != nil {
		t.Fatalf("Settings(...): %v", err)
	}

	return c, settings
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()

	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatalf("cannot write fixture: %v", err)
	}
}

func save(t *testing.T, object any) string {
	t.Helper()

	data, err := json.Marshal(object)
	if err != nil {
		t.Fatalf("cannot encode fixture: %v", err)
	}

	path := filepath.Join(t.TempDir(), "object.yaml")
	write(t, path, data)

	return path
}

// object of YAML.
func object(t *testing.T, doc string) map[string]any {
	t.Helper()

	o := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
		t.Fatalf("cannot parse fixture: %v", err)
	}

	return o
}

// rendered returns what an example's application becomes at a stage, as the golden renderings have it.
func rendered(t *testing.T, variant, stage string) map[string]any {
	t.Helper()

	data := check.Read(t, "test", "render", "testdata", "golden", variant, "web-application", stage+".yaml")
	first, _, _ := strings.Cut(strings.TrimPrefix(data, "---\n"), "\n---\n")

	return object(t, first)
}

// A condition in one line: type, status, reason, message.
type condition [4]string

// application is one of whose conditions these are other than those of an application that has all it needs.
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

	o["metadata"].(map[string]any)["generation"] = generation //nolint:forcetypeassert // It is one.
	o["status"].(map[string]any)["conditions"] = list         //nolint:forcetypeassert // It is one.

	return o
}

// expect an object to have a health, in a test of that name.
func (c CLI) expect(t *testing.T, name, reason string, object map[string]any, want Health) {
	t.Helper()

	t.Run(name, func(t *testing.T) {
		t.Parallel()

		got, err := c.Health(t.Context(), save(t, object))
		if err != nil {
			t.Fatalf("\n%s\nHealth(...): %v", reason, err)
		}

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
	secret := func(state, version string) map[string]any {
		v := ""
		if version != "" {
			v = `, version: "` + version + `"`
		}

		return one(`[{name: db, state: `+state+v+`}]`, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 1 secrets are synced. db: " + state + "."})
	}

	noStatus := one("[]")
	delete(noStatus, "status")

	claim := one(synced, condition{"Ready", "False", "Waiting", "Claim is waiting for composite resource to become Ready"})
	claim["spec"].(map[string]any)["resourceRef"] = map[string]any{"kind": "XPlatformApplication", "name": "web-application-x7k2p"} //nolint:forcetypeassert // It is one.

	cases := map[string]struct {
		reason string
		object map[string]any
		want   Health
	}{
		"NoStatus": {
			reason: "What nobody has looked at is not healthy.",
			object: noStatus,
			want:   Health{progressing, "Crossplane has not looked at this version of the application yet."},
		},
		"Stale": {
			reason: "What was said of the version before says nothing of this one.",
			object: application(t, 4, 3, synced),
			want:   Health{progressing, "Crossplane has not looked at this version of the application yet."},
		},
		"Healthy": {
			reason: "All is well, and where values are put is what one wants to know.",
			object: one(synced),
			want:   Health{healthy, "Put values into https://x.vault.azure.net/. 1 of 1 secrets are synced."},
		},
		"Claim": {
			reason: "A claim is looked at in the same way.",
			object: claim,
			want:   Health{progressing, "Claim is waiting for composite resource to become Ready"},
		},
		"ClaimUnbound": {
			reason: "A claim whose composite resource has not said anything has only conditions of its own.",
			object: one(`[]`, condition{"IdentityReady"}, condition{"KeyVaultReady"}, condition{"AccessReady"}, condition{"SecretsSynced"}, condition{"WorkloadReady"}, condition{"FieldsIgnored"}),
			want:   Health{progressing, "Crossplane has not said anything of IdentityReady yet."},
		},
		"FieldsIgnored": {
			reason: "What has no effect is said even if all is well.",
			object: one(synced, condition{"FieldsIgnored", "True", "FieldsIgnored", "These fields have no effect: a."}),
			want:   Health{healthy, "Put values into https://x.vault.azure.net/. 1 of 1 secrets are synced. These fields have no effect: a."},
		},
		"NotReady": {
			reason: "Only who is ready is healthy.",
			object: one(synced, condition{"Ready", "False", "Creating", "Unready resources: ingress"}),
			want:   Health{progressing, "Unready resources: ingress"},
		},
		"ReadyUnknown": {
			reason: "Nobody has said so.",
			object: one(synced, condition{"Ready"}),
			want:   Health{progressing, "Crossplane has not said yet whether all is ready."},
		},
		"Paused": {
			reason: "Who is told to stop is not broken.",
			object: one(synced, condition{"Synced", "False", "ReconcilePaused", "Reconciliation is paused."}),
			want:   Health{suspended, "Crossplane is told to leave the application alone."},
		},
		"ReconcileError": {
			reason: "Crossplane cannot do what it should.",
			object: one(synced, condition{"Synced", "False", "ReconcileError", "cannot compose resources: function is gone"}),
			want:   Health{degraded, "cannot compose resources: function is gone"},
		},
		"Fatal": {
			reason: "What the function says is plainer than what Crossplane says of it.",
			object: one(synced, condition{"Synced", "False", "ReconcileError", "pipeline step returned a fatal result"}, condition{"WorkloadReady", "False", "Invalid", "Nothing was changed: spec.config.A: must be a string."}),
			want:   Health{degraded, "Nothing was changed: spec.config.A: must be a string."},
		},
		"SettingsMissing": {
			reason: "The platform team has to do something.",
			object: one(synced, condition{"IdentityReady", "Unknown", "PlatformSettingsMissing", "The platform settings are missing."}),
			want:   Health{degraded, "The platform settings are missing."},
		},
		"First": {
			reason: "Of all that waits, the first is told.",
			object: one(`[{name: db, state: Pending}]`, condition{"KeyVaultReady", "False", "Creating", "Vault x is being created."}, condition{"AccessReady", "False", "Creating", "Roles are being assigned."}, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 1."}, condition{"WorkloadReady", "False", "WaitingForSecrets", "Pods wait."}),
			want:   Health{progressing, "Vault x is being created."},
		},
		"BrokenLater": {
			reason: "What is broken is told before what only waits.",
			object: one(synced, condition{"IdentityReady", "False", "Creating", "The identity is being created."}, condition{"AccessReady", "False", "AzureRefused", "Azure did not assign a role."}),
			want:   Health{degraded, "Azure did not assign a role."},
		},
		"ValuesAndAccess": {
			reason: "As long as something goes on, nobody has to hurry.",
			object: one(`[{name: db, state: AwaitingValue}]`, condition{"AccessReady", "False", "Creating", "Roles are being assigned."}, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 1."}),
			want:   Health{progressing, "Roles are being assigned."},
		},
		"AwaitingValue":       {"A person has to put values into the vault.", secret("AwaitingValue", ""), Health{suspended, "0 of 1 secrets are synced. db: AwaitingValue."}},
		"AwaitingValueAgain":  {"The same if there was one.", secret("AwaitingValue", "1"), Health{suspended, "0 of 1 secrets are synced. db: AwaitingValue."}},
		"Missing":             {"A person has to make it.", secret("Missing", ""), Health{suspended, "0 of 1 secrets are synced. db: Missing."}},
		"Deleted":             {"Somebody has deleted what was there.", secret("Missing", "1"), Health{degraded, "0 of 1 secrets are synced. db: Missing."}},
		"SoftDeleted":         {"Somebody has to recover it.", secret("SoftDeleted", ""), Health{degraded, "0 of 1 secrets are synced. db: SoftDeleted."}},
		"Disabled":            {"Somebody has to enable it.", secret("Disabled", "1"), Health{degraded, "0 of 1 secrets are synced. db: Disabled."}},
		"Invalid":             {"Somebody has to correct it.", secret("Invalid", ""), Health{degraded, "0 of 1 secrets are synced. db: Invalid."}},
		"Forbidden":           {"Somebody has to let the application in.", secret("Forbidden", "1"), Health{degraded, "0 of 1 secrets are synced. db: Forbidden."}},
		"AwaitingAccess":      {"Azure lets the application in by itself.", secret("AwaitingAccess", ""), Health{progressing, "0 of 1 secrets are synced. db: AwaitingAccess."}},
		"Throttled":           {"It ends by itself.", secret("Throttled", "1"), Health{progressing, "0 of 1 secrets are synced. db: Throttled."}},
		"Unreachable":         {"It ends by itself, most often.", secret("Unreachable", "1"), Health{progressing, "0 of 1 secrets are synced. db: Unreachable."}},
		"Pending":             {"It is looked at soon.", secret("Pending", ""), Health{progressing, "0 of 1 secrets are synced. db: Pending."}},
		"StateOfTheFuture":    {"What is not known is not alarming.", secret("Dreaming", ""), Health{progressing, "0 of 1 secrets are synced. db: Dreaming."}},
		"ModernNothingYet":    {"As it begins.", rendered(t, "modern", "1-nothing-yet"), Health{progressing, "Identity web-application-zmnvbtyqzhhbjyz is being created in Azure. This normally takes a minute. No action is needed."}},
		"ModernAzureReady":    {"As it goes on.", rendered(t, "modern", "2-azure-ready"), Health{progressing, "Identity web-application-zmnvbtyqzhhbjyz exists; its federated credential is being created. This normally takes a minute. No action is needed."}},
		"ModernSecretsSynced": {"Before the pods run.", rendered(t, "modern", "3-secrets-synced"), Health{progressing, "The pods are being started. This normally takes a minute."}},
		"LegacySecretsSynced": {"The same behind a claim.", rendered(t, "claim", "3-secrets-synced"), Health{progressing, "The pods are being started. This normally takes a minute."}},
		"OneIsOnItsWay": {
			reason: "A secret that is on its way may be the last one.",
			object: one(`[{name: db, state: AwaitingValue}, {name: api, state: AwaitingAccess}]`, condition{"SecretsSynced", "False", "SecretsNotSynced", "0 of 2."}),
			want:   Health{progressing, "0 of 2."},
		},
		"OptionalMissing": {
			reason: "Nobody misses an optional secret: the condition knows, and the state does not.",
			object: one(`[{name: db, state: Synced, version: "1"}, {name: api, state: Missing}]`),
			want:   Health{healthy, "Put values into https://x.vault.azure.net/. 1 of 1 secrets are synced."},
		},
	}

	for name, tc := range cases {
		c.expect(t, name, tc.reason, tc.object, tc.want)
	}
}

// TestReasons shows what every reason means that the function has for a condition which is not as it should be.
func TestReasons(t *testing.T) {
	t.Parallel()

	c, _ := install(t)

	want := map[string]string{
		"AzureRefused": degraded, "AccessPoliciesUsed": degraded, "VaultWithdrawn": degraded, "SecretNotWritten": degraded, "VariablesCollide": degraded,
		"ForeignResource": degraded, "IngressRefused": degraded, "RolloutFailed": degraded, "Invalid": degraded, "PlatformSettingsInvalid": degraded,
		"PlatformSettingsMissing": degraded, "OwnedByAnother": degraded, "TenantUnknown": degraded,

		"Creating": progressing, "Replacing": progressing, "WaitingForIdentity": progressing, "RollingOut": progressing,

		"WaitingForSecrets": suspended, "Held": suspended,

		// TestApplicationHealth has the states of secrets.
		"SecretsNotSynced": progressing,
		// These go with conditions that are as they should be.
		"Available": progressing, "VariablesWithheld": progressing, "NotRequested": progressing, "FieldsIgnored": progressing, "NoFieldsIgnored": progressing,
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), check.Constants(t, "fn/compose/conditions.go", "Reason")); diff != "" {
		t.Errorf("reasons of the function, which are all to be known here: -want, +got:\n%s", diff)
	}

	for reason, status := range want {
		c.expect(t, reason, "Every reason has its meaning.",
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
		t.Errorf("states of the provider, which are all to be known here: -want, +got:\n%s", diff)
	}

	cases := map[string]healthCase{
		"NoStatus": {"What nobody has looked at is not healthy.", `{}`, Health{progressing, "The provider has not looked at the sync yet."}},
		"Stale": {
			"What was said of the version before says nothing of this one.",
			`{conditions: [` + strings.ReplaceAll(ready, "observedGeneration: 2", "observedGeneration: 1") + `], atProvider: {state: Synced}}`,
			Health{progressing, "The provider has not looked at this version of the sync yet."},
		},
		"Paused": {
			"Who is told to stop is not broken.", `{conditions: [{type: Synced, status: 'False', reason: ReconcilePaused}]}`,
			Health{suspended, "The provider is told to leave the sync alone."},
		},
		"ReconcileError": {
			"The provider cannot do what it should.", `{conditions: [{type: Synced, status: 'False', reason: ReconcileError, message: cannot apply Secret}]}`,
			Health{degraded, "cannot apply Secret"},
		},
		"Deleted": {
			"Somebody has deleted what was there, and pods still have it.",
			`{conditions: [` + ready + `], atProvider: {state: Missing, secrets: [{name: db, state: Missing, message: Recover it., version: "1"}]}}`,
			Health{degraded, "db: Missing. Recover it."},
		},
		"WorstFirst": {
			"What is to be repaired is told first.",
			`{conditions: [` + notReady + `], atProvider: {state: Invalid, secrets: [{name: a, state: AwaitingValue}, {name: b, state: Throttled}, {name: c, state: Invalid, message: Line 1.}]}}`,
			Health{degraded, "c: Invalid. Line 1."},
		},
		"NotLookedAt": {
			"It is looked at soon.", `{conditions: [` + notReady + `], atProvider: {secrets: [{name: a}]}}`,
			Health{progressing, "a: Pending. "},
		},
		"OptionalMissing": {
			"Nobody misses an optional secret: the state of all together knows.",
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
			"Every state has its meaning.",
			`{conditions: [` + conditions + `], atProvider: {state: ` + state + `, secretsSynced: 1/1, secrets: [{name: db, state: ` + state + `, message: Do.}]}}`,
			want,
		}
	}

	testHealth(t, before+"  ", "", cases)
}

// A healthCase is the status of an object, and what Argo CD makes of it.
type healthCase struct {
	reason string
	status string
	want   Health
}

// testHealth of objects, of which a status is between these words.
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
		"Unused": {"It does no harm to have one.", `kind: ProviderConfig`, Health{healthy, "Used by 0 syncs."}},
		"One":    {"It has a user.", `kind: ProviderConfig, status: {users: 1}`, Health{healthy, "Used by 1 sync."}},
		"Shared": {"One for all.", `kind: ClusterProviderConfig, status: {users: 7}`, Health{healthy, "Used by 7 syncs."}},
	})
}

func TestArgoCDApplicationHealth(t *testing.T) {
	t.Parallel()

	const before = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {syncPolicy: {automated: {selfHeal: true}}}, status: "

	testHealth(t, before, "}", map[string]healthCase{
		"New":     {"What nobody has looked at does not let others begin.", `{}`, Health{progressing, "Not all of it is there yet."}},
		"Missing": {"What is not there yet is to come.", `{health: {status: Missing}}`, Health{progressing, "Not all of it is there yet."}},
		"Syncing": {
			"What is there is that of before.", `{health: {status: Healthy}, operationState: {phase: Running, message: waiting for packages}}`,
			Health{progressing, "waiting for packages"},
		},
		"Begun":   {"It says nothing yet.", `{health: {status: Healthy}, operationState: {phase: Running}}`, Health{progressing, "It is being synchronized."}},
		"Healthy": {"All of it is well.", `{health: {status: Healthy}, operationState: {phase: Succeeded, message: successfully synced}}`, Health{healthy, ""}},
		"Never":   {"Kinds without health are healthy before they are there.", `{health: {status: Healthy}}`, Health{progressing, "It was not synchronized yet."}},
		"Refused": {
			"What is there is well, and what was refused is not there.",
			`{health: {status: Healthy}, operationState: {phase: Failed, message: not permitted}}`,
			Health{degraded, "not permitted"},
		},
		"Broken":   {"It says nothing more.", `{health: {status: Missing}, operationState: {phase: Error}}`, Health{degraded, "It could not be synchronized."}},
		"Degraded": {"Something of it is not.", `{health: {status: Degraded, message: a pod}, operationState: {phase: Succeeded}}`, Health{degraded, "a pod"}},
		"Waiting":  {"It waits for a person.", `{health: {status: Suspended}, operationState: {phase: Succeeded}}`, Health{suspended, ""}},
	})
}
