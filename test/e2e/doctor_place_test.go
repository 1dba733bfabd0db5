//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	doctorJob = "platform-application-doctor"

	// issuerHost is the host of the planes' issuers.
	issuerHost = "oidc.example.com"

	// emptyVault is the name that probes resolve while no vault is known.
	emptyVault = "platform-app-doctor"
)

// placeFaults are faults of the places of the providers' pods, and of the issuer.
func placeFaults() map[string]fault {
	return map[string]fault{
		"NoProxy": {
			reason: "The proxy of the pods does not exist.", want: []string{"ProxyUnreachable", "ProbeDiffers"},
			plant: probed(together(), func(job *unstructured.Unstructured) { setEnv(job, "HTTPS_PROXY", "http://127.0.0.1:1") }),
		},
		"NoCredential": {reason: "The identity has no federated credential.", plant: probed(withoutCredential, asBuilt), want: []string{"TokenNotTrusted"}},
		"OtherPolicy": {
			reason: "A policy selects the provider's pods, but not those of the probe.", want: []string{"ProbePolicyDiffers"},
			plant: add(`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: ` + plane.Namespace + `, name: own},
				spec: {podSelector: {matchExpressions: [{key: pkg.crossplane.io/revision, operator: Exists}]}, policyTypes: [Ingress]}}`),
		},
		"NobodyHasLooked": {
			reason: "There are no Jobs, and the issuer cannot be reached from here.", want: []string{"PlaceNotProbed", "IssuerNotSeen"},
			plant: func(t *testing.T, p *plane.Plane) {
				t.Helper()
				t.Cleanup(func() { startProbes(context.WithoutCancel(t.Context()), t, p, asBuilt) })
				azureFails(azure.Fault{Host: issuerHost, Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: http.StatusForbidden})(t, p)
				deleteJobs(t.Context(), t, p)
			},
		},
	}
}

// prepareForPlace makes both providers sign in with their tokens, and probes their network.
func prepareForPlace(t *testing.T, p *plane.Plane) {
	t.Helper()

	must(t, p.PushImage(t.Context(), build.ToolForPlatforms().Program, "p6m-dev/platform-application:"+released))
	must(t, w.azure.PutVault(azure.Vault{Name: emptyVault, TenantID: plane.Tenant}))

	change(syncConfig, func(o map[string]any) {
		o["spec"] = map[string]any{"credentials": map[string]any{"source": "WorkloadIdentity", "tenantId": plane.Tenant, "clientId": "44444444-aaaa-4444-8444-444444444444"}}
	})(t, p)

	objects := doctorObjects(t.Context(), t)

	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		deleteJobs(ctx, t, p)

		for _, o := range objects {
			if err := p.API.Client().Delete(ctx, o.DeepCopy()); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		}
	})

	for _, o := range objects {
		if o.GetKind() != "Job" {
			must(t, p.API.Apply(t.Context(), o))
		}
	}

	startProbes(t.Context(), t, p, asBuilt)
}

// doctorObjects are the objects that kustomize builds.
func doctorObjects(ctx context.Context, t *testing.T) []*unstructured.Unstructured {
	t.Helper()

	objects, err := w.modern.Kustomize(ctx, w.root, "resources: [doctor]")
	must(t, err)

	return objects
}

// startProbes restarts the probes, with edited Jobs. TestDoctorJob covers the Job of the doctor
// itself.
func startProbes(ctx context.Context, t *testing.T, p *plane.Plane, edit func(job *unstructured.Unstructured)) {
	t.Helper()
	deleteJobs(ctx, t, p)

	for _, o := range doctorObjects(ctx, t) {
		if o.GetKind() == "Job" && o.GetName() != doctorJob {
			edit(o)
			must(t, p.API.Apply(ctx, o))
		}
	}
}

// asBuilt leaves a Job unchanged.
func asBuilt(*unstructured.Unstructured) {}

// setEnv adds a variable to the container of a Job.
func setEnv(job *unstructured.Unstructured, name, value string) {
	path := []string{"spec", "template", "spec", "containers"}
	containers, _, _ := unstructured.NestedSlice(job.Object, path...)
	container, _ := containers[0].(map[string]any)
	env, _ := container["env"].([]any)

	container["env"] = append(env, map[string]any{"name": name, "value": value})
	set(job.Object, containers, path...)
}

// deleteJobs deletes the doctor's Jobs, and waits until they are gone.
func deleteJobs(ctx context.Context, t *testing.T, p *plane.Plane) {
	t.Helper()

	must(t, plane.Eventually(ctx, "Jobs of the doctor to be gone", func(ctx context.Context) error {
		for _, name := range []string{doctorJob, doctorJob + "-provider-azure", doctorJob + "-provider-keyvault-secretsync"} {
			job := key{"batch/v1", "Job", plane.Namespace, name}.object()

			if err := p.API.Client().Delete(ctx, job, client.PropagationPolicy("Background")); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("cannot delete Job %q: %w", name, err)
			}

			if err := p.API.Client().Get(ctx, client.ObjectKeyFromObject(job), job); err == nil {
				return fmt.Errorf("Job %q is left", name)
			} else if !kerrors.IsNotFound(err) {
				return fmt.Errorf("cannot get Job %q: %w", name, err)
			}
		}

		return nil
	}))
}

// probed is a fault that exists before the probes run, with edited Jobs.
func probed(plant planter, edit func(job *unstructured.Unstructured)) planter {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		// The cleanup of the fault runs first.
		t.Cleanup(func() { startProbes(context.WithoutCancel(t.Context()), t, p, asBuilt) })
		plant(t, p)
		startProbes(t.Context(), t, p, edit)
	}
}

// withoutCredential removes the credential of the Azure providers' identity.
func withoutCredential(t *testing.T, p *plane.Plane) {
	t.Helper()

	id := azureCrossplane + "/federatedIdentityCredentials/provider-azure"

	manage(t, http.MethodDelete, id, nil, nil)
	t.Cleanup(func() { trust(t, azureCrossplane, "provider-azure", issuerOf(p)) })
}

// TestDoctorJob runs the doctor as a platform team does without a laptop: as Jobs, as kustomize builds them, with its own identity
// as in docs/operations/doctor.md. It passes on a healthy platform, and no Service sends traffic to a probe.
func TestDoctorJob(t *testing.T) {
	p := w.modern
	d := newDoctor(t, p)
	prepareForDoctor(t, p)
	prepareAzure(t, p)
	prepareForPlace(t, p)

	// The creator of missing secrets is an identity in Azure, too.
	creator := identityOf(t, azureCreator).Properties
	change(key{"apiextensions.crossplane.io/v1beta1", "EnvironmentConfig", "", "platform-application"}, func(o map[string]any) { set(o, creator.PrincipalID, "data", "secretCreatorPrincipalId") })(t, p)
	change(syncConfig, func(o map[string]any) { set(o, creator.ClientID, "spec", "credentials", "clientId") })(t, p)
	startProbes(t.Context(), t, p, asBuilt)

	must(t, w.azure.PutFederatedCredential(plane.Tenant, doctorClient, azure.FederatedCredential{
		Name: doctorJob, Issuer: issuerOf(p), Subject: "system:serviceaccount:" + plane.Namespace + ":" + doctorJob,
		Audiences: []string{"api://AzureADTokenExchange"},
	}))
	t.Cleanup(func() { w.azure.DeleteFederatedCredential(plane.Tenant, doctorClient, doctorJob) })

	// The Job runs the doctor once.
	d.well(t)

	for _, o := range doctorObjects(t.Context(), t) {
		if o.GetName() == doctorJob && o.GetKind() == "Job" {
			setEnv(o, "AZURE_CLIENT_ID", doctorClient)
			must(t, p.API.Apply(t.Context(), o))
		}
	}

	job := &batchv1.Job{}

	eventually(t, "the doctor to finish", func(ctx context.Context) error {
		if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: plane.Namespace, Name: doctorJob}, job); err != nil {
			return fmt.Errorf("cannot get Job %q: %w", doctorJob, err)
		}

		if job.Status.Succeeded+job.Status.Failed == 0 {
			return errors.New("it runs")
		}

		return nil
	})

	out := logsOf(t, p, "job/"+doctorJob)

	if job.Status.Succeeded != 1 || !strings.Contains(out, "ok       place\n") || !strings.HasSuffix(out, "\nPassed\n") {
		t.Errorf("the Job does not say that all is well, and %d have succeeded:\n%s", job.Status.Succeeded, out)
	}

	// The doctor cannot impersonate others, and reports the checks that it skips.
	if !strings.Contains(out, "PoliciesNotTried") || strings.Contains(out, "ImpersonationForbidden") {
		t.Errorf("the Job does not say that it was told to try no policies:\n%s", out)
	}

	probesAreAlone(t, p)
}

// logsOf returns the logs of a pod or a Job.
func logsOf(t *testing.T, p *plane.Plane, name string) string {
	t.Helper()

	out, err := exec.CommandContext(t.Context(), "kubectl", "--kubeconfig", p.Kubeconfig(), "logs", "--namespace", plane.Namespace, name).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl logs: %v\n%s", err, out)
	}

	return string(out)
}

// probesAreAlone checks that no Service has a probe's pod as an endpoint, and no ReplicaSet owns
// one.
func probesAreAlone(t *testing.T, p *plane.Plane) {
	t.Helper()

	slicesOf, pods := &discoveryv1.EndpointSliceList{}, &corev1.PodList{}
	must(t, errors.Join(
		p.API.Client().List(t.Context(), slicesOf, client.InNamespace(plane.Namespace)),
		p.API.Client().List(t.Context(), pods, client.InNamespace(plane.Namespace), client.HasLabels{batchv1.JobNameLabel}),
	))

	probes := map[string]bool{}

	for _, pod := range pods.Items {
		// Pods of deleted Jobs disappear in a moment.
		if pod.DeletionTimestamp != nil {
			continue
		}

		if pod.Labels["pkg.crossplane.io/provider"] != "" {
			probes[pod.Name] = true
		}

		if len(pod.OwnerReferences) != 1 || pod.OwnerReferences[0].Kind != "Job" {
			t.Errorf("pod %s: want a Job as the only owner, got %v", pod.Name, pod.OwnerReferences)
		}
	}

	if len(probes) != 2 {
		t.Errorf("want two probes, got %v", slices.Sorted(maps.Keys(probes)))
	}

	for _, s := range slicesOf.Items {
		for _, e := range s.Endpoints {
			if e.TargetRef != nil && probes[e.TargetRef.Name] {
				t.Errorf("Service %s sends requests to probe %s", s.Labels[discoveryv1.LabelServiceName], e.TargetRef.Name)
			}
		}
	}

	factsAreAlone(t, p, slices.Sorted(maps.Keys(probes)))
}

// factsAreAlone checks that a probe prints only its facts, and no token.
func factsAreAlone(t *testing.T, p *plane.Plane, probes []string) {
	t.Helper()

	for _, name := range probes {
		out := logsOf(t, p, name)

		if !json.Valid([]byte(out)) || strings.Contains(out, "eyJ") {
			t.Errorf("probe %s: want facts alone, and no token, got %s", name, out)
		}
	}
}
