// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"slices"
	"strings"
)

const (
	// maxGuessedKey is the length up to which a key of a guessed object is a name.
	maxGuessedKey = 64
	// maxOddities of a name, such as oauth2Token, k8sId or base64EncodedP12Cert. Almost all
	// tokens of 16 characters have more.
	maxOddities = 3
	// longRun is the length from which a run of letters and digits counts as an oddity.
	longRun = 21
	// maxDigits of a name, dates included.
	maxDigits = 8
)

// looksLikeName reports whether a key is made of words, as POSTGRES_PASSWORD,
// connectionString and s3AccessKeyId are. Tokens, hashes and UUIDs are not: some teams store
// them as the keys of a map. A password that is a word cannot be distinguished from a name.
func looksLikeName(key string) bool {
	if len(key) > maxGuessedKey || strings.ContainsFunc(key, func(r rune) bool { return !isKeyRune(r) }) {
		return false
	}
	characters, digits, oddities, longest := 0, 0, 0, 0
	for run := range strings.FieldsFuncSeq(key, func(r rune) bool { return strings.ContainsRune("-_.", r) }) {
		if isIdentifier(run) {
			return false
		}
		characters += len(run)
		longest = max(longest, len(run))
		oddities += countOddities(words(run))
		for i := range len(run) {
			if isDigit(run[i]) {
				digits++
			}
		}
	}
	if longest >= longRun {
		oddities++
	}

	return oddities <= maxOddities && digits <= maxDigits && (characters < 16 || digits*3 <= characters)
}

// isIdentifier reports whether a run of letters and digits looks like an identifier of AWS or
// of an authenticator: upper case, with digits between the letters.
func isIdentifier(run string) bool {
	const length = 20 // of an AWS access key ID
	if len(run) < length || run != strings.ToUpper(run) {
		return false
	}

	return len(run) == length && (strings.HasPrefix(run, "AKIA") || strings.HasPrefix(run, "ASIA")) || len(words(run)) > 1
}

// words splits a run of letters and digits after digits and where the case changes.
func words(run string) []string {
	var out []string
	start := 0
	for i := 1; i < len(run); i++ {
		before, c := run[i-1], run[i]
		beforeLower := i+1 < len(run) && isLower(run[i+1])
		switch {
		case isDigit(before) && !isDigit(c), isLower(before) && isUpper(c), isUpper(before) && isUpper(c) && beforeLower:
			out = append(out, run[start:i])
			start = i
		}
	}

	return append(out, run[start:])
}

// countOddities counts rare features of names: digits inside the run, and words that are very
// short or have no vowel.
func countOddities(words []string) int {
	if len(words) == 1 {
		return 0
	}
	n := 0
	for i, word := range words {
		letters := strings.TrimRight(word, "0123456789")
		if letters != word && i < len(words)-1 {
			n++
		}
		letters = strings.ToLower(letters)
		if (len(letters) <= 2 || !strings.ContainsAny(letters, "aeiouy")) && !slices.Contains(shortWords, letters) {
			n++
		}
	}

	return n
}

// shortWords are common in names.
//
//nolint:gochecknoglobals // A constant.
var shortWords = strings.Fields("ad ai as at by crt db de do eu http https id in ip is it jwt k my no of on or os pwd s sql ssl tls to ui uk up us v vm")

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
