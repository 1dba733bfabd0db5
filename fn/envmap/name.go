// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"strings"
	"unicode/utf8"
)

// Name derives the name of an environment variable from the key of a secret.
//
// A key that is already a conventional name (^[A-Z_][A-Z0-9_]*$) is unchanged, so Name is
// idempotent. In any other key, an underscore separates words of camelCase, letters become upper
// case, and all other characters except digits become underscores. An underscore precedes a
// leading digit:
//
//	clientId -> CLIENT_ID    APIKey -> API_KEY    tls.crt -> TLS_CRT    2fa -> _2FA
//
// A word begins at a capital letter after a small letter or digit, and at the last capital letter
// of several before a small letter. Only ASCII becomes upper case. The name of the empty key is
// "_".
func Name(key string) string {
	if isName(key) {
		return key
	}
	// The buffer is large enough for nearly all keys, so that only the result is allocated.
	var buf [96]byte

	return string(appendName(buf[:0], key))
}

// TrimEnvironment returns the name of a secret without its environment prefix: with prefixes
// "dev-" and "prod-", "prod-api-key" becomes "api-key".
//
// It removes the longest matching prefix, once. Case is ignored, as in Key Vault. A name that
// consists only of a prefix is unchanged.
func TrimEnvironment(secret string, prefixes []string) string {
	longest := 0
	for _, p := range prefixes {
		if len(p) > longest && hasPrefix(secret, p) {
			longest = len(p)
		}
	}
	if longest == len(secret) {
		return secret
	}

	return secret[longest:]
}

// isName reports whether a key matches ^[A-Z_][A-Z0-9_]*$.
func isName(key string) bool {
	if key == "" || isDigit(key[0]) {
		return false
	}
	for i := range len(key) {
		if c := key[i]; !isUpper(c) && !isDigit(c) && c != '_' {
			return false
		}
	}

	return true
}

func appendName(dst []byte, key string) []byte {
	if key == "" || isDigit(key[0]) {
		dst = append(dst, '_')
	}
	// By rune, not by byte: one character becomes one underscore.
	for i, r := range key {
		c := byte('_')
		if r < utf8.RuneSelf {
			c = byte(r) //nolint:gosec // It was just compared.
		}
		switch {
		case isUpper(c):
			if beginsWord(key, i) {
				dst = append(dst, '_')
			}
		case isLower(c):
			c -= 'a' - 'A'
		case !isDigit(c):
			c = '_'
		}
		dst = append(dst, c)
	}

	return dst
}

// beginsWord reports whether the capital letter at position i begins a word, which needs an
// underscore.
func beginsWord(key string, i int) bool {
	if i == 0 {
		return false
	}
	before := key[i-1]
	if isUpper(before) {
		return i+1 < len(key) && isLower(key[i+1])
	}

	return isLower(before) || isDigit(before)
}

// hasPrefix is strings.HasPrefix without case.
func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
