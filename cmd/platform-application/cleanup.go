// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/acceptance"
)

// acceptanceCleanup cleans up after runs.
type acceptanceCleanup struct {
	clusterFlags

	Runs []string `arg:"" help:"Ids of runs. Without ids, the command lists runs that left a namespace." name:"run" optional:""`
}

// Run cleans up, or lists the runs.
func (c *acceptanceCleanup) Run(ctx context.Context) error {
	_, kube, err := c.connect()
	if err != nil {
		return err
	}

	if len(c.Runs) == 0 {
		left, err := acceptance.Leftovers(ctx, kube)
		if err != nil {
			return err
		}

		for _, l := range left {
			fmt.Fprintf(os.Stdout, "%s\t%s\t%s\n", l.Run, l.Namespace, l.Created.Format(time.RFC3339))
		}

		return nil
	}

	ctx, cancel := context.WithTimeout(ctx, acceptance.CleanupTimeout)
	defer cancel()

	var errs []error
	for _, id := range c.Runs {
		errs = append(errs, acceptance.Remove(ctx, kube, id, c.BindRole, say))
	}

	return errors.Join(errs...)
}
