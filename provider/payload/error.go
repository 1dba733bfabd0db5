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
// too: it never holds any part of the value, not even the name of a key, which may
// be a piece of something else that was read in the wrong format. It says where.
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
		fmt.Fprintf(&b, ": %s", position{e.Line, e.Column})
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
	return start().after(value[:offset]).problem(text)
}

// A position in a value: line and column from 1, the column in characters. Zero is
// none.
type position struct{ line, column int }

func start() position { return position{1, 1} }

// String returns, for example: line 3, column 7.
func (p position) String() string {
	if p.column == 0 {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("line %d, column %d", p.line, p.column)
}

// after returns the position behind a text that begins at p.
func (p position) after(text string) position {
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		p = position{p.line + strings.Count(text, "\n"), 1}
		text = text[i+1:]
	}
	p.column += utf8.RuneCountInString(text)
	return p
}

func (p position) problem(text string) *Error {
	return &Error{Line: p.line, Column: p.column, Problem: text}
}
