// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/p6m-dev/platform-application/test/azure/fault"
)

// A Secret is stored in a vault without the data plane.
type Secret struct {
	Value       string            `json:"value"`
	ContentType string            `json:"contentType,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`

	// Disabled means that the version cannot be read.
	Disabled bool `json:"disabled,omitempty"`

	// NotBefore and Expires are omitted if they are zero.
	NotBefore time.Time `json:"notBefore,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`

	// Created and Updated default to now.
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
}

// PutSecret creates a version of a secret, as an officer would, and returns its id.
func (s *Store) PutSecret(vaultName, name string, sec Secret) (id string, err error) {
	sent := azsecrets.SetSecretParameters{
		Value: &sec.Value, ContentType: optional(sec.ContentType),
		SecretAttributes: &azsecrets.SecretAttributes{Enabled: new(!sec.Disabled), NotBefore: optional(sec.NotBefore), Expires: optional(sec.Expires)},
	}

	if sec.Tags != nil {
		sent.Tags = map[string]*string{}
	}

	for key, value := range sec.Tags {
		sent.Tags[key] = &value
	}

	err = s.officer(vaultName, fault.Set, name, sent, func(v *vault) {
		stored, now := v.secrets[lower(name)], s.now()
		made := stored.current()

		made.Attributes.Created, made.Attributes.Updated = new(cmp.Or(sec.Created, now)), new(cmp.Or(sec.Updated, sec.Created, now))
		v.writes = append(v.writes, Write{Secret: stored.name, Version: made.id, Operation: "put", Time: now})
		id = made.id
	})

	return id, err
}

// DisableSecret disables or enables the current version of a secret.
func (s *Store) DisableSecret(vaultName, name string, disabled bool) error {
	return s.officer(vaultName, fault.Update, name, azsecrets.UpdateSecretPropertiesParameters{
		SecretAttributes: &azsecrets.SecretAttributes{Enabled: new(!disabled)},
	}, nil)
}

// DeleteSecret deletes a secret. It can be recovered.
func (s *Store) DeleteSecret(vaultName, name string) error {
	return s.officer(vaultName, fault.Delete, name, nil, nil)
}

// RecoverSecret recovers a deleted secret.
func (s *Store) RecoverSecret(vaultName, name string) error {
	return s.officer(vaultName, fault.Recover, name, nil, nil)
}

// PurgeSecret purges a deleted secret.
func (s *Store) PurgeSecret(vaultName, name string) error {
	return s.officer(vaultName, fault.Purge, name, nil, nil)
}

// officer carries out an operation of the data plane without a token, a role and limits.
func (s *Store) officer(vaultName, operation, name string, body any, then func(*vault)) error {
	return s.with(vaultName, fmt.Sprintf("%s secret %q of", operation, name), func(v *vault) error {
		v.sweep(s.now())

		sent, err := json.Marshal(body)
		if err != nil || !validName.MatchString(name) {
			return errors.New("its name has to have 1 to 127 letters, digits and hyphens")
		}

		switch answer := (&call{operation: operation, name: name, vault: v, body: sent, now: s.now()}).do(); {
		case answer.Status == http.StatusNotFound:
			return ErrNotFound
		case answer.Status >= http.StatusBadRequest:
			var said errorBody

			_ = json.Unmarshal(answer.Body, &said) // It is our own answer.

			return errors.New(said.Error.Message)
		case then != nil:
			then(v)
		}

		return nil
	})
}

// A SecretSummary describes a secret without its value.
type SecretSummary struct {
	Name        string    `json:"name"`
	Version     string    `json:"version"`
	Versions    int       `json:"versions"`
	ContentType string    `json:"contentType,omitempty"`
	Enabled     bool      `json:"enabled"`
	Managed     bool      `json:"managed,omitempty"`
	Deleted     bool      `json:"deleted,omitempty"`
	Updated     time.Time `json:"updated"`
}

// Secrets returns the secrets of a vault, deleted ones last, without values.
func (s *Store) Secrets(vaultName string) ([]SecretSummary, error) {
	var out []SecretSummary

	err := s.with(vaultName, "list the secrets of", func(v *vault) error {
		v.sweep(s.now())

		for _, some := range []map[string]*secret{v.secrets, v.deletedSecrets} {
			for _, name := range slices.Sorted(maps.Keys(some)) {
				out = append(out, some[name].summary())
			}
		}

		return nil
	})

	return out, err
}

// SecretValue returns the value of a version of a secret. The default is the current version.
func (s *Store) SecretValue(vaultName, name, versionID string) (value string, err error) {
	err = s.with(vaultName, fmt.Sprintf("show secret %q of", name), func(v *vault) error {
		v.sweep(s.now())

		_, ver := (&call{name: name, version: versionID, vault: v}).find()
		if ver == nil {
			return ErrNotFound
		}

		value = *ver.Value

		return nil
	})

	return value, err
}

func (s *secret) summary() SecretSummary {
	ver := s.current()

	return SecretSummary{
		Name: s.name, Version: ver.id, Versions: len(s.versions), ContentType: *cmp.Or(ver.ContentType, new(string)), Enabled: *ver.Attributes.Enabled,
		Managed: s.managed, Deleted: !s.deletedAt.IsZero(), Updated: ver.Attributes.Updated.UTC().Truncate(time.Second),
	}
}

// optional returns a pointer to a value, or nil for none.
func optional[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}

	return &value
}
