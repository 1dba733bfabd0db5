// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestNoValueLeaks converts valid and invalid Secrets with random values, and finds no
// part of a value in the output.
func TestNoValueLeaks(t *testing.T) {
	shapes := map[string]func(value string) string{
		"StringData": func(v string) string { return secret("stringData", map[string]any{"a": v, "B": v + "\r\n" + v}) },
		"Data": func(v string) string {
			return secret("data", map[string]any{"a": base64.StdEncoding.EncodeToString([]byte(v))})
		},
		"NoBase64": func(v string) string { return secret("data", map[string]any{"a": v + "!"}) },
		"Binary": func(v string) string {
			return secret("data", map[string]any{"a": base64.StdEncoding.EncodeToString([]byte("\xff" + v))})
		},
		"WrongType": func(v string) string { return secret("stringData", map[string]any{"a": []string{v}}) },
		"NoMap":     func(v string) string { return secret("stringData", v) },
		"Large":     func(v string) string { return secret("stringData", map[string]any{"a": strings.Repeat(v, 1000)}) },
		"Applied": func(v string) string {
			return strings.ReplaceAll(secret("stringData", map[string]any{"a": v}), `"s"`, `"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"`+v+`"}`)
		},
		"OtherType": func(v string) string {
			return strings.Replace(secret("stringData", map[string]any{"a": v}), "{", `{"type":"example.com/`+"x"+`",`, 1)
		},
		"BrokenYAML": func(v string) string { return "apiVersion: v1\nkind: Secret\nstringData:\n  a: " + v + ": [\n" },
		"Tab":        func(v string) string { return "apiVersion: v1\nkind: Secret\nstringData:\n\ta: " + v + "\n" },
		"Alias":      func(v string) string { return "apiVersion: v1\nkind: Secret\nstringData:\n  a: *" + v + "\n" },
		"Tag":        func(v string) string { return "apiVersion: v1\nkind: Secret\nstringData:\n  a: !!int " + v + "\n" },
		"NoKind":     func(v string) string { return `{"password":"` + v + `"}` },
		"Kind":       func(v string) string { return `{"apiVersion":"v1","kind":["` + v + `"]}` },
		"SealedIn": func(v string) string {
			return `{"apiVersion":"x/v1","kind":"Other","metadata":{"name":"o"},"spec":{"value":"` + v + `"}}`
		},
		"NoDocument": func(v string) string { return v },
	}
	user := "\n---\n" + `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[{"name":"web","image":"i","envFrom":[{"secretRef":{"name":"s"}}]}]}}}}`

	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			value := rand.Text()
			for _, in := range []string{shape(value), shape(value) + user} {
				for _, own := range []bool{false, true} {
					out, report, err := Convert([]byte(in), Options{OwnVault: own, EnvironmentPrefixes: prefixes})
					check(t, value, fmt.Sprintf("%s\n%+v\n%#v\n%v\n%#v", out, report, report, err, err))
				}
			}
		})
	}
}

func secret(field string, data any) string {
	out, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}, field: data})
	if err != nil {
		panic(err)
	}

	return string(out)
}

// check fails if a text contains any eight characters of a value, plain or encoded.
func check(t *testing.T, value, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		t.Error("want some output")
	}
	for _, v := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
		for i := range len(v) - 7 {
			if strings.Contains(text, v[i:i+8]) {
				t.Fatalf("want no part of a value, got %s", text)
			}
		}
	}
}
