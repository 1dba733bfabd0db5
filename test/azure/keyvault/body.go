// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// maxBody bounds a body.
const maxBody = 1 << 20

// properties of a secret that a client may set. Omitted ones are nil.
type properties struct {
	ContentType *string           `json:"contentType"`
	Attributes  *settable         `json:"attributes"`
	Tags        map[string]string `json:"tags"`
}

// settable are the attributes that a client may send. The last four are ignored: clients send them back as they got them.
type settable struct {
	Enabled   *bool  `json:"enabled"`
	NotBefore *int64 `json:"nbf"`
	Expires   *int64 `json:"exp"`

	Created         json.RawMessage `json:"created"`
	Updated         json.RawMessage `json:"updated"`
	RecoveryLevel   json.RawMessage `json:"recoveryLevel"`
	RecoverableDays json.RawMessage `json:"recoverableDays"`
}

// decode reads a body strictly: unknown fields and trailing data are errors.
func decode(body []byte, into any) *wire.Answer {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()

	// The decoder's message may contain a value, so it is dropped.
	if !utf8.Valid(body) || decoder.Decode(into) != nil {
		return new(badParameter("The request body is invalid."))
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return new(badParameter("The request body is invalid."))
	}

	return nil
}

// validate checks the properties against Azure's limits.
func (p properties) validate() *wire.Answer {
	if p.ContentType != nil && characters(*p.ContentType) > maxContentType {
		return new(badParameter("Property contentType has invalid value: it has more than %d characters.", maxContentType))
	}

	if len(p.Tags) > maxTags {
		return new(badParameter("Property tags has invalid value: there are %d tags, and %d are allowed.", len(p.Tags), maxTags))
	}

	for key, value := range p.Tags {
		if key == "" || characters(key) > maxTagKey || characters(value) > maxTagValue {
			return new(badParameter("Property tags has invalid value: a key has 1 to %d characters and a value at most %d.", maxTagKey, maxTagValue))
		}
	}

	if a := p.Attributes; a != nil && (negative(a.NotBefore) || negative(a.Expires)) {
		return new(badParameter("Property attributes has invalid value: a time is negative."))
	}

	return nil
}

// apply sets the properties that were sent.
func (p properties) apply(v *version) {
	if p.ContentType != nil {
		v.contentType = p.ContentType
	}

	if p.Tags != nil {
		v.tags = p.Tags
	}

	if p.Attributes == nil {
		return
	}

	if p.Attributes.Enabled != nil {
		v.enabled = *p.Attributes.Enabled
	}

	if p.Attributes.NotBefore != nil {
		v.notBefore = p.Attributes.NotBefore
	}

	if p.Attributes.Expires != nil {
		v.expires = p.Attributes.Expires
	}
}

func negative(n *int64) bool { return n != nil && *n < 0 }

// characters counts as Azure does, in units of UTF-16.
func characters(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}

	return n
}
