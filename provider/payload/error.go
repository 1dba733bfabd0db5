// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"strings"
	"unicode/utf8"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// An Error is why the value of a secret cannot be read. More people can read the error than the
// value, so it never holds any part of the value. It has the position of a key instead of its
// name, which could be a piece of a value in another format.
type Error struct {
	// Secret that cannot be read.
	Secret string
	// Finding has the format and the position, and the problem as its cause.
	Finding finding.Finding
}

// Error returns, for example:
//
//	cannot read secret "db" as JSON: line 3, column 7: a comma or } is missing
func (e *Error) Error() string {
	return finding.Sentences(finding.Subject{Secret: e.Secret}, e.Finding)
}

// problem returns an error about the value as a whole.
func problem(r finding.Reason) *Error { return because(finding.Finding{Reason: r}) }

// limited returns a problem of exceeding a limit.
func limited(r finding.Reason, limit int) *Error {
	return because(finding.Finding{Reason: r, Limit: limit})
}

// advising returns a problem that a command solves.
func advising(r finding.Reason, command string) *Error {
	return because(finding.Finding{Reason: r, Command: command})
}

// conflict returns a problem of two keys. other is the position of the second one.
func conflict(r finding.Reason, other position) *Error {
	return because(finding.Finding{Reason: r, Position: finding.Position(other)})
}

func because(cause finding.Finding) *Error {
	return &Error{Finding: finding.Because(finding.Malformed, cause)}
}

// at a position of the value.
func (e *Error) at(p position) *Error {
	e.Finding.Position = finding.Position(p)
	return e
}

// onLine of the value.
func (e *Error) onLine(line int) *Error { return e.at(position{Line: line}) }

// A position in a value.
type position finding.Position

func start() position { return position{Line: 1, Column: 1} }

// after returns the position behind a text that begins at p.
func (p position) after(text string) position {
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		p = position{p.Line + strings.Count(text, "\n"), 1}
		text = text[i+1:]
	}
	p.Column += utf8.RuneCountInString(text)

	return p
}
