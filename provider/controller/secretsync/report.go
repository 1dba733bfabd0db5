// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"errors"
	"maps"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
)

// reasonNotSynced of condition Ready: a required secret was never synced.
const reasonNotSynced xpv1.ConditionReason = "SecretsNotSynced"

// report sets a status, with events and metrics.
func (e *external) report(cr *v1alpha1.KeyVaultSecretSync, status plan.Status, problem *plan.Problem) {
	key := types.NamespacedName{Namespace: cr.Namespace, Name: cr.Name}

	before, ok := e.metrics.last(key)
	if !ok {
		before = e.previous
	}

	o := status.Observation(cr.Spec.ForProvider)
	e.announce(cr, before, o, problem)
	e.metrics.observe(key, o)
	e.metrics.place(key, cr.GetLabels()[inputv1alpha1.LandingZoneLabel])
	e.preview(cr, status, problem)
}

// preview sets the status before the Secret is written, without events and metrics.
func (e *external) preview(cr *v1alpha1.KeyVaultSecretSync, status plan.Status, problem *plan.Problem) {
	o := status.Observation(cr.Spec.ForProvider)
	o.Polling = e.memory.polling(e.previous.Polling)
	cr.Status.AtProvider = o
	setCondition(cr, ready(cr, o, problem))
	e.reportSize(cr)
}

// sentence renders a finding on a sync.
func sentence(cr *v1alpha1.KeyVaultSecretSync, f finding.Finding) string {
	return finding.Sentences(plan.SubjectOf(cr.Spec.ForProvider, ""), f)
}

// conditionListed reports whether the vault can be listed. A sync has this condition once its
// vault has been too large to be listed.
const (
	conditionListed     xpv1.ConditionType   = "VaultListed"
	reasonListed        xpv1.ConditionReason = "Listed"
	reasonVaultTooLarge xpv1.ConditionReason = "VaultTooLarge"
)

// reportSize sets the condition of a vault that is, or was, too large to be listed. An event
// reports that it has become too large.
func (e *external) reportSize(cr *v1alpha1.KeyVaultSecretSync) {
	was := cr.GetCondition(conditionListed)
	c := xpv1.Condition{Type: conditionListed, ObservedGeneration: cr.Generation}

	switch err, ok := errors.AsType[*keyvault.Error](e.input.snapshot.Err); {
	case ok && err.Reason == keyvault.TooLarge:
		c.Status, c.Reason = corev1.ConditionFalse, reasonVaultTooLarge
		c.Message = sentence(cr, finding.Finding{Reason: finding.VaultTooLarge, Every: e.input.readInterval(), Cause: &err.Cause})
	case e.input.hasList() && was.Status == corev1.ConditionFalse:
		c.Status, c.Reason = corev1.ConditionTrue, reasonListed
	default:
		return
	}

	setCondition(cr, c)

	if c.Status == corev1.ConditionFalse && was.Status != corev1.ConditionFalse {
		e.record.Event(cr, event.Warning(event.Reason(reasonVaultTooLarge), errors.New(c.Message)))
	}
}

// setCondition of a sync. A changed message alone is not a transition, because upgrades change
// messages.
func setCondition(cr *v1alpha1.KeyVaultSecretSync, c xpv1.Condition) {
	c.LastTransitionTime = metav1.Now()
	if was := cr.GetCondition(c.Type); was.Status == c.Status && was.Reason == c.Reason {
		c.LastTransitionTime = was.LastTransitionTime
	}

	cr.SetConditions(c)
}

// ready returns the condition Ready: every secret that is not optional has been synced once.
// Later failures are only in the state of a secret, because the Secret still has what pods
// need.
func ready(cr *v1alpha1.KeyVaultSecretSync, o v1alpha1.KeyVaultSecretSyncObservation, problem *plan.Problem) xpv1.Condition {
	c := xpv1.Available()

	waiting := plan.NotReady(o, cr.Spec.ForProvider)

	switch {
	case problem != nil:
		c = xpv1.Unavailable().WithMessage(sentence(cr, problem.Finding))
		c.Reason = xpv1.ConditionReason(problem.State)
	case len(waiting) > 0:
		c = xpv1.Unavailable().WithMessage(describeSecrets(waiting))
		c.Reason = reasonNotSynced
	}

	c.ObservedGeneration = cr.Generation

	return c
}

// describeSecrets lists the secrets that keep a sync from being ready.
func describeSecrets(list []v1alpha1.ObservedSecret) string {
	const most = 3

	var parts []string

	for i, s := range list {
		if i == most {
			parts = append(parts, more(len(list)-most))
			break
		}

		parts = append(parts, finding.Entry(s.Name, string(s.State), s.Message))
	}

	return strings.Join(parts, " ")
}

// announce changes as events: a new state or version of a secret, or a problem of the Secret as
// a whole. Secrets in the same state share an event.
func (e *external) announce(cr *v1alpha1.KeyVaultSecretSync, before, after v1alpha1.KeyVaultSecretSyncObservation, problem *plan.Problem) {
	if problem != nil && before.State != problem.State {
		e.record.Event(cr, event.Warning(event.Reason(problem.State), errors.New(sentence(cr, problem.Finding))))
	}

	known := map[string]v1alpha1.ObservedSecret{}
	for _, s := range before.Secrets {
		known[s.Name] = s
	}

	changed := map[v1alpha1.State][]string{}

	for _, s := range after.Secrets {
		was := known[s.Name]
		if s.State == was.State && s.Version == was.Version || s.State == "" {
			continue
		}

		message := s.Message
		if s.State == v1alpha1.StateSynced {
			message = sentence(cr, finding.Finding{Reason: finding.VersionWritten, Version: s.Version}) + " " + s.Message
		}

		changed[s.State] = append(changed[s.State], finding.Entry(s.Name, "", message))
		e.log.Info("Secret state changed", "namespace", cr.Namespace, "name", cr.Name, "secret", s.Name,
			"state", s.State, "version", s.Version, "previous", was.State)
	}

	for _, state := range slices.Sorted(maps.Keys(changed)) {
		message := shorten(changed[state])

		switch state {
		case v1alpha1.StateSynced, v1alpha1.StateAwaitingValue, v1alpha1.StateAwaitingAccess:
			e.record.Event(cr, event.Normal(event.Reason(state), message))
		default:
			e.record.Event(cr, event.Warning(event.Reason(state), errors.New(message)))
		}
	}
}

// shorten a list to the length that Kubernetes accepts for the message of an event.
func shorten(parts []string) string {
	const most = 1000

	message := ""

	for i, part := range parts {
		if len(message)+len(part) > most && i > 0 {
			return message + " " + more(len(parts)-i)
		}

		if len(part) > most {
			part = strings.ToValidUTF8(part[:most], "") + " …"
		}

		message = strings.TrimSpace(message + " " + part)
	}

	return message
}

// more returns the end of a shortened list.
func more(n int) string {
	return finding.Sentences(finding.Subject{}, finding.Finding{Reason: finding.More, Count: n})
}

// A terseRecorder drops two events of the managed reconciler, because the provider's own events
// describe the change. That saves one request for each write of a Secret. A filter of
// event.APIRecorder would not work: its WithAnnotations, which the reconciler calls, returns a
// recorder without filters.
type terseRecorder struct{ event.Recorder }

// Event records an event, unless it is dropped.
func (r terseRecorder) Event(o runtime.Object, e event.Event) {
	if e.Type == event.TypeNormal && (e.Reason == "CreatedExternalResource" || e.Reason == "UpdatedExternalResource") {
		return
	}

	r.Recorder.Event(o, e)
}

// WithAnnotations returns a recorder that adds them to every event.
func (r terseRecorder) WithAnnotations(keysAndValues ...string) event.Recorder {
	return terseRecorder{r.Recorder.WithAnnotations(keysAndValues...)}
}
