// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// keys returns synced keys, with their data keys in the Kubernetes Secret.
func keys(secret string, names ...string) []Key {
	out := make([]Key, len(names))
	for i, n := range names {
		out[i] = Key{Name: n, DataKey: secret + "." + n}
	}

	return out
}

// from returns the variable of a secret.
func from(name, secret, key string) Variable {
	return Variable{Name: name, Secret: secret, Key: key, DataKey: secret + "." + key}
}

func TestMap(t *testing.T) {
	prefixes := []string{"common-", "dev-", "stg-", "prd-", "prod-"}
	type args struct {
		config  map[string]string
		secrets []Secret
	}
	cases := map[string]struct {
		reason string
		args   args
		want   Environment
	}{
		"Empty": {
			reason: "An empty input has an empty result.",
		},
		"ConfigOnly": {
			reason: "Config is injected unchanged, sorted by name.",
			args:   args{config: map[string]string{"b": "2", "A": "$(X)", "C": ""}},
			want:   Environment{Variables: []Variable{{Name: "A", Value: "$(X)"}, {Name: "C"}, {Name: "b", Value: "2"}}},
		},
		"EveryKey": {
			reason: "Without mappings every key is injected under its derived name, sorted by name.",
			args: args{secrets: []Secret{
				{Name: "prod-tls", Keys: keys("prod-tls", "tls.key", "tls.crt", "clientId", "CA_BUNDLE")},
			}},
			want: Environment{Variables: []Variable{
				from("CA_BUNDLE", "prod-tls", "CA_BUNDLE"),
				from("CLIENT_ID", "prod-tls", "clientId"),
				from("TLS_CRT", "prod-tls", "tls.crt"),
				from("TLS_KEY", "prod-tls", "tls.key"),
			}},
		},
		"SecretsBeforeConfig": {
			reason: "Config comes after all secret variables, so that it can refer to them.",
			args: args{
				config: map[string]string{"A_URL": "postgres://$(USER)@db"},
				secrets: []Secret{
					{Name: "z", Keys: keys("z", "USER")},
					{Name: "a", Keys: keys("a", "PASSWORD")},
				},
			},
			want: Environment{Variables: []Variable{
				from("PASSWORD", "a", "PASSWORD"),
				from("USER", "z", "USER"),
				{Name: "A_URL", Value: "postgres://$(USER)@db"},
			}},
		},
		"Prefix": {
			reason: "The prefix goes in front of the derived name, unchanged.",
			args: args{secrets: []Secret{
				{Name: "db", Prefix: "ORDERS_", Keys: keys("db", "HOST", "userName", "2nd")},
			}},
			want: Environment{Variables: []Variable{
				from("ORDERS_HOST", "db", "HOST"),
				from("ORDERS_USER_NAME", "db", "userName"),
				from("ORDERS__2ND", "db", "2nd"),
			}},
		},
		"PlainText": {
			reason: "A plain-text secret is one variable, named after the secret without its environment prefix.",
			args: args{secrets: []Secret{
				{Name: "prod-api-key", Keys: keys("prod-api-key", "")},
				{Name: "webhookToken", Prefix: "GH_", Keys: keys("webhookToken", "")},
				{Name: "dev-", Keys: keys("dev-", "")},
			}},
			want: Environment{Variables: []Variable{
				from("API_KEY", "prod-api-key", ""),
				from("DEV_", "dev-", ""),
				from("GH_WEBHOOK_TOKEN", "webhookToken", ""),
			}},
		},
		"NotSyncedYet": {
			reason: "A secret without synced keys injects nothing.",
			args:   args{secrets: []Secret{{Name: "db"}}},
		},
		"ExactMappings": {
			reason: "With mappings, exactly these variables are injected, without prefix.",
			args: args{secrets: []Secret{{
				Name:   "db",
				Prefix: "IGNORED_",
				Env:    []Mapping{{Name: "pgUser", Key: "username"}, {Name: "PGHOST", Key: "host"}, {Name: "PGHOST_RO", Key: "host"}},
				Keys:   keys("db", "username", "password", "host"),
			}}},
			want: Environment{Variables: []Variable{
				from("PGHOST", "db", "host"),
				from("PGHOST_RO", "db", "host"),
				from("pgUser", "db", "username"),
			}},
		},
		"ExactMappingOfPlainText": {
			reason: "A mapping without key takes the whole value of a plain-text secret.",
			args: args{secrets: []Secret{
				{Name: "prod-token", Env: []Mapping{{Name: "GITHUB_TOKEN"}}, Keys: keys("prod-token", "")},
			}},
			want: Environment{Variables: []Variable{from("GITHUB_TOKEN", "prod-token", "")}},
		},
		"Missing": {
			reason: "A mapping with a missing key is reported in the order of the spec. The others are injected.",
			args: args{secrets: []Secret{
				{Name: "z", Env: []Mapping{{Name: "Z", Key: "z"}, {Name: "B", Key: "b"}, {Name: "A", Key: "a"}}, Keys: keys("z", "a")},
				{Name: "json", Env: []Mapping{{Name: "WHOLE"}}, Keys: keys("json", "a")},
			}},
			want: Environment{
				Variables: []Variable{from("A", "z", "a")},
				Missing:   []Missing{{"Z", "z", "z"}, {"B", "z", "b"}, {"WHOLE", "json", ""}},
			},
		},
		"MissingIsExact": {
			reason: "A mapping names a key as the secret spells it.",
			args: args{secrets: []Secret{
				{Name: "db", Env: []Mapping{{Name: "A", Key: "USER"}}, Keys: keys("db", "user")},
			}},
			want: Environment{Missing: []Missing{{"A", "db", "USER"}}},
		},
		"MissingOfOptional": {
			reason: "The missing key of an optional secret is not injected. Existing keys are marked optional.",
			args: args{secrets: []Secret{
				{Name: "flags", Optional: true, Env: []Mapping{{Name: "A", Key: "a"}, {Name: "B", Key: "b"}}, Keys: keys("flags", "a")},
			}},
			want: Environment{Variables: []Variable{{Name: "A", Secret: "flags", Key: "a", DataKey: "flags.a", Optional: true}}},
		},
		"MissingLeavesNameToOthers": {
			reason: "Until the key exists, another secret may use the name.",
			args: args{secrets: []Secret{
				{Name: "old", Keys: keys("old", "TOKEN")},
				{Name: "new", Env: []Mapping{{Name: "TOKEN", Key: "token"}}},
			}},
			want: Environment{
				Variables: []Variable{from("TOKEN", "old", "TOKEN")},
				Missing:   []Missing{{"TOKEN", "new", "token"}},
			},
		},
		"ConfigWins": {
			reason: "Config takes precedence over all secrets.",
			args: args{
				config: map[string]string{"HOST": "localhost"},
				secrets: []Secret{
					{Name: "b", Keys: keys("b", "HOST")},
					{Name: "a", Env: []Mapping{{Name: "HOST", Key: "host"}}, Keys: keys("a", "host")},
				},
			},
			want: Environment{
				Variables: []Variable{{Name: "HOST", Value: "localhost"}},
				Shadowed:  []Shadowed{{"HOST", "b", "HOST", "config"}, {"HOST", "a", "host", "config"}},
			},
		},
		"EmptyConfigWins": {
			reason: "A config variable that is empty is a choice too.",
			args: args{
				config:  map[string]string{"HOST": ""},
				secrets: []Secret{{Name: "db", Keys: keys("db", "HOST")}},
			},
			want: Environment{
				Variables: []Variable{{Name: "HOST"}},
				Shadowed:  []Shadowed{{"HOST", "db", "HOST", "config"}},
			},
		},
		"LaterWins": {
			reason: "The later of two secrets takes precedence, regardless of their names.",
			args: args{secrets: []Secret{
				{Name: "z", Keys: keys("z", "HOST", "PORT")},
				{Name: "a", Keys: keys("a", "host")},
			}},
			want: Environment{
				Variables: []Variable{from("HOST", "a", "host"), from("PORT", "z", "PORT")},
				Shadowed:  []Shadowed{{"HOST", "z", "HOST", "a"}},
			},
		},
		"CommonLoses": {
			reason: "A common secret loses to any other, wherever it is in the list.",
			args: args{secrets: []Secret{
				{Name: "common-first", Keys: keys("common-first", "HOST")},
				{Name: "prod-db", Keys: keys("prod-db", "HOST")},
				{Name: "Common-last", Keys: keys("Common-last", "HOST", "PORT")},
			}},
			want: Environment{
				Variables: []Variable{from("HOST", "prod-db", "HOST"), from("PORT", "Common-last", "PORT")},
				Shadowed:  []Shadowed{{"HOST", "common-first", "HOST", "prod-db"}, {"HOST", "Common-last", "HOST", "prod-db"}},
			},
		},
		"LaterCommonWins": {
			reason: "The later of two common secrets takes precedence. A secret named common is not a common secret.",
			args: args{secrets: []Secret{
				{Name: "common-a", Keys: keys("common-a", "HOST", "PORT")},
				{Name: "common", Keys: keys("common", "PORT")},
				{Name: "common-b", Keys: keys("common-b", "HOST", "PORT")},
			}},
			want: Environment{
				Variables: []Variable{from("HOST", "common-b", "HOST"), from("PORT", "common", "PORT")},
				Shadowed:  []Shadowed{{"HOST", "common-a", "HOST", "common-b"}, {"PORT", "common-a", "PORT", "common"}, {"PORT", "common-b", "PORT", "common"}},
			},
		},
		"PlainTextOfEnvironments": {
			reason: "Plain-text secrets of two environments are two claims to one name.",
			args: args{secrets: []Secret{
				{Name: "prod-api-key", Keys: keys("prod-api-key", "")},
				{Name: "common-api-key", Keys: keys("common-api-key", "")},
			}},
			want: Environment{
				Variables: []Variable{from("API_KEY", "prod-api-key", "")},
				Shadowed:  []Shadowed{{"API_KEY", "common-api-key", "", "prod-api-key"}},
			},
		},
		"Collision": {
			reason: "Two keys of one secret with the same name: neither is injected and both are named. The other keys are not affected.",
			args: args{secrets: []Secret{
				{Name: "tls", Keys: keys("tls", "tls_crt", "TLS_CRT", "tls.crt", "tls.key")},
			}},
			want: Environment{
				Variables:  []Variable{from("TLS_KEY", "tls", "tls.key")},
				Collisions: []Collision{{"TLS_CRT", "tls", []string{"TLS_CRT", "tls.crt", "tls_crt"}}},
			},
		},
		"CollisionLeavesNameToOthers": {
			reason: "Keys that collide take no part in precedence: a secret that would have lost is injected.",
			args: args{secrets: []Secret{
				{Name: "common-tls", Keys: keys("common-tls", "TLS_CRT")},
				{Name: "tls", Keys: keys("tls", "tls_crt", "tls.crt")},
			}},
			want: Environment{
				Variables:  []Variable{from("TLS_CRT", "common-tls", "TLS_CRT")},
				Collisions: []Collision{{"TLS_CRT", "tls", []string{"tls.crt", "tls_crt"}}},
			},
		},
		"CollisionUnderConfig": {
			reason: "Keys that collide are a collision, also where config has the name.",
			args: args{
				config:  map[string]string{"TLS_CRT": "x"},
				secrets: []Secret{{Name: "tls", Keys: keys("tls", "tls_crt", "tls.crt")}},
			},
			want: Environment{
				Variables:  []Variable{{Name: "TLS_CRT", Value: "x"}},
				Collisions: []Collision{{"TLS_CRT", "tls", []string{"tls.crt", "tls_crt"}}},
			},
		},
		"CollisionsSorted": {
			reason: "Collisions are sorted by name, then by position of their secret.",
			args: args{secrets: []Secret{
				{Name: "z", Keys: keys("z", "b.b", "b_b", "a.a", "a_a")},
				{Name: "a", Keys: keys("a", "a_a", "a-a")},
			}},
			want: Environment{Collisions: []Collision{
				{"A_A", "z", []string{"a.a", "a_a"}},
				{"A_A", "a", []string{"a-a", "a_a"}},
				{"B_B", "z", []string{"b.b", "b_b"}},
			}},
		},
		"CollisionWithPlainText": {
			reason: "A plain-text value next to a key of its name collides like any two keys.",
			args: args{secrets: []Secret{
				{Name: "prod-token", Keys: keys("prod-token", "", "TOKEN")},
			}},
			want: Environment{Collisions: []Collision{{"TOKEN", "prod-token", []string{"", "TOKEN"}}}},
		},
		"CollisionOfMappings": {
			reason: "Two mappings of one secret to one name, which the schema rejects, collide like any two keys.",
			args: args{secrets: []Secret{
				{Name: "db", Env: []Mapping{{Name: "X", Key: "b"}, {Name: "X", Key: "a"}}, Keys: keys("db", "a", "b")},
			}},
			want: Environment{Collisions: []Collision{{"X", "db", []string{"a", "b"}}}},
		},
		"Repetition": {
			reason: "The same mapping or key twice is still one claim.",
			args: args{secrets: []Secret{
				{Name: "db", Env: []Mapping{{Name: "X", Key: "a"}, {Name: "X", Key: "a"}}, Keys: keys("db", "a")},
				{Name: "mq", Keys: keys("mq", "Y", "Y")},
			}},
			want: Environment{Variables: []Variable{from("X", "db", "a"), from("Y", "mq", "Y")}},
		},
		"KeyTwice": {
			reason: "Two data keys for one key, which the schema rejects, collide. A mapping uses the first in alphabetical order.",
			args: args{secrets: []Secret{
				{Name: "db", Keys: []Key{{"A", "2"}, {"A", "1"}}},
				{Name: "mq", Env: []Mapping{{Name: "B", Key: "b"}}, Keys: []Key{{"b", "2"}, {"b", "1"}}},
			}},
			want: Environment{
				Variables:  []Variable{{Name: "B", Secret: "mq", Key: "b", DataKey: "1"}},
				Collisions: []Collision{{"A", "db", []string{"A", "A"}}},
			},
		},
		"SecretTwice": {
			reason: "A secret that is listed twice, which the schema rejects, counts as two secrets, and the later one takes precedence.",
			args: args{secrets: []Secret{
				{Name: "db", Keys: keys("db", "HOST")},
				{Name: "db", Env: []Mapping{{Name: "HOST", Key: "replica"}}, Keys: keys("db", "replica")},
			}},
			want: Environment{
				Variables: []Variable{from("HOST", "db", "replica")},
				Shadowed:  []Shadowed{{"HOST", "db", "HOST", "db"}},
			},
		},
		"Withheld": {
			reason: "A name that controls a process is withheld, whether the key has it, becomes it, or does so with the prefix.",
			args: args{secrets: []Secret{
				{Name: "db", Keys: keys("db", "HOST", "nodeOptions", "node-options", "NODE_OPTIONS", "path")},
				{Name: "loader", Prefix: "LD_", Keys: keys("loader", "PRELOAD", "SDK_KEY")},
				{Name: "common-java-tool-options", Keys: keys("common-java-tool-options", "")},
				{Name: "prod-bash", Prefix: "BASH_", Keys: keys("prod-bash", "env")},
			}},
			want: Environment{
				Variables: []Variable{from("HOST", "db", "HOST"), from("LD_SDK_KEY", "loader", "SDK_KEY")},
				Withheld: []Withheld{
					{"BASH_ENV", "prod-bash", "env"},
					{"JAVA_TOOL_OPTIONS", "common-java-tool-options", ""},
					{"LD_PRELOAD", "loader", "PRELOAD"},
					{"NODE_OPTIONS", "db", "NODE_OPTIONS"},
					{"NODE_OPTIONS", "db", "node-options"},
					{"NODE_OPTIONS", "db", "nodeOptions"},
					{"PATH", "db", "path"},
				},
			},
		},
		"WithheldUnlessAskedFor": {
			reason: "An exact mapping may use any name. A later secret with such a key does not take precedence.",
			args: args{secrets: []Secret{
				{Name: "node", Env: []Mapping{{Name: "NODE_OPTIONS", Key: "options"}, {Name: "http_proxy", Key: "proxy"}}, Keys: keys("node", "options", "proxy", "PATH")},
				{Name: "other", Keys: keys("other", "NODE_OPTIONS")},
			}},
			want: Environment{
				Variables: []Variable{from("NODE_OPTIONS", "node", "options"), from("http_proxy", "node", "proxy")},
				Withheld:  []Withheld{{"NODE_OPTIONS", "other", "NODE_OPTIONS"}},
			},
		},
		"WithheldWhileAskedForIsMissing": {
			reason: "A name that is mapped from one secret does not come from another.",
			args: args{secrets: []Secret{
				{Name: "other", Keys: keys("other", "NODE_OPTIONS")},
				{Name: "node", Env: []Mapping{{Name: "NODE_OPTIONS", Key: "options"}}},
			}},
			want: Environment{
				Withheld: []Withheld{{"NODE_OPTIONS", "other", "NODE_OPTIONS"}},
				Missing:  []Missing{{"NODE_OPTIONS", "node", "options"}},
			},
		},
		"WithheldBesideConfig": {
			reason: "Config is in Git, and may have any name.",
			args: args{
				config:  map[string]string{"PATH": "/app"},
				secrets: []Secret{{Name: "db", Keys: keys("db", "PATH")}},
			},
			want: Environment{
				Variables: []Variable{{Name: "PATH", Value: "/app"}},
				Withheld:  []Withheld{{"PATH", "db", "PATH"}},
			},
		},
		"WithheldOnce": {
			reason: "A repeated key is withheld once; two keys with one name are both withheld.",
			args: args{secrets: []Secret{
				{Name: "db", Optional: true, Keys: []Key{{"PATH", "2"}, {"PATH", "1"}, {"PATH", "2"}}},
			}},
			want: Environment{Withheld: []Withheld{{"PATH", "db", "PATH"}, {"PATH", "db", "PATH"}}},
		},
		"Platform": {
			reason: "The platform adds names, and allows others.",
			args: args{secrets: []Secret{
				{Name: "db", Keys: keys("db", "acmeAgent", "ACME_AGENT", "https_proxy", "http_proxy")},
			}},
			want: Environment{
				Variables: []Variable{from("HTTPS_PROXY", "db", "https_proxy")},
				Withheld:  []Withheld{{"ACME_AGENT", "db", "ACME_AGENT"}, {"ACME_AGENT", "db", "acmeAgent"}, {"HTTP_PROXY", "db", "http_proxy"}},
			},
		},
		"NamesTellCaseApart": {
			reason: "Names of variables differ by case, as they do in a process.",
			args: args{
				config:  map[string]string{"host": "x"},
				secrets: []Secret{{Name: "db", Keys: keys("db", "host")}},
			},
			want: Environment{Variables: []Variable{from("HOST", "db", "host"), {Name: "host", Value: "x"}}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Map(tc.args.config, tc.args.secrets, prefixes, NewPolicy([]string{"ACME_*"}, []string{"HTTPS_PROXY"}))
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nMap(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
