// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plain"
)

// testsAtOnce is the number of concurrent tests, which spend most of their time waiting.
const testsAtOnce = "24"

// mark is part of every value, so that a leak is found.
const mark = "hunter2"

var world *World //nolint:gochecknoglobals // Made once for all tests.

func TestMain(m *testing.M) {
	flag.Parse()
	parallel()

	var failed error

	code := apiserver.Run(m, func(s *apiserver.Server) {
		world, failed = New(context.Background(), s, azure.Options{})
		if failed != nil {
			fmt.Fprintln(os.Stderr, failed)
			os.Exit(1)
		}
	})
	if err := world.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}

	os.Exit(code)
}

// parallel sets the number of concurrent tests, unless the caller did.
func parallel() {
	asked := false

	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })

	if !asked {
		_ = flag.Set("test.parallel", testsAtOnce)
	}
}

// A suite is a provider that several tests share. They run concurrently, each with its own
// application and namespace.
type suite struct {
	*Process

	// idle is an application without changes, whose vault is listed every second.
	idle *App

	// forbidden are texts that must appear only in Secrets, by name.
	forbidden map[string]string

	mu         sync.Mutex
	namespaces []string
	puts       int
}

// start starts a provider for a test and its subtests. At the end, nothing may have leaked.
func start(t *testing.T, flags ...string) *suite {
	t.Helper()

	s := &suite{Process: world.Start(t, append([]string{"--debug"}, flags...)...), forbidden: map[string]string{"a value": mark, "a private key": "PRIVATE KEY"}}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())

		places, err := world.Places(ctx, s.Process)
		if err != nil {
			t.Errorf("cannot look for values that have leaked: %v", err)
		}

		places["the log"] = s.Log()

		for _, leak := range plain.Find(s.forbidden, places) {
			t.Error(leak)
		}

		if err := world.Abandon(ctx, s.namespaces...); err != nil {
			t.Errorf("cannot remove syncs: %v", err)
		}
	})

	s.idle = s.app(t)
	s.put(t, s.idle, "idle", mark)

	sync := s.idle.Sync(v1alpha1.SyncedSecret{Name: "idle"})
	world.Apply(t, sync)
	world.AwaitStates(t, sync, map[string]v1alpha1.State{"idle": v1alpha1.StateSynced})

	return s
}

// app makes an application in its own namespace.
func (s *suite) app(t *testing.T, o ...AppOption) *App {
	t.Helper()

	namespace := world.API.Namespace(t)

	s.mu.Lock()
	s.namespaces = append(s.namespaces, namespace)
	s.mu.Unlock()

	return world.App(t, namespace, "web", o...)
}

// put sets a secret, and returns its version. No two updates are in the same second, because lists
// could not distinguish them.
func (s *suite) put(t *testing.T, a *App, name, value string) string {
	t.Helper()

	return s.putSecret(t, a, name, azure.Secret{Value: value})
}

func (s *suite) putSecret(t *testing.T, a *App, name string, secret azure.Secret) string {
	t.Helper()

	s.mu.Lock()
	s.puts++
	secret.Updated = time.Now().Truncate(time.Second).Add(-24 * time.Hour).Add(time.Duration(s.puts) * 2 * time.Second)
	s.mu.Unlock()

	version, err := world.Azure.PutSecret(a.Vault, name, secret)
	must(t, err)

	return version
}

// group runs tests concurrently.
func (s *suite) group(t *testing.T, tests map[string]func(*testing.T, *suite)) {
	t.Helper()

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// fault makes Azure fail until the returned function is called.
func fault(t *testing.T, faults ...azure.Fault) func() {
	t.Helper()

	ids := make([]string, 0, len(faults))

	for _, f := range faults {
		id, err := world.Azure.AddFault(f)
		must(t, err)

		ids = append(ids, id)
	}

	remove := func() {
		for _, id := range ids {
			world.Azure.RemoveFault(id)
		}
	}
	t.Cleanup(remove)

	return remove
}

// eventually waits longer than apiserver.Eventually, because the provider may take two minutes to
// retry.
func eventually(t *testing.T, check func(context.Context) error) {
	t.Helper()
	must(t, apiserver.Poll(t.Context(), 50*time.Millisecond, 3*time.Minute, check))
}

// polled waits until the vault of the idle application was listed n more times. The provider has
// then had that much time for everything it does by itself.
func (s *suite) polled(t *testing.T, n int) {
	t.Helper()
	listed(t, s.idle, n)
}

// listed waits until the vault of an application was listed n more times.
func listed(t *testing.T, a *App, n int) {
	t.Helper()

	lists := func() int {
		return world.Azure.Counts().Of(azure.CountKey{Vault: a.Vault, Operation: azure.OpList})
	}
	from := lists()

	eventually(t, func(context.Context) error {
		if got := lists() - from; got < n {
			return fmt.Errorf("the vault was listed %d times more, want %d", got, n)
		}

		return nil
	})
}

// soon waits for the API server or a metric to show what the provider has already done.
func soon(t *testing.T, check func(context.Context) error) {
	t.Helper()
	must(t, apiserver.Eventually(t.Context(), check))
}

// An expectation is the expected state of one secret of a sync.
type expectation struct {
	State v1alpha1.State
	// Words are parts of the message.
	Words []string
	// Data is that of the whole Secret.
	Data map[string]string
}

// expect waits until a secret has a state, and checks everything that reports states.
func (s *suite) expect(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, name string, want expectation) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	got := s.await(t, sync, name, want)
	s.expectData(t, a, want)
	s.expectEvent(t, sync, name, want.State)

	soon(t, func(ctx context.Context) error {
		n, err := s.Metric(ctx, "keyvault_secretsync_secrets", "namespace="+sync.Namespace, "state="+string(want.State))
		if err == nil && n < 1 {
			err = fmt.Errorf("metric keyvault_secretsync_secrets of state %s is %v, want at least 1", want.State, n)
		}

		return err
	})

	return got
}

// await waits for a state, and for words in its message.
func (s *suite) await(t *testing.T, sync *v1alpha1.KeyVaultSecretSync, name string, want expectation) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	var got *v1alpha1.KeyVaultSecretSync

	eventually(t, func(ctx context.Context) error {
		var err error
		if got, err = world.Get(ctx, sync); err != nil {
			return err
		}

		o := observed(got, name)
		if o.State != want.State {
			return fmt.Errorf("state of %s is %q, want %q\n%s", name, o.State, want.State, messages(got))
		}

		for _, w := range want.Words {
			if !strings.Contains(o.Message, w) {
				return fmt.Errorf("message of %s is %q, want %q in it", name, o.Message, w)
			}
		}

		return nil
	})

	return got
}

// expectData waits only for a good value: a failure has written nothing.
func (s *suite) expectData(t *testing.T, a *App, want expectation) {
	t.Helper()

	compare := func(ctx context.Context) error { return a.has(ctx, want.Data) }

	if want.State == v1alpha1.StateSynced {
		eventually(t, compare)
		return
	}

	if err := compare(t.Context()); err != nil {
		t.Errorf("in state %s: %v", want.State, err)
	}
}

// expectEvent waits for an event about a state of a secret.
func (s *suite) expectEvent(t *testing.T, sync *v1alpha1.KeyVaultSecretSync, name string, state v1alpha1.State) {
	t.Helper()

	kind := corev1.EventTypeWarning
	if slices.Contains([]v1alpha1.State{v1alpha1.StateSynced, v1alpha1.StateAwaitingValue, v1alpha1.StateAwaitingAccess}, state) {
		kind = corev1.EventTypeNormal
	}

	soon(t, func(ctx context.Context) error {
		events, err := world.Events(ctx, sync)
		if err != nil {
			return err
		}

		var have []string

		for _, e := range events {
			if e.Type == kind && e.Reason == string(state) && strings.Contains(e.Message, name) {
				return nil
			}

			have = append(have, e.Type+" "+e.Reason+": "+e.Message)
		}

		return fmt.Errorf("there is no %s event of reason %s about %s, but:\n%s", kind, state, name, strings.Join(have, "\n"))
	})
}

// set sets the value of secret db, and waits until the Secret has it and the status has its version and keys.
func (s *suite) set(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, value string, data map[string]string) {
	t.Helper()
	s.arrived(t, a, sync, s.put(t, a, "db", value), data)
}

func (s *suite) arrived(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, version string, data map[string]string) {
	t.Helper()

	const name = "db"

	got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		o := observed(got, name)
		if o.State != v1alpha1.StateSynced || o.Version != version {
			return fmt.Errorf("%s is %s with version %q, want %s with version %q\n%s", name, o.State, o.Version, v1alpha1.StateSynced, version, messages(got))
		}

		return nil
	})
	// The status describes the content of the Secret, not a future one.
	s.expectData(t, a, expectation{State: "as its status says", Data: data})
	s.expectEvent(t, sync, name, v1alpha1.StateSynced)

	var keys []string
	for _, k := range observed(got, name).Keys {
		keys = append(keys, k.DataKey)
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(data)), keys); diff != "" {
		t.Errorf("data keys in the status: -want, +got:\n%s", diff)
	}

	want := v1alpha1.KeyVaultSecretSyncObservation{State: v1alpha1.StateSynced, SecretsSynced: "1/1"}
	if diff := cmp.Diff(want, got.Status.AtProvider, cmpopts.IgnoreFields(want, "Secrets", "Target", "LastChangeTime", "Polling")); diff != "" {
		t.Errorf("status: -want, +got:\n%s", diff)
	}
}

// expectWrites checks the writes to a vault that came through its data plane.
func expectWrites(t *testing.T, a *App, want []azure.Write) {
	t.Helper()

	got, err := world.Azure.Writes(a.Vault, "")
	must(t, err)

	got = slices.DeleteFunc(got, func(w azure.Write) bool { return w.Principal == "" })
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(azure.Write{}, "Version", "Time"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("writes to the vault: -want, +got:\n%s", diff)
	}
}

// observed returns the status of a secret.
func observed(s *v1alpha1.KeyVaultSecretSync, name string) v1alpha1.ObservedSecret {
	for _, o := range s.Status.AtProvider.Secrets {
		if o.Name == name {
			return o
		}
	}

	return v1alpha1.ObservedSecret{}
}
