// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	stdcmp "cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func equateEmpty() cmp.Option { return cmpopts.EquateEmpty() }

const fence = `{"networkPolicy": {"enabled": true, "allowedNamespaces": ["ingress-nginx"]}}`

// letIn returns the clients that a NetworkPolicy admits, as namespace/pods:ports.
func letIn(r Result) []string {
	var out []string
	policy := Object(r.Resources[NameNetworkPolicy].Object)
	for _, v := range policy.list("spec", "ingress") {
		rule, _ := v.(map[string]any)
		var ports []string
		for _, v := range Object(rule).list("ports") {
			p, _ := v.(map[string]any)
			port := Object(p).str("protocol")
			if n, ok := Object(p).number("port"); ok {
				port += fmt.Sprintf("/%d", n)
			}
			ports = append(ports, port)
		}
		for _, v := range Object(rule).list("from") {
			peer, _ := v.(map[string]any)
			namespace := Object(peer).str("namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
			pods := "*"
			for k, v := range Object(peer).object("podSelector", "matchLabels") {
				pods = fmt.Sprintf("%s=%v", k, v)
			}
			out = append(out, namespace+" "+pods+" "+strings.Join(ports, ","))
		}
	}

	return out
}

// TestNetworkPolicy shows the clients that an application admits.
func TestNetworkPolicy(t *testing.T) {
	const (
		tcp     = `"ports": [{"port": 8080, "protocol": "http"}]`
		nginx   = "ingress-nginx * TCP/8080"
		nobody  = "; this entry allows no traffic"
		service = pathInboundServices
	)
	from := func(namespace, name, ports string) []string {
		return []string{namespace + " " + LabelApplication + "=" + name + " " + ports, namespace + " " + labelApp + "=" + name + " " + ports}
	}
	type want struct {
		Fenced         bool
		LetIn, Ignored []string
	}
	only := func(ignored ...string) want { return want{true, []string{nginx}, ignored} }
	cases := map[string]struct {
		reason                        string
		deployment, inbound, platform string
		seen                          Observed
		want                          want
	}{
		"Off":          {reason: "Without network policies, inbound has no effect.", inbound: `{"services": [{"name": "web"}]}`, platform: `{}`, want: want{Ignored: []string{pathInbound + " (the platform has no network policies, so any pod that can reach the application can connect)"}}},
		"OffNobody":    {reason: "Without network policies, an empty list has no effect.", inbound: `{"services": []}`, platform: `{"networkPolicy": {"allowedNamespaces": ["a"]}}`, want: want{Ignored: []string{pathInbound + " (the platform has no network policies, so any pod that can reach the application can connect)"}}},
		"OffEmpty":     {reason: "An empty object has no rules to ignore.", inbound: `{}`, platform: `{}`},
		"Null":         {reason: "Null has no rules.", inbound: `null`},
		"Service":      {reason: "A service can connect to all ports from its namespace.", inbound: `{"services": [{"name": "web", "namespace": "front"}]}`, want: want{true, append([]string{nginx}, from("front", "web", "TCP/8080")...), nil}},
		"OwnNamespace": {reason: "The default namespace is the application's.", inbound: `{"services": [{"name": "web"}]}`, want: want{true, append([]string{nginx}, from("shop", "web", "TCP/8080")...), nil}},
		"Port":         {reason: "A port restricts a service to this port.", deployment: `"ports": [{"port": 8080}, {"port": 9090}, {"port": 9090, "protocol": "udp"}]`, inbound: `{"services": [{"name": "web", "port": 9090}]}`, want: want{true, append([]string{"ingress-nginx * TCP/8080,TCP/9090,UDP/9090"}, from("shop", "web", "TCP/9090,UDP/9090")...), nil}},
		"Protocol":     {reason: "A protocol restricts a service to this protocol.", deployment: `"ports": [{"port": 8080}, {"port": 9090}, {"port": 9090, "protocol": "udp"}]`, inbound: `{"services": [{"name": "web", "protocol": "UDP"}]}`, want: want{true, append([]string{"ingress-nginx * TCP/8080,TCP/9090,UDP/9090"}, from("shop", "web", "UDP/9090")...), nil}},
		"OtherPort":    {reason: "A container can listen on ports that it does not list.", inbound: `{"services": [{"name": "web", "port": "9100"}]}`, want: want{true, append([]string{nginx}, from("shop", "web", "TCP/9100")...), nil}},
		"NoPorts":      {reason: "Without listed ports, all ports are open.", deployment: `"replicas": 1`, inbound: `{"services": [{"name": "web"}]}`, want: want{true, append([]string{"ingress-nginx * "}, from("shop", "web", "")...), nil}},
		"Twice":        {reason: "A repeated service has one rule.", inbound: `{"services": [{"name": "web"}, {"name": "web", "namespace": "shop"}]}`, want: want{true, append([]string{nginx}, from("shop", "web", "TCP/8080")...), nil}},
		"Nobody":       {reason: "An empty list allows no service.", inbound: `{"services": []}`, want: only()},
		"Empty":        {reason: "An empty object has no rules.", inbound: `{}`},
		"NullServices": {reason: "Null as services has no rules.", inbound: `{"services": null}`},
		"OffNull":      {reason: "Null as services is not reported.", inbound: `{"services": null}`, platform: `{}`},
		"False":        {reason: "A value of another type allows no service.", inbound: `false`, want: only(pathInbound + " (must be an object with services" + nobody + ")")},
		"OtherName":    {reason: "A misspelt name allows no service.", inbound: `{"service": [{"name": "web"}]}`, want: only(pathInbound + ".service")},
		"NoUDP":        {reason: "A protocol without a port is limited to the application's ports.", inbound: `{"services": [{"name": "web", "protocol": "udp"}]}`, want: only(service + "[0] (the deployment has no port of this protocol" + nobody + ")")},
		"NobodyAtAll":  {reason: "A platform without allowedNamespaces adds no rule.", inbound: `{"services": []}`, platform: `{"networkPolicy": {"enabled": true}}`, want: want{Fenced: true}},
		"List":         {reason: "A list instead of an object allows no service.", inbound: `[{"name": "web"}]`, want: only(pathInbound + " (must be an object with services" + nobody + ")")},
		"String":       {reason: "A string instead of an object allows no service.", inbound: `"*"`, want: only(pathInbound + " (must be an object with services" + nobody + ")")},
		"ServicesMap":  {reason: "A map instead of a list of services allows no service.", inbound: `{"services": {"name": "web"}}`, want: only(service + " (must be a list" + nobody + ")")},
		"Entries": {reason: "Each entry is validated separately.", inbound: `{"services": ["web", null, {}, {"name": 7}, {"name": "*"}, {"name": "Web"}, {"name": "web", "namespace": "a/b"}, {"name": "web", "namespace": 5}, {"name": "web", "port": 0}, {"name": "web", "port": 65536}, {"name": "web", "port": "http"}, {"name": "web", "port": [1]}, {"name": "web", "protocol": "any"}, {"name": "` + strings.Repeat("a", 64) + `"}, {"name": "last"}]}`, want: want{true, append([]string{nginx}, from("shop", "last", "TCP/8080")...), []string{
			service + "[0] (must be an object with name and, if needed, namespace and port" + nobody + "), ",
			service + "[10] (port must be from 1 to 65535" + nobody + "), ",
			service + "[11] (port must be from 1 to 65535" + nobody + "), ",
			service + "[12] (protocol must be TCP or UDP" + nobody + "), ",
			service + "[13] (name must be the name of an application" + nobody + "), ",
			service + "[1] (must be an object with name and, if needed, namespace and port" + nobody + "), ",
			service + "[2] (name must be the name of an application" + nobody + "), ",
			service + "[3] (name must be a string: put it in quotes" + nobody + "), ",
			service + "[4] (name must be the name of an application" + nobody + "), ",
			service + "[5] (name must be the name of an application" + nobody + "), ",
			service + "[6] (namespace must be the name of a namespace" + nobody + "), ",
			service + "[7] (namespace must be a string: put it in quotes" + nobody + "), ",
			service + "[8] (port must be from 1 to 65535" + nobody + "), ",
			service + "[9] (port must be from 1 to 65535" + nobody + ")",
		}}},
		"Unknown": {reason: "Unknown fields are reported.", inbound: `{"gateways": true, "services": [{"name": "web", "path": "/"}]}`, want: want{true, append([]string{nginx}, from("shop", "web", "TCP/8080")...), []string{pathInbound + ".gateways, " + service + "[0].path"}}},
		"Running": {reason: "Running pods keep their old ports.", inbound: `{"services": []}`, seen: runningSeen(nil), want: want{true, []string{nginx + ",TCP/7070"}, nil}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			seen := tc.seen
			if seen == nil {
				seen = azureSeen()
			}
			r := compose(t, `{"deployment": {"image": "a", `+stdcmp.Or(tc.deployment, tcp)+`}, "networking": {"inbound": `+tc.inbound+`}}`, stdcmp.Or(tc.platform, fence), seen)
			_, fenced := r.Resources[NameNetworkPolicy]
			if diff := cmp.Diff(tc.want, want{fenced, letIn(r), r.ignored()}, equateEmpty()); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestFenceFirst checks that the NetworkPolicy exists before the first pod, and that its changes do not
// wait while the Deployment is held.
func TestFenceFirst(t *testing.T) {
	const spec = `{"deployment": {"image": "a", "ports": [{"port": 8080}]}, "secrets": [{"name": "b"}], "networking": {"inbound": {"services": []}}}`
	r := compose(t, spec, fence, azureSeen())
	if _, ok := r.Resources[NameDeployment]; ok {
		t.Fatal("Compose(...): want no Deployment yet")
	}
	want := map[string]any{
		"podSelector": map[string]any{"matchLabels": map[string]any{LabelApplication: "shop-api"}},
		"policyTypes": []any{"Ingress"},
		"ingress": []any{map[string]any{
			"from":  []any{map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": "ingress-nginx"}}}},
			"ports": []any{map[string]any{"protocol": "TCP", "port": int64(8080)}},
		}},
	}
	if diff := cmp.Diff(want, map[string]any(Object(r.Resources[NameNetworkPolicy].Object).object("spec"))); diff != "" {
		t.Errorf("Compose(...): -want spec, +got:\n%s", diff)
	}
	held := compose(t, spec, fence, runningSeen(nil))
	if diff := cmp.Diff([]string{"ingress-nginx * TCP/8080,TCP/7070"}, letIn(held)); diff != "" {
		t.Errorf("Compose(...): -want the ports of the pods that run and of those to come, +got:\n%s", diff)
	}
	if diff := cmp.Diff(ReasonHeld, held.condition(TypeWorkloadReady).Reason); diff != "" {
		t.Errorf("Compose(...): -want reason, +got:\n%s", diff)
	}
}

// TestManyWrong shows that entries that cannot be used are bounded as well as those that can.
func TestManyWrong(t *testing.T) {
	const many = 10_000
	list := "[" + strings.Repeat("1,", many) + "1]"
	fields := map[string]int{}
	for i := range many {
		fields[fmt.Sprintf("%05d", i)] = 1
	}
	object, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	c := newComposition(application(t, `{"deployment": {"image": "a"}, "autoscaling": {"enabled": true, "triggers": `+list+`}, "workloadSelectors": `+string(object)+`}`), platform(t, withKEDA), nil)
	inbound := func(doc string) any { return parse(&apiextensionsv1.JSON{Raw: []byte(doc)}) }
	_, callers := c.callers(inbound(`{"services": ` + list + `}`))
	_, names := c.callers(inbound(string(object)))
	_, triggers := c.triggers()
	_, nodes := c.nodes()
	want := map[string]int{"services": maxInboundServices + 1, "names": mostIgnored + 1, "triggers": maxTriggers + 1, "nodes": maxSelectors + 1}
	got := map[string]int{"services": len(callers), "names": len(names), "triggers": len(triggers), "nodes": len(nodes)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("number of ignored fields: -want, +got:\n%s", diff)
	}
}

// TestManyServices shows that their number is bounded.
func TestManyServices(t *testing.T) {
	var services []string
	for i := range 300 {
		services = append(services, fmt.Sprintf(`{"name": "a-%d"}`, i))
	}
	r := compose(t, `{"deployment": {"image": "a"}, "networking": {"inbound": {"services": [`+strings.Join(services, ",")+`]}}}`, `{"networkPolicy": {"enabled": true}}`, azureSeen())
	if diff := cmp.Diff([]string{pathInboundServices + "[100] (at most 100 services are used; this and later ones are ignored; this entry allows no traffic)"}, r.ignored()); diff != "" || len(letIn(r)) != 200 {
		t.Errorf("Compose(...): want 100 services, each by two labels, got %d; -want ignored, +got:\n%s", len(letIn(r)), diff)
	}
}
