// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sentence

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"
)

func TestRender(t *testing.T) {
	cases := map[string]struct {
		reason   string
		template Template
		with     With
		want     string
	}{
		"Plain":    {reason: "A sentence may have no parameters.", template: "There are no pods.", want: "There are no pods."},
		"Number":   {reason: "A number is printed.", template: "{count} pods are ready.", with: With{"count": 2}, want: "2 pods are ready."},
		"Quoted":   {reason: "A foreign text is quoted.", template: "port {port:q} is invalid", with: With{"port": "a\nb"}, want: `port "a\nb" is invalid`},
		"List":     {reason: "Commas separate a list.", template: "mounted at {paths}", with: With{"paths": []string{"/a", "/b"}}, want: "mounted at /a, /b"},
		"Braces":   {reason: "Other braces are no parameters.", template: "$(A) {} {a-b} {x}", with: With{"x": 1}, want: "$(A) {} {a-b} 1"},
		"Stringer": {reason: "A value that renders itself can have foreign text.", template: "port {port} is used", with: With{"port": new(intstr.FromString("a\n\x1b[2J"))}, want: "port a \uFFFD[2J is used"},
		"Injected": {reason: "A parameter is not read as a template.", template: "{a} {b}", with: With{"a": "{b}", "b": "c"}, want: "{b} c"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.template.Render(tc.with)); diff != "" {
				t.Errorf("\n%s\nRender(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRenderProperties proves that a parameter is one line of bounded length, and does not change what is around it.
func TestRenderProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if got := Template("before {x}, after").Render(With{"x": text}); got != "before "+Printable(text)+", after" {
			t.Fatalf("Render(...): want %q in one line, got %q", text, got)
		}
	})
}

// TestRenderForShell proves that a shell reads each parameter of a command as one word.
func TestRenderForShell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("ab '\"`$(){}[]*?!~#&|;<>\\\n\t\x00\x1bä-=/")), 0, 20, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		command := Template(`printf '%s\n' {list:sh} {text:sh}`).Render(With{"list": []string{a, b}, "text": a})

		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output() //nolint:gosec // The test is about this command.
		if want := Printable(a) + "\n" + Printable(b) + "\n" + Printable(a) + "\n"; err != nil || string(out) != want {
			t.Fatalf("%s: want %q, got %q, %v", command, want, out, err)
		}
	})
}

func TestParameters(t *testing.T) {
	if diff := cmp.Diff([]string{"a", "b"}, Template("{a} is {b:q}").Parameters()); diff != "" {
		t.Errorf("Parameters(): -want, +got:\n%s", diff)
	}
}
