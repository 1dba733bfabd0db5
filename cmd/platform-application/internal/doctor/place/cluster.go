// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

const (
	// jobPrefix begins the names of the Jobs that run probes. The name of the place follows.
	jobPrefix = "platform-application-doctor-"

	// waitForProbes limits the time for a probe, including the pull of its image.
	waitForProbes = 90 * time.Second
	pollProbes    = time.Second

	// maxLog limits the bytes of a log. The facts of a place are smaller.
	maxLog = 64 << 10

	// maxPods and maxPolicies limit what is read of a namespace.
	maxPods     = 500
	maxPolicies = 500

	// providerLabel of the pods of providers has the name of the package.
	providerLabel = "pkg.crossplane.io/provider"
)

// names returns the places with a probe.
func names() []string {
	return []string{platform.AzureServiceAccount, platform.CreatorServiceAccount}
}

// facts are the facts of the whole area.
type facts struct {
	platform  platform.Platform
	documents documents

	// keys are the ids of the API server's keys.
	keys        []string
	keysProblem Problem

	places []probed

	// policies of the namespace of Crossplane.
	policies []networkingv1.NetworkPolicy
}

// A state is the state of a probe.
type state string

// States.
const (
	missing  state = "missing"
	running  state = "running"
	finished state = "finished"
)

// A probed place has a probe, or none yet.
type probed struct {
	name  string
	state state

	// problem of a probe that has finished without facts.
	problem Problem
	facts   *Facts

	// pod is the pod of the probe, and pods are those of the provider.
	pod  *corev1.Pod
	pods []corev1.Pod
}

// readFacts reads the facts of a cluster. It waits for running probes.
func readFacts(ctx context.Context, n Network, c platform.Cluster, p platform.Platform) (facts, error) {
	out := facts{platform: p}

	if p.Issuer != "" {
		out.documents = n.documents(ctx, p.Issuer)
	}

	kube, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return out, fmt.Errorf("cannot connect to the cluster: %w", err)
	}

	if data, err := kube.RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(ctx); err != nil {
		out.keysProblem = failed(err)
	} else {
		out.keys = keyIDs(data)
	}

	policies := &networkingv1.NetworkPolicyList{}
	errs := []error{c.Client.List(ctx, policies, client.InNamespace(c.Namespace), client.Limit(maxPolicies))}
	out.policies = policies.Items

	for _, name := range names() {
		one, err := readPlace(ctx, kube, c, name)
		out.places = append(out.places, one)
		errs = append(errs, err)
	}

	return out, errors.Join(errs...)
}

// readPlace waits for the probe of a place, and reads its facts.
func readPlace(ctx context.Context, kube kubernetes.Interface, c platform.Cluster, name string) (probed, error) {
	out := probed{name: name, state: missing}

	err := wait.PollUntilContextTimeout(ctx, pollProbes, waitForProbes, true, func(ctx context.Context) (bool, error) {
		var err error
		out.state, out.pod, err = probeOf(ctx, c, name)

		return out.state != running, err
	})
	// If it still runs, the doctor reports that.
	if err != nil && !wait.Interrupted(err) {
		return out, fmt.Errorf("cannot wait for probe of %s: %w", name, err)
	}

	pods := &corev1.PodList{}
	if err := c.Client.List(ctx, pods, client.InNamespace(c.Namespace), client.HasLabels{providerLabel}, client.Limit(maxPods)); err != nil {
		return out, fmt.Errorf("cannot list pods of providers: %w", err)
	}

	for _, pod := range pods.Items {
		if pod.Spec.ServiceAccountName == name && !slices.ContainsFunc(pod.OwnerReferences, isJob) {
			out.pods = append(out.pods, pod)
		}
	}

	if out.state == finished {
		out.facts, out.problem = readLog(ctx, kube, out.pod, name)
	}

	return out, nil
}

// isJob reports whether an owner is a Job.
func isJob(r metav1.OwnerReference) bool { return r.Kind == "Job" }

// probeOf returns the state of the probe of a place, and its pod if there is one.
func probeOf(ctx context.Context, c platform.Cluster, name string) (state, *corev1.Pod, error) {
	job := &batchv1.Job{}

	err := c.Client.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: jobPrefix + name}, job)
	if platform.IsMissing(err) {
		return missing, nil, nil
	}

	if err != nil {
		return missing, nil, fmt.Errorf("cannot get Job %q: %w", jobPrefix+name, err)
	}

	// The UID excludes pods of an earlier Job with the same name.
	pods := &corev1.PodList{}
	if err := c.Client.List(ctx, pods, client.InNamespace(c.Namespace), client.MatchingLabels{batchv1.ControllerUidLabel: string(job.UID)}); err != nil {
		return running, nil, fmt.Errorf("cannot list pods of Job %q: %w", job.Name, err)
	}

	if len(pods.Items) == 0 {
		return running, nil, nil
	}

	pod := pods.Items[0]
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return finished, &pod, nil
	}

	return running, &pod, nil
}

// readLog reads the facts in the log of a probe.
func readLog(ctx context.Context, kube kubernetes.Interface, pod *corev1.Pod, name string) (*Facts, Problem) {
	stream, err := kube.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{LimitBytes: new(int64(maxLog))}).Stream(ctx)
	if err != nil {
		return nil, failed(err)
	}
	defer stream.Close() //nolint:errcheck // It was only read.

	data, err := io.ReadAll(io.LimitReader(stream, maxLog))
	if err != nil {
		return nil, failed(err)
	}

	if out := parseFacts(data, name); out != nil {
		return out, Problem{}
	}

	return nil, Problem{Code: NoFacts, Detail: clean(string(data))}
}

// parseFacts returns the facts in the first line of a log that is about the place, or nil.
func parseFacts(log []byte, name string) *Facts {
	for line := range bytes.Lines(log) {
		out := &Facts{}

		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()

		if d.Decode(out) == nil && out.Place == name && out.whole() {
			cleanFacts(out)

			return out
		}
	}

	return nil
}

// whole reports whether the facts are complete, and of this version. A missing fact would pass as healthy.
func (f Facts) whole() bool {
	endpoints := []Endpoint{f.Login, f.Vault}
	if f.Manager != nil {
		endpoints = append(endpoints, *f.Manager)
	}

	return (f.Manager != nil || f.Place != platform.AzureServiceAccount) && (f.Token == nil || f.Token.Problem.known()) &&
		(f.Exchange == nil || f.Exchange.Problem.known()) &&
		!slices.ContainsFunc(endpoints, func(e Endpoint) bool { return !slices.Contains(outcomes(), e.Outcome) })
}

// cleanFacts cleans the texts of facts, because anybody who can write a log can forge them.
func cleanFacts(f *Facts) {
	for _, e := range []*Endpoint{&f.Login, &f.Vault, f.Manager} {
		if e != nil {
			e.Host, e.Proxy, e.Detail = clean(e.Host), clean(e.Proxy), clean(e.Detail)
		}
	}

	f.Source = clean(f.Source)
	f.Unread = cleanAll(f.Unread)

	if t := f.Token; t != nil {
		t.Path, t.Problem, t.Issuer, t.Subject, t.KeyID = clean(t.Path), t.Problem.cleaned(), clean(t.Issuer), clean(t.Subject), clean(t.KeyID)
		t.Audiences = cleanAll(t.Audiences)
	}

	if x := f.Exchange; x != nil {
		x.ClientID, x.TenantID, x.Problem = clean(x.ClientID), clean(x.TenantID), x.Problem.cleaned()
	}
}

func cleanAll(texts []string) []string {
	texts = texts[:min(len(texts), maxListed)]
	for i, t := range texts {
		texts[i] = clean(t)
	}

	return texts
}
