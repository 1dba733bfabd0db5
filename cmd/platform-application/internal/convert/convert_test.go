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

var update = flag.Bool("update", false, "write golden files instead of comparing with them") //nolint:gochecknoglobals // The way of the flag package.

var prefixes = []string{"common-", "dev-", "stg-", "prd-", "prod-"} //nolint:gochecknoglobals // A constant in all but name.

func TestConvert(t *testing.T) {
	cases := map[string]struct {
		reason  string
		options Options
		// Whether a person has to decide something.
		todo bool
	}{
		"no-counterpart": {
			reason: "What has no counterpart is named, one by one, and what there is of the rest is converted.", todo: true,
		},
		"other-objects": {
			reason: "A List is its items. Other providers, vaults and kinds are named, and who else uses a Secret.", todo: true,
		},
		"workload": {
			reason: "A Deployment is converted with its environment; of a variable that is set twice the last counts, as in Kubernetes.", todo: true,
			options: Options{Name: "web-next"},
		},
		"hand-written": {
			reason: "Of a hand-written Secret there are keys and commands, and no values.", todo: true,
			options: Options{OwnVault: true},
		},
		"names": {
			reason: "Names are spelled out only where the application would have others.", todo: true,
			options: Options{Name: "web"},
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
			if report.NeedsPerson() != tc.todo {
				t.Errorf("\n%s\nNeedsPerson(): want %t, got %t", tc.reason, tc.todo, report.NeedsPerson())
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
			reason: "Without anything to convert there is no manifest.",
			in:     "# nothing\n",
			want:   "there is no ExternalSecret, Secret or Deployment",
		},
		"NoYAML": {
			reason: "Where it is wrong is said, and not what is there.",
			in:     "a: b\nc: hunter2: [\n",
			want:   "cannot read document 1: it is not valid YAML, see its line 2",
		},
		"NoObject": {
			reason: "Other YAML is not taken for a manifest.",
			in:     "password: hunter2\n",
			want:   "it is no Kubernetes object",
		},
		"Twice": {
			reason: "Of a key that is there twice nobody knows which is meant.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  hunter2: a\n  hunter2: b\n",
			want:   "cannot read document 1: it is not valid YAML, see its line 6",
		},
		"NoBase64": {
			reason: "A value that cannot be decoded is not shown.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: hunter2!}\n",
			want:   "cannot read Secret s: a field of it has the wrong type",
		},
		"WrongType": {
			reason: "Nor is one that is no text.",
			in:     "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: [hunter2]}\n",
			want:   "cannot read Secret s: a field of it has the wrong type",
		},
		"ListInList": {
			reason: "Lists are not nested.",
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

// TestOtherCase: a field is none whose name differs in case, as for the API server.
func TestOtherCase(t *testing.T) {
	_, report, err := Convert([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: b:1, Image: c:2}]}}}\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	manifest, _, _ := Convert([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, Image: c:2, image: b:1}]}}}\n"), Options{})
	if !strings.Contains(string(manifest), "b:1") || strings.Contains(string(manifest), "c:2") || !report.NeedsPerson() {
		t.Errorf("Convert(...): want image b:1, and the other field named, got\n%s\n%v", manifest, report)
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
