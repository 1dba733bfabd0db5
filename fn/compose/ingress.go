// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"maps"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// ingressSpec is nil if no Ingress is asked for.
func (c *composition) ingressSpec() *v1alpha1.Ingress {
	n := c.app.Spec.Networking
	if n == nil || n.Ingress == nil || !n.Ingress.Enabled {
		return nil
	}
	return n.Ingress
}

// ingress publishes the application outside the cluster. It never publishes
// less guarded, or under other names, than was asked for.
func (c *composition) ingress(w *workload) {
	in := c.ingressSpec()
	ports := c.app.Spec.Deployment.Ports
	switch {
	case in == nil:
		return
	case len(ports) == 0:
		w.ignored = append(w.ignored, "spec.networking.ingress (the deployment has no ports)")
		return
	case len(w.waitingFor) > 0:
		c.keep(NameIngress)
		return
	}

	t := c.ingressType(in)
	hostnames := c.hostnames(in)
	if len(hostnames) == 0 {
		w.refused = append(w.refused, "spec.networking.ingress.hostnames: required, because the platform has no default domain")
	}
	if oidc(in) && len(t.OIDCAnnotations) == 0 {
		w.refused = append(w.refused, "spec.networking.ingress.oidc: the platform has no login for ingress type "+first(t.Name, "(default)")+", and without one the application would be open to everybody; ask your platform team")
	}
	if len(w.refused) > 0 {
		c.waiting = true
		c.keep(NameIngress)
		return
	}
	c.want(NameIngress, c.ingressObject(in, t, hostnames))
}

func (c *composition) ingressObject(in *v1alpha1.Ingress, t inputv1alpha1.IngressType, hostnames []string) *networkingv1ac.IngressApplyConfiguration {
	spec := networkingv1ac.IngressSpec()
	if class := first(t.IngressClassName, t.Name); class != "" {
		spec.WithIngressClassName(class)
	}
	backend := networkingv1ac.IngressBackend().WithService(
		networkingv1ac.IngressServiceBackend().WithName(c.app.Name).WithPort(
			networkingv1ac.ServiceBackendPort().WithName(portName(ingressPort(c.app.Spec.Deployment.Ports)))))
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
	annotations := maps.Clone(t.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	maps.Copy(annotations, in.Annotations)
	if oidc(in) {
		maps.Copy(annotations, t.OIDCAnnotations)
	}
	if len(annotations) > 0 {
		object.WithAnnotations(annotations)
	}
	return object
}

func oidc(in *v1alpha1.Ingress) bool { return in.OIDC != nil && in.OIDC.Enabled }

func (c *composition) ingressType(in *v1alpha1.Ingress) inputv1alpha1.IngressType {
	name := first(in.Type, c.platform.Ingress.DefaultType)
	for _, t := range c.platform.Ingress.Types {
		if t.Name == name {
			return t
		}
	}
	return inputv1alpha1.IngressType{Name: name}
}

func (c *composition) hostnames(in *v1alpha1.Ingress) []string {
	if len(in.Hostnames) > 0 || c.platform.Ingress.Domain == "" {
		return in.Hostnames
	}
	return []string{c.app.Name + "." + c.platform.Ingress.Domain}
}

// ingressPort is the first port that speaks HTTP, else the first.
func ingressPort(ports []v1alpha1.Port) v1alpha1.Port {
	for _, p := range ports {
		if isHTTP(p) {
			return p
		}
	}
	return ports[0]
}
