// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"slices"
	"strings"
	"testing"
)

// FuzzMap reads its input as lines, so that a failing case is readable: the first letter of each line
// selects what it adds.
//
//	p dev-            an environment prefix
//	w NAME            a name that the platform withholds; a NAME: one that it allows
//	c NAME=value      a config variable
//	s name            a secret; o name: an optional one
//	x PREFIX_         the prefix of the secret above
//	k key=data        a key of the secret above, and where it is stored
//	e NAME=key        a mapping of the secret above
//
// Unlike the properties, it also generates input that the schema would reject.
func FuzzMap(f *testing.F) {
	f.Add("p prod-\np common-\nc URL=$(HOST)\ns prod-db\nk HOST=1\nk tls.crt=2\ns common-db\nk HOST=3")
	f.Add("s db\nx DB_\nk clientId=1\nk CLIENT_ID=2\ns z\nk DB_CLIENT_ID=3\nc DB_CLIENT_ID=")
	f.Add("p dev-\ns dev-token\nk =1\no token\nk =2\ne TOKEN=\ne TOKEN=x\ne B=y")
	f.Add("s a\nk A=1\nk A=2\nk A=1\ns a\ne A=k\ne A=j\nk j=1\nk k=1\nk k=0\nc A=")
	f.Add("w ACME_*\na PATH\ns db\nk PATH=1\nk acmeKey=2\nk nodeOptions=3\nk node_options=4\ns m\ne NODE_OPTIONS=o\nk o=5\ns common-ld\nx ld_\nk preload=6")
	f.Add("s Common-a\nk \xff=\nk é=\ns config\nk _=1")

	f.Fuzz(func(t *testing.T, text string) {
		in := parse(text)
		checkMap(t, in)

		checkWithheld(t, in)

		want := in.run()
		for i := range in.secrets {
			slices.Reverse(in.secrets[i].Keys)
		}
		in.prefixes = slices.Clone(in.prefixes)
		slices.Reverse(in.prefixes)
		checkEqual(t, want, in.run())
	})
}

func parse(text string) input {
	in := input{config: map[string]string{}}
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		left, right, _ := strings.Cut(rest, "=")
		var s *Secret
		if n := len(in.secrets); n > 0 {
			s = &in.secrets[n-1]
		}
		switch {
		case kind == "p":
			in.prefixes = append(in.prefixes, rest)
		case kind == "w":
			in.withheld = append(in.withheld, rest)
		case kind == "a":
			in.allowed = append(in.allowed, rest)
		case kind == "c":
			in.config[left] = right
		case (kind == "s" || kind == "o") && rest != "":
			in.secrets = append(in.secrets, Secret{Name: rest, Optional: kind == "o"})
		case kind == "x" && s != nil:
			s.Prefix = rest
		case kind == "k" && s != nil:
			s.Keys = append(s.Keys, Key{Name: left, DataKey: right})
		case kind == "e" && s != nil:
			s.Env = append(s.Env, Mapping{Name: left, Key: right})
		}
	}

	return in
}
