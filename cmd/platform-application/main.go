// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command platform-application is for platform teams: it looks for what would keep applications from running on a cluster, and runs
// one to see that it does.
package main

import (
	"context"
	"errors"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands of the program.
type commands struct {
	Doctor doctorCommand `cmd:"" help:"Look at a cluster and its Azure, and report what would keep applications from running. Exits with 0 if nothing would, with 3 if something does or could not be looked at, else with 1."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	k := kong.Parse(&commands{}, kong.Name("platform-application"),
		kong.Description("Checks a platform for PlatformApplications."), kong.BindTo(ctx, (*context.Context)(nil)))
	err := k.Run()

	// It has said everything.
	if e := (exit{}); errors.As(err, &e) {
		k.Exit(e.code)
	}

	k.FatalIfErrorf(err)
}
