// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"strings"
)

// What an error adds when the format was not asked for: perhaps another was meant.
const (
	adviceOnContent     = "; correct it, or set the format to Text if it is meant to be plain text"
	adviceOnContentType = "; correct it, or the content type of the secret"
)

// detect returns the format of a secret, and advice for the case that it cannot
// be read in it.
func detect(s Secret) (Format, string) {
	if f, ok := byContentType(s.ContentType); ok {
		return f, adviceOnContentType
	}
	return byContent(s.Value), adviceOnContent
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

// byContent returns the format that a value looks like. It asks for strong signs,
// as taking plain text apart does more harm than leaving a list of variables in
// one piece.
func byContent(value string) Format {
	switch {
	case strings.HasPrefix(strings.TrimSpace(trimBOM(value)), "{"):
		// Even if the rest is no JSON: a value that was meant to be some and has
		// lost a comma must not become one variable.
		return JSON
	case looksLikePEM(value):
		return PEM
	case looksLikeDotenv(value):
		return Dotenv
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

// looksLikeDotenv asks for two assignments or more: one alone may as well be a
// connection string (Endpoint=sb://…;SharedAccessKey=…) or end in the padding of
// base64.
func looksLikeDotenv(value string) bool {
	entries, fault := readDotenv(value)
	return fault == nil && len(entries) >= 2
}
