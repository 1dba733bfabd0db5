package keyvault

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// get answers with a version of a secret, and its value.
func (c *call) get() wire.Answer {
	s, ver := c.find()

	switch {
	case ver == nil:
		return notFound(c.id())
	case !ver.enabled:
		return disabled("get")
	case c.query.outContentType != "":
		return c.convert(s, ver)
	}

	return wire.Answer{Status: http.StatusOK, Body: c.vault.bundle(s, ver)}
}

// find returns the secret and the version that a call names, which may both be nil.
func (c *call) find() (*secret, *version) {
	s := c.vault.secrets[lower(c.name)]
	if s == nil {
		return nil, nil
	}

	return s, s.find(c.version)
}

// id is what a call names, for messages.
func (c *call) id() string {
	if c.version == "" {
		return c.name
	}

	return c.name + "/" + c.version
}

// list answers with a page of the secrets.
func (c *call) list() wire.Answer {
	v := c.vault
	if v.names == nil {
		v.names = sorted(v.secrets)
	}

	return c.page("secrets", v.names, func(name string) []byte { return v.item(v.secrets[name]) })
}

// listVersions answers with a page of the versions of a secret, in the order of their ids. Of one that is not there it is empty, and
// not 404, as the recordings of azsecrets in github.com/Azure/azure-sdk-for-go show for a name that never existed.
func (c *call) listVersions() wire.Answer {
	s := c.vault.secrets[lower(c.name)]
	if s == nil {
		s = &secret{name: c.name}
	}

	byID := make(map[string]*version, len(s.versions))
	for _, ver := range s.versions {
		byID[ver.id] = ver
	}

	return c.page("secrets/"+s.name+"/versions", slices.Sorted(maps.Keys(byID)), func(id string) []byte {
		return c.vault.listed(s, byID[id])
	})
}

// listDeleted answers with a page of the secrets that can be recovered.
func (c *call) listDeleted() wire.Answer {
	v := c.vault
	if v.deletedNames == nil {
		v.deletedNames = sorted(v.deletedSecrets)
	}

	return c.page("deletedsecrets", v.deletedNames, func(name string) []byte {
		s := v.deletedSecrets[name]

		return encode(v.grave(s, v.describe(s, s.current(), v.url("secrets", s.name, ""))))
	})
}

// getDeleted answers with a secret that can be recovered, without its value.
func (c *call) getDeleted() wire.Answer {
	s := c.vault.deletedSecrets[lower(c.name)]
	if s == nil {
		return deletedNotFound(c.name)
	}

	return wire.JSON(http.StatusOK, c.vault.grave(s, c.vault.properties(s, s.current())))
}

// page answers with the items of some of the sorted keys, and where to go on.
func (c *call) page(path string, keys []string, item func(string) []byte) wire.Answer {
	start, found := slices.BinarySearch(keys, c.query.after)
	if found {
		start++
	}

	page := keys[start:]
	next := "null"

	if len(page) > c.query.maxResults {
		page = page[:c.query.maxResults]
		next = quote(c.vault.nextLink(path, page[len(page)-1], c.query))
	}

	var b strings.Builder

	b.WriteString(`{"value":[`)

	for i, key := range page {
		if i > 0 {
			b.WriteByte(',')
		}

		b.Write(item(key))
	}

	b.WriteString(`],"nextLink":`)
	b.WriteString(next)
	b.WriteByte('}')

	return wire.Answer{Status: http.StatusOK, Body: []byte(b.String())}
}

func quote(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // A string is always JSON.
	}

	return string(data)
}
