// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// constants returns the constants of type Reason in reasons.go.
func constants(t *testing.T) []Reason {
	t.Helper()

	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	var out []Reason

	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}

		for i, v := range spec.Values {
			literal, ok := v.(*ast.BasicLit)
			if !ok {
				t.Fatalf("The value of %s is not a string", spec.Names[i].Name)
			}

			value, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}

			if value != spec.Names[i].Name {
				t.Errorf("Reason %s has value %q", spec.Names[i].Name, value)
			}

			out = append(out, Reason(value))
		}

		return true
	})

	return out
}

// Every reason has a sentence, and every sentence has a reason.
func TestTable(t *testing.T) {
	reasons := slices.Sorted(slices.Values(constants(t)))

	if diff := cmp.Diff(reasons, slices.Sorted(maps.Keys(table))); diff != "" {
		t.Errorf("-reasons, +table:\n%s", diff)
	}
}

// Every text is a sentence or, for a cause, a part of one, and uses existing parameters.
func TestTexts(t *testing.T) {
	parameter := regexp.MustCompile(`\{[A-Za-z]*\}`)
	all := Finding{
		Names: []string{"x"}, At: time.Unix(1, 0), Every: time.Second, Count: 1, Limit: 1, Version: "x", Namespace: "x", ServiceAccount: "x",
		Service: EntraID, Status: 1, Code: "x", Operation: "x", Object: "x", Format: "x", Position: Position{1, 1},
		Label: "x", OtherLabel: "x", Command: "x", Cause: &Finding{Reason: SecretNotFound},
	}

	for reason, text := range table {
		for names := range 3 {
			all.Reason, all.Names = reason, slices.Repeat([]string{"x"}, names)
			rendered := all.render(Subject{})

			if left := parameter.FindString(rendered); left != "" {
				t.Errorf("%s: parameter %s does not exist", reason, left)
			}

			if rendered == "" {
				t.Errorf("%s: there is no text", reason)
				continue
			}

			first, sentence := []rune(rendered)[0], strings.HasSuffix(rendered, ".")
			if sentence && unicode.IsLower(first) && reason != VersionWritten {
				t.Errorf("%s: a sentence begins with a capital: %q", reason, rendered)
			}
		}

		if text.many != "" && (!strings.Contains(text.one, "{names}") || !strings.Contains(text.many, "{names}")) {
			t.Errorf("%s: a plural of no names", reason)
		}
	}
}

func TestSentences(t *testing.T) {
	subject := Subject{Secret: "db", Vault: "https://web.vault.azure.net/", Identity: "client", Target: "web-secrets"}

	many := make([]string, 0, 12)
	for i := range 12 {
		many = append(many, "K"+strconv.Itoa(i))
	}

	cases := map[string]struct {
		reason string
		list   []Finding
		want   string
	}{
		"None": {reason: "An empty list renders nothing."},
		"One": {
			reason: "A single key is named in the singular.", list: []Finding{{Reason: KeysWithoutValue, Names: []string{"A"}}},
			want: "Key A has no value yet. Set it in secret db of https://web.vault.azure.net.",
		},
		"Many": {
			reason: "A long list of keys is shortened.", list: []Finding{{Reason: KeysWithoutValue, Names: many}},
			want: "Keys K0, K1, K2, K3, K4, K5, K6, K7, K8, K9, and 2 more have no values yet. Set them in secret db of https://web.vault.azure.net.",
		},
		"Several": {
			reason: "Sentences are joined by a blank.",
			list:   []Finding{{Reason: Expired, At: time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 3600))}, {Reason: ValuesKept}},
			want:   "It expired at 2026-05-01T11:00:00Z. Its values are still in use; set new ones in https://web.vault.azure.net. The values it had before stay in use.",
		},
		"Cause": {
			reason: "A cause is a part of a sentence, and may itself have a cause.",
			list:   []Finding{Because(Unreachable, Finding{Reason: ServiceSilent, Service: EntraID, Cause: &Finding{Reason: TimedOut}})},
			want:   "It cannot be read: Entra ID: the request timed out. The provider retries; if this lasts for 15 minutes, ask your platform team.",
		},
		"CauseFirst": {
			reason: "A cause at the beginning starts with a capital letter.",
			list:   []Finding{Because(TokenRequestForbidden, Finding{Reason: KubernetesThrottled})},
			want:   "Kubernetes throttles requests. Ask your platform team to check the ClusterRole and the admission policy of the provider.",
		},
		"Position": {
			reason: "A value is named by its format and the position in it.",
			list:   []Finding{Because(ValueInvalid, Finding{Reason: MalformedAsTyped, Format: "JSON", Position: Position{3, 7}, Cause: &Finding{Reason: JSONObjectCommaMissing}})},
			want:   `Cannot read secret "db" as JSON: line 3, column 7: a comma or } is missing; correct it, or the content type of the secret.`,
		},
		"Line": {
			reason: "A position may be a line only.",
			list:   []Finding{Because(ValueInvalid, Finding{Reason: Malformed, Format: "PEM", Position: Position{Line: 3}, Cause: &Finding{Reason: PEMBlockDamaged}})},
			want:   `Cannot read secret "db" as PEM: line 3: the block that begins here is damaged: copy the whole block again, with its line breaks.`,
		},
		"NoPosition": {
			reason: "Format and position may both be unknown.",
			list:   []Finding{Because(ValueInvalid, Finding{Reason: Malformed, Cause: &Finding{Reason: ValueTooLong, Limit: 25600}})},
			want:   `Cannot read secret "db": the value is larger than the 25600 bytes that Key Vault stores: split it into several secrets.`,
		},
		"Hostile": {
			reason: "A name that looks like a parameter is not replaced.", list: []Finding{{Reason: KeysMissing, Names: []string{"{vault}"}}},
			want: "Key {vault}, used by env, is missing. Set it in secret db of https://web.vault.azure.net, or correct env.",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Sentences(subject, tc.list...)); diff != "" {
				t.Errorf("\n%s\nSentences(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCapitalize(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   string
	}{
		"Plain":    {reason: "The first letter becomes a capital.", text: "cannot do it", want: "Cannot do it"},
		"Stop":     {reason: "A full stop is not doubled.", text: "Cannot do it.", want: "Cannot do it"},
		"NotASCII": {reason: "A letter outside of ASCII becomes a capital, too.", text: "über", want: "Über"},
		"Digit":    {reason: "A digit stays unchanged.", text: "25 keys", want: "25 keys"},
		"Empty":    {reason: "An empty text stays empty."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, capitalize(tc.text)); diff != "" {
				t.Errorf("\n%s\ncapitalize(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Two findings are equal if and only if all their parameters are equal.
func TestEqual(t *testing.T) {
	generate := func(t *rapid.T, label string) Finding {
		pick := func(name string) string { return rapid.SampledFrom([]string{"", "a"}).Draw(t, label+name) }
		number := func(name string) int { return rapid.IntRange(0, 1).Draw(t, label+name) }

		f := Finding{
			Reason: Reason(pick("reason")), At: time.Unix(int64(number("at")), 0), Every: time.Duration(number("every")),
			Count: number("count"), Limit: number("limit"), Version: pick("version"), Namespace: pick("namespace"), ServiceAccount: pick("account"),
			Service: Service(pick("service")), Status: number("status"), Code: pick("code"), Operation: pick("operation"), Object: pick("object"),
			Format: pick("format"), Position: Position{number("line"), number("column")},
			Label: pick("label"), OtherLabel: pick("otherLabel"), Command: pick("command"),
		}
		if number("names") > 0 {
			f.Names = []string{pick("name")}
		}

		if number("caused") > 0 {
			f.Cause = &Finding{Reason: Reason(pick("cause"))}
		}

		return f
	}

	// Another implementation compares the fields one by one.
	type plain Finding

	rapid.Check(t, func(t *rapid.T) {
		a := generate(t, "a")

		b := a
		if rapid.Bool().Draw(t, "different") {
			b = generate(t, "b")
		}

		if got, want := a.Equal(b), cmp.Equal(plain(a), plain(b)); got != want || b.Equal(a) != want {
			t.Fatalf("%+v and %+v: equal %t, want %t", a, b, got, want)
		}
	})
}
