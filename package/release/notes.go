// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"
)

const (
	// operatorNotes say what operators have to know about each version.
	operatorNotes = "docs/operations/release-notes.md"

	// unreleased is the section of what the next version has.
	unreleased = "Unreleased"
)

// Notes on a version, in Markdown: what operators have to know, the commits since the version before, what was pushed, and how to
// verify it.
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

		for line := range strings.Lines(commits) {
			hash, subject, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			fmt.Fprintf(&out, "- %s (%s)\n", plain(subject), hash)
		}
	}

	images, err := os.ReadFile(filepath.Join(dir, imagesFile)) //nolint:gosec // In the directory of a release.
	if err != nil {
		return "", fmt.Errorf("cannot read digests: %w", err)
	}

	fmt.Fprintf(&out, "\n## Verify\n\nEach of these is signed, and has a bill of materials (SPDX) and a provenance (SLSA) attested:\n\n```\n%s```\n\n"+
		"```sh\ncosign verify IMAGE \\\n  --certificate-identity=%s%s \\\n  --certificate-oidc-issuer=https://token.actions.githubusercontent.com\n"+
		"cosign verify-blob %s --bundle=%s \\\n  --certificate-identity=%[2]s%[3]s \\\n  --certificate-oidc-issuer=https://token.actions.githubusercontent.com\n"+
		"sha256sum --check --ignore-missing %[4]s\n```\n", images, identity, version, checksumsFile, checksumsProof)

	return out.String(), nil
}

// versionBefore a version among tags, or nothing. A candidate is followed by its release, whose notes are about all since the
// release before.
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

// changesFor operators who upgrade to a version: its section of the release notes. A candidate has none of its own.
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
		return "", fmt.Errorf("cannot find the section %q in %s: rename %q to it, and tag that commit", section, operatorNotes, unreleased)
	}

	own, _, _ := strings.Cut(rest, "\n## ")

	return strings.TrimSpace(own), nil
}

// relativeLink to another page.
var relativeLink = regexp.MustCompile(`\[([^\]]*)\]\((?:[^):]*)\)`)

// withoutRelativeLinks leaves their texts: the page that they are relative to is elsewhere.
func withoutRelativeLinks(markdown string) string {
	return relativeLink.ReplaceAllString(markdown, "$1")
}

// plain text in Markdown.
func plain(text string) string {
	return regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|~]").ReplaceAllString(text, `\$0`)
}
