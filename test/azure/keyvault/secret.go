// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// These are Azure's limits of a secret.
const (
	maxValue       = 25 * 1024
	maxContentType = 255
	maxTags        = 15
	maxTagKey      = 256
	maxTagValue    = 512
	maxName        = 127
)

// A secret and its versions.
type secret struct {
	name string

	// versions in the order in which they were made: the last is the current one.
	versions []*version

	// managed means that the secret belongs to a certificate.
	managed bool

	// deletedAt and purgeAt are set while the secret is deleted.
	deletedAt time.Time
	purgeAt   time.Time
}

// A version of a secret.
type version struct {
	id          string
	value       string
	contentType *string
	tags        map[string]string
	enabled     bool
	notBefore   *int64
	expires     *int64
	created     int64
	updated     int64
}

// attributes of a secret on the wire. Times are in seconds since 1970.
type attributes struct {
	Enabled         bool   `json:"enabled"`
	NotBefore       *int64 `json:"nbf,omitempty"`
	Expires         *int64 `json:"exp,omitempty"`
	Created         int64  `json:"created"`
	Updated         int64  `json:"updated"`
	RecoveryLevel   string `json:"recoveryLevel"`
	RecoverableDays int    `json:"recoverableDays"`
}

// bundle is a secret on the wire. A nil pointer is omitted, as in Key Vault.
type bundle struct {
	Value              *string           `json:"value,omitempty"`
	ContentType        *string           `json:"contentType,omitempty"`
	ID                 string            `json:"id"`
	KeyID              string            `json:"kid,omitempty"`
	Managed            bool              `json:"managed,omitempty"`
	Attributes         attributes        `json:"attributes"`
	Tags               map[string]string `json:"tags,omitzero"`
	RecoveryID         string            `json:"recoveryId,omitempty"`
	DeletedDate        int64             `json:"deletedDate,omitempty"`
	ScheduledPurgeDate int64             `json:"scheduledPurgeDate,omitempty"`
}

func (s *secret) current() *version { return s.versions[len(s.versions)-1] }

func (s *secret) find(id string) *version {
	if id == "" {
		return s.current()
	}

	for _, v := range s.versions {
		if v.id == id {
			return v
		}
	}

	return nil
}

// describe returns the fields that all representations of a version share.
func (v *vault) describe(s *secret, ver *version, id string) bundle {
	b := bundle{
		ContentType: ver.contentType,
		ID:          id,
		Managed:     s.managed,
		Tags:        ver.tags,
		Attributes: attributes{
			Enabled: ver.enabled, NotBefore: ver.notBefore, Expires: ver.expires, Created: ver.created, Updated: ver.updated,
		},
	}
	b.Attributes.RecoveryLevel, b.Attributes.RecoverableDays = v.recovery()

	return b
}

// bundle returns a version with its value.
func (v *vault) bundle(s *secret, ver *version) bundle {
	b := v.properties(s, ver)
	b.Value = &ver.value

	return b
}

// properties returns a version without its value.
func (v *vault) properties(s *secret, ver *version) bundle {
	b := v.describe(s, ver, v.url("secrets", s.name, ver.id))
	if s.managed {
		b.KeyID = v.url("keys", s.name, ver.id)
	}

	return b
}

// grave adds the times of deletion and purge to a bundle.
func (v *vault) grave(s *secret, b bundle) bundle {
	b.RecoveryID = v.url("deletedsecrets", s.name, "")
	b.DeletedDate = s.deletedAt.Unix()
	b.ScheduledPurgeDate = s.purgeAt.Unix()

	return b
}

func (v *vault) url(collection, name, version string) string {
	return strings.TrimSuffix("https://"+lower(v.Name)+Suffix+"/"+collection+"/"+name+"/"+version, "/")
}

// validName reports whether the name of a secret is valid.
func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}

	for i := range len(name) {
		switch c := name[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-':
		default:
			return false
		}
	}

	return true
}

// newVersion returns an id for a version: 32 hexadecimal digits.
func newVersion() string {
	var id [16]byte

	_, _ = rand.Read(id[:]) // Never fails.

	return hex.EncodeToString(id[:])
}

// encode encodes strings and numbers as JSON, which cannot fail.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}

	return data
}

func lower(name string) string { return strings.ToLower(name) }

// sorted returns the names of secrets in the order of lists.
func sorted(secrets map[string]*secret) []string { return slices.Sorted(maps.Keys(secrets)) }
