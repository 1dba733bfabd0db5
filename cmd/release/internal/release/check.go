// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
)

// A Checker checks whether a tag can be released.
type Checker struct {
	API        string `default:"https://api.github.com"       env:"GITHUB_API_URL"                                    help:"Address of GitHub's API."          name:"api"`
	Repository string `default:"p6m-dev/platform-application" env:"GITHUB_REPOSITORY"                                 help:"Owner and name of the repository." name:"repository"`
	Token      string `env:"GITHUB_TOKEN"                     help:"Token with permission to read runs of workflows." name:"token"`
	Branch     string `default:"main"                         help:"Branch of releases."                              name:"branch"`
	Workflow   string `default:"ci.yaml"                      help:"Workflow that must have passed."                  name:"workflow"`
}

// Check returns an error if the version cannot be released: it is invalid, its tag is not checked out or not on the branch, files are
// not committed, the release notes have no section for it, or its checks have not passed.
func (c Checker) Check(ctx context.Context, root, version string) error {
	// Validate first, because the version becomes an argument of git.
	if err := build.CheckVersion(version); err != nil {
		return err
	}

	commit, err := git(ctx, root, "rev-parse", "--verify", "refs/tags/"+version+"^{commit}")
	if err != nil {
		return fmt.Errorf("cannot find the tag: %w", err)
	}

	head, err := git(ctx, root, "rev-parse", "--verify", "HEAD")
	if err != nil {
		return err
	}

	if head != commit {
		return fmt.Errorf("cannot release %s: commit %s is checked out, and the tag is at %s", version, head, commit)
	}

	changed, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return err
	}

	if changed != "" {
		return fmt.Errorf("cannot release %s: files are not committed:\n%s", version, changed)
	}

	if _, err := git(ctx, root, "merge-base", "--is-ancestor", commit, "refs/remotes/origin/"+c.Branch); err != nil {
		return fmt.Errorf("cannot release %s: its commit %s is not on branch %s. Merge it, and tag the merged commit: %w", version, commit, c.Branch, err)
	}

	if _, err := changesFor(root, version); err != nil {
		return err
	}

	return c.passed(ctx, version, commit)
}

// passed returns an error unless the newest checks of a commit on the branch have passed.
func (c Checker) passed(ctx context.Context, version, commit string) error {
	query := url.Values{"head_sha": {commit}, "branch": {c.Branch}, "event": {"push"}, "per_page": {"1"}}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.API+"/repos/"+c.Repository+"/actions/workflows/"+c.Workflow+"/runs?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("cannot get the checks of %s: %w", commit, err)
	}

	req.Header.Set("Accept", "application/vnd.github+json")

	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}

	rsp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("cannot get the checks of %s: %w", commit, err)
	}
	defer rsp.Body.Close() //nolint:errcheck // It was read.

	if rsp.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot get the checks of %s: %s returned %s", commit, req.URL.Host, rsp.Status)
	}

	var found struct {
		Runs []struct {
			Commit     string `json:"head_sha"`
			Conclusion string `json:"conclusion"`
			URL        string `json:"html_url"`
		} `json:"workflow_runs"`
	}
	if err := json.NewDecoder(rsp.Body).Decode(&found); err != nil {
		return fmt.Errorf("cannot read the checks of %s: %w", commit, err)
	}

	if len(found.Runs) == 0 || found.Runs[0].Commit != commit {
		return fmt.Errorf("cannot release %s: workflow %s has not run for commit %s on branch %s", version, c.Workflow, commit, c.Branch)
	}

	if run := found.Runs[0]; run.Conclusion != "success" {
		return fmt.Errorf("cannot release %s: %s has not passed. Run the release again after it has passed", version, run.URL)
	}

	return nil
}

// TimeOf returns the time of the commit that is checked out.
func TimeOf(ctx context.Context, root string) (time.Time, error) {
	committed, err := git(ctx, root, "show", "--no-patch", "--format=%cI", "HEAD")
	if err != nil {
		return time.Time{}, err
	}

	at, err := time.Parse(time.RFC3339, committed)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot parse time of the commit: %w", err)
	}

	return at, nil
}

// git returns the output of a git command in the repository at root.
func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // The arguments are ours.
	cmd.Dir = root

	var said bytes.Buffer
	cmd.Stderr = &said

	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], errors.Join(err, errorOf(said.String())))
	}

	return strings.TrimSpace(string(out)), nil
}

// errorOf returns the output of a program as an error, or nil if it is empty.
func errorOf(said string) error {
	if said = strings.TrimSpace(said); said != "" {
		return errors.New(said)
	}

	return nil
}
