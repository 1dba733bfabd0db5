// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// detect returns the format of a secret, and whether it was guessed from its content.
func detect(s Secret) (format Format, guessed bool) {
	if f, ok := byContentType(s.ContentType); ok {
		return f, false
	}

	return byContent(s.Value), true
}

// byContentType returns the format of a content type, if it names one: many teams use the
// field for notes.
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

// byContent returns the format that a value looks like. It requires strong evidence,
// because plain text that is split into keys is lost, and parts of it become names that
// others can read. Lines KEY=VALUE are no evidence, because two lines of base64 can have that
// form.
func byContent(value string) Format {
	switch {
	case strings.HasPrefix(strings.TrimSpace(trimBOM(value)), "{"):
		// Even if the rest is not JSON: an object with a missing comma must not become one variable.
		return JSON
	case looksLikePEM(value):
		return PEM
	default:
		return Text
	}
}

// looksLikePEM reports whether a value has a private key and a certificate. One of them alone may
// be meant as plain text.
func looksLikePEM(value string) bool {
	key, certificate := false, false
	for line := range strings.Lines(trimBOM(value)) {
		label, ok := beginLabel(strings.TrimSpace(line))
		key = key || ok && strings.HasSuffix(label, privateKeySuffix)
		certificate = certificate || ok && label == certificateLabel
	}

	return key && certificate
}

// refuseGuess rejects a guessed format after the value was read in it. Keys become names that
// others can read, so they must look like names; and no part of the value may be lost.
func refuseGuess(f Format, value string, fields []field) *Error {
	switch f { //nolint:exhaustive // No others are guessed.
	case JSON:
		for _, f := range fields {
			if !looksLikeName(f.Key) {
				return limited(finding.GuessedKeyUnlikely, maxGuessedKey).at(f.at)
			}
		}
	case PEM:
		if line := lineOutsidePEM(value); line > 0 {
			return problem(finding.OutsidePEM).onLine(line)
		}
	}

	return nil
}

// lineOutsidePEM returns the first line of a value that is neither part of a private key
// or certificate nor written by OpenSSL, or zero.
func lineOutsidePEM(value string) int {
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
		case line != "" && !slices.ContainsFunc(openSSLNotes, func(prefix string) bool { return strings.HasPrefix(line, prefix) }):
			return number
		}
	}

	return 0
}

// openSSLNotes begin comments, and the lines that openssl pkcs12 and openssl s_client write
// above private keys and certificates. See apps/pkcs12.c and apps/s_client.c of OpenSSL 3.
//
//nolint:gochecknoglobals // A constant.
var openSSLNotes = []string{"#", "Bag Attributes", "Key Attributes", "friendlyName:", "localKeyID:", "Microsoft ", "subject=", "issuer="}
