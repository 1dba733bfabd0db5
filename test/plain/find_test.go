// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plain

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// A value is found in any form. Otherwise tests for leaks would prove nothing.
func TestFind(t *testing.T) {
	value := "0f4c2d1be6c94aa1b3c8" + `+"/\<&>é` + "\t?" + "7d1a9c35"
	payload := marshal(t, map[string]string{"user": "web", "password": value})
	values := map[string]string{"password": value, "payload": payload}

	sha := sha256.Sum256([]byte(value))
	status := marshal(t, map[string]string{"message": "cannot parse " + payload})

	cases := map[string]struct {
		reason string
		seen   string
		want   bool
	}{
		"Nothing":         {reason: "A text without the value is not a leak.", seen: `{"user": "web", "password": ""}`},
		"Itself":          {reason: "A plain value is found.", seen: "x" + value + "x", want: true},
		"Secret":          {reason: "A value in base64, as in the data of Secrets, is found.", seen: base64.StdEncoding.EncodeToString([]byte(value)), want: true},
		"Shifted1":        {reason: "A value inside a longer base64 text is found.", seen: base64.StdEncoding.EncodeToString([]byte("a" + value + "b")), want: true},
		"Shifted2":        {reason: "A value inside a longer base64 text is found, shifted by one byte.", seen: base64.URLEncoding.EncodeToString([]byte("ab" + value + "c")), want: true},
		"Shifted3":        {reason: "A value inside a longer base64 text is found, shifted by two bytes.", seen: base64.RawURLEncoding.EncodeToString([]byte("abc" + value + "de")), want: true},
		"Hex":             {reason: "A value in hexadecimal digits is found.", seen: hex.EncodeToString([]byte(value)), want: true},
		"UpperHex":        {reason: "A value in upper-case hexadecimal digits is found.", seen: strings.ToUpper(hex.EncodeToString([]byte(value))), want: true},
		"Payload":         {reason: "A value in JSON is found.", seen: payload, want: true},
		"PayloadInStatus": {reason: "A value in JSON within JSON is found.", seen: status, want: true},
		"Quoted":          {reason: "A value quoted with %q is found.", seen: fmt.Sprintf("%q", value), want: true},
		"URL":             {reason: "A value in a URL is found.", seen: "https://x/?" + url.Values{"v": {value}}.Encode(), want: true},
		"Hash":            {reason: "A hash is found, because it allows guessing the value.", seen: hex.EncodeToString(sha[:]), want: true},
		"ShortHash":       {reason: "A part of a hash is found, too.", seen: hex.EncodeToString(sha[:8]), want: true},
		"HashInBase64":    {reason: "A hash in base64 is found.", seen: base64.StdEncoding.EncodeToString(sha[:]), want: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Find(values, map[string]string{"text": tc.seen})
			if diff := cmp.Diff(tc.want, len(got) > 0); diff != "" {
				t.Errorf("\n%s\nFind(...): -want, +got:\n%s", tc.reason, diff)
			}
			if strings.Contains(strings.Join(got, "\n"), value) {
				t.Errorf("\n%s\nFind(...): it tells the value", tc.reason)
			}
		})
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	check.Must(t, err)

	return string(b)
}
