// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// parseToken parses a token in compact serialization. Its content must not be trusted before its Claims method has verified it. Other
// algorithms, including symmetric ones, are rejected whatever a key set contains.
func parseToken(compact string) (*jwt.JSONWebToken, error) {
	return jwt.ParseSigned(compact, []jose.SignatureAlgorithm{jose.RS256, jose.ES256}) //nolint:wrapcheck // The caller wraps it.
}

// Sign returns a token with those claims. The key is an *rsa.PrivateKey or an *ecdsa.PrivateKey on P-256.
func Sign(key crypto.Signer, keyID string, claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm(key.Public()), Key: jose.JSONWebKey{Key: key, KeyID: keyID}},
		new(jose.SignerOptions).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("cannot sign: %w", err)
	}

	return jwt.Signed(signer).Claims(claims).Serialize() //nolint:wrapcheck // It says everything.
}

// KeySet returns the JSON Web Key Set of one public key.
func KeySet(keyID string, key crypto.PublicKey) ([]byte, error) {
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{ //nolint:wrapcheck // It says everything.
		{Key: key, KeyID: keyID, Use: "sig", Algorithm: string(algorithm(key))},
	}})
}

func algorithm(key crypto.PublicKey) jose.SignatureAlgorithm {
	if _, ok := key.(*rsa.PublicKey); ok {
		return jose.RS256
	}

	return jose.ES256
}
