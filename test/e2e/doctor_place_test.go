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
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/build"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	doctorDir = "package/platform/doctor"
	doctorJob = "platform-application-doctor"

	// issuerHost is where planes have their issuers.
	issuerHost = "oidc.example.com"
	loginHost  = "login.microsoftonline.com"

	// emptyVault is the name that probes look for while no vault is known.
	emptyVault = "platform-app-doctor"
)

// placeFaults are faults of the places of the providers' pods, and of the issuer.
func placeFaults() map[string]fault {
	env := func(value string, names ...string) func(*batchv1.Job) {
		return func(j *batchv1.Job) {
			c := &j.Spec.Template.Spec.Containers[0]
			for _, name := range names {
				c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
			}
		}
	}
	refusal := func(code string) planter {
		return seen(azureFails(azure.Fault{Host: loginHost, Operation: azure.OpToken, Effect: azure.EffectStatus, Status: 400, Error: code}), nil)
	}
	spec := func(k key, field string, value any) planter {
		return change(k, func(o map[string]any) {
			path := append([]string{"spec"}, strings.Split(field, ".")...)
			if err := unstructured.SetNestedField(o, value, path...); err != nil {
				panic(err)
			}
		})
	}

	return map[string]fault{
		"NoDNS":           {reason: "The pods cannot resolve names.", plant: seen(nil, env("", "HTTPS_PROXY")), want: []string{"NameNotResolved", "ProbeDiffers"}},
		"NoProxy":         {reason: "The proxy of the pods is not there.", plant: seen(nil, env("http://127.0.0.1:1", "HTTPS_PROXY")), want: []string{"ProxyUnreachable", "ProbeDiffers"}},
		"Egress":          {reason: "The way out does not lead to Resource Manager.", plant: seen(azureFails(azure.Fault{Host: "management.azure.com", Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: 403}), nil), want: []string{"ProxyRefuses"}},
		"Intercepted":     {reason: "The pods trust other authorities than that of the proxy.", plant: seen(nil, env("/nowhere", "SSL_CERT_FILE", "SSL_CERT_DIR")), want: []string{"TLSIntercepted", "ProbeDiffers"}},
		"NoCredential":    {reason: "The identity has no federated credential.", plant: seen(withoutCredential, nil), want: []string{"TokenNotTrusted"}},
		"OtherClient":     {reason: "The client id is that of nobody.", plant: seen(spec(azureConfig, "clientID", "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"), nil), want: []string{"ClientUnknown"}},
		"OtherTenant":     {reason: "The tenant is no tenant.", plant: seen(spec(azureConfig, "tenantID", "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"), nil), want: []string{"TenantUnknown"}},
		"OtherPath":       {reason: "The path of the token is that of the webhook.", plant: seen(spec(azureConfig, "oidcTokenFilePath", "/var/run/secrets/azure/tokens/azure-identity-token"), nil), want: []string{"TokenMissing"}},
		"OtherAudience":   {reason: "The token is for somebody else, and is sent nowhere.", plant: seen(nil, otherAudience), want: []string{"TokenDiffers"}},
		"OtherSource":     {reason: "The provider signs in as the node.", plant: seen(spec(syncConfig, "credentials.source", "ManagedIdentity"), nil), want: []string{"SignInNotTried"}},
		"Unreachable":     {reason: "Entra ID cannot reach the issuer.", plant: refusal("50166"), want: []string{"IssuerUnreachable"}},
		"Policy":          {reason: "Conditional Access refuses the identity.", plant: refusal("53003"), want: []string{"TenantRefuses"}},
		"Clock":           {reason: "Entra ID takes the token for expired.", plant: refusal("700024"), want: []string{"TokenOutOfTime"}},
		"Signature":       {reason: "Entra ID knows other keys.", plant: refusal("700027"), want: []string{"TokenNotVerified"}},
		"NewCode":         {reason: "Entra ID has a code that nobody knows.", plant: refusal("123456"), want: []string{"SignInRefused"}},
		"Busy":            {reason: "Entra ID is busy.", plant: refusal("90033"), want: []string{"SignInUnanswered"}},
		"NoRole":          {reason: "The probes may not read the settings.", plant: seen(withoutRole, nil), want: []string{"ProbeCannotRead"}},
		"OtherProgram":    {reason: "The Job runs something else.", plant: seen(nil, func(j *batchv1.Job) { j.Spec.Template.Spec.Containers[0].Args = []string{"doctor", "--list"} }), want: []string{"ProbeFailed"}},
		"OtherPolicy":     {reason: "A policy selects the provider's pods, and not those of the probe.", plant: withPolicy, want: []string{"ProbePolicyDiffers"}},
		"NoDocument":      {reason: "The issuer publishes nothing.", plant: azureFails(azure.Fault{Host: issuerHost, Operation: azure.OpConfiguration, Effect: azure.EffectStatus, Status: 404}), want: []string{"IssuerDocumentMissing"}},
		"OtherDocument":   {reason: "The issuer publishes the document of another one.", plant: azureFails(azure.Fault{Host: issuerHost, Operation: azure.OpConfiguration, Effect: azure.EffectGarbage, Text: `{"issuer":"https://other.example.com","jwks_uri":"https://oidc.example.com/modern/openid/v1/jwks"}`}), want: []string{"IssuerDocumentDiffers"}},
		"OtherKeys":       {reason: "The issuer publishes other keys.", plant: azureFails(azure.Fault{Host: issuerHost, Operation: "keys", Effect: azure.EffectGarbage, Text: `{"keys":[{"kid":"other"}]}`}), want: []string{"IssuerKeyMissing"}},
		"NobodyHasLooked": {reason: "There are no Jobs, and the issuer cannot be reached from here.", plant: fromNowhere, want: []string{"PlaceNotProbed", "IssuerNotSeen"}},
	}
}

// placeUnplanted are codes whose faults a plane cannot have. TestDecide and TestLook of the package place have all of them.
func placeUnplanted() map[string]string {
	return map[string]string{
		"EgressBlocked":       "Pods of a plane have no way out but the proxy.",
		"CertificateInvalid":  "The certificates of the plane are good for a year.",
		"ClockDiffers":        "Azure and the pods have the clock of this machine.",
		"VaultNotTried":       "Other tests have vaults.",
		"PoliciesNotEnforced": "No pod of a plane reaches a metadata service directly.",
		"ProbeUnfinished":     "The doctor would wait for 90 seconds.",
		"IssuerKeysUnknown":   "Everybody may read the keys of the API server.",
		"PoliciesNotTried":    "TestDoctorJob runs the doctor so.",
	}
}

// prepareForPlace makes both providers sign in with their tokens, and probes what their pods see.
func prepareForPlace(t *testing.T, p *plane.Plane) {
	t.Helper()

	if err := p.PushImage(t.Context(), build.ToolForPlatforms().Program, "p6m-dev/platform-application:"+released); err != nil {
		t.Fatal(err)
	}

	if err := w.azure.PutVault(azure.Vault{Name: emptyVault, TenantID: plane.Tenant}); err != nil {
		t.Fatal(err)
	}

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

	startProbes(t.Context(), t, p, nil)
}

// doctorObjects are what kustomize builds.
func doctorObjects(ctx context.Context, t *testing.T) []*unstructured.Unstructured {
	t.Helper()

	return kustomized(ctx, t, filepath.Join(w.root, doctorDir))
}

// startProbes anew, with their Jobs edited. The Job of the doctor itself is TestDoctorJob's.
func startProbes(ctx context.Context, t *testing.T, p *plane.Plane, edit func(*batchv1.Job)) {
	t.Helper()
	deleteJobs(ctx, t, p)

	for _, o := range doctorObjects(ctx, t) {
		if o.GetKind() == "Job" && o.GetName() != doctorJob {
			must(t, p.API.Apply(ctx, edited(t, o, edit)))
		}
	}
}

// edited Job, without what a typed one says too much.
func edited(t *testing.T, o *unstructured.Unstructured, edit func(*batchv1.Job)) *unstructured.Unstructured {
	t.Helper()

	if edit == nil {
		return o
	}

	data, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}

	job := &batchv1.Job{}
	if err := yaml.Unmarshal(data, job); err != nil {
		t.Fatal(err)
	}

	edit(job)

	if data, err = yaml.Marshal(job); err != nil {
		t.Fatal(err)
	}

	out := object(t, string(data))
	delete(out.Object, "status")

	return out
}

// deleteJobs of the doctor, and wait until they are gone.
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

// seen is a fault that is planted before the probes look, with their Jobs edited.
func seen(plant planter, edit func(*batchv1.Job)) planter {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		// After all that is planted was taken away.
		t.Cleanup(func() { startProbes(context.WithoutCancel(t.Context()), t, p, nil) })

		if plant != nil {
			plant(t, p)
		}

		startProbes(t.Context(), t, p, edit)
	}
}

// azureFails has Azure fail.
func azureFails(f azure.Fault) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		id, err := w.azure.AddFault(f)
		if err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() { w.azure.RemoveFault(id) })
	}
}

// withoutCredential of the identity that the Azure providers are.
func withoutCredential(t *testing.T, p *plane.Plane) {
	t.Helper()

	id := azureCrossplane + "/federatedIdentityCredentials/provider-azure"

	manage(t, http.MethodDelete, id, "2023-01-31", nil, nil)
	t.Cleanup(func() { trust(t, azureCrossplane, "provider-azure", issuerOf(p)) })
}

func otherAudience(j *batchv1.Job) {
	j.Spec.Template.Spec.Volumes[0].Projected.Sources[0].ServiceAccountToken.Audience = "https://other.example.com"
}

// withoutRole for the accounts of the providers, as soon as the API server knows.
func withoutRole(t *testing.T, p *plane.Plane) {
	t.Helper()

	change(key{"rbac.authorization.k8s.io/v1", "ClusterRole", "", doctorJob + "-settings"}, func(o map[string]any) {
		o["rules"] = []any{}
	})(t, p)

	for _, account := range []string{"provider-azure", "provider-keyvault-secretsync"} {
		must(t, plane.Eventually(t.Context(), account+" to have no role", func(ctx context.Context) error {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:   "system:serviceaccount:" + plane.Namespace + ":" + account,
				Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + plane.Namespace, "system:authenticated"},
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Group: "apiextensions.crossplane.io", Resource: "environmentconfigs", Verb: "get", Name: "platform-application",
				},
			}}
			if err := p.API.Client().Create(ctx, review); err != nil {
				return fmt.Errorf("cannot create SubjectAccessReview: %w", err)
			}

			if review.Status.Allowed {
				return errors.New("it still has")
			}

			return nil
		}))
	}
}

func withPolicy(t *testing.T, p *plane.Plane) {
	t.Helper()

	policy := object(t, `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: crossplane-system, name: own}
spec:
  podSelector: {matchExpressions: [{key: pkg.crossplane.io/revision, operator: Exists}]}
  policyTypes: [Ingress]
`)
	if err := p.API.Apply(t.Context(), policy); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := p.API.Client().Delete(context.WithoutCancel(t.Context()), policy); err != nil {
			t.Error(err)
		}
	})
}

func fromNowhere(t *testing.T, p *plane.Plane) {
	t.Helper()
	t.Cleanup(func() { startProbes(context.WithoutCancel(t.Context()), t, p, nil) })
	azureFails(azure.Fault{Host: issuerHost, Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: 403})(t, p)
	deleteJobs(t.Context(), t, p)
}

// TestDoctorJob runs the doctor as a platform team does without a laptop: as Jobs, as kustomize builds them, with an identity of its
// own as docs/operations/doctor.md has it. It passes on a platform that is well, and no Service sends anything to a probe.
func TestDoctorJob(t *testing.T) {
	p := w.modern
	d := newDoctor(t, p)
	prepareForDoctor(t, p)
	prepareAzure(t, p)
	prepareForPlace(t, p)

	// Who creates missing secrets is an identity that Azure knows, too.
	creator := identityOf(t, azureCreator).Properties
	change(settingsConfig, func(o map[string]any) { set(o, creator.PrincipalID, "data", "secretCreatorPrincipalId") })(t, p)
	change(syncConfig, func(o map[string]any) { set(o, creator.ClientID, "spec", "credentials", "clientId") })(t, p)
	startProbes(t.Context(), t, p, nil)

	must(t, w.azure.PutFederatedCredential(plane.Tenant, doctorClient, azure.FederatedCredential{
		Name: doctorJob, Issuer: issuerOf(p), Subject: "system:serviceaccount:" + plane.Namespace + ":" + doctorJob,
		Audiences: []string{"api://AzureADTokenExchange"},
	}))
	t.Cleanup(func() { w.azure.DeleteFederatedCredential(plane.Tenant, doctorClient, doctorJob) })

	// The Job looks once.
	d.well(t)

	for _, o := range doctorObjects(t.Context(), t) {
		if o.GetName() == doctorJob && o.GetKind() == "Job" {
			must(t, p.API.Apply(t.Context(), edited(t, o, func(j *batchv1.Job) {
				c := &j.Spec.Template.Spec.Containers[0]
				c.Env = append(c.Env, corev1.EnvVar{Name: "AZURE_CLIENT_ID", Value: doctorClient})
			})))
		}
	}

	job := &batchv1.Job{}

	must(t, plane.Eventually(t.Context(), "the doctor to finish", func(ctx context.Context) error {
		if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: plane.Namespace, Name: doctorJob}, job); err != nil {
			return fmt.Errorf("cannot get Job %q: %w", doctorJob, err)
		}

		if job.Status.Succeeded+job.Status.Failed == 0 {
			return errors.New("it runs")
		}

		return nil
	}))

	out := logsOf(t, p, "job/"+doctorJob)

	if job.Status.Succeeded != 1 || !strings.Contains(out, "ok       place\n") || !strings.HasSuffix(out, "\nPassed\n") {
		t.Errorf("the Job does not say that all is well, and %d have succeeded:\n%s", job.Status.Succeeded, out)
	}

	// It may not act as others, and says what that leaves open.
	if !strings.Contains(out, "PoliciesNotTried") || strings.Contains(out, "ImpersonationForbidden") {
		t.Errorf("the Job does not say that it was told to try no policies:\n%s", out)
	}

	probesAreAlone(t, p)
}

// logsOf a pod or a Job.
func logsOf(t *testing.T, p *plane.Plane, name string) string {
	t.Helper()

	out, err := exec.CommandContext(t.Context(), "kubectl", "--kubeconfig", p.Kubeconfig(), "logs", "--namespace", plane.Namespace, name).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl logs: %v\n%s", err, out)
	}

	return string(out)
}

// probesAreAlone: no Service has a pod of theirs among its endpoints, and no ReplicaSet owns one.
func probesAreAlone(t *testing.T, p *plane.Plane) {
	t.Helper()

	slicesOf, pods := &discoveryv1.EndpointSliceList{}, &corev1.PodList{}
	if err := errors.Join(
		p.API.Client().List(t.Context(), slicesOf, client.InNamespace(plane.Namespace)),
		p.API.Client().List(t.Context(), pods, client.InNamespace(plane.Namespace), client.HasLabels{batchv1.JobNameLabel}),
	); err != nil {
		t.Fatal(err)
	}

	probes := map[string]bool{}

	for _, pod := range pods.Items {
		// Those of Jobs that were deleted go in a moment.
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

// factsAreAlone: the facts of a probe are all that it prints, and no token is among them.
func factsAreAlone(t *testing.T, p *plane.Plane, probes []string) {
	t.Helper()

	for _, name := range probes {
		out := logsOf(t, p, name)

		if !json.Valid([]byte(out)) || strings.Contains(out, "eyJ") {
			t.Errorf("probe %s: want facts alone, and no token, got %s", name, out)
		}
	}
}
