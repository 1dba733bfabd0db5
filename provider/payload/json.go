// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// maxDepth of objects and arrays in each other.
const maxDepth = 100

// readJSON reads an object.
//
// An object inside a value may have a duplicate key: it is passed on unchanged. A \u
// escape for half of a character is rejected, because other parsers replace it silently.
func readJSON(value string) ([]field, *Error) {
	d := decoder{text: trimBOM(value)}
	if i := invalidUTF8(d.text); i >= 0 {
		return nil, d.problem(i, finding.NotUTF8)
	}
	members, fault := d.object()
	if fault != nil {
		return nil, fault
	}

	fields := make([]field, 0, len(members))
	at, before := start(), 0
	for _, m := range members {
		at, before = at.after(d.text[before:m.offset]), m.offset
		key := unquoteJSON(m.key)
		if key == "" {
			return nil, problem(finding.KeyEmpty).at(at)
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

// A decoder reads tokens of JSON (RFC 8259). It reports errors of its own, because those of
// jsontext quote text and keys, which may be secret.
type decoder struct {
	*jsontext.Decoder

	text string
}

// problem of the character at an offset.
func (d *decoder) problem(offset int, r finding.Reason) *Error {
	return problem(r).at(start().after(d.text[:offset]))
}

// A member of an object, as it is written, with the offset of its key.
type member struct {
	offset     int
	key, value string
}

// object returns the members of the only object of the text.
func (d *decoder) object() ([]member, *Error) {
	if i := d.skipSpace(0); d.at(i) != '{' {
		return nil, d.problem(i, finding.JSONObjectExpected)
	}
	d.Decoder = jsontext.NewDecoder(strings.NewReader(d.text), jsontext.AllowDuplicateNames(true))
	_, _ = d.ReadToken() // It is the {.

	var members []member
	for valueStart := 0; d.StackDepth() > 0; {
		depth := d.StackDepth()
		begin, fault := d.token()
		if fault != nil {
			return nil, fault
		}
		end := d.offset()

		_, count := d.StackIndex(d.StackDepth())
		switch {
		case depth == 1 && d.StackDepth() == 1 && count%2 == 1:
			members = append(members, member{offset: begin, key: d.text[begin:end]})
			continue
		case depth == 1:
			valueStart = begin
		}
		if d.StackDepth() == 1 {
			members[len(members)-1].value = d.text[valueStart:end]
		}
	}
	if i := d.skipSpace(d.offset()); i < len(d.text) {
		return nil, d.problem(i, finding.JSONTextAfterObject)
	}

	return members, nil
}

// token reads a token, and returns where it begins.
func (d *decoder) token() (int, *Error) {
	begin, fault := d.next()
	if fault != nil {
		return 0, fault
	}
	first := d.at(begin)
	if (first == '{' || first == '[') && d.StackDepth() == maxDepth {
		return 0, d.problem(begin, finding.JSONTooDeep)
	}

	_, err := d.ReadToken()
	switch {
	case (first == '-' || isDigit(first)) && (err != nil || continuesNumber(d.at(d.offset()))):
		return 0, d.problem(begin, finding.JSONNumberInvalid)
	case err == nil:
		return begin, nil
	case first == '"':
		return 0, d.stringProblem(begin, err)
	default:
		return 0, d.problem(begin, finding.JSONValueMissing)
	}
}

// next returns where the next token begins, after the comma or colon before it.
func (d *decoder) next() (int, *Error) {
	kind, count := d.StackIndex(d.StackDepth())
	i := d.skipSpace(d.offset())
	end, commaMissing, commaTrailing := byte('}'), finding.JSONObjectCommaMissing, finding.JSONObjectCommaTrailing
	if kind == '[' {
		end, commaMissing, commaTrailing = ']', finding.JSONArrayCommaMissing, finding.JSONArrayCommaTrailing
	}

	switch {
	case kind == '{' && count%2 == 1:
		if d.at(i) != ':' {
			return 0, d.problem(i, finding.JSONColonMissing)
		}

		return d.skipSpace(i + 1), nil
	case d.at(i) == end:
		return i, nil
	case count > 0:
		if d.at(i) != ',' {
			return 0, d.problem(i, commaMissing)
		}
		if i = d.skipSpace(i + 1); d.at(i) == end {
			return 0, d.problem(i, commaTrailing)
		}
	}
	if kind == '{' && d.at(i) != '"' {
		return 0, d.problem(i, finding.JSONKeyMissing)
	}

	return i, nil
}

// continuesNumber reports whether a number that ends before c is a part of something that
// others would accept, such as 007: the second zero is not a missing comma.
func continuesNumber(c byte) bool {
	return c != 0 && (isDigit(c) || isLetter(c) || strings.IndexByte("+-._", c) >= 0)
}

// hexEscape is an escape sequence with all its digits.
var hexEscape = regexp.MustCompile(`^\\u[0-9a-fA-F]{4}`)

// stringProblem explains the error about the string that begins there.
func (d *decoder) stringProblem(begin int, err error) *Error {
	i := len(d.text)
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		i = int(e.ByteOffset)
	}
	rest := d.text[i:]
	switch {
	case rest == "":
		return d.problem(begin, finding.JSONStringOpen)
	case rest[0] != '\\':
		return d.problem(i, finding.JSONControlCharacter)
	case !strings.HasPrefix(rest, `\u`):
		return d.problem(i, finding.JSONEscapeUnknown)
	case !hexEscape.MatchString(rest):
		return d.problem(i, finding.JSONEscapeShort)
	default:
		return d.problem(i, finding.JSONEscapeHalf)
	}
}

// offset is where the last token ends.
func (d *decoder) offset() int { return int(d.InputOffset()) }

// at returns the byte at an offset, or 0 at the end: a NUL is not valid anywhere either.
func (d *decoder) at(i int) byte {
	if i == len(d.text) {
		return 0
	}

	return d.text[i]
}

// skipSpace returns where white space ends that begins at an offset.
func (d *decoder) skipSpace(i int) int {
	return len(d.text) - len(strings.TrimLeft(d.text[i:], " \t\r\n"))
}
