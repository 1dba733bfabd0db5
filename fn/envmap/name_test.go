// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestName(t *testing.T) {
	cases := map[string]struct {
		reason string
		key    string
		want   string
	}{
		"Kept":                {reason: "A conventional name is kept.", key: "POSTGRES_USER", want: "POSTGRES_USER"},
		"KeptWithDigits":      {reason: "A conventional name is not split, even where a word could begin.", key: "S3BUCKET", want: "S3BUCKET"},
		"KeptUnderscore":      {reason: "A conventional name may begin with an underscore.", key: "_TOKEN_2", want: "_TOKEN_2"},
		"KeptSingle":          {reason: "One capital is a conventional name.", key: "A", want: "A"},
		"CamelCase":           {reason: "A capital after a small letter begins a word.", key: "clientId", want: "CLIENT_ID"},
		"PascalCase":          {reason: "The first capital needs nothing in front.", key: "ClientSecret", want: "CLIENT_SECRET"},
		"AcronymFirst":        {reason: "The last capital of a run begins a word when a small letter follows.", key: "APIKey", want: "API_KEY"},
		"AcronymMiddle":       {reason: "An acronym between words is one word.", key: "myHTTPServer", want: "MY_HTTP_SERVER"},
		"AcronymLast":         {reason: "An acronym at the end is one word.", key: "userID", want: "USER_ID"},
		"DigitThenCapital":    {reason: "A capital after a digit begins a word.", key: "base64Value", want: "BASE64_VALUE"},
		"DigitInAcronym":      {reason: "A digit belongs to the word before it.", key: "S3Bucket", want: "S3_BUCKET"},
		"DigitThenSmall":      {reason: "A small letter after a digit does not begin a word.", key: "sha256sum", want: "SHA256SUM"},
		"Mixed":               {reason: "Capitals, digits and small letters together.", key: "x509CACert", want: "X509_CA_CERT"},
		"SmallLetters":        {reason: "A single word is upper-cased.", key: "password", want: "PASSWORD"},
		"SnakeCase":           {reason: "Existing underscores are kept.", key: "db_host", want: "DB_HOST"},
		"SnakeThenCapital":    {reason: "A separated word gets no second underscore.", key: "db_Host", want: "DB_HOST"},
		"KebabCase":           {reason: "A hyphen becomes an underscore.", key: "api-key", want: "API_KEY"},
		"KebabThenCapital":    {reason: "A hyphen sets words apart already.", key: "Api-Key", want: "API_KEY"},
		"File":                {reason: "A dot becomes an underscore.", key: "tls.crt", want: "TLS_CRT"},
		"RunOfOthers":         {reason: "Every other character is one underscore: runs are not collapsed.", key: "a--b", want: "A__B"},
		"LeadingOther":        {reason: "Nothing is trimmed at the start or the end.", key: ".dot.", want: "_DOT_"},
		"LeadingDigit":        {reason: "A name cannot begin with a digit.", key: "2fa", want: "_2FA"},
		"LeadingDigitCapital": {reason: "A capital after the leading digit begins a word as anywhere.", key: "2FA", want: "_2_FA"},
		"OnlyDigits":          {reason: "Digits alone get an underscore in front.", key: "42", want: "_42"},
		"Empty":               {reason: "The empty key has a name too.", key: "", want: "_"},
		"Unicode":             {reason: "A character outside ASCII is one underscore, however many bytes it has.", key: "é", want: "_"},
		"UnicodeInside":       {reason: "Letters outside ASCII are not upper-cased and begin no word.", key: "straßeNord", want: "STRA_E_NORD"},
		"UnicodeBeforeWord":   {reason: "A capital after a character that is replaced is set apart by its underscore.", key: "caféBar", want: "CAF_BAR"},
		"Invalid":             {reason: "Every invalid byte of UTF-8 becomes an underscore.", key: "a\xff\xfeb", want: "A__B"},
		"Line":                {reason: "White space is replaced like anything else.", key: "a b\n", want: "A_B_"},
		"Long":                {reason: "Length is not limited.", key: strings.Repeat("aB", 100), want: "A" + strings.Repeat("_BA", 99) + "_B"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Name(tc.key)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nName(%q): -want, +got:\n%s", tc.reason, tc.key, diff)
			}
		})
	}
}

func TestTrimEnvironment(t *testing.T) {
	usual := []string{"common-", "dev-", "stg-", "prd-", "prod-"}
	type args struct {
		secret   string
		prefixes []string
	}
	cases := map[string]struct {
		reason string
		args   args
		want   string
	}{
		"Prefix":         {reason: "The prefix is removed.", args: args{"prod-api-key", usual}, want: "api-key"},
		"NoPrefix":       {reason: "A secret without prefix keeps its name.", args: args{"api-key", usual}, want: "api-key"},
		"InTheMiddle":    {reason: "Only the start of a name counts.", args: args{"api-prod-key", usual}, want: "api-prod-key"},
		"Once":           {reason: "Only one prefix is removed.", args: args{"prod-dev-key", usual}, want: "dev-key"},
		"Longest":        {reason: "The longest prefix that matches wins, wherever it is listed.", args: args{"prod-eu-key", []string{"prod-", "prod-eu-", "p"}}, want: "key"},
		"LongestIsWhole": {reason: "A name that is only a prefix is unchanged.", args: args{"prod-", []string{"pro", "prod-"}}, want: "prod-"},
		"WordWithPrefix": {reason: "A word that only begins like a prefix is kept.", args: args{"product-key", usual}, want: "product-key"},
		"Case":           {reason: "Case is ignored, as in Key Vault.", args: args{"PROD-Api-Key", usual}, want: "Api-Key"},
		"EmptyPrefix":    {reason: "An empty prefix removes nothing.", args: args{"api-key", []string{""}}, want: "api-key"},
		"NoPrefixes":     {reason: "Without prefixes every name is whole.", args: args{"prod-api-key", nil}, want: "prod-api-key"},
		"Empty":          {reason: "An empty name has nothing to remove.", args: args{"", usual}, want: ""},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := TrimEnvironment(tc.args.secret, tc.args.prefixes)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nTrimEnvironment(%q, %q): -want, +got:\n%s", tc.reason, tc.args.secret, tc.args.prefixes, diff)
			}
		})
	}
}

func TestNameProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkName(t, anyKey().Draw(t, "key"))
	})
}

func TestTrimEnvironmentProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefixes := rapid.SliceOfN(rapid.StringN(0, 4, -1), 0, 4).Draw(t, "prefixes")
		secret := rapid.Custom(func(t *rapid.T) string {
			s := rapid.String().Draw(t, "rest")
			if len(prefixes) > 0 && rapid.Bool().Draw(t, "prefixed") {
				s = rapid.SampledFrom(prefixes).Draw(t, "prefix") + s
			}

			return s
		}).Draw(t, "secret")
		checkTrim(t, secret, prefixes)
	})
}

func FuzzName(f *testing.F) {
	for _, key := range []string{"", "_", "POSTGRES_USER", "clientId", "APIKey", "base64Value", "S3Bucket", "tls.crt", "2fa", "é", "a\xffB", "ABCd1E"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if len(key) > 500 {
			t.Skip("nothing new, and the regular expressions it is compared with are slow")
		}
		checkName(t, key)
	})
}

func FuzzTrimEnvironment(f *testing.F) {
	f.Add("prod-api-key", "prod-", "prod-api-")
	f.Add("prod-", "prod-", "pro")
	f.Add("PROD-é", "prod-é", "")
	f.Fuzz(func(t *testing.T, secret, a, b string) { checkTrim(t, secret, []string{a, b}) })
}

// checkName checks what holds for the name of any key.
func checkName(t rapid.TB, key string) {
	t.Helper()

	name := Name(key)
	if !conventional.MatchString(name) {
		t.Errorf("Name(%q) = %q is not the name of a variable", key, name)
	}
	if again := Name(name); again != name {
		t.Errorf("Name(%q) = %q, which becomes %q: want it kept", key, name, again)
	}
	if want := oracleName(key); name != want {
		t.Errorf("Name(%q) = %q, want %q", key, name, want)
	}
}

// checkTrim checks what holds for any name and prefixes.
func checkTrim(t rapid.TB, secret string, prefixes []string) {
	t.Helper()

	got := TrimEnvironment(secret, prefixes)
	if got == "" && secret != "" {
		t.Errorf("TrimEnvironment(%q, %q) is empty", secret, prefixes)
	}
	if !strings.HasSuffix(secret, got) {
		t.Errorf("TrimEnvironment(%q, %q) = %q is not the end of the name", secret, prefixes, got)
	}
	removed := len(secret) - len(got)
	exact := removed == 0
	for _, p := range prefixes {
		exact = exact || len(p) == removed
		if strings.HasPrefix(secret, p) && len(p) > removed && removed > 0 {
			t.Errorf("TrimEnvironment(%q, %q) = %q, though %q is longer", secret, prefixes, got, p)
		}
	}
	if !exact {
		t.Errorf("TrimEnvironment(%q, %q) = %q removed something that is no prefix", secret, prefixes, got)
	}
}

// anyKey generates usual and unusual keys.
func anyKey() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9_.\-]{0,12}`),
		rapid.StringMatching(`[A-Z]{0,3}[a-z0-9]{0,4}[A-Z]{0,3}[a-z]{0,3}`),
		rapid.String(),
	)
}
