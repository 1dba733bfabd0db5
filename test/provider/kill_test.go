// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// A victim is an application whose provider is killed. An officer has set one of its secrets, and
// the provider creates the others.
type victim struct {
	*App

	sync    *v1alpha1.KeyVaultSecretSync
	creator *Creator

	// values are those that an officer has set, by secret.
	values map[string]string
	// created are the secrets that the provider creates, because nobody had set them.
	created map[string]bool

	made time.Time
	sets int
}

// keyOf returns the one key of a victim's secret.
const keyOf = "KEY"

// newVictim makes an application with three secrets, the first of which an officer has set.
func newVictim(t *testing.T) *victim {
	t.Helper()

	app := world.App(t, world.API.Namespace(t), "web")
	v := &victim{
		App: app, creator: world.Creator(t, app.Namespace, uuid.NewString()),
		values: map[string]string{}, created: map[string]bool{}, made: time.Now().Add(-24 * time.Hour),
	}
	v.creator.MayCreate(t, app)

	v.sync = app.Sync()
	v.sync.Spec.ForProvider.CreateMissing = true
	v.sync.Spec.ProviderConfigReference = world.Config(t, "", v.creator.Credentials())

	for i, s := range []string{"first", "second", "third"} {
		v.sync.Spec.ForProvider.Secrets = append(v.sync.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: s, Keys: []string{keyOf}})
		v.created[s] = i > 0
	}

	v.set(t, "first")
	t.Cleanup(func() { must(t, world.Abandon(context.WithoutCancel(t.Context()), app.Namespace)) })

	return v
}

// set sets a secret as an officer.
func (v *victim) set(t *testing.T, secret string) {
	t.Helper()

	v.values[secret] = uuid.NewString()
	v.sets++

	// No two updates are in the same second, because lists could not distinguish them.
	_, err := world.Azure.PutSecret(v.Vault, secret, azure.Secret{
		Value:   fmt.Sprintf(`{%q:%q}`, keyOf, v.values[secret]),
		Updated: v.made.Add(time.Duration(v.sets) * 2 * time.Second),
	})
	must(t, err)
}

// whole returns an error unless the provider has finished: the Secret has exactly the values that
// were set, and the created secrets await their values.
func (v *victim) whole(ctx context.Context) error {
	data, states := map[string]string{}, map[string]v1alpha1.State{}

	for _, s := range v.sync.Spec.ForProvider.Secrets {
		states[s.Name] = v1alpha1.StateAwaitingValue

		if value, ok := v.values[s.Name]; ok {
			data[s.Name+"."+keyOf], states[s.Name] = value, v1alpha1.StateSynced
		}
	}

	sync, err := world.Get(ctx, v.sync)
	if err != nil {
		return err
	}

	if diff := cmp.Diff(states, States(sync)); diff != "" {
		return fmt.Errorf("states of %s/%s: -want, +got:\n%s%s", sync.Namespace, sync.Name, diff, messages(sync))
	}

	return v.has(ctx, data)
}

// expectVault checks that each missing secret was created once, by the creator, before anyone else
// set it, and that no other secret was changed.
func (v *victim) expectVault(t *testing.T, reason string) {
	t.Helper()

	for _, s := range v.sync.Spec.ForProvider.Secrets {
		writes, err := world.Azure.Writes(v.Vault, s.Name)
		must(t, err)

		var ours []int

		for i, w := range writes {
			if w.Principal != "" {
				ours = append(ours, i)
			}

			if w.Principal != "" && (w.Principal != v.creator.PrincipalID || w.Operation != "set") {
				t.Errorf("\n%s\n%s of secret %s by %s", reason, w.Operation, s.Name, w.Principal)
			}
		}

		var want []int
		if v.created[s.Name] {
			want = []int{0}
		}

		if diff := cmp.Diff(want, ours); diff != "" {
			t.Errorf("\n%s\nwhich writes of secret %s are of the provider: -want, +got:\n%s", reason, s.Name, diff)
		}
	}
}

// gone returns an error while something of a deleted victim is left.
func (v *victim) gone(ctx context.Context) error {
	if _, err := world.Get(ctx, v.sync); !kerrors.IsNotFound(errors.Unwrap(err)) {
		return fmt.Errorf("there is still a KeyVaultSecretSync: %w", err)
	}

	list := &corev1.SecretList{}
	if err := world.Kube.List(ctx, list, client.InNamespace(v.Namespace), client.MatchingLabels{"secrets.p6m.dev/managed-by": "provider-keyvault-secretsync"}); err != nil {
		return fmt.Errorf("cannot list Secrets: %w", err)
	}

	if n := len(list.Items); n > 0 {
		return fmt.Errorf("%d Secrets are left", n)
	}

	return nil
}

// A moment returns a check that succeeds once the moment has come.
type moment func(*testing.T, *victim) func(context.Context) error

// held is the moment at which Azure holds a response.
func held(operation, secret string) moment {
	return func(t *testing.T, v *victim) func(context.Context) error {
		t.Helper()

		f := azure.Fault{Vault: v.Vault, Operation: operation, Secret: secret, Effect: azure.EffectHang}
		if operation == azure.OpToken {
			f.Vault, f.Identity = "", v.ClientID
		}

		fault(t, f)

		return func(context.Context) error {
			for _, c := range world.Azure.Counts() {
				// A held request has no status.
				if c.Operation == operation && c.Status == 0 && (c.Vault == v.Vault || c.ClientID == v.ClientID) {
					return nil
				}
			}

			return fmt.Errorf("there is no %s that hangs", operation)
		}
	}
}

// seen is the moment at which a change becomes visible.
func seen(check func(context.Context, *victim) error) moment {
	return func(t *testing.T, v *victim) func(context.Context) error {
		t.Helper()

		return func(ctx context.Context) error { return check(ctx, v) }
	}
}

// written is the moment at which a missing secret has been created.
func written(secret string) moment {
	return seen(func(_ context.Context, v *victim) error {
		writes, err := world.Azure.Writes(v.Vault, secret)
		if err == nil && len(writes) == 0 {
			err = errors.New("it was not created")
		}

		return err
	})
}

func hasFinalizer(ctx context.Context, v *victim) error {
	s, err := world.Get(ctx, v.sync)
	if err == nil && len(s.Finalizers) == 0 {
		err = errors.New("there is no finalizer")
	}

	return err
}

func hasNoSecret(ctx context.Context, v *victim) error {
	s, err := v.Secret(ctx)
	if err == nil && s != nil {
		err = errors.New("there is still a Secret")
	}

	return err
}

// hasValue checks whether the Secret has the value that an officer has set.
func hasValue(ctx context.Context, v *victim) error {
	data, err := v.Data(ctx)
	if err == nil && data["first."+keyOf] != v.values["first"] {
		err = errors.New("the value is not in the Secret")
	}

	return err
}

// A killing is a moment at which a provider is killed.
type killing struct {
	reason string
	moment moment
	// changed and deleted describe the change of a synced application. Without either, the
	// application is new.
	changed, deleted bool
}

// After a provider is killed at any moment, the next one completes its work.
func TestKill(t *testing.T) {
	cases := map[string]killing{
		"FirstToken":    {reason: "Nothing has been done before the first token.", moment: held(azure.OpToken, "")},
		"FirstList":     {reason: "Nothing has been done before the first list.", moment: held(azure.OpList, "")},
		"FirstRead":     {reason: "Nothing has been done before the first read.", moment: held(azure.OpGet, "first")},
		"LookBefore":    {reason: "A missing secret is read again before it is created.", moment: held(azure.OpGet, "second")},
		"FirstCreation": {reason: "The first creation has not reached the vault.", moment: held(azure.OpSet, "second")},
		"LastCreation":  {reason: "Some of the missing secrets exist.", moment: held(azure.OpSet, "third")},
		"AfterCreation": {reason: "The vault has created the first secret, and no process remembers that.", moment: written("second")},
		"AfterAll":      {reason: "The vault has created all secrets, and the Secret may not be written.", moment: written("third")},
		"Finalizer":     {reason: "Only the finalizer exists.", moment: seen(hasFinalizer)},
		"Applied":       {reason: "The Secret has its values, and the status does not show them.", moment: seen(hasValue)},
		"ListOfChange":  {reason: "A new version is in the vault.", changed: true, moment: held(azure.OpList, "")},
		"ReadOfChange":  {reason: "A new version is being read.", changed: true, moment: held(azure.OpGet, "first")},
		"Changed":       {reason: "The new version is in the Secret, and the status does not show it.", changed: true, moment: seen(hasValue)},
		"Deleted":       {reason: "The sync is being deleted.", deleted: true, moment: seen(func(context.Context, *victim) error { return nil })},
		"SecretDeleted": {reason: "The Secret is deleted, and the finalizer may still exist.", deleted: true, moment: seen(hasNoSecret)},
	}

	next := func() *Process { return world.Start(t) } // The process outlives the subtest.
	p := next()

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) { p = tc.kill(t, p, next) })
	}
}

// kill kills the provider at the moment, and returns the one that completes its work.
func (k killing) kill(t *testing.T, p *Process, next func() *Process) *Process {
	t.Helper()

	v := newVictim(t)

	if k.changed || k.deleted {
		world.Apply(t, v.sync)
		eventually(t, v.whole)
	}

	come := k.moment(t, v)

	switch {
	case k.changed:
		v.set(t, "first")
	case k.deleted:
		must(t, world.Kube.Delete(t.Context(), v.sync.DeepCopy()))
	default:
		world.Apply(t, v.sync)
	}

	spin(t, come)
	must(t, p.Kill())
	world.Azure.ClearFaults()

	p = next()

	if !k.deleted {
		eventually(t, v.whole)
		// Nothing happens later either.
		listed(t, v.App, 2)
		must(t, v.whole(t.Context()))
		must(t, world.Kube.Delete(t.Context(), v.sync.DeepCopy()))
	}

	eventually(t, v.gone)
	v.expectVault(t, k.reason)

	return p
}

// spin waits for a moment without a pause, during which the moment could end.
func spin(t *testing.T, check func(context.Context) error) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	for {
		err := check(ctx)
		if err == nil {
			return
		}

		if ctx.Err() != nil {
			t.Fatalf("the moment to kill the provider does not come: %v", err)
		}
	}
}
