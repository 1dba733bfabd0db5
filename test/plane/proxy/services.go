// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"fmt"
	"net"
	goslices "slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Services resolves names of Services, such as name.namespace and name.namespace.svc.cluster.local,
// to a ready Pod.
type Services struct {
	// Kube reads Services and EndpointSlices, preferably from a cache: names must resolve during an
	// outage of the API server.
	Kube client.Reader

	// DialPod connects to a port of the Pod with that IP.
	DialPod func(ctx context.Context, ip string, port int) (net.Conn, error)
}

// Dial connects to the port of a Service.
func (s Services) Dial(ctx context.Context, host string, port int) (net.Conn, error) {
	name, namespace, ok := parse(host)
	if !ok {
		return nil, ErrNotInCluster
	}

	service := &corev1.Service{}
	if err := s.Kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, service); kerrors.IsNotFound(err) {
		return nil, ErrNotInCluster
	} else if err != nil {
		return nil, fmt.Errorf("cannot get Service %q in namespace %q: %w", name, namespace, err)
	}

	slices := &discoveryv1.EndpointSliceList{}
	if err := s.Kube.List(ctx, slices, client.InNamespace(namespace), client.MatchingLabels{discoveryv1.LabelServiceName: name}); err != nil {
		return nil, fmt.Errorf("cannot list endpoints of Service %q in namespace %q: %w", name, namespace, err)
	}

	ip, target, ok := endpoint(service, slices.Items, port)
	if !ok {
		return nil, fmt.Errorf("Service %q in namespace %q has no Pod that is ready on port %d", name, namespace, port) //nolint:staticcheck // The name of a kind.
	}

	return s.DialPod(ctx, ip, target)
}

// parse parses the name of a Service. It must contain the namespace, because the proxy does not
// know the pods' search paths.
func parse(host string) (name, namespace string, ok bool) {
	host = strings.TrimSuffix(host, ".")
	for _, suffix := range []string{".svc.cluster.local", ".svc"} {
		host = strings.TrimSuffix(host, suffix)
	}

	name, namespace, ok = strings.Cut(host, ".")

	return name, namespace, ok && name != "" && namespace != "" && !strings.Contains(namespace, ".")
}

// endpoint returns the first ready endpoint of a Service's port.
func endpoint(service *corev1.Service, slices []discoveryv1.EndpointSlice, port int) (ip string, target int, ok bool) {
	named, found := "", false

	for _, p := range service.Spec.Ports {
		if int(p.Port) == port {
			named, found = p.Name, true
		}
	}

	if !found {
		return "", 0, false
	}

	for _, slice := range slices {
		i := indexPort(slice.Ports, named)
		if i < 0 {
			continue
		}

		for _, e := range slice.Endpoints {
			if len(e.Addresses) > 0 && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
				return e.Addresses[0], int(*slice.Ports[i].Port), true
			}
		}
	}

	return "", 0, false
}

// indexPort returns the index of the port with that name, which may be empty for the only port of a
// Service.
func indexPort(ports []discoveryv1.EndpointPort, name string) int {
	return goslices.IndexFunc(ports, func(p discoveryv1.EndpointPort) bool {
		return p.Port != nil && (p.Name == nil || *p.Name == name)
	})
}
