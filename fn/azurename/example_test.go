// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename_test

import (
	"fmt"

	"github.com/p6m-dev/platform-application/fn/azurename"
)

func ExampleScope() {
	s := azurename.Scope{
		SubscriptionID: "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
		Issuer:         "https://oidc.example.org/",
		Namespace:      "shop",
		Name:           "orders-api-gateway",
	}
	fmt.Println(s.Vault())
	fmt.Println(s.Identity())

	s.Namespace = "shop-dev"
	fmt.Println(s.Vault())

	// Output:
	// orders-a-tjakydg4azdjyco
	// orders-api-gateway-tjakydg4azdjyco
	// orders-a-vlxjzxn6ewfdrde
}

func ExampleValidVault() {
	fmt.Println("spec.keyVault.name", azurename.ValidVault("orders--kv"))

	// Output:
	// spec.keyVault.name must not contain two hyphens in a row
}
