// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/schema"
)

func parse[T any](t *testing.T, path ...string) T {
	t.Helper()

	var out T
	if err := yaml.Unmarshal([]byte(check.Read(t, path...)), &out); err != nil {
		t.Fatalf("%s: %v", filepath.Join(path...), err)
	}

	return out
}

// A workflow has the relevant fields of a GitHub workflow.
type workflow struct {
	On          any                    `json:"true"` // The word on is a boolean in YAML 1.1.
	Permissions any                    `json:"permissions"`
	Env         map[string]string      `json:"env"`
	Jobs        map[string]workflowJob `json:"jobs"`
}

type workflowJob struct {
	Needs       any            `json:"needs"`
	Permissions any            `json:"permissions"`
	Steps       []workflowStep `json:"steps"`
	Strategy    struct {
		Matrix struct {
			Include []struct {
				Steps string `json:"steps"`
			} `json:"include"`
		} `json:"matrix"`
	} `json:"strategy"`
}

type workflowStep struct {
	Uses string         `json:"uses"`
	Run  string         `json:"run"`
	With map[string]any `json:"with"`
	Env  map[string]any `json:"env"`
}

func workflows(t *testing.T) map[string]workflow {
	t.Helper()

	files, err := filepath.Glob(check.File(t, ".github", "workflows", "*"))
	check.Must(t, err)

	out := map[string]workflow{}
	for _, f := range files {
		out[filepath.Base(f)] = parse[workflow](t, ".github", "workflows", filepath.Base(f))
	}

	return out
}

// faults returns the faults of a workflow with these allowed permissions, and its text.
func faults(w workflow, text string, allowed map[string]map[string]string) []string {
	var out []string

	pinned := regexp.MustCompile(`^ *(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for line := range strings.Lines(text) {
		if strings.Contains(line, "uses:") && !pinned.MatchString(strings.TrimSuffix(line, "\n")) {
			out = append(out, "not pinned by commit, with its version: "+strings.TrimSpace(line))
		}
	}

	if strings.Contains(text, "secrets.") || strings.Contains(text, "pull_request_target") || strings.Contains(text, "workflow_run:") {
		out = append(out, "it uses secrets, or runs foreign code with those of the repository")
	}

	general := permissions(w.Permissions)
	if w.Permissions == nil {
		out = append(out, "it does not say its permissions, so it has those of the repository")
	}

	for name, job := range w.Jobs {
		got := general
		if job.Permissions != nil {
			got = permissions(job.Permissions)
		}

		want := allowed[name]
		if want == nil {
			want = map[string]string{"contents": "read"}
		}

		if diff := cmp.Diff(want, got); diff != "" {
			out = append(out, "permissions of job "+name+": -want, +got:\n"+diff)
		}

		for _, s := range job.Steps {
			out = append(out, stepFaults(s, name)...)
		}
	}

	slices.Sort(out)

	return out
}

func stepFaults(s workflowStep, job string) []string {
	var out []string

	if strings.Contains(s.Run, "${{") {
		out = append(out, "job "+job+": an expression becomes a part of a script: "+s.Run)
	}

	if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
		out = append(out, "job "+job+": the token stays in the clone")
	}

	return out
}

func permissions(of any) map[string]string {
	out := map[string]string{}

	m, ok := of.(map[string]any)
	if !ok {
		return map[string]string{"all": fmt.Sprint(of)}
	}

	for k, v := range m {
		out[k] = fmt.Sprint(v)
	}

	return out
}

// allowed are the permissions of jobs that need more than read access.
func allowed() map[string]map[string]map[string]string {
	return map[string]map[string]map[string]string{
		"release.yaml": {
			"check":    {"contents": "read", "actions": "read"},
			"publish":  {"contents": "read", "packages": "write", "id-token": "write"},
			"announce": {"contents": "write"},
		},
		"labels.yaml": {"labels": {"contents": "read", "issues": "write"}},
	}
}

// TestWorkflows checks that no workflow has more permissions than needed, or runs untrusted code.
func TestWorkflows(t *testing.T) {
	all := workflows(t)
	if diff := cmp.Diff([]string{"ci.yaml", "labels.yaml", "release.yaml", "vulnerabilities.yaml"}, slices.Sorted(maps.Keys(all))); diff != "" {
		t.Errorf("workflows: -want, +got:\n%s", diff)
	}

	for name, w := range all {
		for _, fault := range faults(w, check.Read(t, ".github", "workflows", name), allowed()[name]) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// TestFaults checks that TestWorkflows rejects faulty workflows.
func TestFaults(t *testing.T) {
	const fine = `permissions: {contents: read}
jobs:
  a:
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: {persist-credentials: false}
      - run: make test
`

	cases := map[string]struct {
		reason   string
		old, now string
		want     string
	}{
		"Fine":        {reason: "A correct workflow has no fault."},
		"Tag":         {reason: "A tag can be moved to another commit.", old: "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", now: "v7", want: "not pinned"},
		"NoVersion":   {reason: "A commit without a version comment is unreadable.", old: " # v7.0.1", now: "", want: "not pinned"},
		"Script":      {reason: "The name of a branch may contain a script.", old: "make test", now: "make ${{ github.ref_name }}", want: "a part of a script"},
		"Secret":      {reason: "The workflow's own token is sufficient.", old: "make test", now: "make test # secrets.PASSWORD", want: "uses secrets"},
		"NoLimit":     {reason: "Without permissions, the default of the repository applies.", old: "permissions: {contents: read}", now: "name: x", want: "does not say its permissions"},
		"TooMuch":     {reason: "The workflow writes nothing.", old: "contents: read", now: "contents: write", want: "permissions of job a"},
		"All":         {reason: "The permission write-all is too much.", old: "{contents: read}", now: "write-all", want: "permissions of job a"},
		"OfJob":       {reason: "A job may have more permissions than its workflow.", old: "  a:\n", now: "  a:\n    permissions: {contents: read, packages: write}\n", want: "permissions of job a"},
		"Credentials": {reason: "With stored credentials, every program could push.", old: "persist-credentials: false", now: "fetch-depth: 0", want: "stays in the clone"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(fine, tc.old, tc.now, 1)

			var w workflow
			check.Must(t, yaml.Unmarshal([]byte(text), &w))

			got := strings.Join(faults(w, text, nil), "\n")
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("\n%s\nfaults(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

// TestWorkflowRunsAllSteps checks that the jobs of the workflow for changes run all steps of .ci/run, and no
// others.
func TestWorkflowRunsAllSteps(t *testing.T) {
	var want, got []string

	for _, step := range regexp.MustCompile(`(?m)^step (\S+)`).FindAllStringSubmatch(check.Read(t, ".ci", "run"), -1) {
		want = append(want, step[1])
	}

	for _, part := range workflows(t)["ci.yaml"].Jobs["check"].Strategy.Matrix.Include {
		got = append(got, strings.Fields(part.Steps)...)
	}

	slices.Sort(want)
	slices.Sort(got)

	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("steps of the jobs: -want, +got:\n%s", diff)
	}
}

// TestReleaseWorkflow checks that a release is verified before anything is published, and runs only targets of make, which are
// tested.
func TestReleaseWorkflow(t *testing.T) {
	w := workflows(t)["release.yaml"]

	type job struct {
		Needs any
		Runs  []string
	}

	got := map[string]job{}

	for name, j := range w.Jobs {
		one := job{Needs: j.Needs}

		for _, s := range j.Steps {
			if s.Run != "" {
				one.Runs = append(one.Runs, s.Run)
			}
		}

		got[name] = one
	}

	want := map[string]job{
		"check":    {Runs: []string{"make release-check"}},
		"publish":  {Needs: "check", Runs: []string{`docker login "$REGISTRY" --username "$GITHUB_ACTOR" --password-stdin <<<"$GITHUB_TOKEN"`, "make release"}},
		"announce": {Needs: "publish", Runs: []string{"make release-announce"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("jobs: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(any(map[string]any{"push": map[string]any{"tags": []any{"v*"}}}), w.On); diff != "" {
		t.Errorf("it must start for tags only: -want, +got:\n%s", diff)
	}

	// A value of the environment must not become part of a make script either.
	for line := range strings.Lines(check.Read(t, "Makefile")) {
		if regexp.MustCompile(`\$\((VERSION|REGISTRY|ARCH|KEY|PUBLIC_KEY)\)`).MatchString(line) {
			t.Errorf("Makefile: make expands what the shell should: %s", line)
		}
	}
}

// TestVulnerabilities checks that the workflow runs every week and when dependencies change.
func TestVulnerabilities(t *testing.T) {
	on := workflows(t)["vulnerabilities.yaml"].On.(map[string]any) //nolint:forcetypeassert // The test fails if it is not.

	if _, ok := on["schedule"]; !ok {
		t.Error("vulnerabilities become known while nothing changes: want a schedule")
	}

	for _, event := range []string{"push", "pull_request"} {
		paths := fmt.Sprint(on[event])
		if !strings.Contains(paths, "go.mod") || !strings.Contains(paths, "go.sum") {
			t.Errorf("want it to run when dependencies change, on %s: %s", event, paths)
		}
	}
}

// TestLabels checks that all used labels exist.
func TestLabels(t *testing.T) {
	var names []string

	for _, l := range parse[[]struct{ Name string }](t, ".github", "labels.yaml") {
		names = append(names, l.Name)
	}

	if sorted := slices.Sorted(slices.Values(names)); len(slices.Compact(sorted)) != len(names) {
		t.Errorf("a label is listed twice: %v", names)
	}

	used := map[string][]string{}

	templates, err := filepath.Glob(check.File(t, ".github", "ISSUE_TEMPLATE", "*.yaml"))
	check.Must(t, err)

	for _, f := range templates {
		used[filepath.Base(f)] = parse[struct{ Labels []string }](t, ".github", "ISSUE_TEMPLATE", filepath.Base(f)).Labels
	}

	type update struct {
		Ecosystem string `json:"package-ecosystem"`
		Labels    []string
	}

	for _, u := range parse[struct{ Updates []update }](t, ".github", "dependabot.yaml").Updates {
		if len(u.Labels) == 0 {
			t.Errorf("dependabot.yaml: %s has no labels, so GitHub makes some of its own", u.Ecosystem)
		}

		used["dependabot.yaml "+u.Ecosystem] = u.Labels
	}

	for where, labels := range used {
		for _, l := range labels {
			if !slices.Contains(names, l) {
				t.Errorf("%s: there is no label %q", where, l)
			}
		}
	}
}

// pinned version of a module in a go.mod.
func pinned(t *testing.T, module string, path ...string) string {
	t.Helper()

	file, err := modfile.Parse("go.mod", []byte(check.Read(t, append(path, "go.mod")...)), nil)
	check.Must(t, err)

	for _, r := range file.Require {
		if r.Mod.Path == module {
			return strings.TrimPrefix(r.Mod.Version, "v")
		}
	}

	t.Fatalf("%s is not required", module)

	return ""
}

// TestSupport checks that the page about support has the versions of tests and packages.
func TestSupport(t *testing.T) {
	all := map[string]tools.Tool{}
	for _, tool := range tools.All() {
		all[tool.Name] = tool
	}

	tool := func(name string) string { return pinned(t, all[name].Module, "package", "tools", name) }

	type configuration struct {
		Spec struct {
			Crossplane struct{ Version string }
			DependsOn  []struct{ Package, Version string }
		}
	}

	c := parse[configuration](t, "crossplane.yaml")
	chart := parse[struct{ KubeVersion string }](t, "package", "helm", "platform", "Chart.yaml")

	azure := ""

	for _, d := range c.Spec.DependsOn {
		if strings.Contains(d.Package, "/crossplane-contrib/") {
			azure = d.Version
		}
	}

	least := func(constraint string) string {
		t.Helper()

		m := regexp.MustCompile(`^>=v?(\d+\.\d+\.\d+)(?:-0)?(?: <v?(\d+\.\d+\.\d+))?$`).FindStringSubmatch(constraint)
		if m == nil {
			t.Fatalf("cannot read constraint %q", constraint)
		}

		if m[2] != "" {
			return m[1] + " or later, before " + m[2]
		}

		return m[1] + " or later"
	}

	page := check.Read(t, "docs", "support.md")

	for _, row := range [][]string{
		{"Crossplane", least(c.Spec.Crossplane.Version), tool("crossplane-core")},
		{"Kubernetes", least(chart.KubeVersion), tool("kube-apiserver")},
		{"Azure providers of crossplane-contrib", least(azure), pinned(t, "github.com/upbound/provider-azure/v2")},
		{"crossplane CLI, to render", "1.15 or later", tool("crossplane-1.20") + ", " + tool("crossplane-2.0") + ", " + tool("crossplane")},
		{"Helm", "3.8 or later", tool("helm")},
		{"kustomize", "5.0 or later", tool("kustomize")},
		{"Argo CD", "3.0 or later", tool("argocd")},
	} {
		if want := "| " + strings.Join(row, " | ") + " |\n"; !strings.Contains(page, want) {
			t.Errorf("docs/support.md: want the row %s", want)
		}
	}
}

// TestSignatures checks that Crossplane trusts only the workflow that signs releases, as the page about support
// promises.
func TestSignatures(t *testing.T) {
	const repository = "https://github.com/p6m-dev/platform-application/.github/workflows/"

	_, rest, _ := strings.Cut(check.Read(t, "docs", "support.md"), "```yaml\n")
	block, _, _ := strings.Cut(rest, "```")

	crossplane, err := tools.Source(t.Context(), "crossplane-core")
	check.Must(t, err)

	validator, err := schema.LoadCRD(filepath.Join(crossplane.Dir, "cluster", "crds", "pkg.crossplane.io_imageconfigs.yaml"))
	check.Must(t, err)

	object, err := schema.FromYAML(block)
	check.Must(t, err)

	if diff := cmp.Diff([]string(nil), validator.Validate(object)); diff != "" {
		t.Errorf("faults of the ImageConfig: -want, +got:\n%s", diff)
	}

	found := regexp.MustCompile(`subjectRegExp: (.*)`).FindStringSubmatch(block)
	if found == nil {
		t.Fatal("the ImageConfig names no workflow")
	}

	trusted := regexp.MustCompile(found[1])

	if _, ok := workflows(t)["release.yaml"]; !ok || !trusted.MatchString(repository+"release.yaml@refs/tags/v0.1.0") {
		t.Errorf("%s must match the release workflow", trusted)
	}

	for _, other := range []string{
		repository + "ci.yaml@refs/tags/v0.1.0", repository + "release.yaml@refs/heads/main", repository + "releaseXyaml@refs/tags/v0.1.0",
		"https://example.com/" + repository + "release.yaml@refs/tags/v0.1.0",
	} {
		if trusted.MatchString(other) {
			t.Errorf("%s must not match %s", trusted, other)
		}
	}
}

// gh stands in for GitHub's command line tool. It records its calls, and fails once on request.
const gh = `#!/bin/sh
echo "$@" >>"$CALLS"
case "$1 $2" in
"release view") [ -e "$CALLS.made" ] && if [ -e "$CALLS.public" ]; then echo false; else echo true; fi ;;
"release create") touch "$CALLS.made" ;;
"release upload") [ ! -e "$CALLS.fail" ] ;;
"release edit") touch "$CALLS.public" ;;
esac
`

// makeWith runs a target of make, with a gh that records its calls in a directory.
func makeWith(t *testing.T, dir, target string, env ...string) error {
	t.Helper()

	if err := os.WriteFile(filepath.Join(dir, "gh"), []byte(gh), 0o700); err != nil { //nolint:gosec // A command is executable.
		t.Fatal(err)
	}

	cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "--directory="+check.File(t), target)
	cmd.Env = append(os.Environ(), append(env, "CALLS="+filepath.Join(dir, "calls"), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))...)

	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("make %s: %w\n%s", target, err, out)
	}

	return nil
}

// calls of gh, without names of temporary files.
func calls(t *testing.T, dir string) []string {
	t.Helper()

	data, err := os.ReadFile(filepath.Join(dir, "calls"))
	check.Must(t, err)

	check.Must(t, os.Remove(filepath.Join(dir, "calls")))

	text := regexp.MustCompile(`--notes-file \S+`).ReplaceAllString(string(data), "--notes-file FILE")

	return strings.Split(strings.TrimSpace(text), "\n")
}

// TestMakeLabels checks that each listed label is created.
func TestMakeLabels(t *testing.T) {
	dir := t.TempDir()
	check.Must(t, makeWith(t, dir, "labels"))

	var want []string

	for _, l := range parse[[]struct{ Name, Color, Description string }](t, ".github", "labels.yaml") {
		want = append(want, "label create "+l.Name+" --color "+l.Color+" --description "+l.Description+" --force")
	}

	if diff := cmp.Diff(want, calls(t, dir)); diff != "" {
		t.Errorf("calls of gh: -want, +got:\n%s", diff)
	}
}

// TestMakeAnnounce creates a release on GitHub, and the first attempt fails half-way.
func TestMakeAnnounce(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()

	// Notes have a test of their own.
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho \"go $@\" >>\"$CALLS\"\n"), 0o700); err != nil { //nolint:gosec // A command is executable.
		t.Fatal(err)
	}

	for _, path := range []string{filepath.Join(files, "a.txt"), filepath.Join(dir, "calls.fail")} {
		check.Must(t, os.WriteFile(path, nil, 0o600))
	}

	announce := func(version string) error {
		return makeWith(t, dir, "release-announce", "VERSION="+version, "OUT="+files)
	}

	if err := announce("v1.0.0"); err == nil {
		t.Error("an upload that fails must fail the target")
	}

	const (
		notes  = "go run ./cmd/release notes"
		view   = "release view v1.0.0 --json isDraft --jq .isDraft"
		create = "release create v1.0.0 --verify-tag --draft --title v1.0.0 --notes-file FILE"
		edit   = "release edit v1.0.0 --draft=false --prerelease=false --notes-file FILE"
	)

	upload := "release upload v1.0.0 --clobber " + filepath.Join(files, "a.txt")
	if diff := cmp.Diff([]string{notes, view, create, upload}, calls(t, dir)); diff != "" {
		t.Errorf("first attempt, which must leave a draft: -want, +got:\n%s", diff)
	}

	check.Must(t, os.Remove(filepath.Join(dir, "calls.fail")))

	if err := announce("v1.0.0"); err != nil {
		t.Error(err)
	}

	if diff := cmp.Diff([]string{notes, view, upload, edit}, calls(t, dir)); diff != "" {
		t.Errorf("second attempt, which must complete it: -want, +got:\n%s", diff)
	}

	if err := announce("v1.0.0"); err == nil || !strings.Contains(err.Error(), "it is public already") {
		t.Errorf("third attempt, which must not change a release: got %v", err)
	}

	if diff := cmp.Diff([]string{notes, view}, calls(t, dir)); diff != "" {
		t.Errorf("third attempt: -want, +got:\n%s", diff)
	}

	check.Must(t, os.Remove(filepath.Join(dir, "calls.public")))

	if err := announce("v1.0.0-rc.1"); err != nil {
		t.Error(err)
	}

	if got := strings.Join(calls(t, dir), "\n"); !strings.Contains(got, "--prerelease=true") {
		t.Errorf("a candidate is no release: %s", got)
	}

	// The name of a tag is not executed, neither by make nor by the shell.
	check.Must(t, os.Remove(filepath.Join(dir, "calls.public")))

	mark := filepath.Join(dir, "mark")
	evil := `v1$(touch ` + mark + `)` + "`touch " + mark + "`" + `";touch ` + mark + `;"$(shell touch ` + mark + `)`

	if err := announce(evil); err != nil {
		t.Error(err)
	}

	if got := strings.Join(calls(t, dir), "\n"); !strings.Contains(got, "release view "+evil+" --json") {
		t.Errorf("want the tag as it is, got %s", got)
	}

	if _, err := os.Stat(mark); err == nil {
		t.Error("the name of a tag was run as a script")
	}
}

// TestMakeVulnerabilities uses a made-up database: with a vulnerability in called code, with one in code that is not called, and
// without any.
func TestMakeVulnerabilities(t *testing.T) {
	cases := map[string]struct {
		reason string
		symbol string
		fails  bool
	}{
		"Called":    {reason: "A vulnerability in called code fails the run, which notifies the maintainers.", symbol: "Fprintf", fails: true},
		"NotCalled": {reason: "A vulnerability in code that is not called does not fail the run.", symbol: "Scanln"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()

			const listed = `{"id": "GO-2099-0001", "modified": "2026-01-01T00:00:00Z"}`

			for path, content := range map[string]string{
				"index/db.json":      `{"modified": "2026-01-01T00:00:00Z"}`,
				"index/modules.json": `[{"path": "stdlib", "vulns": [` + listed + `]}]`,
				"index/vulns.json":   `[` + listed + `]`,
				"ID/GO-2099-0001.json": `{"schema_version": "1.3.1", "id": "GO-2099-0001", "modified": "2026-01-01T00:00:00Z", "summary": "Made up",
					"database_specific": {"url": "https://example.com/GO-2099-0001"}, "affected": [{
					"package": {"name": "stdlib", "ecosystem": "Go"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
					"ecosystem_specific": {"imports": [{"path": "fmt", "symbols": ["` + tc.symbol + `"]}]}}]}`,
			} {
				path = filepath.Join(dir, path)
				check.Must(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)))
			}

			err := makeWith(t, t.TempDir(), "vulnerabilities", "PKG=./examples/demo/app", "DATABASE=file://"+dir)
			if (err != nil) != tc.fails || err != nil && !strings.Contains(err.Error(), "Your code is affected by 1 vulnerability") {
				t.Errorf("\n%s\nmake vulnerabilities: want it to fail: %t, got %v", tc.reason, tc.fails, err)
			}
		})
	}
}
