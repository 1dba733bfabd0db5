// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"regexp"
	"slices"
	"strings"
)

var (
	codeBlock  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	heading    = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unslug     = regexp.MustCompile(`[^a-z0-9_ -]`)
	linkTarget = regexp.MustCompile(`\[([^]]+)\]\([^)]*\)`)
)

// prose returns the text of a page without its code blocks.
func prose(page string) string { return codeBlock.ReplaceAllString(page, "") }

// HasSection reports whether a page has a heading with that anchor.
func HasSection(page, anchor string) bool {
	return slices.ContainsFunc(heading.FindAllStringSubmatch(prose(page), -1), func(h []string) bool {
		return strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == anchor
	})
}

// Rows returns the cells of all tables of a page, row by row, without the lines of hyphens.
func Rows(page string) [][]string {
	var rows [][]string

	for line := range strings.Lines(page) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") {
			continue
		}

		var row []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			row = append(row, strings.TrimSpace(cell))
		}

		rows = append(rows, row)
	}

	return rows
}

// Table returns the rows of the first table of a page with that header, without the header.
func Table(page string, header ...string) [][]string {
	_, after, _ := strings.Cut(page, "| "+strings.Join(header, " | ")+" |\n")
	table, _, _ := strings.Cut(after, "\n\n")

	return Rows(table)
}

// Words returns the text of a cell, without marks and link targets.
func Words(cell string) string {
	return strings.NewReplacer("`", "", "*", "").Replace(linkTarget.ReplaceAllString(cell, "$1"))
}
