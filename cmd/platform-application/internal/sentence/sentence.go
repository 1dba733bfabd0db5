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

// A Template is a sentence with parameters: {name}, or {name:q} for one in quotes.
type Template string

// With has parameters by name. A value may be a list of strings, or anything that fmt prints.
type With map[string]any

var parameter = regexp.MustCompile(`\{([a-zA-Z]+)(:q)?\}`)

// Render returns the sentence with its parameters.
func (t Template) Render(with With) string {
	return parameter.ReplaceAllStringFunc(string(t), func(p string) string {
		name, quoted := strings.CutSuffix(strings.Trim(p, "{}"), ":q")

		value := fmt.Sprint(with[name])
		if list, ok := with[name].([]string); ok {
			value = strings.Join(list, ", ")
		}

		if quoted {
			return strconv.Quote(value)
		}

		return value
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
