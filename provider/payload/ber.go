// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/asn1"
	"slices"
)

// maxNesting of the elements of a file. A PFX file has about ten levels.
const maxNesting = 32

// Tags of BER, in their first byte.
const (
	tagMask      = 0x1f // all ones: the tag continues in the next bytes
	constructed  = 0x20
	octetString  = asn1.TagOctetString
	indefinite   = 0x80 // as length
	endOfContent = 0x00 // twice
)

// derOf encodes BER as DER: the lengths of elements, and strings in pieces, for which writers
// of PFX files use BER. DER and other input is returned unchanged, and the content of an octet
// string is not converted.
func derOf(ber []byte) []byte {
	if der, rest, ok := element(ber, maxNesting); ok && len(rest) == 0 {
		return der
	}

	return ber
}

// element encodes the first element of BER as DER, and returns what follows.
func element(ber []byte, depth int) (der, rest []byte, ok bool) {
	if len(ber) < 2 || depth == 0 || ber[0]&tagMask == tagMask {
		return nil, nil, false
	}
	tag, length, rest := ber[0], int(ber[1]), ber[2:]

	switch {
	case length == indefinite:
		if tag&constructed == 0 {
			return nil, nil, false
		}
		content, rest, ok := elements(rest, tag, depth, true)
		if !ok || len(rest) < 2 {
			return nil, nil, false
		}

		return encode(tag, content), rest[2:], true
	case length > indefinite:
		size := length - indefinite
		if size > len(rest) {
			return nil, nil, false
		}
		length = 0
		for _, b := range rest[:size] {
			if length = length<<8 | int(b); length > len(rest) {
				return nil, nil, false
			}
		}
		rest = rest[size:]
	}
	if length > len(rest) {
		return nil, nil, false
	}

	content, rest := rest[:length], rest[length:]
	if tag&constructed != 0 {
		if content, _, ok = elements(content, tag, depth, false); !ok {
			return nil, nil, false
		}
	}

	return encode(tag, content), rest, true
}

// elements encodes the contents of a constructed element: all of them or, if its length is
// indefinite, those before its end. The pieces of a string are joined.
func elements(ber []byte, tag byte, depth int, toEnd bool) (content, rest []byte, ok bool) {
	for len(ber) > 0 {
		if toEnd && ber[0] == endOfContent {
			return content, ber, len(ber) > 1 && ber[1] == endOfContent
		}
		der, rest, ok := element(ber, depth-1)
		if !ok {
			return nil, nil, false
		}
		if tag == octetString|constructed {
			piece, ok := octets(der)
			if !ok {
				return nil, nil, false
			}
			der = piece
		}
		content, ber = append(content, der...), rest
	}

	return content, nil, !toEnd
}

// octets returns the content of an octet string.
func octets(der []byte) ([]byte, bool) {
	var content []byte
	ok := unmarshal(der, &content)

	return content, ok
}

// encode an element.
func encode(tag byte, content []byte) []byte {
	if tag == octetString|constructed {
		tag = octetString
	}
	header := []byte{tag, byte(len(content))} //nolint:gosec // Where it is not short, this is replaced.
	if n := len(content); n >= indefinite {
		length := []byte{}
		for ; n > 0; n >>= 8 {
			length = append(length, byte(n&0xff))
		}
		slices.Reverse(length)
		header = append([]byte{tag, indefinite | byte(len(length))}, length...) //nolint:gosec // Values are short.
	}

	return slices.Concat(header, content)
}
