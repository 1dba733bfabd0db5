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
)

// Whatever form a value is in, it is found: otherwise tests that look for leaks would be
// worth nothing.
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
		"Nothing":         {reason: "What has no value in it is no leak.", seen: `{"user": "web", "password": ""}`},
		"Itself":          {reason: "A value can be seen as it is.", seen: "x" + value + "x", want: true},
		"Secret":          {reason: "Data of Secrets are in base64.", seen: base64.StdEncoding.EncodeToString([]byte(value)), want: true},
		"Shifted1":        {reason: "A value can be in something that is in base64.", seen: base64.StdEncoding.EncodeToString([]byte("a" + value + "b")), want: true},
		"Shifted2":        {reason: "A value can be in something that is in base64.", seen: base64.URLEncoding.EncodeToString([]byte("ab" + value + "c")), want: true},
		"Shifted3":        {reason: "A value can be in something that is in base64.", seen: base64.RawURLEncoding.EncodeToString([]byte("abc" + value + "de")), want: true},
		"Hex":             {reason: "A value can be in hexadecimal digits.", seen: hex.EncodeToString([]byte(value)), want: true},
		"UpperHex":        {reason: "A value can be in hexadecimal digits.", seen: strings.ToUpper(hex.EncodeToString([]byte(value))), want: true},
		"Payload":         {reason: "A value can be in JSON.", seen: payload, want: true},
		"PayloadInStatus": {reason: "JSON can be in JSON.", seen: status, want: true},
		"Quoted":          {reason: "Errors quote with %q.", seen: fmt.Sprintf("%q", value), want: true},
		"URL":             {reason: "A value can be in a URL.", seen: "https://x/?" + url.Values{"v": {value}}.Encode(), want: true},
		"Hash":            {reason: "A hash allows to try values.", seen: hex.EncodeToString(sha[:]), want: true},
		"ShortHash":       {reason: "A part of a hash does, too.", seen: hex.EncodeToString(sha[:8]), want: true},
		"HashInBase64":    {reason: "A hash can be in base64.", seen: base64.StdEncoding.EncodeToString(sha[:]), want: true},
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
	if err != nil {
		t.Fatal(err)
	}

	return string(b)
}
