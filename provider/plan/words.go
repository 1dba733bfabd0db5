// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// words to those who own a vault.
type words struct {
	vault string
}

func (w words) awaitingValue(secret string, keys []string) string {
	switch len(keys) {
	case 0:
		return fmt.Sprintf("It has no values yet. Set a value of %s in %s.", secret, w.vault)
	case 1:
		return fmt.Sprintf("Key %s has no value yet. Set it in secret %s of %s.", keys[0], secret, w.vault)
	default:
		return fmt.Sprintf("Keys %s have no values yet. Set them in secret %s of %s.", some(keys), secret, w.vault)
	}
}

// absent keys are those that variables of pods come from. Plain text has none.
func (w words) absent(secret string, keys []string) string {
	switch {
	case slices.Contains(keys, ""):
		return fmt.Sprintf("It has keys and is not plain text, which a variable of the pods comes from. Set plain text in secret %s of %s, or give the variable a key with env.", secret, w.vault)
	case len(keys) == 1:
		return fmt.Sprintf("It has no key %s, which a variable of the pods comes from. Set it in secret %s of %s, or correct env.", keys[0], secret, w.vault)
	default:
		return fmt.Sprintf("It has no keys %s, which variables of the pods come from. Set them in secret %s of %s, or correct env.", some(keys), secret, w.vault)
	}
}

// keyValueLines is what to do about plain text that was meant as variables. It is said
// of every text alike, as nobody looks at what is in it.
const keyValueLines = "If the value has lines KEY=VALUE that are variables, set its content type to application/x-dotenv, or format to Dotenv in the manifest."

// text of which keys are expected.
func (w words) text(secret string, keys []string) string {
	what := "keys " + some(keys) + " are"
	if len(keys) == 1 {
		what = "key " + keys[0] + " is"
	}

	return fmt.Sprintf("It is plain text, but %s expected. Set JSON in secret %s of %s. %s", what, secret, w.vault, keyValueLines)
}

// hadKeys is a warning: pods lose the variables that were made of the keys.
func (w words) hadKeys() string {
	return "The same version had keys before, and is one variable now: plain text is not taken apart any more. " + keyValueLines +
		" If it is plain text, set its content type to text/plain."
}

// validity is a warning: Key Vault serves secrets that are not valid yet or any more, too.
func (w words) validity(c Content, now time.Time) string {
	var out []string

	if from := timeOf(c.NotBefore); from.After(now) {
		out = append(out, fmt.Sprintf("It is not valid before %s. Its values are already in use, as Key Vault serves them.", from.UTC().Format(time.RFC3339)))
	}

	if to := timeOf(c.Expires); !to.IsZero() && !to.After(now) {
		out = append(out, fmt.Sprintf("It expired at %s. Its values are still in use; set new ones in %s.", to.UTC().Format(time.RFC3339), w.vault))
	}

	return strings.Join(out, " ")
}

// some joins the first few of a list; a message is read in one line.
func some(list []string) string {
	const most = 10
	if len(list) <= most {
		return strings.Join(list, ", ")
	}

	return fmt.Sprintf("%s, and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// sentence makes one of the text of an error.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + strings.TrimSuffix(s[n:], ".") + "."
}
