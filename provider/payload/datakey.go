// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// maxDataKey is the longest key of a Secret that Kubernetes accepts.
const maxDataKey = 253

// assignDataKeys sorts the fields of a secret by key and assigns their data keys. It returns an
// error for a key that is too long, or collides with another.
func assignDataKeys(secret string, fields []field) *Error {
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(a.Key, b.Key) })

	owner := make(map[string]field, len(fields))
	for i := range fields {
		f := &fields[i]
		f.DataKey = DataKey(secret, f.Key)
		if len(f.DataKey) > maxDataKey {
			return limited(finding.DataKeyTooLong, maxDataKey-len(".")).at(f.at)
		}
		other, taken := owner[f.DataKey]
		if taken && other.Key == f.Key {
			return conflict(finding.KeyTwice, other.at).at(f.at)
		}
		if taken {
			return conflict(finding.KeysCollide, other.at).at(f.at)
		}
		owner[f.DataKey] = *f
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
		if isKeyRune(r) {
			return r
		}

		return '_'
	}, key)
}

// isKeyRune reports whether Kubernetes allows r in the key of a Secret.
func isKeyRune(r rune) bool {
	return r < utf8.RuneSelf && isKeyByte(byte(r)) //nolint:gosec // An ASCII character fits a byte.
}

// validName reports whether Key Vault accepts the name of a secret. Such a name is also a valid
// beginning of a data key.
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

// isKeyByte reports whether Kubernetes allows c in the key of a Secret.
func isKeyByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '-' || c == '_' || c == '.'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
