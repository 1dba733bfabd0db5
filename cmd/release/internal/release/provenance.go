// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Run is a run of a workflow on GitHub, as its variables describe it.
type Run struct {
	Server     string `env:"GITHUB_SERVER_URL"   help:"Server of the repository."                                  name:"server"      required:""`
	Repository string `env:"GITHUB_REPOSITORY"   help:"Owner and name of the repository."                          name:"repository"  required:""`
	Ref        string `env:"GITHUB_REF"          help:"Git reference of the run."                                  name:"ref"         required:""`
	Commit     string `env:"GITHUB_SHA"          help:"Commit of the run."                                         name:"commit"      required:""`
	Workflow   string `env:"GITHUB_WORKFLOW_REF" help:"Path of the workflow in its repository, and its reference." name:"workflow"    required:""`
	ID         string `env:"GITHUB_RUN_ID"       help:"Number of the run."                                         name:"run-id"      required:""`
	Attempt    string `env:"GITHUB_RUN_ATTEMPT"  help:"Number of the attempt."                                     name:"run-attempt" required:""`
}

// predicate returns the provenance of the artifacts of a run: a predicate of SLSA, version 1, with the build type of GitHub's
// workflows.
func (r Run) predicate() ([]byte, error) {
	if slices.Contains([]string{r.Server, r.Repository, r.Ref, r.Commit, r.Workflow, r.ID, r.Attempt}, "") {
		return nil, errors.New("cannot determine the origin of the release: GitHub sets GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_REF, " +
			"GITHUB_SHA, GITHUB_WORKFLOW_REF, GITHUB_RUN_ID and GITHUB_RUN_ATTEMPT; set them all")
	}

	type object map[string]any

	repository := r.Server + "/" + r.Repository
	path, _, _ := strings.Cut(strings.TrimPrefix(r.Workflow, r.Repository+"/"), "@")

	out, err := json.MarshalIndent(object{
		"buildDefinition": object{
			"buildType":          "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": object{"workflow": object{"ref": r.Ref, "repository": repository, "path": path}},
			"resolvedDependencies": []object{
				{"uri": "git+" + repository + "@" + r.Ref, "digest": object{"gitCommit": r.Commit}},
			},
		},
		"runDetails": object{
			"builder":  object{"id": r.Server + "/" + r.Workflow},
			"metadata": object{"invocationId": repository + "/actions/runs/" + r.ID + "/attempts/" + r.Attempt},
		},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot encode provenance: %w", err)
	}

	return append(out, '\n'), nil
}
