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
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
	"github.com/p6m-dev/platform-application/test/plane/kubelet"
)

const (
	acceptanceImage   = "ghcr.io/p6m-dev/platform-application:" + released
	acceptanceAccount = "platform-application-acceptance"
)

// These are outcomes of a run.
type outcome struct {
	code         int
	said, report string
	decoded      acceptanceReport
}

// An acceptanceReport has the fields of a report that the tests read.
type acceptanceReport struct {
	Result         string   `json:"result"`
	Namespace      string   `json:"namespace"`
	Variant        string   `json:"variant"`
	DeletionPolicy string   `json:"deletionPolicy"`
	Remains        []string `json:"remains"`
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
		Name       string `json:"name"`
		Result     string `json:"result"`
		Error      string `json:"error"`
		Measured   []any  `json:"measured"`
		Conditions []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"steps"`
	Cleanup struct {
		Result string `json:"result"`
	} `json:"cleanup"`
}

// TestAcceptance runs the acceptance test as platform teams do: completely for both variants, and with a stopped provider. Each run
// cleans up after itself.
func TestAcceptance(t *testing.T) {
	program := newDoctor(t, w.modern).program

	for _, p := range w.variants(t) {
		must(t, p.PushImage(t.Context(), build.Program{Main: "./cmd/platform-application", Path: "/platform-application"}, strings.TrimPrefix(acceptanceImage, "ghcr.io/")))
	}

	installAcceptance(t, w.modern)

	// Runs spend most of their time waiting, so both run at once. The first has the permissions of the Job that the component ships.
	modern := startAcceptance(t, program, asAcceptance(t, w.modern), "--bind-role", acceptanceAccount+"-namespace")
	claim := startAcceptance(t, program, w.claim.Kubeconfig(), "--deletion-policy", "SoftDelete")

	t.Run("Modern", func(t *testing.T) { passes(t, w.modern, modern(t), "modern", "Purge") })
	t.Run("Claim", func(t *testing.T) { passes(t, w.claim, claim(t), "claim", "SoftDelete") })

	t.Run("ProviderDown", func(t *testing.T) {
		stopProvider(t, w.modern)
		failsWithoutProvider(t, startAcceptance(t, program, w.modern.Kubeconfig(), "--timeout", "awaiting-values=10s")(t))
	})
}

// failsWithoutProvider checks that a run fails at the step that needs the provider, reports the condition, and cleans up.
func failsWithoutProvider(t *testing.T, got outcome) {
	t.Helper()

	if got.code != 3 || got.decoded.Result != "Failed" || got.decoded.Cleanup.Result != "Passed" {
		t.Errorf("want it to fail and to clean up, got exit code %d:\n%s\n%s", got.code, got.said, got.report)
	}

	synced := ""

	for _, s := range got.decoded.Steps {
		failed := s.Name == "awaiting-values"
		if failed != (s.Result == "Failed") || failed && !strings.Contains(s.Error, "postgres-credentials") {
			t.Errorf("want step awaiting-values to fail for postgres-credentials, got %s: %s: %s", s.Name, s.Result, s.Error)
		}

		for _, c := range s.Conditions {
			if c.Type == "SecretsSynced" {
				synced = c.Message
			}
		}
	}

	if synced == "" {
		t.Errorf("want the words of condition SecretsSynced, got:\n%s", got.report)
	}

	got.leavesNothing(t, w.modern)
}

// passes checks that a run passes, and that its report is complete for a change request.
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

	// The policy determines what remains.
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

// value matches a value of a run, as the program generates it.
var acceptanceValue = regexp.MustCompile(`[A-Z2-7]{26}|BEGIN [A-Z ]*PRIVATE KEY`)

// leavesNothing checks that nothing is left in the cluster, only a deleted vault in Azure, and no
// value in the output.
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

	// Objects with these owners are deleted with them.
	own := []string{"/vaults/" + strings.ToLower(o.decoded.Azure.Vault), "/userassignedidentities/" + strings.ToLower(o.decoded.Azure.Identity)}

	for _, r := range w.azure.ARMResources() {
		is := func(end string) bool { return strings.HasSuffix(strings.ToLower(r.ID), end) }
		if slices.ContainsFunc(own, is) && r.Deleted != r.Created+r.Recovered {
			t.Errorf("want it deleted in Azure: %+v", r)
		}
	}
}

// startAcceptance starts a run as a user who is an officer in Azure. It returns a function that waits for
// its end.
func startAcceptance(t *testing.T, program, kubeconfig string, args ...string) func(*testing.T) outcome {
	t.Helper()

	file := filepath.Join(t.TempDir(), "report.json")
	readable := strings.TrimSuffix(file, "json") + "md"
	clientID, password := plane.Officer()

	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, slices.Concat([]string{
		"acceptance", "--force", "--kubeconfig", kubeconfig, "--report", file, "--report", readable, "--image", acceptanceImage,
	}, args)...)
	cmd.Env = slices.Concat(os.Environ(), w.azure.Env(), []string{"AZURE_TENANT_ID=" + plane.Tenant, "AZURE_CLIENT_ID=" + clientID, "AZURE_CLIENT_SECRET=" + password})

	var said bytes.Buffer

	cmd.Stdout, cmd.Stderr = &said, &said

	must(t, cmd.Start())

	return func(t *testing.T) outcome {
		t.Helper()

		if err := cmd.Wait(); err != nil {
			if _, ok := errors.AsType[*exec.ExitError](err); !ok {
				t.Fatal(err)
			}
		}

		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("want a report: %v\n%s", err, said.String())
		}

		markdown, err := os.ReadFile(readable)
		if err != nil {
			t.Error(err)
		}

		out := outcome{code: cmd.ProcessState.ExitCode(), said: said.String(), report: string(data) + string(markdown)}
		if err := json.Unmarshal(data, &out.decoded); err != nil {
			t.Fatalf("cannot read the report: %v\n%s", err, data)
		}

		return out
	}
}

// installAcceptance installs the component for the duration of the test.
func installAcceptance(t *testing.T, p *plane.Plane) {
	t.Helper()

	objects := acceptanceComponent(t)
	must(t, p.API.Apply(t.Context(), objects...))

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
}

// asAcceptance returns a kubeconfig of the component's account, as soon as it can create namespaces.
func asAcceptance(t *testing.T, p *plane.Plane) string {
	t.Helper()

	config, err := p.API.ConfigForUser("system:serviceaccount:"+plane.Namespace+":"+acceptanceAccount, "system:serviceaccounts", "system:serviceaccounts:"+plane.Namespace)
	must(t, err)

	c, err := client.New(config, client.Options{})
	must(t, err)

	// The API server needs a moment to read policies and roles.
	err = plane.Eventually(t.Context(), "the account's permissions", func(ctx context.Context) error {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acceptance-abcdefgh23", Labels: map[string]string{"meta.p6m.dev/workloads": "composed", "meta.p6m.dev/acceptance": "abcdefgh23"}}}

		return c.Create(ctx, ns, client.DryRunAll)
	})
	must(t, err)

	return kubeconfigOf(t, config)
}

// acceptanceComponent returns the objects that the component adds to the base, except the CronJob,
// which the test replaces.
func acceptanceComponent(t *testing.T) []client.Object {
	t.Helper()

	objects, err := w.modern.Kustomize(t.Context(), w.root, "resources: [restrictions]\ncomponents: [acceptance]")
	must(t, err)

	var out []client.Object

	for _, o := range objects {
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

// stopProvider stops the provider as in the runbook, for the duration of the test.
func stopProvider(t *testing.T, p *plane.Plane) {
	t.Helper()

	runs := func(want bool) {
		t.Helper()

		must(t, plane.Eventually(context.WithoutCancel(t.Context()), "the provider", func(context.Context) error {
			got := slices.ContainsFunc(p.Processes(), func(process kubelet.Process) bool { return partOf(process.Pod) == "provider" })
			if got != want {
				return fmt.Errorf("want it to run: %t", want)
			}

			return nil
		}))
	}

	scale := func(replicas int64) {
		t.Helper()

		patch := fmt.Sprintf(`{"spec":{"deploymentTemplate":{"spec":{"replicas":%d}}}}`, replicas)
		u := key{"pkg.crossplane.io/v1beta1", "DeploymentRuntimeConfig", "", "provider-keyvault-secretsync"}.object()
		must(t, p.API.Client().Patch(context.WithoutCancel(t.Context()), u, client.RawPatch(types.MergePatchType, []byte(patch))))
	}

	scale(0)
	t.Cleanup(func() {
		scale(1)
		runs(true)
	})
	runs(false)
}
