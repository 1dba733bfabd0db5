// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/cmd/render/diff"
	"github.com/p6m-dev/platform-application/cmd/render/render"
)

// releaseNotes announce changes that restart Pods.
const releaseNotes = "docs/operations/release-notes.md"

var (
	errBroken      = errors.New("a manifest that rendered before is now rejected")
	errForbidden   = errors.New("the upgrade makes a forbidden change")
	errUnannounced = fmt.Errorf("an upgrade must not restart Pods unless a new entry in %s begins with %q and names the fields in backquotes",
		releaseNotes, diff.Announcement)
	errMalformed = fmt.Errorf("an entry about Pods in %s must begin with %q and name fields of the Deployment in backquotes", releaseNotes, diff.Announcement)
)

// compare renders the examples of an earlier version with that version and with the repository at the root, and compares the
// resources. The examples and the EnvironmentConfig of the earlier version stand for the users' own.
func compare(ctx context.Context, stdout io.Writer, root, from, example string) (err error) {
	dir, err := os.MkdirTemp("", "platform-application-diff-")
	if err != nil {
		return fmt.Errorf("cannot create a directory for the earlier version: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	if err := checkout(ctx, root, from, dir); err != nil {
		return err
	}

	var requests []render.Request

	if !render.IsBuilt(example) {
		if requests, err = render.Requests(dir, example); err != nil {
			return fmt.Errorf("cannot use the examples of %s: %w", from, err)
		}
	}

	earlier, err := render.Start(ctx, dir)
	if err != nil {
		return fmt.Errorf("cannot render as %s does: %w", from, err)
	}
	defer func() { err = errors.Join(err, earlier.Close()) }()

	now, err := render.Start(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, now.Close()) }()

	var (
		compared int
		found    []diff.Change
	)

	report := func(p pair) {
		changes := diff.Compare(p.before, p.after, p.observed)

		lines := []string{"same     " + p.name}
		if len(changes) > 0 {
			lines[0] = "changed  " + p.name
		}

		for _, c := range changes {
			lines = append(lines, "  "+c.String())
		}

		compared++
		found = append(found, changes...)

		fmt.Fprintln(stdout, strings.Join(lines, "\n"))
	}

	err = eachRequest(ctx, earlier, now.WithExamples(dir), requests, report)
	if err == nil {
		err = eachBuild(ctx, earlier, now.WithExamples(dir), dir, root, example, report)
	}

	if err != nil {
		return fmt.Errorf("cannot compare with %s: %w", from, err)
	}

	fmt.Fprintf(stdout, "%d renderings compared with %s: %d changes, of which %d roll pods and %d are forbidden\n", compared, from,
		len(found), count(found, diff.RollsPods), count(found, diff.Forbidden))

	return verdict(found, root, dir)
}

// verdict returns an error if a change is forbidden or not announced.
func verdict(found []diff.Change, root, earlier string) error {
	if count(found, diff.Forbidden) > 0 {
		return errForbidden
	}

	before, err := notes(earlier)
	if err != nil {
		return err
	}

	after, err := notes(root)
	if err != nil {
		return err
	}

	if entries := diff.Malformed(after); len(entries) > 0 {
		return fmt.Errorf("%w: %s", errMalformed, strings.Join(entries, "; "))
	}

	if fields := diff.Unannounced(found, before, after); len(fields) > 0 {
		return fmt.Errorf("%w: %s", errUnannounced, strings.Join(fields, ", "))
	}

	return nil
}

// count returns the number of changes with that verdict.
func count(changes []diff.Change, v diff.Verdict) int {
	n := 0

	for _, c := range changes {
		if c.Verdict == v {
			n++
		}
	}

	return n
}

// notes returns the release notes of a version. An early version has none.
func notes(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, releaseNotes))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot read release notes: %w", err)
	}

	return string(data), nil
}

// A pair of renderings of the same thing.
type pair struct {
	name                    string
	before, after, observed []*unstructured.Unstructured
}

// newPair returns the renderings before and after, for the same observed resources.
func newPair(name string, before, after []byte, observed []*unstructured.Unstructured) (pair, error) {
	was, err := render.Objects(before)
	if err != nil {
		return pair{}, fmt.Errorf("cannot read rendering of %s: %w", name, err)
	}

	is, err := render.Objects(after)
	if err != nil {
		return pair{}, fmt.Errorf("cannot read rendering of %s: %w", name, err)
	}

	return pair{name: name, before: was, after: is, observed: observed}, nil
}

// eachRequest reports a pair for each example at each stage, when the resources that the earlier version composes are running.
func eachRequest(ctx context.Context, earlier, now *render.Harness, requests []render.Request, report func(pair)) error {
	for _, r := range requests {
		first, err := earlier.Render(ctx, r)
		if err != nil {
			return err
		}

		before, observed, err := earlier.RenderNext(ctx, r, first)
		if err != nil {
			return err
		}

		after, _, err := now.RenderNext(ctx, r, first)
		if err != nil {
			return fmt.Errorf("%w: %w", errBroken, err)
		}

		p, err := newPair(r.String(), before, after, observed)
		if err != nil {
			return err
		}

		report(p)
	}

	return nil
}

// eachBuild reports a pair for each overlay and for the chart, when all their composed resources exist. Teams keep their overlays
// and values, and get the new chart.
func eachBuild(ctx context.Context, earlier, now *render.Harness, before, after, example string, report func(pair)) error {
	was, err := render.Builds(ctx, before, before, example)
	if err != nil {
		return err
	}

	is, err := render.Builds(ctx, before, after, example)
	if err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}

	for _, v := range render.Variants() {
		for i, b := range was {
			rendered, observed, err := earlier.Settle(ctx, v, b.Manifest)
			if err != nil {
				return err
			}

			again, err := now.RenderManifest(ctx, v, is[i].Manifest, observed)
			if err != nil {
				return fmt.Errorf("%w: %w", errBroken, err)
			}

			has, err := render.Objects(observed)
			if err != nil {
				return fmt.Errorf("cannot read observed resources of %s: %w", b.Name, err)
			}

			p, err := newPair(filepath.Join(string(v), b.Name), rendered, again, has)
			if err != nil {
				return err
			}

			report(p)
		}
	}

	return nil
}

// checkout extracts a commit of the repository into a directory. It does not change the repository.
func checkout(ctx context.Context, root, commit, dir string) error {
	if commit == "" {
		return errors.New("cannot compare without a version to upgrade from, such as make diff FROM=v0.1.0")
	}

	if _, err := git(ctx, root, "rev-parse", "--verify", "--quiet", commit+"^{commit}"); err != nil {
		return fmt.Errorf("cannot find commit or tag %q in this clone: list tags with git tag, or fetch them with git fetch --tags --unshallow", commit)
	}

	archive, err := git(ctx, root, "archive", "--format=tar", commit)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", commit, err)
	}

	var stderr bytes.Buffer

	tar := exec.CommandContext(ctx, "tar", "--extract", "--directory="+dir)
	tar.Stdin, tar.Stderr = bytes.NewReader(archive), &stderr

	if err := tar.Run(); err != nil {
		return fmt.Errorf("cannot extract %s: %w\n%s", commit, err, stderr.Bytes())
	}

	return nil
}

// git runs git in the repository, and returns its output.
func git(ctx context.Context, root string, args ...string) ([]byte, error) {
	var out, stderr bytes.Buffer

	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = &out, &stderr

	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w\n%s", args[0], err, stderr.Bytes())
	}

	return out.Bytes(), nil
}
