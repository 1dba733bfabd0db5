// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestNetworkPoliciesSelect checks that each policy selects the pods of one package, by
// Crossplane's labels, and admits its clients.
func TestNetworkPoliciesSelect(t *testing.T) {
	objects := build(t, base)
	pods := packagePods(t, objects)

	// Other providers need other destinations, and other functions may send requests.
	for name, want := range map[string]string{
		"provider-keyvault-secretsync":  "p6m-dev-provider-keyvault-secretsync",
		"function-platform-application": "p6m-dev-function-platform-application",
	} {
		p := policy(t, objects, name)
		for pod, has := range pods {
			if got := selects(t, p.Spec.PodSelector, has); got != (pod == want) {
				t.Errorf("NetworkPolicy %s selects pods of %s: %t", name, pod, got)
			}
		}

		types := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
		if diff := cmp.Diff(types, p.Spec.PolicyTypes); diff != "" {
			t.Errorf("types of NetworkPolicy %s: -want, +got:\n%s", name, diff)
		}

		if pods[want] == nil {
			t.Errorf("there is no package %s", want)
		}
	}
}

// TestFunctionLetsCrossplaneIn checks that only Crossplane's pod, as its chart labels it, can
// connect to the function, on the port that it dials. Everybody can connect to the metrics, which the
// PodMonitor of the same pods has scraped.
func TestFunctionLetsCrossplaneIn(t *testing.T) {
	p := policy(t, build(t, base), "function-platform-application")
	if len(p.Spec.Ingress) != 2 || len(p.Spec.Ingress[0].From) != 1 || len(p.Spec.Egress) != 0 {
		t.Fatalf("want two ways in and none out, got %v", p.Spec)
	}

	if diff := cmp.Diff([]string{"TCP/" + constant(t, "MetricsPortNumber")}, ports(p.Spec.Ingress[1].Ports)); diff != "" {
		t.Errorf("ports for everybody: -want, +got:\n%s", diff)
	}

	const label = "pkg.crossplane.io/function"
	if name := p.Spec.PodSelector.MatchLabels[label]; name == "" || !strings.Contains(check.Read(t, "package/monitoring/podmonitor.yaml"), "    matchLabels:\n      "+label+": "+name+"\n") {
		t.Errorf("no PodMonitor selects pods with label %s: %s", label, name)
	}

	in := p.Spec.Ingress[0]
	if diff := cmp.Diff([]string{"TCP/" + constant(t, "GRPCPort")}, ports(in.Ports)); diff != "" {
		t.Errorf("ports: -want, +got:\n%s", diff)
	}

	from := in.From[0]
	if from.NamespaceSelector != nil || from.IPBlock != nil || from.PodSelector == nil {
		t.Fatalf("want pods of Crossplane's namespace, got %v", from)
	}

	template := crossplane(t, find(t, build(t, apps), "Application.argoproj.io/crossplane"))
	has, _, _ := unstructured.NestedStringMap(template, "metadata", "labels")

	if !selects(t, *from.PodSelector, has) {
		t.Errorf("Crossplane's pod with labels %v is not let in", has)
	}

	for pod, has := range packagePods(t, build(t, base)) {
		if selects(t, *from.PodSelector, has) {
			t.Errorf("the pod of %s is let in", pod)
		}
	}
}

// TestProviderPorts checks that the provider's policy admits only requests for metrics and probes.
func TestProviderPorts(t *testing.T) {
	objects := build(t, base)
	p := policy(t, objects, "provider-keyvault-secretsync")

	var in, out []string
	for _, rule := range p.Spec.Ingress {
		in = append(in, ports(rule.Ports)...)
	}

	for _, rule := range p.Spec.Egress {
		if len(rule.To) == 0 {
			t.Errorf("a way out leads anywhere: %v", rule)
		}

		out = append(out, ports(rule.Ports)...)
	}

	want := []string{"TCP/" + constant(t, "MetricsPortNumber"), "TCP/" + probePort(t, objects)}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("ports in: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff([]string{"UDP/53", "TCP/53", "TCP/443", "TCP/6443"}, out); diff != "" {
		t.Errorf("ports out: -want, +got:\n%s", diff)
	}
}

// A destination is an address outside of the cluster or of the node, or a pod.
type destination struct {
	address   string
	namespace string
	labels    map[string]string
}

// TestProviderDNS checks that the provider can resolve names in the ways of different clusters, and reaches only DNS
// servers on that port.
func TestProviderDNS(t *testing.T) {
	p := policy(t, build(t, base), "provider-keyvault-secretsync")

	cases := map[string]struct {
		reason string
		to     destination
		want   bool
	}{
		"KubeDNS":       {"The DNS pods of AKS, kubeadm and others can be reached.", destination{namespace: "kube-system", labels: map[string]string{"k8s-app": "kube-dns"}}, true},
		"CoreDNS":       {"The DNS pods of CoreDNS's chart can be reached.", destination{namespace: "kube-system", labels: map[string]string{"k8s-app": "coredns"}}, true},
		"NodeLocal":     {"NodeLocal DNSCache can be reached.", destination{address: "169.254.20.10"}, true},
		"LocalDNS":      {"LocalDNS of AKS can be reached, for names in the cluster.", destination{address: "169.254.10.10"}, true},
		"LocalDNSOther": {"LocalDNS of AKS can be reached, for other names.", destination{address: "169.254.10.11"}, true},
		"Other":         {"Another pod in that namespace cannot be reached.", destination{namespace: "kube-system", labels: map[string]string{"k8s-app": "metrics-server"}}, false},
		"Elsewhere":     {"A pod with the same labels in another namespace cannot be reached, because teams choose labels.", destination{namespace: "team-shop", labels: map[string]string{"k8s-app": "kube-dns"}}, false},
		"Metadata":      {"The metadata service of the node would reveal its identity.", destination{address: "169.254.169.254"}, false},
		"Internet":      {"Queries to other DNS servers could leak secrets.", destination{address: "203.0.113.53"}, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
				if got := reaches(t, p, tc.to, protocol, 53); got != tc.want {
					t.Errorf("\n%s\nlet out to %v on %s/53: want %t, got %t", tc.reason, tc.to, protocol, tc.want, got)
				}
			}
		})
	}
}

// reaches reports whether a policy lets its pods connect to that port.
func reaches(t *testing.T, p *networkingv1.NetworkPolicy, to destination, protocol corev1.Protocol, port int32) bool {
	t.Helper()

	return slices.ContainsFunc(p.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
		return slices.ContainsFunc(rule.Ports, func(r networkingv1.NetworkPolicyPort) bool {
			return *r.Protocol == protocol && r.Port.IntVal == port
		}) && slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool {
			return isPeer(t, peer, to)
		})
	})
}

func isPeer(t *testing.T, peer networkingv1.NetworkPolicyPeer, to destination) bool {
	t.Helper()

	if to.address == "" {
		return peer.NamespaceSelector != nil && selects(t, *peer.NamespaceSelector, map[string]string{"kubernetes.io/metadata.name": to.namespace}) &&
			(peer.PodSelector == nil || selects(t, *peer.PodSelector, to.labels))
	}

	contains := func(cidr string) bool { return netip.MustParsePrefix(cidr).Contains(netip.MustParseAddr(to.address)) }

	return peer.IPBlock != nil && contains(peer.IPBlock.CIDR) && !slices.ContainsFunc(peer.IPBlock.Except, contains)
}

// probePort is the port of the liveness probe.
func probePort(t *testing.T, objects []*unstructured.Unstructured) string {
	t.Helper()

	rc := find(t, objects, "DeploymentRuntimeConfig.pkg.crossplane.io/provider-keyvault-secretsync")
	template, _, _ := unstructured.NestedMap(rc.Object, "spec", "deploymentTemplate", "spec", "template")

	port, _, _ := unstructured.NestedFieldNoCopy(container(t, template), "livenessProbe", "httpGet", "port")

	return fmt.Sprint(port)
}

func policy(t *testing.T, objects []*unstructured.Unstructured, name string) *networkingv1.NetworkPolicy {
	t.Helper()

	p := &networkingv1.NetworkPolicy{}
	convert(t, find(t, objects, "NetworkPolicy.networking.k8s.io/"+name), p)

	if p.Namespace != namespace {
		t.Errorf("namespace of policy %s: %s", name, p.Namespace)
	}

	return p
}

func selects(t *testing.T, selector metav1.LabelSelector, has map[string]string) bool {
	t.Helper()

	s, err := metav1.LabelSelectorAsSelector(&selector)
	check.Must(t, err)

	return s.Matches(labels.Set(has))
}

func ports(list []networkingv1.NetworkPolicyPort) []string {
	var out []string
	for _, p := range list {
		out = append(out, string(*p.Protocol)+"/"+p.Port.String())
	}

	return out
}

// packagePods are the labels of the pods of packages, by package.
func packagePods(t *testing.T, objects []*unstructured.Unstructured) map[string]map[string]string {
	t.Helper()

	// These are constants of Crossplane.
	const does = `"pkg.crossplane.io/" + b.packageType(): b.packageName(),`
	if !strings.Contains(runtimeSource(t), does) {
		t.Fatalf("Crossplane labels pods in another way now: its source does not have %s", does)
	}

	out := map[string]map[string]string{}

	for _, o := range objects {
		if kind := o.GetKind(); slices.Contains([]string{"Provider", "Function"}, kind) {
			out[o.GetName()] = map[string]string{"pkg.crossplane.io/" + strings.ToLower(kind): o.GetName()}
		}
	}

	return out
}

// constant returns a constant of Crossplane's package runtime.
func constant(t *testing.T, name string) string {
	t.Helper()

	found := regexp.MustCompile(`(?m)^\s*` + name + ` = (\d+)$`).FindStringSubmatch(runtimeSource(t))
	if found == nil {
		t.Fatalf("Crossplane no longer has a constant %s", name)
	}

	return found[1]
}

func runtimeSource(t *testing.T) string {
	t.Helper()

	source, err := tools.Source(t.Context(), "crossplane-core")
	check.Must(t, err)

	data, err := os.ReadFile(filepath.Join(source.Dir, "internal", "controller", "pkg", "runtime", "runtime.go"))
	check.Must(t, err)

	return string(data)
}
