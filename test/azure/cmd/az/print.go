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

// A cell is a column's name and its value.
type cell struct {
	name  string
	value any
}

// print prints the result of the query.
func (c *cli) print(out io.Writer, answer object) error {
	cells := []cell{}

	switch {
	case c.Output == "none" || len(answer) == 0:
		return nil
	case c.Query == "" && c.Output == "json":
		return encode(out, answer)
	case path.MatchString(c.Query):
		cells = append(cells, cell{"Result", find(answer, c.Query)})
	case fields.MatchString(c.Query):
		for field := range strings.SplitSeq(strings.Trim(c.Query, "{} "), ",") {
			name, from, _ := strings.Cut(field, ":")
			cells = append(cells, cell{strings.TrimSpace(name), find(answer, strings.TrimSpace(from))})
		}
	default:
		return fmt.Errorf("cannot print %s of query %q", c.Output, c.Query)
	}

	switch {
	case c.Output == "json" && path.MatchString(c.Query):
		return encode(out, cells[0].value)
	case c.Output == "json":
		values := object{}
		for _, one := range cells {
			values[one.name] = one.value
		}

		return encode(out, values)
	default:
		return table(out, cells, c.Output == "table")
	}
}

func encode(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")

	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("cannot print: %w", err)
	}

	return nil
}

// table prints a table with one row, with or without a header.
func table(out io.Writer, cells []cell, head bool) error {
	var names, lines, values []string

	for _, one := range cells {
		name := strings.ToUpper(one.name[:1]) + one.name[1:]
		names, lines, values = append(names, name), append(lines, strings.Repeat("-", len(name))), append(values, text(one.value))
	}

	if !head {
		fmt.Fprintln(out, strings.Join(values, "\t"))

		return nil
	}

	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][]string{names, lines, values} {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}

	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print: %w", err)
	}

	return nil
}

// text returns a value as text, or nothing.
func text(value any) string {
	if value == nil {
		return ""
	}

	return fmt.Sprint(value)
}

// find returns the value at a path.
func find(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		o, _ := value.(object)
		value = o[name]
	}

	return value
}
