//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// A killer kills a part of the control plane at once, like a failing machine. The part restarts by
// itself.
type killer func(ctx context.Context, p *plane.Plane) error

// killers returns killers for every part that works on an application.
func killers() map[string]killer {
	return map[string]killer{
		"Crossplane": killPods("Crossplane", "RBAC manager"),
		"function":   killPods("function"),
		"provider":   killPods("provider"),
		"Azure":      killPods("Azure providers"),
		"API server": func(ctx context.Context, p *plane.Plane) error {
			if err := p.API.Kill(ctx); err != nil {
				return err
			}

			return p.API.Restart()
		},
	}
}

// killPods kills the processes of Crossplane's Pods with this prefix.
func killPods(parts ...string) killer {
	return func(ctx context.Context, p *plane.Plane) error {
		return plane.Eventually(ctx, strings.Join(parts, ", ")+" to run", func(context.Context) error { return killNow(p, parts) })
	}
}

// partOf returns the part of the control plane that a Pod in Crossplane's namespace belongs to. The order matters:
// packages of crossplane-contrib have the prefix of Crossplane's own Pods.
func partOf(pod string) string {
	for _, part := range []struct{ prefix, name string }{
		{plane.FunctionName, "function"},
		{plane.ProviderName, "provider"},
		{"crossplane-contrib-", "Azure providers"},
		{"crossplane-rbac-manager-", "RBAC manager"},
		{"crossplane-", "Crossplane"},
	} {
		if strings.HasPrefix(pod, part.prefix) {
			return part.name
		}
	}

	return pod
}

// killNow returns an error if no process was killed.
func killNow(p *plane.Plane, parts []string) error {
	killed := 0

	for _, process := range p.Processes() {
		if process.Namespace != plane.Namespace || !slices.Contains(parts, partOf(process.Pod)) || process.PID == 0 {
			continue
		}

		if err := syscall.Kill(process.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("cannot kill %s: %w", process.Pod, err)
		}

		killed++
	}

	if killed == 0 {
		return errors.New("it does not run")
	}

	return nil
}

// TestKill proves that an application reaches its desired state if any part is killed while it is
// created or while a value is rotated, and that nothing is created twice or lost.
func TestKill(t *testing.T) {
	namespace := namespaceOf(t, w.modern)

	for name, kill := range killers() {
		t.Run(name, func(t *testing.T) {
			made := resources()
			a := apply(t, w.modern, namespace, strings.ToLower(strings.ReplaceAll(name, " ", "-")))

			kills := func() {
				t.Helper()

				must(t, kill(t.Context(), w.modern))
			}

			kills()
			a.proceeds(t, plane.HasVault)
			kills()

			pw := password()
			a.set(t, postgres(pw))
			kills()
			a.proceeds(t, plane.Ready)
			a.runsWith(t, pw)

			before := a.composed(t)

			pw = password()
			a.set(t, postgres(pw))
			kills()
			a.runsWith(t, pw)
			a.proceeds(t, plane.Ready)

			if diff := cmp.Diff(before, a.composed(t)); diff != "" {
				t.Errorf("nothing must be made again: -want, +got:\n%s", diff)
			}

			madeSince(t, made, 1)
		})
	}
}

// proceeds waits until a check of the application returns no error. Meanwhile it follows the runbook for a provider that was killed at the
// moment of a creation.
func (a *app) proceeds(t *testing.T, check func(*plane.Application) error) {
	t.Helper()

	a.wait(t, func(got *plane.Application) error {
		err := check(got)
		if err == nil {
			return nil
		}

		resources, listed := a.plane.Composed(t.Context(), a.namespace, a.name)

		for _, r := range resources {
			status, _, _ := unstructured.NestedSlice(r.Object, "status", "conditions")
			if !strings.Contains(fmt.Sprint(status), "cannot determine creation result") {
				continue
			}

			t.Logf("%s %s: the provider was killed in the moment in which it began to create", r.GetKind(), r.GetName())

			const patch = `{"metadata":{"annotations":{"crossplane.io/external-create-pending":null,"again":"1"}}}`

			listed = errors.Join(listed, a.plane.API.Client().Patch(t.Context(), r, client.RawPatch(types.MergePatchType, []byte(patch))))
		}

		return errors.Join(err, listed)
	})
}

// resources returns the resources that were created in Azure, deleted or not, by id.
func resources() map[string]azure.ARMResource {
	out := map[string]azure.ARMResource{}
	for _, r := range w.azure.ARMResources() {
		out[strings.ToLower(r.ID)] = r
	}

	return out
}

// madeSince fails the test unless this many applications were created in Azure since then: each has
// one vault, one identity with one credential, and three role assignments, none of them created
// twice, none deleted.
func madeSince(t *testing.T, before map[string]azure.ARMResource, applications int) {
	t.Helper()

	got := map[string]int{}

	for id, r := range resources() {
		if _, ok := before[id]; ok {
			continue
		}

		got[typeOf(id)]++

		if r.Created != 1 || r.Deleted != 0 || r.Purged != 0 {
			t.Errorf("want it made once: %+v", r)
		}
	}

	want := map[string]int{"vaults": applications, "userassignedidentities": applications, "federatedidentitycredentials": applications, "roleassignments": 3 * applications}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was made in Azure: -want, +got:\n%s", diff)
	}
}

// typeOf returns the type of the resource with that id: its last segment but one.
func typeOf(id string) string {
	segments := strings.Split(id, "/")

	return segments[len(segments)-2]
}

// outage makes all of Azure unavailable: new connections fail, and open ones get no response. It
// returns a function that ends it.
func outage(t *testing.T) func() {
	t.Helper()

	var ids []string

	for _, fault := range []azure.Fault{
		{Operation: azure.OpConnect, Effect: azure.EffectReset},
		{Effect: azure.EffectReset},
	} {
		id, err := w.azure.AddFault(fault)
		must(t, err)

		ids = append(ids, id)
	}

	return func() {
		for _, id := range ids {
			w.azure.RemoveFault(id)
		}
	}
}

// TestOutage proves that running applications are not affected by an outage of all of Azure, that
// new ones report the reason for their delay, and that all recover by themselves.
func TestOutage(t *testing.T) {
	namespace := namespaceOf(t, w.modern)
	running, pw := started(t, w.modern, namespace, "running")
	pods, composed := running.pods(t), running.composed(t)

	over := outage(t)
	defer over()

	fresh := apply(t, w.modern, namespace, "fresh")
	fresh.wait(t, conditionIs("KeyVaultReady", "AzureRefused"))

	// The outage is detected and reported.
	running.wait(t, secretIs("Unreachable"))

	running.runsWith(t, pw)

	if diff := cmp.Diff(pods, running.pods(t)); diff != "" {
		t.Errorf("an outage must not touch running Pods: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(composed, running.composed(t)); diff != "" {
		t.Errorf("an outage must not touch what is composed: -want, +got:\n%s", diff)
	}

	running.secretHas(t, pw)
	over()

	running.wait(t, plane.Ready)

	pw = password()
	fresh.set(t, postgres(pw))
	fresh.wait(t, plane.Ready)
	fresh.runsWith(t, pw)

	if diff := cmp.Diff(pods, running.pods(t)); diff != "" {
		t.Errorf("recovery must not touch running Pods: -want, +got:\n%s", diff)
	}
}
