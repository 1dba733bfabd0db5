// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestTake(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")

	first, err := take(dir)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := take(dir); !errors.Is(err, errRuns) {
		t.Errorf("take(...) of a directory in use: want %v, got %v", errRuns, err)
	}

	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second, err := take(dir)
	if err != nil {
		t.Fatalf("take(...) of a directory that was released: %v", err)
	}

	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}
