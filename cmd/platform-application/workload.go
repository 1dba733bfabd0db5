// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/acceptance"
)

// workloadCommand is the application of an acceptance run.
type workloadCommand struct {
	ID        string   `help:"Id of the run."      name:"run"                                  required:""`
	Key       string   `help:"Key of the digests." required:""`
	Variables []string `arg:""                     help:"Variables whose digests are printed."`
}

// Run runs the application.
func (c *workloadCommand) Run(ctx context.Context) error {
	key, err := hex.DecodeString(c.Key)
	if err != nil {
		return fmt.Errorf("cannot read the key: %w", err)
	}

	return acceptance.Workload{Run: c.ID, Key: key, Variables: c.Variables, Lookup: os.LookupEnv, Out: os.Stdout}.Serve(ctx)
}
