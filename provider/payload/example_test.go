// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload_test

import (
	"fmt"

	"github.com/p6m-dev/platform-application/provider/payload"
)

func ExampleParse() {
	p, err := payload.Parse(payload.Secret{
		Name:  "prod-postgres",
		Value: `{"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": null, "POSTGRES_PORT": 5432}`,
	}, payload.Auto)
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(p.Format)
	for _, e := range p.Entries {
		fmt.Println(e.DataKey, e.Value)
	}
	fmt.Println("awaiting", p.Awaiting([]string{"POSTGRES_HOST", "POSTGRES_PASSWORD", "POSTGRES_USER"}))

	// Output:
	// JSON
	// prod-postgres.POSTGRES_PASSWORD (no value)
	// prod-postgres.POSTGRES_PORT (hidden)
	// prod-postgres.POSTGRES_USER (hidden)
	// awaiting [POSTGRES_HOST POSTGRES_PASSWORD]
}

func ExampleParse_malformed() {
	_, err := payload.Parse(payload.Secret{
		Name:        "prod-postgres",
		ContentType: "application/json",
		Value:       "{\n  \"POSTGRES_USER\": \"shop\"\n  \"POSTGRES_PORT\": 5432\n}",
	}, payload.Auto)
	fmt.Println(err)

	// Output:
	// cannot read secret "prod-postgres" as JSON: line 3, column 3: a comma or } is missing; correct it, or the content type of the secret
}

func ExamplePayload_entries() {
	p, err := payload.Parse(payload.Secret{Name: "settings", ContentType: "application/x-dotenv", Value: "export HOST=db\nURL='$HOST/shop' # as it is"}, "")
	if err != nil {
		fmt.Println(err)
		return
	}

	data := map[string][]byte{} // of a Kubernetes Secret
	for _, e := range p.Entries {
		data[e.DataKey] = e.Value
	}
	fmt.Printf("%s: %s\n", p.Format, data["settings.URL"])

	// Output:
	// Dotenv: $HOST/shop
}
