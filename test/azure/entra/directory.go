// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package entra stands in for Entra ID: tenants, applications and managed identities with their credentials, and the endpoints that
// turn a credential into an access token.
package entra

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxFederatedCredentials is Entra ID's maximum number of federated credentials for one identity.
const maxFederatedCredentials = 20

// maxFieldLength is the maximum length of an issuer, a subject or an audience of a federated
// credential.
const maxFieldLength = 600

// An Application is an identity that can get tokens: an app registration with its service principal, or a managed identity.
type Application struct {
	// TenantID, ClientID and PrincipalID are GUIDs. Role assignments name the principal id.
	TenantID    string `json:"tenantId,omitempty"`
	ClientID    string `json:"clientId,omitempty"`
	PrincipalID string `json:"principalId"`

	// ClientSecret, if the application has one.
	ClientSecret string `json:"clientSecret,omitempty"`
}

// A FederatedCredential lets tokens of another issuer authenticate an application.
type FederatedCredential struct {
	// Name, unique in its application.
	Name string `json:"name,omitempty"`

	// Issuer and Subject are compared byte by byte with the claims iss and sub.
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`

	// Audiences has exactly one entry, which the claim aud must equal.
	Audiences []string `json:"audiences"`

	// Delay is the propagation time of the credential, which has no effect before.
	Delay time.Duration `json:"-"`
}

// A KeySource returns the JSON Web Key Set of an issuer.
type KeySource func(ctx context.Context) ([]byte, error)

// Directory has the tenants, applications and issuers of Entra ID. It is safe for concurrent use.
type Directory struct {
	now func() time.Time

	mu      sync.RWMutex
	tenants map[string]*tenant
	issuers map[string]*issuer
}

type tenant struct {
	id           string
	applications map[string]*application
}

// An application in the directory is immutable: a change replaces it.
type application struct {
	Application

	credentials []credential
}

type credential struct {
	FederatedCredential

	// from is the time at which it has propagated.
	from time.Time
}

// NewDirectory returns an empty directory that uses the clock now.
func NewDirectory(now func() time.Time) *Directory {
	return &Directory{now: now, tenants: map[string]*tenant{}, issuers: map[string]*issuer{}}
}

// PutTenant creates a tenant, unless it exists.
func (d *Directory) PutTenant(id string) error {
	id, err := guid("tenant", id)
	if err != nil {
		return err
	}

	d.mu.Lock()
	defer d.mu.Unlock()

	if d.tenants[id] == nil {
		d.tenants[id] = &tenant{id: id, applications: map[string]*application{}}
	}

	return nil
}

// PutApplication creates or changes an application. Its federated credentials stay.
func (d *Directory) PutApplication(a Application) error {
	var errs [3]error

	a.TenantID, errs[0] = guid("tenant", a.TenantID)
	a.ClientID, errs[1] = guid("client", a.ClientID)
	a.PrincipalID, errs[2] = guid("principal", a.PrincipalID)

	d.mu.Lock()
	defer d.mu.Unlock()

	was, t := d.find(a.TenantID, a.ClientID)

	switch err := errors.Join(errs[:]...); {
	case err != nil:
		return fmt.Errorf("cannot register application: %w", err)
	case t == nil:
		return fmt.Errorf("cannot register application %q: there is no tenant %q", a.ClientID, a.TenantID)
	}

	changed := &application{Application: a}
	if was != nil {
		changed.credentials = was.credentials
	}

	t.applications[a.ClientID] = changed

	return nil
}

// DeleteApplication deletes an application and its credentials, and reports whether it existed.
func (d *Directory) DeleteApplication(tenantID, clientID string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()

	t := d.tenants[strings.ToLower(tenantID)]
	if t == nil || t.applications[strings.ToLower(clientID)] == nil {
		return false
	}

	delete(t.applications, strings.ToLower(clientID))

	return true
}

// PutFederatedCredential creates or changes a federated credential, within Entra ID's limits.
func (d *Directory) PutFederatedCredential(tenantID, clientID string, c FederatedCredential) error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("cannot register federated credential %q: %w", c.Name, err)
	}

	d.mu.Lock()
	defer d.mu.Unlock()

	a, t := d.find(tenantID, clientID)
	if a == nil {
		return fmt.Errorf("cannot register federated credential %q: there is no application %q in tenant %q", c.Name, clientID, tenantID)
	}

	c.Audiences = slices.Clone(c.Audiences)
	changed := &application{Application: a.Application}

	for _, other := range a.credentials {
		if other.Name == c.Name {
			continue
		}

		if other.Issuer == c.Issuer && other.Subject == c.Subject {
			return fmt.Errorf("cannot register federated credential %q: %q has its issuer and subject", c.Name, other.Name)
		}

		changed.credentials = append(changed.credentials, other)
	}

	if len(changed.credentials) >= maxFederatedCredentials {
		return fmt.Errorf("cannot register federated credential %q: there are %d, which is the limit", c.Name, maxFederatedCredentials)
	}

	changed.credentials = append(changed.credentials, credential{FederatedCredential: c, from: d.now().Add(c.Delay)})
	t.applications[a.ClientID] = changed

	return nil
}

// DeleteFederatedCredential deletes a federated credential, and reports whether it existed.
func (d *Directory) DeleteFederatedCredential(tenantID, clientID, name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()

	a, t := d.find(tenantID, clientID)
	if a == nil {
		return false
	}

	changed := &application{Application: a.Application}
	changed.credentials = slices.DeleteFunc(slices.Clone(a.credentials), func(c credential) bool { return c.Name == name })
	t.applications[a.ClientID] = changed

	return len(changed.credentials) < len(a.credentials)
}

// HasPrincipal reports whether a tenant has an application with that principal id.
func (d *Directory) HasPrincipal(tenantID, principalID string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()

	if t := d.tenants[strings.ToLower(tenantID)]; t != nil {
		for _, a := range t.applications {
			if strings.EqualFold(a.PrincipalID, principalID) {
				return true
			}
		}
	}

	return false
}

// HasTenant reports whether a tenant exists.
func (d *Directory) HasTenant(id string) bool {
	known, _ := d.lookup(id, "")

	return known != ""
}

// FederatedCredentials returns the federated credentials of an application, in the order of their
// creation.
func (d *Directory) FederatedCredentials(tenantID, clientID string) []FederatedCredential {
	_, a := d.lookup(tenantID, clientID)
	if a == nil {
		return nil
	}

	out := make([]FederatedCredential, 0, len(a.credentials))
	for _, c := range a.credentials {
		out = append(out, c.FederatedCredential)
	}

	return out
}

// PutIssuer registers the keys of an issuer, as a JSON Web Key Set.
func (d *Directory) PutIssuer(issuerURL string, jwks []byte) error {
	if _, err := parseKeys(jwks); err != nil {
		return fmt.Errorf("cannot register issuer %q: %w", issuerURL, err)
	}

	return d.PutIssuerSource(issuerURL, func(context.Context) ([]byte, error) { return jwks, nil })
}

// PutIssuerSource registers a source of the keys of an issuer. It is used when a token has an unknown key id.
func (d *Directory) PutIssuerSource(issuerURL string, source KeySource) error {
	if err := validateIssuer(issuerURL); err != nil {
		return fmt.Errorf("cannot register issuer %q: %w", issuerURL, err)
	}

	d.mu.Lock()
	defer d.mu.Unlock()

	d.issuers[issuerURL] = &issuer{source: source}

	return nil
}

// The lock must be held.
func (d *Directory) find(tenantID, clientID string) (*application, *tenant) {
	t := d.tenants[strings.ToLower(tenantID)]
	if t == nil {
		return nil, nil
	}

	return t.applications[strings.ToLower(clientID)], t
}

// lookup returns a tenant's canonical id and its application. Either is empty if it does not exist.
func (d *Directory) lookup(tenantID, clientID string) (string, *application) {
	d.mu.RLock()
	defer d.mu.RUnlock()

	a, t := d.find(tenantID, clientID)
	if t == nil {
		return "", nil
	}

	return t.id, a
}

func (c FederatedCredential) validate() error {
	if c.Name == "" || len(c.Audiences) != 1 {
		return fmt.Errorf("it needs a name and exactly one audience, and has %d", len(c.Audiences))
	}

	for _, field := range []string{c.Issuer, c.Subject, c.Audiences[0]} {
		if field == "" || len(field) > maxFieldLength || strings.ContainsRune(field, '*') {
			return fmt.Errorf("its issuer, subject and audience have 1 to %d characters, without wildcards", maxFieldLength)
		}
	}

	return validateIssuer(c.Issuer)
}

func validateIssuer(issuerURL string) error {
	u, err := url.Parse(issuerURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("an issuer is an https URL without query and fragment")
	}

	return nil
}

// guid returns an id in its canonical form.
func guid(what, id string) (string, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != len(parsed.String()) {
		return "", fmt.Errorf("its %s id %q is not a GUID", what, id)
	}

	return parsed.String(), nil
}
