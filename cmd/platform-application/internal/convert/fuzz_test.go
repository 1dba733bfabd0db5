// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// FuzzConvert converts any input. The result is a manifest that the schema of secrets
// allows, and the same each time.
func FuzzConvert(f *testing.F) { //nolint:gocognit // A list of properties.
	files, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("cannot find seeds: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file) //nolint:gosec // A seed.
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
		f.Add(data, true)
	}

	f.Fuzz(func(t *testing.T, in []byte, own bool) {
		o := Options{OwnVault: own, EnvironmentPrefixes: prefixes}
		out, report, err := Convert(in, o)
		if err != nil {
			return
		}
		var m manifest
		if err := yaml.UnmarshalStrict(out, &m); err != nil {
			t.Fatalf("Convert(...): cannot read the manifest: %v\n%s", err, out)
		}
		again, same, err := Convert(in, o)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("Convert(...): want the same manifest again, got %v\n%s", err, cmp.Diff(string(out), string(again)))
		}
		if diff := cmp.Diff(report.Findings, same.Findings); diff != "" {
			t.Errorf("Convert(...): want the same report again: -want, +got:\n%s", diff)
		}
		for _, s := range m.Spec.Secrets {
			if !secretName.MatchString(s.Name) {
				t.Errorf("Convert(...): invalid secret name %q", s.Name)
			}
			for _, e := range s.Env {
				if !variableName.MatchString(e.Name) || e.Key != "" && !secretKey.MatchString(e.Key) {
					t.Errorf("Convert(...): invalid variable %q from key %q", e.Name, e.Key)
				}
			}
			if s.Prefix != "" && len(s.Env) > 0 {
				t.Errorf("Convert(...): secret %q has prefix and env", s.Name)
			}
		}
		if m.Spec.KeyVault != nil && own {
			t.Error("Convert(...): want no vault named")
		}
	})
}
