// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"github.com/google/go-cmp/cmp"
)

// TestDecodeApplication shows how manifests are read that a schema has not seen.
func TestDecodeApplication(t *testing.T) {
	type want struct {
		name, namespace string
		ignored         []string
		err             string
	}
	cases := map[string]struct {
		reason string
		xr     string
		want   want
	}{
		"Namespaced": {
			reason: "A namespaced application has its own name and namespace.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {}}`,
			want:   want{name: "a", namespace: "b"},
		},
		"Claim": {
			reason: "An application behind a claim has those of the claim.",
			xr:     `{"metadata": {"name": "a-x7k2p"}, "spec": {"claimRef": {"name": "a", "namespace": "b"}}}`,
			want:   want{name: "a", namespace: "b"},
		},
		"ClaimOfAnother": {
			reason: "A namespaced application ignores claimRef.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"claimRef": {"name": "c", "namespace": "d"}}}`,
			want:   want{name: "a", namespace: "b", ignored: []string{"spec.claimRef"}},
		},
		"NamespaceToCome": {
			reason: "Argo CD sets the namespace of a manifest, which is missing when it is rendered.",
			xr:     `{"kind": "PlatformApplication", "metadata": {"name": "a"}, "spec": {}}`,
			want:   want{name: "a", namespace: "default"},
		},
		"NamespaceToComeIsNotClaimed": {
			reason: "A namespaced application cannot pose as another one.",
			xr:     `{"kind": "PlatformApplication", "metadata": {"name": "a"}, "spec": {"claimRef": {"name": "c", "namespace": "d"}}}`,
			want:   want{name: "a", namespace: "default", ignored: []string{"spec.claimRef"}},
		},
		"NoNamespace": {
			reason: "An application without a namespace cannot be composed.",
			xr:     `{"metadata": {"name": "a"}, "spec": {}}`,
			want:   want{name: "a", err: `cannot compose XPlatformApplication "a": it has no namespace; create a PlatformApplication in the namespace of the application`},
		},
		"WrongType": {
			reason: "A wrong type is named with its field.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"deployment": {"image": "c", "replicas": "3"}}}`,
			want:   want{err: `cannot read PlatformApplication: spec.deployment.replicas: must be a whole number, not a string`},
		},
		"WrongListItem": {
			reason: "An unknown field in a list is reported.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"secrets": ["postgres-credentials"]}}`,
			want:   want{err: `cannot read PlatformApplication: spec.secrets: must be an object, not a string`},
		},
		"Config": {
			reason: "A variable that is no string is named.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"config": {"A": "1", "PORT": 8080}}}`,
			want:   want{err: `cannot read PlatformApplication: spec.config.PORT: must be a string: put the value in quotes`},
		},
		"Quantity": {
			reason: "An invalid quantity is reported with its field.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"deployment": {"image": "c", "resources": {"limits": {"cpu": 1, "memory": "lots"}}}}}`,
			want:   want{err: `cannot read PlatformApplication: spec.deployment.resources.limits.memory: Invalid value: "lots": must be a quantity, such as 250m or 1 for cpu, and 512Mi or 2Gi for memory`},
		},
		"QuantityOfOtherType": {
			reason: "So is a value of another type.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"deployment": {"image": "c", "resources": {"requests": {"cpu": true}}}}}`,
			want:   want{err: `cannot read PlatformApplication: spec.deployment.resources.requests.cpu: Invalid value: true: must be a quantity, such as 250m or 1 for cpu, and 512Mi or 2Gi for memory`},
		},
		"HugeQuantity": {
			reason: "Parsing this quantity would take minutes.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"deployment": {"image": "c", "resources": {"limits": {"cpu": "1e-2000000000"}}}}}`,
			want:   want{err: `cannot read PlatformApplication: spec.deployment.resources.limits.cpu: Invalid value: "1e-2000000000": must be a quantity, such as 250m or 1 for cpu, and 512Mi or 2Gi for memory`},
		},
		"OddStatus": {
			reason: "An unreadable status counts as empty.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "status": {"keyVault": "x"}}`,
			want:   want{name: "a", namespace: "b"},
		},
		"Newer": {
			reason: "An unknown field of a newer version is not an error.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"future": {"x": 1}}, "status": {"future": []}}`,
			want:   want{name: "a", namespace: "b", ignored: []string{"spec.future"}},
		},
		"OtherCase": {
			reason: "A name that differs in case is another name.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"keyvault": {"name": "c"}, "KEYVAULT": 1, "Secrets": 1}}`,
			want:   want{name: "a", namespace: "b", ignored: []string{"spec.KEYVAULT (did you mean spec.keyVault?)", "spec.Secrets (did you mean spec.secrets?)", "spec.keyvault (did you mean spec.keyVault?)"}},
		},
		"FieldsOfCrossplane": {
			reason: "A namespaced application has them in one.",
			xr:     `{"metadata": {"name": "a", "namespace": "b"}, "spec": {"crossplane": {"compositionRef": {"name": "c"}}, "resourceRefs": [1], "compositionRef": {"name": "c"}}}`,
			want:   want{name: "a", namespace: "b", ignored: []string{"spec.compositionRef", "spec.resourceRefs"}},
		},
		"FieldsOfCrossplaneLegacy": {
			reason: "The composite resource of a claim has Crossplane's fields next to those of the team.",
			xr: `{"kind": "XPlatformApplication", "metadata": {"name": "a-x7k2p"}, "spec": {"claimRef": {"name": "a", "namespace": "b"}, "crossplane": {"compositionRef": {"name": "c"}},
				"compositeDeletePolicy": "Foreground", "resourceRefs": [1], "compositionUpdatePolicy": "Manual", "writeConnectionSecretToRef": {"name": "x"}}}`,
			want: want{name: "a", namespace: "b", ignored: []string{"spec.compositeDeletePolicy", "spec.crossplane"}},
		},
		"Shapes": {
			reason: "Fields of existing manifests have an effect, or are listed.",
			xr: `{"metadata": {"name": "a", "namespace": "b"}, "spec": {
				"deployment": {"image": "c", "secrets": [{"name": "x"}], "readOnlyRootFilesystem": "yes"}, "config": {}, "secrets": [], "workloadSelectors": [1],
				"networking": {"ingress": {"enabled": true, "type": "istio", "visibility": "PublicIP", "cdn": {"enabled": false}, "hostnames": []}, "outbound": {"external": [{"host": "h"}]}},
				"resources": {"postgres": [{"name": "main"}]}, "resourceRequirements": [{"resourceType": "postgres"}]}}`,
			want: want{name: "a", namespace: "b", ignored: []string{
				"spec.deployment.secrets (did you mean spec.secrets?)", "spec.networking.ingress.cdn", "spec.networking.ingress.visibility",
				"spec.networking.outbound", "spec.resourceRequirements", "spec.resources",
			}},
		},
		"Ignored": {
			reason: "Preserved fields without effect are listed, unless they are empty.",
			xr: `{"metadata": {"name": "a", "namespace": "b"}, "spec": {
				"resources": {}, "resourceRequirements": [{"resourceType": "postgres"}], "managedResources": null, "rollouts": {"canary": true},
				"networking": {"inbound": [], "outbound": ["x"], "cdn": {"enabled": false}, "ingress": {"hostnames": ["h"], "oidc": {"enabled": true, "provider": "x"}}}}}`,
			want: want{name: "a", namespace: "b", ignored: []string{
				"spec.networking.cdn", "spec.networking.outbound", "spec.resourceRequirements", "spec.rollouts",
				"spec.networking.ingress.oidc.provider", "spec.networking.ingress (enabled is not true)",
			}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			xr := composite.New()
			if err := resource.AsObject(resource.MustStructJSON(tc.xr), xr); err != nil {
				t.Fatal(err)
			}
			a, err := decodeApplication(xr)
			got := want{name: a.Name, namespace: a.Namespace}
			for _, f := range a.Ignored {
				got.ignored = append(got.ignored, f.Finding().String())
			}
			if err != nil {
				got.err, got.ignored = err.Error(), nil
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\ndecodeApplication(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
