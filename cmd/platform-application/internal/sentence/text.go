// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sentence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxParameter limits a printed parameter, in bytes. Its text may come from anybody.
	maxParameter = 1000

	// maxRendered limits a sentence in a sentence. Its own parameters are bounded already, but other types can render themselves,
	// such as a port that a manifest has as text.
	maxRendered = 8 << 10
)

// Printable returns one line of bounded length, without characters that control a terminal.
func Printable(text string) string { return OneLine(text, maxParameter) }

// OneLine returns at most size bytes of text in one line, without characters that control a terminal.
func OneLine(text string, size int) string {
	const more = " …"

	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		default:
			return utf8.RuneError
		}
	}, text)

	if len(text) <= size {
		return text
	}

	// The cut may leave a part of a rune.
	return strings.ToValidUTF8(text[:size-len(more)], "") + more
}

// Quoted returns text for a shell, inside of quotes of that kind. Outside of quotes it adds quotes if the shell needs them.
func Quoted(text string, quote byte) string {
	single := strings.ReplaceAll(text, "'", `'\''`)

	switch {
	case quote == '\'':
		return single
	case quote == '"':
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(text)
	case text != "" && strings.IndexFunc(text, special) < 0:
		return text
	default:
		return "'" + single + "'"
	}
}

// special reports whether a character has a meaning for a shell.
func special(r rune) bool {
	return !strings.ContainsRune("_./:=@%+,-", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}
