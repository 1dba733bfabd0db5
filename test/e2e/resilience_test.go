//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// killer ends a part of the control plane at once, as a machine that fails does. It
// comes back by itself.
type killer func(ctx context.Context, p *plane.Plane) error

// killers of every part that works on an application.
func killers() map[string]killer {
	return map[string]killer{
		"Crossplane": killPods("crossplane-"),
		"function":   killPods(plane.FunctionName),
		"provider":   killPods(plane.ProviderName),
		"Azure":      killPods("upbound-provider-azure-"),
		"API server": func(ctx context.Context, p *plane.Plane) error {
			if err := p.API.Kill(ctx); err != nil {
				return err
			}

			return p.API.Restart()
		},
	}
}

// killPods kills the processes of Crossplane's Pods whose names begin like that.
func killPods(prefix string) killer {
	return func(_ context.Context, p *plane.Plane) error {
		killed := 0

		for _, process := range p.Processes() {
			if process.Namespace != plane.Namespace || !strings.HasPrefix(process.Pod, prefix) || process.PID == 0 {
				continue
			}

			if err := syscall.Kill(process.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("cannot kill %s: %w", process.Pod, err)
			}

			killed++
		}

		if killed == 0 {
			return fmt.Errorf("cannot kill %s: it does not run", prefix)
		}

		return nil
	}
}

// TestKill proves that an application comes to what it should be, whichever part is
// killed while it is created and while a value is rotated, and that nothing is made
// twice or lost.
func TestKill(t *testing.T) {
	namespace := namespaceOf(t, w.modern)

	for name, kill := range killers() {
		t.Run(name, func(t *testing.T) {
			a := apply(t, w.modern, namespace, strings.ToLower(strings.ReplaceAll(name, " ", "-")))

			kills := func() {
				t.Helper()

				if err := kill(t.Context(), w.modern); err != nil {
					t.Fatal(err)
				}
			}

			kills()
			a.vault(t)
			kills()

			pw := password()
			a.set(t, secretName, postgres(pw))
			kills()
			a.wait(t, plane.Ready)
			a.runsWith(t, pw)

			before := a.composed(t)

			pw = password()
			a.set(t, secretName, postgres(pw))
			kills()
			a.runsWith(t, pw)
			a.wait(t, plane.Ready)

			if diff := cmp.Diff(before, a.composed(t)); diff != "" {
				t.Errorf("nothing must be made again: -want, +got:\n%s", diff)
			}

			a.madeOnce(t)
		})
	}
}

// madeOnce fails the test if anything of the application was made twice or deleted
// in Azure.
func (a *app) madeOnce(t *testing.T) {
	t.Helper()

	vault := a.wait(t, plane.HasVault).Status.KeyVault

	for _, r := range w.azure.ARMResources() {
		ours := strings.HasPrefix(strings.ToLower(r.ID), strings.ToLower(vault.ResourceID))
		if ours && (r.Created != 1 || r.Deleted != 0 || r.Purged != 0) {
			t.Errorf("want it made once: %+v", r)
		}
	}
}

// TestOutage proves that running applications do not notice when all of Azure is
// away, that new ones say what they wait for, and that all recover by themselves.
func TestOutage(t *testing.T) {
	namespace := namespaceOf(t, w.modern)
	running, pw := started(t, w.modern, namespace, "running")
	pods, composed := running.pods(t), running.composed(t)

	id, err := w.azure.AddFault(azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: 503})
	if err != nil {
		t.Fatal(err)
	}

	over := func() { w.azure.RemoveFault(id) }
	defer over()

	fresh := apply(t, w.modern, namespace, "fresh")
	fresh.wait(t, conditionSays("KeyVaultReady", "vault"))

	// It is noticed, and told.
	running.wait(t, secretIs(secretName, "Unreachable"))

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
	fresh.set(t, secretName, postgres(pw))
	fresh.wait(t, plane.Ready)
	fresh.runsWith(t, pw)

	if diff := cmp.Diff(pods, running.pods(t)); diff != "" {
		t.Errorf("recovery must not touch running Pods: -want, +got:\n%s", diff)
	}
}
