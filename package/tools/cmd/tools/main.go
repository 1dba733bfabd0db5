// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command tools builds missing tools, and prints the paths of pinned tools, one per line.
//
//	go run ./package/tools/cmd/tools crossplane golangci-lint
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/p6m-dev/platform-application/package/tools"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)

	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "tools:", err)

		os.Exit(1)
	}
}

func run(ctx context.Context, names []string, stdout io.Writer) error {
	if len(names) == 0 {
		return fmt.Errorf("name one or more of %s", strings.Join(tools.Names(), ", "))
	}

	for _, name := range names {
		path, err := tools.Path(ctx, name)
		if err != nil {
			return err
		}

		if _, err := fmt.Fprintln(stdout, path); err != nil {
			return fmt.Errorf("cannot print path of %s: %w", name, err)
		}
	}

	return nil
}
