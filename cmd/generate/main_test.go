// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunNeedsControllerGen(t *testing.T) {
	t.Parallel()

	err := run(t.Context(), "", "", "")
	if err == nil || !strings.Contains(err.Error(), "set CONTROLLER_GEN") {
		t.Errorf("run(...): want advice to set CONTROLLER_GEN, got %v", err)
	}
}

func TestRunNeedsRepository(t *testing.T) {
	t.Parallel()

	// Tests run in the directory of their package.
	err := run(t.Context(), "controller-gen", "angryjet", "kustomize")
	if err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("run(...): want advice to run in the root of the repository, got %v", err)
	}
}

func TestRemoveStale(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	for _, name := range []string{"example.com_apps.yaml", "other.com_apps.yaml"} {
		if err := write(filepath.Join(dir, name), ""); err != nil {
			t.Fatal(err)
		}
	}

	if err := removeStale(api{group: "example.com", crds: dir}); err != nil {
		t.Fatalf("removeStale(...): %s", err)
	}

	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Name() != "other.com_apps.yaml" {
		t.Errorf("removeStale(...): want only the file of the other group left, got %v", left)
	}
}
