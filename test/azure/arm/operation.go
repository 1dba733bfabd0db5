// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// pageSize is the number of elements on a page of a list.
const pageSize = 100

// right is the action that the caller needs permission for.
func (c *call) right() string {
	if strings.HasPrefix(c.action, "/") {
		return cmp.Or(c.typ, c.name) + c.action
	}

	return c.action
}

// page answers with a part of a list and a link to the next one.
func (c *call) page(all []any) wire.Answer {
	query := c.request.URL.Query()

	from := 0

	if token := query.Get("$skipToken"); token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(all) {
			return badRequest("The skip token '%s' is not valid.", token)
		}
	}

	to := min(from+pageSize, len(all))
	answer := map[string]any{"value": list(all[from:to])}

	if to < len(all) {
		query.Set("$skipToken", strconv.Itoa(to))
		next := url.URL{Scheme: "https", Host: Host, Path: c.request.URL.Path, RawQuery: query.Encode()}
		answer["nextLink"] = next.String()
	}

	return wire.JSON(http.StatusOK, answer)
}

// padded adds made-up elements to a list.
func padded(all []any, n int, one func(i int) any) []any {
	for i := range n {
		all = append(all, one(i))
	}

	return all
}

// changes reports whether the request writes, and whether it deletes.
func (c *call) changes() (write, remove bool) {
	remove = strings.HasSuffix(c.action, "/delete")

	return remove || strings.HasSuffix(c.action, "/write"), remove
}

// readOrDelete carries out an operation other than a write on a resource.
func (c *call) readOrDelete(exists bool, id string, body any, missing wire.Answer, remove func()) wire.Answer {
	_, deletes := c.changes()

	switch {
	case !exists && deletes:
		return wire.Answer{Status: http.StatusNoContent}
	case !exists:
		return missing
	case deletes:
		remove()
		c.note(id).Deleted++
	}

	return wire.JSON(http.StatusOK, body)
}
