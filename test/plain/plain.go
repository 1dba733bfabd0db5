// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package plain generates values that must stay unread: secrets as people keep them in vaults, and
// values that resemble an object or a certificate without being one. It also finds these values,
// in any encoding, and parts of them in places where they must not be.
package plain

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// A Value is a plain value and its description.
type Value struct {
	Kind, Text string

	// format is the part that all values of the kind have in common. It is not secret.
	format string
}

// Values generates values of every kind.
func Values() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		k := rapid.SampledFrom(kinds()).Draw(t, "kind")
		return Value{Kind: k.name, Text: k.draw(source{t}), format: k.format}
	})
}

// Examples returns one value of each text kind, with secrets for its secret parts. It is for tests
// without a generator.
func Examples(secret func() string) map[string]string {
	out := map[string]string{}
	for _, k := range kinds() {
		if k.format != "" {
			out[k.name] = k.fill(func(string) string { return secret() })
		}
	}

	return out
}

// run is the length of a piece in characters. Shorter runs could match by chance.
const run = 8

// Piece returns a piece of the value that occurs in a text, or nothing. The text may contain it
// plain or escaped, like JSON and %q do.
func (v Value) Piece(text string) string {
	there := map[string]bool{}
	for w := range windows(text) {
		there[w] = true
	}
	for w := range windows(v.format) {
		delete(there, w)
	}
	quoted := fmt.Sprintf("%q", v.Text)
	encoded, _ := json.Marshal(v.Text) //nolint:errchkjson // A string can be encoded.
	for _, form := range []string{v.Text, quoted[1 : len(quoted)-1], string(encoded[1 : len(encoded)-1])} {
		for w := range windows(form) {
			if there[w] {
				return w
			}
		}
	}

	return ""
}

// windows returns all runs of a text, except those with very few different characters, such as
// lines and zeros.
func windows(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		runes := []rune(text)
		for i := range max(len(runes)-run+1, 0) {
			distinct := map[rune]bool{}
			for _, r := range runes[i : i+run] {
				distinct[r] = true
			}
			if len(distinct) >= run/2 && !yield(string(runes[i:i+run])) {
				return
			}
		}
	}
}

// A kind of values has a format with <verbs> to replace, or a function that draws values.
type kind struct {
	name, format string
	random       func(source) string
}

func (k kind) draw(s source) string {
	if k.random != nil {
		return k.random(s)
	}

	return k.fill(func(verb string) string {
		switch verb {
		case "word":
			return s.word()
		case "lines":
			return s.lines(64, "\n")
		case "hex":
			return hex.EncodeToString(s.bytes(16, 40))
		default:
			return base64.StdEncoding.EncodeToString(s.bytes(12, 48))
		}
	})
}

// fill replaces the secret parts.
func (k kind) fill(with func(verb string) string) string {
	var b strings.Builder
	rest := k.format
	for {
		before, after, found := strings.Cut(rest, "«")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		verb, after, _ := strings.Cut(after, "»")
		b.WriteString(with(verb))
		rest = after
	}
}

// A source returns random numbers.
type source struct{ *rapid.T }

func (s source) bytes(least, most int) []byte {
	return rapid.SliceOfN(rapid.Byte(), least, most).Draw(s.T, "bytes")
}

func (s source) word() string {
	return rapid.StringMatching(`[A-Za-z][A-Za-z0-9_]{8,20}`).Draw(s.T, "word")
}

// lines returns base64 broken into lines.
func (s source) lines(width int, end string) string {
	text := base64.StdEncoding.EncodeToString(s.bytes(60, 400))
	var b strings.Builder
	for len(text) > width {
		b.WriteString(text[:width] + end)
		text = text[width:]
	}

	return b.String() + text
}

func (s source) text(least, most int) string {
	return rapid.StringOfN(rapid.Rune(), least, most, -1).Draw(s.T, "text")
}

func (s source) printable() string {
	return rapid.StringMatching(`[ -~]{8,80}(\n[ -~]{0,80}){0,4}`).Draw(s.T, "printable")
}

// token returns a token in the form of a service. It is made from a hash, because drawn bytes tend
// to be zero.
func (s source) token() string {
	random := sha512.Sum512(s.bytes(8, 8))
	of := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[int(random[i])%len(alphabet)]
		}

		return string(b)
	}
	const upper, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	letters := upper + strings.ToLower(upper)
	code := hex.EncodeToString(random[:16])

	return s.of(
		"ghp_"+of(letters+digits, 36),
		"npm_"+of(letters+digits, 36),
		"sk_live_"+of(letters+digits, 40),
		"AKIA"+of(upper+"234567", 16),
		"eyJhbGciOiJIUzI1NiJ9."+of(letters+digits+"-_", 20)+"."+of(letters+digits+"-_", 20),
		of(letters+digits+"-_", 43),
		of(upper+digits, 40),
		code, strings.ToUpper(code),
		strings.Join([]string{code[:8], code[8:12], code[12:16], code[16:20], code[20:]}, "-"),
	)
}

func (s source) of(list ...string) string { return rapid.SampledFrom(list).Draw(s.T, "one of") }

// pair returns the BEGIN and END lines of a certificate and its key, with other text between them.
const pair = "-----BEGIN PRIVATE KEY-----\n«lines»\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n«lines»\n-----END CERTIFICATE-----\n"

func kinds() []kind {
	return []kind{
		{name: "Base64", random: func(s source) string { return base64.StdEncoding.EncodeToString(s.bytes(12, 300)) }},
		{name: "Base64URL", random: func(s source) string { return base64.URLEncoding.EncodeToString(s.bytes(12, 300)) }},
		{name: "Base64Raw", random: func(s source) string { return base64.RawURLEncoding.EncodeToString(s.bytes(12, 300)) }},
		{name: "Base64Wrapped64", random: func(s source) string { return s.lines(64, "\n") }},
		{name: "Base64Wrapped76", random: func(s source) string { return s.lines(76, "\r\n") + "\r\n" }},
		{name: "Base64Lines", format: "«base64»\n«base64»\n"},
		{name: "Base64Padded", random: func(s source) string {
			var b strings.Builder
			for range rapid.IntRange(2, 6).Draw(s.T, "lines") {
				// A value of letters alone could be the name of a variable, and the padding its
				// value.
				b.WriteString(s.word() + s.of("=", "==") + "\n")
			}

			return b.String()
		}},
		{name: "Hex", random: func(s source) string { return hex.EncodeToString(s.bytes(12, 64)) }},
		{name: "JWT", random: func(s source) string {
			return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(s.bytes(30, 200)) + "." + base64.RawURLEncoding.EncodeToString(s.bytes(32, 256))
		}},

		{name: "ADO", format: "Server=tcp:«word».database.windows.net,1433;Initial Catalog=«word»;User ID=«word»;Password={«base64»};Encrypt=True;"},
		{name: "JDBC", format: "jdbc:postgresql://«word».postgres.database.azure.com:5432/shop?user=«word»&password=«base64»&sslmode=require"},
		{name: "AMQP", format: "amqps://«word»:«hex»@broker-1:5671/«word»?heartbeat=10"},
		{name: "Redis", format: "«word».redis.cache.windows.net:6380,password=«base64»,ssl=True,abortConnect=False"},
		{name: "ServiceBus", format: "Endpoint=sb://«word».servicebus.windows.net/;SharedAccessKeyName=«word»;SharedAccessKey=«base64»"},
		{name: "Storage", format: "DefaultEndpointsProtocol=https;AccountName=«word»;AccountKey=«base64»;EndpointSuffix=core.windows.net"},
		{name: "SAS", format: "?sv=2024-11-04&ss=b&srt=sco&sp=rwdlac&se=2030-01-01T00:00:00Z&sig=«base64»"},
		{name: "TwoConnections", format: "A«word»=Server=tcp:«word»;Password=«base64»\nB«word»=Server=tcp:«word»;Password=«base64»\n"},

		{name: "OpenSSH", format: "-----BEGIN OPENSSH PRIVATE KEY-----\n«lines»\n-----END OPENSSH PRIVATE KEY-----\n"},
		{name: "AuthorizedKey", format: "ssh-ed25519 «base64» «word»@host\n"},
		{name: "PGP", format: "-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: «word»\n\n«lines»\n=«word»\n-----END PGP PRIVATE KEY BLOCK-----\n"},
		{name: "KeyAlone", format: "-----BEGIN PRIVATE KEY-----\n«lines»\n-----END PRIVATE KEY-----\n"},
		{name: "KeyWithHeaders", format: "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,«hex»\n\n«lines»\n-----END RSA PRIVATE KEY-----\n"},
		{name: "CertificateAlone", format: "-----BEGIN CERTIFICATE-----\n«lines»\n-----END CERTIFICATE-----\n"},
		{name: "PairOfNothing", format: pair},
		{name: "PairInConfig", format: "remote «word» 1194\n<key>\n" + pair + "</key>\nauth-token «base64»\n"},
		{name: "PairInQuotes", format: "KEY«word»='" + pair + "'\nB«word»=«base64»\n"},
		{name: "PairOfOthers", format: "-----BEGIN «word» PRIVATE KEY-----\n«lines»\n-----END «word» PRIVATE KEY-----\n" + pair},
		{name: "BeginOfLabel", format: "-----BEGIN «word»-----\n«lines»\n"},
		{name: "BeginOfLine", format: "-----BEGIN «base64»"},

		{name: "Assignment", format: "«word»=«base64»"},
		{name: "Assignments", random: func(s source) string {
			var b strings.Builder
			for range rapid.IntRange(2, 8).Draw(s.T, "lines") {
				b.WriteString(s.of("", "export ", "\ufeff", "  ") + s.word() + s.of("=", " = ", "==") + s.of("", `"`, "'") + s.word() + s.of("", `"`, "'", " # x") + s.of("\n", "\r\n", "\n\n"))
			}

			return b.String()
		}},
		{name: "AssignmentsTwice", format: "SAME«word»=«word»\nA«word»=«word»\nSAME«word»=«word»\n"},
		{name: "Npmrc", format: "@«word»:registry=https://npm.pkg.github.com\n//npm.pkg.github.com/:_authToken=«word»\n"},
		{name: "Netrc", format: "machine «word».example.com login «word» password «base64»\n"},
		{name: "Properties", format: "spring.datasource.username=«word»\nspring.datasource.password=«base64»\n«word»=«word»\n"},
		{name: "YAML", format: "database:\n  user: «word»\n  password: «base64»\n  «word»: |\n    «lines»\n"},
		{name: "TOML", format: "[database]\nuser = \"«word»\"\npassword = \"«base64»\"\n\"«base64»\" = 1\n"},
		{name: "INI", format: "[«word»]\naws_access_key_id = «word»\naws_secret_access_key = «base64»\n"},
		{name: "XML", format: "<?xml version=\"1.0\"?>\n<user name=\"«word»\"><«word»>«base64»</«word»></user>\n"},

		{name: "Array", format: `["«word»", {"«word»": "«base64»"}]`},
		{name: "String", format: `"«base64»"`},
		{name: "ObjectInString", format: `"{\"«word»\":\"«base64»\"}"`},
		{name: "Number", random: func(s source) string {
			return rapid.StringMatching(`-?[1-9][0-9]{8,40}(\.[0-9]+)?`).Draw(s.T, "number")
		}},
		{name: "TruncatedObject", random: func(s source) string {
			object := `{"` + s.word() + `": "` + s.word() + `", "` + s.word() + `": {"` + s.word() + `": [1, "` + s.word() + `"]}}`
			return object[:rapid.IntRange(8, len(object)-1).Draw(s.T, "end")]
		}},
		{name: "ObjectAndMore", format: `{"«word»": "«base64»"} «word»`},
		{name: "TwoObjects", format: "{\"«word»\": \"«base64»\"}\n{\"«word»\": \"«base64»\"}\n"},
		{name: "ObjectWithNaN", format: `{"«word»": "«base64»", "«word»": NaN}`},
		{name: "ObjectWithComment", format: "{\n  // «word»\n  \"«word»\": \"«base64»\"\n}"},
		{name: "ObjectAfterBOM", format: "\ufeff{\"«word»\": «word»}"},
		{name: "ObjectAfterTwoBOMs", format: "\ufeff\ufeff{\"«word»\": \"«base64»\"}"},
		{name: "ObjectAfterSpace", format: "\u00a0 {\"«word»\": \"«base64»\"}"},
		{name: "ObjectOfJavaScript", format: "{«word»: '«base64»', '«word»': 1}"},
		{name: "ObjectWithoutColon", format: `{"«word»", "«base64»"}`},
		{name: "ObjectOfControl", format: "{\"«word»\n\": \"«base64»\"}"},
		{name: "ObjectOfEscapes", format: `{"«word»": "«word»\x«word»"}`},
		{name: "ObjectOfHalves", format: `{"«word»\ud83d": "«base64»"}`},
		{name: "ObjectTwice", format: `{"a": {"«word»": 1}, "a": "«base64»"}`},
		{name: "ObjectWithoutName", format: `{"": "«base64»"}`},
		{name: "ObjectOfNUL", format: `{"nul": "«word»\u0000«base64»"}`},
		{name: "ObjectOfSpaces", format: `{"«word» «base64»": "«word»"}`},
		{name: "ObjectOfPaths", format: `{"/«word»/«word»": "«word»", "/«word»:«word»": 1}`},
		{name: "ObjectOfPadding", format: `{"=«base64»": ""}`},
		{name: "ObjectOfUnicode", random: func(s source) string {
			key, _ := json.Marshal("é" + s.text(8, 60))
			return `{` + string(key) + `: 1}`
		}},
		{name: "ObjectOfLongKey", random: func(s source) string {
			return `{"` + rapid.StringMatching(`[a-zA-Z0-9._-]{126,300}`).Draw(s.T, "key") + `": 1}`
		}},
		{name: "ObjectOfTokens", random: func(s source) string {
			var b strings.Builder
			for range rapid.IntRange(1, 5).Draw(s.T, "users") {
				fmt.Fprintf(&b, ", %q: %q", s.token(), s.of("alice", "bob"))
			}

			return "{" + b.String()[2:] + "}"
		}},
		{name: "ObjectTooDeep", format: `{"«word»":` + strings.Repeat(`[`, 200) + `"«base64»"` + strings.Repeat(`]`, 200) + `}`},
		{name: "Brace", format: "{«base64»"},
		{name: "LDAP", format: "{SSHA}«base64»"},
		{name: "Template", format: "{{ .Values.«word» }}«base64»"},
		{name: "Cipher", format: "{cipher}«hex»"},

		{name: "Printable", random: source.printable},
		{name: "Unicode", random: func(s source) string { return s.text(8, 200) }},
		{name: "Bytes", random: func(s source) string { return string(s.bytes(8, 200)) }},
		{name: "Prefixed", random: func(s source) string {
			return s.of("{", `{"`, "[", `"`, "'", "-----BEGIN ", "-----BEGIN CERTIFICATE-----\n", "export ", "#", "\ufeff") + s.printable()
		}},
		{name: "Long", random: func(s source) string { return strings.Repeat(s.lines(76, "\n")+"=\n", 40) }},
		{name: "TooLong", random: func(s source) string { return strings.Repeat(s.word()+"="+s.word()+"\n", 2000) }},
	}
}
