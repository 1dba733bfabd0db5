// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
)

// TestCommand runs the program as make does, with its flags in the environment.
func TestCommand(t *testing.T) {
	// GitHub sets these.
	for _, name := range []string{"SERVER_URL", "REPOSITORY", "REF", "SHA", "WORKFLOW_REF", "RUN_ID", "RUN_ATTEMPT"} {
		t.Setenv("GITHUB_"+name, "")
	}

	run := map[string]string{
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF": "refs/tags/v1", "GITHUB_SHA": "0",
		"REGISTRY": "127.0.0.1:1", "GITHUB_WORKFLOW_REF": "o/r/w@v1", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1",
	}

	cases := map[string]struct {
		reason  string
		command string
		env     map[string]string
		want    string
	}{
		"NoVersion":    {reason: "The version is missing.", command: "check", want: "missing flags: --version"},
		"Word":         {reason: "A tag may have any name.", command: "check", env: map[string]string{"VERSION": "vnext"}, want: `cannot use version "vnext"`},
		"NoRegistry":   {reason: "The registry has no default, so that no release is published by mistake.", command: "publish", env: map[string]string{"VERSION": "v1.2.3"}, want: "missing flags"},
		"NoRun":        {reason: "Without a workflow run, there is no provenance.", command: "publish", env: map[string]string{"VERSION": "v1.2.3", "REGISTRY": "ghcr.io"}, want: "GITHUB_SHA"},
		"PublishWord":  {reason: "The version is checked before anything is built.", command: "publish", env: with(run, "VERSION", "v1.2"), want: `cannot use version "v1.2"`},
		"Away":         {reason: "The registry is checked before anything is built.", command: "publish", env: with(run, "VERSION", "v1.2.3"), want: "cannot reach registry 127.0.0.1:1"},
		"NothingThere": {reason: "There is no release to verify.", command: "verify", env: map[string]string{"VERSION": "v1.2.3", "REGISTRY": "127.0.0.1:1", "PUBLIC_KEY": "none"}, want: "cannot verify-blob"},
		"NoSection":    {reason: "The release notes must have a section for the version.", command: "notes", env: map[string]string{"VERSION": "v99.0.0"}, want: `cannot find the section "v99.0.0"`},
	}

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	artifacts, err := build.Artifacts(root)
	if err != nil {
		t.Fatal(err)
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for name, value := range with(tc.env, "OUT", filepath.Join(t.TempDir(), "out")) {
				t.Setenv(name, value)
			}

			c := &command{}

			parser, err := kong.New(c, kong.BindTo(t.Context(), (*context.Context)(nil)))
			if err != nil {
				t.Fatal(err)
			}

			k, err := parser.Parse([]string{tc.command})
			if err == nil {
				err = k.Run(c.place(root, artifacts, &bytes.Buffer{}))
			}

			if !strings.Contains(fmt.Sprint(err), tc.want) {
				t.Errorf("\n%s\nrelease %s: want an error with %q, got %v", tc.reason, tc.command, tc.want, err)
			}
		})
	}
}

// with returns the environment with one more variable.
func with(env map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	maps.Copy(out, env)

	return out
}
