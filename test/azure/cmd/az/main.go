// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command az is the part of the Azure CLI that the pages use, with the stand-in for Azure: see package az.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/p6m-dev/platform-application/test/azure/az"
)

func main() {
	if err := az.Run(context.Background(), os.Args[1:], func(string) error { return nil }); err != nil {
		fmt.Fprintln(os.Stderr, "ERROR:", err)

		os.Exit(1)
	}
}
