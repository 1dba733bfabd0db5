// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
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
