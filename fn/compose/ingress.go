// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const pathIngress = "spec.networking.ingress"

// ingressSpec returns the Ingress of the manifest, or nil if it is not enabled.
func (c *composition) ingressSpec() *v1alpha1.Ingress {
	n := c.app.Spec.Networking
	if n == nil || n.Ingress == nil || !n.Ingress.Enabled {
		return nil
	}

	return n.Ingress
}

// ingress publishes the application outside the cluster. An Ingress without an allowed
// hostname or the requested login is not composed.
func (c *composition) ingress(w *workload) {
	in := c.ingressSpec()
	if in == nil {
		// Crossplane deletes the Ingress.
		return
	}
	t, known := c.ingressType(in)
	hostnames := c.hostnames(in)
	annotations, ignored, refused := c.annotations(in, t)
	port, ok := ingressPort(c.app.Spec.Deployment.Ports)
	if ok {
		w.ignored = append(w.ignored, ignored...)
		w.refused = append(c.refusedIngress(in, t, known, hostnames), refused...)
	} else {
		w.ignored = append(w.ignored, IgnoredField{Path: pathIngress, Why: finding.New(finding.PortMissing)})
	}

	switch {
	case w.waits():
		// The condition shows problems, but the pods come first.
		c.keepIfObserved(NameIngress)
	case len(w.refused) > 0:
		c.waiting = true
		if c.keep(NameIngress) {
			w.refused = append(w.refused, finding.New(finding.IngressStays))
		}
	case ok:
		c.want(NameIngress, c.ingressObject(in, t, hostnames, annotations, port))
	}
}

// refusedIngress returns the problems of an Ingress.
func (c *composition) refusedIngress(in *v1alpha1.Ingress, t inputv1alpha1.IngressType, known bool, hostnames []string) (refused []finding.Finding) {
	refuse := func(reason finding.Reason, with ...finding.With) {
		refused = append(refused, finding.New(reason, with...))
	}
	switch {
	case !known && t.Name == "":
		refuse(finding.IngressTypeMissing, finding.With{"types": c.ingressTypes()})
	case !known:
		refuse(finding.IngressTypeUnknown, finding.With{"type": t.Name, "types": c.ingressTypes()})
	case t.Name != "" && len(validation.IsDNS1123Subdomain(t.Name)) > 0:
		refuse(finding.IngressTypeInvalid, finding.With{"rule": finding.New(finding.MustBeSubdomain)})
	}
	if len(hostnames) == 0 {
		refuse(finding.HostnamesMissing)
	}
	for _, h := range hostnames {
		switch {
		case !isHostname(h):
			refuse(finding.HostnameInvalid, finding.With{"hostname": h, "rule": finding.New(finding.HostnameRule)})
		case !c.allowedHostname(h):
			refuse(finding.HostnameNotAllowed, finding.With{"hostname": h, "domains": finding.All(", ", c.allowedDomains())})
		}
	}
	if !isPath(cmp.Or(in.Path, "/")) {
		refuse(finding.PathInvalid)
	}
	if _, ok := login(in); !ok {
		refuse(finding.LoginInvalid)
	}
	if oidc(in) && known && len(t.OIDCAnnotations) == 0 {
		refuse(finding.LoginMissing, finding.With{"type": nameOf(t), "types": cmp.Or(c.loginTypes(), finding.Say(finding.NoIngressType))})
	}

	return refused
}

// annotations splits the annotations of an application into those to set, those to ignore,
// and rejected ones without which the Ingress must not be composed.
func (c *composition) annotations(in *v1alpha1.Ingress, t inputv1alpha1.IngressType) (set map[string]string, ignored []IgnoredField, refused []finding.Finding) {
	set = map[string]string{}
	platform := platformAnnotations(in, t)
	for _, name := range slices.Sorted(maps.Keys(in.Annotations)) {
		at := cut(Entry("spec.networking.ingress.annotations", name))
		why := c.refusedAnnotation(t, name, in.Annotations[name])
		_, replaced := platform[name]
		switch {
		case replaced:
		case why.IsZero():
			set[name] = in.Annotations[name]
		case protects(name):
			refused = append(refused, finding.New(finding.AnnotationProtects, finding.With{"annotation": at, "why": why}))
		default:
			ignored = append(ignored, IgnoredField{Path: at, Why: why})
		}
	}
	// The platform's annotations take precedence.
	maps.Copy(set, platform)

	return set, ignored, refused
}

// platformAnnotations returns the annotations that the platform sets on an Ingress.
func platformAnnotations(in *v1alpha1.Ingress, t inputv1alpha1.IngressType) map[string]string {
	annotations := map[string]string{}
	maps.Copy(annotations, t.Annotations)
	if oidc(in) {
		maps.Copy(annotations, t.OIDCAnnotations)
	}

	return annotations
}

// refusedAnnotation returns why an annotation of an application is rejected. It is zero for an
// allowed one, and never includes the value, which may be confidential.
func (c *composition) refusedAnnotation(t inputv1alpha1.IngressType, name, value string) (why finding.Finding) {
	switch {
	case settings.IsReserved(name) || name == settings.AnnotationIngressClass:
		return finding.New(finding.AnnotationReserved)
	case !settings.AllowsAnnotation(t, name):
		return finding.New(finding.AnnotationNotAllowed, finding.With{"type": nameOf(t)})
	case namesOtherNamespace(name, value, c.app.Namespace):
		return finding.New(finding.AnnotationNamesNamespace)
	case len(c.allowedDomains()) > 0 && namesOtherHosts(name, value, c.allowedHostname):
		return finding.New(finding.AnnotationNamesHost)
	}

	return why
}

// nameOf returns the name of an ingress type. The default type may have none.
func nameOf(t inputv1alpha1.IngressType) string {
	return cmp.Or(t.Name, finding.Say(finding.IngressTypeDefault))
}

// protects reports whether an annotation restricts access: logins and lists of addresses.
func protects(annotation string) bool {
	name := strings.ToLower(annotation)
	return slices.ContainsFunc([]string{"auth", "whitelist", "allowlist", "allow-list", "denylist", "deny-list", "source-range"}, func(s string) bool {
		return strings.Contains(name, s)
	})
}

// isHostname reports whether an Ingress can have the host.
func isHostname(h string) bool {
	if strings.HasPrefix(h, "*.") {
		return len(validation.IsWildcardDNS1123Subdomain(h)) == 0
	}

	return len(validation.IsDNS1123Subdomain(h)) == 0
}

// isPath reports whether Kubernetes accepts a path as a prefix, and the path cannot break out
// of a value in the configuration of an ingress controller.
func isPath(p string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"'`{};\\#", r) }
	lower := strings.ToLower(p)
	for _, part := range []string{"//", "/./", "/../", "%2f"} {
		if strings.Contains(lower, part) {
			return false
		}
	}

	return strings.HasPrefix(p, "/") && !strings.HasSuffix(p, "/.") && !strings.HasSuffix(p, "/..") && !strings.ContainsFunc(p, odd)
}

// allowedHostname reports whether the application may use a hostname.
func (c *composition) allowedHostname(hostname string) bool {
	domains := c.allowedDomains()
	if len(domains) == 0 {
		return true
	}
	for _, domain := range domains {
		if hostname == domain || strings.HasSuffix(hostname, "."+domain) && !strings.HasPrefix(hostname, "*.") {
			return true
		}
	}

	return false
}

// allowedDomains returns the domains of the application. It is empty if all are allowed.
func (c *composition) allowedDomains() []string {
	in := c.platform.Ingress
	if !in.PerNamespace {
		return in.AllowedDomains
	}
	var domains []string
	for _, domain := range settings.IngressDomains(in) {
		domains = append(domains, c.app.Namespace+"."+domain)
	}

	return domains
}

// ingressTypes returns the names of the platform's types.
func (c *composition) ingressTypes() string {
	return c.typesWith(func(inputv1alpha1.IngressType) bool { return true })
}

// loginTypes returns the names of the types with a login.
func (c *composition) loginTypes() string {
	return c.typesWith(func(t inputv1alpha1.IngressType) bool { return len(t.OIDCAnnotations) > 0 })
}

func (c *composition) typesWith(has func(inputv1alpha1.IngressType) bool) string {
	var names []string
	for _, t := range c.platform.Ingress.Types {
		if has(t) {
			names = append(names, t.Name)
		}
	}

	return strings.Join(names, ", ")
}

func (c *composition) ingressObject(in *v1alpha1.Ingress, t inputv1alpha1.IngressType, hostnames []string, annotations map[string]string, port v1alpha1.Port) *networkingv1ac.IngressApplyConfiguration {
	spec := networkingv1ac.IngressSpec()
	if class := cmp.Or(t.IngressClassName, t.Name); class != "" {
		spec.WithIngressClassName(class)
	}
	backend := networkingv1ac.IngressBackend().WithService(
		networkingv1ac.IngressServiceBackend().WithName(c.app.Name).WithPort(
			networkingv1ac.ServiceBackendPort().WithName(portName(port))))
	for _, host := range hostnames {
		spec.WithRules(networkingv1ac.IngressRule().WithHost(host).WithHTTP(
			networkingv1ac.HTTPIngressRuleValue().WithPaths(
				networkingv1ac.HTTPIngressPath().
					WithPath(cmp.Or(in.Path, "/")).
					WithPathType(networkingv1.PathTypePrefix).
					WithBackend(backend))))
	}
	if t.TLSSecretName != "" {
		spec.WithTLS(networkingv1ac.IngressTLS().WithHosts(hostnames...).WithSecretName(t.TLSSecretName))
	}

	object := networkingv1ac.Ingress(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)
	if len(annotations) > 0 {
		object.WithAnnotations(annotations)
	}

	return object
}

func oidc(in *v1alpha1.Ingress) bool {
	wanted, _ := login(in)
	return wanted
}

// login reports whether visitors must log in; ok is false if oidc is invalid.
func login(in *v1alpha1.Ingress) (wanted, ok bool) {
	switch v := parse(in.OIDC).(type) {
	case nil:
		return false, true
	case bool:
		return v, true
	case map[string]any:
		wanted, ok = v["enabled"].(bool)
	}

	return wanted, ok
}

// ingressType returns one of the platform's types. If the platform has none, the type is the
// name of an IngressClass.
func (c *composition) ingressType(in *v1alpha1.Ingress) (t inputv1alpha1.IngressType, known bool) {
	name := cmp.Or(in.Type, c.platform.Ingress.DefaultType)
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
	if c.platform.Ingress.PerNamespace {
		return []string{c.app.Name + "." + c.app.Namespace + "." + c.platform.Ingress.Domain}
	}

	return []string{c.app.Name + "." + c.platform.Ingress.Domain}
}

// ingressPort returns the first port with HTTP, or else the first that is not UDP.
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
