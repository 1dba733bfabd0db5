// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// refuse returns an error in the resource manager's format.
func refuse(status int, code, format string, args ...any) wire.Answer {
	answer := wire.JSON(status, map[string]any{"error": map[string]string{"code": code, "message": fmt.Sprintf(format, args...)}})
	answer.Error = code

	return answer
}

func badRequest(format string, args ...any) wire.Answer {
	return refuse(http.StatusBadRequest, "BadRequest", format, args...)
}

func (c *call) notFound() wire.Answer {
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found. For more details please go to "+
		"https://aka.ms/ARMResourceNotFoundFix", c.id())
}

func (c *call) noParent() wire.Answer {
	return refuse(http.StatusNotFound, "ParentResourceNotFound", "Failed to perform '%s' on resource(s) of type '%s', because the parent "+
		"resource '%s' could not be found.", c.right(), c.typ, c.scope)
}

// challenge requests a token.
func (s *Manager) challenge(subscriptionID, code, message string) wire.Answer {
	tenant := "common"

	s.mu.Lock()
	if sub := s.subscriptions[strings.ToLower(subscriptionID)]; sub != nil {
		tenant = sub.TenantID
	}
	s.mu.Unlock()

	answer := refuse(http.StatusUnauthorized, code, "%s", message)
	answer.Header = http.Header{"Www-Authenticate": []string{fmt.Sprintf(
		`Bearer authorization_uri="https://login.windows.net/%s", error="invalid_token", error_description="%s"`, tenant, message)}}

	return answer
}

// read reads the body of a request.
func (c *call) read(into any) *wire.Answer {
	if err := json.Unmarshal(c.body, into); err != nil {
		return new(refuse(http.StatusBadRequest, "InvalidRequestContent",
			"The request content was invalid and could not be deserialized: '%s'.", strings.TrimPrefix(err.Error(), "json: ")))
	}

	return nil
}

// injected returns the answer of a fault.
func injected(rule fault.Rule) wire.Answer {
	code := "BadRequest"

	switch {
	case rule.Status == http.StatusTooManyRequests:
		code = "TooManyRequests"
	case rule.Status == http.StatusForbidden:
		code = "AuthorizationFailed"
	case rule.Status == http.StatusServiceUnavailable:
		code = "ServerTimeout"
	case rule.Status >= http.StatusInternalServerError:
		code = "InternalServerError"
	}

	answer := refuse(rule.Status, cmp.Or(rule.Error, code), "The request was refused on demand.")
	answer.Header = wire.RetryAfter(rule.RetryAfter)

	return answer
}

// changes reports whether the request writes, and whether it deletes.
func (c *call) changes() (write, remove bool) {
	remove = strings.HasSuffix(c.action, "/delete")

	return remove || strings.HasSuffix(c.action, "/write"), remove
}

// readOrDelete carries out an operation other than a write on a resource.
func (c *call) readOrDelete(exists bool, id string, body any, remove func()) wire.Answer {
	_, deletes := c.changes()

	switch {
	case !exists && deletes:
		return wire.Answer{Status: http.StatusNoContent}
	case !exists:
		return c.notFound()
	case deletes:
		remove()
		c.note(id).Deleted++
	}

	return wire.JSON(http.StatusOK, body)
}

// wrote counts a write, and answers it.
func (c *call) wrote(created bool, id string, body any) wire.Answer {
	if created {
		c.note(id).Created++

		return wire.JSON(http.StatusCreated, body)
	}

	c.note(id).Updated++

	return wire.JSON(http.StatusOK, body)
}

// pageSize is the number of elements on a page of a list.
const pageSize = 100

// page answers with a part of a list and a link to the next one.
func (c *call) page(all []any) wire.Answer {
	query := c.request.URL.Query()
	from, _ := strconv.Atoi(query.Get("$skipToken")) // The first page has none.
	to := min(from+pageSize, len(all))
	answer := map[string]any{"value": append([]any{}, all[from:to]...)}

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

// A Resource counts the changes of a resource through the resource manager, which may be deleted.
type Resource struct {
	ID        string `json:"id"`
	Created   int    `json:"created,omitempty"`
	Updated   int    `json:"updated,omitempty"`
	Deleted   int    `json:"deleted,omitempty"`
	Recovered int    `json:"recovered,omitempty"`
	Purged    int    `json:"purged,omitempty"`
}

// note returns the counts of a resource that is being changed.
func (c *call) note(resourceID string) *Resource {
	key := strings.ToLower(resourceID)
	if c.service.changed[key] == nil {
		c.service.changed[key] = &Resource{ID: resourceID}
	}

	return c.service.changed[key]
}

// ARMResources returns every resource that was changed through the resource manager, deleted or not, by
// id.
func (s *Manager) ARMResources() []Resource {
	s.mu.Lock()
	defer s.mu.Unlock()

	out := make([]Resource, 0, len(s.changed))
	for _, key := range slices.Sorted(maps.Keys(s.changed)) {
		out = append(out, *s.changed[key])
	}

	return out
}
