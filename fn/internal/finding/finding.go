// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding has what the function tells people: values with a reason and
// parameters, and the one table that has a sentence for each reason. Everything
// else decides on values, and asks for text only where a message leaves the
// function.
package finding

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Reason identifies a sentence.
type Reason string

// With has the parameters of a sentence by name. A value may be a Finding, a List
// or an error, or anything that fmt prints.
type With map[string]any

// A Finding is something to tell a person.
type Finding struct {
	Reason Reason
	With   With
}

// New returns a finding.
func New(reason Reason, with ...With) Finding {
	f := Finding{Reason: reason}
	for _, w := range with {
		f.With = w
	}
	return f
}

// Say returns the sentence of a finding, for types of others that hold text, such as
// field.Error.
func Say(reason Reason, with ...With) string { return New(reason, with...).String() }

// IsZero is true if there is nothing to tell.
func (f Finding) IsZero() bool { return f.Reason == "" }

// parameter in a sentence: {name}, or {name:q} for one in quotes.
var parameter = regexp.MustCompile(`\{([a-zA-Z]+)(:q)?\}`)

// String is the sentence of the finding.
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

// joined drops the full stop of a text that other punctuation follows. Azure, for example,
// ends its errors with one.
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
	// Most is how many items are shown, or zero for all.
	Most int
}

// All returns a list that shows all items.
func All[T any](separator string, items []T) List { return First(0, separator, items) }

// Some returns a list that shows a few items, since a condition is read in one line.
func Some[T any](separator string, items []T) List { return First(5, separator, items) }

// First returns a list that shows so many items, and the number of the others.
func First[T any](most int, separator string, items []T) List {
	l := List{Separator: separator, Most: most}
	for _, item := range items {
		l.Items = append(l.Items, item)
	}
	return l
}

// String joins the items.
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

// A Message is several findings.
type Message []Finding

// String has one sentence after the other.
func (m Message) String() string {
	all := make([]string, 0, len(m))
	for _, f := range m {
		all = append(all, f.String())
	}
	return strings.Join(all, " ")
}

// An Error is a finding that keeps the function from going on.
type Error struct{ Finding }

// Err returns a finding as an error. The error that has caused it is its parameter cause.
func Err(reason Reason, with ...With) error { return Error{New(reason, with...)} }

// Error is the sentence of the finding.
func (e Error) Error() string { return e.String() }

// Unwrap returns the error that has caused this one, if any.
func (e Error) Unwrap() error {
	cause, _ := e.With["cause"].(error)
	return cause
}
