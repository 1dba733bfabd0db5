//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/package/build"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	acceptanceImage   = "ghcr.io/p6m-dev/platform-application:" + released
	acceptanceAccount = "platform-application-acceptance"
)

// An acceptance is a run of the program, as somebody who is an officer at Azure.
type acceptance struct {
	program, kubeconfig string

	// clientID and password of the officer. Empty: as the platform has its officer.
	clientID, password string

	args []string

	// watch is told each line that the program says, and may send signals to it.
	watch func(line string, process *os.Process)
}

// An outcome of a run.
type outcome struct {
	code         int
	said, report string
	decoded      acceptanceReport
}

// An acceptanceReport is as much of a report as is looked at here.
type acceptanceReport struct {
	Run            string   `json:"run"`
	Result         string   `json:"result"`
	Namespace      string   `json:"namespace"`
	Variant        string   `json:"variant"`
	DeletionPolicy string   `json:"deletionPolicy"`
	Remains        []string `json:"remains"`
	CleanUp        []string `json:"cleanUp"`
	Notes          []string `json:"notes"`

	Azure struct {
		Vault    string `json:"vault"`
		Identity string `json:"identity"`
		Kept     bool   `json:"kept"`
	} `json:"azure"`
	Versions struct {
		Kubernetes string `json:"kubernetes"`
		Crossplane string `json:"crossplane"`
		Packages   []any  `json:"packages"`
	} `json:"versions"`
	Steps []struct {
		Name     string  `json:"name"`
		Result   string  `json:"result"`
		Error    string  `json:"error"`
		Seconds  float64 `json:"seconds"`
		Measured []struct {
			What string `json:"what"`
		} `json:"measured"`
		Conditions []struct {
			Type    string `json:"type"`
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"steps"`
	Cleanup struct {
		Result string `json:"result"`
		Error  string `json:"error"`
	} `json:"cleanup"`
}

// TestAcceptance runs the acceptance test as platform teams do: the whole of it, and with faults that it has to find and to
// survive. Whatever happens, it leaves nothing.
func TestAcceptance(t *testing.T) {
	program := newDoctor(t, w.modern).program

	for _, p := range w.variants(t) {
		if err := p.PushImage(t.Context(), build.Program{Main: "./cmd/platform-application", Path: "/platform-application"}, strings.TrimPrefix(acceptanceImage, "ghcr.io/")); err != nil {
			t.Fatal(err)
		}
	}

	on := func(p *plane.Plane, args ...string) acceptance {
		return acceptance{program: program, kubeconfig: p.Kubeconfig(), args: args}
	}

	nobody := on(w.modern, "--timeout", "set-values=10s")
	nobody.clientID, nobody.password = stranger(t)

	// They break nothing that others need, and are run at once: most of the time they wait.
	trials := []struct {
		name  string
		run   acceptance
		check func(t *testing.T, a acceptance, got outcome)
	}{
		{
			// With the permissions that it ships with, as its Job has.
			name: "Modern", run: on(w.modern, "--bind-role", acceptanceAccount+"-namespace").as(t, w.modern),
			check: func(t *testing.T, _ acceptance, got outcome) { t.Helper(); passes(t, w.modern, got, "modern", "Purge") },
		},
		{
			name: "Claim", run: on(w.claim, "--deletion-policy", "SoftDelete"),
			check: func(t *testing.T, _ acceptance, got outcome) {
				t.Helper()
				passes(t, w.claim, got, "claim", "SoftDelete")
			},
		},
		{name: "Interrupted", run: on(w.modern).signalled("set-values: passed"), check: interrupted},
		{name: "EndedAtOnce", run: on(w.modern).signalled("vault: passed", "A second signal ends at once"), check: endedAtOnce},
		{
			name: "NoRole", run: nobody,
			check: func(t *testing.T, _ acceptance, got outcome) {
				t.Helper()
				fails(t, w.modern, got, "set-values", "Key Vault answered 403", "77777777-7777-4777-8777-000000000001", "keyVault.officers")
			},
		},
		{
			// The program of the image does not know the command line, and ends at once.
			name: "NoStart", run: on(w.modern, "--image", "ghcr.io/p6m-dev/function-platform-application:"+head, "--timeout", "variables=60s"),
			check: func(t *testing.T, _ acceptance, got outcome) {
				t.Helper()
				fails(t, w.modern, got, "variables", "it has ended with exit code")
				got.says(t, "WorkloadReady", "")
			},
		},
	}

	ends := map[string]func() outcome{}
	for _, tc := range trials {
		ends[tc.name] = tc.run.start(t)
	}

	for _, tc := range trials {
		got := ends[tc.name]()

		t.Run(tc.name, func(t *testing.T) { tc.check(t, tc.run, got) })
	}

	t.Run("VaultRefused", func(t *testing.T) {
		id, err := w.azure.AddFault(azure.Fault{Operation: azure.OpPutVault, Effect: azure.EffectStatus, Status: http.StatusForbidden, Error: "AuthorizationFailed"})
		if err != nil {
			t.Fatal(err)
		}
		defer w.azure.RemoveFault(id)

		got := on(w.modern, "--timeout", "vault=25s").start(t)()
		fails(t, w.modern, got, "vault", "AuthorizationFailed")
		got.says(t, "KeyVaultReady", "AzureRefused")
	})

	t.Run("ProviderDown", func(t *testing.T) {
		stopProvider(t, w.modern)

		got := on(w.modern, "--timeout", "awaiting-values=10s").start(t)()
		fails(t, w.modern, got, "awaiting-values", "postgres-credentials")
		got.says(t, "SecretsSynced", "")
	})
}

// passes says that a run passes, and that its report has all that a change needs.
func passes(t *testing.T, p *plane.Plane, got outcome, variant, policy string) {
	t.Helper()

	r := got.decoded

	if got.code != 0 || r.Result != "Passed" || r.Cleanup.Result != "Passed" {
		t.Fatalf("want it to pass, got exit code %d:\n%s\n%s", got.code, got.said, got.report)
	}

	measured := 0

	for _, s := range r.Steps {
		if s.Result != "Passed" {
			t.Errorf("step %s: %s", s.Name, s.Result)
		}

		measured += len(s.Measured)
	}

	if r.Variant != variant || r.DeletionPolicy != policy || r.Versions.Kubernetes == "" || r.Versions.Crossplane == "" || len(r.Versions.Packages) < 3 || measured < 4 || len(r.Notes) > 0 {
		t.Errorf("want all about the platform and what was measured, got:\n%s", got.report)
	}

	// What remains is as the policy says.
	want := azure.VaultGone
	if policy == "SoftDelete" {
		want = azure.VaultDeleted
	}

	if where := w.azure.WhereIsVault(r.Azure.Vault); where != want {
		t.Errorf("vault %s: want it %s, got %s", r.Azure.Vault, want, where)
	}

	if r.Azure.Kept != (policy == "SoftDelete") || (len(r.Remains) > 0) != (policy == "SoftDelete") {
		t.Errorf("want values to come back, and a vault to remain, with SoftDelete only, got kept %t, remains %q", r.Azure.Kept, r.Remains)
	}

	got.leavesNothing(t, p)
}

// signalled gets a signal when it has said something, and another when it has said something else.
func (a acceptance) signalled(words ...string) acceptance {
	a.watch = func(line string, process *os.Process) {
		if len(words) > 0 && strings.Contains(line, words[0]) {
			words = words[1:]
			_ = process.Signal(syscall.SIGTERM) // It may have ended.
		}
	}

	return a
}

// interrupted in the middle, it cleans up.
func interrupted(t *testing.T, _ acceptance, got outcome) {
	t.Helper()

	if got.code != 3 || got.decoded.Result != "Failed" || got.decoded.Cleanup.Result != "Passed" || !strings.Contains(got.report, "interrupted") {
		t.Errorf("want it to clean up and say so, got exit code %d:\n%s\n%s", got.code, got.said, got.report)
	}

	if where := w.azure.WhereIsVault(got.decoded.Azure.Vault); where != azure.VaultGone {
		t.Errorf("vault %s: want it gone, got %s", got.decoded.Azure.Vault, where)
	}

	got.leavesNothing(t, w.modern)
}

// endedAtOnce by a second signal, it leaves everything, and says how to clean up. That command does.
func endedAtOnce(t *testing.T, a acceptance, got outcome) {
	t.Helper()

	id := got.decoded.Run
	command := "acceptance cleanup " + id

	if got.code != 3 || !strings.Contains(got.said, command) || !strings.Contains(got.said, "kubectl delete namespace acceptance-"+id) {
		t.Fatalf("want it to end and to say how to clean up, got exit code %d:\n%s", got.code, got.said)
	}

	for _, arguments := range [][]string{{}, {id}} {
		cmd := exec.CommandContext(t.Context(), a.program, slices.Concat([]string{"acceptance", "cleanup", "--kubeconfig", a.kubeconfig}, arguments)...)

		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "acceptance-"+id) {
			t.Errorf("cleanup %v: want it to name namespace acceptance-%s, got %v\n%s", arguments, id, err, out)
		}
	}

	got.leavesNothing(t, w.modern)
}

// fails says that a run fails in that step, with these words, and cleans up all the same.
func fails(t *testing.T, p *plane.Plane, got outcome, step string, words ...string) {
	t.Helper()

	if got.code != 3 || got.decoded.Result != "Failed" || got.decoded.Cleanup.Result != "Passed" {
		t.Errorf("want it to fail and to clean up, got exit code %d:\n%s\n%s", got.code, got.said, got.report)
	}

	for _, s := range got.decoded.Steps {
		if (s.Name == step) != (s.Result == "Failed") {
			t.Errorf("want step %s to fail, got %s: %s: %s", step, s.Name, s.Result, s.Error)
		}

		for _, word := range words {
			if s.Name == step && !strings.Contains(s.Error+fmt.Sprint(s.Conditions), word) {
				t.Errorf("step %s: want %q, got %s %+v", step, word, s.Error, s.Conditions)
			}
		}
	}

	got.leavesNothing(t, p)
}

// says that the report has what the application says of a condition, with that reason if there is one.
func (o outcome) says(t *testing.T, kind, reason string) {
	t.Helper()

	for _, s := range o.decoded.Steps {
		for _, c := range s.Conditions {
			if c.Type == kind && c.Message != "" && (reason == "" || c.Reason == reason) {
				return
			}
		}
	}

	t.Errorf("want the words of condition %s (%s), got:\n%s", kind, reason, o.report)
}

// A value of a run, as the program makes them.
var acceptanceValue = regexp.MustCompile(`[A-Z2-7]{26}|BEGIN [A-Z ]*PRIVATE KEY`)

// leavesNothing in the cluster, nothing in Azure but a deleted vault, and no value in what was said.
func (o outcome) leavesNothing(t *testing.T, p *plane.Plane) {
	t.Helper()

	for what, text := range map[string]string{"log": o.said, "report": o.report} {
		if found := acceptanceValue.FindString(text); found != "" {
			t.Errorf("%s: want no value in it, got %s in:\n%s", what, found, text)
		}
	}

	err := p.API.Client().Get(t.Context(), client.ObjectKey{Name: o.decoded.Namespace}, &corev1.Namespace{})
	if o.decoded.Namespace == "" || !kerrors.IsNotFound(err) {
		t.Errorf("namespace %s: want it gone, got %v", o.decoded.Namespace, err)
	}

	// What belongs to one of these goes with it.
	own := []string{"/vaults/" + strings.ToLower(o.decoded.Azure.Vault), "/userassignedidentities/" + strings.ToLower(o.decoded.Azure.Identity)}

	for _, r := range w.azure.ARMResources() {
		is := func(end string) bool { return strings.HasSuffix(strings.ToLower(r.ID), end) }
		if slices.ContainsFunc(own, is) && r.Deleted != r.Created+r.Recovered {
			t.Errorf("want it deleted in Azure: %+v", r)
		}
	}
}

// start the program. It returns what waits for its end.
func (a acceptance) start(t *testing.T) func() outcome {
	t.Helper()

	file := filepath.Join(t.TempDir(), "report.json")
	readable := strings.TrimSuffix(file, "json") + "md"

	args := slices.Concat([]string{
		"acceptance", "--force", "--kubeconfig", a.kubeconfig, "--report", file, "--report", readable, "--image", acceptanceImage,
	}, a.args)

	clientID, password := a.clientID, a.password
	if clientID == "" {
		clientID, password = plane.Officer()
	}

	said := &watched{watch: a.watch}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), a.program, args...)
	cmd.Env = slices.Concat(os.Environ(), w.azure.Env(), []string{"AZURE_TENANT_ID=" + plane.Tenant, "AZURE_CLIENT_ID=" + clientID, "AZURE_CLIENT_SECRET=" + password})
	cmd.Stderr = said

	var printed bytes.Buffer

	cmd.Stdout = &printed

	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	said.start(cmd.Process)

	return func() outcome {
		t.Helper()

		if err := cmd.Wait(); err != nil {
			if _, ok := errors.AsType[*exec.ExitError](err); !ok {
				t.Fatal(err)
			}
		}

		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("want a report: %v\n%s", err, said)
		}

		markdown, err := os.ReadFile(readable)
		if err != nil {
			t.Error(err)
		}

		out := outcome{code: cmd.ProcessState.ExitCode(), said: said.String() + printed.String(), report: string(data) + string(markdown)}
		if err := json.Unmarshal(data, &out.decoded); err != nil {
			t.Fatalf("cannot read the report: %v\n%s", err, data)
		}

		return out
	}
}

// watched is what a program says, line by line.
type watched struct {
	watch func(line string, process *os.Process)

	mu      sync.Mutex
	all     bytes.Buffer
	next    int
	process *os.Process
}

func (w *watched) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()

	n, err := w.all.Write(data)
	w.tell()

	return n, err //nolint:wrapcheck // A buffer.
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()

	return w.all.String()
}

// start tells what was said before the process was known, and from then on all.
func (w *watched) start(process *os.Process) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.process = process
	w.tell()
}

func (w *watched) tell() {
	for w.watch != nil && w.process != nil {
		line, _, whole := bytes.Cut(w.all.Bytes()[w.next:], []byte("\n"))
		if !whole {
			return
		}

		w.next += len(line) + 1
		w.watch(string(line), w.process)
	}
}

// stranger is somebody who has a password at Azure and no role there.
func stranger(t *testing.T) (clientID, secret string) {
	t.Helper()

	clientID, secret = "77777777-aaaa-4777-8777-000000000001", password()
	if err := w.azure.PutApplication(azure.Application{TenantID: plane.Tenant, ClientID: clientID, PrincipalID: "77777777-7777-4777-8777-000000000001", ClientSecret: secret}); err != nil {
		t.Fatal(err)
	}

	return clientID, secret
}

// as the account of the component, with the permissions that it ships with, on a plane.
func (a acceptance) as(t *testing.T, p *plane.Plane) acceptance {
	t.Helper()

	objects := acceptanceComponent(t)
	if err := p.API.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := p.API.ApplyFiles(context.WithoutCancel(t.Context()), filepath.Join(w.root, "package", "platform", "restrictions", "namespaces.yaml")); err != nil {
			t.Error(err)
		}

		for _, o := range objects {
			if !strings.HasPrefix(o.GetName(), acceptanceAccount) {
				continue
			}

			if err := client.IgnoreNotFound(p.API.Client().Delete(context.WithoutCancel(t.Context()), o)); err != nil {
				t.Error(err)
			}
		}
	})

	config, err := p.API.ConfigForUser("system:serviceaccount:"+plane.Namespace+":"+acceptanceAccount, "system:serviceaccounts", "system:serviceaccounts:"+plane.Namespace)
	if err != nil {
		t.Fatal(err)
	}

	a.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := apiserver.WriteKubeconfig(a.kubeconfig, config); err != nil {
		t.Fatal(err)
	}

	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}

	// The API server reads policies and roles in a moment.
	err = plane.Eventually(t.Context(), "the account's permissions", func(ctx context.Context) error {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acceptance-abcdefgh23", Labels: map[string]string{"meta.p6m.dev/workloads": "composed", "meta.p6m.dev/acceptance": "abcdefgh23"}}}

		return c.Create(ctx, ns, client.DryRunAll)
	})
	if err != nil {
		t.Fatal(err)
	}

	return a
}

// acceptanceComponent is what the component adds to the base, but for what runs it, which is the test.
func acceptanceComponent(t *testing.T) []client.Object {
	t.Helper()

	dir := t.TempDir()

	relative, err := filepath.Rel(dir, filepath.Join(w.root, "package", "platform"))
	if err != nil {
		t.Fatal(err)
	}

	text := "resources: [" + relative + "/restrictions]\ncomponents: [" + relative + "/acceptance]\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	var out []client.Object

	for _, o := range kustomized(t.Context(), t, dir) {
		ours := strings.HasPrefix(o.GetName(), acceptanceAccount) && o.GetKind() != "CronJob"
		if ours || (o.GetKind() == "ValidatingAdmissionPolicy" && o.GetName() == "platform-application-namespaces") {
			out = append(out, o)
		}
	}

	if len(out) < len([]string{"policy", "binding", "role"}) {
		t.Fatalf("want what the component has, got %d objects", len(out))
	}

	return out
}

// stopProvider as the runbook has it, for the length of the test.
func stopProvider(t *testing.T, p *plane.Plane) {
	t.Helper()

	const kind, name = "DeploymentRuntimeConfig", "provider-keyvault-secretsync"

	runs := func(want int) {
		t.Helper()

		err := plane.Eventually(context.WithoutCancel(t.Context()), "the provider", func(ctx context.Context) error {
			pods := &corev1.PodList{}
			if err := p.API.Client().List(ctx, pods, client.InNamespace(plane.Namespace), client.MatchingLabels{"pkg.crossplane.io/provider": plane.ProviderName}); err != nil {
				return fmt.Errorf("cannot list Pods: %w", err)
			}

			ready := 0

			for _, pod := range pods.Items {
				if want == 0 || slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
					return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
				}) {
					ready++
				}
			}

			if ready != want {
				return fmt.Errorf("want %d pods, there are %d", want, ready)
			}

			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}

	scale := func(replicas int64) {
		t.Helper()

		u := &unstructured.Unstructured{}
		u.SetAPIVersion("pkg.crossplane.io/v1beta1")
		u.SetKind(kind)
		u.SetName(name)

		patch := fmt.Sprintf(`{"spec":{"deploymentTemplate":{"spec":{"replicas":%d}}}}`, replicas)
		if err := p.API.Client().Patch(context.WithoutCancel(t.Context()), u, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
			t.Fatal(err)
		}
	}

	scale(0)
	t.Cleanup(func() {
		scale(1)
		runs(1)
	})
	runs(0)
}
