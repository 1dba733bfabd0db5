// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"strings"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// readDotenv reads lines KEY=VALUE, as the common dotenv tools do where they agree:
//
//	# a comment
//	KEY=VALUE
//	export KEY = value   # a comment; the white space around the value is not part of it
//	KEY='taken literally, over several lines if need be'
//	KEY="with the escapes \n \r \t \" \\ and \$, over several lines, too"
//	KEY=                 # an empty value
//
// A # begins a comment only after white space, as passwords contain it. A backslash before
// any other character stays. Nothing is expanded, neither $NAME nor ${NAME} nor
// $(command). Line breaks may be those of Windows; in values they become \n.
func readDotenv(value string) ([]field, *Error) {
	d := dotenv{rest: strings.ReplaceAll(trimBOM(value), "\r\n", "\n"), line: 1}
	var fields []field
	for {
		d.skipBlank()
		if d.rest == "" {
			return fields, nil
		}
		at := position{Line: d.line}
		e, fault := d.assignment()
		if fault != nil {
			return nil, fault
		}
		fields = append(fields, field{e, at})
	}
}

// A dotenv has the text that is left to read, and the line where it begins.
type dotenv struct {
	rest string
	line int
}

// skipBlank goes over white space, line breaks and comments.
func (d *dotenv) skipBlank() {
	for {
		d.skipSpace()
		switch {
		case strings.HasPrefix(d.rest, "\n"):
			d.take(1)
		case strings.HasPrefix(d.rest, "#"):
			d.take(d.lineLength())
		default:
			return
		}
	}
}

// skipSpace goes over white space within the line.
func (d *dotenv) skipSpace() {
	d.rest = strings.TrimLeft(d.rest, " \t")
}

// take goes over n bytes and returns them.
func (d *dotenv) take(n int) string {
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	d.line += strings.Count(taken, "\n")

	return taken
}

// lineLength returns how many bytes are left in the line.
func (d *dotenv) lineLength() int {
	if i := strings.IndexByte(d.rest, '\n'); i >= 0 {
		return i
	}

	return len(d.rest)
}

// assignment reads the assignment that is next.
func (d *dotenv) assignment() (Entry, *Error) {
	key := d.key()
	if d.skipSpace(); key == "export" && d.startsKey() {
		key = d.key()
		d.skipSpace()
	}
	if key == "" {
		return Entry{}, problem(finding.DotenvKeyMissing).onLine(d.line)
	}
	if !strings.HasPrefix(d.rest, "=") {
		return Entry{}, problem(finding.DotenvEqualsMissing).onLine(d.line)
	}
	d.take(1)

	value, fault := d.value()

	return Entry{Key: key, Value: Value(value)}, fault
}

// startsKey reports whether a key is next.
func (d *dotenv) startsKey() bool {
	return d.rest != "" && (isLetter(d.rest[0]) || d.rest[0] == '_')
}

// key reads a key, or nothing where there is none.
func (d *dotenv) key() string {
	n := 0
	for d.startsKey() && n < len(d.rest) && isKeyByte(d.rest[n]) {
		n++
	}

	return d.take(n)
}

// value reads the text after the =, and the rest of its last line.
func (d *dotenv) value() (string, *Error) {
	line := d.rest[:d.lineLength()]
	if trimmed := strings.TrimLeft(line, " \t"); !strings.HasPrefix(trimmed, `"`) && !strings.HasPrefix(trimmed, "'") {
		return bare(d.take(len(line))), nil
	}

	d.skipSpace()
	start := d.line
	value, ok := d.quoted()
	if !ok {
		return "", problem(finding.DotenvQuoteOpen).onLine(start)
	}
	d.skipSpace()
	if n := d.lineLength(); n > 0 && d.rest[0] != '#' {
		return "", problem(finding.DotenvAfterQuote).onLine(d.line)
	}
	d.take(d.lineLength())

	return value, nil
}

// bare returns a value without quotes: without the comment and the white space
// around it.
func bare(text string) string {
	for i := range len(text) - 1 {
		if (text[i] == ' ' || text[i] == '\t') && text[i+1] == '#' {
			text = text[:i]
			break
		}
	}

	return strings.Trim(text, " \t")
}

// quoted reads a value in quotes, or says that they do not end.
func (d *dotenv) quoted() (string, bool) {
	quote := d.take(1)[0]
	if quote == '\'' {
		n := strings.IndexByte(d.rest, quote)
		if n < 0 {
			return "", false
		}
		value := d.take(n)
		d.take(1)

		return value, true
	}

	var b strings.Builder
	for n := 0; n < len(d.rest); n++ {
		c := d.rest[n]
		if c == quote {
			d.take(n + 1)
			return b.String(), true
		}
		if c == '\\' && n+1 < len(d.rest) {
			if escaped, ok := unescape(d.rest[n+1]); ok {
				c = escaped
				n++
			}
		}
		b.WriteByte(c)
	}

	return "", false
}

// unescape returns the character that a backslash and c stand for.
func unescape(c byte) (byte, bool) {
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case '"', '\\', '$':
		return c, true
	default:
		return 0, false
	}
}
