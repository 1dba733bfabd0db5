// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
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
)

const (
	pathInbound         = "spec.networking.inbound"
	pathInboundServices = pathInbound + ".services"
)

// maxInboundServices of one application.
const maxInboundServices = 100

// inbound is nil if it asks for nothing, as all that is empty. Only an empty list of
// services asks for something: that nobody connects.
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

// networkPolicy fences an application that says who may connect: those, and the
// namespaces of the platform. An entry that cannot be read lets nobody in. It waits for nothing:
// it is there before the first pod, and closes at once.
func (c *composition) networkPolicy(w *workload) {
	inbound := c.inbound()
	switch {
	case inbound == nil:
		return
	case !ptr.Deref(c.platform.NetworkPolicy.Enabled, false):
		w.ignored = append(w.ignored, IgnoredField{Path: pathInbound, Why: "no network policy fences the application: the platform has none, and whatever reaches its pods may connect"})
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

// A caller is an application that may connect, to all ports or to one.
type caller struct {
	name, namespace string
	port            int32
	protocol        corev1.Protocol
}

// callers returns the applications that may connect. An entry that cannot be read is
// left out and named.
func (c *composition) callers(inbound any) (callers []caller, ignored []IgnoredField) {
	ignore := func(path, why string) {
		ignored = append(ignored, IgnoredField{Path: path, Why: why + "; it lets nobody in"})
	}
	fields, ok := inbound.(map[string]any)
	if !ok {
		ignore(pathInbound, "must be an object with services")
	}
	ignored = append(ignored, unknown(pathInbound, fields, "services")...)
	services, ok := fields["services"].([]any)
	if !ok && fields["services"] != nil {
		ignore(pathInboundServices, "must be a list")
	}
	for i, service := range services {
		path := Entry(pathInboundServices, strconv.Itoa(i))
		if i == maxInboundServices {
			ignore(path, fmt.Sprintf("only %d services have an effect, and this and later ones do not", maxInboundServices))
			break
		}
		caller, why := c.caller(service)
		if why != "" {
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

// caller reads one entry of services, or says why it cannot.
func (c *composition) caller(service any) (out caller, why string) {
	fields, ok := service.(map[string]any)
	if !ok {
		return out, "must be an object with name, and namespace and port if needed"
	}
	out = caller{namespace: c.app.Namespace}
	if out.name, ok = fields["name"].(string); !ok && fields["name"] != nil {
		return out, "name must be a string: put it in quotes"
	} else if len(validation.IsDNS1123Label(out.name)) > 0 {
		return out, "name must be the name of an application"
	}
	if v := fields["namespace"]; v != nil && v != "" {
		if out.namespace, ok = v.(string); !ok {
			return out, "namespace must be a string: put it in quotes"
		} else if len(validation.IsDNS1123Label(out.namespace)) > 0 {
			return out, "namespace must be the name of a namespace"
		}
	}
	if v := fields["port"]; v != nil {
		s, _ := text(v)
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || len(validation.IsValidPortNum(int(n))) > 0 {
			return out, "port must be from 1 to 65535"
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
			return out, "protocol must be TCP or UDP"
		}
	}
	if ports := c.openPorts(); out.port == 0 && out.protocol != "" && len(ports) > 0 && !slices.ContainsFunc(ports, func(p *networkingv1ac.NetworkPolicyPortApplyConfiguration) bool { return *p.Protocol == out.protocol }) {
		return out, "the deployment has no port of this protocol"
	}
	return out, ""
}

// ruleFor lets a caller in. Its pods have a label of their own if they are composed here;
// those of an operator before have the label that both know.
func (c *composition) ruleFor(caller caller) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	rule := networkingv1ac.NetworkPolicyIngressRule()
	for _, label := range []string{labelApplication, labelApp} {
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
		rule.WithPorts(networkPort(first(string(caller.protocol), string(corev1.ProtocolTCP)), caller.port))
	case caller.protocol != "":
		rule.WithPorts(networkingv1ac.NetworkPolicyPort().WithProtocol(caller.protocol))
	}
	return rule
}

// openPorts are those of the application, and those of the pods that run: a Deployment
// that is held has the ports it had. None means all, because nobody knows which.
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
	container := byName(c.seen[NameDeployment].list("spec", "template", "spec", "containers"))[c.app.Name]
	for _, p := range container.list("ports") {
		m, _ := p.(map[string]any)
		number, _ := Object(m).number("containerPort")
		protocol := first(Object(m).str("protocol"), string(corev1.ProtocolTCP))
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

// unknown lists the fields of an object that nothing reads, the first of many.
func unknown(path string, object map[string]any, known ...string) (ignored []IgnoredField) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if len(ignored) == mostIgnored {
			return append(ignored, IgnoredField{Path: Child(path, name), Why: "and all after it"})
		}
		if !slices.Contains(known, name) {
			ignored = append(ignored, IgnoredField{Path: Child(path, name)})
		}
	}
	return ignored
}
