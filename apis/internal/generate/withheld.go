// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/fn/envmap"
)

const withheldIntro = `# Withheld variables

A key of a secret does not become a variable of these names, whether it has the name, becomes it or does so after
` + "`prefix`" + `: whoever may write values must not choose what runs. Case does not matter. ` + "`*`" + ` stands for any characters.

An application gets such a variable if its manifest [asks for it by name](../how-to/write-a-manifest.md#withheld-names)
with ` + "`env`" + `, or sets it in ` + "`config`" + `. What was withheld is in ` + "`status.environment.withheld`" + `.

A platform adds names, or allows some, with ` + "`secrets.withheldVariables`" + ` and ` + "`secrets.allowedVariables`" + ` of its
[settings](platformconfig.md).
`

// withheldPage lists the names that the function withholds, in Markdown.
func withheldPage(groups []envmap.Group) string {
	var b strings.Builder
	b.WriteString(withheldIntro)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\nThese %s.\n\n%s\n", g.Title, g.Reason, codes(g.Names))
		if len(g.Except) > 0 {
			fmt.Fprintf(&b, "\nNot these, which hold something else: %s\n", codes(g.Except))
		}
	}
	return b.String()
}

// codes returns names in order, those with an asterisk last.
func codes(names []string) string {
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int {
		if x, y := strings.Contains(a, "*"), strings.Contains(b, "*"); x != y {
			if x {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return "`" + strings.Join(names, "`, `") + "`"
}
