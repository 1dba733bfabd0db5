// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package place checks the network and the tokens of the providers where their pods run.
//
// Policies select pods by their labels, and tokens belong to a ServiceAccount. So the probe of a place is a Job of
// package/platform/doctor, whose pod has the labels and the ServiceAccount of the provider, and prints facts as JSON. This package
// decides on the facts.
package place

import (
	"context"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// Name of the area.
const Name = "place"

// Area checks the places of the providers' pods. The version is that of this program, or empty if it is not a release.
func Area(c platform.Cluster, p platform.Platform, version string) doctor.Area {
	return doctor.Area{
		Name: Name,
		Look: func(ctx context.Context) ([]finding.Finding, error) {
			f, err := readFacts(ctx, Here(), c, p)

			return decide(f, base(version)), err
		},
	}
}

// base returns the kustomization of the probes in the version of this program. A program that was built in a clone has no version, and
// uses the kustomization of the clone.
func base(version string) string {
	const path = "package/platform/doctor"

	if version == "" || version == "development" {
		return path
	}

	return "https://github.com/p6m-dev/platform-application//" + path + "?ref=" + version
}
