// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"regexp"
	"slices"
	"strings"
)

// Announcement begins an entry of the release notes about Pods that are started anew. The entry names the fields of the Deployment
// that change, each in backquotes: `spec.template.spec.containers[].securityContext` is that field of every container, with all
// that is in it.
const Announcement = "- **Rolls pods:**"

var (
	// announcement is an entry with the lines that continue it.
	announcement = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(Announcement) + `.*(\n +\S.*)*`)

	announcedField = regexp.MustCompile("`(" + regexp.QuoteMeta(podTemplate) + "[^`]*)`")
)

// Unannounced returns the paths of changes that restart Pods and that no new entry of the release notes names.
func Unannounced(changes []Change, before, after string) []string {
	// Fields are counted, so that an entry may be moved or reworded, and a field be announced in more than one version.
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

// announcedFields of release notes, as they are written.
func announcedFields(notes string) []string {
	var out []string

	for _, entry := range announcement.FindAllString(notes, -1) {
		for _, match := range announcedField.FindAllStringSubmatch(entry, -1) {
			out = append(out, match[1])
		}
	}

	return out
}

// withAllInIt matches the paths of a field and of all that is in it. Empty brackets are any element of a list.
func withAllInIt(field string) *regexp.Regexp {
	path := strings.ReplaceAll(regexp.QuoteMeta(field), `\[\]`, `\[[^]]*\]`)

	// After a space it is the order of a list.
	return regexp.MustCompile(`^` + path + `($|[.\[ ])`)
}
