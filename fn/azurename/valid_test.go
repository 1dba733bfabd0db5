// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestValidVault(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string
		want   string // empty: valid
	}{
		"Shortest":     {reason: "Three characters are enough.", name: "abc"},
		"Longest":      {reason: "24 characters are not too many.", name: "abcdefghijklmnopqrstuvwx"},
		"Upper":        {reason: "Azure accepts capital letters.", name: "Orders-KV-1"},
		"Empty":        {reason: "An empty name is too short.", name: "", want: "must be 3 to 24 characters long"},
		"TooShort":     {reason: "Two characters are too short.", name: "ab", want: "must be 3 to 24 characters long"},
		"TooLong":      {reason: "25 characters are too long.", name: "abcdefghijklmnopqrstuvwxy", want: "must be 3 to 24 characters long"},
		"Underscore":   {reason: "Underscores are not allowed.", name: "my_vault", want: "must contain only letters (a-z, A-Z), digits and hyphens"},
		"Unicode":      {reason: "Characters are counted, not bytes, and letters are those of ASCII.", name: "bücherregalöäüöäüöäü", want: "must contain only letters (a-z, A-Z), digits and hyphens"},
		"StartDigit":   {reason: "A digit cannot come first.", name: "3scale", want: "must start with a letter"},
		"StartHyphen":  {reason: "A hyphen cannot come first.", name: "-vault", want: "must start with a letter"},
		"EndHyphen":    {reason: "A hyphen cannot come last.", name: "vault-", want: "must end with a letter or digit"},
		"TwoHyphens":   {reason: "Hyphens cannot follow each other.", name: "my--vault", want: "must not contain two hyphens in a row"},
		"ManyMistakes": {reason: "The first of several mistakes is reported.", name: "-_-", want: "must contain only letters (a-z, A-Z), digits and hyphens"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := ValidVault(tc.name); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nValidVault(%q): -want, +got:\n%s", tc.reason, tc.name, diff)
			}
		})
	}
}

func TestValidVaultProperties(t *testing.T) {
	name := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z][a-z0-9-]{0,23}[a-z0-9-]?`),
		rapid.StringMatching(`[a-zA-Z0-9_-]{0,26}`),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) { checkValidVault(t, name.Draw(t, "name")) })
}

func FuzzValidVault(f *testing.F) {
	for _, name := range []string{"", "abc", "orders-b6y42bwvzzb4stu", "a--b", "3ab", "ab-", "bücher", "a\n\xff", "abcdefghijklmnopqrstuvwxy"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) { checkValidVault(t, name) })
}

func BenchmarkValidVault(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = ValidVault("orders-a-pqg5okv3czbnvgl")
	}
}

// checkValidVault compares the verdict with Azure's rule as an expression.
func checkValidVault(t rapid.TB, name string) {
	t.Helper()

	want := vaultRule.MatchString(name) && !strings.Contains(name, "--")
	if err := ValidVault(name); (err == nil) != want {
		t.Errorf("ValidVault(%q) = %v, want valid: %t", name, err, want)
	}
}
