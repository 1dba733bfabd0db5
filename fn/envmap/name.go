// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"strings"
	"unicode/utf8"
)

// Name turns the key of a secret into the name of an environment variable.
//
// A key that is a conventional name already (^[A-Z_][A-Z0-9_]*$) is kept, so
// that applying Name twice changes nothing. Any other key is split where a word
// of camelCase begins, upper-cased, and has an underscore for every character
// outside A-Z, 0-9 and _, and one more in front of a leading digit:
//
//	clientId -> CLIENT_ID    APIKey -> API_KEY    tls.crt -> TLS_CRT    2fa -> _2FA
//
// A word begins at a capital that follows a small letter or a digit, and at the
// last capital of a run that a small letter follows. Only ASCII is upper-cased.
// The empty key is named "_".
func Name(key string) string {
	if isName(key) {
		return key
	}
	// Large enough for nearly every key, so that only the result is allocated.
	var buf [96]byte
	return string(appendName(buf[:0], key))
}

// TrimEnvironment returns the name of a secret without the environment prefix
// it starts with: with prefixes "dev-" and "prod-", "prod-api-key" is
// "api-key".
//
// The longest prefix that matches is removed, and only that one. Case is
// ignored, as Key Vault ignores it. A secret that consists of nothing but its
// prefix keeps its whole name.
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

// isName tells whether a key matches ^[A-Z_][A-Z0-9_]*$.
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

// beginsWord tells whether the capital at position i starts a word that needs an
// underscore in front.
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

// hasPrefix is strings.HasPrefix for names in which case means nothing.
func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
