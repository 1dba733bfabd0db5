// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package payload turns the value of one Key Vault secret into keys with
// values, as they go into a Kubernetes Secret.
//
// It is pure: no I/O, no clock, no state. The same value gives the same
// payload. Values are untrusted: none may cause a panic, a long run time or high memory use.
//
// # Formats
//
//   - JSON: an object. Strings are taken as they are, numbers and booleans as they
//     are written, objects and arrays as compact JSON. A null is a key that has no
//     value yet.
//   - Text: one value without a key, byte for byte. If it is empty, there is no
//     value yet.
//   - Dotenv: lines KEY=VALUE, with comments, quotes and export, and without
//     expansion: $NAME stays $NAME.
//   - PEM: a private key and certificates, in any order, become tls.crt, tls.key
//     and ca.crt. Certificates are passed on byte for byte, also those that crypto/x509
//     does not read.
//   - PKCS12: the same in base64 of a PFX file without a password, as Key Vault
//     serves certificates.
//   - Auto: the content type decides. Without one that is known, an object is
//     JSON, a private key with a certificate is PEM, and anything else is Text.
//     Lines KEY=VALUE are never taken for Dotenv: other texts have them, too.
//
// A value with a NUL is rejected in every format, because values become environment
// variables.
//
// # Data keys
//
// The keys of one secret are found in the data of the Kubernetes Secret as
// <secret>.<key>, where characters that Kubernetes does not allow have become
// underscores. A value without a key is found as <secret>. The name of a Key Vault
// secret has no dot, so that two secrets never meet.
//
// # Secrecy
//
// An error never holds any part of a value, not even the name of a key: it has the line and
// column of the key. A value whose format was guessed is rejected unless its keys look like
// names and no part of it would be lost. Errors of other packages are never passed on,
// because they often quote the input. No verb, encoder or logger prints a value, except
// in an unexported field, where fmt ignores the Formatter.
package payload
