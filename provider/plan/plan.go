// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// An Observed secret is the result of looking at one secret of the vault.
type Observed struct {
	// Verdict on a secret that was not read. StateSynced: the Secret has the latest content.
	Verdict

	// Secret, if it was read.
	Secret *keyvault.Secret
	// Attributes of the version that the Secret has, if they were read.
	Attributes *keyvault.Properties
	// LookAgain is when to look at the secret again, even without a change, or zero.
	LookAgain time.Time
}

// A Verdict is the state of one secret, and why it is in that state.
type Verdict struct {
	State    v1alpha1.State
	Findings []finding.Finding
}

// NewVerdict returns a state with the reasons for it.
func NewVerdict(state v1alpha1.State, why ...finding.Finding) Verdict {
	return Verdict{State: state, Findings: why}
}

// Current is the current content of the Secret.
type Current struct {
	Data   map[string][]byte
	Record Record
}

// Intact returns the record of the secrets whose data is complete.
func (c Current) Intact() Record { return c.Record.intact(c.Data) }

// A Plan is the desired state of the Secret and of the status. It contains values and must not
// be printed.
type Plan struct {
	// Data of the Secret, and the record that describes it.
	Data   map[string][]byte
	Record Record
	// Changed is true if the Secret must be written.
	Changed bool

	// Verdicts on the secrets that were read, by name. They can be remembered, because they do
	// not depend on the current Secret.
	Verdicts map[string]Verdict

	// Before is the status until the Secret is written.
	Before Status
	// After is the status once the Secret is written.
	After Status

	// Problem is why the Secret cannot be written, or nil. The Secret is then unchanged.
	Problem *Problem

	// LookAgain is when a secret in use next becomes valid or expires, or zero.
	LookAgain time.Time
}

// A Problem of the Secret as a whole.
type Problem struct {
	State   v1alpha1.State
	Finding finding.Finding
}

// Make a plan from the observed secrets.
func Make(spec v1alpha1.KeyVaultSecretSyncParameters, previous v1alpha1.KeyVaultSecretSyncObservation, current Current, observed map[string]Observed, now time.Time) Plan {
	recorded := current.Record
	current.Record = recorded.refreshed(observed)
	had := current.Intact()
	p := Plan{Data: map[string][]byte{}, Record: Record{}, Verdicts: map[string]Verdict{}, Before: NewStatus(), After: NewStatus()}

	for _, s := range spec.Secrets {
		o := observed[s.Name]
		d := decide(s, o, current, had, now).retire(current, spec.Target.InUse)

		maps.Copy(p.Data, d.data)

		if d.content.Version != "" {
			p.Record[s.Name] = d.content
		}

		if o.Secret != nil {
			p.Verdicts[s.Name] = d.Verdict
		}

		p.Before = p.Before.with(d.before(previous))
		p.After = p.After.with(d.after())
	}

	differs := !current.has(p.Data)
	p.Changed = differs || !maps.EqualFunc(p.Record, recorded, sameContent)
	p.Before.LastChangeTime, p.After.LastChangeTime = previous.LastChangeTime, previous.LastChangeTime

	if differs || previous.LastChangeTime == nil && len(p.Data) > 0 {
		p.After.LastChangeTime = new(metav1.NewTime(now.Truncate(time.Second)))
	}

	if p.Problem = tooLarge(p, spec.Target.Name); p.Problem != nil {
		p.refuse(current, had)
	}

	p.LookAgain = p.Record.nextChange(now)

	p.Before.Target = target(spec.Target.Name, current.Record, spec)
	p.After.Target = target(spec.Target.Name, p.Record, spec)

	summarize(&p.Before.KeyVaultSecretSyncObservation, spec, p.Problem)
	summarize(&p.After.KeyVaultSecretSyncObservation, spec, p.Problem)

	return p
}

// left returns the data of a secret in the Secret: the recorded data or, without a record, the
// data with the name of the secret.
func (c Current) left(name string) (Content, map[string][]byte) {
	if content, ok := c.Record[name]; ok && len(content.Keys) > 0 {
		return content, content.data(name, c.Data)
	}

	data := map[string][]byte{}
	for key, value := range c.Data {
		if secretOf(key) == name {
			data[key] = value
		}
	}

	return Content{}, data
}

// has reports whether the Secret has this data, and no other data of the provider. Data of other
// clients is ignored.
func (c Current) has(data map[string][]byte) bool {
	for key, value := range data {
		if have, ok := c.Data[key]; !ok || !slices.Equal(have, value) {
			return false
		}
	}

	for key := range c.Record.dataKeys() {
		_, have := c.Data[key]
		if _, want := data[key]; have && !want {
			return false
		}
	}

	return true
}

// secretOf returns the secret of a data key. Names of secrets have no dots.
func secretOf(dataKey string) string {
	name, _, _ := strings.Cut(dataKey, ".")
	return name
}

// refuse to change the Secret. The status reports its current content. A secret whose latest
// version is not in the Secret is not synced.
func (p *Plan) refuse(current Current, had Record) {
	for i, after := range p.After.Secrets {
		old := had[after.Name]
		kept := old.observe(after.Name)
		kept.State = after.State

		if after.State == v1alpha1.StateSynced && old.Version != after.Version {
			kept.State = v1alpha1.StateInvalid
			p.After.Findings[after.Name] = []finding.Finding{{Reason: finding.VersionTooLarge}}
		}

		p.After.Secrets[i] = kept
	}

	p.Before.Secrets, p.Before.Findings = p.After.Secrets, p.After.Findings
	p.Data, p.Record, p.Changed = current.Data, current.Record, false
	p.After.LastChangeTime = p.Before.LastChangeTime
}
