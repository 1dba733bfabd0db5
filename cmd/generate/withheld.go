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

Keys of secrets do not become variables with these names, not even after a conversion of the name or with
` + "`prefix`" + `, because the writers of values must not control which code runs. Case does not matter. ` + "`*`" + ` stands for any characters.

An application gets such a variable if its manifest [lists it by name](../how-to/write-a-manifest.md#withheld-names)
in ` + "`env`" + `, or sets it in ` + "`config`" + `. ` + "`status.environment.withheld`" + ` lists the withheld keys.

A platform can add names, or allow some, with ` + "`secrets.withheldVariables`" + ` and ` + "`secrets.allowedVariables`" + ` of its
[settings](platformconfig.md).
`

// withheldPage returns the page of withheld names in Markdown.
func withheldPage(groups []envmap.Group) string {
	var b strings.Builder
	b.WriteString(withheldIntro)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\nThese %s.\n\n%s\n", g.Title, g.Reason, codes(g.Names))
		if len(g.Except) > 0 {
			fmt.Fprintf(&b, "\nExceptions, which have another meaning: %s\n", codes(g.Except))
		}
	}

	return b.String()
}

// codes returns sorted names as code, those with an asterisk last.
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
