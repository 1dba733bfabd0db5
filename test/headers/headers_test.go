// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package headers checks that every file has a license header. The linter goheader reads only Go
// files, and asks Git for the date of each file.
package headers

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// comment returns the comment sign for the header of a file, or nothing if the file needs no
// header.
func comment(file string) string {
	switch {
	case strings.Contains(file, "testdata/"): // Other programs read or write these files byte for byte.
	case strings.HasPrefix(file, "examples/"), strings.HasPrefix(file, "package/kustomize/"): // Users copy them.
	case strings.Contains(file, "/templates/"): // Helm renders comments, and joins them with what comes after {{-.
	case strings.HasPrefix(file, "package/helm/platform/crds/"): // 'make generate' copies them.
	case path.Ext(file) == ".go":
		return "// "
	case path.Ext(file) == ".sh", path.Ext(file) == ".yaml", path.Ext(file) == ".yml",
		path.Base(file) == "Makefile", path.Base(file) == "Dockerfile", path.Dir(file) == ".ci":
		return "# "
	}

	return ""
}

var (
	generated = regexp.MustCompile(`(?m)^(//|#) Code generated .* DO NOT EDIT\.$`)

	// first are lines that stay above a header.
	first = regexp.MustCompile(`\A(#!.*\n|# syntax=.*\n\n?|//go:build .*\n\n)`)
)

// headerOf returns the header with this comment sign.
func headerOf(comment string) string {
	return comment + "SPDX-FileCopyrightText: 2026 The PlatformApplication Authors\n" +
		comment + "SPDX-License-Identifier: Apache-2.0\n"
}

// withHeader returns the text of a file with its header.
func withHeader(text, comment string) string {
	before := first.FindString(text)
	if strings.HasPrefix(text[len(before):], headerOf(comment)) || generated.MatchString(text) {
		return text
	}

	return before + headerOf(comment) + "\n" + text[len(before):]
}

func TestHeaders(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = check.File(t)

	list, err := cmd.Output()
	check.Must(t, err)

	for file := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		// A deleted file is listed until its deletion is committed.
		if _, err := os.Stat(check.File(t, file)); err == nil && comment(file) != "" {
			check.Golden(t, withHeader(check.Read(t, file), comment(file)), file)
		}
	}
}

// TestMissing checks that TestHeaders finds a file without a header. The files of the repository show where a header belongs.
func TestMissing(t *testing.T) {
	want := headerOf("// ") + "\n// Package fn.\npackage fn\n"
	if diff := cmp.Diff(want, withHeader("// Package fn.\npackage fn\n", comment("fn/fn.go"))); diff != "" {
		t.Errorf("withHeader(...): -want, +got:\n%s", diff)
	}
}
