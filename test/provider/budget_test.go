// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

// spent is the cost of one application so far.
type spent struct {
	Lists, Reads, Challenges, Tokens int
}

// spent returns the requests to Azure for an application.
func (a *App) spent() spent {
	c := a.world.Azure.Counts()
	of := func(operation string) int { return c.Of(azure.CountKey{Vault: a.Vault, Operation: operation}) }

	return spent{
		Lists: of(azure.OpList), Reads: of(azure.OpGet), Challenges: of(azure.OpChallenge),
		Tokens: c.Of(azure.CountKey{ClientID: a.ClientID, Operation: azure.OpToken}),
	}
}

// A new application costs a request for every secret, and then one list per interval, whatever its
// number of secrets.
func TestBudget(t *testing.T) {
	const change = "postgres-credentials"

	world.Start(t)

	app := world.Load(t, 1, world.API.Namespace(t)).Apps[0]
	sync := app.LoadSync()
	sync.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Second}

	secrets, states := len(sync.Spec.ForProvider.Secrets), map[string]v1alpha1.State{}
	for _, s := range sync.Spec.ForProvider.Secrets {
		states[s.Name] = v1alpha1.StateSynced
	}

	world.Apply(t, sync)
	t.Cleanup(func() { must(t, world.Abandon(context.WithoutCancel(t.Context()), app.Namespace)) })
	world.AwaitStates(t, sync, states)

	const intervals = 10

	// Delayed work of the first sync is over some polls later.
	listed(t, app, 3)

	quiet := world.ProviderRequests(t)
	before := app.spent()

	awaitSpent(t, app, before.Lists+intervals)

	want := spent{Lists: before.Lists + intervals, Reads: secrets, Challenges: 1, Tokens: 1}
	if diff := cmp.Diff(want, app.spent()); diff != "" {
		t.Errorf("requests to Azure after %d idle intervals: -want, +got:\n%s", intervals, diff)
	}

	if diff := cmp.Diff(apiserver.Requests{}, world.ProviderRequests(t).Since(quiet)); diff != "" {
		t.Errorf("requests to the API server in %d idle intervals: -want, +got:\n%s", intervals, diff)
	}

	asked := world.ProviderRequests(t)

	version, err := world.Azure.PutSecret(app.Vault, change, azure.Secret{
		Value: Structured(Structures()[change]...), ContentType: "application/json", Updated: time.Now().Add(-time.Hour),
	})
	must(t, err)

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		if v := observed(got, change).Version; v != version {
			return fmt.Errorf("version is %q, want %q", v, version)
		}

		return nil
	})
	listed(t, app, 3)

	got := app.spent()
	got.Lists = 0 // Each interval costs one list, as usual.

	if diff := cmp.Diff(spent{Reads: secrets + 1, Challenges: 1, Tokens: 1}, got); diff != "" {
		t.Errorf("requests to Azure after one secret has changed: -want, +got:\n%s", diff)
	}

	writes := apiserver.Requests{
		{Verb: "patch", Resource: "secrets", Namespace: app.Namespace}:                                                               1,
		{Verb: "update", Group: "secrets.p6m.dev", Resource: "keyvaultsecretsyncs", Subresource: "status", Namespace: app.Namespace}: 1,
		{Verb: "create", Resource: "events", Namespace: app.Namespace}:                                                               1,
	}
	if diff := cmp.Diff(writes, world.ProviderRequests(t).Since(asked).Writes()); diff != "" {
		t.Errorf("writes to the API server after one secret has changed: -want, +got:\n%s", diff)
	}
}

// awaitSpent waits until the vault was listed that many times.
func awaitSpent(t *testing.T, a *App, lists int) {
	t.Helper()

	eventually(t, func(context.Context) error {
		if got := a.spent().Lists; got < lists {
			return fmt.Errorf("there were %d lists, want %d", got, lists)
		}

		return nil
	})
}
