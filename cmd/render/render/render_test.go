// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestRequests(t *testing.T) {
	t.Parallel()

	type want struct {
		requests []string
		err      string
	}

	cases := map[string]struct {
		reason  string
		files   []string
		example string
		want    want
	}{
		"NoExamples": {
			reason: "An empty list of examples would pass every test that loops over it.",
			files:  []string{"examples/environmentconfig.yaml"},
			want:   want{err: "cannot find any examples/*/application.yaml"},
		},
		"AllInOrder": {
			reason: "A stage is a file or a directory; an example without any has one rendering.",
			files: []string{
				"examples/web/application.yaml",
				"examples/web/observed/2-ready/vault.yaml",
				"examples/web/observed/1-nothing.yaml",
				"examples/web/observed/README.md",
				"examples/minimal/application.yaml",
				"examples/not-an-example/provider.yaml",
			},
			want: want{requests: []string{
				"modern/minimal/unobserved", "modern/web/1-nothing", "modern/web/2-ready",
				"claim/minimal/unobserved", "claim/web/1-nothing", "claim/web/2-ready",
			}},
		},
		"OneExample": {
			reason:  "A request may name one example.",
			files:   []string{"examples/web/application.yaml", "examples/minimal/application.yaml"},
			example: "web",
			want:    want{requests: []string{"modern/web/unobserved", "claim/web/unobserved"}},
		},
		"NoSuchExample": {
			reason:  "The error lists the examples.",
			files:   []string{"examples/web/application.yaml", "examples/minimal/application.yaml"},
			example: "wbe",
			want:    want{err: `unknown example "wbe": choose from minimal, web`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			requests, err := Requests(repositoryOf(t, tc.files...), tc.example)

			got := want{err: message(err)}
			for _, r := range requests {
				got.requests = append(got.requests, r.String())
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRequests(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason  string
		example string
		stage   string
		want    string
	}{
		"Nothing": {reason: "The stage is optional.", example: "web"},
		"Name":    {reason: "A stage is found by its name.", example: "web", stage: "2-ready"},
		"Number":  {reason: "A stage is found by its number.", example: "web", stage: "2"},
		"TwoDigit": {
			reason:  "A number is compared as a whole.",
			example: "web",
			stage:   "1",
			want:    `example "web" has no stage "1": choose from 10-late, 2-ready`,
		},
		"Unknown": {
			reason:  "The error lists the stages.",
			example: "web",
			stage:   "ready",
			want:    `example "web" has no stage "ready": choose from 10-late, 2-ready`,
		},
		"NoStages": {
			reason:  "An example without stages has nothing to choose from.",
			example: "minimal",
			stage:   "3",
			want: `cannot use stage "3" of example "minimal", which has no stages: ` +
				`omit STAGE, or copy files into examples/minimal/observed`,
		},
		"NoExample": {
			reason: "An error without an example explains how to name one.",
			want:   "cannot render without an example: set EXAMPLE to one of minimal, web",
		},
	}

	root := repositoryOf(t, "examples/minimal/application.yaml", "examples/web/application.yaml",
		"examples/web/observed/2-ready/vault.yaml", "examples/web/observed/10-late.yaml")

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := message(Check(root, Request{Example: tc.example, Stage: tc.stage}))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCheck(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestObserved(t *testing.T) {
	t.Parallel()

	type want struct {
		objects []string
		err     string
	}

	cases := map[string]struct {
		reason string
		data   string
		want   want
	}{
		"OnlyComments": {
			reason: "A stage without resources may have comments.",
			data:   "# nothing yet\n---\n# really\n",
		},
		"Namespaces": {
			reason: "The default namespace is the application's, because Crossplane ignores resources of other namespaces.",
			data:   "{kind: A, metadata: {name: a}}\n---\n{kind: B, metadata: {name: b, namespace: shop}}\n",
			want:   want{objects: []string{"shop/a", "shop/b"}},
		},
		"OtherNamespace": {
			reason: "Crossplane would ignore the resource silently.",
			data:   "{kind: A, metadata: {name: a, namespace: other}}\n",
			want: want{err: "examples/web/observed/1-x.yaml: A a is in namespace other, but application.yaml is in shop: " +
				"change one of them"},
		},
		"SameApplication": {
			reason: "An object labelled with the application's name belongs to the application.",
			data:   "{kind: A, metadata: {name: a, labels: {app.kubernetes.io/name: web}}}\n",
			want:   want{objects: []string{"shop/a"}},
		},
		"OtherApplication": {
			reason: "A copied example still has the resources of the original.",
			data:   "{kind: A, metadata: {name: a, namespace: other, labels: {app.kubernetes.io/name: original}}}\n",
			want: want{err: "examples/web/observed/1-x.yaml: A a belongs to application original, but application.yaml is web: " +
				"delete observed/ and omit STAGE, or change the names in it"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			root := repositoryOf(t, "examples/web/application.yaml", "examples/web/observed/1-x.yaml")
			if err := os.WriteFile(filepath.Join(root, "examples/web/observed/1-x.yaml"), []byte(tc.data), 0o600); err != nil {
				t.Fatalf("cannot write fixture: %v", err)
			}

			example, err := findExample(root, "web")
			if err != nil {
				t.Fatalf("findExample(...): %v", err)
			}

			application := &unstructured.Unstructured{Object: map[string]any{}}
			application.SetName("web")
			application.SetNamespace("shop")

			observed, err := example.observed("1", application)

			got := want{err: message(err)}
			for _, o := range observed {
				got.objects = append(got.objects, o.GetNamespace()+"/"+o.GetName())
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nobserved(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestComposite(t *testing.T) {
	t.Parallel()

	application := func() *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "meta.p6m.dev/v1alpha1",
			"kind":       "PlatformApplication",
			"metadata":   map[string]any{"name": "web", "namespace": "shop", "labels": map[string]any{"p6m.dev/app": "web"}},
			"spec":       map[string]any{"config": map[string]any{}},
		}}
	}
	composition := &unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"compositeTypeRef": map[string]any{"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "XPlatformApplication"}},
	}}

	cases := map[string]struct {
		reason  string
		variant Variant
		want    *unstructured.Unstructured
	}{
		"Modern": {
			reason:  "The manifest is the XR.",
			variant: Modern,
			want:    application(),
		},
		"Claim": {
			reason:  "The manifest is a claim, for which Crossplane creates a cluster-scoped XR.",
			variant: Claim,
			want: &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "meta.p6m.dev/v1alpha1",
				"kind":       "XPlatformApplication",
				"metadata": map[string]any{"name": "web-x7k2p", "labels": map[string]any{
					"p6m.dev/app":                   "web",
					"crossplane.io/claim-name":      "web",
					"crossplane.io/claim-namespace": "shop",
				}},
				"spec": map[string]any{
					"config": map[string]any{},
					"claimRef": map[string]any{
						"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "PlatformApplication", "name": "web", "namespace": "shop",
					},
				},
			}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := tc.variant.composite(application(), composition)
			if err != nil {
				t.Fatalf("\n%s\ncomposite(...): %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncomposite(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCompositeName(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		claim  string
		want   string
	}{
		"Short":   {reason: "A short name is complete.", claim: "web", want: "web-x7k2p"},
		"Fits":    {reason: "A name of 57 characters is complete.", claim: strings.Repeat("a", 57), want: strings.Repeat("a", 57) + "-x7k2p"},
		"Longest": {reason: "A longer name loses the hyphen first.", claim: strings.Repeat("a", 63), want: strings.Repeat("a", 58) + "x7k2p"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, compositeName(tc.claim)); diff != "" {
				t.Errorf("\n%s\ncompositeName(%q): -want, +got:\n%s", tc.reason, tc.claim, diff)
			}
		})
	}
}

func TestParseVariant(t *testing.T) {
	t.Parallel()

	_, err := ParseVariant("clam")
	if diff := cmp.Diff(`unknown variant "clam": choose from modern, claim`, message(err)); diff != "" {
		t.Errorf("ParseVariant(...): -want, +got:\n%s", diff)
	}
}

func TestFailedRun(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		stderr string
		want   string
	}{
		"Fatal": {
			reason: "A fatal result is shown without the wrapping errors.",
			stderr: "crossplane: error: cannot compose resources: pipeline step \"a\" returned a fatal result: cannot use it: no\n",
			want:   "cannot use it: no",
		},
		"Other": {
			reason: "Any other error has the message of the tool.",
			stderr: "crossplane: error: no such file\n",
			want:   "crossplane composition render: exit status 1\ncrossplane: error: no such file",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := failedRun([]string{"composition", "render", "xr.yaml"}, errors.New("exit status 1"), tc.stderr, nil)
			if diff := cmp.Diff(tc.want, message(err)); diff != "" {
				t.Errorf("\n%s\nfailedRun(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()

	step := func(name string) any { return map[string]any{"functionRef": map[string]any{"name": name}} }

	type want struct {
		name, target string
		err          string
	}

	cases := map[string]struct {
		reason   string
		pipeline []any
		want     want
	}{
		"Ours": {
			reason:   "The function has the name that the Composition uses, and the address of the process.",
			pipeline: []any{step("function-a"), step("function-a")},
			want:     want{name: "function-a", target: "127.0.0.1:1"},
		},
		"Others": {
			reason:   "Other functions cannot run.",
			pipeline: []any{step("function-a"), step("function-b")},
			want:     want{err: `cannot serve Composition "": it calls functions ["function-a" "function-b"], but only this repository's function is running`},
		},
		"None": {
			reason: "A Composition needs a pipeline.",
			want:   want{err: `cannot serve Composition "": it calls functions [], but only this repository's function is running`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			h := &Harness{function: &function{address: "127.0.0.1:1"}}
			composition := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"pipeline": tc.pipeline}}}

			fn, err := h.functions(composition)

			got := want{err: message(err)}
			if err == nil {
				got.name = fn.GetName()
				got.target = fn.GetAnnotations()["render.crossplane.io/runtime-development-target"]
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nfunctions(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSortResults(t *testing.T) {
	t.Parallel()

	const (
		object = "---\nkind: B\n---\nkind: A\n"
		one    = "---\napiVersion: render.crossplane.io/v1beta1\nkind: Result\nmessage: one\n"
		two    = "---\napiVersion: render.crossplane.io/v1beta1\nkind: Result\nmessage: two\n"
	)

	cases := map[string]struct {
		reason    string
		rendering string
		want      string
	}{
		"Results":   {reason: "Results are sorted, and objects keep their order.", rendering: object + two + one, want: object + one + two},
		"NoResults": {reason: "A rendering without results is unchanged.", rendering: object, want: object},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, string(sortResults([]byte(tc.rendering)))); diff != "" {
				t.Errorf("\n%s\nsortResults(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestProblemString(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason  string
		problem Problem
		want    string
	}{
		"FieldInMessage": {
			reason:  "A field that begins the message is printed once.",
			problem: Problem{File: "f", Object: "Vault v", Field: "spec.a", Message: "spec.a: Required value"},
			want:    "f: Vault v: spec.a: Required value",
		},
		"FieldApart": {
			reason:  "A field that is not in the message is printed.",
			problem: Problem{File: "f", Object: "Vault v", Field: "spec.a", Message: "must be set"},
			want:    "f: Vault v: spec.a: must be set",
		},
		"OtherField": {
			reason:  "A field with a longer name in the message is another field.",
			problem: Problem{File: "f", Object: "Vault v", Field: "spec.a", Message: "conflicts with spec.ab"},
			want:    "f: Vault v: spec.a: conflicts with spec.ab",
		},
		"LongerField": {
			reason:  "A longer field that begins the message is another field.",
			problem: Problem{File: "f", Object: "Vault v", Field: "spec.a", Message: "spec.a.b: Required value"},
			want:    "f: Vault v: spec.a: spec.a.b: Required value",
		},
		"NoField": {
			reason:  "A problem may have no field.",
			problem: Problem{File: "f", Object: "Vault v", Message: "not checked"},
			want:    "f: Vault v: not checked",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, tc.problem.String()); diff != "" {
				t.Errorf("\n%s\nString(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// repositoryOf returns the root of a repository with these files, which have only a comment.
func repositoryOf(t *testing.T, files ...string) string {
	t.Helper()

	root := t.TempDir()

	for _, f := range files {
		path := filepath.Join(root, f)

		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatalf("cannot create fixture: %v", err)
		}

		if err := os.WriteFile(path, []byte("# a fixture\n"), 0o600); err != nil {
			t.Fatalf("cannot create fixture: %v", err)
		}
	}

	return root
}

func message(err error) string {
	if err == nil {
		return ""
	}

	return err.Error()
}
