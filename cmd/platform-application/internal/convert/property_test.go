// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/fn/envmap"
)

// TestSameEnvironment converts Deployments with hand-written Secrets, whose keys are all
// known. The application's container must have exactly the variables of the original
// container, each from the same key of the same Secret.
func TestSameEnvironment(t *testing.T) { //nolint:gocognit // It builds an input and the expected output side by side.
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"common-a", "dev-b", "c", "d"}), 1, 4, rapid.ID[string]).Draw(t, "secrets")
		key := rapid.SampledFrom([]string{"A", "B", "C", "USER", "user", "tls.crt", "clientId", "PATH", "nodeOptions"})
		name := rapid.SampledFrom([]string{"A", "B", "C", "USER", "user", "TLS_CRT", "CLIENT_ID", "other", "PATH", "NODE_OPTIONS", "http_proxy"})

		stream, want, keys := "", map[string]string{}, map[string][]string{}
		var envFrom, env []any
		for _, s := range secrets {
			keys[s] = rapid.SliceOfNDistinct(key, 1, 4, rapid.ID[string]).Draw(t, "keys of "+s)
			data := map[string]string{}
			for _, k := range keys[s] {
				data[k] = "value"
			}
			stream += document(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": s}, "stringData": data}) //nolint:perfsprint // There are at most four.
		}
		for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom(secrets), 0, len(secrets), rapid.ID[string]).Draw(t, "envFrom") {
			envFrom = append(envFrom, map[string]any{"secretRef": map[string]any{"name": s}, "prefix": "P_"})
			for _, k := range keys[s] {
				if n := "P_" + k; variableName.MatchString(n) {
					want[n] = s + "." + k
				} else {
					// The report has the new name.
					want[envmap.Name(n)] = s + "." + k
				}
			}
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "env") {
			n := name.Draw(t, fmt.Sprint("name ", i))
			if rapid.Bool().Draw(t, "plain") {
				env, want[n] = append(env, map[string]any{"name": n, "value": "plain"}), "config"
				continue
			}
			s := rapid.SampledFrom(secrets).Draw(t, "secret")
			k := rapid.SampledFrom(keys[s]).Draw(t, "key")
			env = append(env, map[string]any{"name": n, "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": s, "key": k}}})
			want[n] = s + "." + k
		}
		container := map[string]any{"name": "web", "image": "i", "envFrom": envFrom, "env": env}
		stream += document(map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{
			"template": map[string]any{"spec": map[string]any{"containers": []any{container}}},
		}})

		out, report, err := Convert([]byte(stream), Options{EnvironmentPrefixes: prefixes})
		if err != nil {
			t.Fatal(err)
		}
		var m manifest
		if err := yaml.UnmarshalStrict(out, &m); err != nil {
			t.Fatal(err)
		}
		var listed []envmap.Secret
		for _, s := range m.Spec.Secrets {
			l := envmap.Secret{Name: s.Name, Prefix: s.Prefix}
			for _, k := range keys[s.Name] {
				l.Keys = append(l.Keys, envmap.Key{Name: k, DataKey: s.Name + "." + k})
			}
			for _, e := range s.Env {
				l.Env = append(l.Env, envmap.Mapping{Name: e.Name, Key: e.Key})
			}
			listed = append(listed, l)
		}
		got := map[string]string{}
		for _, v := range envmap.Map(m.Spec.Config, listed, prefixes, envmap.Policy{}).Variables {
			if got[v.Name] = v.DataKey; v.Secret == "" {
				got[v.Name] = "config"
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want the same environment: -want, +got:\n%s\n%s\n%s", diff, out, report)
		}
	})
}

func document(o map[string]any) string {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}

	return "---\n" + string(data) + "\n"
}
