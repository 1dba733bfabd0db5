// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

// readText takes the value as it is, to the last byte: a line break at its end may
// be a mistake or part of a key file, and only its owner knows.
func readText(value string) ([]Entry, *Error) {
	if value == "" {
		return []Entry{{}}, nil
	}
	return []Entry{{Value: Value(value)}}, nil
}
