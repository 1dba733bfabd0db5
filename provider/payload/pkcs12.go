// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// maxIterations of all key derivations of a file together. Most programs use a few thousand. Java
// 8 to 11 use 200,000, the most of all known programs.
const maxIterations = 250_000

// Iterations returns how many iterations of key derivations Parse needs to open a secret, or zero
// if Parse rejects it earlier. The author of a value controls this cost. Other formats cost
// almost nothing.
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

// readPKCS12 reads a PFX file (PKCS#12, RFC 7292) in base64.
func readPKCS12(value string) ([]Entry, *Error) {
	der, ok := decodePFX(value)
	if !ok {
		return nil, problem(finding.PFXNotBase64)
	}
	file, fault := parsePFX(der)
	if fault != nil {
		return nil, fault
	}
	if protected(der) {
		return nil, problem(finding.PFXHasPassword)
	}
	// For an empty password, some programs derive a key from its terminating zero, others
	// from no bytes.
	for _, password := range [][]byte{{0, 0}, nil} {
		if opened, ok := file.open(password); ok {
			return opened.entries()
		}
	}

	return nil, problem(finding.PFXDamaged)
}

// entries of a file with nothing encrypted in it.
func (f *pfxFile) entries() ([]Entry, *Error) {
	if f.keys > 1 {
		return nil, problem(finding.PrivateKeySeveral)
	}
	key, reason := parsePKCS8(f.key)
	if key == nil {
		return nil, keyProblem(reason)
	}
	var certificates []*certificate
	for _, raw := range f.certificates {
		c := parseCertificate(raw)
		if c == nil {
			return nil, problem(finding.PFXCertificateUnreadable)
		}
		certificates = append(certificates, c)
	}

	return certificateEntries(key, certificates)
}

func decodePFX(value string) (der []byte, ok bool) {
	der, err := base64.StdEncoding.DecodeString(strings.Map(dropSpace, trimBOM(value)))
	return derOf(der), err == nil
}

func dropSpace(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}

	return r
}

// The structures of RFC 7292 and RFC 8018.
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
	certificateBag struct {
		Type asn1.ObjectIdentifier
		Data []byte `asn1:"tag:0,explicit"`
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
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// Object identifiers of the contents, as text.
const (
	oidData           = "1.2.840.113549.1.7.1"
	oidEncryptedData  = "1.2.840.113549.1.7.6"
	oidKeyBag         = "1.2.840.113549.1.12.10.1.1"
	oidShroudedKeyBag = "1.2.840.113549.1.12.10.1.2"
	oidCertificateBag = "1.2.840.113549.1.12.10.1.3"
	oidBags           = "1.2.840.113549.1.12.10.1.6"
	oidX509           = "1.2.840.113549.1.9.22.1"
)

// A pfxFile is a PFX file, parsed as far as possible without decryption.
type pfxFile struct {
	certificates [][]byte
	lists        []sealed // of bags
	keys         int      // how many private keys there are
	key          []byte   // the last one, as PKCS#8
	shrouded     *sealed  // or encrypted
	iterations   int      // of all key derivations
	large        bool     // a private key is too large to be read
	foreign      bool     // something is encrypted with an unsupported algorithm
}

// parsePFX parses a file, and rejects an expensive one: the author of the file controls the
// number of iterations.
func parsePFX(der []byte) (*pfxFile, *Error) {
	var outer pfx
	var content []byte
	var contents []contentInfo
	if !unmarshal(der, &outer) || !unmarshal(outer.AuthSafe.Content.Bytes, &content) || !unmarshal(derOf(content), &contents) {
		return nil, problem(finding.PFXExpected)
	}

	f := &pfxFile{}
	f.spend(outer.MAC.Iterations)
	if mac := outer.MAC.Digest.Algorithm.Parameters.FullBytes; unmarshal(mac, new(schemeParameters)) && !f.derive(mac) { // PBMAC1
		return nil, problem(finding.PFXDamaged)
	}
	for _, c := range contents {
		if !f.add(c) {
			return nil, problem(finding.PFXDamaged)
		}
	}

	switch {
	case f.iterations > maxIterations:
		return nil, problem(finding.PFXTooManyIterations)
	case f.foreign:
		return nil, problem(finding.PFXEncryptionUnsupported)
	case f.keys > 1:
		return nil, problem(finding.PrivateKeySeveral)
	case f.large:
		return nil, keyProblem(finding.PrivateKeyTooLarge)
	case f.keys == 0:
		return nil, problem(finding.PFXKeyMissing)
	}

	return f, nil
}

// add a list of bags, encrypted or not, and report whether it is supported.
func (f *pfxFile) add(c contentInfo) bool {
	switch c.Type.String() {
	case oidEncryptedData:
		var data encryptedData
		if !unmarshal(c.Content.Bytes, &data) {
			return false
		}
		encrypted, ok := data.encrypted()
		if !ok {
			return false
		}
		list, ok := f.seal(data.Content.Algorithm, encrypted)
		f.lists = append(f.lists, list)

		return ok
	case oidData:
		var content []byte
		return unmarshal(c.Content.Bytes, &content) && f.addBags(content, 0)
	default:
		return false
	}
}

// encrypted returns the encrypted content. Because of its tag, its pieces are not joined yet.
func (d encryptedData) encrypted() ([]byte, bool) {
	raw := d.Content.Encrypted
	if !raw.IsCompound {
		return raw.Bytes, true
	}

	return octets(derOf(encode(octetString|constructed, raw.Bytes)))
}

// maxBagNesting is how deep a list of bags may be in others.
const maxBagNesting = 8

// addBags adds a list of bags, and reports whether it is supported.
func (f *pfxFile) addBags(list []byte, depth int) bool {
	var bags []safeBag
	return depth <= maxBagNesting && unmarshal(derOf(list), &bags) && !slices.ContainsFunc(bags, func(b safeBag) bool { return !f.addBag(b, depth) })
}

// addBag adds a bag, and reports whether it is supported.
func (f *pfxFile) addBag(bag safeBag, depth int) bool {
	switch bag.Type.String() {
	case oidBags:
		return f.addBags(bag.Value.Bytes, depth+1)
	case oidCertificateBag:
		var c certificateBag
		if !unmarshal(bag.Value.Bytes, &c) || c.Type.String() != oidX509 {
			return false
		}
		f.certificates = append(f.certificates, c.Data)
	case oidKeyBag:
		f.keys++
		f.key = bag.Value.Bytes
		f.large = f.large || largeRSA(f.key)
	case oidShroudedKeyBag:
		f.keys++
		var key encryptedPrivateKeyInfo
		if !unmarshal(bag.Value.Bytes, &key) {
			return false
		}
		f.large = f.large || len(key.Encrypted) > maxEncryptedKey
		shrouded, ok := f.seal(key.Algorithm, key.Encrypted)
		f.shrouded = &shrouded

		return ok
	}

	return true
}

// seal adds encrypted data, counts the iterations to open it, and reports whether its
// parameters are understood.
func (f *pfxFile) seal(algorithm pkix.AlgorithmIdentifier, data []byte) (sealed, bool) {
	if !f.derive(algorithm.Parameters.FullBytes) {
		return sealed{}, false
	}
	s, known := sealedWith(algorithm)
	f.foreign = f.foreign || !known
	s.data = data

	return s, true
}

// derive counts the key derivation with these parameters, and reports whether they are
// understood.
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

// spend counts iterations without overflow. A negative number counts as too many, because it
// would offset the iterations of others.
func (f *pfxFile) spend(iterations int) {
	if iterations < 0 {
		iterations = maxIterations + 1
	}
	f.iterations = min(f.iterations+min(iterations, maxIterations+1), maxIterations+1)
}

// protected reports whether the MAC of a file was made with a password. DecodeTrustStore
// checks the MAC without reading a private key, so all of its iterations are counted.
func protected(der []byte) (yes bool) {
	defer func() { _ = recover() }() // The library panics on some invalid files.

	_, err := pkcs12.DecodeTrustStore(der, "")

	return errors.Is(err, pkcs12.ErrIncorrectPassword)
}

// open decrypts the file. It decrypts only a private key outside of the encrypted lists of bags.
// Another key could need any number of iterations, so it is only counted.
func (f *pfxFile) open(password []byte) (*pfxFile, bool) {
	opened := &pfxFile{certificates: slices.Clone(f.certificates), key: f.key, keys: f.keys}
	for _, list := range f.lists {
		bags, ok := list.open(password)
		if !ok || !opened.addBags(bags, 0) {
			return nil, false
		}
	}
	if f.shrouded == nil || opened.keys > 1 {
		return opened, true
	}
	key, ok := f.shrouded.open(password)
	opened.key = key

	return opened, ok && unmarshal(key, new(asn1.RawValue))
}

// unmarshal reports whether all of der is of the type that out points to.
func unmarshal(der []byte, out any) bool {
	rest, err := asn1.Unmarshal(der, out)
	return err == nil && len(rest) == 0
}
