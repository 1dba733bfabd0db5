// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

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
