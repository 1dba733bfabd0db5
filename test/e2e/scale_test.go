//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/metric"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// scalePoll is the interval of lists, which are work for the API server.
	scalePoll = 5 * time.Second

	// scaleTimeout bounds the time until 500 of them are ready, on a busy machine.
	scaleTimeout = time.Hour
)

//nolint:gochecknoglobals // Flags are.
var (
	// applications is the number of applications created at once.
	applications = flag.Int("applications", 200, "how many applications TestScale creates at once")

	// idle is how long TestScale counts calls of the function once all applications are ready.
	idle = flag.Duration("idle", 0, "how long TestScale counts calls of the function when nothing changes")
)

// TestScale creates many applications at once, which all become ready, and Crossplane keeps watching
// all of them.
func TestScale(t *testing.T) {
	namespace, scale := namespaceOf(t, w.modern), *applications
	before, opened := crossplaneCounts(t)

	// Other tests would have to wait.
	t.Cleanup(func() { removeAll(t, namespace) })

	start := time.Now()

	for i := range scale {
		// Its image does not exist: the kubelet declares it running, because the test is not about
		// pods.
		apply(t, w.modern, namespace, fmt.Sprintf("app-%03d", i), with("deployment.image", "registry.example.com/app:1"))
	}

	t.Logf("%d manifests applied after %.0f s", scale, time.Since(start).Seconds())

	filled := map[string]bool{}

	err := apiserver.Poll(t.Context(), scalePoll, scaleTimeout, func(ctx context.Context) error {
		// A busy API server may respond late.
		apps, err := list(ctx, w.modern, namespace)
		ready := 0

		for i := range apps {
			a := &apps[i]
			fill(t, a, filled)

			if plane.Ready(&plane.Application{Unstructured: a}) == nil {
				ready++
			}
		}

		if ready < scale {
			return errors.Join(fmt.Errorf("only %d of %d applications are ready", ready, scale), err)
		}

		return nil
	})
	must(t, err)

	ready, open := crossplaneCounts(t)

	t.Logf("%d applications were ready after %.0f s, with %.1f calls of the function for each",
		scale, time.Since(start).Seconds(), (ready-before)/float64(scale))

	if open != opened {
		t.Errorf("want Crossplane to watch all applications, but it has opened %v circuit breakers", open-opened)
	}

	if *idle == 0 {
		return
	}

	// Crossplane has not yet seen all of the last changes.
	<-time.After(ttlWaiting)

	settled, _ := crossplaneCounts(t)

	<-time.After(*idle)

	end, _ := crossplaneCounts(t)
	t.Logf("an idle application calls the function %.1f times in an hour", (end-settled)/float64(scale)/idle.Hours())
}

// ttlWaiting is how long the function's response for a waiting application is valid.
const ttlWaiting = time.Minute

// crossplaneCounts returns how often Crossplane has called functions, and how often it has opened a
// circuit breaker.
func crossplaneCounts(t *testing.T) (calls, opened float64) {
	t.Helper()

	text, err := w.modern.Metrics(t.Context(), "crossplane")
	must(t, err)

	calls, err = metric.Sum(text, "function_run_function_request_total")
	must(t, err)

	opened, err = metric.Sum(text, "circuit_breaker_opens_total")
	must(t, err)

	return calls, opened
}

// removeAll deletes all applications of a namespace.
func removeAll(t *testing.T, namespace string) {
	t.Helper()

	ctx := context.WithoutCancel(t.Context())
	deleted := map[string]bool{}

	err := plane.Eventually(ctx, "the end of all applications", func(ctx context.Context) error {
		left, err := list(ctx, w.modern, namespace)
		if err != nil {
			return err
		}

		// One request that deletes hundreds would time out.
		for i := range left {
			a := &left[i]
			if deleted[a.GetName()] {
				continue
			}

			if err := w.modern.API.Client().Delete(ctx, a); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("cannot delete application %s: %w", a.GetName(), err)
			}

			deleted[a.GetName()] = true
		}

		if len(left) > 0 {
			return fmt.Errorf("%d are left", len(left))
		}

		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// fill sets the values of an application once, as soon as it has a vault.
func fill(t *testing.T, a *unstructured.Unstructured, filled map[string]bool) {
	t.Helper()

	// The address is known when Azure has created the vault.
	uri, _, _ := unstructured.NestedString(a.Object, "status", "keyVault", "uri")
	vault, _, _ := unstructured.NestedString(a.Object, "status", "keyVault", "name")

	if uri == "" || filled[vault] {
		return
	}

	_, err := w.azure.PutSecret(vault, secretName, azure.Secret{Value: postgres("x")})
	must(t, err)

	filled[vault] = true
}

func list(ctx context.Context, p *plane.Plane, namespace string) ([]unstructured.Unstructured, error) {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: "PlatformApplicationList"})

	if err := p.API.Client().List(ctx, l, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("cannot list applications: %w", err)
	}

	return l.Items, nil
}
