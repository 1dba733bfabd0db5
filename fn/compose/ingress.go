// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const pathIngress = "spec.networking.ingress"

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
	if in == nil {
		// To stop publishing waits for nothing.
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
		w.ignored = append(w.ignored, IgnoredField{Path: pathIngress, Why: "the deployment has no port for it"})
	}

	switch {
	case w.waits():
		// What is wrong is said now; the pods come first.
		c.keepIfObserved(NameIngress)
	case len(w.refused) > 0:
		c.waiting = true
		if c.keep(NameIngress) {
			w.refused = append(w.refused, "the Ingress that exists stays as it was")
		}
	case ok:
		c.want(NameIngress, c.ingressObject(in, t, hostnames, annotations, port))
	}
}

// refusedIngress says why an Ingress is not composed as asked for.
func (c *composition) refusedIngress(in *v1alpha1.Ingress, t inputv1alpha1.IngressType, known bool, hostnames []string) (refused []string) {
	switch {
	case !known && t.Name == "":
		refused = append(refused, "spec.networking.ingress.type: required, one of "+c.ingressTypes())
	case !known:
		refused = append(refused, "spec.networking.ingress.type: the platform has no type "+strconv.Quote(t.Name)+", only "+c.ingressTypes()+"; use one of these, or ask your platform team to add yours to ingress.types of the settings")
	case t.Name != "" && len(validation.IsDNS1123Subdomain(t.Name)) > 0:
		refused = append(refused, "spec.networking.ingress.type: must be the name of an IngressClass, with lower-case letters, digits, hyphens and dots")
	}
	if len(hostnames) == 0 {
		refused = append(refused, "spec.networking.ingress.hostnames: required, because the platform has no default domain")
	}
	for _, h := range hostnames {
		switch {
		case !isHostname(h):
			refused = append(refused, "spec.networking.ingress.hostnames: "+strconv.Quote(h)+" must be lower-case letters, digits, hyphens and dots, such as shop.example.com or *.example.com")
		case !c.allowedHostname(h):
			refused = append(refused, "spec.networking.ingress.hostnames: "+h+" is not in a domain that applications may use: "+strings.Join(c.allowedDomains(), ", "))
		}
	}
	if !isPath(first(in.Path, "/")) {
		refused = append(refused, "spec.networking.ingress.path: must begin with / and must not contain blanks, quotes, braces, semicolons, backslashes, # or empty segments")
	}
	if _, ok := login(in); !ok {
		refused = append(refused, "spec.networking.ingress.oidc: must be true, false or an object whose enabled is true or false; without it the application could be open to everybody by mistake")
	}
	if oidc(in) && known && len(t.OIDCAnnotations) == 0 {
		refused = append(refused, "spec.networking.ingress.oidc: the platform has no login for ingress type "+first(t.Name, "(default)")+", only for "+first(c.loginTypes(), "none")+"; without one the application would be open to everybody; use one of these, or ask your platform team to set oidcAnnotations of yours in ingress.types of the settings")
	}
	return refused
}

// annotations splits those of an application into those that are set, those that have no
// effect, and those without which its Ingress must not be composed.
func (c *composition) annotations(in *v1alpha1.Ingress, t inputv1alpha1.IngressType) (set map[string]string, ignored []IgnoredField, refused []string) {
	set = map[string]string{}
	platform := platformAnnotations(in, t)
	for _, name := range slices.Sorted(maps.Keys(in.Annotations)) {
		at := cut(Entry("spec.networking.ingress.annotations", name))
		why := c.refusedAnnotation(t, name, in.Annotations[name])
		_, replaced := platform[name]
		switch {
		case replaced:
		case why == "":
			set[name] = in.Annotations[name]
		case protects(name):
			refused = append(refused, at+": "+why+"; without it the application could be open to everybody; ask your platform team")
		default:
			ignored = append(ignored, IgnoredField{Path: at, Why: why})
		}
	}
	// The platform's come last: they are rules, not suggestions.
	maps.Copy(set, platform)
	return set, ignored, refused
}

// platformAnnotations are those that the platform sets on every Ingress like this one.
func platformAnnotations(in *v1alpha1.Ingress, t inputv1alpha1.IngressType) map[string]string {
	annotations := map[string]string{}
	maps.Copy(annotations, t.Annotations)
	if oidc(in) {
		maps.Copy(annotations, t.OIDCAnnotations)
	}
	return annotations
}

// refusedAnnotation says why an annotation of an application is not set, if it is not.
// The value is left out, because nobody knows what a team puts there.
func (c *composition) refusedAnnotation(t inputv1alpha1.IngressType, name, value string) string {
	switch {
	case settings.IsReserved(name) || name == settings.AnnotationIngressClass:
		return "reserved"
	case !settings.AllowsAnnotation(t, name):
		return "not allowed for ingress type " + first(t.Name, "(default)")
	case namesOtherNamespace(name, value, c.app.Namespace):
		return "it may name an object of another namespace"
	case len(c.allowedDomains()) > 0 && namesOtherHosts(name, value, c.allowedHostname):
		return "it may name a host that is not in a domain that applications may use"
	}
	return ""
}

// protects is true of annotations that keep visitors out: logins and lists of addresses.
func protects(annotation string) bool {
	name := strings.ToLower(annotation)
	return slices.ContainsFunc([]string{"auth", "whitelist", "allowlist", "allow-list", "denylist", "deny-list", "source-range"}, func(s string) bool {
		return strings.Contains(name, s)
	})
}

// isHostname is true of what an Ingress can have as a host.
func isHostname(h string) bool {
	if strings.HasPrefix(h, "*.") {
		return len(validation.IsWildcardDNS1123Subdomain(h)) == 0
	}
	return len(validation.IsDNS1123Subdomain(h)) == 0
}

// isPath is true of paths that Kubernetes takes as a prefix, and that do not end a value
// in the configuration of an ingress controller.
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

// allowedHostname keeps an application from names that are not applications'.
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

// allowedDomains of the application, or none if it may have any hostname.
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

// ingressTypes of the platform, by name.
func (c *composition) ingressTypes() string {
	return c.typesWith(func(inputv1alpha1.IngressType) bool { return true })
}

// loginTypes are those that have a login.
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
	if len(annotations) > 0 {
		object.WithAnnotations(annotations)
	}
	return object
}

func oidc(in *v1alpha1.Ingress) bool {
	wanted, _ := login(in)
	return wanted
}

// login tells whether visitors have to log in; ok is false if oidc does not say.
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
	if c.platform.Ingress.PerNamespace {
		return []string{c.app.Name + "." + c.app.Namespace + "." + c.platform.Ingress.Domain}
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
