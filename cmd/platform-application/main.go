// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command platform-application is for platform teams: it looks for what would keep applications from running on a cluster, runs one
// to see that it does, and converts the manifests of applications that run without it.
package main

import (
	"context"
	"errors"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/acceptance"
)

// version of the program, which the linker sets.
var version = "development"

// release is what images and bases are published as. What git describe says between two of them is none.
var (
	release = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	between = regexp.MustCompile(`-\d+-g[0-9a-f]+(-dirty)?$|-dirty$`)
)

// released is the version, if it is a release.
func released() string {
	if !release.MatchString(version) || between.MatchString(version) {
		return ""
	}

	return version
}

// commands of the program.
type commands struct {
	Doctor doctorCommand `cmd:"" help:"Look at a cluster and its Azure, and report what would keep applications from running. Exits with 0 if nothing would, with 3 if something does or could not be looked at, else with 1."`
	Probe  probeCommand  `cmd:"" help:"Look at what pods of a provider reach from where they run, and print it as JSON for the doctor. Jobs of package/platform/doctor run it there."`

	Acceptance acceptanceCommand `cmd:"" help:"Run an application as its team and an officer would, measure it, and clean up."`

	Convert convertCommand `cmd:"" help:"Convert ExternalSecrets, Deployments and Secrets to a PlatformApplication. Exits with 0 if everything was converted, with 3 if the report lists what to review, else with 1."`

	Workload workloadCommand `cmd:"" help:"Run as the application of an acceptance run." hidden:""`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	k := kong.Parse(&commands{}, kong.Name("platform-application"),
		kong.Description("Checks a platform for PlatformApplications."), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"version": version, "steps": strings.Join(acceptance.StepNames(), ", ")})
	err := k.Run()

	// It has said everything.
	if e := (exit{}); errors.As(err, &e) {
		k.Exit(e.code)
	}

	k.FatalIfErrorf(err)
}
