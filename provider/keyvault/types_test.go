// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// hidden is a value that must never be printed.
const hidden = "hunter2-hidden"

// printed returns a value in all likely formats.
func printed(t *testing.T, v any) map[string]string {
	t.Helper()

	out := map[string]string{"Sprint": fmt.Sprint(v), "error": fmt.Errorf("failed with %v: %w", v, errors.New("x")).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3s", "%!"} {
		out[verb] = fmt.Sprintf(verb, v)
	}

	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}

	out["json"] = string(text)

	var b bytes.Buffer

	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v, slog.Group("g", "v", v))
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v, slog.Group("g", "v", v))
	out["slog"] = b.String()

	// The provider logs like this.
	b.Reset()
	zap.New(zap.WriteTo(&b)).Info("x", "v", v)
	zap.New(zap.WriteTo(&b), zap.UseDevMode(true)).Info("x", "v", v)
	out["zap"] = b.String()

	return out
}

func TestSecretIsNotPrinted(t *testing.T) {
	s := Secret{Properties: Properties{Name: "db", Version: "v1"}, Value: hidden}

	cases := map[string]struct {
		reason string
		value  any
	}{
		"Value":   {reason: "A value hides itself.", value: s},
		"Pointer": {reason: "A pointer to a value hides it.", value: &s},
		"Slice":   {reason: "A list hides its values.", value: []Secret{s}},
		"Map":     {reason: "A map hides its values.", value: map[string]Secret{"a": s}},
		"Struct":  {reason: "A struct hides its values.", value: struct{ S Secret }{s}},
		"Inside":  {reason: "A pointer in a struct hides its value.", value: struct{ S *Secret }{&s}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for how, text := range printed(t, tc.value) {
				if shows(text) {
					t.Errorf("\n%s\nprinted with %s: %s", tc.reason, how, text)
				}
			}
		})
	}
}

func TestCreatorIsNotPrinted(t *testing.T) {
	c := Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "tenant", ClientID: "client", ClientSecret: hidden}

	cases := map[string]struct {
		reason string
		value  any
	}{
		"Value":   {reason: "A client secret hides itself.", value: c},
		"Pointer": {reason: "A pointer to a client secret hides it.", value: &c},
		"Slice":   {reason: "A list hides its client secrets.", value: []Creator{c}},
		"Pooled":  {reason: "The pool's key hides the client secret.", value: struct{ Creator }{c}},
		"Inside":  {reason: "A struct hides its client secret.", value: struct{ C Creator }{c}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for how, text := range printed(t, tc.value) {
				if shows(text) {
					t.Errorf("\n%s\nprinted with %s: %s", tc.reason, how, text)
				}
			}
		})
	}
}

// shows reports whether a text contains the hidden value, also in hexadecimal.
func shows(text string) bool {
	for _, s := range []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden), fmt.Sprintf("%d", []byte(hidden)), hidden[:3]} {
		if strings.Contains(text, s) {
			return true
		}
	}

	return false
}
