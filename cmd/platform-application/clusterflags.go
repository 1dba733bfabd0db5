// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// kubeTimeout bounds one request to the API server.
const kubeTimeout = 30 * time.Second

// clusterFlags choose the cluster, and a role for the account of this program.
type clusterFlags struct {
	Kubeconfig string `help:"Path of the kubeconfig. Default: as kubectl finds it; in a pod, its ServiceAccount."                  type:"path"`
	Context    string `help:"Context of the kubeconfig."`
	BindRole   string `help:"ClusterRole to bind to this account in the run's namespace, if the account has no permissions there." placeholder:"NAME"`
}

// connect returns a client that also writes.
func (c *clusterFlags) connect() (*rest.Config, client.Client, error) {
	config, err := platform.Config(c.Kubeconfig, c.Context)
	if err != nil {
		return nil, nil, err
	}

	config.Timeout = kubeTimeout
	// The API server limits requests itself. A client-side limit would end a wait with an error that hides the cause.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}

	out, err := client.New(config, client.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("cannot connect to the cluster: %w", err)
	}

	return config, out, nil
}

// arguments returns the flags for the same cluster.
func (c *clusterFlags) arguments() []string {
	var out []string

	flags := map[string]string{"--kubeconfig": c.Kubeconfig, "--context": c.Context, "--bind-role": c.BindRole}
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		if flags[flag] != "" {
			out = append(out, flag, flags[flag])
		}
	}

	return out
}
