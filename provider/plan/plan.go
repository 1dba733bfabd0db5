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
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
)

// maxRecord is what the record may have of the 256 KiB that Kubernetes allows for
// all annotations of an object.
const maxRecord = 200 << 10

// What a Secret has at most, so that Kubernetes takes it and all that is made of its
// keys: the status of this object, the list of keys in use, and the Deployment.
const (
	// maxObject is what etcd takes, 1.5 MiB, less what else an object has.
	maxObject = 3<<19 - 64<<10
	// maxKeys is what a manifest can ask for: 100 secrets with 50 keys.
	maxKeys = 5_000
	// maxWeight of all keys, see weight.
	maxWeight = 11 << 17
)

// stillInUse ends the message of a secret that was synced before.
const stillInUse = " The values it had before stay in use."

// A Finding is what was found out about one secret.
type Finding struct {
	// Secret, if it was read.
	Secret *keyvault.Secret
	// State otherwise. StateSynced: the Secret has the latest content.
	State v1alpha1.State
	// Message that goes with the state.
	Message string
}

// Current is the Secret as it is.
type Current struct {
	Data   map[string][]byte
	Record Record
}

// Intact returns the record of those secrets whose data is all there.
func (c Current) Intact() Record { return c.Record.intact(c.Data) }

// A Plan is what the Secret and the status should be. Printing it would show
// values.
type Plan struct {
	// Data of the Secret, and the record that goes with it.
	Data   map[string][]byte
	Record Record
	// Changed is false if the Secret has all of that already.
	Changed bool

	// Before is what to report as long as the Secret is not written.
	Before v1alpha1.KeyVaultSecretSyncObservation
	// After is what to report when it is. Its times and revision are those of this
	// plan.
	After v1alpha1.KeyVaultSecretSyncObservation

	// Problem is why the Secret cannot be written as it should be. It is then left
	// as it is.
	Problem *Problem
}

// A Problem of the Secret as a whole.
type Problem struct {
	State   v1alpha1.State
	Message string
}

// Make a plan from what was found out about each secret.
func Make(spec v1alpha1.KeyVaultSecretSyncParameters, previous v1alpha1.KeyVaultSecretSyncObservation, current Current, findings map[string]Finding, now time.Time) Plan {
	had := current.Intact()
	p := Plan{Data: map[string][]byte{}, Record: Record{}}

	for _, s := range spec.Secrets {
		d := decide(s, findings[s.Name], current, had, words{vault: strings.TrimSuffix(spec.VaultURI, "/")}, now).
			retire(current, spec.Target.InUse)

		maps.Copy(p.Data, d.data)

		if d.content.Version != "" {
			p.Record[s.Name] = d.content
		}

		p.Before.Secrets = append(p.Before.Secrets, d.before(previous))
		p.After.Secrets = append(p.After.Secrets, d.after())
	}

	differs := !current.has(p.Data)
	p.Changed = differs || !maps.EqualFunc(p.Record, current.Record, sameContent)
	p.Before.LastChangeTime, p.After.LastChangeTime = previous.LastChangeTime, previous.LastChangeTime

	if differs || previous.LastChangeTime == nil && len(p.Data) > 0 {
		p.After.LastChangeTime = new(metav1.NewTime(now.Truncate(time.Second)))
	}

	if p.Problem = tooLarge(p, spec.Target.Name); p.Problem != nil {
		p.refuse(current, had)
	}

	p.Before.Target = target(spec.Target.Name, current.Record, spec)
	p.After.Target = target(spec.Target.Name, p.Record, spec)

	summarize(&p.Before, spec, p.Problem)
	summarize(&p.After, spec, p.Problem)

	return p
}

// A decision about one secret.
type decision struct {
	name    string
	state   v1alpha1.State
	message string

	// content and data that the Secret should have of it.
	content Content
	data    map[string][]byte
	// old is the content that the Secret has, if all of it is there.
	old Content
	has bool
	// taken is true if the content is what was just read.
	taken bool
}

// decide about one secret. Only what is good replaces what is there.
func decide(s v1alpha1.SyncedSecret, f Finding, current Current, had Record, w words, now time.Time) decision {
	d := decision{name: s.Name, state: f.State, message: f.Message}
	d.old, d.has = had[s.Name]

	switch {
	case f.Secret != nil:
		d.content, d.data, d.state, d.message = read(s, *f.Secret, w, now)
		d.taken = d.state == v1alpha1.StateSynced
	case f.State == v1alpha1.StateSynced && !d.has:
		d.state = "" // Somebody has changed the Secret.
	case f.State == v1alpha1.StateSynced:
		d.state, d.message = recheck(s, d.old, current.Data, f.Message, w, now)
	}

	if d.state != v1alpha1.StateSynced && d.has && !strings.HasSuffix(d.message, stillInUse) {
		d.message = strings.TrimSpace(d.message + stillInUse)
	}

	if !d.taken {
		// Even what is not whole any more stays until it can be replaced.
		d.content, d.data = current.left(s.Name)
	} else if d.has && d.old.Version == d.content.Version {
		d.content.HadKeys = d.content.hadKeys(d.old)

		if maps.EqualFunc(d.old.data(s.Name, current.Data), d.data, slices.Equal) {
			d.content.Synced = d.old.Synced
		}
	}

	if d.state == v1alpha1.StateSynced && d.content.HadKeys {
		d.message = strings.TrimSpace(d.message + " " + w.hadKeys())
	}

	return d
}

// retire data that the content does not have any more as long as pods refer to it:
// none of them could be started again without it.
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

// after the Secret is written.
func (d decision) after() v1alpha1.ObservedSecret {
	o := v1alpha1.ObservedSecret{Name: d.name}
	if d.taken || d.has {
		o = d.content.observe(d.name)
	}

	o.State, o.Message = d.state, d.message

	return o
}

// before the Secret is written.
func (d decision) before(previous v1alpha1.KeyVaultSecretSyncObservation) v1alpha1.ObservedSecret {
	o := d.old.observe(d.name)
	o.State, o.Message = d.state, d.message

	if d.taken && d.old.Version != d.content.Version {
		o.State, o.Message = stateBefore(previous, d.name), "The latest version is not in the Secret yet."
	}

	if !d.has && o.State == v1alpha1.StateSynced {
		o.State = "" // No longer synced: the Secret was deleted, or keys were removed from it.
	}

	return o
}

// Awaiting is the finding about a secret that was just created without values.
func Awaiting(vaultURI string, s v1alpha1.SyncedSecret) Finding {
	w := words{vault: strings.TrimSuffix(vaultURI, "/")}
	return Finding{State: v1alpha1.StateAwaitingValue, Message: w.awaitingValue(s.Name, s.Keys)}
}

// read a secret. Only a state of StateSynced comes with content.
func read(s v1alpha1.SyncedSecret, secret keyvault.Secret, w words, now time.Time) (Content, map[string][]byte, v1alpha1.State, string) {
	parsed, err := payload.Parse(payload.Secret{Name: s.Name, ContentType: secret.ContentType, Value: secret.Value}, payload.Format(s.Format))
	if err != nil {
		return Content{}, nil, v1alpha1.StateInvalid, invalid(err)
	}

	c := Content{
		Version: secret.Version, ContentType: secret.ContentType, Format: s.Format,
		Created: seconds(secret.Created), Updated: seconds(secret.Updated), Synced: now.Unix(),
		NotBefore: seconds(secret.NotBefore), Expires: seconds(secret.Expires),
	}
	data := map[string][]byte{}

	for _, e := range parsed.Entries {
		if e.Value == nil {
			continue // It has no value yet, which is not the same as an empty one.
		}

		data[e.DataKey] = e.Value
		c.Keys = append(c.Keys, e.Key)
	}

	if lacks := lacking(s, parsed.Awaiting(s.Keys), c.Keys, w); lacks != "" {
		return Content{}, nil, v1alpha1.StateAwaitingValue, lacks
	}

	return c, data, v1alpha1.StateSynced, w.validity(c, now)
}

// recheck content that is in the Secret against the structure, which may have
// changed since.
func recheck(s v1alpha1.SyncedSecret, c Content, data map[string][]byte, message string, w words, now time.Time) (v1alpha1.State, string) {
	missing := slices.DeleteFunc(slices.Clone(s.Keys), func(key string) bool {
		return slices.Contains(c.Keys, key) && len(data[payload.DataKey(s.Name, key)]) > 0
	})
	if lacks := lacking(s, missing, c.Keys, w); lacks != "" {
		return v1alpha1.StateAwaitingValue, lacks
	}

	return v1alpha1.StateSynced, strings.TrimSpace(message + " " + w.validity(c, now))
}

// lacking says what a version with these keys lacks, or nothing. Those of its
// structure that have no values yet are known.
func lacking(s v1alpha1.SyncedSecret, awaiting, keys []string, w words) string {
	absent := slices.DeleteFunc(slices.Clone(s.RequiredKeys), func(key string) bool { return slices.Contains(keys, key) })

	switch {
	case isText(keys) && len(awaiting)+len(absent) > 0:
		return w.text(s.Name, slices.Concat(awaiting, absent))
	case len(awaiting) > 0 || len(keys) == 0:
		return w.awaitingValue(s.Name, awaiting)
	case len(absent) > 0:
		return w.absent(s.Name, absent)
	default:
		return ""
	}
}

// left returns what is left of a secret: what was recorded or, if the record is
// lost, what looks like it.
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

// has tells whether the Secret has this data, and no other of ours. What others
// have added is left alone.
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

func stateBefore(previous v1alpha1.KeyVaultSecretSyncObservation, name string) v1alpha1.State {
	for _, s := range previous.Secrets {
		if s.Name == name && slices.Contains(severity(), s.State) {
			return s.State
		}
	}

	return ""
}

// secretOf returns the secret that a data key belongs to. Names of secrets have
// no dots.
func secretOf(dataKey string) string {
	name, _, _ := strings.Cut(dataKey, ".")
	return name
}

// weight of a key in bytes. A Deployment has its variable twice, once to say who set
// it, with the names of the Secret and the data key, and room for a prefix. The
// Secret has the data key twice, as have status and spec of this object together.
func weight(target, dataKey string) int {
	_, key, found := strings.Cut(dataKey, ".")
	if !found {
		key = dataKey // The variable has the name of the secret.
	}

	return 2*len(key) + 2*len(dataKey) + len(target) + 132
}

// tooLarge returns a problem if Kubernetes would not take the Secret, or what is made
// of it.
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
		return &Problem{State: v1alpha1.StateTargetTooLarge, Message: fmt.Sprintf(
			"The Secret would have %d bytes, more than the %d that Kubernetes allows, so it is left as it is. Make secrets smaller or take some off the list; the largest are %s.",
			values, corev1.MaxSecretSize, largest(valuesOf))}
	case err != nil || len(p.Data) > maxKeys || weights > maxWeight || len(record) > maxRecord || values+names+len(record) > maxObject:
		return &Problem{State: v1alpha1.StateTargetTooLarge, Message: fmt.Sprintf(
			"The Secret would have %d keys, too many or with names too long for Kubernetes, so it is left as it is. Take some secrets off the list, or give them fewer or shorter keys, of letters, digits, hyphens, dots and underscores only; those with the most are %s.",
			len(p.Data), largest(weightOf))}
	}

	return nil
}

// largest secrets first, as a message names them.
func largest(sizes map[string]int) string {
	return some(slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) }))
}

// refuse to change the Secret: what is in it is reported, and what is not is not
// synced.
func (p *Plan) refuse(current Current, had Record) {
	for i, after := range p.After.Secrets {
		old := had[after.Name]
		kept := old.observe(after.Name)
		kept.State, kept.Message = after.State, after.Message

		if after.State == v1alpha1.StateSynced && old.Version != after.Version {
			kept.State, kept.Message = v1alpha1.StateInvalid, "Its latest version does not fit into the Secret."
		}

		p.After.Secrets[i] = kept
	}

	p.Before.Secrets = p.After.Secrets
	p.Data, p.Record, p.Changed = current.Data, current.Record, false
	p.After.LastChangeTime = p.Before.LastChangeTime
}

// target as written. The revision changes when pods would see something else.
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
func severity() []v1alpha1.State {
	return []v1alpha1.State{
		v1alpha1.StateTargetConflict, v1alpha1.StateTargetTooLarge,
		v1alpha1.StateForbidden, v1alpha1.StateInvalid, v1alpha1.StateDisabled, v1alpha1.StateSoftDeleted, v1alpha1.StateMissing,
		v1alpha1.StateUnreachable, v1alpha1.StateThrottled, v1alpha1.StateAwaitingAccess, v1alpha1.StateAwaitingValue,
		"", v1alpha1.StateSynced,
	}
}

// summarize the states of all secrets.
func summarize(o *v1alpha1.KeyVaultSecretSyncObservation, spec v1alpha1.KeyVaultSecretSyncParameters, problem *Problem) {
	optional := map[string]bool{}
	for _, s := range spec.Secrets {
		optional[s.Name] = s.Optional
	}

	worst, synced := len(severity())-1, 0

	for _, s := range o.Secrets {
		if s.State == v1alpha1.StateSynced {
			synced++
		}

		unneeded := optional[s.Name] && s.Version == "" && (s.State == v1alpha1.StateMissing || s.State == v1alpha1.StateAwaitingValue)
		if !unneeded {
			worst = min(worst, slices.Index(severity(), s.State))
		}
	}

	o.State = severity()[worst]
	if problem != nil {
		o.State = problem.State
	}

	o.SecretsSynced = fmt.Sprintf("%d/%d", synced, len(o.Secrets))
}

// NotReady returns those secrets without which the object is not ready: they were
// never synced and are not optional.
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

// invalid says why a value cannot be read. A payload's errors hold no values.
func invalid(err error) string {
	if e, ok := errors.AsType[*payload.Error](err); ok {
		return sentence(e.Error())
	}

	return "The value cannot be read."
}
