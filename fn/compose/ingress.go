// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	"k8s.io/utils/ptr"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// ingressSpec is nil if no Ingress is asked for.
func (c *composition) ingressSpec() *v1alpha1.Ingress {
	n := c.app.Spec.Networking
	if n == nil || n.Ingress == nil || !n.Ingress.Enabled {
		return nil
	}
	return n.Ingress
}

// ingress publishes the application outside the cluster. What cannot be published
// as asked for, under allowed names and with the login it wants, is not published.
func (c *composition) ingress(w *workload) {
	in := c.ingressSpec()
	switch {
	case in == nil:
		// To stop publishing waits for nothing.
		return
	case w.waits():
		c.keepIfObserved(NameIngress)
		return
	}
	port, ok := ingressPort(c.app.Spec.Deployment.Ports)
	if !ok {
		w.ignored = append(w.ignored, "spec.networking.ingress (the deployment has no port for it)")
		return
	}

	t, known := c.ingressType(in)
	hostnames := c.hostnames(in)
	w.refused = c.refusedIngress(in, t, known, hostnames)
	if len(w.refused) > 0 {
		c.waiting = true
		if c.keep(NameIngress) {
			w.refused = append(w.refused, "the Ingress that exists stays as it was")
		}
		return
	}
	for name := range in.Annotations {
		if settings.IsReserved(name) {
			w.ignored = append(w.ignored, "spec.networking.ingress.annotations["+name+"] (reserved)")
		}
	}
	c.want(NameIngress, c.ingressObject(in, t, hostnames, port))
}

// refusedIngress says why an Ingress is not composed as asked for.
func (c *composition) refusedIngress(in *v1alpha1.Ingress, t inputv1alpha1.IngressType, known bool, hostnames []string) (refused []string) {
	switch {
	case !known && t.Name == "":
		refused = append(refused, "spec.networking.ingress.type: required, one of "+c.ingressTypes())
	case !known:
		refused = append(refused, "spec.networking.ingress.type: the platform has no type "+strconv.Quote(t.Name)+", only "+c.ingressTypes())
	}
	if len(hostnames) == 0 {
		refused = append(refused, "spec.networking.ingress.hostnames: required, because the platform has no default domain")
	}
	for _, h := range hostnames {
		if !c.allowedHostname(h) {
			refused = append(refused, "spec.networking.ingress.hostnames: "+h+" is not in a domain that applications may use: "+strings.Join(c.platform.Ingress.AllowedDomains, ", "))
		}
	}
	if in.OIDC != nil && in.OIDC.Enabled == nil {
		refused = append(refused, "spec.networking.ingress.oidc.enabled: required, true or false; without it the application could be open to everybody by mistake")
	}
	if oidc(in) && known && len(t.OIDCAnnotations) == 0 {
		refused = append(refused, "spec.networking.ingress.oidc: the platform has no login for ingress type "+first(t.Name, "(default)")+", and without one the application would be open to everybody; ask your platform team")
	}
	return refused
}

// allowedHostname keeps an application from names that are not applications'.
func (c *composition) allowedHostname(hostname string) bool {
	if len(c.platform.Ingress.AllowedDomains) == 0 {
		return true
	}
	for _, domain := range c.platform.Ingress.AllowedDomains {
		if hostname == domain || strings.HasSuffix(hostname, "."+domain) && !strings.HasPrefix(hostname, "*.") {
			return true
		}
	}
	return false
}

func (c *composition) ingressTypes() string {
	names := make([]string, 0, len(c.platform.Ingress.Types))
	for _, t := range c.platform.Ingress.Types {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

func (c *composition) ingressObject(in *v1alpha1.Ingress, t inputv1alpha1.IngressType, hostnames []string, port v1alpha1.Port) *networkingv1ac.IngressApplyConfiguration {
	spec := networkingv1ac.IngressSpec()
	if class := first(t.IngressClassName, t.Name); class != "" {
		spec.WithIngressClassName(class)
	}
	backend := networkingv1ac.IngressBackend().WithService(
		networkingv1ac.IngressServiceBackend().WithName(c.app.Name).WithPort(
			networkingv1ac.ServiceBackendPort().WithName(portName(port))))
	for _, host := range hostnames {
		spec.WithRules(networkingv1ac.IngressRule().WithHost(host).WithHTTP(
			networkingv1ac.HTTPIngressRuleValue().WithPaths(
				networkingv1ac.HTTPIngressPath().
					WithPath(first(in.Path, "/")).
					WithPathType(networkingv1.PathTypePrefix).
					WithBackend(backend))))
	}
	if t.TLSSecretName != "" {
		spec.WithTLS(networkingv1ac.IngressTLS().WithHosts(hostnames...).WithSecretName(t.TLSSecretName))
	}

	object := networkingv1ac.Ingress(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)
	annotations := map[string]string{}
	for name, value := range in.Annotations {
		if !settings.IsReserved(name) {
			annotations[name] = value
		}
	}
	// The platform's come last: they are rules, not suggestions.
	maps.Copy(annotations, t.Annotations)
	if oidc(in) {
		maps.Copy(annotations, t.OIDCAnnotations)
	}
	if len(annotations) > 0 {
		object.WithAnnotations(annotations)
	}
	return object
}

func oidc(in *v1alpha1.Ingress) bool { return in.OIDC != nil && ptr.Deref(in.OIDC.Enabled, false) }

// ingressType is one of the platform's types, if it has any; else an IngressClass.
func (c *composition) ingressType(in *v1alpha1.Ingress) (t inputv1alpha1.IngressType, known bool) {
	name := first(in.Type, c.platform.Ingress.DefaultType)
	for _, t := range c.platform.Ingress.Types {
		if t.Name == name {
			return t, true
		}
	}
	return inputv1alpha1.IngressType{Name: name}, len(c.platform.Ingress.Types) == 0
}

func (c *composition) hostnames(in *v1alpha1.Ingress) []string {
	if len(in.Hostnames) > 0 || c.platform.Ingress.Domain == "" {
		return in.Hostnames
	}
	return []string{c.app.Name + "." + c.platform.Ingress.Domain}
}

// ingressPort is the first port that speaks HTTP, else the first that is not UDP.
func ingressPort(ports []v1alpha1.Port) (port v1alpha1.Port, ok bool) {
	for _, p := range ports {
		if isHTTP(p) {
			return p, true
		}
	}
	for _, p := range ports {
		if transport(p) != corev1.ProtocolUDP {
			return p, true
		}
	}
	return port, false
}
