// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plain

import (
	"crypto/md5"  //nolint:gosec // A program might use it.
	"crypto/sha1" //nolint:gosec // A program might use it.
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strings"
)

// Find finds values in places, both given by name. It returns the names and the form of each match,
// but never the value.
func Find(values, places map[string]string) []string {
	var out []string
	for name, value := range values {
		for form, text := range forms(value) {
			for place, content := range places {
				if strings.Contains(content, text) {
					out = append(out, fmt.Sprintf("%s is in %s (%s)", name, place, form))
				}
			}
		}
	}
	slices.Sort(out)

	return out
}

// forms returns the forms in which a text could appear, by name.
func forms(text string) map[string]string {
	b := []byte(text)
	out := map[string]string{
		"itself": text, "in a URL": url.QueryEscape(text),
		"hex": hex.EncodeToString(b), "HEX": strings.ToUpper(hex.EncodeToString(b)),
	}

	// The text may be in a JSON string, or in a JSON string within a JSON string.
	once, _ := json.Marshal(text)          //nolint:errchkjson // A string can be encoded.
	twice, _ := json.Marshal(string(once)) //nolint:errchkjson // A string can be encoded.
	out["JSON"], out["JSON in JSON"] = string(once[1:len(once)-1]), string(twice[3:len(twice)-3])

	quoted := fmt.Sprintf("%q", text)
	out["Go"] = quoted[1 : len(quoted)-1]

	// Inside a longer base64 text at an unknown offset, only those digits are constant that do not
	// depend on the neighbouring bytes.
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for before := range 3 {
			digits := encoding.EncodeToString(append(make([]byte, before), b...))
			out[fmt.Sprintf("%s after %d", name, before)] = digits[(before*8+5)/6 : (before+len(b))*8/6]
		}
	}

	for name, h := range map[string]hash.Hash{"MD5": md5.New(), "SHA-1": sha1.New(), "SHA-256": sha256.New(), "SHA-512": sha512.New()} { //nolint:gosec // See above.
		h.Write(b)
		sum := h.Sum(nil)
		out[name] = hex.EncodeToString(sum)
		out[name+" in base64"] = base64.RawStdEncoding.EncodeToString(sum)
		out[name+" in base64url"] = base64.RawURLEncoding.EncodeToString(sum)
		// These digits are enough to guess the value.
		out["begin of "+name] = hex.EncodeToString(sum[:8])
	}

	return out
}
