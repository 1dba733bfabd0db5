// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // Old files are encrypted with it.
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PKCS#12 has it, and here it protects nothing.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"hash"
	"slices"
)

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
)

// Something sealed is encrypted with a key that is derived from a password (PBES2 of RFC
// 8018, or RFC 7292, appendix C).
type sealed struct {
	data, salt []byte
	iterations int
	block      func(key []byte) (cipher.Block, error)
	keySize    int
	// The hash of PBKDF2 and the initialization vector. Without them, both key and vector
	// are derived as PKCS#12 does it.
	prf func() hash.Hash
	iv  []byte
}

// sealedWith an algorithm whose parameters were understood before. It reports whether the
// algorithm is known.
func sealedWith(algorithm pkix.AlgorithmIdentifier) (sealed, bool) {
	var s sealed
	parameters := algorithm.Parameters.FullBytes
	if algorithm.Algorithm.String() != oidPBES2 {
		s.block, s.keySize = pkcs12Cipher(algorithm.Algorithm.String())
		return s.derivedWith(parameters)
	}

	var scheme schemeParameters
	if !unmarshal(parameters, &scheme) || scheme.Derivation.Algorithm.String() != oidPBKDF2 {
		return sealed{}, false
	}
	s.block, s.keySize = pbes2Cipher(scheme.Scheme.Algorithm.String())
	s.iv = scheme.Scheme.Parameters.Bytes
	parameters = scheme.Derivation.Parameters.FullBytes
	var d derivationParameters
	if !unmarshal(parameters, &d) {
		return sealed{}, false
	}
	if s.prf = pseudorandom(d.PRF.Algorithm.String()); s.prf == nil {
		return sealed{}, false
	}

	return s.derivedWith(parameters)
}

func (s sealed) derivedWith(parameters []byte) (sealed, bool) {
	var d derivationParameters
	known := unmarshal(parameters, &d)
	s.iterations = d.Iterations
	salt, ok := octets(d.Salt.FullBytes)
	s.salt = salt

	return s, known && ok && s.block != nil
}

// pkcs12Cipher returns one of RFC 7292, appendix C, and the size of its key.
func pkcs12Cipher(oid string) (block func(key []byte) (cipher.Block, error), keySize int) {
	newRC2 := func(key []byte) (cipher.Block, error) { return newRC2(key), nil }
	switch oid {
	case "1.2.840.113549.1.12.1.3":
		return des.NewTripleDESCipher, 24
	case "1.2.840.113549.1.12.1.5":
		return newRC2, 16
	case "1.2.840.113549.1.12.1.6":
		return newRC2, 5
	default:
		return nil, 0
	}
}

// pbes2Cipher returns one of RFC 8018, appendix B.2, and the size of its key.
func pbes2Cipher(oid string) (block func(key []byte) (cipher.Block, error), keySize int) {
	switch oid {
	case "2.16.840.1.101.3.4.1.2":
		return aes.NewCipher, 16
	case "2.16.840.1.101.3.4.1.22":
		return aes.NewCipher, 24
	case "2.16.840.1.101.3.4.1.42":
		return aes.NewCipher, 32
	case "1.2.840.113549.3.7":
		return des.NewTripleDESCipher, 24
	default:
		return nil, 0
	}
}

// pseudorandom returns the hash of a function of RFC 8018, appendix B.1. None is the
// default.
func pseudorandom(oid string) func() hash.Hash {
	switch oid {
	case "", "1.2.840.113549.2.7":
		return sha1.New
	case "1.2.840.113549.2.8":
		return sha256.New224
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	default:
		return nil
	}
}

// open decrypts. The password is empty: it is two zeros, or nothing at all.
func (s sealed) open(password []byte) ([]byte, bool) {
	var key []byte
	if s.prf == nil {
		key = derive(1, s.salt, password, s.iterations, s.keySize)
	} else {
		var err error
		if key, err = pbkdf2.Key(s.prf, "", s.salt, s.iterations, s.keySize); err != nil {
			return nil, false
		}
	}
	block, err := s.block(key)
	if err != nil {
		return nil, false
	}
	size, iv := block.BlockSize(), s.iv
	if s.prf == nil {
		iv = derive(2, s.salt, password, s.iterations, size)
	}
	if len(iv) != size || len(s.data) == 0 || len(s.data)%size != 0 {
		return nil, false
	}

	plain := slices.Clone(s.data)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, plain)
	last := plain[len(plain)-1:]
	padding := int(last[0])
	if padding == 0 || padding > size || !bytes.HasSuffix(plain, bytes.Repeat(last, padding)) {
		return nil, false
	}

	return plain[:len(plain)-padding], true
}

// derive bytes from a password as RFC 7292, appendix B.2 does it with SHA-1, and for the
// purpose that the diversifier stands for.
func derive(diversifier byte, salt, password []byte, iterations, size int) []byte {
	input := slices.Concat(fill(salt), fill(password))
	var out []byte
	for len(out) < size {
		a := sha1.Sum(slices.Concat(bytes.Repeat([]byte{diversifier}, sha1.BlockSize), input)) //nolint:gosec // See the import.
		for range iterations - 1 {
			a = sha1.Sum(a[:]) //nolint:gosec // See the import.
		}
		out = append(out, a[:]...)

		// Each block of the input becomes the sum of itself, of the result, and of one.
		b := bytes.Repeat(a[:], 4)[:sha1.BlockSize]
		for block := range slices.Chunk(input, sha1.BlockSize) {
			carry := 1
			for i := len(block) - 1; i >= 0; i-- {
				carry += int(block[i]) + int(b[i])
				block[i] = byte(carry & 0xff)
				carry >>= 8
			}
		}
	}

	return out[:size]
}

// fill repeats bytes until they fill blocks.
func fill(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	size := (len(b) + sha1.BlockSize - 1) / sha1.BlockSize * sha1.BlockSize

	return bytes.Repeat(b, size/len(b)+1)[:size]
}
