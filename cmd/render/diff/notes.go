// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"regexp"
	"slices"
	"strings"
)

// Announcement begins an entry of the release notes that announces a restart of Pods. The entry is machine-read:
//
//   - It is a list item that begins with the announcement, and continues in indented lines.
//   - It names each changed field of the Deployment in backquotes, by a path that begins with spec.template.
//   - A path includes all fields below it. Empty brackets are any element of a list:
//     `spec.template.spec.containers[].securityContext` is that field of every container.
//
// .github/CONTRIBUTING.md describes the format for authors.
const Announcement = "- **Rolls pods:**"

var (
	// announcement matches an entry with the lines that continue it.
	announcement = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(Announcement) + `.*(\n +\S.*)*`)

	// almost matches the first line of any entry about Pods, also one that only looks like an announcement.
	almost = regexp.MustCompile(`(?mi)^ *[-*+] +\W*(rolls|restarts) pods\b.*$`)

	announcedField = regexp.MustCompile("`(" + regexp.QuoteMeta(podTemplate) + "[^`]*)`")
)

// Unannounced returns the paths of changes that restart Pods and that no new entry of the release notes names.
func Unannounced(changes []Change, before, after string) []string {
	// Counting allows entries to be moved or reworded, and a field to be announced again by a later version.
	announced := map[string]int{}
	for _, f := range announcedFields(after) {
		announced[f]++
	}

	for _, f := range announcedFields(before) {
		announced[f]--
	}

	var fields []*regexp.Regexp

	for f, n := range announced {
		if n > 0 {
			fields = append(fields, withAllInIt(f))
		}
	}

	var out []string

	for _, c := range changes {
		names := func(field *regexp.Regexp) bool { return field.MatchString(c.Path) }
		if c.Verdict == RollsPods && !slices.ContainsFunc(fields, names) && !slices.Contains(out, c.Path) {
			out = append(out, c.Path)
		}
	}

	return out
}

// Malformed returns the first lines of entries that look like an announcement but announce nothing: they begin differently, or name
// no field.
func Malformed(notes string) []string {
	var out []string

	for _, line := range almost.FindAllString(notes, -1) {
		if !strings.HasPrefix(line, Announcement) {
			out = append(out, line)
		}
	}

	for _, entry := range announcement.FindAllString(notes, -1) {
		if !announcedField.MatchString(entry) {
			line, _, _ := strings.Cut(entry, "\n")
			out = append(out, line)
		}
	}

	return out
}

// announcedFields returns the fields that release notes announce.
func announcedFields(notes string) []string {
	var out []string

	for _, entry := range announcement.FindAllString(notes, -1) {
		for _, match := range announcedField.FindAllStringSubmatch(entry, -1) {
			out = append(out, match[1])
		}
	}

	return out
}

// withAllInIt returns a pattern for the paths of a field and of all fields below it. Empty brackets match any element of a list.
func withAllInIt(field string) *regexp.Regexp {
	path := strings.ReplaceAll(regexp.QuoteMeta(field), `\[\]`, `\[[^]]*\]`)

	// A space precedes the order of a list.
	return regexp.MustCompile(`^` + path + `($|[.\[ ])`)
}
