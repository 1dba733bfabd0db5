// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Grant is a role of a principal at a scope, or the trust of an identity in a ServiceAccount.
type Grant struct {
	// Who is the person or program with the role, and Principal its principal in Azure.
	Who, Principal string
	Role           string
	// Note limits the role, or has the time of its assignment.
	Note  string
	Scope string
}

const (
	whoWidth   = 310
	roleWidth  = 290
	scopeLeft  = 20 + whoWidth + roleWidth
	scopeRight = 940
	grantRow   = 52
)

// drawScopes draws the roles of principals, from the subscription to single resources.
func drawScopes(grants []Grant) *canvas {
	c := &canvas{width: 960, title: "Roles and scopes of one application in Azure"}

	said := make([]string, len(grants))
	for i, g := range grants {
		kind, name := scope(g.Scope)
		said[i] = fmt.Sprintf("%s: %s on %s %s", g.Who, strings.TrimSuffix(g.Role+", "+g.Note, ", "), kind, name)
	}

	c.desc = strings.Join(said, "; ") + "."

	header := bold(12, "muted")
	c.text(header, 20, 28, "Who")
	c.text(header, 20+whoWidth+14, 28, "has which role")
	c.text(header, scopeLeft, 28, "on what")

	scopes := map[string]bool{}

	for _, g := range grants {
		for s := g.Scope; s != ""; s = parent(s) {
			scopes[s] = true
		}
	}

	y := 40

	for _, s := range slices.Sorted(maps.Keys(scopes)) {
		if parent(s) == "" {
			y = c.scope(s, scopes, grants, 0, y) + 10
		}
	}

	return c
}

// scope draws a box with the principals of a scope, and the narrower scopes in it. It returns where the box ends.
func (c *canvas) scope(s string, scopes map[string]bool, grants []Grant, depth, y int) int {
	top, x := y, scopeLeft+16*depth
	kind, name := scope(s)

	c.text(plain(11, "muted"), x+12, y+17, kind)
	c.text(bold(12, "text"), x+12, y+33, name)

	for _, g := range grants {
		if g.Scope == s {
			c.grant(g, x, y)
			y += grantRow
		}
	}

	y = max(y, top+40)

	for _, narrower := range slices.Sorted(maps.Keys(scopes)) {
		if parent(narrower) == s {
			y = c.scope(narrower, scopes, grants, depth+1, y+4) + 8
		}
	}

	c.rect(x, top, scopeRight-16*depth-x, y-top, "", "line")

	return y
}

// grant draws a principal and its role.
func (c *canvas) grant(g Grant, x, y int) {
	c.rect(20, y+4, whoWidth, 42, "panel", "line")

	who, principal, role := bold(12, "text"), plain(11, "muted"), plain(12, "text")
	c.text(who, 32, y+21, who.cut(g.Who, whoWidth-24))
	c.text(principal, 32, y+37, principal.cut(g.Principal, whoWidth-24))
	c.arrow(20+whoWidth, y+25, x, y+25)
	c.text(role, 20+whoWidth+14, y+19, role.cut(g.Role, roleWidth-24))

	if g.Note != "" {
		c.text(principal, 20+whoWidth+14, y+40, principal.cut(g.Note, roleWidth-24))
	}
}

// parent returns the next wider scope at which a role can be assigned.
func parent(s string) string {
	if before, _, ok := strings.Cut(s, "/providers/"); ok {
		return before
	}

	before, _, ok := strings.Cut(s, "/resourceGroups/")
	if !ok {
		return ""
	}

	return before
}

// scope returns the type and the name of a scope.
func scope(s string) (kind, name string) {
	kinds := map[string]string{
		"subscriptions": "Subscription", "resourceGroups": "Resource group", "vaults": "Key Vault", "userAssignedIdentities": "Identity",
	}
	parts := strings.Split(s, "/")

	return kinds[parts[len(parts)-2]], parts[len(parts)-1]
}
