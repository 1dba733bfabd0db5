// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestNothingPrintsValues(t *testing.T) {
	const value = "hunter2-hunter2"
	// The forms are those in which bytes are printed: numbers, hexadecimal and base64.
	forms := []string{"unter", "104 117", "0x68", "6875", "6855", "aHVudGVy"}

	entry := Entry{Key: "PASSWORD", DataKey: "db.PASSWORD", Value: Value(value)}
	secret := Secret{Name: "db", ContentType: value, Value: value}
	for name, v := range map[string]any{
		"Value": entry.Value, "ValuePointer": &entry.Value,
		"Entry": entry, "EntryPointer": &entry,
		"Payload": Payload{Format: JSON, Entries: []Entry{entry}},
		"Secret":  secret, "SecretPointer": &secret,
		"Secrets": map[string]Secret{"db": secret},
		"Field":   struct{ Deep []Secret }{[]Secret{secret}},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%b", "%o", "%c", "%U", "%e", "%10.3s", "% x"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)

		for _, encode := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
			encoded, err := encode(v)
			if err != nil {
				t.Errorf("cannot encode %s: %v", name, err)
			}
			out.Write(encoded)
		}

		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)

		for _, f := range forms {
			if bytes.Contains(out.Bytes(), []byte(f)) {
				t.Errorf("%s prints its value as %q:\n%s", name, f, out.String())
			}
		}
	}
}

func TestPrinting(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  any
		want   string
	}{
		"Value":   {"A value is hidden.", Value("v"), "(hidden)"},
		"Empty":   {"An empty value is hidden, too.", Value{}, "(hidden)"},
		"NoValue": {"The absence of a value is shown.", Value(nil), "(no value)"},
		"Entry":   {"Everything else of an entry is shown.", Entry{Key: "K", DataKey: "s.K", Value: Value("v")}, "{Key:K DataKey:s.K Value:(hidden)}"},
		"Secret":  {"A secret shows its name.", Secret{Name: "s", Value: "v"}, `secret "s"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%+v", tc.value)); diff != "" {
				t.Errorf("\n%s\nSprintf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestValueIsBytes(t *testing.T) {
	data := map[string][]byte{}
	for _, e := range readable("A", "1") {
		data[e.DataKey] = e.Value
	}
	if diff := cmp.Diff(map[string][]byte{"s.A": []byte("1")}, data); diff != "" {
		t.Errorf("\nValues go into the data of a Secret as they are: -want, +got:\n%s", diff)
	}
}
