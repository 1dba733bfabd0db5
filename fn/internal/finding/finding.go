// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding defines the function's messages: reasons with parameters, and one
// table with the sentence of each reason. All other packages decide on these values, and
// render text only where a message leaves the function.
//
// The provider has a package of its own for the same: it compares its findings and keeps
// thousands of them, so they are flat structs, while those of the function contain lists and
// other findings.
package finding

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
)

// A Reason identifies a sentence.
type Reason string

// With holds the parameters of a sentence by name. A value may be a Finding, a List, an
// error, or anything else that fmt can print.
type With map[string]any

// A Finding is a message for users: a reason, and the parameters of its sentence.
type Finding struct {
	Reason Reason
	With   With
}

// New returns a finding with all of the parameters.
func New(reason Reason, with ...With) Finding {
	f := Finding{Reason: reason}
	for _, w := range with {
		if f.With == nil {
			f.With = make(With, len(w))
		}
		maps.Copy(f.With, w)
	}

	return f
}

// Say returns the sentence of a finding, for foreign types that hold text, such as
// field.Error.
func Say(reason Reason, with ...With) string { return New(reason, with...).String() }

// IsZero reports whether there is no finding.
func (f Finding) IsZero() bool { return f.Reason == "" }

// parameter matches a parameter of a sentence: {name}, or {name:q} for a quoted one.
var parameter = regexp.MustCompile(`\{([a-zA-Z]+)(:q)?\}`)

// String returns the sentence of the finding.
func (f Finding) String() string {
	sentence := sentences[f.Reason]
	var out strings.Builder
	end := 0
	for _, at := range parameter.FindAllStringSubmatchIndex(sentence, -1) {
		out.WriteString(sentence[end:at[0]])
		end = at[1]
		value := text(f.With[sentence[at[2]:at[3]]])
		if at[4] >= 0 {
			value = strconv.Quote(value)
		}
		out.WriteString(joined(value, sentence[end:]))
	}
	out.WriteString(sentence[end:])

	return out.String()
}

func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}

	return fmt.Sprint(value)
}

// joined drops the full stop of a foreign text if other punctuation follows. Azure, for
// example, ends its errors with a full stop.
func joined(s, following string) string {
	if following != "" && strings.ContainsRune(".,;:)", rune(following[0])) {
		return strings.TrimSuffix(s, ".")
	}

	return s
}

// A List is a parameter with several values.
type List struct {
	Items     []any
	Separator string
	// Most is the greatest number of items to show, or zero for all.
	Most int
}

// All returns a list that shows all items.
func All[T any](separator string, items []T) List { return First(0, separator, items) }

// Some returns a list that shows a few items, so that a condition fits on one line.
func Some[T any](separator string, items []T) List { return First(5, separator, items) }

// First returns a list that shows at most that many items, and the number of the others.
func First[T any](most int, separator string, items []T) List {
	l := List{Separator: separator, Most: most}
	for _, item := range items {
		l.Items = append(l.Items, item)
	}

	return l
}

// String joins the shown items.
func (l List) String() string {
	shown := len(l.Items)
	if l.Most > 0 {
		shown = min(shown, l.Most)
	}
	parts := make([]string, 0, shown+1)
	for _, item := range l.Items[:shown] {
		parts = append(parts, text(item))
	}
	if more := len(l.Items) - shown; more > 0 {
		parts = append(parts, Say(AndMore, With{"more": more}))
	}
	for i := range parts[:max(len(parts)-1, 0)] {
		parts[i] = joined(parts[i], l.Separator)
	}

	return strings.Join(parts, l.Separator)
}

// A Message is a list of findings.
type Message []Finding

// String returns one sentence after the other.
func (m Message) String() string {
	all := make([]string, 0, len(m))
	for _, f := range m {
		all = append(all, f.String())
	}

	return strings.Join(all, " ")
}

// An Error is a finding that stops the function.
type Error struct{ Finding }

// Err returns a finding as an error. Its parameter cause is the error that caused it.
func Err(reason Reason, with ...With) error { return Error{New(reason, with...)} }

// Error returns the sentence of the finding.
func (e Error) Error() string { return e.String() }

// Unwrap returns the error that has caused this one, if any.
func (e Error) Unwrap() error {
	cause, _ := e.With["cause"].(error)
	return cause
}
