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

	"github.com/p6m-dev/platform-application/test/render"
	"github.com/p6m-dev/platform-application/test/render/diff"
)

// releaseNotes announce what starts Pods anew.
const releaseNotes = "docs/operations/release-notes.md"

var (
	errForbidden   = errors.New("an upgrade must not do that")
	errUnannounced = fmt.Errorf("an upgrade must not start Pods anew unless a new entry in %s begins with %q and names the fields, in backquotes",
		releaseNotes, diff.Announcement)
)

// compare what the examples of an earlier version become with it, and with the repository at that root. They are what users
// have, and so is their EnvironmentConfig.
func compare(ctx context.Context, stdout io.Writer, root, from, example string) (err error) {
	dir, err := os.MkdirTemp("", "platform-application-diff-")
	if err != nil {
		return fmt.Errorf("cannot create a directory for the earlier version: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	if err := checkout(ctx, root, from, dir); err != nil {
		return err
	}

	requests, err := render.Requests(dir, example)
	if err != nil {
		return fmt.Errorf("cannot use the examples of %s: %w", from, err)
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

	var found []diff.Change

	for _, r := range requests {
		changes, err := changesOf(ctx, earlier, now.WithExamples(dir), r)
		if err != nil {
			return fmt.Errorf("cannot compare with %s: %w", from, err)
		}

		report := []string{"same     " + r.String()}
		if len(changes) > 0 {
			report[0] = "changed  " + r.String()
		}

		found = append(found, changes...)

		for _, c := range changes {
			report = append(report, "  "+c.String())
		}

		fmt.Fprintln(stdout, strings.Join(report, "\n"))
	}

	fmt.Fprintf(stdout, "%d renderings compared with %s: %d changes, of which %d roll pods, and %d are forbidden\n", len(requests), from,
		len(found), count(found, diff.RollsPods), count(found, diff.Forbidden))

	return verdict(found, root, dir)
}

// verdict is an error if what was found must not be.
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

	if fields := diff.Unannounced(found, before, after); len(fields) > 0 {
		return fmt.Errorf("%w: %s", errUnannounced, strings.Join(fields, ", "))
	}

	return nil
}

// count the changes with that verdict.
func count(changes []diff.Change, v diff.Verdict) int {
	n := 0

	for _, c := range changes {
		if c.Verdict == v {
			n++
		}
	}

	return n
}

// notes on the releases of a version. An early one may have none.
func notes(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, releaseNotes))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot read release notes: %w", err)
	}

	return string(data), nil
}

func changesOf(ctx context.Context, earlier, now *render.Harness, r render.Request) ([]diff.Change, error) {
	before, err := earlier.Render(ctx, r)
	if err != nil {
		return nil, err
	}

	after, err := now.Render(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("a manifest that worked does not work any more: %w", err)
	}

	was, err := render.Objects(before)
	if err != nil {
		return nil, fmt.Errorf("cannot read rendering of %s: %w", r, err)
	}

	is, err := render.Objects(after)
	if err != nil {
		return nil, fmt.Errorf("cannot read rendering of %s: %w", r, err)
	}

	has, err := earlier.Observed(r)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is observed of %s: %w", r, err)
	}

	return diff.Compare(was, is, has), nil
}

// checkout the repository at that root, as it was at a commit, into a directory. The repository itself stays as it is.
func checkout(ctx context.Context, root, commit, dir string) error {
	if commit == "" {
		return errors.New("cannot compare with nothing: say what is upgraded from: make diff FROM=v0.1.0")
	}

	if _, err := git(ctx, root, "rev-parse", "--verify", "--quiet", commit+"^{commit}"); err != nil {
		return fmt.Errorf("there is no commit or tag %q in this clone: look for it with git tag, or get it with git fetch --tags --unshallow", commit)
	}

	archive, err := git(ctx, root, "archive", "--format=tar", commit)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", commit, err)
	}

	var said bytes.Buffer

	tar := exec.CommandContext(ctx, "tar", "--extract", "--directory="+dir)
	tar.Stdin, tar.Stderr = bytes.NewReader(archive), &said

	if err := tar.Run(); err != nil {
		return fmt.Errorf("cannot extract %s: %w\n%s", commit, err, said.Bytes())
	}

	return nil
}

// git runs in the repository, and returns what it prints.
func git(ctx context.Context, root string, args ...string) ([]byte, error) {
	var out, said bytes.Buffer

	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = &out, &said

	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w\n%s", args[0], err, said.Bytes())
	}

	return out.Bytes(), nil
}
