// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const (
	// conflictRetry is when to look again at a Secret that is not ours.
	conflictRetry = time.Minute
)

// An external is one sync that is being reconciled: it is observed and then, if
// need be, created or updated as planned.
type external struct {
	*connector

	// previous is what was reported before.
	previous v1alpha1.KeyVaultSecretSyncObservation

	// memory of the sync.
	memory *memory

	// Of the observation, for what follows it.
	target   target
	look     *look
	findings map[string]plan.Finding
	plan     plan.Plan
}

// Observe the Secret and the vault. The external resource is the Secret.
func (e *external) Observe(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) (managed.ExternalObservation, error) {
	t, err := get(ctx, e.kube, sync)
	if err != nil {
		return managed.ExternalObservation{}, err
	}

	e.previous = *sync.Status.AtProvider.DeepCopy()
	key := types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name}

	if meta.WasDeleted(sync) {
		e.forget(key)
		e.target = t

		return managed.ExternalObservation{ResourceExists: t.secret != nil && t.ours}, nil
	}

	p := sync.Spec.ForProvider
	to := watch.Target{VaultURI: p.VaultURI, Identity: keyvault.Identity{
		TenantID: p.TenantID, ClientID: p.ClientID, Namespace: sync.Namespace, ServiceAccount: p.ServiceAccountName,
	}}
	now := e.now()
	m := e.memories.of(sync, to, now, e.fullRead)
	m.next = time.Time{}
	e.memory = m

	if t.secret != nil && !t.ours {
		return e.conflict(sync, m), nil
	}

	if t.secret != nil && m.resourceVersion != "" && t.secret.ResourceVersion != m.resourceVersion {
		// Somebody has changed the Secret. All is read until that has worked.
		m.read = time.Time{}
	}

	if t.secret == nil || t.secret.ResourceVersion != m.resourceVersion {
		m.opened = nil // What was opened did not get into the Secret, or may not be there any more.
	}

	watchVault := e.watcher.Watch
	if e.requested(sync, now) {
		watchVault = e.watcher.WatchAfresh
	}

	snapshot := watchVault(ctx, key, to, e.interest(sync))

	e.target = t
	e.look = &look{
		sync: sync, current: t.current(), record: t.current().Intact(), memory: m, now: now,
		interval: e.interval(sync), polled: e.watcher.Interval(key), snapshot: snapshot,
		all: now.Sub(m.read) >= e.fullRead, drifted: m.read.IsZero(),
	}
	e.findings = e.look.take(ctx, vault{pool: e.pool, target: to})
	if e.look.read {
		e.metrics.read(key, now)
	}

	e.announceSize(sync)
	e.askForDeleted(ctx)
	e.makePlan(sync)
	e.look.readAll(e.fullRead)

	o := managed.ExternalObservation{
		// A Secret that is not there is a change like any other, for Update. Create is
		// for names that are not known in advance: it would cost three more writes,
		// and a second look. It is used where policies allow no Update.
		ResourceExists:   t.secret != nil || may(sync, xpv1.ManagementActionCreate) && may(sync, xpv1.ManagementActionUpdate),
		ResourceUpToDate: !e.plan.Changed && t.asShouldBe(sync) && len(e.creations()) == 0,
	}

	switch {
	case o.ResourceUpToDate:
		m.resourceVersion = t.secret.ResourceVersion
		e.report(sync, e.plan.After, e.plan.Problem)
	case !e.writable(sync):
		e.report(sync, e.plan.Before, e.plan.Problem)
	default:
		e.preview(sync, e.plan.Before, e.plan.Problem)
	}

	return o, nil
}

// Create the Secret, and whatever is missing in the vault.
func (e *external) Create(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, e.write(ctx, sync)
}

// Update the Secret, which may mean to create it, and create what is missing in
// the vault.
func (e *external) Update(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, e.write(ctx, sync)
}

// Delete the Secret. The vault is left alone.
func (e *external) Delete(ctx context.Context, _ *v1alpha1.KeyVaultSecretSync) (managed.ExternalDelete, error) {
	if e.target.secret == nil || !e.target.ours {
		return managed.ExternalDelete{}, nil
	}

	return managed.ExternalDelete{}, remove(ctx, e.kube, e.target.secret)
}

// Disconnect does nothing: clients are pooled.
func (e *external) Disconnect(context.Context) error { return nil }

// write what is planned.
func (e *external) write(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) error {
	if e.createMissing(ctx, sync) {
		e.makePlan(sync)
	}

	if !e.writable(sync) {
		// The reconciler updates what it may not create.
		e.report(sync, e.plan.Before, e.plan.Problem)

		return nil
	}

	if e.plan.Changed || !e.target.asShouldBe(sync) {
		err := e.writeSecret(ctx, sync)
		e.metrics.written(err)

		if err != nil {
			if !kerrors.IsConflict(err) {
				e.report(sync, e.plan.Before, e.plan.Problem)
			}

			return err
		}
	}

	e.look.memory.resourceVersion = e.target.secret.ResourceVersion
	e.report(sync, e.plan.After, e.plan.Problem)

	return nil
}

// writable tells whether policies let the Secret be written.
func (e *external) writable(sync *v1alpha1.KeyVaultSecretSync) bool {
	if e.target.secret == nil {
		return may(sync, xpv1.ManagementActionCreate)
	}

	return may(sync, xpv1.ManagementActionUpdate)
}

// writeSecret applies what is planned, to the Secret of that name, which is ours or
// not there yet.
func (e *external) writeSecret(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) error {
	applied, err := apply(ctx, e.secrets, sync, e.target.secret, e.plan)
	if err != nil {
		return err
	}

	e.target.secret = applied

	return nil
}

// makePlan of the findings, and remember what it says of them.
func (e *external) makePlan(sync *v1alpha1.KeyVaultSecretSync) {
	e.plan = plan.Make(sync.Spec.ForProvider, e.previous, e.look.current, e.findings, e.look.now)
	e.plan.Changed = e.plan.Changed || e.look.refreshed && e.plan.Problem == nil
	e.remember(e.plan)
}

// remember what secrets that were read without use are about, and when those that
// are in use become valid and expire.
func (e *external) remember(p plan.Plan) {
	m := e.look.memory

	for _, content := range p.Record {
		for _, seconds := range []int64{content.NotBefore, content.Expires} {
			if at := time.Unix(seconds, 0); at.After(e.look.now) {
				m.lookAt(at)
			}
		}
	}

	if p.Problem != nil {
		m.opened = nil // It does not get into the Secret.
	}

	for _, s := range p.After.Secrets {
		if e.findings[s.Name].Secret == nil {
			continue
		}

		delete(m.invalid, s.Name)

		if s.State == v1alpha1.StateInvalid && p.Problem == nil {
			m.judged(s.Name, *e.findings[s.Name].Secret, formatOf(e.look.sync, s.Name), plan.WithoutCurrent(s.Message))
		}

		// What does not fit is read again: only all of it together tells.
		item, found := e.look.snapshot.Item(s.Name)
		if !found || s.State == v1alpha1.StateSynced || p.Problem != nil {
			delete(m.secrets, s.Name)
			continue
		}

		m.secrets[s.Name] = memo{updated: item.Updated, state: s.State, message: plan.WithoutCurrent(s.Message)}
	}
}

func formatOf(sync *v1alpha1.KeyVaultSecretSync, name string) string {
	for _, s := range sync.Spec.ForProvider.Secrets {
		if s.Name == name {
			return s.Format
		}
	}

	return ""
}

// conflict with a Secret of somebody else, which is left alone. The vault is not
// even looked at.
func (e *external) conflict(sync *v1alpha1.KeyVaultSecretSync, m *memory) managed.ExternalObservation {
	e.watcher.Forget(types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name})

	m.resourceVersion = ""
	m.lookAt(e.now().Add(conflictRetry))

	name := sync.Spec.ForProvider.Target.Name
	o := v1alpha1.KeyVaultSecretSyncObservation{
		State:         v1alpha1.StateTargetConflict,
		SecretsSynced: fmt.Sprintf("0/%d", len(sync.Spec.ForProvider.Secrets)),
		Target:        &v1alpha1.ObservedTarget{Name: name},
	}
	for _, s := range sync.Spec.ForProvider.Secrets {
		o.Secrets = append(o.Secrets, v1alpha1.ObservedSecret{Name: s.Name})
	}

	e.report(sync, o, &plan.Problem{State: v1alpha1.StateTargetConflict, Message: fmt.Sprintf(
		"There is a Secret %s in this namespace that belongs to somebody else, so it is left alone. Delete or rename it.", name)})

	// Not up to date, but nothing can be done about it.
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}
}

// later is the time, or the other one if it is over already: what could not be
// done when it was due is not tried without a pause.
func later(t, earliest time.Time) time.Time {
	if t.Before(earliest) {
		return earliest
	}

	return t
}

func names(p v1alpha1.KeyVaultSecretSyncParameters) []string {
	list := make([]string, 0, len(p.Secrets))
	for _, s := range p.Secrets {
		list = append(list, s.Name)
	}

	return list
}

// mayDelete tells whether the Secret goes with the sync.
func mayDelete(sync *v1alpha1.KeyVaultSecretSync) bool { return may(sync, xpv1.ManagementActionDelete) }

// may tells whether management policies allow an action. No policies are all: they
// get here only if policies are not heeded.
func may(sync *v1alpha1.KeyVaultSecretSync, action xpv1.ManagementAction) bool {
	policies := sync.GetManagementPolicies()
	if len(policies) == 0 {
		return true
	}

	for _, p := range policies {
		if p == action || p == xpv1.ManagementActionAll {
			return true
		}
	}

	return false
}

// A vault as one application sees it.
type vault struct {
	pool   *keyvault.Pool
	target watch.Target
}

func (v vault) client() (*keyvault.Client, error) {
	return v.pool.Application(v.target.VaultURI, v.target.Identity)
}

// A lister lists vaults with pooled clients.
type lister struct {
	pool *keyvault.Pool
}

// List the secrets of the target.
func (l lister) List(ctx context.Context, t watch.Target, listing keyvault.Listing) ([]keyvault.Properties, error) {
	c, err := l.pool.Application(t.VaultURI, t.Identity)
	if err != nil {
		return nil, err
	}

	return c.List(ctx, listing)
}

// Drop the client of the target.
func (l lister) Drop(t watch.Target) { l.pool.Drop(t.VaultURI, t.Identity) }

// creatorOf returns the identity that creates missing secrets, and the name of the
// provider configuration it comes from.
func creatorOf(ctx context.Context, kube client.Client, sync *v1alpha1.KeyVaultSecretSync) (string, keyvault.Creator, error) {
	ref := sync.GetProviderConfigReference()
	if ref == nil {
		return "", keyvault.Creator{}, errors.New("the sync refers to no provider configuration")
	}

	name := ref.Kind + " " + ref.Name

	var c v1alpha1.ProviderCredentials

	switch ref.Kind {
	case v1alpha1.ProviderConfigKind:
		pc := &v1alpha1.ProviderConfig{}
		if err := kube.Get(ctx, types.NamespacedName{Namespace: sync.Namespace, Name: ref.Name}, pc); err != nil {
			return name, keyvault.Creator{}, fmt.Errorf("there is no %s in this namespace: %w", name, err)
		}

		c = pc.Spec.Credentials
		name = pc.Namespace + "/" + name

		if c.SecretRef != nil && c.SecretRef.Namespace != "" && c.SecretRef.Namespace != pc.Namespace {
			return name, keyvault.Creator{}, fmt.Errorf("%s refers to a Secret of another namespace, which only a ClusterProviderConfig may", name)
		}

		if c.SecretRef != nil {
			c.SecretRef = &v1alpha1.SecretKeyReference{Namespace: pc.Namespace, Name: c.SecretRef.Name, Key: c.SecretRef.Key}
		}
	case v1alpha1.ClusterProviderConfigKind:
		pc := &v1alpha1.ClusterProviderConfig{}
		if err := kube.Get(ctx, types.NamespacedName{Name: ref.Name}, pc); err != nil {
			return name, keyvault.Creator{}, fmt.Errorf("there is no %s: %w", name, err)
		}

		c = pc.Spec.Credentials
	default:
		return name, keyvault.Creator{}, fmt.Errorf("the sync refers to a %s, which is no provider configuration", ref.Kind)
	}

	creator := keyvault.Creator{Source: c.Source, TenantID: c.TenantID, ClientID: c.ClientID}
	if c.SecretRef == nil {
		return name, creator, nil
	}

	s := &corev1.Secret{}
	if err := kube.Get(ctx, types.NamespacedName{Namespace: c.SecretRef.Namespace, Name: c.SecretRef.Name}, s); err != nil {
		return name, creator, fmt.Errorf("cannot get the client secret of %s: %w", name, err)
	}

	creator.ClientSecret = string(s.Data[c.SecretRef.Key])
	if creator.ClientSecret == "" {
		return name, creator, fmt.Errorf("there is no client secret in Secret %s/%s under key %s", c.SecretRef.Namespace, c.SecretRef.Name, c.SecretRef.Key)
	}

	return name, creator, nil
}
