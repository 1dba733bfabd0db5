// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"fmt"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
)

const (
	// conflictRetry is the pause before checking again a Secret that belongs to another owner.
	conflictRetry = time.Minute
)

// An external is one reconcile of a sync: Observe makes a plan, and Create or Update carries it
// out if necessary.
type external struct {
	*connector

	// previous is the status before this reconcile.
	previous v1alpha1.KeyVaultSecretSyncObservation

	memory *memory

	// Results of Observe, for the steps after it.
	target   target
	input    lookInput
	observed map[string]plan.Observed
	plan     plan.Plan
	// lookAgain is when to look at the vault again.
	lookAgain time.Time
}

// An outcome of a plan says whether there is anything to write.
type outcome int

const (
	// upToDate: the Secret is as planned.
	upToDate outcome = iota
	// toWrite: the Secret or a missing secret must be written.
	toWrite
	// mayNotWrite: management policies do not allow writing the Secret.
	mayNotWrite
)

// Observe looks at the Secret and the vault, makes a plan, schedules the next look, and
// publishes the outcome. The external resource is the Secret.
func (e *external) Observe(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) (managed.ExternalObservation, error) {
	var err error
	if e.target, err = get(ctx, e.kube, cr); err != nil {
		return managed.ExternalObservation{}, err
	}

	// Only states, times and versions of the previous status are used.
	e.previous = *cr.Status.AtProvider.DeepCopy()

	if meta.WasDeleted(cr) {
		e.forget(client.ObjectKeyFromObject(cr))

		return managed.ExternalObservation{ResourceExists: e.target.secret != nil && e.target.ours}, nil
	}

	now := e.now()
	e.memory = e.memories.of(cr, sourceOf(cr), now, e.fullRead)

	if e.target.secret != nil && !e.target.ours {
		return e.conflict(cr, now), nil
	}

	e.memory.noteSecret(e.target)

	looking, cancel := sparing(ctx)
	defer cancel()

	e.lookAtVault(looking, cr, now)
	e.makePlan(cr)
	e.memory.next = e.nextLook()

	result := decide(cr, e.target, e.plan, len(e.creations()) > 0)
	e.publish(cr, result)

	return managed.ExternalObservation{
		// Update creates a missing Secret, because Create costs three more writes and a second
		// look: it is meant for names that are not known in advance. Create is used only where
		// policies do not allow Update.
		ResourceExists:   e.target.secret != nil || may(cr, xpv1.ManagementActionCreate) && may(cr, xpv1.ManagementActionUpdate),
		ResourceUpToDate: result == upToDate,
	}, nil
}

// sparing returns a context that ends a little before the deadline, so that the Secret can still be written. Otherwise a vault
// that responds slowly would be read again and again, and nothing of it would ever be written.
func sparing(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}

	return context.WithTimeout(ctx, time.Until(deadline)*9/10)
}

// decide returns the outcome of a plan. Creating is true if missing secrets of the vault are
// created, too.
func decide(cr *v1alpha1.KeyVaultSecretSync, t target, p plan.Plan, creating bool) outcome {
	switch {
	case !creating && !p.Changed && t.metadataUpToDate(cr):
		return upToDate
	case !t.writable(cr):
		return mayNotWrite
	default:
		return toWrite
	}
}

// Create the Secret, and missing secrets in the vault.
func (e *external) Create(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) (managed.ExternalCreation, error) {
	return managed.ExternalCreation{}, e.write(ctx, cr)
}

// Update the Secret, or create it, and create missing secrets in the vault.
func (e *external) Update(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, e.write(ctx, cr)
}

// Delete the Secret. The vault is not changed.
func (e *external) Delete(ctx context.Context, _ *v1alpha1.KeyVaultSecretSync) (managed.ExternalDelete, error) {
	if e.target.secret == nil || !e.target.ours {
		return managed.ExternalDelete{}, nil
	}

	return managed.ExternalDelete{}, remove(ctx, e.kube, e.target.secret)
}

// Disconnect does nothing: clients are pooled.
func (e *external) Disconnect(context.Context) error { return nil }

// publish the status that belongs to an outcome.
func (e *external) publish(cr *v1alpha1.KeyVaultSecretSync, o outcome) {
	switch o {
	case upToDate:
		e.memory.resourceVersion = e.target.secret.ResourceVersion
		e.report(cr, e.plan.After, e.plan.Problem)
	case mayNotWrite:
		e.report(cr, e.plan.Before, e.plan.Problem)
	case toWrite:
		e.preview(cr, e.plan.Before, e.plan.Problem)
	}
}

// nextLook returns when to look again, even if nothing wakes the sync, or zero.
func (e *external) nextLook() time.Time {
	next := earliest(e.lookAgain, e.plan.LookAgain, e.nextCreation())
	for _, o := range e.observed {
		next = earliest(next, o.LookAgain)
	}

	return next
}

// lookAtVault reads the vault and stores the result in memory.
func (e *external) lookAtVault(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync, now time.Time) {
	key, source := client.ObjectKeyFromObject(cr), sourceOf(cr)
	requested, turn := e.takeRequest(cr, now)

	watchVault := e.watcher.Watch
	if requested {
		watchVault = e.watcher.WatchAfresh
	}

	listed, shared := listedBy(cr)
	snapshot := watchVault(ctx, key, listed, e.interest(cr))
	current := e.target.current()

	e.input = lookInput{
		cr: cr, current: current, record: current.Intact(), now: now,
		interval: e.interval(cr), fullRead: e.fullRead, watchInterval: e.watcher.Interval(key), snapshot: snapshot,
		readAll: now.Sub(e.memory.lastFullRead) >= e.fullRead, distrusted: e.memory.lastFullRead.IsZero(),
	}
	if shared {
		e.input = e.input.shared(e.watcher.Pace(key))
	}

	v := vault{pool: e.pool, source: source}
	if cr.Spec.ForProvider.CreateMissing {
		v.creator = func(ctx context.Context) (*keyvault.Client, error) { return e.creator(ctx, cr) }
	}

	result := e.input.look(ctx, v, e.memory)
	*e.memory = *result.memory
	e.observed, e.lookAgain = result.observed, earliest(turn, result.again)

	if result.read {
		e.metrics.noteRead(key, now)
	}
}

// write the missing secrets to the vault, and the Secret as planned.
func (e *external) write(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) error {
	creating, cancel := sparing(ctx)
	defer cancel()

	if e.createMissing(creating, cr) {
		e.makePlan(cr)
		e.memory.next = earliest(e.memory.next, e.nextLook())
	}

	// The managed reconciler calls Update even if policies do not allow creating the Secret.
	result := decide(cr, e.target, e.plan, false)
	if result == toWrite {
		err := e.writeSecret(ctx, cr)
		e.metrics.written(err)

		if err != nil {
			if !kerrors.IsConflict(err) {
				e.report(cr, e.plan.Before, e.plan.Problem)
			}

			return err
		}

		result = upToDate
	}

	e.publish(cr, result)

	return nil
}

// writeSecret applies the plan to the Secret, which is missing or belongs to the sync.
func (e *external) writeSecret(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) error {
	applied, err := apply(ctx, e.secrets, cr, e.target.secret, e.plan)
	if err != nil {
		return err
	}

	e.target.secret = applied

	return nil
}

// makePlan for the observed secrets, and remember its verdicts.
func (e *external) makePlan(cr *v1alpha1.KeyVaultSecretSync) {
	e.plan = plan.Make(cr.Spec.ForProvider, e.previous, e.input.current, e.observed, e.input.now)
	e.remember(e.plan)
}

// remember the verdicts on secrets whose values cannot be used.
func (e *external) remember(p plan.Plan) {
	m := e.memory

	if p.Problem != nil {
		m.opened = nil // The Secret is not written.
	}

	for _, s := range e.input.cr.Spec.ForProvider.Secrets {
		verdict, read := p.Verdicts[s.Name]
		if !read {
			continue
		}

		secret := *e.observed[s.Name].Secret

		delete(m.invalid, s.Name)

		if verdict.State == v1alpha1.StateInvalid && p.Problem == nil {
			m.rememberInvalid(s.Name, secret, s.Format, verdict)
		}

		// If the Secret is too large, all secrets are read again, because whether they fit depends
		// on all of them.
		if verdict.State == v1alpha1.StateSynced || p.Problem != nil {
			delete(m.secrets, s.Name)
			continue
		}

		m.secrets[s.Name] = memo{updated: e.input.entryTime(s, secret), Verdict: verdict}
	}

	if !e.input.unavailable() {
		m.marks = e.input.mark(e.observed, p)
	}
}

// conflict reports that the Secret belongs to another owner. The provider neither changes the
// Secret nor watches the vault.
func (e *external) conflict(cr *v1alpha1.KeyVaultSecretSync, now time.Time) managed.ExternalObservation {
	e.watcher.Forget(client.ObjectKeyFromObject(cr))

	e.memory.resourceVersion = ""
	e.memory.next = now.Add(conflictRetry)

	status := plan.NewStatus()
	status.State = v1alpha1.StateTargetConflict
	status.SecretsSynced = fmt.Sprintf("0/%d", len(cr.Spec.ForProvider.Secrets))
	status.Target = &v1alpha1.ObservedTarget{Name: cr.Spec.ForProvider.Target.Name}

	for _, s := range cr.Spec.ForProvider.Secrets {
		status.Secrets = append(status.Secrets, v1alpha1.ObservedSecret{Name: s.Name})
	}

	e.report(cr, status, &plan.Problem{State: v1alpha1.StateTargetConflict, Finding: finding.Finding{Reason: finding.SecretConflict}})

	// The Secret is not up to date, but the provider must not write it.
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}
}

func names(p v1alpha1.KeyVaultSecretSyncParameters) []string {
	list := make([]string, 0, len(p.Secrets))
	for _, s := range p.Secrets {
		list = append(list, s.Name)
	}

	return list
}

// mayDelete reports whether the Secret is deleted with the sync.
func mayDelete(cr *v1alpha1.KeyVaultSecretSync) bool { return may(cr, xpv1.ManagementActionDelete) }

// may reports whether management policies allow an action. A sync has no policies only if the
// feature is disabled, which allows every action.
func may(cr *v1alpha1.KeyVaultSecretSync, action xpv1.ManagementAction) bool {
	policies := cr.GetManagementPolicies()
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
