// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// maxValue is the size in bytes up to which Key Vault stores a value.
const maxValue = 25 * 1024

// maxKeys of a secret. Each key makes the Deployment, the Secret and the status larger, and all
// of them must fit into etcd.
const maxKeys = 256

// A Format of a value.
type Format string

const (
	// Auto detects the format by content type, and then by content.
	Auto Format = "Auto"
	// JSON is an object.
	JSON Format = "JSON"
	// Text is a single value that has no key.
	Text Format = "Text"
	// Dotenv has lines KEY=VALUE.
	Dotenv Format = "Dotenv"
	// PEM has a private key and its certificates.
	PEM Format = "PEM"
	// PKCS12 is a PFX file in base64.
	PKCS12 Format = "PKCS12"
)

// A Secret of Key Vault. Printing it shows only its name.
type Secret struct {
	Name, ContentType, Value string
}

// An Entry is one key and its value.
type Entry struct {
	// Key of the secret. Empty for plain text, which has no keys.
	Key string
	// DataKey of the Kubernetes Secret: <secret>.<key>, or <secret> for plain text.
	DataKey string
	// Value of the key. Nil means that the key has no value yet; an empty value is a value.
	Value Value
}

// A field is an entry with the position of its key in the value.
type field struct {
	Entry

	at position
}

// A Payload is the content of a secret.
type Payload struct {
	// Format that was used, never Auto.
	Format Format
	// Entries sorted by key.
	Entries []Entry
}

// Parse reads the value of a secret in a format. An empty format means Auto. Any error is
// an *Error.
func Parse(s Secret, format Format) (Payload, error) {
	p, fault := parse(s, format)
	if fault != nil {
		return Payload{}, fault
	}

	return p, nil
}

// Awaiting returns the keys of a structure that are missing, null or empty, in the order of the
// structure.
func (p Payload) Awaiting(structure []string) []string {
	return slices.DeleteFunc(slices.Clone(structure), func(key string) bool {
		return slices.ContainsFunc(p.Entries, func(e Entry) bool {
			return e.Key == key && len(e.Value) > 0
		})
	})
}

func parse(s Secret, format Format) (Payload, *Error) {
	used, guessed, reason := format, false, finding.Malformed
	fail := func(fault *Error) (Payload, *Error) {
		fault.Secret, fault.Finding.Reason = s.Name, reason
		if reader(used) != nil {
			fault.Finding.Format = string(used)
		}

		return Payload{}, fault
	}

	if !validName(s.Name) {
		return fail(problem(finding.SecretNameInvalid))
	}
	if len(s.Value) > maxValue {
		return fail(limited(finding.ValueTooLong, maxValue))
	}

	if format == Auto || format == "" {
		used, guessed = detect(s)
		if reason = finding.MalformedAsTyped; guessed {
			reason = finding.MalformedAsGuessed
		}
	}
	read := reader(used)
	if read == nil {
		return fail(problem(finding.FormatUnknown))
	}
	fields, fault := read(s.Value)
	if fault == nil && len(fields) > maxKeys {
		fault = limited(finding.TooManyKeys, maxKeys).at(fields[maxKeys].at)
	}
	if fault == nil && guessed {
		fault = refuseGuess(used, s.Value, fields)
	}
	if fault == nil {
		fault = assignDataKeys(s.Name, fields)
	}
	if fault != nil {
		return fail(fault)
	}
	if fault := refuseNUL(fields); fault != nil {
		reason = finding.Malformed // Another format would not help.
		return fail(fault)
	}
	p := Payload{Format: used}
	for _, f := range fields {
		p.Entries = append(p.Entries, f.Entry)
	}

	return p, nil
}

// reader returns the reader of a format, or nil. It does not assign data keys.
func reader(f Format) func(value string) ([]field, *Error) {
	switch f {
	case JSON:
		return readJSON
	case Text:
		return withoutPositions(readText)
	case Dotenv:
		return readDotenv
	case PEM:
		return withoutPositions(readPEM)
	case PKCS12:
		return withoutPositions(readPKCS12)
	default:
		return nil
	}
}

// withoutPositions adapts the reader of a format whose keys are not in the value, and so have no
// position.
func withoutPositions(read func(value string) ([]Entry, *Error)) func(value string) ([]field, *Error) {
	return func(value string) ([]field, *Error) {
		entries, fault := read(value)
		fields := make([]field, 0, len(entries))
		for _, e := range entries {
			fields = append(fields, field{Entry: e})
		}

		return fields, fault
	}
}

// refuseNUL rejects values with a NUL, because no process can be started with such a variable.
func refuseNUL(fields []field) *Error {
	for _, f := range fields {
		if bytes.IndexByte(f.Value, 0) < 0 {
			continue
		}
		if f.Key == "" {
			return problem(finding.ValueHasNUL)
		}

		return problem(finding.KeyHasNUL).at(f.at)
	}

	return nil
}

// trimBOM removes the byte order mark that editors on Windows put in front of
// UTF-8.
func trimBOM(value string) string {
	return strings.TrimPrefix(value, "\ufeff")
}
