// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"
)

// berOf encodes DER as BER. choose selects the encoding of each element: 0 unchanged, 1 with more
// length bytes than needed, 2 with an indefinite length. Octet strings are then split into pieces.
func berOf(tb rapid.TB, der []byte, choose func() int) []byte {
	tb.Helper()

	in := cryptobyte.String(der)
	var out []byte
	for !in.Empty() {
		var content cryptobyte.String
		var tag tags.Tag
		if !in.ReadAnyASN1(&content, &tag) {
			tb.Fatalf("this is not DER: %x", der)
		}
		first := byte(tag)
		choice := choose()
		switch {
		case first&constructed != 0:
			content = berOf(tb, content, choose)
		case first == octetString && choice == 2:
			first |= constructed
			half := len(content) / 2
			content = slices.Concat(berOf(tb, encode(octetString, content[:half]), func() int { return choose() % 2 }), encode(octetString, content[half:]))
		}
		switch {
		case choice == 2 && first&constructed != 0:
			out = slices.Concat(out, []byte{first, indefinite}, content, []byte{endOfContent, endOfContent})
		case choice == 1:
			out = slices.Concat(out, []byte{first, indefinite | 4, 0, byte(len(content) >> 16 & 0xff), byte(len(content) >> 8 & 0xff), byte(len(content) & 0xff)}, content)
		default:
			out = slices.Concat(out, header(first, len(content)), content)
		}
	}

	return out
}

// header writes the header of an element. Unlike encode, it does not join pieces of strings.
func header(tag byte, length int) []byte {
	h := encode(0, make([]byte, length))[:len(encode(0, make([]byte, length)))-length]
	h[0] = tag

	return h
}

// berPFX encodes a file, and the list in it, as BER.
func berPFX(tb testing.TB, value string) string {
	tb.Helper()

	der, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		tb.Fatal(err)
	}
	indefinitely := func() int { return 2 }
	var outer pfx
	var content []byte
	if !unmarshal(der, &outer) || !unmarshal(outer.AuthSafe.Content.Bytes, &content) {
		tb.Fatal("cannot take the file apart")
	}
	contents := berOf(tb, content, indefinitely)

	return base64.StdEncoding.EncodeToString(berOf(tb, mustMarshal(struct {
		Version int
		Content contentInfo
	}{3, dataContent(contents)}), indefinitely))
}

// Any BER encoding of DER is decoded to the same DER.
func TestDER(t *testing.T) {
	p := newParties(t)
	files := [][]byte{p.root.Raw, p.web.Raw, p.rsa.Raw, mustMarshal([][]byte{nil, make([]byte, 300), make([]byte, 70_000)})}
	rapid.Check(t, func(t *rapid.T) {
		der := rapid.SampledFrom(files).Draw(t, "file")
		ber := berOf(t, der, func() int { return rapid.IntRange(0, 2).Draw(t, "choice") })
		if diff := cmp.Diff(der, derOf(ber)); diff != "" {
			t.Errorf("derOf(...): -want, +got:\n%s", diff)
		}
	})
}

// Content that is not BER stays unchanged, and no input takes long.
func TestNotBER(t *testing.T) {
	for name, ber := range map[string][]byte{
		"Empty":      {},
		"Cut":        {0x30},
		"TooLong":    {0x30, 5, 1},
		"Overflow":   {0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0},
		"NoEnd":      {0x30, 0x80, 2, 1, 1},
		"HalfEnd":    {0x30, 0x80, 0},
		"Primitive":  {4, 0x80, 0, 0},
		"HighTag":    {0x1f, 0x81, 0},
		"Piece":      {0x24, 3, 2, 1, 1},
		"Trailing":   {0x30, 0x80, 0, 0, 1},
		"Deep":       bytes.Repeat([]byte{0x30, 0x80}, maxValue/2),
		"DeepPieces": bytes.Repeat([]byte{0x24, 0x80}, maxValue/2),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(ber, derOf(ber)); diff != "" {
				t.Errorf("derOf(...): -want, +got:\n%s", diff)
			}
		})
	}
}

func FuzzBER(f *testing.F) {
	p := newParties(f)
	f.Add(p.web.Raw)
	f.Add(berOf(f, p.web.Raw, func() int { return 2 }))
	f.Add([]byte{0x24, 0x80, 4, 0, 0x24, 0x80, 4, 1, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, ber []byte) {
		der := derOf(ber)
		if diff := cmp.Diff(der, derOf(der)); diff != "" {
			t.Errorf("derOf(...) twice: -first, +second:\n%s", diff)
		}
	})
}
