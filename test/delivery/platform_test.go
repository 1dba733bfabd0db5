// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	platformChart  = "package/helm/platform"
	platformValues = "examples/platform/values.yaml"

	environmentConfig = "EnvironmentConfig.apiextensions.crossplane.io/platform-application"
)

// objects are by kind, namespace and name, as in the chart.
type objects map[string]map[string]any

// decode decodes a stream of objects.
func decode(t *testing.T, stream []byte) objects {
	t.Helper()

	all, err := render.Objects(stream)
	check.Must(t, err)

	out := objects{}

	for _, u := range all {
		// A comment of a template that ends with a trimmed newline would swallow the first line of an object.
		if u.GetAPIVersion() == "" {
			t.Errorf("object: want apiVersion, got %v", u.Object)
		}

		key := strings.TrimSuffix(u.GetKind()+"."+u.GroupVersionKind().Group, ".") + "/" + strings.TrimPrefix(u.GetNamespace()+"/"+u.GetName(), "/")
		if out[key] != nil {
			t.Fatalf("%s exists twice", key)
		}

		out[key] = u.Object
	}

	return out
}

// platformTemplate renders the platform's chart with the values of the example, overlaid by others.
func platformTemplate(t *testing.T, values string) said {
	t.Helper()

	return run(t, "helm", values, "template", "platform", platformChart, "--namespace", "crossplane-system", "--values", platformValues, "--values", "-")
}

// withoutHelm returns the chart's objects without the differences from the kustomize base, which are:
//
//   - the annotation that has Helm keep an object,
//   - the missing dependencies of the Configuration, because Helm creates these first.
func withoutHelm(t *testing.T, all objects) objects {
	t.Helper()

	for key, o := range all {
		u := unstructured.Unstructured{Object: o}

		annotations := u.GetAnnotations()
		if kept, monitoring := annotations["helm.sh/resource-policy"] == "keep", u.GroupVersionKind().Group == "monitoring.coreos.com"; kept == monitoring {
			t.Errorf("%s: is kept by Helm: %t", key, kept)
		}

		delete(annotations, "helm.sh/resource-policy")

		if u.SetAnnotations(annotations); len(annotations) == 0 {
			unstructured.RemoveNestedField(o, "metadata", "annotations")
		}

		if u.GetKind() == "Configuration" {
			if skip, _, _ := unstructured.NestedBool(o, "spec", "skipDependencyResolution"); !skip {
				t.Errorf("%s: want no dependencies to be installed", key)
			}

			unstructured.RemoveNestedField(o, "spec", "skipDependencyResolution")
		}
	}

	return all
}

// A customization of the base with kustomize.
type customization struct {
	components []string
	// patches are patches of objects, and of those of a target. Those of the example come first.
	patches, targets string
	// more are objects beside the base.
	more string
	// monitoring are files of package/monitoring.
	monitoring []string
}

// build builds the base with the settings of the example.
func (c customization) build(t *testing.T) objects {
	t.Helper()

	dir := t.TempDir()

	relative, err := filepath.Rel(dir, check.File(t, "package", "platform"))
	check.Must(t, err)

	files := map[string]string{"settings.yaml": check.Read(t, "examples", "platform", "settings.yaml"), "patches.yaml": c.patches}
	resources, components := []string{relative}, []string(nil)

	for _, m := range c.monitoring {
		files[m] = check.Read(t, "package", "monitoring", m)
		resources = append(resources, m)
	}

	for _, component := range c.components {
		components = append(components, relative+"/"+component)
	}

	patches := "  - path: settings.yaml\n"
	if c.patches != "" {
		patches += "  - path: patches.yaml\n"
	}

	files["kustomization.yaml"] = fmt.Sprintf("resources: [%s]\ncomponents: [%s]\npatches:\n%s%s",
		strings.Join(resources, ", "), strings.Join(components, ", "), patches, c.targets)

	for name, content := range files {
		check.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}

	return decode(t, succeed(t, kustomize(t, dir)))
}

// A part of a platform can be enabled.
type part struct {
	values string
	by     customization
}

// parts returns the parts, each with the values it needs.
func parts() map[string]part {
	return map[string]part{
		"Claim": {values: "claim: {enabled: true}", by: customization{components: []string{"claim"}}},
		"Acceptance": {
			values: "acceptance: {enabled: true, clientId: 55555555-aaaa-4555-8555-555555555555, principalId: 55555555-5555-4555-8555-555555555555}",
			by: customization{components: []string{"acceptance"}, targets: `  - target: {kind: CronJob}
    patch: |
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/env/0/value, value: 55555555-aaaa-4555-8555-555555555555}
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/env/1/value, value: 11111111-1111-4111-8111-111111111111}
      - {op: add, path: /spec/jobTemplate/spec/template/spec/containers/0/args/-, value: --officer-object-id=55555555-5555-4555-8555-555555555555}
`},
		},
		"Audit": {values: "auditNamespaces: {enabled: true}", by: customization{components: []string{"audit-namespaces"}}},
		"PrivateVaults": {
			values: "azureProviders: {network: {enabled: true}, insights: {enabled: true}}",
			by:     customization{components: []string{"azure-network", "azure-insights"}},
		},
		"SecretCreator": {
			values: "secretCreator: {enabled: true, clientId: 44444444-aaaa-4444-8444-444444444444, principalId: 44444444-4444-4444-8444-444444444444}",
			by: customization{components: []string{"secret-creator"}, patches: `
apiVersion: secrets.p6m.dev/v1alpha1
kind: ClusterProviderConfig
metadata: {name: default}
spec:
  credentials: {clientId: 44444444-aaaa-4444-8444-444444444444, tenantId: 11111111-1111-4111-8111-111111111111}
---
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: platform-application}
data: {secretCreatorPrincipalId: 44444444-4444-4444-8444-444444444444}
`},
		},
		"Mirror": {
			values: "mirror: {enabled: true, pullSecret: login, prefixes: {p6m-dev: r.example.com/a/, crossplane-contrib: r.example.com/b/}}",
			by: customization{components: []string{"mirror"}, patches: `
apiVersion: pkg.crossplane.io/v1beta1
kind: ImageConfig
metadata: {name: p6m-dev}
spec: {rewriteImage: {prefix: r.example.com/a/}, registry: {authentication: {pullSecretRef: {name: login}}}}
---
apiVersion: pkg.crossplane.io/v1beta1
kind: ImageConfig
metadata: {name: crossplane-contrib}
spec: {rewriteImage: {prefix: r.example.com/b/}, registry: {authentication: {pullSecretRef: {name: login}}}}
`},
		},
		"NoNetworkPolicies": {
			values: "networkPolicies: {enabled: false}",
			by:     customization{targets: "  - target: {kind: NetworkPolicy}\n    patch: '{$patch: delete, apiVersion: v1, kind: X, metadata: {name: x}}'\n"},
		},
		"NoActivation": {
			values: "activationPolicy: {enabled: false}",
			by:     customization{targets: "  - target: {kind: ManagedResourceActivationPolicy}\n    patch: '{$patch: delete, apiVersion: v1, kind: X, metadata: {name: x}}'\n"},
		},
		"Monitoring": {
			values: "monitoring: {podMonitor: {enabled: true}, alerts: {enabled: true}}",
			by:     customization{monitoring: []string{"podmonitor.yaml", "alerts.yaml"}},
		},
	}
}

// acceptanceImage is the patch on the page: the image of the CronJob, and that of the application which it runs.
func acceptanceImage(image string) string {
	return `  - target: {kind: CronJob}
    patch: |
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/image, value: '` + image + `'}
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/args/1, value: '--image=` + image + `'}
`
}

// TestPlatformAcceptanceImage checks that an acceptance run uses its own image for the application, from any registry: a node
// that can pull one can pull the other.
func TestPlatformAcceptanceImage(t *testing.T) {
	t.Parallel()

	const (
		on     = "acceptance: {enabled: true, clientId: 55555555-aaaa-4555-8555-555555555555}"
		mirror = "\nmirror: {enabled: true, prefixes: {p6m-dev: r.example.com/a/, crossplane-contrib: r.example.com/b/}}"
		own    = "acceptance: {enabled: true, clientId: 55555555-aaaa-4555-8555-555555555555, image: 'r.example.com:5000/p@sha256:00'}"
	)

	render := func(values string) objects { return decode(t, succeed(t, platformTemplate(t, values))) }

	cases := map[string]struct {
		reason string
		all    objects
		want   string
	}{
		"Component":     {reason: "The component has the published image.", all: customization{components: []string{"acceptance"}}.build(t), want: "ghcr.io/p6m-dev/platform-application:v0.1.0"},
		"Chart":         {reason: "The chart has the published image.", all: render(on), want: "ghcr.io/p6m-dev/platform-application:v0.1.0"},
		"Version":       {reason: "The version of the chart applies to the image.", all: render(on + "\nversion: v1.2.3"), want: "ghcr.io/p6m-dev/platform-application:v1.2.3"},
		"Mirror":        {reason: "The mirror of the packages applies to the image.", all: render(on + mirror + "\nversion: v1.2.3"), want: "r.example.com/a/platform-application:v1.2.3"},
		"MirrorOff":     {reason: "Prefixes alone have no effect.", all: render(on + strings.Replace(mirror, "true", "false", 1)), want: "ghcr.io/p6m-dev/platform-application:v0.1.0"},
		"Own":           {reason: "An explicit image is used unchanged.", all: render(own), want: "r.example.com:5000/p@sha256:00"},
		"OwnWithMirror": {reason: "An explicit image is used unchanged with a mirror.", all: render(own + mirror + "\nversion: v1.2.3"), want: "r.example.com:5000/p@sha256:00"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			job := tc.all["CronJob.batch/crossplane-system/platform-application-acceptance"]

			containers, _, err := unstructured.NestedSlice(job, "spec", "jobTemplate", "spec", "template", "spec", "containers")
			if err != nil || len(containers) != 1 {
				t.Fatalf("\n%s\nwant one container, got %d: %v", tc.reason, len(containers), err)
			}

			container, _ := containers[0].(map[string]any)
			args, _, _ := unstructured.NestedStringSlice(container, "args")
			images := slices.DeleteFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "--image") })

			if diff := cmp.Diff([]any{tc.want, []string{"--image=" + tc.want}}, []any{container["image"], images}); diff != "" {
				t.Errorf("\n%s\nimages of the CronJob and of what it runs: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPlatformNamespace checks that the platform cannot be installed in a namespace where it would
// not work.
func TestPlatformNamespace(t *testing.T) {
	t.Parallel()

	for name, args := range map[string][]string{
		"Other":     {"--namespace", "upbound-system"},
		"Forgotten": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := run(t, "helm", "", append([]string{"template", "platform", platformChart, "--values", platformValues}, args...)...)
			if want := "Crossplane and the platform must be in crossplane-system"; !s.failed || !strings.Contains(s.stderr, want) {
				t.Errorf("helm template %q: failed %t: want %q, got %q", args, s.failed, want, s.stderr)
			}
		})
	}
}

// TestPlatformNotes checks that the notes name the checks of an installation, and the next steps.
func TestPlatformNotes(t *testing.T) {
	t.Parallel()

	args := []string{"install", "platform", platformChart, "--namespace", "crossplane-system", "--values", platformValues, "--dry-run=client"}
	_, got, _ := strings.Cut(string(succeed(t, run(t, "helm", "", args...))), "\nNOTES:\n")

	for _, want := range []string{"docs/operations/doctor.md", "kubectl wait ", "kubectl label namespace "} {
		if !strings.Contains(got, want) {
			t.Errorf("notes: want %q, got:\n%s", want, got)
		}
	}
}

// TestPlatformIsTheBase enables parts in all combinations, and compares all objects with those of kustomize.
func TestPlatformIsTheBase(t *testing.T) {
	t.Parallel()

	all := parts()
	names := slices.Sorted(maps.Keys(all))

	// Those that change the same objects are combined; all others change separate objects.
	combinations := [][]string{nil, names, {"Audit", "Claim", "SecretCreator"}, {"Claim", "Mirror"}, {"Mirror", "SecretCreator"}}
	for _, name := range names {
		combinations = append(combinations, []string{name}, slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name }))
	}

	for _, combination := range combinations {
		t.Run(strings.Join(append([]string{"With"}, combination...), ","), func(t *testing.T) {
			t.Parallel()

			var (
				values  []string
				patches []string
				by      customization
			)

			for _, name := range combination {
				p := all[name]
				values = append(values, p.values)
				by.components = append(by.components, p.by.components...)
				by.monitoring = append(by.monitoring, p.by.monitoring...)
				by.targets += p.by.targets

				if p.by.patches != "" {
					patches = append(patches, p.by.patches)
				}
			}

			by.patches = strings.Join(patches, "---")

			// Kustomize does not know that the image comes from the mirror, too.
			if slices.Contains(combination, "Acceptance") && slices.Contains(combination, "Mirror") {
				by.targets += acceptanceImage("r.example.com/a/platform-application:v0.1.0")
			}

			got := withoutHelm(t, decode(t, succeed(t, platformTemplate(t, strings.Join(values, "\n")))))
			if diff := cmp.Diff(by.build(t), got); diff != "" {
				t.Errorf("-kustomize, +helm:\n%s", diff)
			}
		})
	}
}

// TestPlatformValues compares values with the equivalent patches.
func TestPlatformValues(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		values string
		by     customization
	}{
		"Settings": {
			reason: "Settings override those of the base, including false, zero, empty and nested ones, and null removes one.",
			values: `
settings:
  secrets: {createMissing: null, pollInterval: 5m}
  tags: {empty: "", "yes": "on", number: "1e6", quote: "a'b\"c", yaml: "}\n---\nkind: Secret", template: "{{ .Values }}"}
  keyVault:
    allow: {purge: false}
    assigned: []
    officers: [{objectId: 55555555-5555-4555-8555-555555555555, principalType: Group}]
`,
			by: customization{patches: `
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: platform-application}
data:
  secrets: {createMissing: null, pollInterval: 5m}
  tags: {empty: "", "yes": "on", number: "1e6", quote: "a'b\"c", yaml: "}\n---\nkind: Secret", template: "{{ .Values }}"}
  keyVault:
    allow: {purge: false}
    assigned: []
    officers: [{objectId: 55555555-5555-4555-8555-555555555555, principalType: Group}]
`},
		},
		"AzureProviderConfig": {
			reason: "A subscription other than that of the settings is possible if the settings do not refer to this configuration, and so is another cloud.",
			values: "settings: {azureProviderConfigRef: {name: ours}}\nazureProviderConfig: {environment: usgovernment, subscriptionID: 33333333-3333-4333-8333-333333333333}",
			by: customization{patches: `
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: platform-application}
data: {azureProviderConfigRef: {name: ours}}
---
apiVersion: azure.m.upbound.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: default}
spec: {environment: usgovernment, subscriptionID: 33333333-3333-4333-8333-333333333333}
`},
		},
		"AzureSecret": {
			reason: "The Azure providers have other ways to sign in.",
			values: "azureProviderConfig: {clientID: null, oidcTokenFilePath: null, credentials: {source: Secret, secretRef: {namespace: crossplane-system, name: a, key: b}}}",
			by: customization{patches: `
apiVersion: azure.m.upbound.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: default}
spec: {clientID: null, oidcTokenFilePath: null, credentials: {source: Secret, secretRef: {namespace: crossplane-system, name: a, key: b}}}
`},
		},
		"SecretSyncProviderConfig": {
			reason: "The provider of this repository has other ways to sign in.",
			values: "secretSyncProviderConfig: {credentials: {source: ManagedIdentity, clientId: 44444444-aaaa-4444-8444-444444444444}}",
			by: customization{patches: `
apiVersion: secrets.p6m.dev/v1alpha1
kind: ClusterProviderConfig
metadata: {name: default}
spec: {credentials: {source: ManagedIdentity, clientId: 44444444-aaaa-4444-8444-444444444444}}
`},
		},
		"Versions": {
			reason: "The packages of this repository share one version, those of the Azure providers another.",
			values: "version: v1.2.3-rc.1\nazureProviders: {version: v2.7.0}",
			by: customization{targets: `
  - target: {group: pkg.crossplane.io, kind: Provider, name: p6m-dev-.*}
    patch: |
      - {op: replace, path: /spec/package, value: 'ghcr.io/p6m-dev/provider-keyvault-secretsync:v1.2.3-rc.1'}
  - target: {group: pkg.crossplane.io, kind: Function}
    patch: |
      - {op: replace, path: /spec/package, value: 'ghcr.io/p6m-dev/function-platform-application:v1.2.3-rc.1'}
  - target: {group: pkg.crossplane.io, kind: Configuration}
    patch: |
      - {op: replace, path: /spec/package, value: 'ghcr.io/p6m-dev/configuration-platform-application:v1.2.3-rc.1'}
  - target: {group: pkg.crossplane.io, kind: Provider, name: .*-family-azure}
    patch: |
      - {op: replace, path: /spec/package, value: 'xpkg.crossplane.io/crossplane-contrib/provider-family-azure:v2.7.0'}
  - target: {group: pkg.crossplane.io, kind: Provider, name: .*-keyvault}
    patch: |
      - {op: replace, path: /spec/package, value: 'xpkg.crossplane.io/crossplane-contrib/provider-azure-keyvault:v2.7.0'}
  - target: {group: pkg.crossplane.io, kind: Provider, name: .*-managedidentity}
    patch: |
      - {op: replace, path: /spec/package, value: 'xpkg.crossplane.io/crossplane-contrib/provider-azure-managedidentity:v2.7.0'}
  - target: {group: pkg.crossplane.io, kind: Provider, name: .*-authorization}
    patch: |
      - {op: replace, path: /spec/package, value: 'xpkg.crossplane.io/crossplane-contrib/provider-azure-authorization:v2.7.0'}
`},
		},
		"Digest": {
			reason: "A reference by digest is used unchanged, from any registry.",
			values: "packages: {function-platform-application: {package: 'r.example.com:5000/f@sha256:00', packagePullPolicy: Always, revisionHistoryLimit: 0}, configuration-platform-application: null}",
			by: customization{patches: `
apiVersion: pkg.crossplane.io/v1
kind: Function
metadata: {name: p6m-dev-function-platform-application}
spec: {package: 'r.example.com:5000/f@sha256:00', packagePullPolicy: Always, revisionHistoryLimit: 0}
`},
		},
		"Runtimes": {
			reason: "Other fields of a pod are kept.",
			values: "runtimes: {provider-keyvault-secretsync: {replicas: 2, args: [--debug], resources: {limits: {memory: 1Gi}}, nodeSelector: {a: 'true'}, tolerations: [{key: a, operator: Exists, tolerationSeconds: 2000000}]}, provider-azure: null}",
			by: customization{targets: `
  - target: {kind: DeploymentRuntimeConfig, name: provider-keyvault-secretsync}
    patch: |
      - {op: add, path: /spec/deploymentTemplate/spec/replicas, value: 2}
      - {op: add, path: /spec/deploymentTemplate/spec/template/spec/containers/0/args, value: [--debug]}
      - {op: add, path: /spec/deploymentTemplate/spec/template/spec/containers/0/resources/limits/memory, value: 1Gi}
      - {op: add, path: /spec/deploymentTemplate/spec/template/spec/nodeSelector, value: {a: 'true'}}
      - {op: add, path: /spec/deploymentTemplate/spec/template/spec/tolerations, value: [{key: a, operator: Exists, tolerationSeconds: 2000000}]}
`},
		},
		"Admission": {
			reason: "A list extends that of the base: replacing it would lock out administrators. A name occurs once.",
			values: "admission: {groups: [platform, 'system:masters'], users: ['system:serviceaccount:velero:velero', 'Domain Users'], azureProviders: ['system:serviceaccount:crossplane-system:provider-storage']}",
			by: customization{patches: `
apiVersion: v1
kind: ConfigMap
metadata: {namespace: crossplane-system, name: platform-application-admission}
data:
  groups: "system:masters\nplatform\n"
  users: "system:serviceaccount:velero:velero\nDomain Users\n"
  azureProviders: "system:serviceaccount:crossplane-system:provider-azure\nsystem:serviceaccount:crossplane-system:provider-storage\n"
`},
		},
		"AdmissionKept": {
			reason: "No value removes an account of the base by accident.",
			values: "admission: {groups: [], users: null, azureProviders: []}",
		},
		"AdmissionPatch": {
			reason: "A patch removes an account, for a cluster without an administrator account.",
			values: `patches: {ConfigMap/crossplane-system/platform-application-admission: {data: {groups: "platform\n"}}}`,
			by: customization{patches: `
apiVersion: v1
kind: ConfigMap
metadata: {namespace: crossplane-system, name: platform-application-admission}
data: {groups: "platform\n"}
`},
		},
		"MirrorWithoutLogin": {
			reason: "A registry without a login needs no Secret.",
			values: "mirror: {enabled: true, pullSecret: '', prefixes: {p6m-dev: r.example.com/a/, crossplane-contrib: r.example.com/b/}}",
			by: customization{components: []string{"mirror"}, targets: `
  - target: {kind: ImageConfig, name: p6m-dev}
    patch: |
      - {op: remove, path: /spec/registry}
      - {op: replace, path: /spec/rewriteImage/prefix, value: r.example.com/a/}
  - target: {kind: ImageConfig, name: crossplane-contrib}
    patch: |
      - {op: remove, path: /spec/registry}
      - {op: replace, path: /spec/rewriteImage/prefix, value: r.example.com/b/}
`},
		},
		"Off": {
			reason: "The values of a disabled part have no effect.",
			values: "mirror: {prefixes: {p6m-dev: r.example.com/a/, crossplane-contrib: r.example.com/b/}}\nsecretCreator: {enabled: false, clientId: 44444444-aaaa-4444-8444-444444444444}\nglobal: {a: b}\nclaim: null\nmonitoring: null\nnetworkPolicies: null\nkeep: null",
		},
		"LandingZones": {
			reason: "A zone has settings of its own, and with azureProviderConfig the platform's provider configuration in its own subscription.",
			values: `
settings: {tags: {cost: platform}}
azureProviderConfig: {environment: usgovernment}
landingZones:
  payments:
    settings: {landingZone: {namespaces: [payments]}, subscriptionId: 66666666-2222-4222-8222-222222222222, tags: {"yes": "on"}, keyVault: {allow: {purge: false}}}
    azureProviderConfig: {clientID: bbbbbbbb-aaaa-4aaa-8aaa-aaaaaaaaaaaa}
  eu.retail:
    settings: {landingZone: {}, resourceGroupName: rg-retail}
  former: null
`,
			by: customization{patches: `
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: platform-application}
data: {tags: {cost: platform}}
---
apiVersion: azure.m.upbound.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: default}
spec: {environment: usgovernment}
`, more: `
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: platform-application-payments, annotations: {argocd.argoproj.io/sync-wave: "2", argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}}
data:
  landingZone: {namespaces: [payments]}
  subscriptionId: 66666666-2222-4222-8222-222222222222
  tags: {"yes": "on"}
  keyVault: {allow: {purge: false}}
  azureProviderConfigRef: {kind: ClusterProviderConfig, name: platform-application-payments}
---
apiVersion: azure.m.upbound.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: platform-application-payments, annotations: {argocd.argoproj.io/sync-wave: "2", argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}}
spec:
  credentials: {source: OIDCTokenFile}
  oidcTokenFilePath: /var/run/secrets/p6m.dev/entra/token
  clientID: bbbbbbbb-aaaa-4aaa-8aaa-aaaaaaaaaaaa
  tenantID: 11111111-1111-4111-8111-111111111111
  subscriptionID: 66666666-2222-4222-8222-222222222222
  environment: usgovernment
---
apiVersion: apiextensions.crossplane.io/v1beta1
kind: EnvironmentConfig
metadata: {name: platform-application-eu.retail, annotations: {argocd.argoproj.io/sync-wave: "2", argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}}
data: {landingZone: {}, resourceGroupName: rg-retail}
`},
		},
		"Patches": {
			reason: "Fields without a value are patched, or objects omitted, by the name of the object.",
			values: `
patches:
  ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/provider-azure-writes: null
  ValidatingAdmissionPolicy.admissionregistration.k8s.io/provider-azure-writes: null
  ServiceAccount/crossplane-system/provider-azure: {metadata: {labels: {a: 'yes'}}, imagePullSecrets: [{name: x}]}
`,
			by: customization{
				patches: "{apiVersion: v1, kind: ServiceAccount, metadata: {namespace: crossplane-system, name: provider-azure, labels: {a: 'yes'}}, imagePullSecrets: [{name: x}]}",
				targets: "  - target: {group: admissionregistration.k8s.io, name: provider-azure-writes}\n    patch: '{$patch: delete, apiVersion: v1, kind: X, metadata: {name: x}}'\n",
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := withoutHelm(t, decode(t, succeed(t, platformTemplate(t, tc.values))))
			want := tc.by.build(t)
			maps.Copy(want, decode(t, []byte(tc.by.more)))

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\n-kustomize, +helm:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPlatformExample checks that the values of the example are equivalent to its kustomization.
func TestPlatformExample(t *testing.T) {
	t.Parallel()

	want := decode(t, succeed(t, kustomize(t, check.File(t, "examples", "platform"))))
	if diff := cmp.Diff(want, withoutHelm(t, decode(t, succeed(t, platformTemplate(t, ""))))); diff != "" {
		t.Errorf("-kustomize, +helm:\n%s", diff)
	}
}

// TestPlatformPage runs the command of the page with the values of the example for a registry: the published chart equals the
// one in the repository.
func TestPlatformPage(t *testing.T) {
	t.Parallel()

	blocks, err := docs.Parse(check.Read(t, "docs", "platform-team", "install.md"))
	check.Must(t, err)

	const command = "helm upgrade --install "

	blocks = slices.DeleteFunc(blocks, func(b docs.Block) bool { return !b.Commands() || !strings.HasPrefix(b.Text, command) })
	if len(blocks) != 1 {
		t.Fatalf("want one command that installs the platform, got %d", len(blocks))
	}

	text := strings.NewReplacer(command, "template ", "\\\n", " ", "values.yaml", platformValues).Replace(blocks[0].Text)
	out := succeed(t, run(t, "helm", "", append(strings.Fields(at(t, publish(t), text)), "--plain-http")...))

	// Helm reports the pull before the objects.
	_, got, _ := bytes.Cut(out, []byte("---\n"))

	if diff := cmp.Diff(decode(t, succeed(t, platformTemplate(t, ""))), decode(t, got)); diff != "" {
		t.Errorf("-directory, +registry:\n%s", diff)
	}
}

// TestPlatformVersion checks that the chart in the repository installs the version of the base, and that of a release its
// own.
func TestPlatformVersion(t *testing.T) {
	t.Parallel()

	u := unstructured.Unstructured{Object: decode(t, succeed(t, kustomize(t, check.File(t, "package", "platform", "api"))))["Configuration.pkg.crossplane.io/configuration-platform-application"]}
	reference, _, _ := unstructured.NestedString(u.Object, "spec", "package")

	meta := parseYAML[struct {
		AppVersion string `json:"appVersion"`
	}](t, check.Read(t, platformChart, "Chart.yaml"))

	if _, version, _ := strings.Cut(reference, ":"); version != meta.AppVersion {
		t.Errorf("appVersion of %s: want that of package/platform, %s, got %s", platformChart, version, meta.AppVersion)
	}
}

// TestPlatformData checks that any text stays the same text: it is rejected rather than changed.
func TestPlatformData(t *testing.T) {
	t.Parallel()

	const refusal = environmentConfig + ": a value has a control character"

	rapid.Check(t, func(r *rapid.T) {
		// The characters are those with a meaning in YAML, templates and shells, and any other.
		text := rapid.OneOf(
			rapid.SampledFrom([]string{"", "null", "~", "true", "on", "1e6", "0x1F", "0o7", "2026-01-01", "- a", "a: b", "#", "'", `"`, "{{ fail \"x\" }}", "---", "\n---\n", "&a", "*a", "!!int 1", "|", ">", "%", "\t", "${x}", "$1"}),
			rapid.StringMatching(`[ -~\n]{0,40}`),
			rapid.StringOf(rapid.RuneFrom([]rune("\u00e4\u2028\u0085\u202e\u007f\ufffe\x00\\\n :-"))),
		)
		labels := map[string]any{}
		values := []string(nil)
		printable := true

		for range rapid.IntRange(0, 8).Draw(r, "number of labels") {
			name, value := text.Draw(r, "name"), text.Draw(r, "value")
			if _, twice := labels[name]; name == "" || twice {
				continue
			}

			labels[name] = value
			// YAML has the same escapes.
			values = append(values, strconv.QuoteToASCII(name)+": "+strconv.QuoteToASCII(value))
			printable = printable && !strings.ContainsAny(name+value, "\u2028\u0085\u007f\ufffe\x00")
		}

		s := platformTemplate(t, "settings: {workload: {labels: {"+strings.Join(values, ", ")+"}}}")
		if !printable && s.failed && strings.Contains(s.stderr, refusal) {
			return
		}

		got, _, _ := unstructured.NestedMap(decode(t, succeed(t, s))[environmentConfig], "data", "workload", "labels")
		if diff := cmp.Diff(labels, got); len(labels) > 0 && diff != "" {
			r.Errorf("labels: -values, +data:\n%s", diff)
		}
	})
}

// TestBrokenPlatformValues makes common mistakes, and compares the messages.
func TestBrokenPlatformValues(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		values string
		want   string
	}{
		"Unknown":        {reason: "An unknown value is a typo.", values: "mirrors: {enabled: true}", want: "- at '': additional properties 'mirrors' not allowed"},
		"UnknownSetting": {reason: "The function rejects all settings because of an unknown one.", values: "settings: {keyvault: {}}", want: "- at '/settings': additional properties 'keyvault' not allowed"},
		"NoZone":         {reason: "Only a landing zone has this setting.", values: "settings: {landingZone: {}}", want: "- at '/settings': additional properties 'landingZone' not allowed"},
		"ZoneIssuer":     {reason: "A landing zone is in the platform's cluster.", values: "landingZones: {a: {settings: {landingZone: {}, oidcIssuerUrl: x}}}", want: "- at '/landingZones/a/settings': additional properties 'oidcIssuerUrl' not allowed"},
		"ZoneAssigned":   {reason: "Only the platform assigns vaults.", values: "landingZones: {a: {settings: {landingZone: {}, keyVault: {assigned: []}}}}", want: "- at '/landingZones/a/settings/keyVault': additional properties 'assigned' not allowed"},
		"ZoneName":       {reason: "The name of a zone is part of that of an object.", values: "landingZones: {A: {settings: {landingZone: {}}}}", want: "- at '': invalid propertyName 'A'"},
		"ZoneEmpty":      {reason: "A zone says who may use it.", values: "landingZones: {a: {settings: {}}}", want: "- at '/landingZones/a/settings': missing property 'landingZone'"},
		"ZoneNoClient":   {reason: "A zone does not sign in with the identity of the platform by mistake.", values: "landingZones: {a: {settings: {landingZone: {}}, azureProviderConfig: {tenantID: 11111111-1111-4111-8111-111111111111}}}", want: "ClusterProviderConfig.azure.m.upbound.io/platform-application-a: replace REPLACE_ME with your own value"},
		"ZoneOther":      {reason: "Vaults must be in the subscription in which the identity of the zone creates them.", values: "landingZones: {a: {settings: {landingZone: {}}, azureProviderConfig: {clientID: bbbbbbbb-aaaa-4aaa-8aaa-aaaaaaaaaaaa, subscriptionID: 66666666-2222-4222-8222-222222222222}}}", want: "landingZones.a.azureProviderConfig.subscriptionID: 66666666-2222-4222-8222-222222222222 differs from the subscription of the zone, which is 22222222-2222-4222-8222-222222222222"},
		"ZoneElsewhere":  {reason: "The platform's provider configuration is for its own subscription.", values: "landingZones: {a: {settings: {landingZone: {}, subscriptionId: 66666666-2222-4222-8222-222222222222}}}", want: "landingZones.a.settings.subscriptionId: 66666666-2222-4222-8222-222222222222 is not the subscription of the platform"},
		"Deep":           {reason: "A nested unknown setting is rejected.", values: "settings: {keyVault: {officers: [{objectID: x}]}}", want: "- at '/settings/keyVault/officers/0': missing property 'objectId'\n- at '/settings/keyVault/officers/0': additional properties 'objectID' not allowed"},
		"Null":           {reason: "A required value cannot be unset.", values: "settings: {tenantId: null}", want: "- at '/settings/tenantId': got null, want string"},
		"AllNull":        {reason: "All settings cannot be unset.", values: "settings: null", want: "- at '': missing property 'settings'"},
		"Number":         {reason: "A number is not an id.", values: "settings: {subscriptionId: 22222222}", want: "- at '/settings/subscriptionId': got number, want string"},
		"Id": {
			reason: "A domain name is not an id.", values: "settings: {tenantId: contoso.onmicrosoft.com}",
			want: "- at '/settings/tenantId': 'contoso.onmicrosoft.com' does not match pattern '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'",
		},
		"Empty":       {reason: "An empty location is rejected.", values: "settings: {location: ''}", want: "- at '/settings/location': minLength: got 0, want 1"},
		"ClientName":  {reason: "The name of an identity is not its id.", values: "azureProviderConfig: {clientID: crossplane}", want: "- at '/azureProviderConfig/clientID': 'crossplane' does not match pattern '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'"},
		"List":        {reason: "A list is not the text of a ConfigMap.", values: "admission: {groups: 'a\n'}", want: "- at '/admission/groups': got string, want array"},
		"TwoNames":    {reason: "A name with a line break would become two names.", values: "admission: {groups: [\"a\\nsystem:authenticated\"]}", want: "- at '/admission/groups/0': 'a\\nsystem:authenticated' does not match pattern '^\\\\S(.*\\\\S)?$'"},
		"NoName":      {reason: "An empty name would match no user.", values: "admission: {users: ['']}", want: "- at '/admission/users/0': '' does not match pattern '^\\\\S(.*\\\\S)?$'"},
		"Creator":     {reason: "An identity needs its ids.", values: "secretCreator: {enabled: true}", want: "- at '/secretCreator': missing properties 'clientId', 'principalId'"},
		"CreatorNull": {reason: "A required id cannot be unset either.", values: "secretCreator: {enabled: true, clientId: 44444444-aaaa-4444-8444-444444444444, principalId: null}", want: environmentConfig + ": replace REPLACE_ME with your own value"},
		"Mirror":      {reason: "A mirror needs a registry.", values: "mirror: {enabled: true, prefixes: {p6m-dev: a/}}", want: "- at '/mirror/prefixes': missing property 'crossplane-contrib'"},
		"Slash":       {reason: "Without a slash at the end, the prefix would become part of a name.", values: "mirror: {enabled: true, prefixes: {p6m-dev: a/, crossplane-contrib: b}}", want: "- at '/mirror/prefixes/crossplane-contrib': 'b' does not match pattern '^\\\\S+/$'"},
		"ReplaceMe":   {reason: "A placeholder is rejected, as by the policy.", values: "settings: {location: REPLACE_ME}", want: environmentConfig + ": replace REPLACE_ME with your own value"},
		"Version":     {reason: "A version begins with v.", values: "version: 0.2.0", want: "- at '/version': '0.2.0' does not match pattern '^v[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$'"},
		"VersionText": {reason: "A version must not contain a part of a reference.", values: "version: \"v1.0.0\\n\"", want: "- at '/version': 'v1.0.0\\n' does not match pattern '^v[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$'"},
		"Patch":       {reason: "Only existing objects can be patched, and the error lists them.", values: "patches: {Deployment/x: {}}", want: "- at '': invalid propertyName 'Deployment/x'\n  - at '': value must be one of 'ClusterProviderConfig.azure.m.upbound.io/default', "},
		"PatchOff":    {reason: "A patch of a disabled part would create an incomplete object.", values: "patches: {ImageConfig.pkg.crossplane.io/p6m-dev: {spec: {}}}", want: "patches: ImageConfig.pkg.crossplane.io/p6m-dev belongs to a part that is not enabled"},
		"Bool":        {reason: "A text is not a boolean.", values: "claim: {enabled: 'true'}", want: "- at '/claim/enabled': got string, want boolean"},
		"Client":      {reason: "The Azure providers need an identity.", values: "azureProviderConfig: null", want: "- at '': missing property 'azureProviderConfig'"},
		"Issuer": {
			reason: "Entra ID compares the issuer exactly.", values: "settings: {oidcIssuerUrl: 'https://westeurope.oic.prod-aks.azure.com/a/b'}",
			want: "- at '/settings/oidcIssuerUrl': 'https://westeurope.oic.prod-aks.azure.com/a/b' does not match pattern '/$'",
		},
		"Group":        {reason: "The name of a group is not an id.", values: "settings: {resourceGroupName: /subscriptions/a/resourceGroups/b}", want: "- at '/settings/resourceGroupName': '/subscriptions/a/resourceGroups/b' does not match pattern '^[^/]*$'"},
		"TagName":      {reason: "Azure rejects a tag with this name.", values: "settings: {tags: {'a<b': c}}", want: "- at '': invalid propertyName 'a<b'\n  - at '': 'a<b' does not match pattern '^[^<>%&\\\\\\\\?/]*$'"},
		"TagEmpty":     {reason: "Azure rejects a tag with an empty name.", values: "settings: {tags: {'': c}}", want: "- at '': invalid propertyName ''\n  - at '': minLength: got 0, want 1"},
		"TagValue":     {reason: "Azure rejects a tag with such a long value.", values: "settings: {tags: {a: " + strings.Repeat("b", 257) + "}}", want: "- at '/settings/tags/a': maxLength: got 257, want 256"},
		"OfficerIds":   {reason: "Ids of officers would have no effect with Any.", values: "settings: {keyVault: {allow: {officers: Any, officerIds: [55555555-5555-4555-8555-555555555555]}}}", want: "- at '/settings/keyVault/allow/officers': value must be one of 'Listed', 'Groups'"},
		"OfficersNone": {reason: "The default of officers is None.", values: "settings: {keyVault: {allow: {officerIds: [55555555-5555-4555-8555-555555555555]}}}", want: "- at '/settings/keyVault/allow': missing property 'officers'"},
		"IngressType":  {reason: "An unlisted ingress type would be rejected for every application.", values: "settings: {ingress: {defaultType: istio, types: [{name: nginx}, {name: public}]}}", want: "settings.ingress.defaultType: istio is not one of ingress.types: nginx, public"},
		"Subscription": {
			reason: "Vaults would be created in one subscription and looked up in the other.", values: "azureProviderConfig: {subscriptionID: 33333333-3333-4333-8333-333333333333}",
			want: "azureProviderConfig.subscriptionID: 33333333-3333-4333-8333-333333333333 differs from settings.subscriptionId, which is 22222222-2222-4222-8222-222222222222. ",
		},
		"Tenant": {
			reason: "The identity must be in the tenant of the vaults.", values: "azureProviderConfig: {tenantID: 33333333-3333-4333-8333-333333333333}",
			want: "azureProviderConfig.tenantID: 33333333-3333-4333-8333-333333333333 differs from settings.tenantId, which is 11111111-1111-4111-8111-111111111111. ",
		},
		"Image":    {reason: "A reference contains no spaces.", values: "acceptance: {image: 'a b'}", want: "- at '/acceptance/image': 'a b' does not match pattern '^\\\\S+$'"},
		"NextLine": {reason: "Helm would omit the whole object, or change the text.", values: `settings: {tags: {"a\x85b": c}}`, want: environmentConfig + ": a value has a control character that YAML must escape, such as U+0085: encode it differently"},
		"Source":   {reason: "The credentials source must be one of the provider's.", values: "azureProviderConfig: {credentials: {source: Password}}", want: "- at '/azureProviderConfig/credentials/source': value must be one of 'None', 'Secret', 'UserAssignedManagedIdentity', 'SystemAssignedManagedIdentity', 'OIDCTokenFile', 'Upbound', 'Filesystem'"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := platformTemplate(t, tc.values)
			if got := complaint(s.stderr); !s.failed || !strings.HasPrefix(got, tc.want) {
				t.Errorf("\n%s\nhelm template: failed %t: want %q, got %q", tc.reason, s.failed, tc.want, got)
			}
		})
	}
}

// TestPlatformDefaults checks that the file of values lists every value, and that none changes the base.
func TestPlatformDefaults(t *testing.T) {
	t.Parallel()

	schema := parseYAML[struct {
		Properties map[string]any `json:"properties"`
	}](t, check.Read(t, platformChart, "values.schema.json"))
	delete(schema.Properties, "global")

	want := slices.Sorted(maps.Keys(schema.Properties))
	got := slices.Sorted(maps.Keys(parseYAML[map[string]any](t, check.Read(t, platformChart, "values.yaml"))))

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values.yaml: -schema, +file:\n%s", diff)
	}
}

// TestPlatformDefinitions checks that the chart has a definition of each kind that Helm needs.
func TestPlatformDefinitions(t *testing.T) {
	t.Parallel()

	got := decode(t, succeed(t, run(t, "helm", "", "show", "crds", platformChart)))
	want := []string{
		"CustomResourceDefinition.apiextensions.k8s.io/clusterproviderconfigs.azure.m.upbound.io",
		"CustomResourceDefinition.apiextensions.k8s.io/clusterproviderconfigs.secrets.p6m.dev",
	}

	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("definitions: -want, +got:\n%s", diff)
	}
}
