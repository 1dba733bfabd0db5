// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
)

// A Status is an observation without messages, and the findings that they are rendered
// from.
type Status struct {
	v1alpha1.KeyVaultSecretSyncObservation

	// Findings by name of the secret.
	Findings map[string][]finding.Finding
}

// NewStatus returns a status without secrets.
func NewStatus() Status { return Status{Findings: map[string][]finding.Finding{}} }

// Observation returns the status with reasons and messages. The first finding on a secret is the
// reason of its state.
func (s Status) Observation(p v1alpha1.KeyVaultSecretSyncParameters) v1alpha1.KeyVaultSecretSyncObservation {
	o := s.KeyVaultSecretSyncObservation
	o.Secrets = slices.Clone(o.Secrets)

	for i, secret := range o.Secrets {
		why := s.Findings[secret.Name]
		if len(why) > 0 {
			o.Secrets[i].Reason = string(why[0].Reason)
		}

		o.Secrets[i].Message = finding.Sentences(SubjectOf(p, secret.Name), why...)
	}

	return o
}

// with returns the status with one more secret.
func (s Status) with(o v1alpha1.ObservedSecret, v Verdict) Status {
	o.State = v.State
	s.Secrets, s.Findings[o.Name] = append(s.Secrets, o), v.Findings

	return s
}

// SubjectOf returns the subject of findings on a secret, or on the sync if the name is empty.
func SubjectOf(p v1alpha1.KeyVaultSecretSyncParameters, secret string) finding.Subject {
	return finding.Subject{Secret: secret, Vault: p.VaultURI, Identity: p.ClientID, Target: p.Target.Name}
}

// target returns the Secret as written. The revision changes when pods would get other values.
func target(name string, r Record, spec v1alpha1.KeyVaultSecretSyncParameters) *v1alpha1.ObservedTarget {
	t := &v1alpha1.ObservedTarget{Name: name}

	h, synced := sha256.New(), false
	for _, s := range slices.SortedFunc(slices.Values(spec.Secrets), func(a, b v1alpha1.SyncedSecret) int { return strings.Compare(a.Name, b.Name) }) {
		if c, ok := r[s.Name]; ok {
			fmt.Fprintf(h, "%s=%s %s\n", s.Name, c.Version, c.Format)

			synced = true
		}
	}

	if synced {
		t.Revision = hex.EncodeToString(h.Sum(nil)[:8])
	}

	return t
}

// severity of states, the worst first.
//
//nolint:gochecknoglobals // A constant.
var severity = []v1alpha1.State{
	v1alpha1.StateTargetConflict, v1alpha1.StateTargetTooLarge,
	v1alpha1.StateForbidden, v1alpha1.StateInvalid, v1alpha1.StateDisabled, v1alpha1.StateSoftDeleted, v1alpha1.StateMissing,
	v1alpha1.StateUnreachable, v1alpha1.StateThrottled, v1alpha1.StateAwaitingAccess, v1alpha1.StateAwaitingValue,
	"", v1alpha1.StateSynced,
}

// summarize the states of all secrets.
func summarize(o *v1alpha1.KeyVaultSecretSyncObservation, spec v1alpha1.KeyVaultSecretSyncParameters, problem *Problem) {
	optional := map[string]bool{}
	for _, s := range spec.Secrets {
		optional[s.Name] = s.Optional
	}

	worst, synced := len(severity)-1, 0

	for _, s := range o.Secrets {
		if s.State == v1alpha1.StateSynced {
			synced++
		}

		unneeded := optional[s.Name] && s.Version == "" && (s.State == v1alpha1.StateMissing || s.State == v1alpha1.StateAwaitingValue)
		if !unneeded {
			worst = min(worst, slices.Index(severity, s.State))
		}
	}

	o.State = severity[worst]
	if problem != nil {
		o.State = problem.State
	}

	o.SecretsSynced = fmt.Sprintf("%d/%d", synced, len(o.Secrets))
}

// NotReady returns the secrets that prevent the sync from being ready: they are not optional,
// and were never synced.
func NotReady(o v1alpha1.KeyVaultSecretSyncObservation, spec v1alpha1.KeyVaultSecretSyncParameters) []v1alpha1.ObservedSecret {
	needed := map[string]bool{}
	for _, s := range spec.Secrets {
		needed[s.Name] = !s.Optional
	}

	var out []v1alpha1.ObservedSecret
	for _, s := range o.Secrets {
		if needed[s.Name] && s.Version == "" {
			out = append(out, s)
		}
	}

	return out
}

// StateBefore returns the state of a secret in a status, or an empty one if it is not known.
func StateBefore(previous v1alpha1.KeyVaultSecretSyncObservation, name string) v1alpha1.State {
	for _, s := range previous.Secrets {
		if s.Name == name && slices.Contains(severity, s.State) {
			return s.State
		}
	}

	return ""
}
