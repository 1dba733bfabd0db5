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
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const (
	// conflictRetry is when to look again at a Secret that belongs to somebody else.
	conflictRetry = time.Minute
)

// An external is one sync that is being reconciled: it is observed and then, if
// need be, created or updated as planned.
type external struct {
	*connector

	// previous is the last report.
	previous v1alpha1.KeyVaultSecretSyncObservation

	// memory of the sync.
	memory *memory

	// Results of the observation, for the steps after it.
	target   target
	look     *look
	observed map[string]plan.Observed
	plan     plan.Plan
}

// Observe the Secret and the vault: look, plan, and report if there is nothing to write.
// The external resource is the Secret.
func (e *external) Observe(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) (managed.ExternalObservation, error) {
	var err error
	if e.target, err = get(ctx, e.kube, sync); err != nil {
		return managed.ExternalObservation{}, err
	}

	// Of a status that an earlier version has written, states, times and versions are
	// read, and no messages.
	e.previous = *sync.Status.AtProvider.DeepCopy()

	if meta.WasDeleted(sync) {
		e.forget(client.ObjectKeyFromObject(sync))

		return managed.ExternalObservation{ResourceExists: e.target.secret != nil && e.target.ours}, nil
	}

	now := e.now()
	e.memory = e.memories.of(sync, sourceOf(sync), now, e.fullRead)
	e.memory.next = time.Time{}

	if e.target.secret != nil && !e.target.ours {
		return e.conflict(sync, now), nil
	}

	e.memory.see(e.target)
	e.lookAtVault(ctx, sync, now)
	e.makePlan(sync)

	upToDate := !e.plan.Changed && e.target.asShouldBe(sync) && len(e.creations()) == 0

	switch {
	case upToDate:
		e.memory.resourceVersion = e.target.secret.ResourceVersion
		e.report(sync, e.plan.After, e.plan.Problem)
	case !e.writable(sync):
		e.report(sync, e.plan.Before, e.plan.Problem)
	default:
		e.preview(sync, e.plan.Before, e.plan.Problem)
	}

	return managed.ExternalObservation{
		// A Secret that is not there is a change like any other, for Update. Create is
		// for names that are not known in advance: it would cost three more writes,
		// and a second look. It is used where policies allow no Update.
		ResourceExists:   e.target.secret != nil || may(sync, xpv1.ManagementActionCreate) && may(sync, xpv1.ManagementActionUpdate),
		ResourceUpToDate: upToDate,
	}, nil
}

// sourceOf a sync is the vault as its application sees it.
func sourceOf(sync *v1alpha1.KeyVaultSecretSync) watch.Target {
	p := sync.Spec.ForProvider

	return watch.Target{VaultURI: p.VaultURI, Identity: keyvault.Identity{
		TenantID: p.TenantID, ClientID: p.ClientID, Namespace: sync.Namespace, ServiceAccount: p.ServiceAccountName,
	}}
}

// Create the Secret, and missing secrets in the vault.
func (e *external) Create(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, e.write(ctx, sync)
}

// Update the Secret, or create it, and create missing secrets in the vault.
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

// lookAtVault takes a look at the vault, and keeps its memory.
func (e *external) lookAtVault(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync, now time.Time) {
	key, source := client.ObjectKeyFromObject(sync), sourceOf(sync)
	requested, turn := e.takeRequest(sync, now)

	watchVault := e.watcher.Watch
	if requested {
		watchVault = e.watcher.WatchAfresh
	}

	snapshot := watchVault(ctx, key, source, e.interest(sync))
	current := e.target.current()

	e.look = &look{
		sync: sync, current: current, record: current.Intact(), memory: e.memory.clone(), now: now,
		interval: e.interval(sync), fullRead: e.fullRead, polled: e.watcher.Interval(key), snapshot: snapshot,
		all: now.Sub(e.memory.read) >= e.fullRead, drifted: e.memory.read.IsZero(),
	}

	v := vault{pool: e.pool, source: source}
	if sync.Spec.ForProvider.CreateMissing {
		v.creator = func(ctx context.Context) (*keyvault.Client, error) { return e.creator(ctx, sync) }
	}

	observed, next := e.look.observe(ctx, v)

	*e.memory = *e.look.memory
	e.observed = observed

	e.memory.lookAt(earliest(turn, next, e.nextCreation()))

	if e.look.read {
		e.metrics.read(key, now)
	}
}

// write as planned.
func (e *external) write(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) error {
	if e.createMissing(ctx, sync) {
		e.makePlan(sync)
	}

	if !e.writable(sync) {
		// The reconciler calls Update even if policies do not allow to create the Secret.
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

	e.memory.resourceVersion = e.target.secret.ResourceVersion
	e.report(sync, e.plan.After, e.plan.Problem)

	return nil
}

// writable tells whether management policies allow writing the Secret.
func (e *external) writable(sync *v1alpha1.KeyVaultSecretSync) bool {
	if e.target.secret == nil {
		return may(sync, xpv1.ManagementActionCreate)
	}

	return may(sync, xpv1.ManagementActionUpdate)
}

// writeSecret applies the plan to the Secret, which is the provider's or does not exist.
func (e *external) writeSecret(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) error {
	applied, err := apply(ctx, e.secrets, sync, e.target.secret, e.plan)
	if err != nil {
		return err
	}

	e.target.secret = applied

	return nil
}

// makePlan of the observed secrets, and remember its verdicts.
func (e *external) makePlan(sync *v1alpha1.KeyVaultSecretSync) {
	e.plan = plan.Make(sync.Spec.ForProvider, e.previous, e.look.current, e.observed, e.look.now)
	e.plan.Changed = e.plan.Changed || e.look.refreshed && e.plan.Problem == nil
	e.remember(e.plan)
}

// remember the verdicts on secrets whose values cannot be used, and look again when those in
// use become valid and expire.
func (e *external) remember(p plan.Plan) {
	m := e.memory

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

	for name, verdict := range p.Verdicts {
		delete(m.invalid, name)

		if verdict.State == v1alpha1.StateInvalid && p.Problem == nil {
			m.rememberInvalid(name, *e.observed[name].Secret, formatOf(e.look.sync, name), verdict)
		}

		// If the Secret is too large, the secrets are read again, because only all of them
		// together can show that it fits.
		item, found := e.look.snapshot.Item(name)
		if !found || verdict.State == v1alpha1.StateSynced || p.Problem != nil {
			delete(m.secrets, name)
			continue
		}

		m.secrets[name] = memo{updated: item.Updated, Verdict: verdict}
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

// conflict reports that the Secret belongs to somebody else. It is left alone, and the
// vault is not watched.
func (e *external) conflict(sync *v1alpha1.KeyVaultSecretSync, now time.Time) managed.ExternalObservation {
	e.watcher.Forget(client.ObjectKeyFromObject(sync))

	e.memory.resourceVersion = ""
	e.memory.lookAt(now.Add(conflictRetry))

	status := plan.NewStatus()
	status.State = v1alpha1.StateTargetConflict
	status.SecretsSynced = fmt.Sprintf("0/%d", len(sync.Spec.ForProvider.Secrets))
	status.Target = &v1alpha1.ObservedTarget{Name: sync.Spec.ForProvider.Target.Name}

	for _, s := range sync.Spec.ForProvider.Secrets {
		status.Secrets = append(status.Secrets, v1alpha1.ObservedSecret{Name: s.Name})
	}

	e.report(sync, status, &plan.Problem{State: v1alpha1.StateTargetConflict, Finding: finding.Finding{Reason: finding.SecretConflict}})

	// Not up to date, but nothing can be done about it.
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}
}

func names(p v1alpha1.KeyVaultSecretSyncParameters) []string {
	list := make([]string, 0, len(p.Secrets))
	for _, s := range p.Secrets {
		list = append(list, s.Name)
	}

	return list
}

// mayDelete tells whether the Secret is deleted with the sync.
func mayDelete(sync *v1alpha1.KeyVaultSecretSync) bool { return may(sync, xpv1.ManagementActionDelete) }

// may tells whether management policies allow an action. A sync without policies gets here
// only if the feature is off, and then everything is allowed.
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
	source watch.Target
	// creator returns a client with the identity that creates missing secrets, if that
	// may be used.
	creator func(ctx context.Context) (*keyvault.Client, error)
}

func (v vault) client() (*keyvault.Client, error) {
	return v.pool.Application(v.source.VaultURI, v.source.Identity)
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
		return name, keyvault.Creator{}, fmt.Errorf("the sync refers to a %s, which is not a provider configuration", ref.Kind)
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
