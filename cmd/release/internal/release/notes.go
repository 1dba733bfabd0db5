// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/semver"
)

const (
	// operatorNotes has a section for each version, with the changes that operators must know.
	operatorNotes = "docs/operations/release-notes.md"

	// unreleased is the section of the next version.
	unreleased = "Unreleased"
)

// Notes returns the notes of a version in Markdown: the changes that operators must know, the commits since the previous version,
// the published artifacts, and how to verify them.
func Notes(ctx context.Context, root, version, dir string) (string, error) {
	changes, err := changesFor(root, version)
	if err != nil {
		return "", err
	}

	tags, err := git(ctx, root, "tag", "--list", "v*", "--merged", "refs/tags/"+version)
	if err != nil {
		return "", err
	}

	var out strings.Builder

	fmt.Fprintf(&out, "%s\n", withoutRelativeLinks(changes))

	if before := versionBefore(version, strings.Fields(tags)); before != "" {
		commits, err := git(ctx, root, "log", "--no-merges", "--format=%h %s", "refs/tags/"+before+"..refs/tags/"+version)
		if err != nil {
			return "", err
		}

		fmt.Fprintf(&out, "\n## Commits since %s\n\n", before)

		out.WriteString(list(commits))
	}

	images, err := os.ReadFile(filepath.Join(dir, imagesFile)) //nolint:gosec // In the directory of a release.
	if err != nil {
		return "", fmt.Errorf("cannot read digests: %w", err)
	}

	fmt.Fprintf(&out, "\n## Verify\n\nEach artifact is signed, and has attestations for its bill of materials (SPDX) and its provenance (SLSA):\n\n```\n%s```\n\n"+
		"```sh\ncosign verify IMAGE \\\n  --certificate-identity=%s%s \\\n  --certificate-oidc-issuer=https://token.actions.githubusercontent.com\n"+
		"cosign verify-blob %s --bundle=%s \\\n  --certificate-identity=%[2]s%[3]s \\\n  --certificate-oidc-issuer=https://token.actions.githubusercontent.com\n"+
		"sha256sum --check --ignore-missing %[4]s\n```\n", images, identity, version, checksumsFile, checksumsProof)

	return out.String(), nil
}

// Limits of the list of commits. GitHub accepts 125,000 characters as the notes of a release, and refuses longer ones when the
// artifacts have been published.
const (
	maxCommits = 250
	maxSubject = 100
)

// list returns the first commits of a log with lines of hash and subject.
func list(commits string) string {
	var out strings.Builder

	lines := slices.Collect(strings.Lines(commits))
	for _, line := range lines[:min(len(lines), maxCommits)] {
		hash, subject, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if runes := []rune(subject); len(runes) > maxSubject {
			subject = string(runes[:maxSubject]) + "…"
		}

		fmt.Fprintf(&out, "- %s (%s)\n", code(subject), hash)
	}

	if more := len(lines) - maxCommits; more > 0 {
		fmt.Fprintf(&out, "- and %d more\n", more)
	}

	return out.String()
}

// versionBefore returns the tag of the version before a version, or nothing. The version before a release is a release, so that
// its notes include the changes of its candidates.
func versionBefore(version string, tags []string) string {
	before := ""

	for _, tag := range tags {
		if semver.Canonical(tag) != tag || semver.Compare(tag, version) >= 0 || semver.Compare(tag, before) <= 0 {
			continue
		}

		if semver.Prerelease(version) == "" && semver.Prerelease(tag) != "" {
			continue
		}

		before = tag
	}

	return before
}

// changesFor returns the section of a version in the release notes. The section of a candidate is Unreleased.
func changesFor(root, version string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, operatorNotes)) //nolint:gosec // A file of the repository.
	if err != nil {
		return "", fmt.Errorf("cannot read release notes: %w", err)
	}

	section := version
	if semver.Prerelease(version) != "" {
		section = unreleased
	}

	_, rest, found := strings.Cut(string(data), "\n## "+section+"\n")
	if !found {
		return "", fmt.Errorf("cannot find the section %q in %s: rename section %q to it, and tag that commit", section, operatorNotes, unreleased)
	}

	own, _, _ := strings.Cut(rest, "\n## ")

	return strings.TrimSpace(own), nil
}

// relativeLink matches a link to another page.
var relativeLink = regexp.MustCompile(`\[([^\]]*)\]\((?:[^):]*)\)`)

// withoutRelativeLinks replaces relative links by their texts, because they do not work outside of the page.
func withoutRelativeLinks(markdown string) string {
	return relativeLink.ReplaceAllString(markdown, "$1")
}

// code returns text as a code span of Markdown. The subjects of commits can come from anyone, and in a code span they cannot
// become links, images, mentions or HTML. A carriage return would end the line, so characters that do not print are dropped.
func code(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}

		return -1
	}, text)

	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}

	// Markdown strips these spaces. They separate the fence from a backquote of the text.
	return fence + " " + text + " " + fence
}
