// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
)

// maxRecord is the share of the record in the 256 KiB that Kubernetes allows for all annotations
// of an object.
const maxRecord = 200 << 10

// Limits of a Secret, so that Kubernetes accepts it and everything that contains its keys: the
// status of the sync, the list of keys in use, and the Deployment.
const (
	// maxObject is the limit of etcd, 1.5 MiB, minus the rest of an object.
	maxObject = 3<<19 - 64<<10
	// maxKeys is the most that a manifest can request: 100 secrets with 50 keys.
	maxKeys = 5_000
	// maxWeight of all keys, see weight.
	maxWeight = 11 << 17
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

// A decision about one secret.
type decision struct {
	Verdict

	name string

	// content and data are those that the Secret should have.
	content Content
	data    map[string][]byte
	// old is the content in the Secret, and inSecret is true if its data is complete.
	old      Content
	inSecret bool
	// wasRead is true if good content was just read.
	wasRead bool
}

// decide on one secret. Only good data replaces the current data.
func decide(s v1alpha1.SyncedSecret, o Observed, current Current, had Record, now time.Time) decision {
	d := decision{name: s.Name, Verdict: o.Verdict}
	d.old, d.inSecret = had[s.Name]

	switch {
	case o.Secret != nil:
		d.content, d.data, d.Verdict = read(s, *o.Secret, now)
		d.wasRead = d.State == v1alpha1.StateSynced
	case o.State == v1alpha1.StateSynced && !d.inSecret:
		d.State = "" // Another client has changed the Secret.
	case o.State == v1alpha1.StateSynced:
		d.Verdict = recheck(s, d.old, current.Data, o.Findings, now)
	}

	if !d.wasRead {
		// Even incomplete data is kept until it can be replaced.
		d.content, d.data = current.left(s.Name)
	} else if d.inSecret && d.old.Version == d.content.Version {
		d.content.HadKeys = d.content.hadKeys(d.old)

		if maps.EqualFunc(d.old.data(s.Name, current.Data), d.data, slices.Equal) {
			d.content.Synced = d.old.Synced
		}
	}

	return d
}

// explained returns the verdict, with its consequence for the values in use.
func (d decision) explained() Verdict {
	v := d.Verdict

	switch {
	case d.State != v1alpha1.StateSynced && d.inSecret:
		v.Findings = append(slices.Clone(v.Findings), finding.Finding{Reason: finding.ValuesKept})
	case d.State == v1alpha1.StateSynced && d.content.HadKeys:
		v.Findings = append(slices.Clone(v.Findings), finding.Finding{Reason: finding.KeysLost})
	}

	return v
}

// retire keeps data that the content no longer has as long as pods refer to it, because they
// could not restart without it.
func (d decision) retire(current Current, inUse []string) decision {
	d.content.Retired = nil

	for _, dataKey := range slices.Compact(slices.Sorted(slices.Values(inUse))) {
		value, there := current.Data[dataKey]
		if _, has := d.data[dataKey]; has || !there || secretOf(dataKey) != d.name {
			continue
		}

		d.data[dataKey] = value
		d.content.Retired = append(d.content.Retired, dataKey)
	}

	return d
}

// after returns the state once the Secret is written.
func (d decision) after() (v1alpha1.ObservedSecret, Verdict) {
	o := v1alpha1.ObservedSecret{Name: d.name}
	if d.wasRead || d.inSecret {
		o = d.content.observe(d.name)
	}

	return o, d.explained()
}

// before returns the state until the Secret is written.
func (d decision) before(previous v1alpha1.KeyVaultSecretSyncObservation) (v1alpha1.ObservedSecret, Verdict) {
	v := d.explained()

	if d.wasRead && d.old.Version != d.content.Version {
		v = NewVerdict(StateBefore(previous, d.name), finding.Finding{Reason: finding.VersionNotWritten})
	}

	if !d.inSecret && v.State == v1alpha1.StateSynced {
		v.State = "" // No longer synced: the Secret was deleted, or keys were removed from it.
	}

	return d.old.observe(d.name), v
}

// AwaitingValue returns the verdict on a secret that was just created without values.
func AwaitingValue(s v1alpha1.SyncedSecret) Verdict {
	return NewVerdict(v1alpha1.StateAwaitingValue, withoutValue(s.Keys))
}

// read parses a secret. Only StateSynced comes with content.
func read(s v1alpha1.SyncedSecret, secret keyvault.Secret, now time.Time) (Content, map[string][]byte, Verdict) {
	parsed, err := payload.Parse(payload.Secret{Name: s.Name, ContentType: secret.ContentType, Value: secret.Value}, payload.Format(s.Format))
	if err != nil {
		return Content{}, nil, NewVerdict(v1alpha1.StateInvalid, invalid(err))
	}

	c := Content{
		Version: secret.Version, ContentType: secret.ContentType, Format: s.Format,
		Created: seconds(secret.Created), Updated: seconds(secret.Updated), Synced: now.Unix(),
		NotBefore: seconds(secret.NotBefore), Expires: seconds(secret.Expires),
	}
	data := map[string][]byte{}

	for _, e := range parsed.Entries {
		if e.Value == nil {
			continue // A key without a value is not the same as one with an empty value.
		}

		data[e.DataKey] = e.Value
		c.Keys = append(c.Keys, e.Key)
	}

	if f, lacks := lacking(s, parsed.Awaiting(s.Keys), c.Keys); lacks {
		return Content{}, nil, NewVerdict(v1alpha1.StateAwaitingValue, f)
	}

	return c, data, NewVerdict(v1alpha1.StateSynced, validity(c, now)...)
}

// validity returns warnings, because Key Vault serves a secret before it is valid and after it
// has expired.
func validity(c Content, now time.Time) []finding.Finding {
	var out []finding.Finding

	if from := timeOf(c.NotBefore); from.After(now) {
		out = append(out, finding.Finding{Reason: finding.NotYetValid, At: from})
	}

	if to := timeOf(c.Expires); !to.IsZero() && !to.After(now) {
		out = append(out, finding.Finding{Reason: finding.Expired, At: to})
	}

	return out
}

// recheck content in the Secret against the structure, which may have changed since it was read.
func recheck(s v1alpha1.SyncedSecret, c Content, data map[string][]byte, why []finding.Finding, now time.Time) Verdict {
	missing := slices.DeleteFunc(slices.Clone(s.Keys), func(key string) bool {
		return slices.Contains(c.Keys, key) && len(data[payload.DataKey(s.Name, key)]) > 0
	})
	if f, lacks := lacking(s, missing, c.Keys); lacks {
		return NewVerdict(v1alpha1.StateAwaitingValue, f)
	}

	return NewVerdict(v1alpha1.StateSynced, slices.Concat(why, validity(c, now))...)
}

// lacking reports whether a version with these keys lacks something, and what. Awaiting are the
// keys of the structure that have no values yet.
func lacking(s v1alpha1.SyncedSecret, awaiting, keys []string) (finding.Finding, bool) {
	absent := slices.DeleteFunc(slices.Clone(s.RequiredKeys), func(key string) bool { return slices.Contains(keys, key) })

	switch {
	case isText(keys) && len(awaiting)+len(absent) > 0:
		return finding.Finding{Reason: finding.KeysExpected, Names: slices.Concat(awaiting, absent)}, true
	case len(awaiting) > 0 || len(keys) == 0:
		return withoutValue(awaiting), true
	case slices.Contains(absent, ""): // The key of plain text.
		return finding.Finding{Reason: finding.PlainTextExpected}, true
	case len(absent) > 0:
		return finding.Finding{Reason: finding.KeysMissing, Names: absent}, true
	default:
		return finding.Finding{}, false
	}
}

func withoutValue(keys []string) finding.Finding {
	if len(keys) == 0 {
		return finding.Finding{Reason: finding.NoValue}
	}

	return finding.Finding{Reason: finding.KeysWithoutValue, Names: keys}
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

func sameContent(a, b Content) bool {
	return a.Version == b.Version && a.ContentType == b.ContentType && a.Format == b.Format &&
		a.Created == b.Created && a.Updated == b.Updated && a.NotBefore == b.NotBefore && a.Expires == b.Expires &&
		a.Synced == b.Synced && slices.Equal(a.Keys, b.Keys) && slices.Equal(a.Retired, b.Retired) && a.HadKeys == b.HadKeys
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

// secretOf returns the secret of a data key. Names of secrets have no dots.
func secretOf(dataKey string) string {
	name, _, _ := strings.Cut(dataKey, ".")
	return name
}

// weight of a key in bytes. A Deployment contains its variable twice, once of them in
// managedFields, with the names of the Secret and the data key, and room for a prefix. The
// Secret contains the data key twice, and so do status and spec of the sync together.
func weight(target, dataKey string) int {
	_, key, found := strings.Cut(dataKey, ".")
	if !found {
		key = dataKey // The variable has the name of the secret.
	}

	return 2*len(key) + 2*len(dataKey) + len(target) + 132
}

// tooLarge returns a problem if Kubernetes would reject the Secret, or an object that contains
// its keys.
func tooLarge(p Plan, target string) *Problem {
	if !p.Changed {
		return nil
	}

	values, names, weights := 0, 0, 0
	valuesOf, weightOf := map[string]int{}, map[string]int{}

	for key, value := range p.Data {
		w := weight(target, key)
		values, names, weights = values+len(value), names+2*len(key)+24, weights+w
		valuesOf[secretOf(key)] += len(value)
		weightOf[secretOf(key)] += w
	}

	record, err := p.Record.Encode()

	switch {
	case values > corev1.MaxSecretSize:
		return &Problem{State: v1alpha1.StateTargetTooLarge, Finding: finding.Finding{
			Reason: finding.SecretTooLarge, Count: values, Limit: corev1.MaxSecretSize, Names: largest(valuesOf),
		}}
	case err != nil || len(p.Data) > maxKeys || weights > maxWeight || len(record) > maxRecord || values+names+len(record) > maxObject:
		return &Problem{State: v1alpha1.StateTargetTooLarge, Finding: finding.Finding{
			Reason: finding.SecretTooManyKeys, Count: len(p.Data), Names: largest(weightOf),
		}}
	}

	return nil
}

// largest returns the names by size, the largest first.
func largest(sizes map[string]int) []string {
	return slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) })
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

// invalid returns the finding on an error of package payload.
func invalid(err error) finding.Finding {
	if e, ok := errors.AsType[*payload.Error](err); ok {
		return finding.Because(finding.ValueInvalid, e.Finding)
	}

	return finding.Finding{Reason: finding.ValueUnreadable}
}
