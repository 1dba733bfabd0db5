// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	root           = "../.."
	namespacedFile = root + "/apis/platformapplication/definition.yaml"
	claimFile      = root + "/apis/claim/definition.yaml"
)

// notChecked is the message after an error that keeps the API server from running the CEL rules.
const notChecked = "<nil>: Invalid value: null: " + errNotChecked

// An example is an object with the messages that a user sees.
type example struct {
	Reason string `json:"reason"`
	Kind   string `json:"kind"` // Default: PlatformApplication.
	Name   string `json:"name"` // Default: web-application.

	// Spec of the object, or two of them: before and after an update.
	Spec json.RawMessage `json:"spec"`
	Old  json.RawMessage `json:"old"`
	New  json.RawMessage `json:"new"`

	// Want has all messages. Unchecked adds notChecked at the end.
	Want      []string `json:"want"`
	Unchecked bool     `json:"unchecked"`
}

// examples returns the examples of a file in testdata, by name.
func examples(t *testing.T, file string) map[string]example {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	check.Must(t, err)
	out := map[string]example{}
	check.Must(t, yaml.UnmarshalStrict(b, &out))
	for name, e := range out {
		e.Name = cmp.Or(e.Name, "web-application")
		if e.Unchecked {
			e.Want = append(e.Want, notChecked)
		}
		out[name] = e
	}

	return out
}

// TestRefused shows the exact messages for manifests with one fault.
func TestRefused(t *testing.T) {
	v := load(t, LoadXRD, namespacedFile)
	for name, tc := range examples(t, "refused.yaml") {
		t.Run(name, func(t *testing.T) {
			rest := ""
			if tc.Spec != nil {
				rest = "spec: " + string(tc.Spec)
			}
			got := v.Validate(application(t, tc.Name, rest))
			if diff := gocmp.Diff(tc.Want, got); diff != "" || len(got) == 0 {
				t.Errorf("\n%s\nValidate(...): -want, +got:\n%s", tc.Reason, diff)
			}
		})
	}
}

// TestUpdateRefused shows the fields that cannot change after creation.
func TestUpdateRefused(t *testing.T) {
	for _, v := range validators(t) {
		for name, tc := range examples(t, "updates.yaml") {
			t.Run(v.CRD().Spec.Names.Kind+"/"+name, func(t *testing.T) {
				before, after := application(t, tc.Name, "spec: "+string(tc.Old)), application(t, tc.Name, "spec: "+string(tc.New))
				if diff := gocmp.Diff(tc.Want, v.ValidateUpdate(as(v, after), as(v, before))); diff != "" {
					t.Errorf("\n%s\nValidateUpdate(...): -want, +got:\n%s", tc.Reason, diff)
				}
			})
		}
	}
}

// TestAccepted checks manifests that every definition must accept.
func TestAccepted(t *testing.T) {
	for _, v := range validators(t) {
		for name, tc := range examples(t, "accepted.yaml") {
			t.Run(v.CRD().Spec.Names.Kind+"/"+name, func(t *testing.T) {
				if got := v.Validate(as(v, application(t, tc.Name, "spec: "+string(tc.Spec)))); len(got) > 0 {
					t.Errorf("\n%s\nValidate(...): refused:\n%s", tc.Reason, strings.Join(got, "\n"))
				}
			})
		}
	}
}

// TestMostSecrets checks that the limits can be reached within the API server's cost budget for
// rules, and that exceeding them is reported.
func TestMostSecrets(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		secrets, keys int
		want          []string
	}{
		"Most":           {secrets: 100, keys: 50},
		"TooManySecrets": {secrets: 101, keys: 1, want: []string{"spec.secrets: Too many: 101: must have at most 100 items", notChecked}},
		"TooManyKeys":    {secrets: 1, keys: 51, want: []string{"spec.secrets[0].keys: Too many: 51: must have at most 50 items", notChecked}},
	}
	v := load(t, LoadXRD, namespacedFile)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := gocmp.Diff(tc.want, v.Validate(application(t, "web-application", specWithSecrets(tc.secrets, tc.keys)))); diff != "" {
				t.Errorf("Validate(...): -want, +got:\n%s", diff)
			}
		})
	}
}

// TestCrossplaneFields checks that the derived definitions have the fields that Crossplane adds to
// an object.
func TestCrossplaneFields(t *testing.T) {
	status := `
status:
  secretsSynced: 0/1
  secrets: [{name: a, state: Missing, message: No such secret., updatedAt: "2026-01-02T03:04:05Z"}]
  conditions: [{type: Ready, status: "False", reason: Creating, lastTransitionTime: "2026-01-02T03:04:05Z"}]
`
	cases := map[string]struct {
		v    *Validator
		spec string
	}{
		"Namespaced": {
			v:    load(t, LoadXRD, namespacedFile),
			spec: `spec: {crossplane: {compositionRef: {name: a}, resourceRefs: []}}` + status,
		},
		"Legacy": {
			v:    load(t, LoadXRD, claimFile),
			spec: `spec: {claimRef: {name: a, namespace: b}, compositionRef: {name: a}, resourceRefs: [{kind: A}]}` + status,
		},
		"Claim": {
			v:    load(t, LoadClaim, claimFile),
			spec: `spec: {resourceRef: {name: a}, compositionRef: {name: a}, compositeDeletePolicy: Background}` + status,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.v.Validate(as(tc.v, application(t, "web-application", tc.spec))); len(got) > 0 {
				t.Errorf("Validate(...): refused:\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

// TestExamples checks the manifests that people copy, and those that the converter writes.
func TestExamples(t *testing.T) {
	vs := validators(t)
	for _, file := range exampleFiles(t) {
		b, err := os.ReadFile(file)
		check.Must(t, err)
		for i, doc := range strings.Split(string(b), "\n---\n") {
			obj := map[string]any{}
			if err := yaml.UnmarshalStrict([]byte(doc), &obj); err != nil {
				t.Fatalf("%s: cannot parse document %d: %s", file, i, err)
			}
			if obj["kind"] != "PlatformApplication" {
				continue
			}
			// People name it if the converter found no name.
			if obj["metadata"] == nil {
				obj["metadata"] = map[string]any{"name": "named"}
			}
			for _, v := range vs {
				if got := v.Validate(as(v, obj)); len(got) > 0 {
					t.Errorf("%s: %s refused:\n%s", file, v.CRD().Spec.Names.Kind, strings.Join(got, "\n"))
				}
			}
		}
	}
}

// exampleFiles returns the files with manifests.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"examples/*/application.yaml", "examples/manifests/*.yaml", "examples/manifests/overlay/*/application.yaml", "examples/migrate/*.yaml", "examples/migrate/*/*.yaml", "cmd/platform-application/internal/convert/testdata/*/out.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		check.Must(t, err)
		if len(found) == 0 {
			t.Fatalf("there is no %s", pattern)
		}
		files = append(files, found...)
	}

	return files
}

// validators returns one Validator for each definition that can apply to a manifest.
func validators(t *testing.T) []*Validator {
	t.Helper()
	return []*Validator{load(t, LoadXRD, namespacedFile), load(t, LoadXRD, claimFile), load(t, LoadClaim, claimFile)}
}

func load(tb testing.TB, from func(string) (*Validator, error), path string) *Validator {
	tb.Helper()
	v, err := from(path)
	check.Must(tb, err)

	return v
}

// application returns a PlatformApplication, given spec and status as YAML.
func application(tb testing.TB, name, rest string) map[string]any {
	tb.Helper()
	obj, err := FromYAML("apiVersion: meta.p6m.dev/v1alpha1\nkind: PlatformApplication\nmetadata:\n  name: " + fmt.Sprintf("%q", name) + "\n  labels: {p6m.dev/app: web}\n" + rest)
	check.Must(tb, err)

	return obj
}

// as returns the object with the kind and scope of the Validator.
func as(v *Validator, obj map[string]any) map[string]any {
	u := (&unstructured.Unstructured{Object: obj}).DeepCopy()
	u.SetKind(v.CRD().Spec.Names.Kind)
	if v.CRD().Spec.Scope == extv1.ClusterScoped {
		u.SetNamespace("")
	}

	return u.Object
}

// specWithSecrets returns a spec with secrets that have keys and variables, all with names of
// maximum length.
func specWithSecrets(secrets, keys int) string {
	var b strings.Builder
	b.WriteString("spec:\n  secrets:\n")
	for i := range secrets {
		fmt.Fprintf(&b, "  - name: %s%03d\n    keys:\n", strings.Repeat("s", 124), i)
		for k := range keys {
			fmt.Fprintf(&b, "    - %s%02d\n", strings.Repeat("k", 123), k)
		}
		b.WriteString("    env:\n")
		for k := range min(keys, 50) {
			fmt.Fprintf(&b, "    - {name: %s%02d, key: %s%02d}\n", strings.Repeat("V", 253), k, strings.Repeat("k", 123), k)
		}
	}

	return b.String()
}
