// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

func TestParseRecord(t *testing.T) {
	full := Content{Version: v1, ContentType: "application/json", Format: "JSON", Created: 1, Updated: 2, NotBefore: 5, Expires: 3, Synced: 4, Keys: []string{"A", "b/c"}, Retired: []string{"db.old"}, HadKeys: true}

	cases := map[string]struct {
		reason string
		text   string
		want   Record
	}{
		"Empty":   {reason: "There is no record yet.", want: Record{}},
		"Garbled": {reason: "An invalid record counts as none.", text: `{"db":{"version":`, want: Record{}},
		"Array":   {reason: "Other JSON counts as none.", text: `["db"]`, want: Record{}},
		"Null":    {reason: "Null counts as none.", text: `null`, want: Record{}},
		"Types":   {reason: "One invalid entry makes the whole record invalid.", text: `{"a":{"version":"1","keys":["A"]},"db":{"version":1}}`, want: Record{}},
		"Full": {
			reason: "All fields are restored.",
			text:   `{"db":{"version":"` + v1 + `","contentType":"application/json","format":"JSON","created":1,"updated":2,"notBefore":5,"expires":3,"synced":4,"keys":["A","b/c"],"retired":["db.old"],"hadKeys":true}}`,
			want:   Record{"db": full},
		},
		"Newer": {
			reason: "A field of a later release is ignored.",
			text:   `{"db":{"version":"` + v1 + `","synced":4,"keys":[""],"added":true}}`,
			want:   Record{"db": {Version: v1, Synced: 4, Keys: []string{""}}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, ParseRecord(tc.text), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nParseRecord(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	text, err := Record{"db": full}.Encode()
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(Record{"db": full}, ParseRecord(text)); diff != "" {
		t.Errorf("\nAn encoded record can be read.\nParseRecord(...): -want, +got:\n%s", diff)
	}
}

// No content of the annotation causes the loss of data.
func TestMakeGarbledRecord(t *testing.T) {
	cases := map[string]struct {
		reason string
		record string
	}{
		"Lost":      {reason: "A missing annotation loses no data."},
		"Cut":       {reason: "A truncated annotation loses no data.", record: `{"db":{"version":"1","keys":["A"`},
		"Null":      {reason: "A null annotation loses no data.", record: `null`},
		"NoContent": {reason: "An empty entry loses no data.", record: `{"db":{}}`},
		"NoKeys":    {reason: "An entry without keys loses no data.", record: `{"db":{"version":"` + v1 + `","synced":1,"keys":[]}}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			current := Current{Data: data("db.A", "a"), Record: ParseRecord(tc.record)}

			for _, f := range []Observed{state(v1alpha1.StateUnreachable), state(v1alpha1.StateForbidden), found(secret(v2, "{"))} {
				p := Make(specOf(v1alpha1.SyncedSecret{Name: "db"}), v1alpha1.KeyVaultSecretSyncObservation{}, current, map[string]Observed{"db": f}, noon())

				if diff := cmp.Diff(current.Data, p.Data); diff != "" {
					t.Errorf("\n%s Nothing good was read.\nMake(...).Data: -want, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, seed := range []string{"", "null", "{", `{"db":{}}`, `{"db":null}`, `{"db":{"version":"1","keys":["A"],"synced":1}}`, `{"db":{"keys":["A","A","\u0000"]}}`} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		r := ParseRecord(text)

		again, err := r.Encode()
		if err != nil {
			t.Fatalf("\nA record can be encoded.\nEncode(): %v", err)
		}

		if diff := cmp.Diff(r, ParseRecord(again), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("\nAn encoded record can be read.\nParseRecord(...): -want, +got:\n%s", diff)
		}

		// For any annotation, a plan can be made, and no data of a listed secret is deleted.
		spec, current := specOf(v1alpha1.SyncedSecret{Name: "db"}), Current{Data: data("db.A", "a"), Record: r}
		p := Make(spec, v1alpha1.KeyVaultSecretSyncObservation{}, current, map[string]Observed{"db": state(v1alpha1.StateUnreachable)}, noon())

		if recorded := r["db"].Keys; len(recorded) == 0 && string(p.Data["db.A"]) != "a" {
			t.Errorf("\nA record without keys costs no secret its data.\nMake(...).Data: %v", p.Data)
		}
	})
}
