//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/plane"
)

// TestRotation proves that a new value reaches the processes within two intervals plus the time of
// a rollout, unless the team has disabled that.
func TestRotation(t *testing.T) {
	for variant, p := range w.variants(t) {
		t.Run(string(variant), func(t *testing.T) { rotation(t, p) })
	}
}

func rotation(t *testing.T, p *plane.Plane) {
	t.Helper()

	namespace := namespaceOf(t, p)
	a, _ := started(t, p, namespace, "rolls")
	still, old := started(t, p, namespace, "stays", with("deployment.restartOnSecretChange", false))

	pods, template, before := still.pods(t), still.observe(t).template(), a.pods(t)
	pw, other := password(), password()

	start := a.set(t, postgres(pw))
	still.set(t, postgres(other))

	arrived := a.secretHas(t, pw)
	last := a.runsWith(t, pw)
	t.Logf("the Secret had the new value after %.1f s, and the last Pod started after %.1f s", arrived.Sub(start).Seconds(), last.Sub(start).Seconds())

	// The API server and the Pods share a clock.
	if took := last.Sub(start); took > 2*poll {
		t.Errorf("want Pods with the new value within two intervals of %s, the last one started after %s", poll, took)
	}

	for name := range before {
		if _, ok := a.pods(t)[name]; ok {
			t.Errorf("Pod %s has the old value, and must end", name)
		}
	}

	still.secretHas(t, other)
	// The status shows the version that the function has seen.
	still.wait(t, func(got *plane.Application) error {
		return still.versionIsCurrent(t.Context(), got)
	})

	// An unwanted rollout would still be under way.
	still.reconciled(t)

	if diff := cmp.Diff(template, still.observe(t).template()); diff != "" {
		t.Errorf("restartOnSecretChange: false must not change Pods: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(pods, still.pods(t)); diff != "" {
		t.Errorf("restartOnSecretChange: false must not roll Pods: -want, +got:\n%s", diff)
	}

	still.runsWith(t, old)
}

// secretHas waits until the application's Secret has that password, and returns the time.
func (a *app) secretHas(t *testing.T, password string) time.Time {
	t.Helper()

	eventually(t, "the Secret to have the password", func(ctx context.Context) error {
		s := &corev1.Secret{}
		if err := a.plane.API.Client().Get(ctx, client.ObjectKey{Namespace: a.namespace, Name: a.name + "-keyvault"}, s); err != nil {
			return fmt.Errorf("cannot get Secret: %w", err)
		}

		if string(s.Data[secretName+".POSTGRES_PASSWORD"]) != password {
			return errors.New("it has another")
		}

		return nil
	})

	return time.Now()
}

// versionIsCurrent returns an error unless the application's status has the version of the sync.
func (a *app) versionIsCurrent(ctx context.Context, got *plane.Application) error {
	s, err := a.plane.Sync(ctx, a.namespace, a.name)
	if err != nil {
		return err
	}

	if has, want := got.Status.Secrets[0].Version, s.Status.AtProvider.Secrets[0].Version; has != want {
		return fmt.Errorf("the status has version %s, the sync %s", has, want)
	}

	return nil
}
