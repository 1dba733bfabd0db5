// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says why the value of a secret cannot be read, and what to do. It is
// made to be shown to whoever wrote the value, in places where others can read it,
// too: it never holds any part of the value but the names of keys.
type Error struct {
	// Secret that cannot be read.
	Secret string
	// Format in which it was read, or that was asked for if it did not come to that.
	Format Format
	// Line and Column of the problem, from 1, the column in characters. Zero where
	// the problem is in no particular place.
	Line, Column int
	// Problem in words.
	Problem string
}

// Error returns, for example:
//
//	cannot read secret "db" as JSON: line 3, column 7: a comma or } is missing
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot read secret %q", e.Secret)
	if reader(e.Format) != nil {
		fmt.Fprintf(&b, " as %s", e.Format)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d", e.Line)
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, ", column %d", e.Column)
	}
	return b.String() + ": " + e.Problem
}

// problem returns an error about the value as a whole.
func problem(text string) *Error {
	return &Error{Problem: text}
}

// problemOnLine returns an error about a line.
func problemOnLine(line int, text string) *Error {
	return &Error{Line: line, Problem: text}
}

// problemAt returns an error about the character at an offset of a value.
func problemAt(value string, offset int, text string) *Error {
	before := value[:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return &Error{
		Line:    1 + strings.Count(before, "\n"),
		Column:  1 + utf8.RuneCountInString(before[lineStart:]),
		Problem: text,
	}
}

// quote shows a key, the beginning of it if it is long.
func quote(key string) string {
	const limit = 64
	if runes := []rune(key); len(runes) > limit {
		key = string(runes[:limit]) + "…"
	}
	return fmt.Sprintf("%q", key)
}
