// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"maps"
	"net/http"
	"slices"

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
	}

	return wire.JSON(http.StatusOK, c.vault.bundle(s, ver))
}

// find returns the secret and the version of the call. Either may be nil.
func (c *call) find() (*secret, *version) {
	s := c.vault.secrets[lower(c.name)]
	if s == nil {
		return nil, nil
	}

	return s, s.find(c.version)
}

// id returns the id of the secret or version, for messages.
func (c *call) id() string {
	if c.version == "" {
		return c.name
	}

	return c.name + "/" + c.version
}

// list answers with a page of the secrets: the properties of their current versions, without a version.
func (c *call) list() wire.Answer {
	v := c.vault

	return c.page("secrets", sorted(v.secrets), func(name string) bundle {
		s := v.secrets[name]

		return v.describe(s, s.current(), v.url("secrets", s.name, ""))
	})
}

// listVersions answers with a page of the versions of a secret, sorted by id. For a missing secret the page is empty, not 404, as
// the recordings of azsecrets in github.com/Azure/azure-sdk-for-go show for a name that never existed.
func (c *call) listVersions() wire.Answer {
	s := c.vault.secrets[lower(c.name)]
	if s == nil {
		s = &secret{name: c.name}
	}

	byID := make(map[string]*version, len(s.versions))
	for _, ver := range s.versions {
		byID[ver.id] = ver
	}

	return c.page("secrets/"+s.name+"/versions", slices.Sorted(maps.Keys(byID)), func(id string) bundle {
		return c.vault.describe(s, byID[id], c.vault.url("secrets", s.name, id))
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

// page answers with the items for some of the sorted keys, and a link to the next page.
func (c *call) page(path string, keys []string, item func(string) bundle) wire.Answer {
	start, found := slices.BinarySearch(keys, c.query.after)
	if found {
		start++
	}

	var out struct {
		Value    []bundle `json:"value"`
		NextLink *string  `json:"nextLink"`
	}

	page := keys[start:]
	if len(page) > maxPage {
		page = page[:maxPage]
		out.NextLink = new(c.vault.nextLink(path, page[len(page)-1], c.query))
	}

	out.Value = make([]bundle, 0, len(page))
	for _, key := range page {
		out.Value = append(out.Value, item(key))
	}

	return wire.JSON(http.StatusOK, out)
}
