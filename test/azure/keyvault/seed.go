package keyvault

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// A Secret is one that is put into a vault from outside, not through the data plane.
type Secret struct {
	Value       string            `json:"value"`
	ContentType string            `json:"contentType,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`

	// Disabled says that the version cannot be read.
	Disabled bool `json:"disabled,omitempty"`

	// NotBefore and Expires are left out if they are zero.
	NotBefore time.Time `json:"notBefore,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`

	// Created and Updated are now if they are zero.
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
}

// PutSecret makes a new version of a secret, as an officer would, and returns its id.
func (s *Store) PutSecret(vaultName, name string, sec Secret) (id string, err error) {
	err = s.with(vaultName, "set secret "+fmt.Sprintf("%q", name)+" in", func(v *vault) error {
		id, err = v.seed(s.now(), name, sec)

		return err
	})

	return id, err
}

func (v *vault) seed(now time.Time, name string, sec Secret) (string, error) {
	v.sweep(now)

	p := properties{ContentType: optional(sec.ContentType), Tags: sec.Tags}

	switch {
	case !validName(name):
		return "", errors.New("its name has to have 1 to 127 letters, digits and hyphens")
	case len(sec.Value) > maxValue:
		return "", fmt.Errorf("its value is longer than %d bytes", maxValue)
	case p.validate() != nil:
		return "", errors.New("its content type or its tags are beyond the limits")
	case v.busy(name) != nil:
		return "", errBusy
	case v.deletedSecrets[lower(name)] != nil:
		return "", errors.New("it is deleted, and has to be recovered or purged first")
	case v.secrets[lower(name)] != nil && v.secrets[lower(name)].managed:
		return "", errors.New("it belongs to a certificate")
	}

	ver := &version{
		id: newVersion(), value: sec.Value, contentType: p.ContentType, tags: maps.Clone(sec.Tags), enabled: !sec.Disabled,
		notBefore: unix(sec.NotBefore), expires: unix(sec.Expires), created: now.Unix(), updated: now.Unix(),
	}

	if !sec.Created.IsZero() {
		ver.created = sec.Created.Unix()
		ver.updated = ver.created
	}

	if !sec.Updated.IsZero() {
		ver.updated = sec.Updated.Unix()
	}

	secret := v.add(name, ver)
	v.writes = append(v.writes, Write{Secret: secret.name, Version: ver.id, Operation: "put", Time: now})

	return ver.id, nil
}

// DisableSecret makes the current version of a secret unreadable, or readable again.
func (s *Store) DisableSecret(vaultName, name string, disabled bool) error {
	return s.withSecret(vaultName, "disable", name, func(_ *vault, sec *secret) error {
		ver := sec.current()
		ver.enabled = !disabled
		ver.updated = s.now().Unix()
		ver.forget()

		return nil
	})
}

// DeleteSecret deletes a secret so that it can be recovered.
func (s *Store) DeleteSecret(vaultName, name string) error {
	return s.withSecret(vaultName, "delete", name, func(v *vault, sec *secret) error {
		v.bury(sec, s.now())

		return nil
	})
}

// RecoverSecret brings a deleted secret back.
func (s *Store) RecoverSecret(vaultName, name string) error {
	return s.with(vaultName, fmt.Sprintf("recover secret %q of", name), func(v *vault) error {
		v.sweep(s.now())

		sec := v.deletedSecrets[lower(name)]

		switch {
		case v.busy(name) != nil:
			return errBusy
		case sec == nil:
			return ErrNotFound
		}

		v.revive(sec, s.now())

		return nil
	})
}

// PurgeSecret removes a deleted secret for good.
func (s *Store) PurgeSecret(vaultName, name string) error {
	return s.with(vaultName, fmt.Sprintf("purge secret %q of", name), func(v *vault) error {
		v.sweep(s.now())

		switch {
		case v.busy(name) != nil:
			return errBusy
		case v.deletedSecrets[lower(name)] == nil:
			return ErrNotFound
		case v.PurgeProtection:
			return errors.New("it has purge protection")
		}

		delete(v.deletedSecrets, lower(name))
		v.deletedNames = nil

		return nil
	})
}

// A SecretSummary is what is known of a secret but for its value.
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
			for _, name := range sorted(some) {
				out = append(out, some[name].summary())
			}
		}

		return nil
	})

	return out, err
}

// SecretValue returns the value of the current version of a secret, or of the version that is named.
func (s *Store) SecretValue(vaultName, name, versionID string) (value string, err error) {
	err = s.withSecret(vaultName, "show", name, func(_ *vault, sec *secret) error {
		ver := sec.find(versionID)
		if ver == nil {
			return fmt.Errorf("version %q: %w", versionID, ErrNotFound)
		}

		value = ver.value

		return nil
	})

	return value, err
}

func (s *secret) summary() SecretSummary {
	ver := s.current()
	out := SecretSummary{
		Name: s.name, Version: ver.id, Versions: len(s.versions), Enabled: ver.enabled, Managed: s.managed,
		Deleted: !s.deletedAt.IsZero(), Updated: time.Unix(ver.updated, 0).UTC(),
	}

	if ver.contentType != nil {
		out.ContentType = *ver.contentType
	}

	return out
}

// withSecret does something to a secret that is not deleted.
func (s *Store) withSecret(vaultName, verb, name string, do func(*vault, *secret) error) error {
	return s.with(vaultName, fmt.Sprintf("%s secret %q of", verb, name), func(v *vault) error {
		v.sweep(s.now())

		sec := v.secrets[lower(name)]
		if sec == nil {
			return ErrNotFound
		}

		return do(v, sec)
	})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}

	return &s
}

func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}

	return new(t.Unix())
}
