// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// An Identity of an application, for which Entra ID accepts tokens of a service account. It is
// comparable.
type Identity struct {
	TenantID string
	ClientID string

	// Namespace and name of the ServiceAccount.
	Namespace      string
	ServiceAccount string
}

// Properties of a secret: everything but its value.
type Properties struct {
	Name string
	// Version is empty in a list.
	Version     string
	ContentType string
	Enabled     bool
	// Created and Updated have a resolution of one second.
	Created time.Time
	Updated time.Time
	// NotBefore is zero for a secret that is valid from its creation.
	NotBefore time.Time
	// Expires is zero for a secret that does not expire.
	Expires time.Time
}

// A Secret with its value. Printing, logging or encoding it never shows the value.
type Secret struct {
	Properties

	Value string
}

// Format prints the secret without its value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.redacted()) }

// LogValue logs the secret without its value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.redacted()) }

// MarshalText encodes the secret without its value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.redacted()), nil }

func (s Secret) redacted() string { return s.Name + "/" + s.Version + " [redacted]" }
