// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package sentence renders sentences. Code decides on values, and the sentences of a package are in one table of templates.
package sentence

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Template is a sentence with parameters: {name}, {name:q} for one in quotes, or {name:sh} for one of a command, quoted for a
// shell.
type Template string

// With has parameters by name. A value may be a list of strings, a sentence that was rendered before, or anything that fmt
// prints. Manifests that no API server has validated are read, so each parameter becomes one line of bounded length.
type With map[string]any

var parameter = regexp.MustCompile(`\{([a-zA-Z]+)(?::(q|sh))?\}`)

// Render returns the sentence with its parameters.
func (t Template) Render(with With) string {
	return parameter.ReplaceAllStringFunc(string(t), func(p string) string {
		m := parameter.FindStringSubmatch(p)

		if rendered, ok := with[m[1]].(fmt.Stringer); ok {
			return OneLine(rendered.String(), maxRendered)
		}

		list, isList := with[m[1]].([]string)
		if !isList {
			list = []string{fmt.Sprint(with[m[1]])}
		}

		items, separator := make([]string, len(list)), ", "

		for i, text := range list {
			switch m[2] {
			case "q":
				items[i] = strconv.Quote(text[:min(len(text), maxParameter)])
			case "sh":
				items[i], separator = Quoted(Printable(text), 0), " "
			default:
				items[i] = Printable(text)
			}
		}

		return strings.Join(items, separator)
	})
}

// Parameters returns the names of the parameters, in the order of the sentence.
func (t Template) Parameters() []string {
	var out []string
	for _, m := range parameter.FindAllStringSubmatch(string(t), -1) {
		out = append(out, m[1])
	}

	return out
}
