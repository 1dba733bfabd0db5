// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/payload"
)

// A Content is the last good content of one secret, as the Secret has it, without values.
type Content struct {
	Version     string `json:"version"`
	ContentType string `json:"contentType,omitempty"`
	// Format in the spec, not the detected one.
	Format string `json:"format,omitempty"`
	// Times in Unix seconds, zero for none.
	Created   int64 `json:"created,omitempty"`
	Updated   int64 `json:"updated,omitempty"`
	NotBefore int64 `json:"notBefore,omitempty"`
	Expires   int64 `json:"expires,omitempty"`
	// Synced is when the content was written.
	Synced int64 `json:"synced"`
	// Keys of the secret, sorted. Plain text has one, which is empty.
	Keys []string `json:"keys"`
	// Retired data keys, sorted. The content no longer has them, but pods refer to them.
	Retired []string `json:"retired,omitempty"`
	// HadKeys is true for plain text that an earlier release split into keys.
	HadKeys bool `json:"hadKeys,omitempty"`
}

// A Record is the content of a Secret, by name of the secret.
type Record map[string]Content

// ParseRecord reads the output of Encode, of any release. An unreadable record counts as empty:
// everything is then written again.
func ParseRecord(s string) Record {
	r := Record{}
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return Record{}
	}

	maps.DeleteFunc(r, func(_ string, c Content) bool { return c.Version == "" || len(c.Keys) == 0 })

	return r
}

// Encode the record. Equal records have equal texts.
func (r Record) Encode() (string, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("cannot encode the record of what a Secret contains: %w", err)
	}

	return string(b), nil
}

// intact returns the record of the secrets whose data is complete.
func (r Record) intact(data map[string][]byte) Record {
	out := Record{}
	for name, c := range r {
		if len(c.Keys) > 0 && len(c.data(name, data)) == len(c.Keys) {
			out[name] = c
		}
	}

	return out
}

// dataKeys returns the data keys of all secrets.
func (r Record) dataKeys() map[string]bool {
	out := map[string]bool{}
	for name, c := range r {
		for _, key := range c.Keys {
			out[payload.DataKey(name, key)] = true
		}

		for _, dataKey := range c.Retired {
			out[dataKey] = true
		}
	}

	return out
}

// isText reports whether these are the keys of plain text.
func isText(keys []string) bool { return slices.Equal(keys, []string{""}) }

// hadKeys reports whether the content is plain text although the old content of the same version
// has keys. With the same content type and format, only the release can differ.
func (c Content) hadKeys(old Content) bool {
	return isText(c.Keys) && (old.HadKeys || len(old.Keys) > 0 && !isText(old.Keys)) &&
		c.Version == old.Version && c.ContentType == old.ContentType && c.Format == old.Format
}

// data returns the existing data of the secret.
func (c Content) data(name string, data map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for _, key := range c.Keys {
		dataKey := payload.DataKey(name, key)
		if value, ok := data[dataKey]; ok {
			out[dataKey] = value
		}
	}

	return out
}

// refreshed returns the record with updated attributes.
func (r Record) refreshed(observed map[string]Observed) Record {
	r = maps.Clone(r)

	for name, content := range r {
		if a := observed[name].Attributes; a != nil {
			content.Created, content.Updated = seconds(a.Created), seconds(a.Updated)
			content.NotBefore, content.Expires = seconds(a.NotBefore), seconds(a.Expires)
			r[name] = content
		}
	}

	return r
}

// nextChange returns when a secret next becomes valid or expires, or zero.
func (r Record) nextChange(now time.Time) time.Time {
	var next time.Time

	for _, content := range r {
		for _, at := range []time.Time{timeOf(content.NotBefore), timeOf(content.Expires)} {
			if at.After(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}

	return next
}

// observe returns the content as a part of the status.
func (c Content) observe(name string) v1alpha1.ObservedSecret {
	o := v1alpha1.ObservedSecret{
		Name: name, Version: c.Version, ContentType: c.ContentType,
		CreatedAt: unix(c.Created), UpdatedAt: unix(c.Updated), SyncedAt: unix(c.Synced),
		NotBefore: unix(c.NotBefore), ExpiresAt: unix(c.Expires),
	}
	for _, key := range c.Keys {
		o.Keys = append(o.Keys, v1alpha1.ObservedKey{Key: key, DataKey: payload.DataKey(name, key)})
	}

	return o
}

// maxUnix is the last second of the year 9999. RFC 3339 has no later time, so a status with one
// could not be decoded. The author of a secret can set any time.
const maxUnix = 253402300799

func unix(seconds int64) *metav1.Time {
	if seconds <= 0 || seconds > maxUnix {
		return nil
	}

	return new(metav1.Unix(seconds, 0))
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}

	return time.Unix(seconds, 0)
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}

	return t.Unix()
}

func sameContent(a, b Content) bool {
	return a.Version == b.Version && a.ContentType == b.ContentType && a.Format == b.Format &&
		a.Created == b.Created && a.Updated == b.Updated && a.NotBefore == b.NotBefore && a.Expires == b.Expires &&
		a.Synced == b.Synced && slices.Equal(a.Keys, b.Keys) && slices.Equal(a.Retired, b.Retired) && a.HadKeys == b.HadKeys
}
