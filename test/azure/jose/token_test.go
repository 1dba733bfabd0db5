package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSignAndVerify(t *testing.T) {
	t.Parallel()

	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason string
		sign   crypto.Signer
		verify string
		change func(string) string
		want   bool
	}{
		"ECDSA":     {reason: "ES256 is understood.", sign: ec, verify: "ec", want: true},
		"RSA":       {reason: "So is RS256.", sign: other, verify: "rsa", want: true},
		"Confused":  {reason: "A key decides which algorithm is used.", sign: ec, verify: "rsa"},
		"Signature": {reason: "A signature is all of it.", sign: ec, verify: "ec", change: func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] + strings.Repeat("A", 86) }},
		"Claims": {reason: "And of what was signed.", sign: ec, verify: "ec", change: func(s string) string {
			parts := strings.Split(s, ".")

			return parts[0] + ".e30." + parts[2]
		}},
	}

	jwks, err := MarshalKeys(Keys{"ec": ec.Public(), "rsa": other.Public()})
	if err != nil {
		t.Fatal(err)
	}

	keys, err := ParseKeys(jwks)
	if err != nil {
		t.Fatal(err)
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			signed, err := Sign(tc.sign, "k", map[string]string{"sub": "a"})
			if err != nil {
				t.Fatal(err)
			}

			if tc.change != nil {
				signed = tc.change(signed)
			}

			token, err := Parse(signed)
			if err != nil {
				t.Fatal(err)
			}

			err = token.Verify(keys[tc.verify])
			if diff := cmp.Diff(tc.want, err == nil); diff != "" {
				t.Errorf("\n%s\nVerify(...): -want, +got:\n%s\n%v", tc.reason, diff, err)
			}
		})
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		jwks   string
	}{
		"NoJSON":  {"A set is JSON.", "keys"},
		"Empty":   {"A set without keys is of no use.", `{"keys":[]}`},
		"Foreign": {"Nor is one with other keys only.", `{"keys":[{"kty":"OKP","kid":"a"}]}`},
		"NoPoint": {"A point is on the curve.", `{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AAAA","y":"AAAA"}]}`},
		"Short":   {"A modulus is long enough.", `{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if _, err := ParseKeys([]byte(tc.jwks)); err == nil {
				t.Errorf("\n%s\nParseKeys(%q): want an error", tc.reason, tc.jwks)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}

	signed, err := Sign(key, "k", map[string]string{"sub": "a"})
	if err != nil {
		f.Fatal(err)
	}

	f.Add(signed)
	f.Add("e30.e30.")
	f.Add("..")
	f.Add(`eyJjcml0IjpbImEiXX0.e30.AA`)

	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}

	f.Fuzz(func(t *testing.T, compact string) {
		token, err := Parse(compact)
		if err != nil {
			return
		}

		if token.Verify(stranger.Public()) == nil {
			t.Errorf("Parse(%q): a key that signed nothing verifies it", compact)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AAAA","y":"AAAA"}]}`))

	f.Fuzz(func(t *testing.T, jwks []byte) {
		keys, err := ParseKeys(jwks)
		if err != nil {
			return
		}

		if _, err := MarshalKeys(keys); err != nil {
			t.Errorf("ParseKeys(%q): what was read cannot be written: %s", jwks, err)
		}
	})
}
