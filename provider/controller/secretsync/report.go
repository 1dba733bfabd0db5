// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
)

// reasonNotSynced of condition Ready: a secret was never synced.
const reasonNotSynced xpv1.ConditionReason = "SecretsNotSynced"

// report what is, in the status, as events, and in metrics.
func (e *external) report(sync *v1alpha1.KeyVaultSecretSync, o v1alpha1.KeyVaultSecretSyncObservation, problem *plan.Problem) {
	key := types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name}

	before, ok := e.metrics.last(key)
	if !ok {
		before = e.previous
	}

	e.announce(sync, before, o, problem)
	e.metrics.observe(key, o)
	e.preview(sync, o, problem)
}

// preview what is as long as the Secret is not as it should be, in the status
// only.
func (e *external) preview(sync *v1alpha1.KeyVaultSecretSync, o v1alpha1.KeyVaultSecretSyncObservation, problem *plan.Problem) {
	o.Polling = e.memory.polling(e.previous.Polling)
	sync.Status.AtProvider = o
	sync.SetConditions(ready(sync, o, problem))
	e.reportSize(sync)
}

// conditionListed is that the vault can be listed. It is there once a vault was too
// large for that.
const (
	conditionListed      xpv1.ConditionType   = "VaultListed"
	reasonListed         xpv1.ConditionReason = "Listed"
	reasonVaultTooLarge  xpv1.ConditionReason = "VaultTooLarge"
	messageVaultTooLarge                      = "The vault is too large to be listed: %s. Each of the secrets is read instead, every %s, and all else is as usual. Delete secrets that nobody uses, or give the application a vault of its own."
)

// reportSize of the vault, if it is too large to be listed, or was.
func (e *external) reportSize(sync *v1alpha1.KeyVaultSecretSync) {
	if e.look == nil {
		return
	}

	c := xpv1.Condition{Type: conditionListed, ObservedGeneration: sync.Generation, LastTransitionTime: metav1.Now()}

	switch err, ok := errors.AsType[*keyvault.Error](e.look.snapshot.Err); {
	case ok && err.Reason == keyvault.TooLarge:
		c.Status, c.Reason = corev1.ConditionFalse, reasonVaultTooLarge
		c.Message = fmt.Sprintf(messageVaultTooLarge, err.Detail, e.look.readInterval())
	case e.look.hasList() && sync.GetCondition(conditionListed).Status == corev1.ConditionFalse:
		c.Status, c.Reason = corev1.ConditionTrue, reasonListed
	default:
		return
	}

	sync.SetConditions(c)
}

// announceSize of a vault that has become too large to be listed.
func (e *external) announceSize(sync *v1alpha1.KeyVaultSecretSync) {
	was := sync.GetCondition(conditionListed)
	e.reportSize(sync)

	if is := sync.GetCondition(conditionListed); is.Status == corev1.ConditionFalse && was.Status != corev1.ConditionFalse {
		e.record.Event(sync, event.Warning(event.Reason(reasonVaultTooLarge), errors.New(is.Message)))
	}
}

// ready when every secret that is not optional was synced once. What is wrong
// with it later is in its state; the Secret still has what pods need.
func ready(sync *v1alpha1.KeyVaultSecretSync, o v1alpha1.KeyVaultSecretSyncObservation, problem *plan.Problem) xpv1.Condition {
	c := xpv1.Available()

	waiting := plan.NotReady(o, sync.Spec.ForProvider)

	switch {
	case problem != nil:
		c = xpv1.Unavailable().WithMessage(problem.Message)
		c.Reason = xpv1.ConditionReason(problem.State)
	case len(waiting) > 0:
		c = xpv1.Unavailable().WithMessage(describeSecrets(waiting))
		c.Reason = reasonNotSynced
	}

	c.ObservedGeneration = sync.Generation
	c.LastTransitionTime = metav1.Now()

	return c
}

// describeSecrets that keep a sync from being ready.
func describeSecrets(list []v1alpha1.ObservedSecret) string {
	const most = 3

	var parts []string

	for i, s := range list {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(list)-most))
			break
		}

		what := s.Message
		if s.State != "" {
			what = fmt.Sprintf("%s. %s", s.State, s.Message)
		}

		parts = append(parts, strings.TrimSpace(s.Name+": "+what))
	}

	return strings.Join(parts, " ")
}

// announce as events what has changed: the state of a secret, its version, or a
// problem of the Secret as a whole. Secrets of the same state share an event.
func (e *external) announce(sync *v1alpha1.KeyVaultSecretSync, before, after v1alpha1.KeyVaultSecretSyncObservation, problem *plan.Problem) {
	if problem != nil && before.State != problem.State {
		e.record.Event(sync, event.Warning(event.Reason(problem.State), errors.New(problem.Message)))
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

		what := s.Name + ": " + s.Message
		if s.State == v1alpha1.StateSynced {
			what = strings.TrimSpace(fmt.Sprintf("%s: version %s is in Secret %s. %s", s.Name, s.Version, sync.Spec.ForProvider.Target.Name, s.Message))
		}

		changed[s.State] = append(changed[s.State], what)
		e.log.Info("Secret has changed its state", "namespace", sync.Namespace, "name", sync.Name, "secret", s.Name,
			"state", s.State, "version", s.Version, "previous", was.State)
	}

	for _, state := range slices.Sorted(maps.Keys(changed)) {
		message := shorten(changed[state])

		switch state {
		case v1alpha1.StateSynced, v1alpha1.StateAwaitingValue, v1alpha1.StateAwaitingAccess:
			e.record.Event(sync, event.Normal(event.Reason(state), message))
		default:
			e.record.Event(sync, event.Warning(event.Reason(state), errors.New(message)))
		}
	}
}

// shorten what was announced to what Kubernetes takes as the message of an event.
func shorten(parts []string) string {
	const most = 1000

	message := ""

	for i, part := range parts {
		if len(message)+len(part) > most && i > 0 {
			return fmt.Sprintf("%s And %d more.", message, len(parts)-i)
		}

		message = strings.TrimSpace(message + " " + part)
	}

	return message
}

// A terseRecorder leaves out events of the managed reconciler that one of ours
// says better.
type terseRecorder struct{ event.Recorder }

// Event records an event.
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
