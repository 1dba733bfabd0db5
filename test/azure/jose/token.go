// Package jose signs, reads and verifies JSON Web Tokens: as much of RFC 7515, 7517 and 7519 as federated identity uses, which is
// the compact serialisation, RS256 and ES256. Everything else is refused.
package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// The signature algorithms that are understood.
const (
	RS256 = "RS256"
	ES256 = "ES256"
)

// es256Size is the length of each of the two numbers of an ES256 signature.
const es256Size = 32

// encoding refuses what a decoder may overlook, so that a token has one spelling only.
var encoding = base64.RawURLEncoding.Strict() //nolint:gochecknoglobals // A constant in all but name.

// A Token is a parsed token. Nothing in it is to be believed before Verify.
type Token struct {
	// Algorithm and KeyID are those of the header.
	Algorithm string
	KeyID     string

	// Claims is the payload, a JSON object.
	Claims json.RawMessage

	signed    string
	signature []byte
}

// header of a token. Of the members that may be there only those matter that say how to verify it.
type header struct {
	Algorithm string   `json:"alg"`
	KeyID     string   `json:"kid,omitempty"`
	Type      string   `json:"typ,omitempty"`
	Critical  []string `json:"crit,omitempty"`
}

// Parse reads a token in its compact serialisation.
func Parse(compact string) (*Token, error) {
	signed, signature, ok := cutLast(compact, '.')
	if !ok {
		return nil, errors.New("it has no signature")
	}

	first, second, ok := strings.Cut(signed, ".")
	if !ok || strings.Contains(second, ".") {
		return nil, errors.New("it does not have three parts")
	}

	rawHeader, err := encoding.DecodeString(first)
	if err != nil {
		return nil, fmt.Errorf("cannot decode header: %w", err)
	}

	var h header
	if err := json.Unmarshal(rawHeader, &h); err != nil {
		// The decoder's words may repeat what it read.
		return nil, errors.New("its header is not the JSON that it should be")
	}

	if len(h.Critical) > 0 {
		return nil, errors.New("its header has critical extensions")
	}

	claims, err := encoding.DecodeString(second)
	if err != nil {
		return nil, fmt.Errorf("cannot decode claims: %w", err)
	}

	var object map[string]json.RawMessage
	if err := json.Unmarshal(claims, &object); err != nil || object == nil {
		return nil, errors.New("its claims are not a JSON object")
	}

	raw, err := encoding.DecodeString(signature)
	if err != nil {
		return nil, fmt.Errorf("cannot decode signature: %w", err)
	}

	return &Token{Algorithm: h.Algorithm, KeyID: h.KeyID, Claims: claims, signed: signed, signature: raw}, nil
}

// Verify checks the signature with that key. The key decides which algorithm the token has to name.
func (t *Token) Verify(key crypto.PublicKey) error {
	digest := sha256.Sum256([]byte(t.signed))

	switch key := key.(type) {
	case *rsa.PublicKey:
		if t.Algorithm != RS256 {
			return fmt.Errorf("its algorithm %q is not that of its key, %s", t.Algorithm, RS256)
		}

		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature); err != nil {
			return errors.New("its signature is wrong")
		}
	case *ecdsa.PublicKey:
		if t.Algorithm != ES256 {
			return fmt.Errorf("its algorithm %q is not that of its key, %s", t.Algorithm, ES256)
		}

		if len(t.signature) != 2*es256Size {
			return errors.New("its signature has a wrong length")
		}

		r := new(big.Int).SetBytes(t.signature[:es256Size])
		s := new(big.Int).SetBytes(t.signature[es256Size:])

		if !ecdsa.Verify(key, digest[:], r, s) {
			return errors.New("its signature is wrong")
		}
	default:
		return fmt.Errorf("there is no algorithm for a key of type %T", key)
	}

	return nil
}

// Sign returns a token with those claims. The key is an *rsa.PrivateKey or an *ecdsa.PrivateKey on P-256.
func Sign(key crypto.Signer, keyID string, claims any) (string, error) {
	algorithm := ES256
	if _, ok := key.(*rsa.PrivateKey); ok {
		algorithm = RS256
	}

	h, err := json.Marshal(header{Algorithm: algorithm, KeyID: keyID, Type: "JWT"})
	if err != nil {
		return "", fmt.Errorf("cannot encode header: %w", err)
	}

	c, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("cannot encode claims: %w", err)
	}

	signed := encoding.EncodeToString(h) + "." + encoding.EncodeToString(c)
	digest := sha256.Sum256([]byte(signed))

	var signature []byte

	switch key := key.(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		if err != nil {
			return "", fmt.Errorf("cannot sign: %w", err)
		}
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return "", fmt.Errorf("cannot sign: %w", err)
		}

		signature = make([]byte, 2*es256Size)
		r.FillBytes(signature[:es256Size])
		s.FillBytes(signature[es256Size:])
	default:
		return "", fmt.Errorf("cannot sign with a key of type %T", key)
	}

	return signed + "." + encoding.EncodeToString(signature), nil
}

// Audience is the aud claim, which is one string or a list of them.
type Audience []string

// UnmarshalJSON reads either form.
func (a *Audience) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*a = Audience{one}

		return nil
	}

	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return errors.New("an audience is a string or a list of strings")
	}

	*a = many

	return nil
}

// cutLast is strings.Cut at the last occurrence.
func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}

	return s[:i], s[i+1:], true
}
