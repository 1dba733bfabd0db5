// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDataKey is the length up to which Kubernetes takes a key of a Secret.
const maxDataKey = 253

// assignDataKeys sorts the entries of a secret by key and gives each its data key,
// or says which keys cannot have one, or not one of their own.
func assignDataKeys(secret string, entries []Entry) *Error {
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })

	owner := make(map[string]string, len(entries))
	for i := range entries {
		e := &entries[i]
		e.DataKey = DataKey(secret, e.Key)
		if len(e.DataKey) > maxDataKey {
			return problem(fmt.Sprintf("key %s is too long: together with the name of the secret it may have %d characters",
				quote(e.Key), maxDataKey-len(".")))
		}
		other, taken := owner[e.DataKey]
		if taken && other == e.Key {
			return problem(fmt.Sprintf("key %s is there twice: remove one", quote(e.Key)))
		}
		if taken {
			return problem(fmt.Sprintf("keys %s and %s collide, as Kubernetes allows letters, digits, '-', '_' and '.' only: rename one",
				quote(other), quote(e.Key)))
		}
		owner[e.DataKey] = e.Key
	}
	return nil
}

// DataKey returns the key of a Kubernetes Secret for a key of a Key Vault secret,
// which is empty for plain text.
func DataKey(secret, key string) string {
	if key == "" {
		return secret
	}
	return secret + "." + strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && isKeyByte(byte(r)) { //nolint:gosec // An ASCII character fits a byte.
			return r
		}
		return '_'
	}, key)
}

// validName says whether Key Vault would take this as the name of a secret. Then
// it is also a valid data key, and so is anything that begins with it and a dot.
func validName(name string) bool {
	if name == "" || len(name) > 127 {
		return false
	}
	for i := range len(name) {
		if !isKeyByte(name[i]) || name[i] == '_' || name[i] == '.' {
			return false
		}
	}
	return true
}

// isKeyByte says whether Kubernetes allows c in the key of a Secret.
func isKeyByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '-' || c == '_' || c == '.'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
