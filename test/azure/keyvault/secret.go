// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// These are Azure's limits of a secret, and the number of secrets on a page of a list. Clients of today cannot ask for fewer.
const (
	maxValue = 25 * 1024
	maxTags  = 15
	maxPage  = 25
)

var (
	validName    = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)
	validVersion = regexp.MustCompile(`^[0-9a-f]{32}$`)
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

// A version of a secret, with everything that clients get except ids and what is the same for all versions.
type version struct {
	azsecrets.Secret

	id string
}

func newVersion(value string, now time.Time) *version {
	var id [16]byte

	_, _ = rand.Read(id[:]) // Never fails.

	return &version{id: hex.EncodeToString(id[:]), Secret: azsecrets.Secret{
		Value: &value, Attributes: &azsecrets.SecretAttributes{Enabled: new(true), Created: &now, Updated: &now},
	}}
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

// describe returns a version without its value. An item of a list of secrets has an id without a version.
func (v *vault) describe(s *secret, ver *version, id string) azsecrets.Secret {
	out := ver.Secret
	out.Value, out.ID = nil, new(azsecrets.ID(v.url("secrets", s.name, id)))

	if s.managed {
		out.Managed, out.KID = new(true), new(azsecrets.ID(v.url("keys", s.name, id)))
	}

	return out
}

// grave returns a deleted secret, without its value.
func (v *vault) grave(s *secret) azsecrets.DeletedSecret {
	d := v.describe(s, s.current(), s.current().id)

	return azsecrets.DeletedSecret{
		Attributes: d.Attributes, ContentType: d.ContentType, ID: d.ID, Managed: d.Managed, KID: d.KID, Tags: d.Tags,
		RecoveryID: new(v.url("deletedsecrets", s.name, "")), DeletedDate: &s.deletedAt, ScheduledPurgeDate: &s.purgeAt,
	}
}

func (v *vault) url(collection, name, version string) string {
	return strings.TrimSuffix("https://"+lower(v.Name)+Suffix+"/"+collection+"/"+name+"/"+version, "/")
}

func lower(name string) string { return strings.ToLower(name) }

// find returns the secret and the version of the call. Either may be nil.
func (c *call) find() (*secret, *version) {
	s := c.vault.secrets[lower(c.name)]
	if s == nil {
		return nil, nil
	}

	return s, s.find(c.version)
}

// get answers with a version of a secret, and its value.
func (c *call) get() wire.Answer {
	s, ver := c.find()

	switch {
	case ver == nil:
		return notFound(strings.TrimSuffix(c.name+"/"+c.version, "/"))
	case !*ver.Attributes.Enabled:
		return refuse(http.StatusForbidden, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret.")
	}

	out := c.vault.describe(s, ver, ver.id)
	out.Value = ver.Value

	return wire.JSON(http.StatusOK, out)
}

// list answers with a page of the secrets: the properties of their current versions.
func (c *call) list() wire.Answer {
	v := c.vault

	return c.page("secrets", slices.Sorted(maps.Keys(v.secrets)), func(name string) azsecrets.Secret {
		out := v.describe(v.secrets[name], v.secrets[name].current(), "")
		out.KID = nil

		return out
	})
}

// listVersions answers with a page of the versions of a secret, sorted by id. For a missing secret the page is empty, not 404, as
// the recordings of azsecrets in github.com/Azure/azure-sdk-for-go show for a name that never existed.
func (c *call) listVersions() wire.Answer {
	s := cmp.Or(c.vault.secrets[lower(c.name)], &secret{name: c.name})

	byID := make(map[string]*version, len(s.versions))
	for _, ver := range s.versions {
		byID[ver.id] = ver
	}

	return c.page("secrets/"+s.name+"/versions", slices.Sorted(maps.Keys(byID)), func(id string) azsecrets.Secret {
		return c.vault.describe(s, byID[id], id)
	})
}

// page answers with the items for some of the sorted keys, and a link to the next page. Key Vault includes the port, and the token is
// opaque to clients.
func (c *call) page(path string, keys []string, item func(string) azsecrets.Secret) wire.Answer {
	query := c.request.URL.Query()

	start, found := slices.BinarySearch(keys, query.Get("$skiptoken"))
	if found {
		start++
	}

	out := struct {
		Value    []azsecrets.Secret `json:"value"`
		NextLink *string            `json:"nextLink"`
	}{Value: []azsecrets.Secret{}}

	page := keys[start:]
	if len(page) > maxPage {
		page = page[:maxPage]
		out.NextLink = new("https://" + lower(c.vault.Name) + Suffix + ":443/" + path + "?api-version=" + query.Get("api-version") + "&$skiptoken=" + page[maxPage-1])
	}

	for _, key := range page {
		out.Value = append(out.Value, item(key))
	}

	return wire.JSON(http.StatusOK, out)
}

// set creates a version of a secret.
func (c *call) set() wire.Answer {
	var sent azsecrets.SetSecretParameters

	// The decoder's message may contain a value, so it is dropped.
	err, s := json.Unmarshal(c.body, &sent), c.vault.secrets[lower(c.name)]

	switch busy := c.vault.busy(c.name); {
	case err != nil || sent.Value == nil:
		return badParameter("The request body is invalid, or lacks the required property 'value'.")
	case len(*sent.Value) > maxValue || len(sent.Tags) > maxTags:
		return badParameter("A value has at most %d bytes, and a secret %d tags.", maxValue, maxTags)
	case busy != nil:
		return *busy
	case c.vault.deletedSecrets[lower(c.name)] != nil:
		return conflict("ObjectIsDeletedButRecoverable", "Secret %s is currently in a deleted but recoverable "+
			"state, and its name cannot be reused; in this state, the secret can only be recovered or purged.", c.name)
	case s != nil && s.managed:
		return managedSecret("set")
	}

	ver := newVersion(*sent.Value, c.now)
	ver.apply(sent.ContentType, sent.Tags, sent.SecretAttributes)

	s = c.vault.add(c.name, ver)
	c.wrote(s.name, ver.id)

	out := c.vault.describe(s, ver, ver.id)
	out.Value = ver.Value

	return wire.JSON(http.StatusOK, out)
}

// add gives a secret a version, and makes the secret if it is new.
func (v *vault) add(name string, ver *version) *secret {
	s := v.secrets[lower(name)]
	if s == nil {
		s = &secret{name: name}
		v.secrets[lower(name)] = s
	}

	s.versions = append(s.versions, ver)

	return s
}

// apply sets the properties that were sent. Other attributes are ignored: clients send them back as they got them.
func (v *version) apply(contentType *string, tags map[string]*string, sent *azsecrets.SecretAttributes) {
	v.ContentType = cmp.Or(contentType, v.ContentType)

	if tags != nil {
		v.Tags = tags
	}

	if a := v.Attributes; sent != nil {
		a.Enabled, a.NotBefore, a.Expires = cmp.Or(sent.Enabled, a.Enabled), cmp.Or(sent.NotBefore, a.NotBefore), cmp.Or(sent.Expires, a.Expires)
	}
}

// update changes the properties of a version, but not its value.
func (c *call) update() wire.Answer {
	var sent azsecrets.UpdateSecretPropertiesParameters

	err := json.Unmarshal(c.body, &sent)

	switch s, ver := c.find(); {
	case err != nil:
		return badParameter("The request body is invalid.")
	case ver == nil:
		return notFound(c.name)
	case s.managed && sent.ContentType != nil:
		return managedSecret("update")
	default:
		ver.apply(sent.ContentType, sent.Tags, sent.SecretAttributes)
		ver.Attributes.Updated = &c.now
		c.wrote(s.name, ver.id)

		return wire.JSON(http.StatusOK, c.vault.describe(s, ver, ver.id))
	}
}

// Key Vault responds at once to a request to delete or to recover a secret, and completes it some seconds later.
// Meanwhile
//   - the secret is neither active nor deleted: 404 for both, for which the clients of Azure poll
//     (DeleteSecretOperation.cs and RecoverDeletedSecretOperation.cs in github.com/Azure/azure-sdk-for-net);
//   - a write is rejected with 409 ObjectIsBeingRecovered (github.com/Azure/azure-sdk-for-net/issues/31581 and
//     github.com/hashicorp/terraform-provider-azurerm/issues/12285) or ObjectIsBeingDeleted (recordings of
//     github.com/Azure/azure-sdk-for-js, sdk/keyvault, where a purge follows a deletion).
//
// It is an assumption that lists omit the secret, and that deletions and recoveries are rejected
// like purges.

// delete deletes a secret so that it can be recovered.
func (c *call) delete() wire.Answer {
	s := c.vault.secrets[lower(c.name)]

	switch busy := c.vault.busy(c.name); {
	case busy != nil:
		return *busy
	case s == nil:
		return notFound(c.name)
	case s.managed && !c.officer():
		return managedSecret("delete")
	}

	s.deletedAt, s.purgeAt = c.now, c.now.Add(time.Duration(c.vault.RetentionDays)*24*time.Hour)
	c.vault.begin(move{secret: s, began: c.now, deletion: true})
	c.wrote(s.name, "")

	return wire.JSON(http.StatusOK, c.vault.grave(s))
}

// deleted returns the deleted secret of the call, or a rejection.
func (c *call) deleted() (*secret, *wire.Answer) {
	if busy := c.vault.busy(c.name); busy != nil {
		return nil, busy
	}

	s := c.vault.deletedSecrets[lower(c.name)]
	if s == nil {
		return nil, new(refuse(http.StatusNotFound, "SecretNotFound", "", "Deleted Secret not found: %s", c.name))
	}

	return s, nil
}

// getDeleted answers with a secret that can be recovered, without its value.
func (c *call) getDeleted() wire.Answer {
	s, missing := c.deleted()

	switch {
	case c.vault.busy(c.name) != nil:
		return notFound(c.name)
	case missing != nil:
		return *missing
	}

	return wire.JSON(http.StatusOK, c.vault.grave(s))
}

// recover brings a deleted secret back.
func (c *call) recover() wire.Answer {
	s, refused := c.deleted()
	if refused != nil {
		return *refused
	}

	s.deletedAt, s.purgeAt = time.Time{}, time.Time{}
	c.vault.begin(move{secret: s, began: c.now})
	c.wrote(s.name, "")

	return wire.JSON(http.StatusOK, c.vault.describe(s, s.current(), s.current().id))
}

// purge removes a deleted secret for good. Only officers of the store do.
func (c *call) purge() wire.Answer {
	s, refused := c.deleted()
	if refused != nil {
		return *refused
	}

	delete(c.vault.deletedSecrets, lower(s.name))

	return wire.Answer{Status: http.StatusNoContent}
}

// A move is a deletion or a recovery in progress.
type move struct {
	secret *secret
	began  time.Time

	// deletion is true for a deletion, and false for a recovery.
	deletion bool
}

// SetTransitionTime sets how long deletions and recoveries of secrets take, including those in progress. The default is no time: a test
// holds them with an hour, and ends them with 0.
func (s *Store) SetTransitionTime(vaultName string, d time.Duration) error {
	return s.with(vaultName, "set the transition time of", func(v *vault) error {
		v.transition = d
		v.sweep(s.now())

		return nil
	})
}

// begin begins a deletion or a recovery.
func (v *vault) begin(m move) {
	delete(v.secrets, lower(m.secret.name))
	delete(v.deletedSecrets, lower(m.secret.name))
	v.moving[lower(m.secret.name)] = m
	v.sweep(m.began)
}

// sweep completes deletions and recoveries whose time has passed.
func (v *vault) sweep(now time.Time) {
	for name, m := range v.moving {
		if now.Before(m.began.Add(v.transition)) {
			continue
		}

		delete(v.moving, name)

		if m.deletion {
			v.deletedSecrets[name] = m.secret
		} else {
			v.secrets[name] = m.secret
		}
	}
}

// busy returns the rejection of a write to a secret that is being deleted or recovered, or nil.
func (v *vault) busy(name string) *wire.Answer {
	m, ok := v.moving[lower(name)]
	if !ok {
		return nil
	}

	doing := map[bool]string{true: "Deleted", false: "Recovered"}[m.deletion]

	return new(conflict("ObjectIsBeing"+doing, "Secret %s is currently being %s and cannot be re-created; retry later.", name, lower(doing)))
}
