// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
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
		return fmt.Sprintf("Keys %s have no values yet. Set them in secret %s of %s.", some(keys, ", "), secret, w.vault)
	}
}

// expired is a warning: Key Vault serves expired secrets, too.
func (w words) expired(at, now time.Time) string {
	if at.IsZero() || at.After(now) {
		return ""
	}

	return fmt.Sprintf("It expired at %s. Its values are still in use; set new ones in %s.", at.UTC().Format(time.RFC3339), w.vault)
}

// some joins the first few of a list; a message is read in one line.
func some(list []string, separator string) string {
	const most = 10
	if len(list) <= most {
		return strings.Join(list, separator)
	}

	return fmt.Sprintf("%s%sand %d more", strings.Join(list[:most], separator), separator, len(list)-most)
}

// sentence makes one of the text of an error.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + strings.TrimSuffix(s[n:], ".") + "."
}
