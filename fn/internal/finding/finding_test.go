// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestString(t *testing.T) {
	cases := map[string]struct {
		reason string
		f      Finding
		want   string
	}{
		"Plain":    {reason: "A sentence without parameters is returned unchanged.", f: New(NoSecrets), want: "The application lists no secrets."},
		"Numbers":  {reason: "A parameter replaces its name.", f: New(SecretsSynced, With{"synced": 1, "total": int64(2)}), want: "1 of 2 secrets are synced."},
		"Quoted":   {reason: "A name that a user chose is quoted.", f: New(HostnameInvalid, With{"hostname": "a\n\"b"}, With{"rule": New(MustBeList)}), want: `spec.networking.ingress.hostnames: "a\n\"b" must be a list`},
		"FullStop": {reason: "A sentence has one full stop at its end.", f: New(VaultRefused, With{"vault": "v", "problem": "no quota."}), want: "Azure did not create vault v: no quota. Ask your platform team for help."},
		"LastStop": {reason: "A full stop at the end of the sentence is kept.", f: New(PodsNotCreated, With{"problem": "exceeded quota."}), want: "Pods cannot be created: exceeded quota."},
		"Nested": {
			reason: "A parameter may be a finding.", f: New(FieldIgnoredBecause, With{"field": "spec.a", "why": New(CallerIgnored, With{"why": New(MustBeList)})}),
			want: "spec.a (must be a list; this entry allows no traffic)",
		},
		"All": {
			reason: "A list shows all items, each without a full stop.", f: New(Notes, With{"notes": All("; ", []Finding{New(VaultChangeRefused, With{"problem": "no."}), New(PurgeProtectionStays)})}),
			want: "Note: Azure rejected the last change of the vault: no; Azure never turns purge protection off, so the vault stays recoverable when the application is deleted.",
		},
		"Some":     {reason: "A long list shows the number of the other items.", f: New(RolesReplacing, With{"assignments": Some(", ", strings.Split("abcdefg", ""))}), want: "A principal has changed, so role assignments on the vault are being replaced: a, b, c, d, e, and 2 more. This normally takes a minute."},
		"Injected": {reason: "A parameter inside a parameter is not replaced.", f: New(VaultCreating, With{"vault": "{identity}"}), want: "Vault {identity} is being created in Azure. This normally takes 2 minutes. No action is needed."},
		"Zero":     {reason: "The zero finding has no sentence.", want: ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.f.String()); diff != "" {
				t.Errorf("\n%s\nString(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	got := Message{New(NoSecrets), New(NoDeployment)}.String()
	if diff := cmp.Diff("The application lists no secrets. The application has no deployment.", got); diff != "" {
		t.Errorf("String(): -want, +got:\n%s", diff)
	}
}

func TestErr(t *testing.T) {
	cause := errors.New("no")
	err := Err(SettingsUnusable, With{"cause": cause})
	if !errors.Is(err, cause) || err.Error() != "cannot use platform settings: no" {
		t.Errorf("Err(...): want an error with its cause, got %v", err)
	}
	if errors.Unwrap(Err(MustBeUUID)) != nil {
		t.Error("Err(...): want no cause")
	}
}

// TestStringProperties checks that a sentence contains any parameter unchanged, and keeps its own words.
func TestStringProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vault := rapid.String().Draw(t, "vault")
		got := Say(VaultCreating, With{"vault": vault})
		if want := "Vault " + vault + " is being created in Azure. This normally takes 2 minutes. No action is needed."; got != want {
			t.Fatalf("Say(...): want %q, got %q", want, got)
		}
	})
}
