// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	chart         = "package/helm/platform-application"
	exampleValues = "examples/helm/values.yaml"
)

// template renders the chart.
func template(t *testing.T, values string, args ...string) said {
	t.Helper()

	return run(t, "helm", values, append([]string{"template", "web-application", chart, "--namespace", "shop", "--values", "-"}, args...)...)
}

// exampleChart renders the chart with the values of the example.
func exampleChart(t *testing.T) []byte {
	t.Helper()

	return succeed(t, template(t, "", "--values", exampleValues))
}

// external returns values with these groups of external secrets.
func external(groups string) string { return "externalSecrets: {secrets: {" + groups + "}}" }

func TestLint(t *testing.T) {
	t.Parallel()

	for path, values := range map[string]string{chart: exampleValues, platformChart: platformValues} {
		if s := run(t, "helm", "", "lint", "--strict", path, "--values", values); s.failed {
			t.Errorf("helm lint %s: %s\n%s", path, s.stderr, s.stdout)
		}
	}
}

// TestValues turns values into a spec, and validates it.
func TestValues(t *testing.T) {
	cases := map[string]struct {
		reason string
		values string
		want   string
	}{
		"Nothing": {reason: "An application may have only a vault.", want: "{}"},
		"Spec": {
			reason: "The fields of spec are values of the same name.",
			values: "deployment: {image: web:1, replicas: 2, startupProbe: {port: 80, initialDelaySeconds: 2000000}, resources: {limits: {cpu: 1}}}\n" +
				"config: {PORT: '80'}\nautoscaling: {enabled: true, maxReplicas: 3}\nnetworking: {ingress: {enabled: true}, cdn: {a: b}}\n" +
				"keyVault: {sku: premium}\nsecrets: [{name: api-credentials, prefix: A_}]",
			want: "deployment: {image: web:1, replicas: 2, startupProbe: {port: 80, initialDelaySeconds: 2000000}, resources: {limits: {cpu: 1}}}\n" +
				"config: {PORT: '80'}\nautoscaling: {enabled: true, maxReplicas: 3}\nnetworking: {ingress: {enabled: true}, cdn: {a: b}}\n" +
				"keyVault: {sku: premium}\nsecrets: [{name: api-credentials, prefix: A_}]",
		},
		"Unknown": {
			reason: "The API preserves unknown fields of spec, and the function reports them.",
			values: "{image: 'web:1', deployment: {image: 'web:1', replica: 1}, secrets: [{name: a, nam: b}]}",
			want:   "{image: 'web:1', deployment: {image: 'web:1', replica: 1}, secrets: [{name: a, nam: b}]}",
		},
		"SeveralSecretsInOneGroup": {
			reason: "A group that refers to several secrets becomes one entry for each, sorted by name.",
			values: external("db: {data: [{secretKey: B, remoteRef: {key: two, property: b}}, {secretKey: A, remoteRef: {key: one, property: a}}]}"),
			want:   "secrets: [{name: one, env: [{name: A, key: a}], keys: [a]}, {name: two, env: [{name: B, key: b}], keys: [b]}]",
		},
		"OneSecretInSeveralGroups": {
			reason: "Groups that refer to one secret become one entry, with the shortest interval.",
			values: external("a: {refreshInterval: 90m, data: [{secretKey: A, remoteRef: {key: one, property: a}}]}, " +
				"b: {refreshInterval: 1h, data: [{secretKey: B, remoteRef: {key: one, property: b}}, {secretKey: C, remoteRef: {key: one, property: a}}]}, " +
				"c: {refreshInterval: 1h0m1s, data: [{secretKey: D, remoteRef: {key: one, property: b}}]}"),
			want: "secrets: [{name: one, refreshInterval: 1h, keys: [a, b], " +
				"env: [{name: A, key: a}, {name: B, key: b}, {name: C, key: a}, {name: D, key: b}]}]",
		},
		"NoInterval": {
			reason: "No interval is the shortest: changes are synced at every poll.",
			values: external("a: {refreshInterval: 1h, data: [{secretKey: A, remoteRef: {key: one}}]}, b: {data: [{secretKey: B, remoteRef: {key: one}}]}"),
			want:   "secrets: [{name: one, env: [{name: A}, {name: B}]}]",
		},
		"SameVariableTwice": {
			reason: "A variable that comes from the same key twice is listed once.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: one}}]}, b: {data: [{secretKey: A, remoteRef: {key: one}}]}"),
			want:   "secrets: [{name: one, env: [{name: A}]}]",
		},
		"Slashes": {reason: "Key Vault allows no slashes in names, so hyphens replace them.", values: external("a: {data: [{secretKey: A, remoteRef: {key: prod/api/key}}]}"), want: "secrets: [{name: prod-api-key, env: [{name: A}]}]"},
		"BothLists": {
			reason: "The secrets of spec come last, so that they take precedence.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: two}}]}") + "\nsecrets: [{name: one}]",
			want:   "secrets: [{name: two, env: [{name: A}]}, {name: one}]",
		},
		"Disabled":          {reason: "externalSecrets can be switched off.", values: "externalSecrets: {enabled: false, secrets: {a: {data: [{secretKey: A, remoteRef: {key: one}}]}}}", want: "{}"},
		"NoExternalSecrets": {reason: "externalSecrets can be removed.", values: "externalSecrets: null\nsecrets: [{name: one}]", want: "secrets: [{name: one}]"},
	}

	var manifests []render.File

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			manifest := succeed(t, template(t, tc.values))
			manifests = append(manifests, render.File{Name: name, Data: manifest})

			if diff := cmp.Diff(parseYAML[map[string]any](t, tc.want), spec(t, manifest)); diff != "" {
				t.Errorf("\n%s\nspec: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	if diff := cmp.Diff([]string(nil), validate(check.Context(t), t, manifests...)); diff != "" {
		t.Errorf("problems of all manifests: -want, +got:\n%s", diff)
	}
}

// TestUnset uses a second file of values, in which null unsets values of the first.
func TestUnset(t *testing.T) {
	const first = `
name: shop
labels: {team: a, stage: dev}
annotations: {a: b}
deployment:
  image: web:1
  replicas: 2
  ports: [{name: web, port: 8080}]
  resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
  readinessProbe: {port: 8080, path: /ready, initialDelaySeconds: 2000000}
config: {LOG_LEVEL: debug, PORT: '80'}
autoscaling: {enabled: true, maxReplicas: 3}
keyVault: {sku: premium}
networking: {ingress: {enabled: true, type: public, annotations: {a: b, c: d}}, cdn: {enabled: true, zone: z}}
secrets: [{name: one, optional: true}]
externalSecrets:
  secrets:
    db: {refreshInterval: 1h, data: [{secretKey: A, remoteRef: {key: two, property: a}}]}
    api: {data: [{secretKey: B, remoteRef: {key: three}}]}
`

	type want struct{ Labels, Annotations, Spec map[string]any }

	// Other values are fields of the same name in spec.
	unchanged := func() want {
		all := parseYAML[map[string]any](t, first)
		maps.DeleteFunc(all, func(name string, _ any) bool {
			return slices.Contains([]string{"name", "labels", "annotations", "externalSecrets"}, name)
		})
		all["secrets"] = parseYAML[any](t, `
- {name: three, env: [{name: B}]}
- {name: two, env: [{name: A, key: a}], keys: [a], refreshInterval: 1h}
- {name: one, optional: true}
`)

		return want{
			Labels:      parseYAML[map[string]any](t, "{team: a, stage: dev, p6m.dev/app: shop}"),
			Annotations: parseYAML[map[string]any](t, "{a: b}"),
			Spec:        all,
		}
	}
	in := func(m map[string]any, path ...string) map[string]any {
		for _, p := range path {
			m, _ = m[p].(map[string]any)
		}

		return m
	}

	cases := map[string]struct {
		reason string
		second string
		// unset removes values of the first file from the expected result.
		unset func(w *want)
	}{
		"Nothing":     {reason: "An empty second file changes nothing.", second: "{}", unset: func(*want) {}},
		"Config":      {reason: "A variable can be unset.", second: "config: {LOG_LEVEL: null}", unset: func(w *want) { delete(in(w.Spec, "config"), "LOG_LEVEL") }},
		"Tilde":       {reason: "YAML writes null in several ways.", second: "config: {LOG_LEVEL: ~, PORT: }", unset: func(w *want) { w.Spec["config"] = map[string]any{} }},
		"NotSet":      {reason: "An absent value can be unset.", second: "config: {OTHER: null}\nrollouts: null", unset: func(*want) {}},
		"WholeMap":    {reason: "All variables can be unset.", second: "config: null", unset: func(w *want) { delete(w.Spec, "config") }},
		"Labels":      {reason: "A label can be unset.", second: "labels: {stage: null}", unset: func(w *want) { delete(w.Labels, "stage") }},
		"Annotations": {reason: "The last annotation can be unset.", second: "annotations: {a: null}", unset: func(w *want) { w.Annotations = nil }},
		"Metadata":    {reason: "All labels and annotations can be unset.", second: "labels: null\nannotations: null", unset: func(w *want) { w.Labels, w.Annotations = map[string]any{"p6m.dev/app": "shop"}, nil }},
		"Deployment": {reason: "The whole deployment and its autoscaling can be unset.", second: "deployment: null\nautoscaling: null", unset: func(w *want) {
			delete(w.Spec, "deployment")
			delete(w.Spec, "autoscaling")
		}},
		"Fields": {
			reason: "Nested fields of every type can be unset.",
			second: "deployment: {replicas: null, ports: null, resources: {limits: null, requests: {cpu: null}}, readinessProbe: {path: null}}\nkeyVault: {sku: null}\nautoscaling: {enabled: null}",
			unset: func(w *want) {
				delete(in(w.Spec, "deployment"), "replicas")
				delete(in(w.Spec, "deployment"), "ports")
				delete(in(w.Spec, "deployment", "resources"), "limits")
				delete(in(w.Spec, "deployment", "resources", "requests"), "cpu")
				delete(in(w.Spec, "deployment", "readinessProbe"), "path")
				delete(in(w.Spec, "keyVault"), "sku")
				delete(in(w.Spec, "autoscaling"), "enabled")
			},
		},
		"Ingress": {reason: "Nested maps, and fields that are only preserved, can be unset.", second: "networking: {ingress: {type: null, annotations: {a: null}}, cdn: {zone: null}}", unset: func(w *want) {
			delete(in(w.Spec, "networking", "ingress"), "type")
			delete(in(w.Spec, "networking", "ingress", "annotations"), "a")
			delete(in(w.Spec, "networking", "cdn"), "zone")
		}},
		"Page": {reason: "The values of the page about Helm are unset as shown.", second: helmBlock(t, "config:\n"), unset: func(w *want) {
			delete(in(w.Spec, "config"), "LOG_LEVEL")
			delete(in(w.Spec, "deployment"), "resources")
		}},
		"InList": {reason: "A list replaces the previous one, and its entries may contain nulls.", second: "secrets: [{name: one, optional: null, prefix: A_}]", unset: func(w *want) {
			list, _ := w.Spec["secrets"].([]any)
			list[2] = map[string]any{"name": "one", "prefix": "A_"}
		}},
		"Secrets": {reason: "All secrets of one kind can be unset.", second: "secrets: null", unset: func(w *want) {
			list, _ := w.Spec["secrets"].([]any)
			w.Spec["secrets"] = list[:2]
		}},
		"ExternalSecrets": {reason: "A group of external secrets, and a field of another, can be unset.", second: "externalSecrets: {enabled: null, secrets: {api: null, db: {refreshInterval: null}}}", unset: func(w *want) {
			list, _ := w.Spec["secrets"].([]any)
			delete(in(map[string]any{"two": list[1]}, "two"), "refreshInterval")
			w.Spec["secrets"] = list[1:]
		}},
		"NoExternalSecrets": {reason: "All external secrets can be unset.", second: "externalSecrets: null", unset: func(w *want) {
			list, _ := w.Spec["secrets"].([]any)
			w.Spec["secrets"] = list[2:]
		}},
	}

	var manifests []render.File

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			second := filepath.Join(t.TempDir(), "values.yaml")
			check.Must(t, os.WriteFile(second, []byte(tc.second), 0o600))

			manifest := succeed(t, template(t, first, "--values", second))
			manifests = append(manifests, render.File{Name: name, Data: manifest})

			got := parseYAML[struct {
				Metadata struct{ Labels, Annotations map[string]any }
				Spec     map[string]any
			}](t, string(manifest))
			want := unchanged()
			tc.unset(&want)

			if diff := cmp.Diff(want.Labels, got.Metadata.Labels); diff != "" {
				t.Errorf("\n%s\nlabels: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(want.Annotations, got.Metadata.Annotations); diff != "" {
				t.Errorf("\n%s\nannotations: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
				t.Errorf("\n%s\nspec: -want, +got:\n%s", tc.reason, diff)
			}

			// The notes use the same values.
			succeed(t, run(t, "helm", first, "install", "web-application", chart, "--namespace", "shop", "--dry-run=client", "--values", "-", "--values", second))
		})
	}

	if diff := cmp.Diff([]string(nil), validate(check.Context(t), t, manifests...)); diff != "" {
		t.Errorf("problems of all manifests: -want, +got:\n%s", diff)
	}
}

// TestMetadata checks the values that are not in spec.
func TestMetadata(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		values string
		want   string
	}{
		"Release": {reason: "By default, the name is that of the release.", want: "{name: web-application, namespace: shop, labels: {p6m.dev/app: web-application}}"},
		"Named": {
			reason: "All metadata can be set, including the usual label; global is ignored.",
			values: "name: shop\nlabels: {team: a, p6m.dev/app: store}\nannotations: {b: c}\nglobal: {d: e}",
			want:   "{name: shop, namespace: shop, labels: {team: a, p6m.dev/app: store}, annotations: {b: c}}",
		},
		"NotAString": {reason: "A name that YAML reads as another type is still a name.", values: "name: 'on'", want: "{name: 'on', namespace: shop, labels: {p6m.dev/app: 'on'}}"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var got struct {
				Metadata map[string]any `json:"metadata"`
			}
			check.Must(t, yaml.Unmarshal(succeed(t, template(t, tc.values)), &got))

			if diff := cmp.Diff(parseYAML[map[string]any](t, tc.want), got.Metadata); diff != "" {
				t.Errorf("\n%s\nmetadata: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestBrokenValues makes common mistakes, and compares the messages.
func TestBrokenValues(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		values string
		want   string
	}{
		"Required":       {reason: "Required fields of the manifest are required values.", values: "deployment: {replicas: 1}", want: "- at '/deployment': missing property 'image'"},
		"Type":           {reason: "A number is not a text, as in a manifest.", values: "config: {PORT: 8080}", want: "- at '/config/PORT': got number, want string"},
		"RequiredIsNull": {reason: "A required value cannot be unset.", values: "deployment: {image: null}", want: "- at '/deployment/image': got null, want string"},
		"NextLine": {
			reason: "Helm would render an empty application.",
			values: `config: {"A\x85B": c}`,
			want:   "spec: a value has a control character that YAML must escape, such as U+0085: encode it differently",
		},
		"NullInList": {reason: "null in a list has no entry to unset.", values: "secrets: [null]", want: "- at '/secrets/0': got null, want object"},
		"NoSuchExternalField": {
			reason: "Unsupported fields of External Secrets are reported.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: one, version: v1}}]}"),
			want:   "- at '/externalSecrets/secrets/a/data/0/remoteRef': additional properties 'version' not allowed",
		},
		"Interval": {
			reason: "An interval must be valid in the manifest.",
			values: external("a: {refreshInterval: 1d, data: [{secretKey: A, remoteRef: {key: one}}]}"),
			want:   "- at '/externalSecrets/secrets/a/refreshInterval': '1d' does not match pattern '^([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$'",
		},
		"ZeroInterval": {
			reason: "Zero would mean the opposite.",
			values: external("a: {refreshInterval: 0s, data: [{secretKey: A, remoteRef: {key: one}}]}"),
			want: "externalSecrets.secrets.a: refreshInterval 0s disables refreshes in External Secrets, but not here: " +
				"remove it or use a long interval",
		},
		"VariableTwice": {
			reason: "One of two variables with the same name would be lost.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: one, property: x}}]}, b: {data: [{secretKey: A, remoteRef: {key: two}}]}"),
			want: `externalSecrets.secrets: variable A is "x" of "one" in a, and the value of "two" in b: ` +
				"rename or remove one of them",
		},
		"NameTwice": {
			reason: "Two names that become equal would be one secret.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: prod/db}}]}, b: {data: [{secretKey: B, remoteRef: {key: Prod-DB}}]}"),
			want: `externalSecrets.secrets.b: B references "Prod-DB", and externalSecrets.secrets.a: A references "prod/db": ` +
				`both are the secret "Prod-DB" in Key Vault: use one spelling, or rename one`,
		},
		"NoName": {
			reason: "For other invalid characters, the message proposes a name.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: prod_db.x}}]}"),
			want: `externalSecrets.secrets.a: A: remoteRef.key "prod_db.x": ` +
				`the name of a Key Vault secret has letters, digits and hyphens, nothing else: use "prod-db-x"`,
		},
		"ObjectType": {
			reason: "With Key Vault, External Secrets reads the first part of a key as the kind of object.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: secret/db}}]}"),
			want: `externalSecrets.secrets.a: A: remoteRef.key "secret/db": ` +
				`use "db", or "secret-db" if that is a path of another store`,
		},
		"KeyObject": {
			reason: "A key never becomes a variable.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: key/db}}]}"),
			want:   `externalSecrets.secrets.a: A: remoteRef.key "key/db" is a key of Key Vault, and only secrets become variables: remove it`,
		},
		"PlainAndJSON": {
			reason: "A secret is either plain text or JSON.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: one}}, {secretKey: B, remoteRef: {key: one, property: b}}]}"),
			want: `externalSecrets.secrets.a: B and externalSecrets.secrets.a: A reference "one", but only one has a property: ` +
				"set property in both if the secret is JSON, and in neither if it is plain text",
		},
		"BothLists": {
			reason: "A secret must be in only one of the two lists.",
			values: external("a: {data: [{secretKey: A, remoteRef: {key: one}}]}") + "\nsecrets: [{name: One}]",
			want: `externalSecrets.secrets.a: A references "one", which is also listed in secrets: ` +
				"add the variable to env there, or remove the secret there",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := template(t, tc.values)

			if diff := cmp.Diff(tc.want, complaint(s.stderr)); diff != "" || !s.failed {
				t.Errorf("\n%s\nhelm template: failed %t: -want, +got:\n%s", tc.reason, s.failed, diff)
			}
		})
	}
}

var introduction = regexp.MustCompile(`(?s)^.*(?:chart\(s\):\n[\w-]+:\n|\.yaml:\d+:\d+\): )`)

// complaint returns helm's message without its context.
func complaint(stderr string) string {
	return strings.TrimSuffix(introduction.ReplaceAllString(stderr, ""), "\n\nUse --debug flag to render out invalid YAML")
}

// TestNotes checks that the notes report values without effect, and changed names.
func TestNotes(t *testing.T) {
	t.Parallel()

	const without = "The Key Vault of PlatformApplication web-application in namespace shop is in status.keyVault.uri."

	cases := map[string]struct {
		reason string
		args   []string
		want   string
	}{
		"Nothing": {reason: "Without external secrets, there are no notes about them.", want: without},
		"Example": {
			reason: "The store has no effect, and slashes became hyphens.",
			args:   []string{"--values", exampleValues},
			want: without + "\n\nexternalSecrets.secretStore is ignored: the store is the application's own Key Vault.\n\n" +
				"Names of secrets in Key Vault have no slashes:\n  api/credentials is the secret api-credentials\n" +
				"  prod/postgres/credentials is the secret prod-postgres-credentials",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			args := append([]string{"install", "web-application", chart, "--namespace", "shop", "--dry-run=client"}, tc.args...)
			_, got, _ := strings.Cut(string(succeed(t, run(t, "helm", "", args...))), "\nNOTES:\n")

			if diff := cmp.Diff(tc.want, strings.TrimSpace(got)); diff != "" {
				t.Errorf("\n%s\nnotes: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestArgoCD checks that the example for Argo CD is equivalent to the example values.
func TestArgoCD(t *testing.T) {
	t.Parallel()

	application := spec(t, []byte(check.Read(t, "examples", "helm", "argocd-application.yaml")))
	source, _ := application["source"].(map[string]any)
	helm, _ := source["helm"].(map[string]any)
	values, _ := helm["values"].(string)
	destination, _ := application["destination"].(map[string]any)

	if diff := cmp.Diff([]any{chart, "shop"}, []any{source["path"], destination["namespace"]}); diff != "" {
		t.Errorf("path and namespace: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(string(exampleChart(t)), string(succeed(t, template(t, values)))); diff != "" {
		t.Errorf("helm template: -want, +got:\n%s", diff)
	}
}
