// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxDepth of objects and arrays in each other.
const maxDepth = 100

// readJSON reads an object.
//
// The scanner below finds the members and says what is wrong and where, for which
// the errors of encoding/json are no help: they quote the character that they
// stumble over. What it has accepted, encoding/json decodes.
//
// An object inside a value may have a key twice: it is passed on as it is. A \u
// escape for half of a character is refused, where others would replace
// it silently.
func readJSON(value string) ([]field, *Error) {
	s := scanner{text: trimBOM(value)}
	if i := invalidUTF8(s.text); i >= 0 {
		return nil, s.problemAt(i, "this is not a character in UTF-8: save the value as UTF-8")
	}

	s.skipSpace()
	if s.peek() != '{' {
		return nil, s.problem("an object in { } is expected: write one, or set the format to Text")
	}
	type member struct {
		offset     int
		key, value string
	}
	var members []member
	if fault := s.object(1, func(offset int, key, value string) { members = append(members, member{offset, key, value}) }); fault != nil {
		return nil, fault
	}
	s.skipSpace()
	if !s.atEnd() {
		return nil, s.problem("the object is complete, and something follows: remove it")
	}

	fields := make([]field, 0, len(members))
	at, before := start(), 0
	for _, m := range members {
		at, before = at.after(s.text[before:m.offset]), m.offset
		key := unquoteJSON(m.key)
		if key == "" {
			return nil, at.problem("this key has no name: name it or remove it")
		}
		fields = append(fields, field{Entry{Key: key, Value: valueOfJSON(m.value)}, at})
	}
	return fields, nil
}

// valueOfJSON returns the value of a valid JSON value.
func valueOfJSON(text string) Value {
	switch text[0] {
	case 'n':
		return nil
	case '"':
		return Value(unquoteJSON(text))
	case '{', '[':
		var b bytes.Buffer
		_ = json.Compact(&b, []byte(text)) // It is valid.
		return b.Bytes()
	default:
		return Value(text)
	}
}

// unquoteJSON returns the content of a valid JSON string.
func unquoteJSON(text string) string {
	if !strings.Contains(text, `\`) {
		return text[1 : len(text)-1]
	}
	var s string
	_ = json.Unmarshal([]byte(text), &s) // It is valid.
	return s
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(text string) int {
	for i, r := range text {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
			return i
		}
	}
	return -1
}

// A scanner checks JSON (RFC 8259) and remembers how far it came.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) problem(text string) *Error { return s.problemAt(s.pos, text) }

func (s *scanner) problemAt(offset int, text string) *Error {
	return problemAt(s.text, offset, text)
}

func (s *scanner) atEnd() bool { return s.pos == len(s.text) }

// peek returns the next byte, or 0 at the end: a NUL is not valid anywhere either.
func (s *scanner) peek() byte {
	if s.atEnd() {
		return 0
	}
	return s.text[s.pos]
}

// skip goes over c, if it is next.
func (s *scanner) skip(c byte) bool {
	if s.atEnd() || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) skipSpace() {
	for !s.atEnd() && strings.IndexByte(" \t\r\n", s.text[s.pos]) >= 0 {
		s.pos++
	}
}

func (s *scanner) skipDigits() bool {
	start := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

// object goes over an object and hands each member on, as it is written, with the
// offset of its key.
func (s *scanner) object(depth int, member func(offset int, key, value string)) *Error {
	s.pos++ // {
	if s.skipSpace(); s.skip('}') {
		return nil
	}
	for {
		s.skipSpace()
		keyStart := s.pos
		switch s.peek() {
		case '"':
		case '}':
			return s.problem("there is a comma before this }: remove it")
		default:
			return s.problem("a key in double quotes is missing")
		}
		if fault := s.string(); fault != nil {
			return fault
		}
		keyEnd := s.pos

		if s.skipSpace(); !s.skip(':') {
			return s.problem("a colon is missing after a key")
		}

		s.skipSpace()
		valueStart := s.pos
		if fault := s.value(depth); fault != nil {
			return fault
		}
		member(keyStart, s.text[keyStart:keyEnd], s.text[valueStart:s.pos])

		s.skipSpace()
		switch {
		case s.skip('}'):
			return nil
		case !s.skip(','):
			return s.problem("a comma or } is missing")
		}
	}
}

// array goes over an array.
func (s *scanner) array(depth int) *Error {
	s.pos++ // [
	if s.skipSpace(); s.skip(']') {
		return nil
	}
	for {
		s.skipSpace()
		if s.peek() == ']' {
			return s.problem("there is a comma before this ]: remove it")
		}
		if fault := s.value(depth); fault != nil {
			return fault
		}
		s.skipSpace()
		switch {
		case s.skip(']'):
			return nil
		case !s.skip(','):
			return s.problem("a comma or ] is missing")
		}
	}
}

// value goes over any value.
func (s *scanner) value(depth int) *Error {
	switch c := s.peek(); {
	case c == '"':
		return s.string()
	case c == '-' || isDigit(c):
		return s.number()
	case (c == '{' || c == '[') && depth == maxDepth:
		return s.problem("objects and arrays are nested too deep: put this one into a string")
	case c == '{':
		return s.object(depth+1, func(int, string, string) {})
	case c == '[':
		return s.array(depth + 1)
	default:
		return s.literal()
	}
}

// literal goes over true, false or null.
func (s *scanner) literal() *Error {
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s.text[s.pos:], word) {
			s.pos += len(word)
			return nil
		}
	}
	return s.problem("a value is missing, or text is not in double quotes")
}

// number goes over a number, and does not take one apart that others would
// accept, such as 007: what follows its zero is not a missing comma.
func (s *scanner) number() *Error {
	start := s.pos
	malformed := func() *Error {
		return s.problemAt(start, "this is not a number as JSON has it: put it in double quotes")
	}

	s.skip('-')
	if !s.skip('0') && !s.skipDigits() {
		return malformed()
	}
	if s.skip('.') && !s.skipDigits() {
		return malformed()
	}
	if s.skip('e') || s.skip('E') {
		if !s.skip('+') {
			s.skip('-')
		}
		if !s.skipDigits() {
			return malformed()
		}
	}
	if c := s.peek(); isDigit(c) || isLetter(c) || strings.IndexByte("+-._", c) >= 0 {
		return malformed()
	}
	return nil
}

// string goes over a string.
func (s *scanner) string() *Error {
	start := s.pos
	s.pos++ // "
	for !s.atEnd() {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c < ' ':
			return s.problem(`there is a line break or another control character in a string: write \n for it, or add the missing "`)
		case c == '\\':
			if fault := s.escape(); fault != nil {
				return fault
			}
		default:
			s.pos++
		}
	}
	return s.problemAt(start, `the string that begins here does not end: add the missing "`)
}

// escape goes over an escape sequence.
func (s *scanner) escape() *Error {
	start := s.pos
	s.pos++ // \
	if !s.skip('u') {
		if c := s.peek(); c == 0 || strings.IndexByte(`"\/bfnrt`, c) < 0 {
			return s.problemAt(start, `this \ begins no escape sequence: write \\ for the character itself`)
		}
		s.pos++
		return nil
	}

	unit, ok := s.hex()
	if !ok {
		return s.problemAt(start, `four hexadecimal digits are missing after \u: write \\ if the character \ itself is meant`)
	}
	const high, low, end = 0xd800, 0xdc00, 0xe000 // The halves of surrogate pairs.
	if unit < high || unit >= end {
		return nil
	}
	if unit < low && s.skip('\\') && s.skip('u') {
		if second, ok := s.hex(); ok && low <= second && second < end {
			return nil
		}
	}
	return s.problemAt(start, `this \u escape is half of a character: add the other half, or write the character itself`)
}

// hex goes over four hexadecimal digits.
func (s *scanner) hex() (int, bool) {
	unit := 0
	for range 4 {
		digit := strings.IndexByte("0123456789abcdef", s.peek()|0x20)
		if digit < 0 || s.peek() < '0' {
			return 0, false
		}
		unit = unit<<4 | digit
		s.pos++
	}
	return unit, true
}
