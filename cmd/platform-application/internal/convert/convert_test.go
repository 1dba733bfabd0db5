// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them") //nolint:gochecknoglobals // A flag.

var prefixes = []string{"common-", "dev-", "stg-", "prd-", "prod-"} //nolint:gochecknoglobals // A constant.

func TestConvert(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options Options
		// review is true if a person must review the report.
		review bool
	}{
		"no-counterpart": {
			reason: "Each field without counterpart is reported, and the other fields are converted.", review: true,
		},
		"other-objects": {
			reason: "A List becomes its items. Other providers, vaults and kinds are reported, and other users of a Secret.", review: true,
		},
		"workload": {
			reason: "A Deployment is converted with its environment. If a variable is set twice, the last one counts, as in Kubernetes.", review: true,
			options: Options{Name: "web-next"},
		},
		"hand-written": {
			reason: "The output has the keys of a hand-written Secret and commands to copy its values, but no value.", review: true,
			options: Options{OwnVault: true},
		},
		"names": {
			reason: "env is set only where the names would otherwise differ.", review: true,
			options: Options{Name: "web"},
		},
		"odd": {
			reason: "What Kubernetes accepts is converted with the same effect or reported: merges, references, names that become the same, ports and paths.", review: true,
			options: Options{Name: "web-next"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			in, err := os.ReadFile(filepath.Join(dir, "in.yaml")) //nolint:gosec // A name in this file.
			if err != nil {
				t.Fatal(err)
			}
			tc.options.EnvironmentPrefixes = prefixes
			manifest, report, err := Convert(in, tc.options)
			if err != nil {
				t.Fatalf("\n%s\nConvert(...): %v", tc.reason, err)
			}
			if report.NeedsPerson() != tc.review {
				t.Errorf("\n%s\nNeedsPerson(): want %t, got %t", tc.reason, tc.review, report.NeedsPerson())
			}
			golden(t, tc.reason, filepath.Join(dir, "out.yaml"), string(manifest))
			golden(t, tc.reason, filepath.Join(dir, "report.txt"), report.String())
		})
	}
}

func golden(t *testing.T, reason, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil { //nolint:gosec // A golden file.
			t.Fatal(err)
		}

		return
	}
	want, err := os.ReadFile(file) //nolint:gosec // A golden file.
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("\n%s\n%s: -want, +got:\n%s", reason, file, diff)
	}
}

func TestConvertRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		in     string
		want   string
	}{
		"Nothing": {
			reason: "A stream without objects to convert is an error.",
			in:     "# nothing\n",
			want:   "there is no ExternalSecret, Secret or Deployment",
		},
		"NoYAML": {
			reason: "The error names the line of invalid YAML without quoting it.",
			in:     "a: b\nc: hunter2: [\n",
			want:   "cannot read document 1: it is not valid YAML, see its line 2",
		},
		"NoObject": {
			reason: "YAML that is not a Kubernetes object is an error.",
			in:     "password: hunter2\n",
			want:   "it is not a Kubernetes object",
		},
		"Twice": {
			reason: "A duplicate key is ambiguous.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  hunter2: a\n  hunter2: b\n",
			want:   "cannot read document 1: it is not valid YAML, see its line 6",
		},
		"Template": {
			reason: "A chart has to be rendered first.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\n",
			want:   "cannot read document 1: it is a template, with {{; render it first, for example with helm template",
		},
		"NoBase64": {
			reason: "The error does not show a value that cannot be decoded.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: hunter2!}\n",
			want:   "cannot read Secret s: one of its fields has the wrong type",
		},
		"WrongType": {
			reason: "The error does not show a value of another type.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: [hunter2]}\n",
			want:   "cannot read Secret s: one of its fields has the wrong type",
		},
		"ListInList": {
			reason: "A List in a List is an error.",
			in:     `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"List"}]}`,
			want:   "item 1 of document 1: it is a list in a list",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := Convert([]byte(tc.in), Options{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nConvert(...): want %q, got %v", tc.reason, tc.want, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("\n%s\nConvert(...): a value is in %v", tc.reason, err)
			}
		})
	}
}

// TestOtherCase treats names of fields as case-sensitive, as the API server does.
func TestOtherCase(t *testing.T) {
	_, report, err := Convert([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: b:1, Image: c:2}]}}}\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	manifest, _, _ := Convert([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, Image: c:2, image: b:1}]}}}\n"), Options{})
	if !strings.Contains(string(manifest), "b:1") || strings.Contains(string(manifest), "c:2") || !report.NeedsPerson() {
		t.Errorf("Convert(...): want image b:1 and a report about the other field, got\n%s\n%v", manifest, report)
	}
}

func TestInterval(t *testing.T) {
	for in, want := range map[string]string{
		"1h": "1h", "60m": "1h", "90m": "1h30m", "30s": "30s", "10m": "10m", "3605s": "1h0m5s", "20m": "20m", "10h": "10h",
	} {
		e := &externalSecret{}
		e.Spec.RefreshInterval = in
		c := &converter{report: &Report{}}
		if got := c.refresh(e); got != want || c.report.NeedsPerson() {
			t.Errorf("refresh(%s): want %s, got %s, %v", in, want, got, c.report)
		}
	}
}
