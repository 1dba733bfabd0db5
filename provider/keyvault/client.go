// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// createdByTag marks versions that the provider has created, for readers of the vault.
const (
	createdByTag   = "created-by"
	createdByValue = "provider-keyvault-secretsync"
)

// A Client accesses one vault with one identity. Each call has a deadline and is sent once, or
// twice if the vault rejects its token. Errors are of type *Error.
type Client struct {
	secrets    *azsecrets.Client
	uri        string
	credential *credential
	limiter    *limiter
	timeout    time.Duration
	// connections to the vault.
	connections *reconnecting
}

// newClient of a vault.
func newClient(uri string, c *credential, options azcore.ClientOptions, l *limiter, timeout time.Duration) (*Client, error) {
	host, in, err := parseVault(uri)
	if err != nil {
		return nil, err
	}

	connections := &reconnecting{}

	options.Cloud = in
	options.PerCallPolicies = append(slices.Clone(options.PerCallPolicies), renewing{}, connections)
	options.PerRetryPolicies = append(slices.Clone(options.PerRetryPolicies), forgetting{credential: c}, vaultOnly{host: host, cloud: in})

	secrets, err := azsecrets.NewClient(uri, c, &azsecrets.ClientOptions{ClientOptions: options})
	if err != nil {
		return nil, fmt.Errorf("cannot make a client of %s: %w", uri, err)
	}

	return &Client{secrets: secrets, uri: uri, credential: c, limiter: l, timeout: timeout, connections: connections}, nil
}

// A Listing bounds a list, because a team controls the number of secrets in its vault.
type Listing struct {
	// Keep reports whether to return a secret. Nil: return all.
	Keep func(name string) bool
	// Next runs before each page except the first, with the number of previous pages. An
	// error ends the list. Nil: the only bound is MaxPages.
	Next func(ctx context.Context, pages int) error
}

// kept returns the properties of the secrets on a page to return.
func (l Listing) kept(page []*azsecrets.SecretProperties) []Properties {
	var list []Properties

	for _, v := range page {
		if p := properties(v.ID, v.Attributes, v.ContentType); l.Keep == nil || l.Keep(p.Name) {
			list = append(list, p)
		}
	}

	return list
}

// MaxPages of a list. A page has up to 25 entries, and may be empty.
const MaxPages = 400

// List the properties of secrets, without values and versions. It sends one request for every
// 25 secrets of the vault, and needs memory for one page and for the returned secrets.
func (c *Client) List(ctx context.Context, l Listing) ([]Properties, error) {
	var list []Properties

	operation := "list secrets of " + c.uri
	pager := c.secrets.NewListSecretPropertiesPager(nil)

	for pages := 0; pager.More(); pages++ {
		if pages == MaxPages {
			return nil, tooManyPages(operation)
		}

		if pages > 0 && l.Next != nil {
			if err := l.Next(ctx, pages); err != nil {
				return nil, classify(err, operation)
			}
		}

		err := c.call(ctx, operation, func(ctx context.Context) error {
			page, err := pager.NextPage(ctx)
			if err = checkPage(page.Value, err); err != nil {
				return err
			}

			list = append(list, l.kept(page.Value)...)

			return nil
		})
		if err != nil {
			return nil, err
		}
	}

	return list, nil
}

func tooManyPages(operation string) *Error {
	return &Error{Reason: TooLarge, Operation: operation, Cause: finding.Finding{Reason: finding.ListTooLong, Limit: MaxPages}}
}

// Get a version of a secret. An empty version is the latest.
func (c *Client) Get(ctx context.Context, name, version string) (Secret, error) {
	s := Secret{}
	err := c.call(ctx, fmt.Sprintf("get secret %q from %s", name, c.uri), func(ctx context.Context) error {
		r, err := c.secrets.GetSecret(ctx, name, version, nil)
		if err != nil {
			return err
		}

		p := properties(r.ID, r.Attributes, r.ContentType)
		if !strings.EqualFold(p.Name, name) || p.Version == "" || r.Value == nil {
			return errUnexpected()
		}

		s = Secret{Properties: p, Value: *r.Value}

		return nil
	})

	return s, err
}

// Deleted reports whether a secret is deleted and recoverable. Applications normally have no
// permission to ask.
func (c *Client) Deleted(ctx context.Context, name string) (bool, error) {
	err := c.call(ctx, fmt.Sprintf("get deleted secret %q from %s", name, c.uri), func(ctx context.Context) error {
		_, err := c.secrets.GetDeletedSecret(ctx, name, nil)
		return err
	})
	if ReasonOf(err) == NotFound {
		return false, nil
	}

	return err == nil, err
}

// Create a missing secret. Key Vault has no conditional write, so Create reads before and after
// it writes: if another client has written a version in between, Create restores that version
// as the latest one and returns the error Exists.
func (c *Client) Create(ctx context.Context, name, contentType, value string) (Properties, error) {
	exists := &Error{Reason: Exists, Operation: fmt.Sprintf("create secret %q in %s", name, c.uri), Cause: finding.Finding{Reason: finding.SecretExists}}

	_, err := c.Get(ctx, name, "")

	switch ReasonOf(err) {
	case NotFound:
	case "", Disabled:
		return Properties{}, exists
	default:
		return Properties{}, err
	}

	p, err := c.set(ctx, exists.Operation, name, azsecrets.SetSecretParameters{
		Value: &value, ContentType: &contentType, Tags: map[string]*string{createdByTag: new(createdByValue)},
	})
	if err != nil {
		return Properties{}, err
	}

	// Not canceled when the provider stops, so that the check is never left out.
	switch others, err := c.giveWay(context.WithoutCancel(ctx), name, p.Version); {
	case slices.Contains([]Reason{NotFound, Disabled, Deleted, BeingDeleted, BeingRecovered}, ReasonOf(err)):
		// Another client has deleted or disabled the secret since then, on purpose.
		return Properties{}, exists
	case err != nil:
		return Properties{}, err
	case others:
		return Properties{}, exists
	}

	return p, nil
}

// giveWayTries allows for concurrent writes. Without them, one try is enough.
const giveWayTries = 3

// giveWay to other clients that wrote a secret at the same moment: if our version is the
// latest, their last version replaces it. It reports whether there were other writes. If our
// version is not in the list of versions, another client has deleted it. Empty structures that
// another provider created do not count as values.
func (c *Client) giveWay(ctx context.Context, name, ours string) (bool, error) {
	written, restored := map[string]bool{ours: true}, ""

	for range giveWayTries {
		theirs, there, err := c.theirs(ctx, name, ours, written)
		if err != nil {
			return restored != "", err
		}

		if !there {
			return true, nil
		}

		if theirs == "" || theirs == restored {
			return restored != "", nil
		}

		latest, err := c.Get(ctx, name, "")
		if err != nil {
			return true, err
		}

		if !written[latest.Version] {
			return true, nil
		}

		// Another client may write again before this write, so the loop checks once more.
		version, err := c.restore(ctx, name, theirs)
		if err != nil {
			return true, err
		}

		restored, written[version] = theirs, true
	}

	return true, nil
}

// theirs returns the last version of a secret that another client has written, if any, and
// whether our version is listed. It adds to written the versions of all providers.
func (c *Client) theirs(ctx context.Context, name, ours string, written map[string]bool) (version string, there bool, err error) {
	var last Properties

	operation := fmt.Sprintf("list versions of secret %q in %s", name, c.uri)
	pager := c.secrets.NewListSecretPropertiesVersionsPager(name, nil)

	for pages := 0; pager.More(); pages++ {
		if pages == MaxPages {
			return "", false, tooManyPages(operation)
		}

		err := c.call(ctx, operation, func(ctx context.Context) error {
			page, err := pager.NextPage(ctx)
			if err = checkPage(page.Value, err); err != nil {
				return err
			}

			for _, v := range page.Value {
				p := properties(v.ID, v.Attributes, v.ContentType)
				there = there || p.Version == ours

				switch {
				case ptr.Deref(v.Tags[createdByTag], "") == createdByValue:
					written[p.Version] = true
				case !written[p.Version] && !p.Created.Before(last.Created):
					last = p
				}
			}

			return nil
		})
		if err != nil {
			return "", false, err
		}
	}

	return last.Version, there, nil
}

// restore a version with all of its attributes as the latest version, and return the new one.
func (c *Client) restore(ctx context.Context, name, version string) (string, error) {
	operation := fmt.Sprintf("restore version %s of secret %q in %s", version, name, c.uri)
	p := azsecrets.SetSecretParameters{}

	err := c.call(ctx, operation, func(ctx context.Context) error {
		r, err := c.secrets.GetSecret(ctx, name, version, nil)
		if err != nil {
			return err
		}

		p.Value, p.ContentType, p.Tags = r.Value, r.ContentType, r.Tags
		if a := r.Attributes; a != nil {
			p.SecretAttributes = &azsecrets.SecretAttributes{Enabled: a.Enabled, NotBefore: a.NotBefore, Expires: a.Expires}
		}

		return nil
	})
	if err != nil {
		return "", err
	}

	latest, err := c.set(ctx, operation, name, p)

	return latest.Version, err
}

// set writes a new version of a secret.
func (c *Client) set(ctx context.Context, operation, name string, parameters azsecrets.SetSecretParameters) (Properties, error) {
	p := Properties{}
	err := c.call(ctx, operation, func(ctx context.Context) error {
		r, err := c.secrets.SetSecret(ctx, name, parameters, nil)
		p = properties(r.ID, r.Attributes, r.ContentType)

		return err
	})

	return p, err
}

// call with a deadline, within the limits of requests, and classify its error.
func (c *Client) call(ctx context.Context, operation string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	paused, err := c.limiter.wait(ctx)
	if paused > 0 {
		return &Error{Reason: Throttled, Operation: operation, Cause: finding.Finding{Reason: finding.VaultThrottled}, RetryAfter: paused}
	}

	if err != nil {
		return &Error{Reason: Throttled, Operation: operation, Cause: finding.Finding{Reason: finding.TooManyRequests}}
	}

	err = do(ctx)
	if err == nil {
		c.limiter.answered()
		c.connections.suspect.Store(false)

		return nil
	}

	e := classify(err, operation)
	c.connections.suspect.Store(e.Reason == Unreachable)

	// A response of Entra ID says nothing about the vault.
	if _, fromVault := errors.AsType[*azcore.ResponseError](err); fromVault && e.Status == http.StatusTooManyRequests {
		e.RetryAfter = c.limiter.throttled(e.RetryAfter)
	}

	return e
}

// errUnexpected is the error of a successful response without what Key Vault always sends. A proxy may have sent it.
func errUnexpected() *Error {
	return &Error{Reason: Unreachable, Status: http.StatusOK, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: http.StatusOK}}
}

// checkPage returns the error of a page, which must have a list, even if that is empty, and only secrets with a name. All
// secrets would seem to be missing otherwise.
func checkPage(page []*azsecrets.SecretProperties, err error) error {
	if err != nil {
		return err
	}

	if page == nil || slices.ContainsFunc(page, func(p *azsecrets.SecretProperties) bool { return p == nil || properties(p.ID, nil, nil).Name == "" }) {
		return errUnexpected()
	}

	return nil
}

// properties of a secret whose ID is https://my-vault.vault.azure.net/secrets/name/version. The methods of azsecrets.ID panic
// if it has no name.
func properties(id *azsecrets.ID, a *azsecrets.SecretAttributes, contentType *string) Properties {
	p := Properties{ContentType: ptr.Deref(contentType, ""), Enabled: true}

	_, path, _ := strings.Cut(string(ptr.Deref(id, "")), "/secrets/")
	p.Name, p.Version, _ = strings.Cut(path, "/")

	if a != nil {
		p.Enabled = ptr.Deref(a.Enabled, true)
		p.Created, p.Updated = ptr.Deref(a.Created, time.Time{}), ptr.Deref(a.Updated, time.Time{})
		p.NotBefore, p.Expires = ptr.Deref(a.NotBefore, time.Time{}), ptr.Deref(a.Expires, time.Time{})
	}

	return p
}

// toAuthority returns options of a credential that gets its tokens from Entra ID.
func toAuthority(options azcore.ClientOptions) azcore.ClientOptions {
	options.PerRetryPolicies = append(slices.Clone(options.PerRetryPolicies), authorityOnly{cloud: options.Cloud})

	return options
}

// clientOptions of all clients of Azure. Clients never retry.
func clientOptions(transport policy.Transporter) azcore.ClientOptions {
	return azcore.ClientOptions{
		Transport: transport,
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{ApplicationID: "keyvault-secretsync"},
	}
}
