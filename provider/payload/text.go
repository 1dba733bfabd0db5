// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

// readText returns the value unchanged. A line break at its end may be a mistake or a part of a
// key file, which only its owner knows.
func readText(value string) ([]Entry, *Error) {
	if value == "" {
		return []Entry{{}}, nil
	}

	return []Entry{{Value: Value(value)}}, nil
}
