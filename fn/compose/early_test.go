// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestSaidAtOnceProperties checks that a team gets the same problems before anything exists,
// while the secrets have no values, and when everything exists. A team must not set values
// first and learn about a rejected Ingress later.
func TestSaidAtOnceProperties(t *testing.T) {
	values := map[string][]any{
		"ports":                  {nil, []any{map[string]any{"port": 8080}}, []any{map[string]any{"port": 53, "protocol": "udp"}}},
		"resources":              {nil, map[string]any{"requests": map[string]any{"cpu": "100m"}}},
		"readOnlyRootFilesystem": {nil, true, "true"},
		"type":                   {nil, "public", "strict", "traefik", "Not a class"},
		"oidc":                   {nil, true, "true", map[string]any{"ENABLED": false}, map[string]any{"enabled": true}},
		"hostnames":              {nil, []any{"shop.apps.example.com"}, []any{"shop.example.org", "A B"}},
		"path":                   {nil, "/a", "a;b"},
		"annotations":            {nil, map[string]any{nginx + "auth-url": "https://evil.org", nginx + "configuration-snippet": "a"}, map[string]any{nginx + "server-alias": "a.example.org"}},
		"autoscaling": {nil, map[string]any{"enabled": true}, map[string]any{"triggers": []any{7}}, map[string]any{"enabled": true, "triggers": "cron"}, map[string]any{"enabled": true, "targetCPUUtilizationPercentage": 50, "triggers": []any{
			map[string]any{"type": "cron", "metadata": map[string]any{"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": 30}}, map[string]any{"type": "cpu"},
		}}},
		"inbound":           {nil, "*", map[string]any{"services": []any{map[string]any{"name": "web"}, map[string]any{"name": true}}}},
		"workloadSelectors": {nil, "amd64", map[string]any{"a b": "x", "c": 1}},
	}
	platforms := []string{``, lenient, withKEDA, `{"networkPolicy": {"enabled": true}, "ingress": {"domain": "apps.example.com"}}`}
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(into map[string]any, names ...string) map[string]any {
			for _, name := range names {
				if v := rapid.SampledFrom(values[name]).Draw(rt, name); v != nil {
					into[name] = v
				}
			}

			return into
		}
		networking := draw(map[string]any{"ingress": draw(map[string]any{"enabled": true}, "type", "oidc", "hostnames", "path", "annotations")}, "inbound")
		spec := draw(map[string]any{"deployment": draw(map[string]any{"image": "a"}, "ports", "resources", "readOnlyRootFilesystem"), "networking": networking}, "autoscaling", "workloadSelectors")
		platform := rapid.SampledFrom(platforms).Draw(rt, "platform")
		said := func(reason string, seen Observed) [2]string {
			b, err := json.Marshal(spec)
			if err != nil {
				rt.Fatal(err)
			}

			return findings(rt, compose(rt, string(b), platform, seen), reason)
		}

		want := said("", azureSeen())
		first := said(ReasonWaitingForIdentity, Observed{})
		spec["secrets"] = []any{map[string]any{"name": "b"}}
		for name, got := range map[string][2]string{
			"nothing":    first,
			"no secrets": said(ReasonWaitingForSecrets, azureSeen()),
			"held":       said(ReasonHeld, runningSeen(requestsCPU())),
		} {
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("with %s, the problems differ, -want +got:\n%s", name, diff)
			}
		}
	})
}

// findings returns the ignored fields and the problems of the Ingress.
func findings(rt *rapid.T, r Result, reason string) [2]string {
	c := r.condition(TypeWorkloadReady)
	if reason != "" && c.Reason != reason {
		rt.Fatalf("want reason %s, got %s: %s", reason, c.Reason, c.Message)
	}
	_, refused, _ := strings.Cut(c.Message, "The Ingress also has problems: ")
	if c.Reason == ReasonIngressRefused {
		refused, _ = strings.CutSuffix(c.Message, " The pods are not affected.")
	}

	return [2]string{ignored(r), refused}
}

// TestRefusedWhileWaiting checks that the first result of a manifest names the problems of its
// Ingress.
func TestRefusedWhileWaiting(t *testing.T) {
	r := compose(t, `{"deployment": {"image": "a", "ports": [{"port": 8080}]}, "networking": {"ingress": {"enabled": true, "type": "traefik", "oidc": "true"}}}`, lenient, Observed{})
	c := r.condition(TypeWorkloadReady)
	for _, want := range []string{`This normally takes a minute. The Ingress also has problems: spec.networking.ingress.type: the platform has no type "traefik"`, "spec.networking.ingress.oidc: must be true, false or an object"} {
		if !strings.Contains(c.Message, want) {
			t.Errorf("want %q said, got %s", want, c.Message)
		}
	}
	if _, composed := r.Resources[NameIngress]; composed || c.Reason != ReasonWaitingForIdentity {
		t.Errorf("want no Ingress and reason %s, got %t, %s", ReasonWaitingForIdentity, composed, c.Reason)
	}
}
