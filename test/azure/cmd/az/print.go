// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"
)

var (
	// path matches a path such as oidcIssuerProfile.issuerUrl, and fields an object such as {clientId:clientId,
	// objectId:principalId}.
	path   = regexp.MustCompile(`^\w+(\.\w+)*$`)
	fields = regexp.MustCompile(`^\{\s*\w+\s*:\s*\w+(\.\w+)*(\s*,\s*\w+\s*:\s*\w+(\.\w+)*)*\s*\}$`)
)

// print prints an answer: a value at a path as tsv, or a table of fields with one row.
func (c *cli) print(out io.Writer, answer object) (err error) {
	switch {
	case c.Output == "none" || len(answer) == 0:
	case c.Output == "json" && c.Query == "":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(answer)
	case c.Output == "tsv" && path.MatchString(c.Query):
		fmt.Fprintln(out, find(answer, c.Query))
	case c.Output == "table" && fields.MatchString(c.Query):
		var names, lines, values []string

		for field := range strings.SplitSeq(strings.Trim(c.Query, "{} "), ",") {
			name, from, _ := strings.Cut(field, ":")
			name = strings.TrimSpace(name)
			names, lines = append(names, strings.ToUpper(name[:1])+name[1:]), append(lines, strings.Repeat("-", len(name)))
			values = append(values, find(answer, strings.TrimSpace(from)))
		}

		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, row := range [][]string{names, lines, values} {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}

		err = w.Flush()
	default:
		err = fmt.Errorf("output %s of query %q is not simulated", c.Output, c.Query)
	}

	if err != nil {
		return fmt.Errorf("cannot print: %w", err)
	}

	return nil
}

// find returns the value at a path as text, or nothing.
func find(value any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		o, _ := value.(object)
		value = o[name]
	}

	if value == nil {
		return ""
	}

	return fmt.Sprint(value)
}
