// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// service publishes the ports inside the cluster. While the Deployment is held, the Service
// is kept unchanged, because the running pods have the old ports.
func (c *composition) service(w workload) {
	ports := c.app.Spec.Deployment.Ports
	if w.waits() {
		c.keepIfObserved(NameService)
		return
	}
	if len(ports) == 0 {
		return
	}

	spec := corev1ac.ServiceSpec().WithSelector(c.selector())
	for _, p := range ports {
		port := corev1ac.ServicePort().
			WithName(portName(p)).
			WithProtocol(transport(p)).
			WithPort(p.Port).
			WithTargetPort(intstr.FromInt32(p.Port))
		port.AppProtocol = appProtocol(p)
		spec.WithPorts(port)
	}
	object := corev1ac.Service(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)
	c.want(NameService, object)
}

// portName returns the name of a port. It does not depend on the order of ports.
func portName(p v1alpha1.Port) string {
	return cmp.Or(p.Name, cmp.Or(strings.ToLower(p.Protocol), "tcp")+"-"+strconv.Itoa(int(p.Port)))
}

func transport(p v1alpha1.Port) corev1.Protocol {
	if strings.EqualFold(p.Protocol, "udp") {
		return corev1.ProtocolUDP
	}

	return corev1.ProtocolTCP
}

// isHTTP reports whether a port speaks HTTP.
func isHTTP(p v1alpha1.Port) bool {
	return slices.Contains([]string{"http", "https", "http2", "grpc"}, strings.ToLower(p.Protocol))
}

// appProtocol returns the protocol of a port for proxies. It is nil for plain TCP and UDP.
// https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
func appProtocol(p v1alpha1.Port) *string {
	switch strings.ToLower(p.Protocol) {
	case "http", "https", "grpc":
		return new(strings.ToLower(p.Protocol))
	case "http2":
		return new("kubernetes.io/h2c")
	}

	return nil
}
