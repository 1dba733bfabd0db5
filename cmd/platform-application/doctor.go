// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// needsPerson is the exit code when somebody has to do something.
const needsPerson = 3

// doctorCommand looks at everything.
type doctorCommand struct {
	Namespace string `default:"crossplane-system" help:"Namespace of Crossplane."`
	Output    string `default:"text"              enum:"text,json"                help:"How to report: text or json." short:"o"`
}

// Run the command.
func (c *doctorCommand) Run(ctx context.Context) error {
	words, err := catalogue()
	if err != nil {
		return err
	}

	report := doctor.Run(ctx, words, c.areas()...)

	if c.Output == "json" {
		if err := report.JSON(os.Stdout); err != nil {
			return err
		}
	} else {
		report.Text(os.Stdout)
	}

	if report.Result != doctor.Passed {
		return exit{needsPerson}
	}

	return nil
}

// areas that are looked at, in the order in which a platform is set up.
func (c *doctorCommand) areas() []doctor.Area { return nil }

// catalogue of all that can be found.
func catalogue() (finding.Catalogue, error) {
	return finding.Merge(doctor.Words())
}

// An exit is how the program ends when it has said everything.
type exit struct{ code int }

func (e exit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// ExitCode of the program.
func (e exit) ExitCode() int { return e.code }
