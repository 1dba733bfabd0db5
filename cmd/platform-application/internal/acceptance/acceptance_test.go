// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

const testID = "abcdefgh23"

func TestNewID(t *testing.T) {
	a, b := NewID(), NewID()
	if a == b {
		t.Errorf("NewID(): want a new id each time, got %s twice", a)
	}

	if !idPattern.MatchString(a) {
		t.Errorf("NewID(): want a match of %s, got %s", idPattern, a)
	}
}

func TestOwned(t *testing.T) {
	named := func(name string, labels map[string]string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	}

	cases := map[string]struct {
		reason string
		ns     *corev1.Namespace
		id     string
		want   bool
	}{
		"Own":        {reason: "The run has created the namespace.", ns: namespaceOf(testID, "", nil), id: testID, want: true},
		"Tenant":     {reason: "Other labels do not matter.", ns: namespaceOf(testID, "meta.p6m.dev/tenant", map[string]string{"zone": "a"}), id: testID, want: true},
		"NoLabel":    {reason: "The name alone proves nothing.", ns: named(namespaceName(testID), nil), id: testID},
		"OtherLabel": {reason: "Another run has created the namespace.", ns: named(namespaceName(testID), map[string]string{runLabel: "zzzzzzzz22"}), id: testID},
		"OtherName":  {reason: "The label alone proves nothing.", ns: named("kube-system", map[string]string{runLabel: testID}), id: testID},
		"Empty":      {reason: "A run without an id has created nothing.", ns: named(namespacePrefix, map[string]string{runLabel: ""}), id: ""},
		"NoID":       {reason: "The id is not that of a run.", ns: named("acceptance-team", map[string]string{runLabel: "team"}), id: "team"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := owned(tc.ns, tc.id); (got == nil) != tc.want {
				t.Errorf("\n%s\nowned(...): want %t, got %v", tc.reason, tc.want, got)
			}
		})
	}
}

func TestNamespaceOf(t *testing.T) {
	cases := map[string]struct {
		reason      string
		tenantLabel string
		more        map[string]string
		want        map[string]string
	}{
		"Plain": {
			reason: "The labels allow applications.",
			want:   map[string]string{workloadsLabel: workloadsComposed, runLabel: testID},
		},
		"Tenant": {
			reason:      "Without a tenant the function would compose nothing.",
			tenantLabel: "meta.p6m.dev/tenant",
			want:        map[string]string{workloadsLabel: workloadsComposed, runLabel: testID, "meta.p6m.dev/tenant": namespaceName(testID)},
		},
		"Chosen": {
			reason:      "Added labels may set the tenant, but not the labels of the run.",
			tenantLabel: "meta.p6m.dev/tenant",
			more:        map[string]string{"meta.p6m.dev/tenant": "acme", runLabel: "other", workloadsLabel: "none"},
			want:        map[string]string{workloadsLabel: workloadsComposed, runLabel: testID, "meta.p6m.dev/tenant": "acme"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := namespaceOf(testID, tc.tenantLabel, tc.more)
			if diff := cmp.Diff(tc.want, got.Labels); diff != "" || got.Name != namespaceName(testID) {
				t.Errorf("\n%s\nnamespaceOf(...): %s: -want, +got:\n%s", tc.reason, got.Name, diff)
			}
		})
	}
}

func TestLeftovers(t *testing.T) {
	old, young := *namespaceOf("oldoldold2", "", nil), *namespaceOf("young22222", "", nil)
	old.CreationTimestamp, young.CreationTimestamp = metav1.Unix(1, 0), metav1.Unix(2, 0)
	foreign := corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{runLabel: "oldoldold2"}}}

	want := []Leftover{
		{Run: "oldoldold2", Namespace: "acceptance-oldoldold2", Created: old.CreationTimestamp.Time},
		{Run: "young22222", Namespace: "acceptance-young22222", Created: young.CreationTimestamp.Time},
	}
	if diff := cmp.Diff(want, leftovers([]corev1.Namespace{young, foreign, old})); diff != "" {
		t.Errorf("leftovers(...): -want, +got:\n%s", diff)
	}
}

// TestValues checks the expected environment of pods, and that values are hidden.
func TestValues(t *testing.T) {
	v, err := newValues()
	if err != nil {
		t.Fatal(err)
	}

	want := []string{
		"API_KEY", "API_SECRET", "CA_CRT", "DATABASE_URL", "LOG_LEVEL", "POSTGRES_DB", "POSTGRES_HOST", "POSTGRES_PASSWORD", "POSTGRES_PORT",
		"POSTGRES_USER", "TLS_CRT", "TLS_KEY",
	}
	if diff := cmp.Diff(want, v.variables()); diff != "" {
		t.Errorf("variables(): -want, +got:\n%s", diff)
	}

	before, environment := v.digests(), v.environment()

	if url := environment["DATABASE_URL"]; strings.Contains(url, "$") || !strings.Contains(url, environment["POSTGRES_PASSWORD"]) {
		t.Errorf("DATABASE_URL: want it expanded, got %s", url)
	}

	v.rotate()

	var changed []string

	for name, digest := range v.digests() {
		if before[name] != digest {
			changed = append(changed, name)
		}
	}

	slices.Sort(changed)

	if diff := cmp.Diff([]string{"DATABASE_URL", "POSTGRES_PASSWORD"}, changed); diff != "" {
		t.Errorf("variables that a rotation changes: -want, +got:\n%s", diff)
	}

	// The former and the present values.
	for _, values := range []map[string]string{environment, v.environment()} {
		for _, name := range []string{"POSTGRES_PASSWORD", "API_SECRET", "TLS_KEY", "DATABASE_URL"} {
			if got := v.hide("it is " + values[name] + "!"); strings.Contains(got, values[name]) {
				t.Errorf("hide(...): want %s hidden, got %s", name, got)
			}
		}

		key := strings.Split(values["TLS_KEY"], "\n")[1]
		if got := v.hide("a line " + key); strings.Contains(got, key) {
			t.Errorf("hide(...): want each line of a key hidden, got %s", got)
		}
	}
}

func TestDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, other := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"), rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "other")
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")

		if (digest(key, a) == digest(key, b)) != (a == b) {
			t.Fatalf("digest(...): want equal digests of equal values only")
		}

		if (digest(key, a) == digest(other, a)) != bytes.Equal(key, other) {
			t.Fatalf("digest(...): want another digest with another key")
		}
	})
}

// TestWorkload reads the output of a workload with parseLog.
func TestWorkload(t *testing.T) {
	var out bytes.Buffer

	environment := map[string]string{"A": "one", "B": "two\nlines", "C": "not asked for"}
	w := Workload{Run: testID, Key: []byte("key"), Variables: []string{"A", "B", "MISSING"}, Out: &out, Lookup: func(name string) (string, bool) {
		value, ok := environment[name]

		return value, ok
	}}

	if err := w.print(); err != nil {
		t.Fatal(err)
	}

	for _, value := range environment {
		if strings.Contains(out.String(), value) {
			t.Errorf("print(): want no value, got %s", out.String())
		}
	}

	want := map[string]string{"A": digest([]byte("key"), "one"), "B": digest([]byte("key"), "two\nlines")}

	cases := map[string]struct {
		reason string
		log    string
		run    string
		want   map[string]string
		failed bool
	}{
		"Only":    {reason: "The log has the line.", log: out.String(), run: testID, want: want},
		"Among":   {reason: "The log may have other lines.", log: "warning: {\n{}\nnull\n[1]\n" + out.String() + "more", run: testID, want: want},
		"Other":   {reason: "The line of another run is ignored.", log: out.String(), run: "other22222", failed: true},
		"Nothing": {reason: "The log is empty at first.", run: testID, failed: true},
		"Cut":     {reason: "A truncated line is ignored.", log: out.String()[:20], run: testID, failed: true},
		"Long":    {reason: "A line that is too long hides the others.", log: strings.Repeat("x", maxLog+2) + "\n" + out.String(), run: testID, failed: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseLog([]byte(tc.log), tc.run)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.failed {
				t.Errorf("\n%s\nparseLog(...): %v, -want, +got:\n%s", tc.reason, err, diff)
			}
		})
	}
}

func FuzzParseLog(f *testing.F) {
	f.Add([]byte(`{"run":"abcdefgh23","variables":{"A":"1"}}`))
	f.Add([]byte("{\"run\":\"abcdefgh23\"}\n\xff"))

	f.Fuzz(func(t *testing.T, log []byte) {
		if got, err := parseLog(log, testID); (got == nil) == (err == nil) {
			t.Errorf("parseLog(...): want variables or an error, got %v, %v", got, err)
		}
	})
}

func TestCompare(t *testing.T) {
	want := map[string]string{"A": "1", "B": "2", "C": "3"}

	cases := map[string]struct {
		reason string
		got    map[string]string
		want   string
	}{
		"Same":  {reason: "A pod may have other variables.", got: map[string]string{"A": "1", "B": "2", "C": "3", "D": "4"}},
		"Wrong": {reason: "The error names every wrong variable.", got: map[string]string{"A": "2", "C": "3"}, want: "A has another value\nB is missing"},
		"None":  {reason: "The error names every missing variable.", want: "A is missing\nB is missing\nC is missing"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := compare(want, tc.got); err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncompare(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDecode reads any status, valid or not.
func TestDecode(t *testing.T) {
	const status = `{"keyVault":{"name":"v","uri":"https://v.vault.azure.net/"},"secrets":[{"name":"postgres-credentials","state":"Synced","version":"1"}],
		"conditions":[{"type":"KeyVaultReady","status":"True"},{"type":"WorkloadReady","status":"False","reason":"RollingOut","message":"wait\u001b[31m"},
		{"type":"FieldsIgnored","status":"False"},7,{"type":4}]}`

	u := &unstructured.Unstructured{Object: map[string]any{}}
	if err := json.Unmarshal([]byte(`{"status":`+status+`}`), &u.Object); err != nil {
		t.Fatal(err)
	}

	got, err := decode(u)
	if err != nil {
		t.Fatal(err)
	}

	if err := errors.Join(got.isTrue("KeyVaultReady"), got.secretIn(postgres, "Synced")); err != nil {
		t.Error(err)
	}

	for name, err := range map[string]error{
		"WorkloadReady is False (RollingOut): wait [31m": got.isTrue("WorkloadReady"),
		"condition Ready is not set yet":                 got.isTrue("Ready"),
	} {
		if err == nil || err.Error() != name {
			t.Errorf("isTrue(...): want %q, got %v", name, err)
		}
	}

	if err := got.allIn("Synced"); err == nil {
		t.Error("allIn(...): want an error about missing secrets")
	}

	want := []Condition{{Type: "WorkloadReady", Status: "False", Reason: "RollingOut", Message: "wait [31m"}, {}}
	if diff := cmp.Diff(want, got.notTrue(&values{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("notTrue(...): -want, +got:\n%s", diff)
	}

	for _, status := range []any{"text", map[string]any{"secrets": "text"}} {
		if _, err := decode(&unstructured.Unstructured{Object: map[string]any{"status": status}}); err == nil {
			t.Errorf("decode(%v): want an error", status)
		}
	}
}

func TestWho(t *testing.T) {
	cases := map[string]struct {
		reason          string
		token           string
		object, appName string
	}{
		"Claims": {reason: "A token of Entra ID has both claims.", token: "e30.eyJvaWQiOiJvIiwiYXBwaWQiOiJhIn0.s", object: "o", appName: "a"},
		"Opaque": {reason: "A token may be opaque.", token: "opaque"},
		"Text":   {reason: "Claims that are not base64 are ignored.", token: "a.!.c"},
		"JSON":   {reason: "Claims that are not an object are ignored.", token: "a.W10.c"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			object, app := who(tc.token)
			if object != tc.object || app != tc.appName {
				t.Errorf("\n%s\nwho(...): want %s, %s, got %s, %s", tc.reason, tc.object, tc.appName, object, app)
			}
		})
	}
}

// TestCheckOfficers rejects settings with which a run would fail after an hour.
func TestCheckOfficers(t *testing.T) {
	officers := func(o ...inputv1alpha1.Officer) *inputv1alpha1.KeyVaultDefaults {
		return &inputv1alpha1.KeyVaultDefaults{Officers: o}
	}

	cases := map[string]struct {
		reason   string
		keyVault *inputv1alpha1.KeyVaultDefaults
		ok       bool
	}{
		"None":    {reason: "Settings without rules for vaults name no officer."},
		"Empty":   {reason: "An empty list names no officer.", keyVault: officers()},
		"Allowed": {reason: "The run's manifest names no officer, although it could.", keyVault: &inputv1alpha1.KeyVaultDefaults{Allow: &inputv1alpha1.KeyVaultAllowance{Officers: "Any"}}},
		"Other":   {reason: "The officer may be a group of the account.", keyVault: officers(inputv1alpha1.Officer{ObjectID: "55555555-5555-4555-8555-555555555555"}), ok: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := CheckOfficers(inputv1alpha1.PlatformConfigSpec{KeyVault: tc.keyVault})
			if (err == nil) != tc.ok || err != nil && !strings.Contains(err.Error(), "keyVault.officers of the settings is empty") {
				t.Errorf("\n%s\nCheckOfficers(...): want it to start %t, got %v", tc.reason, tc.ok, err)
			}
		})
	}
}

// TestExplain shortens errors of Key Vault, and says which role is missing.
func TestExplain(t *testing.T) {
	answered := func(status int, code string) error { return &azcore.ResponseError{StatusCode: status, ErrorCode: code} }

	cases := map[string]struct {
		reason string
		err    error
		want   string
	}{
		"Nothing": {reason: "Success is no error."},
		"Forbidden": {
			reason: "The error names the officer, the role and the setting.", err: answered(http.StatusForbidden, "Forbidden"),
			want: "cannot set secret a: Key Vault answered 403 Forbidden Forbidden. The officer with object id o needs Key Vault Secrets Officer on the vault. Check --officer-object-id or keyVault.officers of the settings. A new role takes up to 10 minutes",
		},
		"Conflict": {reason: "Any other error has the status and the code.", err: answered(http.StatusConflict, "ObjectIsBeingDeleted"), want: "cannot set secret a: Key Vault answered 409 Conflict ObjectIsBeingDeleted"},
		"NoAnswer": {reason: "A network error is shortened to one line.", err: errors.New("no\nroute"), want: "cannot set secret a: no route"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := (Officer{ObjectID: "o"}).explain("set secret a", tc.err); err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nexplain(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPodOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		status corev1.PodStatus
		want   pod
	}{
		"Ready": {reason: "A ready pod has no trouble.", status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}, want: pod{ready: true}},
		"Unschedulable": {
			reason: "The reason why a pod is not scheduled is known.",
			status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "no node"}}},
			want:   pod{reason: "Unschedulable", trouble: ": Unschedulable: no node"},
		},
		"Ended": {
			reason: "The reason and the exit code of a crashing container are known.",
			status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
				State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "wait"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 80, Reason: "Error"}},
			}}},
			want: pod{reason: "CrashLoopBackOff", trouble: ": CrashLoopBackOff: wait: the container ended with exit code 80 (Error)"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, podOf(corev1.Pod{Status: tc.status}), cmp.AllowUnexported(pod{})); diff != "" {
				t.Errorf("\n%s\npodOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestClient sends the officer's token only to Key Vault.
func TestClient(t *testing.T) {
	cases := map[string]struct {
		reason string
		uri    string
		ok     bool
	}{
		"Vault":     {reason: "The host of a vault is allowed.", uri: "https://web-a1.vault.azure.net/", ok: true},
		"Other":     {reason: "A host of another domain is rejected.", uri: "https://vault.azure.net.example.com/"},
		"Plain":     {reason: "Plain HTTP would expose the token.", uri: "http://web-a1.vault.azure.net/"},
		"User":      {reason: "A user name can imitate a host.", uri: "https://web-a1.vault.azure.net@example.com/"},
		"Port":      {reason: "Key Vault uses only the default port.", uri: "https://web-a1.vault.azure.net:8443/"},
		"Subdomain": {reason: "A vault has no subdomain.", uri: "https://a.b.vault.azure.net/"},
		"Suffix":    {reason: "A vault has a name.", uri: "https://.vault.azure.net/"},
		"Empty":     {reason: "An empty address is rejected.", uri: ""},
		"Garbage":   {reason: "An invalid URI is rejected.", uri: "https://%zz"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Officer{suffix: cloudOf("").suffix}.client(tc.uri)
			if (err == nil) != tc.ok {
				t.Errorf("\n%s\nclient(%q): %v", tc.reason, tc.uri, err)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	var said []string
	say := func(line string) { said = append(said, line) }

	err := await(ctx, "something", say, func(context.Context) error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "something: not yet") {
		t.Errorf("await(...): want the awaited event and the last state, got %v", err)
	}

	if diff := cmp.Diff([]string{"  waiting for something: not yet"}, said); diff != "" {
		t.Errorf("progress: -want, +got:\n%s", diff)
	}

	err = await(t.Context(), "something", say, func(context.Context) error { return permanent{errors.New("never")} })
	if err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("await(...): want no retry, got %v", err)
	}
}

// TestProgress prints what a check waits for when a value changes, and not when only a message does.
func TestProgress(t *testing.T) {
	rejected := func(message string) error {
		return fmt.Errorf("cannot get it: %w", kerrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "a", errors.New(message)))
	}

	cases := map[string]struct {
		reason string
		errs   []error
		want   []string
	}{
		"Message": {
			reason: "A changed message is no progress.",
			errs:   []error{pending{code: SecretInState, object: "a", state: "Missing", message: "at 1"}, pending{code: SecretInState, object: "a", state: "Missing", message: "at 2"}},
			want:   []string{"secret a is Missing: at 1"},
		},
		"State": {
			reason: "A changed state is progress.",
			errs:   []error{pending{code: SecretInState, object: "a", state: "Missing"}, pending{code: SecretInState, object: "a", state: "AwaitingValue"}},
			want:   []string{"secret a is Missing:", "secret a is AwaitingValue:"},
		},
		"Object": {
			reason: "Another object is progress.",
			errs:   []error{errors.Join(pending{code: VariableMissing, object: "A"}, pending{code: VariableMissing, object: "B"}), fmt.Errorf("pod a: %w", pending{code: VariableMissing, object: "B"})},
			want:   []string{"A is missing B is missing", "pod a: B is missing"},
		},
		"Rejected": {
			reason: "A request that Kubernetes rejects for the same reason is no progress.",
			errs:   []error{rejected("1"), rejected("2"), pending{code: NoPods}},
			want:   []string{rejected("1").Error(), "there are no pods"},
		},
		"Unknown": {
			reason: "Errors without a reason are equal.",
			errs:   []error{errors.New("dial 1"), errors.New("dial 2")},
			want:   []string{"dial 1"},
		},
	}

	for name, tc := range cases {
		t.Run(name, synctested(func(t *testing.T) {
			t.Helper()

			var got []string

			say := func(line string) { got = append(got, strings.TrimPrefix(line, "  waiting for it: ")) }
			n := 0

			err := await(t.Context(), "it", say, func(context.Context) error {
				if n++; n > len(tc.errs) {
					return nil
				}

				return tc.errs[n-1]
			})
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("\n%s\nawait(...): %v: -want, +got:\n%s", tc.reason, err, diff)
			}
		}))
	}
}

func TestRemains(t *testing.T) {
	deleted := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	vault := Azure{Vault: "web-a1", Location: "westeurope", RetentionDays: 90}

	protected, kept, purged := vault, vault, vault
	protected.PurgeProtection, kept.Kept, purged.Purged = true, true, true

	cases := map[string]struct {
		reason string
		azure  Azure
		policy v1alpha1.DeletionPolicy
		want   []string
	}{
		"Purged":     {reason: "A purged vault does not remain.", azure: purged, policy: v1alpha1.DeletionPurge},
		"Unknown":    {reason: "Without the step return it is unknown whether the vault was purged.", azure: vault, policy: v1alpha1.DeletionPurge, want: []string{"Deleted vault web-a1, until 2027-02-27, if the Azure providers have no permission to purge it. The run ended before it could find out."}},
		"NoVault":    {reason: "A run without a vault leaves none.", policy: v1alpha1.DeletionSoftDelete},
		"SoftDelete": {reason: "Azure retains the vault.", azure: protected, policy: v1alpha1.DeletionSoftDelete, want: []string{"Deleted vault web-a1, until 2027-02-27. It costs nothing, and nobody can purge it earlier."}},
		"Kept":       {reason: "A vault that kept its values was not purged.", azure: kept, policy: v1alpha1.DeletionPurge, want: []string{"Deleted vault web-a1, until 2027-02-27: the Azure providers have no permission to purge it. To purge it: az keyvault purge --name web-a1 --location westeurope"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, remains(tc.azure, tc.policy, deleted)); diff != "" {
				t.Errorf("\n%s\nremains(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	got := strings.Join(Commands(testID, "--context", "prod"), "\n")
	for _, want := range []string{"acceptance cleanup abcdefgh23 --context prod", "kubectl delete namespace acceptance-abcdefgh23"} {
		if !strings.Contains(got, want) {
			t.Errorf("Commands(...): want %q, got:\n%s", want, got)
		}
	}

	if len(managed()) != len(managedNames()) {
		t.Error("managedNames() must have all kinds of managed()")
	}
}

// TestMarkdown renders all parts of a report, and escapes foreign texts.
func TestMarkdown(t *testing.T) {
	r := Report{
		Run: testID, Result: Failed, Started: time.Unix(0, 0).UTC(), Ended: time.Unix(60, 0).UTC(), Program: "platform-application v0.1.0",
		Versions: Versions{Kubernetes: "v1.36.3", Packages: []Package{{Kind: "Function", Name: "f", Package: "ghcr.io/f:v1"}}},
		Steps: []StepReport{
			{Name: "create", What: "create it", Result: Passed, Seconds: 1.26, Normal: "a second", Measured: []Measurement{{What: "something", Seconds: 2}}},
			{Name: "vault", What: "a vault", Result: Failed, Error: "a | b\n# <b>", Conditions: []Condition{{Type: "KeyVaultReady", Status: "False", Message: "[no](https://example.com)"}}},
			{Name: "identity", What: "an identity", Result: NotReached},
		},
		Cleanup: &StepReport{Name: Cleanup, Result: Failed, Error: "no"},
		Remains: []string{"Namespace x."}, CleanUp: []string{"kubectl delete namespace x"}, Skipped: []string{"something"}, Notes: []string{"cannot look"},
	}

	got := r.Markdown()
	for _, want := range []string{
		"# Acceptance run abcdefgh23: Failed\n", "| Kubernetes | v1.36.3 |\n", "| Function | f | ghcr.io/f:v1 |  |\n",
		"| create | create it | Passed | 1.3 | a second |\n|  | something |  | 2.0 |  |\n", "| identity | an identity | NotReached |  |  |\n",
		"## Step vault failed\n\na \\| b # &lt;b>\n\nConditions of the application:\n", `| KeyVaultReady | False |  | \[no\](https://example.com) |`,
		"## Step cleanup failed\n", "## What remains\n\n- Namespace x.\n", "```sh\nkubectl delete namespace x\n```\n",
		"## Not tested\n\n- something\n", "## Not determined\n\n- cannot look\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Markdown(): want %q in:\n%s", want, got)
		}
	}
}

// TestCell keeps any text in its cell.
func TestCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")

		got := cell(text)
		if strings.ContainsAny(got, "\n\r\x00\x1b<") {
			t.Fatalf("cell(%q): got %q", text, got)
		}

		unescaped := strings.ReplaceAll(strings.ReplaceAll(got, `\\`, ""), `\|`, "")
		if strings.Contains(unescaped, "|") {
			t.Fatalf("cell(%q): want the cell intact, got %q", text, got)
		}
	})
}

func TestShorten(t *testing.T) {
	if got := shorten(strings.Repeat("ä", maxText)); len(got) > maxText+len(" …") {
		t.Errorf("shorten(...): want at most %d bytes, got %d", maxText, len(got))
	}

	if diff := cmp.Diff("a b c", shorten("a\x1b\n b\u202e\tc")); diff != "" {
		t.Errorf("shorten(...): -want, +got:\n%s", diff)
	}
}

// TestWriteFile writes the format of the file's name, and replaces the file atomically.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	r := Report{Run: testID, Result: Passed}

	for _, name := range []string{"report.json", "report.md", "report"} {
		path := filepath.Join(dir, name)

		if err := errors.Join(r.WriteFile(path), r.WriteFile(path)); err != nil {
			t.Fatal(err)
		}

		data, err := os.ReadFile(path) //nolint:gosec // In a directory of the test.
		if err != nil {
			t.Fatal(err)
		}

		if isJSON := json.Valid(data); isJSON != (name == "report.json") {
			t.Errorf("%s: want JSON only in a .json file, got:\n%s", name, data)
		}
	}

	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("want no other files, got %v, %v", entries, err)
	}

	if err := r.WriteFile(filepath.Join(dir, "missing", "report.json")); err == nil {
		t.Error("WriteFile(...): want an error about a missing directory")
	}
}

// TestSteps checks that steps have unique names, timeouts and texts.
func TestSteps(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range StepNames() {
		if seen[name] {
			t.Errorf("there are two steps %s", name)
		}

		seen[name] = true
	}

	for _, s := range steps() {
		if text := stepTexts[s.name]; s.timeout <= 0 || text.what == "" || text.normal == "" || s.do == nil {
			t.Errorf("step %s is incomplete", s.name)
		}
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(stepTexts)), slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("StepNames(): -texts, +steps:\n%s", diff)
	}
}
