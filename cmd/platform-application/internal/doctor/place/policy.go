// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// machinePort and machineAddress are the port and address of the metadata service.
const machinePort = 80

func machineAddress() netip.Addr { return netip.AddrFrom4([4]byte{169, 254, 169, 254}) }

// allowsMachine reports whether a rule allows connections to the metadata service.
func allowsMachine(rule networkingv1.NetworkPolicyEgressRule) bool {
	port := len(rule.Ports) == 0 || slices.ContainsFunc(rule.Ports, hasMachinePort)
	peer := len(rule.To) == 0 || slices.ContainsFunc(rule.To, isMachine)

	return port && peer
}

func hasMachinePort(p networkingv1.NetworkPolicyPort) bool {
	if p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP {
		return false
	}

	if p.Port == nil {
		return true
	}

	first, last := p.Port.IntVal, p.Port.IntVal
	if p.EndPort != nil {
		last = *p.EndPort
	}

	return first <= machinePort && machinePort <= last
}

func isMachine(p networkingv1.NetworkPolicyPeer) bool {
	return p.IPBlock != nil && contains(p.IPBlock.CIDR) && !slices.ContainsFunc(p.IPBlock.Except, contains)
}

// contains reports whether a range of addresses contains that of the metadata service.
func contains(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)

	return err == nil && prefix.Contains(machineAddress())
}

// differences compares the pod of a probe with the pods of the provider. If they differ, the probe may reach different hosts.
func (d *decider) differences(p probed) {
	if p.pod == nil {
		return
	}

	for _, policy := range d.facts.policies {
		probe := selects(policy.Spec.PodSelector, p.pod)

		if slices.ContainsFunc(p.pods, func(pod corev1.Pod) bool { return selects(policy.Spec.PodSelector, &pod) != probe }) {
			d.add(ProbePolicyDiffers, "NetworkPolicy/"+policy.Name, map[string]string{"place": p.name})
		}
	}

	fields := map[string]bool{}

	for _, pod := range p.pods {
		for name, has := range network(&pod) {
			fields[name] = fields[name] || !reflect.DeepEqual(has, network(p.pod)[name])
		}

		for name, has := range network(p.pod) {
			fields[name] = fields[name] || !reflect.DeepEqual(has, network(&pod)[name])
		}
	}

	maps.DeleteFunc(fields, func(_ string, differs bool) bool { return !differs })

	if len(fields) > 0 {
		d.add(ProbeDiffers, "Job/"+jobPrefix+p.name, map[string]string{"place": p.name, "fields": finding.List(slices.Sorted(maps.Keys(fields)))})
	}
}

// network returns the fields of a pod that affect its network. Policies also select by its labels.
func network(pod *corev1.Pod) map[string]any {
	out := map[string]any{}

	if pod.Spec.HostNetwork {
		out["hostNetwork"] = true
	}

	if p := pod.Spec.DNSPolicy; p != "" && p != corev1.DNSClusterFirst {
		out["dnsPolicy"] = p
	}

	if pod.Spec.DNSConfig != nil {
		out["dnsConfig"] = pod.Spec.DNSConfig
	}

	if len(pod.Spec.HostAliases) > 0 {
		out["hostAliases"] = pod.Spec.HostAliases
	}

	if len(pod.Spec.Containers) == 0 {
		return out
	}

	for _, v := range pod.Spec.Containers[0].Env {
		switch name := strings.ToUpper(v.Name); name {
		case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR":
			v.Name = name
			out[name] = v
		}
	}

	return out
}

// selects reports whether a selector selects a pod. An invalid selector selects none.
func selects(s metav1.LabelSelector, pod *corev1.Pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(&s)

	return err == nil && selector.Matches(labels.Set(pod.Labels))
}

// forbids reports whether policies block a pod from the metadata service of its node.
func (d *decider) forbids(pod *corev1.Pod) bool {
	selected := false

	for _, p := range d.facts.policies {
		if !selects(p.Spec.PodSelector, pod) || !slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
			continue
		}

		selected = true

		if slices.ContainsFunc(p.Spec.Egress, allowsMachine) {
			return false
		}
	}

	return selected
}
