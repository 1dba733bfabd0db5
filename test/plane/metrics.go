// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Metrics returns the metrics of the one Pod in Crossplane's namespace with this label app.
func (p *Plane) Metrics(ctx context.Context, app string) (string, error) {
	pods := &corev1.PodList{}
	if err := p.API.Client().List(ctx, pods, client.InNamespace(Namespace), client.MatchingLabels{"app": app}); err != nil {
		return "", fmt.Errorf("cannot list Pods: %w", err)
	}

	if len(pods.Items) != 1 {
		return "", fmt.Errorf("want one Pod of %s, got %d", app, len(pods.Items))
	}

	text, err := p.getFrom(ctx, &pods.Items[0], "/metrics")
	if err != nil {
		return "", fmt.Errorf("cannot get metrics of %s: %w", app, err)
	}

	return string(text), nil
}
