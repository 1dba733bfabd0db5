// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func TestParse(t *testing.T) {
	type want struct {
		name, namespace string
		ok              bool
	}

	cases := map[string]struct {
		reason string
		host   string
		want   want
	}{
		"Short":     {reason: "A Service has its namespace in its name.", host: "web.shop", want: want{"web", "shop", true}},
		"Svc":       {reason: "What DNS appends may be there.", host: "web.shop.svc", want: want{"web", "shop", true}},
		"Qualified": {reason: "What DNS appends may be there.", host: "web.shop.svc.cluster.local.", want: want{"web", "shop", true}},
		"Alone":     {reason: "Nobody's own namespace is known.", host: "web", want: want{"web", "", false}},
		"Azure":     {reason: "Other names have more parts.", host: "login.microsoftonline.com", want: want{"login", "microsoftonline.com", false}},
		"Address":   {reason: "An address is no Service.", host: "169.254.169.254", want: want{"169", "254.169.254", false}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{}
			got.name, got.namespace, got.ok = parse(tc.host)

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nparse(%s): -want, +got:\n%s", tc.reason, tc.host, diff)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	service := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Name: "http", Port: 80}, {Name: "grpc", Port: 9443},
	}}}

	slice := func(name string, port int32, ready bool, address string) discoveryv1.EndpointSlice {
		return discoveryv1.EndpointSlice{
			Ports:     []discoveryv1.EndpointPort{{Name: &name, Port: &port}},
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
		}
	}

	type want struct {
		ip   string
		port int
		ok   bool
	}

	cases := map[string]struct {
		reason string
		slices []discoveryv1.EndpointSlice
		port   int
		want   want
	}{
		"TargetPort": {
			reason: "The port of a Pod is another than that of its Service.",
			slices: []discoveryv1.EndpointSlice{slice("grpc", 9000, true, "10.244.0.1"), slice("http", 8080, true, "10.244.0.2")},
			port:   80,
			want:   want{"10.244.0.2", 8080, true},
		},
		"NotReady": {
			reason: "A Pod that is not ready is left out.",
			slices: []discoveryv1.EndpointSlice{slice("http", 8080, false, "10.244.0.1"), slice("http", 8080, true, "10.244.0.2")},
			port:   80,
			want:   want{"10.244.0.2", 8080, true},
		},
		"NoneReady": {
			reason: "There may be none.",
			slices: []discoveryv1.EndpointSlice{slice("http", 8080, false, "10.244.0.1")},
			port:   80,
		},
		"OtherPort": {
			reason: "A Service has the ports that it has.",
			slices: []discoveryv1.EndpointSlice{slice("http", 8080, true, "10.244.0.1")},
			port:   8080,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{}
			got.ip, got.port, got.ok = endpoint(service, tc.slices, tc.port)

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nendpoint(..., %d): -want, +got:\n%s", tc.reason, tc.port, diff)
			}
		})
	}
}
