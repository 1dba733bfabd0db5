// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	v1alpha1sync "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

const (
	askTimeout = 5 * time.Second

	// selector is the label of an application's pods.
	selector = "meta.p6m.dev/application"

	// httpPort is the port of the demo's program, whether a manifest lists it or not, and that of Crossplane and its packages for Prometheus.
	httpPort = 8080
)

// An Application is a PlatformApplication as its team sees it.
type Application struct {
	*unstructured.Unstructured

	Status v1alpha1.PlatformApplicationStatus
}

// A Condition of an application.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`

	// ObservedGeneration is zero for conditions that do not have it.
	ObservedGeneration int64 `json:"observedGeneration"`
}

// Application returns the application of that name.
func (p *Plane) Application(ctx context.Context, namespace, name string) (*Application, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: "PlatformApplication"})

	if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u); err != nil {
		return nil, fmt.Errorf("cannot get PlatformApplication %q in namespace %q: %w", name, namespace, err)
	}

	a := &Application{Unstructured: u}

	status, _, err := unstructured.NestedMap(u.Object, "status")
	if err != nil {
		return nil, fmt.Errorf("cannot read status of PlatformApplication %q: %w", name, err)
	}

	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(status, &a.Status); err != nil {
		return nil, fmt.Errorf("cannot read status of PlatformApplication %q: %w", name, err)
	}

	return a, nil
}

// WaitFor waits until a check of an application returns no error.
func (p *Plane) WaitFor(ctx context.Context, namespace, name string, check func(*Application) error) (*Application, error) {
	var last *Application

	err := Eventually(ctx, fmt.Sprintf("PlatformApplication %q in namespace %q", name, namespace), func(ctx context.Context) error {
		a, err := p.Application(ctx, namespace, name)
		if err != nil {
			return err
		}

		last = a

		return check(a)
	})
	if err != nil && last != nil {
		err = fmt.Errorf("%w; its conditions are:\n%s", err, last.Conditions())
	}

	return last, err
}

// Ready checks that the current generation of an application is ready, with all its conditions.
func Ready(a *Application) error {
	for _, kind := range []string{"Synced", "IdentityReady", "KeyVaultReady", "AccessReady", "SecretsSynced", "WorkloadReady", "Ready"} {
		if c := a.Condition(kind); c.Status != "True" {
			return fmt.Errorf("%s is %q: %s: %s", kind, c.Status, c.Reason, c.Message)
		}
	}

	// It may have changed since.
	if c := a.Condition("Ready"); c.ObservedGeneration > 0 && c.ObservedGeneration < a.GetGeneration() {
		return fmt.Errorf("Ready is of generation %d, and this is %d", c.ObservedGeneration, a.GetGeneration())
	}

	return nil
}

// HasVault checks that the address of the application's vault and the identity that reads it are
// known.
func HasVault(a *Application) error {
	if a.Status.KeyVault == nil || a.Status.KeyVault.URI == "" {
		return errors.New("its vault has no address yet")
	}

	if a.Status.Identity == nil || a.Status.Identity.ClientID == "" {
		return errors.New("its identity has no client id yet")
	}

	return nil
}

// Condition returns the condition of that type. It is empty if there is none.
func (a *Application) Condition(kind string) Condition {
	for _, c := range a.Conditions() {
		if c.Type == kind {
			return c
		}
	}

	return Condition{Type: kind}
}

// Conditions are printable conditions of an application.
type Conditions []Condition

// Conditions returns them in the order of the application.
func (a *Application) Conditions() Conditions {
	var out struct {
		Status struct {
			Conditions Conditions `json:"conditions"`
		} `json:"status"`
	}

	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(a.Object, &out) // There may be no status yet.

	return out.Status.Conditions
}

func (c Conditions) String() string {
	var b strings.Builder

	for _, one := range c {
		fmt.Fprintf(&b, "%-15s %-7s %s\n", one.Type, one.Status, one.Reason)

		if one.Message != "" {
			fmt.Fprintf(&b, "    %s\n", one.Message)
		}
	}

	return strings.TrimSuffix(b.String(), "\n")
}

// A Process is the self-description of a Pod of the demo application.
type Process struct {
	Pod     string    `json:"pod"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`

	Environment []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"environment"`
}

// Value returns the value of a variable, if the process has it.
func (p Process) Value(name string) (string, bool) {
	for _, v := range p.Environment {
		if v.Name == name {
			return v.Value, true
		}
	}

	return "", false
}

// Ask asks every Pod of a ready application for its environment. The application must run the
// demo's program, or a compatible one.
func (p *Plane) Ask(ctx context.Context, namespace, name string) ([]Process, error) {
	pods := &corev1.PodList{}
	if err := p.API.Client().List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels{selector: name}); err != nil {
		return nil, fmt.Errorf("cannot list Pods of application %q: %w", name, err)
	}

	var out []Process

	for _, pod := range pods.Items {
		if !podReady(&pod) || pod.DeletionTimestamp != nil {
			continue
		}

		process, err := p.ask(ctx, &pod)
		if err != nil {
			return nil, fmt.Errorf("cannot ask Pod %q what it was started with: %w", pod.Name, err)
		}

		out = append(out, process)
	}

	slices.SortFunc(out, func(a, b Process) int { return strings.Compare(a.Pod, b.Pod) })

	return out, nil
}

func (p *Plane) ask(ctx context.Context, pod *corev1.Pod) (Process, error) {
	body, err := p.getFrom(ctx, pod, "/process")
	if err != nil {
		return Process{}, err
	}

	out := Process{Pod: pod.Name}
	if err := json.Unmarshal(body, &out); err != nil {
		return Process{}, fmt.Errorf("cannot read answer: %w", err)
	}

	return out, nil
}

// getFrom gets a document from a Pod.
func (p *Plane) getFrom(ctx context.Context, pod *corev1.Pod, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return p.dialPod(ctx, pod.Status.PodIP, httpPort)
		},
		DisableKeepAlives: true,
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+pod.Name+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("cannot make request: %w", err)
	}

	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("cannot send request: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // It was read.

	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("cannot read answer: %w", err)
	}

	return body, nil
}

func podReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Sync returns the sync of that name.
func (p *Plane) Sync(ctx context.Context, namespace, name string) (*v1alpha1sync.KeyVaultSecretSync, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(v1alpha1sync.GroupVersion().WithKind(v1alpha1sync.KeyVaultSecretSyncKind))

	if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u); err != nil {
		return nil, fmt.Errorf("cannot get KeyVaultSecretSync %q in namespace %q: %w", name, namespace, err)
	}

	s := &v1alpha1sync.KeyVaultSecretSync{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, s); err != nil {
		return nil, fmt.Errorf("cannot read KeyVaultSecretSync %q: %w", name, err)
	}

	return s, nil
}
