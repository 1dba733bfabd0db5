// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// writeChecksums writes the checksums of all files in a directory, in the format of sha256sum.
func writeChecksums(dir string) error {
	sums, err := checksumsOf(dir)
	if err != nil {
		return err
	}

	var out strings.Builder
	for _, file := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&out, "%s  %s\n", sums[file], file)
	}

	if err := os.WriteFile(filepath.Join(dir, checksumsFile), []byte(out.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write checksums: %w", err)
	}

	return nil
}

// verifyChecksums checks that a directory has exactly the listed files with the listed checksums.
func verifyChecksums(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, checksumsFile)) //nolint:gosec // In the directory of a release.
	if err != nil {
		return fmt.Errorf("cannot read checksums: %w", err)
	}

	sums, err := checksumsOf(dir)
	if err != nil {
		return err
	}

	var errs []error

	for line := range strings.Lines(string(data)) {
		sum, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if sums[file] != sum {
			errs = append(errs, fmt.Errorf("cannot trust %s: its checksum differs from %s, or the file is missing", file, checksumsFile))
		}

		delete(sums, file)
	}

	for _, file := range slices.Sorted(maps.Keys(sums)) {
		errs = append(errs, fmt.Errorf("cannot trust %s: it is not in %s", file, checksumsFile))
	}

	return errors.Join(errs...)
}

// checksumsOf returns the checksums of the files in a directory, except the files with checksums.
func checksumsOf(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list files of the release: %w", err)
	}

	out := map[string]string{}

	for _, e := range entries {
		if e.Name() == checksumsFile || e.Name() == checksumsProof {
			continue
		}

		data, err := os.ReadFile(filepath.Join(dir, e.Name())) //nolint:gosec // In the directory of a release.
		if err != nil {
			return nil, fmt.Errorf("cannot read file of the release: %w", err)
		}

		sum := sha256.Sum256(data)
		out[e.Name()] = hex.EncodeToString(sum[:])
	}

	return out, nil
}
