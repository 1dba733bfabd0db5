// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// AnnotationIngressClass is deprecated. Kubernetes rejects an Ingress with this annotation and
// ingressClassName.
const AnnotationIngressClass = "kubernetes.io/ingress.class"

func (c *checker) ingress(path *field.Path, in *v1alpha1.IngressDefaults) {
	if in == nil {
		return
	}
	c.domain(path.Child("domain"), in)
	c.perNamespace(path.Child("perNamespace"), in)
	for i, domain := range in.AllowedDomains {
		c.dns(path.Child("allowedDomains").Index(i), domain)
	}
	c.unique(path.Child("allowedDomains"), in.AllowedDomains)
	names := map[string]bool{"": true}
	for i, t := range in.Types {
		names[t.Name] = true
		c.ingressType(path.Child("types").Index(i), t)
	}
	c.uniqueKeys(path.Child("types"), "name", each(in.Types, func(t v1alpha1.IngressType) string { return t.Name }))
	switch {
	case len(in.Types) > 0 && !names[in.DefaultType]:
		c.invalid(path.Child("defaultType"), in.DefaultType, finding.DefaultTypeUnknown)
	case len(in.Types) == 0 && in.DefaultType != "":
		c.dns(path.Child("defaultType"), in.DefaultType)
	}
}

// domain limits the domain, because a hostname has at most 253 characters. If it were not allowed, every
// default hostname would be rejected.
func (c *checker) domain(path *field.Path, in *v1alpha1.IngressDefaults) {
	if in.Domain == "" {
		return
	}
	c.dns(path, in.Domain)
	most, names := validation.DNS1123SubdomainMaxLength-validation.DNS1035LabelMaxLength-1, finding.NameFits
	if in.PerNamespace {
		most, names = most-validation.DNS1123LabelMaxLength-1, finding.NamesFit
	}
	if len(in.Domain) > most {
		c.invalid(path, in.Domain, finding.DomainTooLong, finding.With{"most": most, "names": finding.New(names)})
	}
	if !in.PerNamespace && !allowsDomain(in.AllowedDomains, in.Domain) {
		c.invalid(path, in.Domain, finding.DomainNotAllowed)
	}
}

// allowsDomain reports whether applications may have hostnames in a domain. With perNamespace, they may
// always have them in that of the platform.
func allowsDomain(allowed []string, domain string) bool {
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(a string) bool { return domain == a || strings.HasSuffix(domain, "."+a) })
}

// perNamespace rejects subdomains of other domains. If example.com and apps.example.com were
// allowed, namespace apps would own the hostnames of all namespaces below apps.example.com.
func (c *checker) perNamespace(path *field.Path, in *v1alpha1.IngressDefaults) {
	if !in.PerNamespace {
		return
	}
	domains := IngressDomains(in)
	if len(domains) == 0 {
		c.forbidden(path, finding.PerNamespaceWithoutDomain)
	}
	for _, domain := range domains {
		for _, other := range domains {
			if strings.HasSuffix(domain, "."+other) {
				c.forbidden(path, finding.DomainBelowAnother, finding.With{"domain": domain, "other": other})
			}
		}
	}
}

// IngressDomains returns the domains of the platform, without duplicates.
func IngressDomains(in *v1alpha1.IngressDefaults) []string {
	if in.Domain == "" || slices.Contains(in.AllowedDomains, in.Domain) {
		return in.AllowedDomains
	}

	return append([]string{in.Domain}, in.AllowedDomains...)
}

func (c *checker) ingressType(path *field.Path, t v1alpha1.IngressType) {
	c.dns(path.Child("name"), t.Name)
	if t.IngressClassName != "" {
		c.dns(path.Child("ingressClassName"), t.IngressClassName)
	}
	if t.TLSSecretName != "" {
		c.dns(path.Child("tlsSecretName"), t.TLSSecretName)
	}
	c.annotations(path.Child("annotations"), t.Annotations)
	c.atMost(path.Child("allowedAnnotations"), len(t.AllowedAnnotations), 100)
	for i, pattern := range t.AllowedAnnotations {
		c.allowedAnnotation(path.Child("allowedAnnotations").Index(i), pattern)
	}
	c.unique(path.Child("allowedAnnotations"), t.AllowedAnnotations)
	c.annotations(path.Child("oidcAnnotations"), t.OIDCAnnotations)
}

func (c *checker) annotations(path *field.Path, annotations map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		at := path.Key(name)
		c.qualified(at, name, strings.ToLower(name))
		if IsReserved(name) {
			c.forbidden(at, finding.MustNotBeReserved)
		}
		if name == AnnotationIngressClass {
			c.forbidden(at, finding.IngressClassByAnnotation)
		}
	}
}

// allowedAnnotation accepts a whole name, or the beginning of one with its whole domain: the
// domain shows which tools read an annotation.
func (c *checker) allowedAnnotation(path *field.Path, pattern string) {
	begin, wildcard := strings.CutSuffix(pattern, "*")
	name := begin
	if wildcard {
		name += "x" // The shortest name that matches.
	}
	switch {
	case wildcard && !strings.Contains(begin, "/"):
		c.invalid(path, pattern, finding.AnnotationPatternInvalid)
	case name == AnnotationIngressClass:
		c.forbidden(path, finding.IngressClassNotAllowed, finding.With{"annotation": AnnotationIngressClass})
	case IsReserved(name):
		c.invalid(path, pattern, finding.MustNotBeReserved)
	default:
		c.qualified(path, pattern, strings.ToLower(name))
	}
}

// IsReserved reports whether tools recognize their objects by an annotation. An application
// that sets one could impersonate another.
func IsReserved(annotation string) bool {
	domain, _, _ := strings.Cut(annotation, "/")
	for _, d := range []string{"crossplane.io", "argoproj.io", "kubectl.kubernetes.io"} {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}

	return false
}

// AllowsAnnotation reports whether an application may set an annotation of that name on
// an Ingress of the type. Names are case-sensitive, as in Kubernetes.
func AllowsAnnotation(t v1alpha1.IngressType, name string) bool {
	if IsReserved(name) || name == AnnotationIngressClass || len(validation.IsQualifiedName(strings.ToLower(name))) > 0 {
		return false
	}

	return slices.ContainsFunc(t.AllowedAnnotations, func(pattern string) bool {
		begin, wildcard := strings.CutSuffix(pattern, "*")
		return pattern == name || wildcard && strings.HasPrefix(name, begin) && !isOnlyByName(name)
	})
}

// isOnlyByName reports whether an annotation is never allowed by a pattern, because it affects
// more than its own Ingress.
func isOnlyByName(annotation string) bool {
	name := strings.ToLower(annotation)
	return slices.ContainsFunc([]string{
		// Configuration of the ingress controller itself.
		"snippet", "config-",
		// Requests of another Ingress: some of them, those of the same host, or all of a shared load balancer.
		"canary", "priority", "use-regex", "group", "order", "load-balancer", "actions.", "conditions.",
		// Objects that can be in another namespace.
		"secret", "configmap", "headers", "middleware", "transport", "plugin", "polic", "cr-backend",
		// The target of requests or DNS records.
		"target", "mirror",
	}, func(part string) bool { return strings.Contains(name, part) })
}
