// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command platform-application is for platform teams. It finds problems that would prevent applications from running on a cluster,
// runs a test application, and converts existing manifests.
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

// version is set by the linker.
var version = "development"

// release matches versions with published images and bases. between matches the output of git describe for any other commit.
var (
	release = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	between = regexp.MustCompile(`-\d+-g[0-9a-f]+(-dirty)?$|-dirty$`)
)

// released returns the version if it is a release, or nothing.
func released() string {
	if !release.MatchString(version) || between.MatchString(version) {
		return ""
	}

	return version
}

// commands of the program.
type commands struct {
	Doctor doctorCommand `cmd:"" help:"Find problems in a cluster and its Azure that would prevent applications from running. Exit code: 0 without problems, 3 with problems or incomplete checks, 1 after any other error."`
	Probe  probeCommand  `cmd:"" help:"Check which hosts a provider's pods can reach, and print JSON for the doctor. The Jobs of package/platform/doctor run it."`

	Acceptance acceptanceCommand `cmd:"" help:"Run a test application as its team and an officer would, measure it, and clean up."`

	Convert convertCommand `cmd:"" help:"Convert ExternalSecrets, Deployments and Secrets to a PlatformApplication. Exit code: 0 if everything was converted, 3 if the report has findings to review, 1 after an error."`

	Workload workloadCommand `cmd:"" help:"Run as the application of an acceptance test." hidden:""`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	k := kong.Parse(&commands{}, kong.Name("platform-application"),
		kong.Description("Checks a platform for PlatformApplications, and converts manifests."), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"version": version, "steps": strings.Join(acceptance.StepNames(), ", ")})
	err := k.Run()

	// The command has printed everything.
	if e := (exit{}); errors.As(err, &e) {
		k.Exit(e.code)
	}

	k.FatalIfErrorf(err)
}
