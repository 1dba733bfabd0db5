// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap_test

import (
	"fmt"

	"github.com/p6m-dev/platform-application/fn/envmap"
)

func ExampleMap() {
	env := envmap.Map(
		map[string]string{"DATABASE_URL": "postgres://$(POSTGRES_USER)@$(POSTGRES_HOST)/orders"},
		[]envmap.Secret{
			{Name: "prod-postgres", Keys: []envmap.Key{{Name: "NODE_OPTIONS"}, {Name: "POSTGRES_HOST"}, {Name: "POSTGRES_USER"}}},
			{Name: "prod-api-key", Keys: []envmap.Key{{Name: ""}}},
			{Name: "common-postgres", Keys: []envmap.Key{{Name: "POSTGRES_HOST"}}},
		},
		[]string{"common-", "prod-"},
		envmap.Policy{},
	)

	for _, v := range env.Variables {
		if v.Secret == "" {
			fmt.Printf("%s = %s\n", v.Name, v.Value)
		} else {
			fmt.Printf("%s of %s\n", v.Name, v.Secret)
		}
	}
	for _, s := range env.Shadowed {
		fmt.Printf("%s of %s is shadowed by %s\n", s.Name, s.Secret, s.By)
	}
	for _, w := range env.Withheld {
		fmt.Printf("%s of %s is withheld\n", w.Name, w.Secret)
	}

	// Output:
	// API_KEY of prod-api-key
	// POSTGRES_HOST of prod-postgres
	// POSTGRES_USER of prod-postgres
	// DATABASE_URL = postgres://$(POSTGRES_USER)@$(POSTGRES_HOST)/orders
	// POSTGRES_HOST of common-postgres is shadowed by prod-postgres
	// NODE_OPTIONS of prod-postgres is withheld
}

func ExampleName() {
	for _, key := range []string{"POSTGRES_USER", "clientId", "tls.crt", "2fa"} {
		fmt.Println(envmap.Name(key))
	}

	// Output:
	// POSTGRES_USER
	// CLIENT_ID
	// TLS_CRT
	// _2FA
}

func ExampleTrimEnvironment() {
	fmt.Println(envmap.TrimEnvironment("prod-api-key", []string{"common-", "dev-", "prod-"}))

	// Output:
	// api-key
}
