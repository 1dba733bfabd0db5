// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

const testID = "abcdefgh23"

func TestNewID(t *testing.T) {
	a, b := NewID(), NewID()
	if a == b {
		t.Errorf("NewID(): want another one each time, got %s twice", a)
	}

	if !idPattern.MatchString(a) {
		t.Errorf("NewID(): want what matches %s, got %s", idPattern, a)
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
		"Own":        {reason: "The run has made it.", ns: namespaceOf(testID, "", nil), id: testID, want: true},
		"Tenant":     {reason: "Whatever other labels it has.", ns: namespaceOf(testID, "meta.p6m.dev/tenant", map[string]string{"zone": "a"}), id: testID, want: true},
		"NoLabel":    {reason: "Somebody else may have made one of that name.", ns: named(NamespaceOf(testID), nil), id: testID},
		"OtherLabel": {reason: "Another run has made it.", ns: named(NamespaceOf(testID), map[string]string{RunLabel: "zzzzzzzz22"}), id: testID},
		"OtherName":  {reason: "A label alone proves nothing.", ns: named("kube-system", map[string]string{RunLabel: testID}), id: testID},
		"Empty":      {reason: "A run without an id has made nothing.", ns: named(namespacePrefix, map[string]string{RunLabel: ""}), id: ""},
		"NoID":       {reason: "No run has such an id.", ns: named("acceptance-team", map[string]string{RunLabel: "team"}), id: "team"},
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
			reason: "Applications run there.",
			want:   map[string]string{workloadsLabel: workloadsComposed, RunLabel: testID},
		},
		"Tenant": {
			reason:      "Without an owner nothing would be composed.",
			tenantLabel: "meta.p6m.dev/tenant",
			want:        map[string]string{workloadsLabel: workloadsComposed, RunLabel: testID, "meta.p6m.dev/tenant": NamespaceOf(testID)},
		},
		"Chosen": {
			reason:      "Somebody may choose the owner, and not who has made the namespace.",
			tenantLabel: "meta.p6m.dev/tenant",
			more:        map[string]string{"meta.p6m.dev/tenant": "acme", RunLabel: "other", workloadsLabel: "none"},
			want:        map[string]string{workloadsLabel: workloadsComposed, RunLabel: testID, "meta.p6m.dev/tenant": "acme"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := namespaceOf(testID, tc.tenantLabel, tc.more)
			if diff := cmp.Diff(tc.want, got.Labels); diff != "" || got.Name != NamespaceOf(testID) {
				t.Errorf("\n%s\nnamespaceOf(...): %s: -want, +got:\n%s", tc.reason, got.Name, diff)
			}
		})
	}
}

func TestLeftovers(t *testing.T) {
	old, young := *namespaceOf("oldoldold2", "", nil), *namespaceOf("young22222", "", nil)
	old.CreationTimestamp, young.CreationTimestamp = metav1.Unix(1, 0), metav1.Unix(2, 0)
	foreign := corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{RunLabel: "oldoldold2"}}}

	want := []Leftover{
		{Run: "oldoldold2", Namespace: "acceptance-oldoldold2", Created: old.CreationTimestamp.Time},
		{Run: "young22222", Namespace: "acceptance-young22222", Created: young.CreationTimestamp.Time},
	}
	if diff := cmp.Diff(want, leftovers([]corev1.Namespace{young, foreign, old})); diff != "" {
		t.Errorf("leftovers(...): -want, +got:\n%s", diff)
	}
}

// TestValues has the environment that pods have to have, and what may be printed of it.
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
		t.Errorf("what a rotation changes: -want, +got:\n%s", diff)
	}

	// Those of before and of now.
	for _, values := range []map[string]string{environment, v.environment()} {
		for _, name := range []string{"POSTGRES_PASSWORD", "API_SECRET", "TLS_KEY", "DATABASE_URL"} {
			if got := v.hide("it is " + values[name] + "!"); strings.Contains(got, values[name]) {
				t.Errorf("hide(...): want nothing left of %s, got %s", name, got)
			}
		}

		key := strings.Split(values["TLS_KEY"], "\n")[1]
		if got := v.hide("a line " + key); strings.Contains(got, key) {
			t.Errorf("hide(...): want no line of a key, got %s", got)
		}
	}
}

func TestDigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, other := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"), rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "other")
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")

		if (digest(key, a) == digest(key, b)) != (a == b) {
			t.Fatalf("digest(...): want the same of the same value only")
		}

		if (digest(key, a) == digest(other, a)) != bytes.Equal(key, other) {
			t.Fatalf("digest(...): want another with another key")
		}
	})
}

// TestWorkload prints what parseLog reads.
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
		"Only":    {reason: "As it is.", log: out.String(), run: testID, want: want},
		"Among":   {reason: "A runtime may say something before.", log: "warning: {\n{}\nnull\n[1]\n" + out.String() + "more", run: testID, want: want},
		"Other":   {reason: "It is of another run.", log: out.String(), run: "other22222", failed: true},
		"Nothing": {reason: "It is not there yet.", run: testID, failed: true},
		"Cut":     {reason: "It is not whole.", log: out.String()[:20], run: testID, failed: true},
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
		"Same":  {reason: "Others may be there, too.", got: map[string]string{"A": "1", "B": "2", "C": "3", "D": "4"}},
		"Wrong": {reason: "All that is wrong is named.", got: map[string]string{"A": "2", "C": "3"}, want: "A has another value\nB is missing"},
		"None":  {reason: "None is there.", want: "A is missing\nB is missing\nC is missing"},
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

// TestDecode reads what an API server has, whatever somebody wrote there.
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
		"WorkloadReady is False (RollingOut): wait [31m":    got.isTrue("WorkloadReady"),
		"the application does not have condition Ready yet": got.isTrue("Ready"),
	} {
		if err == nil || err.Error() != name {
			t.Errorf("isTrue(...): want %q, got %v", name, err)
		}
	}

	if err := got.allIn("Synced"); err == nil {
		t.Error("allIn(...): want an error about secrets that are not there")
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
		"Claims": {reason: "As Entra ID has it.", token: "e30.eyJvaWQiOiJvIiwiYXBwaWQiOiJhIn0.s", object: "o", appName: "a"},
		"Opaque": {reason: "A token may be anything.", token: "opaque"},
		"Text":   {reason: "As above.", token: "a.!.c"},
		"JSON":   {reason: "As above.", token: "a.W10.c"},
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

// TestCheckOfficers refuses what would end an hour later, when the officer is refused.
func TestCheckOfficers(t *testing.T) {
	officers := func(o ...inputv1alpha1.Officer) *inputv1alpha1.KeyVaultDefaults {
		return &inputv1alpha1.KeyVaultDefaults{Officers: o}
	}

	cases := map[string]struct {
		reason   string
		keyVault *inputv1alpha1.KeyVaultDefaults
		ok       bool
	}{
		"None":    {reason: "The example has no rules for vaults."},
		"Empty":   {reason: "Nor has it officers.", keyVault: officers()},
		"Allowed": {reason: "The application of a run names none.", keyVault: &inputv1alpha1.KeyVaultDefaults{Allow: &inputv1alpha1.KeyVaultAllowance{Officers: "Any"}}},
		"Other":   {reason: "Somebody may be in a group.", keyVault: officers(inputv1alpha1.Officer{ObjectID: "55555555-5555-4555-8555-555555555555"}), ok: true},
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

// TestExplain says what keeps the officer from the vault, without the pages of what Key Vault answers.
func TestExplain(t *testing.T) {
	answered := func(status int, code string) error { return &azcore.ResponseError{StatusCode: status, ErrorCode: code} }

	cases := map[string]struct {
		reason string
		err    error
		want   string
	}{
		"Nothing": {reason: "It was done."},
		"Forbidden": {
			reason: "It says who needs which role, and where to name them.", err: answered(http.StatusForbidden, "Forbidden"),
			want: "cannot set secret a: Key Vault answered 403 Forbidden Forbidden. The officer has object id o, and needs Key Vault Secrets Officer on the vault: is it --officer-object-id of the run, or among keyVault.officers of the settings? A new role takes up to 10 minutes",
		},
		"Conflict": {reason: "Any other answer is said as it is.", err: answered(http.StatusConflict, "ObjectIsBeingDeleted"), want: "cannot set secret a: Key Vault answered 409 Conflict ObjectIsBeingDeleted"},
		"NoAnswer": {reason: "Nobody answered.", err: errors.New("no\nroute"), want: "cannot set secret a: no route"},
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
		"Ready": {reason: "Nothing is wrong.", status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}, want: pod{ready: true}},
		"Unschedulable": {
			reason: "No node has room.",
			status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "no node"}}},
			want:   pod{trouble: ": Unschedulable: no node"},
		},
		"Ended": {
			reason: "Its program ends at once, and is started again later.",
			status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
				State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "wait"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 80, Reason: "Error"}},
			}}},
			want: pod{trouble: ": CrashLoopBackOff: wait: it has ended with exit code 80 (Error)"},
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

// TestClient keeps the officer's token from anybody but Key Vault.
func TestClient(t *testing.T) {
	cases := map[string]struct {
		reason string
		uri    string
		ok     bool
	}{
		"Vault":     {reason: "As Azure has it.", uri: "https://web-a1.vault.azure.net/", ok: true},
		"Other":     {reason: "Not Azure's.", uri: "https://vault.azure.net.example.com/"},
		"Plain":     {reason: "Everybody could read it.", uri: "http://web-a1.vault.azure.net/"},
		"User":      {reason: "It would look like another host.", uri: "https://web-a1.vault.azure.net@example.com/"},
		"Port":      {reason: "Not Key Vault's.", uri: "https://web-a1.vault.azure.net:8443/"},
		"Subdomain": {reason: "No vault is called so.", uri: "https://a.b.vault.azure.net/"},
		"Suffix":    {reason: "It has no name.", uri: "https://.vault.azure.net/"},
		"Empty":     {reason: "There is none.", uri: ""},
		"Garbage":   {reason: "It is no URI.", uri: "https://%zz"},
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
		t.Errorf("await(...): want what was waited for and what was said last, got %v", err)
	}

	if diff := cmp.Diff([]string{"  waiting for something: not yet"}, said); diff != "" {
		t.Errorf("what was said: -want, +got:\n%s", diff)
	}

	err = await(t.Context(), "something", say, func(context.Context) error { return permanent{errors.New("never")} })
	if err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("await(...): want it to give up at once, got %v", err)
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
		"Purged":     {reason: "Nothing is left.", azure: purged, policy: v1alpha1.DeletionPurge},
		"Unknown":    {reason: "It has not come back.", azure: vault, policy: v1alpha1.DeletionPurge, want: []string{"Deleted vault web-a1, until 2027-02-27, if the Azure providers may not purge. The run ended before it could tell."}},
		"NoVault":    {reason: "There was none.", policy: v1alpha1.DeletionSoftDelete},
		"SoftDelete": {reason: "It stays as long as Azure keeps it.", azure: protected, policy: v1alpha1.DeletionSoftDelete, want: []string{"Deleted vault web-a1, until 2027-02-27. It costs nothing, and nobody can purge it before."}},
		"Kept":       {reason: "It had its values again, so it was not purged.", azure: kept, policy: v1alpha1.DeletionPurge, want: []string{"Deleted vault web-a1, until 2027-02-27: the Azure providers may not purge. To purge it: az keyvault purge --name web-a1 --location westeurope"}},
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

// TestMarkdown has what nobody could have written into the report.
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
		"## Step vault failed\n\na \\| b # &lt;b>\n\nThe application said:\n", `| KeyVaultReady | False |  | \[no\](https://example.com) |`,
		"## Step cleanup failed\n", "## What remains\n\n- Namespace x.\n", "```sh\nkubectl delete namespace x\n```\n",
		"## What was not done\n\n- something\n", "## What could not be found out\n\n- cannot look\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Markdown(): want %q in:\n%s", want, got)
		}
	}
}

// TestCell keeps a text in its cell, whatever it is.
func TestCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")

		got := cell(text)
		if strings.ContainsAny(got, "\n\r\x00\x1b<") {
			t.Fatalf("cell(%q): got %q", text, got)
		}

		unescaped := strings.ReplaceAll(strings.ReplaceAll(got, `\\`, ""), `\|`, "")
		if strings.Contains(unescaped, "|") {
			t.Fatalf("cell(%q): want no end of the cell, got %q", text, got)
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

// TestWriteFile has a whole report in the file at all times, in the format of its name.
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
			t.Errorf("%s: want JSON only if its name ends so, got:\n%s", name, data)
		}
	}

	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("want nothing else there, got %v, %v", entries, err)
	}

	if err := r.WriteFile(filepath.Join(dir, "missing", "report.json")); err == nil {
		t.Error("WriteFile(...): want an error about a directory that is not there")
	}
}

// TestSteps have names of their own, which timeouts are given by.
func TestSteps(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range StepNames() {
		if seen[name] {
			t.Errorf("there are two steps %s", name)
		}

		seen[name] = true
	}

	for _, s := range steps() {
		if s.timeout <= 0 || s.what == "" || s.normal == "" || s.do == nil {
			t.Errorf("step %s is not complete", s.name)
		}
	}

	if got := len(slices.Collect(maps.Keys(seen))); got != len(steps())+1 {
		t.Errorf("StepNames(): want all steps and the cleanup, got %d", got)
	}
}
