// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/fn/envmap"
)

// TestWithheldPage compares the page with the list.
func TestWithheldPage(t *testing.T) {
	got, err := os.ReadFile(filepath.Join("..", "..", withheldFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(withheldPage(envmap.Steering()), string(got)); diff != "" {
		t.Errorf("%s is not up to date, run make generate: -want, +got:\n%s", withheldFile, diff)
	}
}

func TestCodes(t *testing.T) {
	want := "`A`, `Z`, `*_B`, `M_*`"
	if diff := cmp.Diff(want, codes([]string{"M_*", "Z", "*_B", "A"})); diff != "" {
		t.Errorf("codes(...): -want, +got:\n%s", diff)
	}
}
