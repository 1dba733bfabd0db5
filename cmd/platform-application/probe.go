// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/place"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// probeCommand checks the network and the identity of a provider's pod.
type probeCommand struct {
	Place     string        `enum:"provider-azure,provider-keyvault-secretsync" help:"ServiceAccount of the provider to probe as." required:""`
	Namespace string        `default:"crossplane-system"                        help:"Namespace of Crossplane."`
	Timeout   time.Duration `default:"1m"                                       help:"Overall timeout."`
}

// Run prints the facts of the probe as JSON.
func (c *probeCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()

	config, err := platform.Config("", "")
	if err != nil {
		return err
	}

	kube, err := platform.Connect(config, c.Namespace)
	if err != nil {
		return err
	}

	return place.Probe(ctx, kube, c.Place).Write(os.Stdout)
}
