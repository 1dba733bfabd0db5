// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster checks the cluster: Crossplane, packages, policies, namespaces and settings.
package cluster

import (
	"context"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// Name of the area.
const Name = "cluster"

// Options restrict the doctor in the cluster.
type Options struct {
	// NoImpersonation disables the tests of policies.
	NoImpersonation bool `help:"Do not impersonate the accounts that admission policies restrict, so do not test the policies." name:"no-impersonation"`
}

// Area checks the cluster. It includes the findings about its platform.
func Area(kube platform.Cluster, p platform.Platform, found []finding.Finding, o Options) doctor.Area {
	return doctor.Area{Name: Name, Look: func(ctx context.Context) ([]finding.Finding, error) {
		f, unread := read(ctx, kube, p, o)

		return append(append(unread, found...), decide(f, p)...), nil
	}}
}
