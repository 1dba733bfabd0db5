// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// scaledObjects is a kind of KEDA, which is optional.
const scaledObjects = "scaledobjects.keda.sh"

// Kinds that applications are composed of only if the settings say so.
const (
	privateEndpoints   = "privateendpoints.network.azure.m.upbound.io"
	diagnosticSettings = "monitordiagnosticsettings.insights.azure.m.upbound.io"
)

// composedKinds returns the kinds that applications are composed of, with their versions.
func composedKinds() map[string]string {
	return map[string]string{
		"vaults.keyvault.azure.m.upbound.io":                              "v1beta1",
		"userassignedidentities.managedidentity.azure.m.upbound.io":       "v1beta1",
		"federatedidentitycredentials.managedidentity.azure.m.upbound.io": "v1beta1",
		"roleassignments.authorization.azure.m.upbound.io":                "v1beta1",
		"keyvaultsecretsyncs.secrets.p6m.dev":                             "v1alpha1",
		privateEndpoints:                                                  "v1beta1",
		diagnosticSettings:                                                "v1beta1",
		scaledObjects:                                                     "v1alpha1",
	}
}

// definitions reads the definitions of PlatformApplication.
func (r *reader) definitions() (out []definition, known bool) {
	known = true

	for _, name := range []string{platform.ModernDefinition, platform.ClaimDefinition} {
		u, read := r.get(definitions, "", name)
		known = known && read

		if u != nil {
			out = append(out, definition{name: name, established: conditionOf(u.Object, "Established"), offered: conditionOf(u.Object, "Offered")})
		}
	}

	return out, known
}

// kinds reads whether the cluster serves the kinds that applications are composed of.
func (r *reader) kinds() map[string]kind {
	out := map[string]kind{}

	for name, version := range composedKinds() {
		u, known := r.get(customResources, "", name)
		if !known {
			continue
		}

		if u == nil {
			m, known := r.get(managed, "", name)
			if !known {
				continue
			}

			k := kind{}
			if m != nil {
				state, _, _ := unstructured.NestedString(m.Object, "spec", "state")
				k.inactive = state != "Active"
			}

			out[name] = k

			continue
		}

		var of struct {
			Spec struct {
				Versions []struct {
					Name   string `json:"name"`
					Served bool   `json:"served"`
				} `json:"versions"`
			} `json:"spec"`
		}

		decode(u.Object, &of)

		k := kind{}
		for _, v := range of.Spec.Versions {
			k.served = k.served || v.Name == version && v.Served && conditionOf(u.Object, "Established").Status == "True"
		}

		out[name] = k
	}

	return out
}

// definitions checks the definitions and Compositions of PlatformApplication.
func (d *decision) definitions() {
	if !d.facts.definitionsRead {
		return
	}

	switch len(d.facts.definitions) {
	case 0:
		d.add(DefinitionMissing, "CompositeResourceDefinition/"+platform.ModernDefinition, nil)

		return
	case 1:
	default:
		d.add(VariantsBoth, "", nil)
	}

	for _, x := range d.facts.definitions {
		conditions := []condition{x.established}
		if x.name == platform.ClaimDefinition {
			conditions = append(conditions, x.offered)
		}

		for _, c := range conditions {
			if c.Status != "True" {
				d.add(DefinitionNotReady, "CompositeResourceDefinition/"+x.name, params{"condition": c.Type, "reason": reasonOf(c), "name": x.name})
			}
		}
	}

	switch {
	case d.platform.Composition == "":
		d.add(CompositionMissing, "", nil)
	case len(d.platform.Compositions) > 1:
		d.add(CompositionAmbiguous, "", params{"compositions": finding.List(d.platform.Compositions), "definition": d.facts.definitions[0].name, "name": d.platform.Composition})
	}
}

// kinds checks the kinds that applications are composed of.
func (d *decision) kinds() {
	for _, name := range slices.Sorted(maps.Keys(d.facts.kinds)) {
		k := d.facts.kinds[name]

		switch {
		case k.served || name == scaledObjects || d.isUnused(name):
		case k.inactive:
			d.add(KindInactive, "ManagedResourceDefinition/"+name, params{"name": name})
		default:
			d.add(KindMissing, "CustomResourceDefinition/"+name, params{"version": composedKinds()[name]})
		}
	}
}

// isUnused reports whether the settings do without a kind.
func (d *decision) isUnused(name string) bool {
	var kv v1alpha1.KeyVaultDefaults
	if s := d.platform.Settings; s != nil && s.KeyVault != nil {
		kv = *s.KeyVault
	}

	switch name {
	case privateEndpoints:
		return kv.Network == nil || kv.Network.PrivateEndpoint == nil || !settings.Enabled(kv.Network.PrivateEndpoint.Enabled)
	case diagnosticSettings:
		return kv.Diagnostics == nil || !settings.Enabled(kv.Diagnostics.Enabled)
	default:
		return false
	}
}
