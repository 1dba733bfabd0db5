// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster looks at what is in the cluster: Crossplane, packages, policies, namespaces and settings.
package cluster

import (
	"context"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// Name of the area.
const Name = "cluster"

// Options are what the doctor must not do in the cluster.
type Options struct {
	// NoImpersonation leaves it at looking at policies.
	NoImpersonation bool `help:"Do not act as the accounts that admission policies restrict, so do not try what policies refuse." name:"no-impersonation"`
}

// Area looks at the cluster. What was found while its platform was read is a part of it.
func Area(kube platform.Cluster, p platform.Platform, found []finding.Finding, o Options) doctor.Area {
	return doctor.Area{Name: Name, Look: func(ctx context.Context) ([]finding.Finding, error) {
		f, unread := read(ctx, kube, p, o)

		return append(append(unread, found...), decide(f, p)...), nil
	}}
}
