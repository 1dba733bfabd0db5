// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	stdcmp "cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

const (
	nginx = "nginx.ingress.kubernetes.io/"

	// lenient is an ingress type with many allowed annotations.
	lenient = `{"ingress": {"domain": "apps.example.com", "allowedDomains": ["apps.example.com", "example.net"], "defaultType": "public", "types": [
		{"name": "public", "annotations": {"` + nginx + `ssl-redirect": "true"}, "oidcAnnotations": {"` + nginx + `auth-url": "https://login.example.com/auth"},
		"allowedAnnotations": ["` + nginx + `*", "external-dns.alpha.kubernetes.io/hostname", "kubernetes.io/*", "haproxy.org/server-snippet", "haproxy.org/*", "alb.ingress.kubernetes.io/*", "traefik.ingress.kubernetes.io/*", "example.com/tls-secret"]},
		{"name": "strict"}]}}`
)

// withIngress composes an application with an Ingress.
func withIngress(t testingT, ingress v1alpha1.Ingress, platform string, seen Observed) Result {
	t.Helper()
	ingress.Enabled = true
	spec, err := json.Marshal(v1alpha1.PlatformApplicationSpec{
		Deployment: &v1alpha1.Deployment{Image: "a", Ports: []v1alpha1.Port{{Port: 8080}}},
		Networking: &v1alpha1.Networking{Ingress: &ingress},
	})
	if err != nil {
		t.Fatalf("cannot encode spec: %v", err)
	}

	return compose(t, string(spec), platform, seen)
}

// TestIngressAnnotations shows which annotations of an application are set.
func TestIngressAnnotations(t *testing.T) {
	type want struct {
		set     map[string]any
		ignored string
		refused string
	}
	const ssl = nginx + "ssl-redirect"
	at := func(name string) string { return "spec.networking.ingress.annotations[" + name + "]" }
	const otherHost = "its value may name a host outside the allowed domains"
	const otherNamespace = "its value may name an object in another namespace"
	const byName = `{"ingress": {"domain": "apps.example.com", "types": [{"name": "public", "allowedAnnotations": ["` + nginx + `proxy-ssl-secret", "` + nginx + `custom-headers", "` + nginx + `auth-secret"]}], "defaultType": "public"}}`
	cases := map[string]struct {
		reason      string
		annotations map[string]string
		typ         string
		platform    string
		want        want
	}{
		"Allowed": {
			reason:      "The platform allows full names or beginnings of names.",
			annotations: map[string]string{nginx + "proxy-body-size": "8m", "external-dns.alpha.kubernetes.io/hostname": "shop.apps.example.com"},
			want:        want{set: map[string]any{ssl: "true", nginx + "proxy-body-size": "8m", "external-dns.alpha.kubernetes.io/hostname": "shop.apps.example.com"}},
		},
		"NoneByDefault": {
			reason:      "An annotation that the type does not allow is ignored and reported.",
			typ:         "strict",
			annotations: map[string]string{nginx + "proxy-body-size": "8m"},
			want:        want{ignored: at(nginx+"proxy-body-size") + " (not allowed for ingress type strict)"},
		},
		"NoTypes": {
			reason:      "Without types, the platform allows no annotations.",
			typ:         "nginx",
			annotations: map[string]string{nginx + "proxy-body-size": "8m"},
			platform:    `{"ingress": {"domain": "apps.example.com"}}`,
			want:        want{ignored: at(nginx+"proxy-body-size") + " (not allowed for ingress type nginx)"},
		},
		"LoginNotAllowed": {
			reason:      "Without its own login, the application would be public, so it is not published.",
			typ:         "strict",
			annotations: map[string]string{nginx + "auth-url": "https://shop.apps.example.com/login"},
			want:        want{refused: at(nginx+"auth-url") + ": not allowed for ingress type strict; without it the application could be public; ask your platform team for help. The pods are not affected."},
		},
		"LoginElsewhere": {
			reason:      "A login that the platform does not allow is rejected.",
			annotations: map[string]string{nginx + "auth-url": "https://evil.example.org/ok"},
			want:        want{refused: at(nginx+"auth-url") + ": " + otherHost + "; without it the application could be public; ask your platform team for help. The pods are not affected."},
		},
		"AddressesNotAllowed": {
			reason:      "Without its list of allowed addresses, the application would be public.",
			typ:         "strict",
			annotations: map[string]string{nginx + "whitelist-source-range": "10.0.0.0/8"},
			want:        want{refused: at(nginx+"whitelist-source-range") + ": not allowed for ingress type strict; without it the application could be public; ask your platform team for help. The pods are not affected."},
		},
		"Snippets": {
			reason:      "Snippets and canaries are allowed only by their full names, in any case.",
			annotations: map[string]string{nginx + "configuration-snippet": "x", nginx + "Server-SNIPPET": "x", nginx + "canary": "true", nginx + "canary-weight": "100", "haproxy.org/server-snippet": "x"},
			want: want{set: map[string]any{ssl: "true", "haproxy.org/server-snippet": "x"}, ignored: strings.Join([]string{
				at(nginx+"Server-SNIPPET") + " (not allowed for ingress type public)",
				at(nginx+"canary-weight") + " (not allowed for ingress type public)",
				at(nginx+"canary") + " (not allowed for ingress type public)",
				at(nginx+"configuration-snippet") + " (not allowed for ingress type public)",
			}, ", ")},
		},
		"BeyondItsIngress": {
			reason:      "Annotations that affect other Ingresses, or objects in other namespaces, are allowed only by their full names.",
			annotations: map[string]string{nginx + "proxy-ssl-secret": "shop/tls", nginx + "custom-headers": "shop/h", nginx + "use-regex": "true", nginx + "rewrite-TARGET": "/", "external-dns.alpha.kubernetes.io/hostname": "shop.apps.example.com"},
			want: want{set: map[string]any{ssl: "true", "external-dns.alpha.kubernetes.io/hostname": "shop.apps.example.com"}, ignored: strings.Join([]string{
				at(nginx+"custom-headers") + " (not allowed for ingress type public)",
				at(nginx+"proxy-ssl-secret") + " (not allowed for ingress type public)",
				at(nginx+"rewrite-TARGET") + " (not allowed for ingress type public)",
				at(nginx+"use-regex") + " (not allowed for ingress type public)",
			}, ", ")},
		},
		"OwnNamespace": {
			reason:      "An application can name Secrets and ConfigMaps of its own namespace.",
			annotations: map[string]string{nginx + "proxy-ssl-secret": "shop/tls", nginx + "custom-headers": "headers"},
			platform:    byName,
			want:        want{set: map[string]any{nginx + "proxy-ssl-secret": "shop/tls", nginx + "custom-headers": "headers"}},
		},
		"OtherNamespace": {
			reason:      "The controller could read Secrets and ConfigMaps of other namespaces.",
			annotations: map[string]string{nginx + "proxy-ssl-secret": "billing/tls", nginx + "custom-headers": "shop-dev/headers"},
			platform:    byName,
			want:        want{ignored: at(nginx+"custom-headers") + " (" + otherNamespace + "), " + at(nginx+"proxy-ssl-secret") + " (" + otherNamespace + ")"},
		},
		"LoginOfOthers": {
			reason:      "Without its login, the application would be public.",
			annotations: map[string]string{nginx + "auth-secret": "billing/users"},
			platform:    byName,
			want:        want{refused: at(nginx+"auth-secret") + ": " + otherNamespace + "; without it the application could be public; ask your platform team for help. The pods are not affected."},
		},
		"HostsPerNamespace": {
			reason:      "An alias in the domain of another namespace would take its requests.",
			annotations: map[string]string{nginx + "server-alias": "web.billing.apps.example.com", "external-dns.alpha.kubernetes.io/hostname": "www.shop.apps.example.com"},
			platform:    strings.Replace(lenient, `"defaultType"`, `"perNamespace": true, "defaultType"`, 1),
			want: want{
				set:     map[string]any{ssl: "true", "external-dns.alpha.kubernetes.io/hostname": "www.shop.apps.example.com"},
				ignored: at(nginx+"server-alias") + " (" + otherHost + ")",
			},
		},
		"Class": {
			reason:      "The type chooses the class; Kubernetes rejects an Ingress with both.",
			annotations: map[string]string{"kubernetes.io/ingress.class": "internal"},
			want:        want{set: map[string]any{ssl: "true"}, ignored: at("kubernetes.io/ingress.class") + " (reserved)"},
		},
		"Reserved": {
			reason:      "An application cannot impersonate an object of another tool.",
			annotations: map[string]string{"argocd.argoproj.io/tracking-id": "x", "crossplane.io/external-name": "x"},
			want:        want{set: map[string]any{ssl: "true"}, ignored: at("argocd.argoproj.io/tracking-id") + " (reserved), " + at("crossplane.io/external-name") + " (reserved)"},
		},
		"OtherHosts": {
			reason:      "An alias is also a hostname.",
			annotations: map[string]string{nginx + "server-alias": "shop.apps.example.com, login.example.com", "external-dns.alpha.kubernetes.io/hostname": "login.example.com."},
			want: want{set: map[string]any{ssl: "true"}, ignored: at("external-dns.alpha.kubernetes.io/hostname") + " (" + otherHost + "), " +
				at(nginx+"server-alias") + " (" + otherHost + ")"},
		},
		"PlatformWins": {
			reason:      "Annotations of the platform take precedence over those of the application.",
			annotations: map[string]string{ssl: "https://evil.example.org"},
			want:        want{set: map[string]any{ssl: "true"}},
		},
		"AnyDomain": {
			reason:      "A platform without a list of domains takes every host.",
			typ:         "public",
			annotations: map[string]string{nginx + "server-alias": "www.example.org"},
			platform:    `{"ingress": {"domain": "apps.example.com", "types": [{"name": "public", "allowedAnnotations": ["` + nginx + `server-alias"]}]}}`,
			want:        want{set: map[string]any{nginx + "server-alias": "www.example.org"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := withIngress(t, v1alpha1.Ingress{Type: tc.typ, Annotations: tc.annotations}, stdcmp.Or(tc.platform, lenient), azureSeen())
			got := want{set: Object(r.Resources[NameIngress].Object).object("metadata", "annotations"), ignored: ignored(r)}
			if c := r.condition(TypeWorkloadReady); c.Reason == ReasonIngressRefused {
				got.refused = c.Message
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestIngressRefusedStays checks that a published application keeps its Ingress, including the
// login, when the platform allows less than before.
func TestIngressRefusedStays(t *testing.T) {
	ingress := v1alpha1.Ingress{Annotations: map[string]string{nginx + "auth-url": "https://shop.apps.example.com/login"}}
	seen := azureSeen()
	seen[NameIngress] = Object(withIngress(t, ingress, lenient, seen).Resources[NameIngress].Object)

	r := withIngress(t, ingress, strings.ReplaceAll(lenient, nginx+"*", nginx+"proxy-body-size"), seen)
	if diff := cmp.Diff(seen[NameIngress].object("metadata", "annotations"), Object(r.Resources[NameIngress].Object).object("metadata", "annotations")); diff != "" {
		t.Errorf("Compose(...): annotations of an Ingress that is refused: -before, +after:\n%s", diff)
	}
	if got := r.condition(TypeWorkloadReady).Reason; got != ReasonIngressRefused {
		t.Errorf("Compose(...): want reason %s, got %s", ReasonIngressRefused, got)
	}
}

// TestIngressHostsAndPaths shows the hosts and paths of an Ingress.
func TestIngressHostsAndPaths(t *testing.T) {
	perNamespace := strings.Replace(lenient, `"defaultType"`, `"perNamespace": true, "defaultType"`, 1)
	cases := map[string]struct {
		reason   string
		ingress  v1alpha1.Ingress
		platform string
		want     string
	}{
		"Plain":        {"An application gets the hostnames of its manifest.", v1alpha1.Ingress{Hostnames: []string{"shop.apps.example.com", "example.net"}, Path: "/api/v1"}, lenient, ""},
		"UpperCase":    {"Kubernetes rejects an Ingress with a capital letter, and Crossplane then applies nothing.", v1alpha1.Ingress{Hostnames: []string{"Shop.apps.example.com"}}, lenient, `"Shop.apps.example.com" must be lower-case`},
		"TrailingDot":  {"A hostname does not end with a dot.", v1alpha1.Ingress{Hostnames: []string{"shop.apps.example.com."}}, lenient, `"shop.apps.example.com." must be lower-case`},
		"Newline":      {"A valid suffix does not make a hostname valid.", v1alpha1.Ingress{Hostnames: []string{"evil.org\n.apps.example.com"}}, lenient, `"evil.org\n.apps.example.com" must be lower-case`},
		"Wildcard":     {"A wildcard would cover the hostnames of others.", v1alpha1.Ingress{Hostnames: []string{"*.apps.example.com"}}, lenient, "*.apps.example.com is not in an allowed domain"},
		"WildcardOpen": {"Without a list of domains, a wildcard is allowed.", v1alpha1.Ingress{Hostnames: []string{"*.example.org"}}, `{"ingress": {"domain": "a"}}`, ""},
		"WildcardOdd":  {"A wildcard must be the first label.", v1alpha1.Ingress{Hostnames: []string{"a.*.example.org"}}, `{"ingress": {"domain": "a"}}`, `"a.*.example.org" must be lower-case`},
		"Suffix":       {"A domain begins at a label.", v1alpha1.Ingress{Hostnames: []string{"evilapps.example.com"}}, lenient, "evilapps.example.com is not in an allowed domain"},
		"Port":         {"A host has no port.", v1alpha1.Ingress{Hostnames: []string{"shop.apps.example.com:80"}}, lenient, `must be lower-case`},
		"Namespace":    {"An application can use hostnames of its namespace.", v1alpha1.Ingress{Hostnames: []string{"web.shop.apps.example.com", "a.b.shop.example.net", "shop.example.net"}}, perNamespace, ""},
		"Default":      {"The default hostname contains the namespace.", v1alpha1.Ingress{}, perNamespace, ""},
		"OnlyDomain":   {"The domain is one of the allowed ones.", v1alpha1.Ingress{}, `{"ingress": {"perNamespace": true, "domain": "apps.example.com", "allowedDomains": ["example.net"]}}`, ""},
		"Other":        {"A hostname of another namespace is rejected.", v1alpha1.Ingress{Hostnames: []string{"web.billing.apps.example.com"}}, perNamespace, "web.billing.apps.example.com is not in an allowed domain: shop.apps.example.com, shop.example.net"},
		"Nobody":       {"A hostname without a namespace is rejected.", v1alpha1.Ingress{Hostnames: []string{"web.apps.example.com"}}, perNamespace, "web.apps.example.com is not in an allowed domain"},
		"NoLabel":      {"A namespace is a whole label.", v1alpha1.Ingress{Hostnames: []string{"web.team-shop.apps.example.com", "web-shop.apps.example.com"}}, perNamespace, "web-shop.apps.example.com is not in an allowed domain"},
		"Elsewhere":    {"The namespace must be the label before the domain.", v1alpha1.Ingress{Hostnames: []string{"shop.billing.apps.example.com", "web.shop.example.org"}}, perNamespace, "shop.billing.apps.example.com is not in an allowed domain"},
		"WildcardOwn":  {"A wildcard in the namespace's domain is rejected.", v1alpha1.Ingress{Hostnames: []string{"*.shop.apps.example.com"}}, perNamespace, "*.shop.apps.example.com is not in an allowed domain"},
		"PathEndsRule": {"A path cannot end a rule in the controller's configuration.", v1alpha1.Ingress{Path: "/;}server{"}, lenient, "spec.networking.ingress.path: must begin with /"},
		"PathQuote":    {"A path has no quotes.", v1alpha1.Ingress{Path: `/"`}, lenient, "spec.networking.ingress.path: must begin with /"},
		"PathNewline":  {"A path has no line breaks.", v1alpha1.Ingress{Path: "/a\nb"}, lenient, "spec.networking.ingress.path: must begin with /"},
		"PathUp":       {"Kubernetes rejects a prefix with dots.", v1alpha1.Ingress{Path: "/a/../b"}, lenient, "spec.networking.ingress.path: must begin with /"},
		"PathSlashes":  {"A path has no empty segments.", v1alpha1.Ingress{Path: "//a"}, lenient, "spec.networking.ingress.path: must begin with /"},
		"PathRelative": {"A path begins with a slash.", v1alpha1.Ingress{Path: "a"}, lenient, "spec.networking.ingress.path: must begin with /"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := withIngress(t, tc.ingress, tc.platform, azureSeen())
			_, composed := r.Resources[NameIngress]
			if c := r.condition(TypeWorkloadReady); composed != (tc.want == "") || !strings.Contains(c.Message, tc.want) {
				t.Errorf("\n%s\nCompose(...): want %q said, got an Ingress: %t, %s: %s", tc.reason, tc.want, composed, c.Reason, c.Message)
			}
		})
	}
}

// TestDefaultHostname shows the hostname of an application without hostnames.
func TestDefaultHostname(t *testing.T) {
	for platform, want := range map[string]string{
		`{"ingress": {"domain": "apps.example.com"}}`:                       "shop-api.apps.example.com",
		`{"ingress": {"domain": "apps.example.com", "perNamespace": true}}`: "shop-api.shop.apps.example.com",
	} {
		r := withIngress(t, v1alpha1.Ingress{}, platform, azureSeen())
		rules := Object(r.Resources[NameIngress].Object).list("spec", "rules")
		var host any
		if len(rules) == 1 {
			host = rules[0].(map[string]any)["host"] //nolint:forcetypeassert // It is what was composed.
		}
		if host != want {
			t.Errorf("hostname with %s: want %s, got %v", platform, want, rules)
		}
	}
}

// TestNamesOtherNamespace shows which Secrets and ConfigMaps are found in values of annotations.
func TestNamesOtherNamespace(t *testing.T) {
	cases := map[string]struct {
		annotation string
		values     []string
		want       bool
	}{
		"Own":       {annotation: nginx + "auth-secret", values: []string{"", "users", "shop/users", " shop/users ", "secret://shop/users", "shop/a,shop/b", "a, shop/b", "X-Real-Ip"}},
		"Other":     {annotation: nginx + "auth-secret", want: true, values: []string{"billing/users", "shop/users,billing/users", "shop/a\nbilling/b", "a\u00a0billing/b", "secret://billing/users", "file:///run/users", "/users", "shop-dev/users", "myshop/users", "Shop/users", "shop/../billing/users", "shop//users", "./billing/users"}},
		"Case":      {annotation: nginx + "Proxy-SSL-Secret", want: true, values: []string{"billing/users"}},
		"ConfigMap": {annotation: nginx + "fastcgi-params-configmap", want: true, values: []string{"billing/a"}},
		"Headers":   {annotation: nginx + "auth-proxy-set-headers", want: true, values: []string{"billing/a"}},
		"Neither":   {annotation: nginx + "app-root", values: []string{"/a/b", "billing/users"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, value := range tc.values {
				if got := namesOtherNamespace(tc.annotation, value, "shop"); got != tc.want {
					t.Errorf("namesOtherNamespace(%q, %q): want %t, got %t", tc.annotation, value, tc.want, got)
				}
			}
		})
	}
}

// TestNamesOtherHosts shows which hosts are found in values of annotations.
func TestNamesOtherHosts(t *testing.T) {
	allowed := func(h string) bool { return h == "example.com" || strings.HasSuffix(h, ".example.com") }
	cases := map[string]struct {
		annotation string
		values     []string
		want       bool
	}{
		"NoHost": {values: []string{
			"", "true", "8m", "GRPC", "1.5", "0.5s", "60", "TLSv1.2 TLSv1.3", "HIGH:!aNULL", "/", "/$2", "/index.html", "/api/v1.2/x", "text/html; charset=utf-8", "404,503",
			"10.0.0.0/8", "10.0.0.0/8, 192.168.0.0/16", "2001:db8::/32", "letsencrypt-prod", "namespace/name.of.secret", "X-Real-Ip, Authorization", "round_robin", "100%", "a=b;c=d", "/a?b=c#d",
		}},
		"Allowed": {values: []string{
			"example.com", "SHOP.Example.COM", "shop.example.com.", "a.example.com,b.example.com", "a.example.com b.example.com", "https://shop.example.com", "https://shop.example.com:8443/a.b/c?d=e.",
			"//shop.example.com/x", ".example.com", "https://a.example.com, https://b.example.com",
		}},
		"Other": {want: true, values: []string{
			"evil.org", "EVIL.org", "evil.org.", "shop.example.com,evil.org", "shop.example.com evil.org", "shop.example.com;evil.org", "shop.example.com|evil.org", "notexample.com", "example.com.evil.org",
			"https://evil.org", "HTTPS://EVIL.ORG/", "//evil.org", "///evil.org", "https:/evil.org", "https:evil.org", "https:\\\\evil.org", "/\\evil.org", "/login?next=//evil.org", "/login?next=https://evil.org",
			"https://good.example.com@evil.org", "https://evil.org#good.example.com", "https://evil.org?good.example.com", "https://evil.org/good.example.com", "https://good.example.com:evil.org",
			"https://evil.org&x.example.com", "https://localhost", "https://evil", "//metadata", "http://2130706433", "http://0x7f000001/", "http://127.1", "169.254.169.254", "http://169.254.169.254/x", "http://[::1]/", "2001:db8::1",
			"*.example.com", "*", "~^.*$", "~.", "evil%2Eorg", "https://evil%2eorg", "ｅｖｉｌ．ｏｒｇ", "evil。org", "bücher.de", "xn--bcher-kva.de", "$http_x_evil", "https://$host", "${host}", "https://$1.example.com", "https://shop.example.com$1", "https://shop.example.com:$1", "https://shop.example.com:80:443",
			"evil.org\nshop.example.com", "shop.example.com\tevil.org", "HostRegexp(`.+`)", `{"host":"evil"}`, "ev\u200bil.org", "me@evil.org", "return 302 http://evil.org;", "163.com", "http:evil",
		}},
		"HostsOnly": {annotation: nginx + "server-alias", want: true, values: []string{"evil", "shop.example.com evil", "127.1", "localhost", "_"}},
		"HostsOK":   {annotation: nginx + "server-alias", values: []string{"shop.example.com", "a.example.com, b.example.com"}},
		"HostsFlag": {annotation: "konghq.com/preserve-host", values: []string{"true", "false"}},
		"Vhost":     {annotation: nginx + "upstream-vhost", want: true, values: []string{"internal"}},
		"DNSName":   {annotation: "external-dns.alpha.kubernetes.io/hostname", want: true, values: []string{"a", "example.com,a"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, value := range tc.values {
				if got := namesOtherHosts(stdcmp.Or(tc.annotation, "example.com/a"), value, allowed); got != tc.want {
					t.Errorf("namesOtherHosts(%q): want %t, got %t", value, tc.want, got)
				}
			}
		})
	}
}

// TestIngressProperties checks that for any manifest and any sequence of changes, an Ingress has no
// annotation that the platform does not allow, no foreign host, and all annotations of the
// platform.
func TestIngressProperties(t *testing.T) {
	names := rapid.OneOf(
		rapid.SampledFrom([]string{
			nginx + "proxy-body-size", nginx + "server-alias", nginx + "configuration-snippet", nginx + "auth-snippet", nginx + "canary", nginx + "auth-url", nginx + "ssl-redirect",
			nginx + "proxy-ssl-secret", nginx + "auth-tls-secret", nginx + "fastcgi-params-configmap", nginx + "custom-headers", nginx + "use-regex", nginx + "rewrite-target", nginx + "mirror-target",
			"alb.ingress.kubernetes.io/group.name", "alb.ingress.kubernetes.io/group.order", "traefik.ingress.kubernetes.io/router.priority", "haproxy.org/config-backend", "example.com/tls-secret",
			"external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/target", "kubernetes.io/ingress.class", "argocd.argoproj.io/tracking-id", "haproxy.org/server-snippet", "a",
		}),
		rapid.StringMatching(`(nginx\.ingress\.kubernetes\.io/|Nginx\.ingress\.kubernetes\.io/|nginx\.org/)?[a-zA-Z-]{1,12}`),
	)
	hosts := rapid.StringMatching(`[a-zA-Z0-9]{1,8}\.(evil\.org|example\.org|apps\.example\.com\.cc|co)\.?`)
	values := rapid.Custom(func(rt *rapid.T) string {
		host := hosts.Draw(rt, "host")
		return rapid.SampledFrom([]string{
			host, "https://" + host, "//" + host + "/a", "shop.apps.example.com," + host, "shop.apps.example.com " + host, "https://shop.apps.example.com@" + host, "https://" + host + "/shop.apps.example.com",
			"https://" + host + "?x=shop.apps.example.com", "https://" + host + ":443", "~" + host, "*." + host, "/x?next=//" + host, "https:" + host, "\"" + host + "\"", "<" + host + ">", "(" + host + ")", "a=" + host,
		}).Draw(rt, "form")
	})
	rapid.Check(t, func(rt *rapid.T) {
		seen := azureSeen()
		for range rapid.IntRange(1, 4).Draw(rt, "calls") {
			in := v1alpha1.Ingress{
				Type:        rapid.SampledFrom([]string{"", "public", "strict", "other"}).Draw(rt, "type"),
				Annotations: rapid.MapOfN(names, rapid.OneOf(values, rapid.SampledFrom([]string{"true", "8m", "shop.apps.example.com", "billing/users", "shop/users"})), 0, 5).Draw(rt, "annotations"),
			}
			if reference := rapid.SampledFrom([]string{"", "shop/users", "billing/users"}).Draw(rt, "reference"); reference != "" {
				in.Annotations["example.com/tls-secret"] = reference
			}
			r := withIngress(rt, in, lenient, seen)
			ingress, ok := r.Resources[NameIngress]
			if !ok {
				continue
			}
			checkAnnotations(rt, Object(ingress.Object).object("metadata", "annotations"))
			seen[NameIngress] = Object(ingress.Object)
		}
	})
}

// checkAnnotations checks the annotations of an Ingress, independently of the function's code.
func checkAnnotations(rt *rapid.T, set Object) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value, lower := set.str(name), strings.ToLower(name)
		isOf := func(part string) bool { return strings.Contains(lower, part) }
		beyond := slices.ContainsFunc([]string{"snippet", "canary", "secret", "configmap", "custom-headers", "config-", "group.name", "priority", "use-regex", "target"}, isOf)
		allowed := name == "external-dns.alpha.kubernetes.io/hostname" || name == "haproxy.org/server-snippet" || name == "example.com/tls-secret" ||
			!beyond && (strings.HasPrefix(name, nginx) || strings.HasPrefix(name, "alb.ingress.kubernetes.io/") || strings.HasPrefix(name, "traefik.ingress.kubernetes.io/") || strings.HasPrefix(name, "haproxy.org/"))
		switch {
		case name == nginx+"ssl-redirect" && value == "true":
		case !allowed:
			rt.Fatalf("annotation %s is not allowed, and set", name)
		case name == "example.com/tls-secret" && strings.HasPrefix(value, "billing/"):
			rt.Fatalf("annotation %s names an object of another namespace: %q", name, value)
		case !slices.Contains([]string{"true", "8m", "shop.apps.example.com", "billing/users", "shop/users"}, value):
			rt.Fatalf("annotation %s names another host: %q", name, value)
		}
	}
}

// FuzzNamesOtherHosts checks that a host in a foreign domain is found between any two texts that do
// not make it a part of a path or of a longer name.
func FuzzNamesOtherHosts(f *testing.F) {
	f.Add("https://", "/x")
	f.Add("shop.example.com, ", " ; a")
	f.Add("(", ")")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "//") {
			t.Skip("a part of a path")
		}
		isWord := func(b byte) bool {
			return b == '.' || b == '_' || b == '-' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z'
		}
		if before != "" && isWord(before[len(before)-1]) || after != "" && isWord(after[0]) {
			t.Skip("a part of a longer name")
		}
		if !namesOtherHosts("a", before+"evil.org"+after, func(h string) bool { return strings.HasSuffix(h, "example.com") }) {
			t.Errorf("namesOtherHosts(%q): want true", before+"evil.org"+after)
		}
	})
}
