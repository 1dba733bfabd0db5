// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// metricsPort is the port of Crossplane and of its packages for Prometheus.
const metricsPort = 8080

// Metrics returns the metrics of the one Pod in Crossplane's namespace with this label app.
func (p *Plane) Metrics(ctx context.Context, app string) (string, error) {
	pods := &corev1.PodList{}
	if err := p.API.Client().List(ctx, pods, client.InNamespace(Namespace), client.MatchingLabels{"app": app}); err != nil {
		return "", fmt.Errorf("cannot list Pods: %w", err)
	}

	if len(pods.Items) != 1 {
		return "", fmt.Errorf("want one Pod of %s, got %d", app, len(pods.Items))
	}

	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return p.dialPod(ctx, pods.Items[0].Status.PodIP, metricsPort)
	}}
	defer transport.CloseIdleConnections()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+app+"/metrics", http.NoBody)
	if err != nil {
		return "", fmt.Errorf("cannot request metrics of %s: %w", app, err)
	}

	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("cannot request metrics of %s: %w", app, err)
	}
	defer resp.Body.Close() //nolint:errcheck // It has been read.

	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("cannot read metrics of %s: %w", app, err)
	}

	return string(text), nil
}
