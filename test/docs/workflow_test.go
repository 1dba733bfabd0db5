// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
)

// The jobs of the CI workflow run all steps of .ci/run, and no others.
func TestWorkflowRunsAllSteps(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	script, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}

	var want []string
	for _, step := range regexp.MustCompile(`(?m)^step (\S+)`).FindAllSubmatch(script, -1) {
		want = append(want, string(step[1]))
	}

	data, err := os.ReadFile(filepath.Join(root, ".github", "workflows", "ci.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	var workflow struct {
		Jobs map[string]struct {
			Strategy struct {
				Matrix struct {
					Include []struct {
						Steps string `json:"steps"`
					} `json:"include"`
				} `json:"matrix"`
			} `json:"strategy"`
		} `json:"jobs"`
	}
	if err := yaml.Unmarshal(data, &workflow); err != nil {
		t.Fatal(err)
	}

	var got []string
	for _, part := range workflow.Jobs["check"].Strategy.Matrix.Include {
		got = append(got, strings.Fields(part.Steps)...)
	}

	slices.Sort(want)
	slices.Sort(got)

	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("steps of the jobs: -want, +got:\n%s", diff)
	}
}
