// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

const (
	pathInbound         = "spec.networking.inbound"
	pathInboundServices = pathInbound + ".services"
)

// maxInboundServices of one application.
const maxInboundServices = 100

// inbound returns the inbound rules, or nil if they are empty. An empty list of services is
// not empty: it allows no application to connect.
func (c *composition) inbound() any {
	n := c.app.Spec.Networking
	if n == nil {
		return nil
	}
	inbound := parse(n.Inbound)
	fields, _ := inbound.(map[string]any)
	if services, ok := fields["services"]; IsEmpty(inbound) || ok && services == nil && len(fields) == 1 {
		return nil
	}

	return inbound
}

// networkPolicy allows only the listed services and the namespaces of the platform to connect
// to an application with inbound. An invalid entry allows no traffic. The policy exists before
// the first pod, and its changes do not wait for secrets.
func (c *composition) networkPolicy(w *workload) {
	inbound := c.inbound()
	switch {
	case inbound == nil:
		return
	case !ptr.Deref(c.platform.NetworkPolicy.Enabled, false):
		w.ignored = append(w.ignored, IgnoredField{Path: pathInbound, Why: finding.New(finding.NetworkPolicyMissing)})
		return
	}

	spec := networkingv1ac.NetworkPolicySpec().
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(c.selector())).
		WithPolicyTypes(networkingv1.PolicyTypeIngress)
	var platform []*networkingv1ac.NetworkPolicyPeerApplyConfiguration
	for _, namespace := range c.platform.NetworkPolicy.AllowedNamespaces {
		platform = append(platform, networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(namespaceNamed(namespace)))
	}
	if len(platform) > 0 {
		spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithFrom(platform...).WithPorts(c.openPorts()...))
	}
	callers, ignored := c.callers(inbound)
	w.ignored = append(w.ignored, ignored...)
	for _, caller := range callers {
		spec.WithIngress(c.ruleFor(caller))
	}
	c.want(NameNetworkPolicy, networkingv1ac.NetworkPolicy(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec))
}

// A caller is an application that may connect to all ports or to one.
type caller struct {
	name, namespace string
	port            int32
	protocol        corev1.Protocol
}

// callers returns the applications that may connect, and the invalid entries.
func (c *composition) callers(inbound any) (callers []caller, ignored []IgnoredField) {
	ignore := func(path string, why finding.Finding) {
		ignored = append(ignored, IgnoredField{Path: path, Why: finding.New(finding.CallerIgnored, finding.With{"why": why})})
	}
	fields, ok := inbound.(map[string]any)
	if !ok {
		ignore(pathInbound, finding.New(finding.InboundInvalid))
	}
	ignored = append(ignored, unknown(pathInbound, fields, "services")...)
	services, ok := fields["services"].([]any)
	if !ok && fields["services"] != nil {
		ignore(pathInboundServices, finding.New(finding.MustBeList))
	}
	for i, service := range services {
		path := Entry(pathInboundServices, strconv.Itoa(i))
		if i == maxInboundServices {
			ignore(path, finding.New(finding.CallersTooMany, finding.With{"most": maxInboundServices}))
			break
		}
		caller, why := c.caller(service)
		if !why.IsZero() {
			ignore(path, why)
			continue
		}
		fields, _ := service.(map[string]any)
		ignored = append(ignored, unknown(path, fields, "name", "namespace", "port", "protocol")...)
		if !slices.Contains(callers, caller) {
			callers = append(callers, caller)
		}
	}

	return callers, ignored
}

// caller reads one entry of services, or returns why it is invalid.
func (c *composition) caller(service any) (out caller, why finding.Finding) {
	fields, ok := service.(map[string]any)
	if !ok {
		return out, finding.New(finding.CallerInvalid)
	}
	out = caller{namespace: c.app.Namespace}
	if out.name, ok = fields["name"].(string); !ok && fields["name"] != nil {
		return out, finding.New(finding.CallerNameNotString)
	} else if len(validation.IsDNS1123Label(out.name)) > 0 {
		return out, finding.New(finding.CallerNameInvalid)
	}
	if v := fields["namespace"]; v != nil && v != "" {
		if out.namespace, ok = v.(string); !ok {
			return out, finding.New(finding.CallerNamespaceNotString)
		} else if len(validation.IsDNS1123Label(out.namespace)) > 0 {
			return out, finding.New(finding.CallerNamespaceInvalid)
		}
	}
	if v := fields["port"]; v != nil {
		s, _ := text(v)
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || len(validation.IsValidPortNum(int(n))) > 0 {
			return out, finding.New(finding.CallerPortInvalid)
		}
		out.port = int32(n)
	}
	if v := fields["protocol"]; v != nil {
		s, _ := v.(string)
		switch strings.ToLower(s) {
		case "tcp", "http", "https", "http2", "grpc":
			out.protocol = corev1.ProtocolTCP
		case "udp":
			out.protocol = corev1.ProtocolUDP
		default:
			return out, finding.New(finding.CallerProtocolInvalid)
		}
	}
	hasProtocol := func(p *networkingv1ac.NetworkPolicyPortApplyConfiguration) bool { return *p.Protocol == out.protocol }
	if ports := c.openPorts(); out.port == 0 && out.protocol != "" && len(ports) > 0 && !slices.ContainsFunc(ports, hasProtocol) {
		return out, finding.New(finding.CallerProtocolUnused)
	}

	return out, why
}

// ruleFor returns the rule that allows a caller. Pods of this function have the label
// meta.p6m.dev/application, and pods of earlier operators have p6m.dev/app.
func (c *composition) ruleFor(caller caller) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	rule := networkingv1ac.NetworkPolicyIngressRule()
	for _, label := range []string{LabelApplication, labelApp} {
		rule.WithFrom(networkingv1ac.NetworkPolicyPeer().
			WithNamespaceSelector(namespaceNamed(caller.namespace)).
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{label: caller.name})))
	}
	for _, port := range c.openPorts() {
		matches := caller.port == 0 || caller.port == port.Port.IntVal
		if matches && (caller.protocol == "" || caller.protocol == *port.Protocol) {
			rule.WithPorts(port)
		}
	}
	switch {
	case len(rule.Ports) > 0:
	case caller.port != 0:
		rule.WithPorts(networkPort(cmp.Or(string(caller.protocol), string(corev1.ProtocolTCP)), caller.port))
	case caller.protocol != "":
		rule.WithPorts(networkingv1ac.NetworkPolicyPort().WithProtocol(caller.protocol))
	}

	return rule
}

// openPorts returns the ports of the manifest and of the running pods, which differ while a
// Deployment is held. Without ports in the manifest, all ports are open.
func (c *composition) openPorts() (ports []*networkingv1ac.NetworkPolicyPortApplyConfiguration) {
	add := func(protocol string, number int32) {
		for _, p := range ports {
			if string(*p.Protocol) == protocol && p.Port.IntVal == number {
				return
			}
		}
		ports = append(ports, networkPort(protocol, number))
	}
	if len(c.app.Spec.Deployment.Ports) == 0 {
		return nil
	}
	for _, p := range c.app.Spec.Deployment.Ports {
		add(string(transport(p)), p.Port)
	}
	for p := range c.seen[NameDeployment].containers()[c.app.Name].objects("ports") {
		number, _ := p.number("containerPort")
		protocol := cmp.Or(p.str("protocol"), string(corev1.ProtocolTCP))
		if len(validation.IsValidPortNum(int(number))) == 0 {
			add(protocol, int32(number)) //nolint:gosec // It is a port.
		}
	}

	return ports
}

func networkPort(protocol string, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.Protocol(protocol)).WithPort(intstr.FromInt32(number))
}

func namespaceNamed(name string) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(map[string]string{corev1.LabelMetadataName: name})
}

// unknown returns the unknown fields of an object, up to a limit.
func unknown(path string, object map[string]any, known ...string) (ignored []IgnoredField) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if len(ignored) == mostIgnored {
			return append(ignored, IgnoredField{Path: Child(path, name), Why: finding.New(finding.FieldsAfterIgnored)})
		}
		if !slices.Contains(known, name) {
			ignored = append(ignored, IgnoredField{Path: Child(path, name)})
		}
	}

	return ignored
}
