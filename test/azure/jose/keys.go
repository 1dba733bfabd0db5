package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// minRSABits is the least that Entra accepts.
const minRSABits = 2048

// Keys are the public keys of an issuer, by key id.
type Keys map[string]crypto.PublicKey

// key is a JSON Web Key.
type key struct {
	Type      string `json:"kty"`
	ID        string `json:"kid"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
}

type keySet struct {
	Keys []key `json:"keys"`
}

// ParseKeys reads a JSON Web Key Set. Keys that can sign no token are left out, as others may use them; a key that should be usable
// and is not is an error.
func ParseKeys(jwks []byte) (Keys, error) {
	var set keySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, errors.New("cannot read a JSON Web Key Set: it is not the JSON that it should be")
	}

	keys := Keys{}

	for i, k := range set.Keys {
		if k.Use != "" && k.Use != "sig" {
			continue
		}

		public, err := k.public()
		if err != nil {
			return nil, fmt.Errorf("cannot read key %d of a JSON Web Key Set: %w", i, err)
		}

		if public == nil {
			continue
		}

		if k.ID == "" {
			return nil, fmt.Errorf("cannot read key %d of a JSON Web Key Set: it has no id", i)
		}

		if _, ok := keys[k.ID]; ok {
			return nil, fmt.Errorf("cannot read key %d of a JSON Web Key Set: there is another key with its id", i)
		}

		keys[k.ID] = public
	}

	if len(keys) == 0 {
		return nil, errors.New("cannot read a JSON Web Key Set: it has no key that signs with RS256 or ES256")
	}

	return keys, nil
}

// public returns the key, or nil if it is of another kind than those understood.
func (k key) public() (crypto.PublicKey, error) {
	switch {
	case k.Type == "RSA" && (k.Algorithm == "" || k.Algorithm == RS256):
		return k.rsa()
	case k.Type == "EC" && k.Curve == "P-256" && (k.Algorithm == "" || k.Algorithm == ES256):
		return k.ecdsa()
	default:
		return nil, nil //nolint:nilnil // A key of another kind is neither usable nor wrong.
	}
}

func (k key) rsa() (*rsa.PublicKey, error) {
	n, err := number(k.N)
	if err != nil {
		return nil, fmt.Errorf("its modulus: %w", err)
	}

	e, err := number(k.E)
	if err != nil {
		return nil, fmt.Errorf("its exponent: %w", err)
	}

	if n.BitLen() < minRSABits {
		return nil, fmt.Errorf("it has %d bits, and %d are needed", n.BitLen(), minRSABits)
	}

	if !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 || e.Bit(0) == 0 {
		return nil, errors.New("its exponent is out of range")
	}

	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

func (k key) ecdsa() (*ecdsa.PublicKey, error) {
	point := []byte{4} // The uncompressed form.

	for _, coordinate := range []string{k.X, k.Y} {
		raw, err := encoding.DecodeString(coordinate)
		if err != nil || len(raw) != es256Size {
			return nil, errors.New("its coordinates are not those of a point")
		}

		point = append(point, raw...)
	}

	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, errors.New("its coordinates are not those of a point")
	}

	return public, nil
}

// MarshalKeys writes a JSON Web Key Set of RSA keys and of ECDSA keys on P-256.
func MarshalKeys(keys Keys) ([]byte, error) {
	set := keySet{Keys: []key{}}

	for id, public := range keys {
		switch public := public.(type) {
		case *rsa.PublicKey:
			set.Keys = append(set.Keys, key{
				Type: "RSA", ID: id, Use: "sig", Algorithm: RS256,
				N: encoding.EncodeToString(public.N.Bytes()),
				E: encoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
			})
		case *ecdsa.PublicKey:
			point, err := public.Bytes()
			if err != nil || len(point) != 1+2*es256Size {
				return nil, fmt.Errorf("cannot write key %q: it is not on P-256", id)
			}

			set.Keys = append(set.Keys, key{
				Type: "EC", ID: id, Use: "sig", Algorithm: ES256, Curve: "P-256",
				X: encoding.EncodeToString(point[1 : 1+es256Size]),
				Y: encoding.EncodeToString(point[1+es256Size:]),
			})
		default:
			return nil, fmt.Errorf("cannot write key %q of type %T", id, public)
		}
	}

	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("cannot write a JSON Web Key Set: %w", err)
	}

	return out, nil
}

func number(s string) (*big.Int, error) {
	raw, err := encoding.DecodeString(s)
	if err != nil || len(raw) == 0 {
		return nil, errors.New("it is not a number")
	}

	return new(big.Int).SetBytes(raw), nil
}
