// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"fmt"
	"slices"
	"strings"
)

// Advice for an error in a detected format: perhaps another one was meant.
const (
	adviceOnContent     = "; correct it or, if it is plain text, set its content type to text/plain or the format to Text"
	adviceOnContentType = "; correct it, or the content type of the secret"
)

// detect returns the format of a secret, and whether it was guessed from its content.
func detect(s Secret) (format Format, guessed bool) {
	if f, ok := byContentType(s.ContentType); ok {
		return f, false
	}
	return byContent(s.Value), true
}

// byContentType returns the format of a content type, if it says anything: many
// use the field for notes.
func byContentType(contentType string) (Format, bool) {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	switch mediaType {
	case "application/json", "text/json":
		return JSON, true
	case "application/x-pkcs12":
		return PKCS12, true
	case "application/x-pem-file":
		return PEM, true
	case "text/plain":
		return Text, true
	case "application/x-dotenv", "text/x-dotenv", "application/dotenv":
		return Dotenv, true
	default:
		return JSON, strings.HasSuffix(mediaType, "+json")
	}
}

// byContent returns the format that a value looks like. It asks for strong signs:
// plain text that is taken apart is lost, and pieces of it become names that others
// can read. Lines KEY=VALUE are no sign at all, as two lines of base64 have that
// form, too.
func byContent(value string) Format {
	switch {
	case strings.HasPrefix(strings.TrimSpace(trimBOM(value)), "{"):
		// Even if the rest is no JSON: a value that was meant to be some and has
		// lost a comma must not become one variable.
		return JSON
	case looksLikePEM(value):
		return PEM
	default:
		return Text
	}
}

// looksLikePEM asks for a private key and a certificate: either alone is a text of
// several lines.
func looksLikePEM(value string) bool {
	key, certificate := false, false
	for line := range strings.Lines(trimBOM(value)) {
		label, ok := beginLabel(strings.TrimSpace(line))
		key = key || ok && strings.HasSuffix(label, privateKeySuffix)
		certificate = certificate || ok && label == certificateLabel
	}
	return key && certificate
}

// doubt says what speaks against a guess, after the value was read in that format.
// Keys become names that others can read, so they have to look like names; and
// nothing of the value may be lost.
func doubt(f Format, value string, fields []field) *Error {
	switch f { //nolint:exhaustive // No others are guessed.
	case JSON:
		for _, f := range fields {
			if !looksLikeName(f.Key) {
				return f.at.problem(fmt.Sprintf("a guessed key is a name of words and few digits, with '-', '_' and '.', at most %d characters: rename this one or, if the value is JSON, set its content type to application/json", maxGuessedKey))
			}
		}
	case PEM:
		if line := besidePEM(value); line > 0 {
			return problemOnLine(line, "this line is outside the private key and the certificates, and would be lost: remove it or, if it does not matter, set the content type to application/x-pem-file")
		}
	}
	return nil
}

// besidePEM returns the first line of a value that is neither part of a private key
// or certificate nor written by OpenSSL, or zero.
func besidePEM(value string) int {
	number, end := 0, ""
	for line := range strings.Lines(trimBOM(value)) {
		number++
		line = strings.TrimSpace(line)
		label, begins := beginLabel(line)
		switch {
		case end != "":
			if line == end {
				end = ""
			}
		case begins && (label == certificateLabel || label == "EC PARAMETERS" || strings.HasSuffix(label, privateKeySuffix)):
			end = "-----END " + label + "-----"
		case line != "" && !slices.ContainsFunc(openSSLNotes(), func(prefix string) bool { return strings.HasPrefix(line, prefix) }):
			return number
		}
	}
	return 0
}

// openSSLNotes begin the lines that openssl writes above private keys and
// certificates, and comments.
func openSSLNotes() []string {
	return []string{"#", "Bag Attributes", "Key Attributes", "friendlyName:", "localKeyID:", "Microsoft ", "subject=", "issuer="}
}
