// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package place looks at what pods of the providers reach from where they run, and whether Entra ID takes their tokens.
//
// A place is more than a cluster: policies select pods by their labels, and tokens are those of a ServiceAccount. So the probe of a
// place is a Job of package/platform/doctor, whose pod has what decides of a provider's pod, and which prints facts and nothing else.
// What they mean is decided here.
package place

import (
	"context"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// Name of the area.
const Name = "place"

// Area of the places of the providers' pods. The version is that of this program if it is a release.
func Area(c platform.Cluster, p platform.Platform, version string) doctor.Area {
	return doctor.Area{
		Name: Name,
		Look: func(ctx context.Context) ([]finding.Finding, error) {
			f, err := readFacts(ctx, Here(), c, p)

			return decide(f, base(version)), err
		},
	}
}

// base of kustomize that has the probes, in the version of this program. One that was built from a clone has no version: the base is
// that of the clone then, and not what a branch happens to have.
func base(version string) string {
	const path = "package/platform/doctor"

	if version == "" || version == "development" {
		return path
	}

	return "https://github.com/p6m-dev/platform-application//" + path + "?ref=" + version
}
