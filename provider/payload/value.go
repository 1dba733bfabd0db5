// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"fmt"
	"io"
)

// A Value can be used wherever a []byte can, except that it cannot be printed,
// logged or encoded by accident.
type Value []byte

// String reports whether there is a value, not which.
func (v Value) String() string {
	if v == nil {
		return "(no value)"
	}

	return "(hidden)"
}

// Format prints the same for every verb. Without it, %d and %#v would print the value.
func (v Value) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, v.String())
}

// MarshalText is what encoders to JSON and YAML, and loggers, write instead of
// the value.
func (v Value) MarshalText() ([]byte, error) {
	return []byte(v.String()), nil
}

// String names the secret.
func (s Secret) String() string {
	return fmt.Sprintf("secret %q", s.Name)
}

// Format prints the same for every verb.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String())
}

// MarshalText is what encoders and loggers write instead of the secret.
func (s Secret) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}
