// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
)

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

// invalid returns the finding on an error of package payload.
func invalid(err error) finding.Finding {
	if e, ok := errors.AsType[*payload.Error](err); ok {
		return finding.Because(finding.ValueInvalid, e.Finding)
	}

	return finding.Finding{Reason: finding.ValueUnreadable}
}
