// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // PKCS#12 has it, and here it protects nothing.
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"strings"
	"unicode"

	"software.sslmate.com/src/go-pkcs12"
)

// maxIterations of all key derivations of a file together. Most programs write
// some thousand. The most we know of are the 200,000 of Java 8 to 11.
const maxIterations = 250_000

// Iterations of key derivations that Parse runs to open a secret, as far as that is not
// refused before: its cost, which is up to whoever wrote the value. Other formats
// cost nothing to speak of.
func Iterations(s Secret, format Format) int {
	if len(s.Value) > maxValue {
		return 0
	}
	if format == Auto || format == "" {
		format, _ = detect(s)
	}
	if format != PKCS12 {
		return 0
	}
	der, ok := decodePFX(s.Value)
	if !ok {
		return 0
	}
	file, fault := parsePFX(der)
	if fault != nil {
		return 0
	}
	return file.iterations
}

const damagedPFX = "the PFX file is damaged or was not made without a password: export or import it again without one"

// readPKCS12 reads a PFX file (PKCS#12, RFC 7292) in base64.
func readPKCS12(value string) ([]Entry, *Error) {
	der, ok := decodePFX(value)
	if !ok {
		return nil, problem("the value is not base64: store a PFX file in base64, or import it as a certificate of Key Vault")
	}
	file, fault := parsePFX(der)
	if fault != nil {
		return nil, fault
	}
	if protected(der) {
		return nil, problem("the PFX file has a password: export or import it without one")
	}
	key, certificates, ok := file.decode()
	if !ok {
		return nil, problem(damagedPFX)
	}
	return certificateEntries(key, certificates)
}

func decodePFX(value string) (der []byte, ok bool) {
	der, err := base64.StdEncoding.DecodeString(strings.Map(dropSpace, trimBOM(value)))
	return der, err == nil
}

func dropSpace(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	return r
}

// The structures of RFC 7292 and RFC 8018, as far as they are needed to see what
// work a file would make.
type (
	pfx struct {
		Version  int
		AuthSafe contentInfo
		MAC      macData `asn1:"optional"`
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	macData struct {
		Digest struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Salt       []byte
		Iterations int `asn1:"optional,default:1"`
	}
	encryptedData struct {
		Version int
		Content struct {
			Type      asn1.ObjectIdentifier
			Algorithm pkix.AlgorithmIdentifier
			Encrypted asn1.RawValue `asn1:"tag:0,optional"`
		}
	}
	safeBag struct {
		Type       asn1.ObjectIdentifier
		Value      asn1.RawValue `asn1:"tag:0,explicit"`
		Attributes asn1.RawValue `asn1:"set,optional"`
	}
	encryptedPrivateKeyInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Encrypted []byte
	}
	// The parameters of PBES2 and PBMAC1, which contain those of a key derivation.
	schemeParameters struct {
		Derivation pkix.AlgorithmIdentifier
		Scheme     pkix.AlgorithmIdentifier
	}
	// The parameters of PBKDF2, and of PBES1 where they end after Iterations.
	derivationParameters struct {
		Salt       asn1.RawValue
		Iterations int
		KeyLength  int `asn1:"optional"`
	}
)

// The object identifiers of what is inside, as text.
const (
	oidData           = "1.2.840.113549.1.7.1"
	oidEncryptedData  = "1.2.840.113549.1.7.6"
	oidKeyBag         = "1.2.840.113549.1.12.10.1.1"
	oidShroudedKeyBag = "1.2.840.113549.1.12.10.1.2"
)

// A pfxFile is taken apart as far as that is possible without decrypting anything.
type pfxFile struct {
	plain      []asn1.RawValue // bags, exactly one of which is a private key
	encrypted  []contentInfo   // lists of bags
	keys       int             // how many of the plain bags are private keys
	iterations int             // of all key derivations
	large      bool            // a private key is too large to be read
}

// parsePFX takes a file apart and refuses one that would make much work: the number
// of iterations of a key derivation is up to whoever wrote the file.
func parsePFX(der []byte) (*pfxFile, *Error) {
	var outer pfx
	var content []byte
	var contents []contentInfo
	if !unmarshal(der, &outer) || !unmarshal(outer.AuthSafe.Content.Bytes, &content) || !unmarshal(content, &contents) {
		return nil, problem("the value is base64, but not of a PFX file: store one, or import it as a certificate of Key Vault")
	}

	f := &pfxFile{}
	f.spend(outer.MAC.Iterations)
	if mac := outer.MAC.Digest.Algorithm.Parameters.FullBytes; unmarshal(mac, new(schemeParameters)) && !f.derive(mac) { // PBMAC1
		return nil, problem(damagedPFX)
	}
	for _, c := range contents {
		if !f.add(c) {
			return nil, problem(damagedPFX)
		}
	}

	switch {
	case f.iterations > maxIterations:
		return nil, problem("the PFX file takes too many iterations to open: export it with some thousand of them, such as the 2048 that openssl has by default")
	case f.keys > 1:
		return nil, problem(severalKeys)
	case f.large:
		return nil, problem(largeKey)
	case f.keys == 0:
		return nil, problem("there is no private key where a PFX file has it: export it with its certificates, and if this is a certificate of Key Vault, make its key exportable")
	}
	return f, nil
}

// add takes a list of bags, and says whether it understands it.
func (f *pfxFile) add(c contentInfo) bool {
	switch c.Type.String() {
	case oidEncryptedData:
		var data encryptedData
		if !unmarshal(c.Content.Bytes, &data) {
			return false
		}
		f.encrypted = append(f.encrypted, c)
		return f.derive(data.Content.Algorithm.Parameters.FullBytes)
	case oidData:
		var content []byte
		var bags []asn1.RawValue
		if !unmarshal(c.Content.Bytes, &content) || !unmarshal(content, &bags) {
			return false
		}
		for _, b := range bags {
			if !f.addBag(b) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// addBag takes a bag, and says whether it understands it.
func (f *pfxFile) addBag(raw asn1.RawValue) bool {
	var bag safeBag
	if !unmarshal(raw.FullBytes, &bag) {
		return false
	}
	f.plain = append(f.plain, raw)
	switch bag.Type.String() {
	case oidKeyBag:
		f.keys++
		f.large = f.large || largeRSA(bag.Value.Bytes)
	case oidShroudedKeyBag:
		f.keys++
		var key encryptedPrivateKeyInfo
		if !unmarshal(bag.Value.Bytes, &key) {
			return false
		}
		f.large = f.large || len(key.Encrypted) > maxEncryptedKey
		return f.derive(key.Algorithm.Parameters.FullBytes)
	}
	return true
}

// derive counts the key derivation that has these parameters, and says whether it
// understands them.
func (f *pfxFile) derive(parameters []byte) bool {
	var s schemeParameters
	if unmarshal(parameters, &s) {
		parameters = s.Derivation.Parameters.FullBytes
	}
	var d derivationParameters
	if !unmarshal(parameters, &d) {
		return false
	}
	f.spend(d.Iterations)
	// No cipher or MAC takes a longer key, and each further 20 bytes would cost all
	// iterations again.
	return d.KeyLength <= 64
}

// spend counts iterations, and does not overflow. A number below zero makes no work by
// itself, and would make up for the work of others.
func (f *pfxFile) spend(iterations int) {
	if iterations < 0 {
		iterations = maxIterations + 1
	}
	f.iterations = min(f.iterations+min(iterations, maxIterations+1), maxIterations+1)
}

// protected says whether the MAC of a file was made with a password. Of the
// functions that check it, this is the one that reads no private key, and so
// does nothing of which the iterations are not known.
func protected(der []byte) (yes bool) {
	defer func() { _ = recover() }() // See open.

	_, err := pkcs12.DecodeTrustStore(der, "")
	return errors.Is(err, pkcs12.ErrIncorrectPassword)
}

// decode decrypts the file.
//
// A private key may also hide in an encrypted list of bags, with any number of
// iterations. Therefore the file is put together anew with the private key that was
// seen in front: then another is an error, and not decrypted.
//
// Without a password there are two ways to derive a key: from an empty string
// with the zero at its end, which is what a file without a MAC makes the library
// use, and from nothing at all, which it tries if only that fits the MAC.
func (f *pfxFile) decode() (crypto.PrivateKey, []*x509.Certificate, bool) {
	safe := mustMarshal(append([]contentInfo{dataContent(mustMarshal(f.plain))}, f.encrypted...))
	key, certificates, ok := open(mustMarshal(struct {
		Version  int
		AuthSafe contentInfo
	}{3, dataContent(safe)}))
	if ok {
		return key, certificates, true
	}
	return open(mustMarshal(pfx{Version: 3, AuthSafe: dataContent(safe), MAC: macOfNothing(safe)}))
}

// macOfNothing returns the MAC that no password at all makes. As it has no salt
// either, its key (RFC 7292, appendix B.2) is the hash of nothing but the
// diversifier: a block of threes.
func macOfNothing(content []byte) macData {
	diversifier := [sha1.BlockSize]byte{}
	for i := range diversifier {
		diversifier[i] = 3
	}
	key := sha1.Sum(diversifier[:]) //nolint:gosec // See the import.
	mac := hmac.New(sha1.New, key[:])
	mac.Write(content)

	m := macData{Iterations: 1}
	m.Digest.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26} // SHA-1
	m.Digest.Digest = mac.Sum(nil)
	return m
}

// open reads a file. The library relies on the file in places, such as on the length
// of an initialization vector, and panics if that is wrong.
func open(der []byte) (key crypto.PrivateKey, certificates []*x509.Certificate, ok bool) {
	defer func() {
		if recover() != nil {
			key, certificates, ok = nil, nil, false
		}
	}()

	key, first, others, err := pkcs12.DecodeChain(der, "")
	if err != nil {
		return nil, nil, false
	}
	return key, append([]*x509.Certificate{first}, others...), true
}

// dataContent wraps content as it is.
func dataContent(content []byte) contentInfo {
	return contentInfo{
		Type:    asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, // oidData
		Content: asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: mustMarshal(content)},
	}
}

// unmarshal says whether all of der is of the type that out points to.
func unmarshal(der []byte, out any) bool {
	rest, err := asn1.Unmarshal(der, out)
	return err == nil && len(rest) == 0
}

// mustMarshal encodes what is known to be encodable.
func mustMarshal(in any) []byte {
	der, err := asn1.Marshal(in)
	if err != nil {
		panic("payload: cannot encode a PFX file: " + err.Error())
	}
	return der
}
