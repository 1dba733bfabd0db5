// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package role

import (
	"regexp"
	"slices"
	"strings"
)

const assignments = "Microsoft.Authorization/roleAssignments"

// A Condition limits the roles that the holder of an assignment may assign to others and take from them. It is the condition of
// docs/how-to/set-up-a-platform.md, and no other is evaluated.
type Condition struct{ write, remove []string }

// A Question to a condition has the action, the role in the request, and the role of the existing assignment.
type Question struct{ Action, Requested, Existing string }

var setUp = regexp.MustCompile("^" + limit("/write", "@Request") + " AND " + limit("/delete", "@Resource") + "$")

func limit(action, source string) string {
	return regexp.QuoteMeta("((!(ActionMatches{'"+assignments+action+"'})) OR ("+source+"["+assignments+":RoleDefinitionId] "+
		"ForAnyOfAnyValues:GuidEquals {") + `([\w, -]+)` + regexp.QuoteMeta("}))")
}

// ParseCondition returns nil for any other text.
func ParseCondition(text string) *Condition {
	match := setUp.FindStringSubmatch(text)
	if match == nil {
		return nil
	}

	return &Condition{write: strings.Split(match[1], ", "), remove: strings.Split(match[2], ", ")}
}

// Allows reports whether a request is allowed. Without a condition, it is.
func (c *Condition) Allows(q Question) bool {
	switch {
	case c != nil && strings.EqualFold(q.Action, assignments+"/write"):
		return slices.Contains(c.write, strings.ToLower(q.Requested))
	case c != nil && strings.EqualFold(q.Action, assignments+"/delete"):
		return slices.Contains(c.remove, strings.ToLower(q.Existing))
	default:
		return true
	}
}
