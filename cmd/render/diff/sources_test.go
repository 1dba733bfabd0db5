// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// forcesNew matches the descriptions of immutable fields in the Azure CRDs.
var forcesNew = regexp.MustCompile(`(?i)changing\s+this\s+forces\s+a\s+new`)

// TestImmutableIsWhatCRDsSay compares immutable with the CRDs of composed resources, so that a test fails if a new version of a CRD
// makes a field immutable.
func TestImmutableIsWhatCRDsSay(t *testing.T) {
	t.Parallel()

	azure := filepath.Join(goList(t, "-m", "-f", "{{.Dir}}", "github.com/upbound/provider-azure/v2"), "package", "crds")
	ours := filepath.Join(goList(t, "-m", "-f", "{{.Dir}}"), "package", "provider", "crds")

	cases := map[string]struct {
		reason string
		file   string
		// more has immutable fields whose CRD does not say so.
		more []string
		want []string
	}{
		"Vault": {
			reason: "Purge protection has a separate rule, because it can be turned on.",
			file:   filepath.Join(azure, "keyvault.azure.m.upbound.io_vaults.yaml"),
			more:   []string{"spec.forProvider.softDeleteRetentionDays"},
			want:   []string{"spec.forProvider.location", "spec.forProvider.resourceGroupName"},
		},
		"RoleAssignment": {
			reason: "All fields are immutable, except for those that select another object.",
			file:   filepath.Join(azure, "authorization.azure.m.upbound.io_roleassignments.yaml"),
			more:   []string{"spec.forProvider.skipServicePrincipalAadCheck"},
			want: []string{
				"spec.forProvider.condition", "spec.forProvider.conditionVersion", "spec.forProvider.delegatedManagedIdentityResourceId",
				"spec.forProvider.description", "spec.forProvider.name", "spec.forProvider.principalId", "spec.forProvider.principalType",
				"spec.forProvider.roleDefinitionId", "spec.forProvider.roleDefinitionName", "spec.forProvider.scope",
			},
		},
		"UserAssignedIdentity": {
			reason: "An identity cannot move.",
			file:   filepath.Join(azure, "managedidentity.azure.m.upbound.io_userassignedidentities.yaml"),
			want:   []string{"spec.forProvider.location", "spec.forProvider.name", "spec.forProvider.resourceGroupName"},
		},
		"FederatedIdentityCredential": {
			reason: "A credential stays with its identity.",
			file:   filepath.Join(azure, "managedidentity.azure.m.upbound.io_federatedidentitycredentials.yaml"),
			want:   []string{"spec.forProvider.parentId", "spec.forProvider.resourceGroupName"},
		},
		"PrivateEndpoint": {
			reason: "An endpoint stays in its subnet, and at its vault.",
			file:   filepath.Join(azure, "network.azure.m.upbound.io_privateendpoints.yaml"),
			want: []string{
				"spec.forProvider.customNetworkInterfaceName", "spec.forProvider.location",
				"spec.forProvider.privateServiceConnection.isManualConnection", "spec.forProvider.privateServiceConnection.name",
				"spec.forProvider.privateServiceConnection.privateConnectionResourceAlias",
				"spec.forProvider.privateServiceConnection.privateConnectionResourceId",
				"spec.forProvider.privateServiceConnection.subresourceNames", "spec.forProvider.resourceGroupName", "spec.forProvider.subnetId",
			},
		},
		"MonitorDiagnosticSetting": {
			reason: "A setting stays at its vault.",
			file:   filepath.Join(azure, "insights.azure.m.upbound.io_monitordiagnosticsettings.yaml"),
			want:   []string{"spec.forProvider.name", "spec.forProvider.targetResourceId"},
		},
		"KeyVaultSecretSync": {
			reason: "The name of the Secret is immutable, because Pods refer to it.",
			file:   filepath.Join(ours, "secrets.p6m.dev_keyvaultsecretsyncs.yaml"),
			want:   []string{"spec.forProvider.target.name"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			crd := readCRD(t, tc.file)
			fields := immutable(crd.Spec.Group, crd.Spec.Names.Kind)

			got, all := said(crd)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nimmutable fields of the CRD: -want, +got:\n%s", tc.reason, diff)
			}

			for _, path := range slices.Concat(got, tc.more) {
				if !slices.ContainsFunc(fields, func(f string) bool { return covers(f, path) }) {
					t.Errorf("\n%s\nimmutable(...) misses %s", tc.reason, path)
				}
			}

			for _, f := range fields {
				if !slices.Contains(all, f) {
					t.Errorf("\n%s\nimmutable(...): the CRD has no field %s", tc.reason, f)
				}
			}
		})
	}
}

// said returns the sorted paths of the immutable fields of a CRD, and of all its fields.
func said(crd *extv1.CustomResourceDefinition) (never, all []string) {
	var visit func(path string, s extv1.JSONSchemaProps)

	visit = func(path string, s extv1.JSONSchemaProps) {
		all = append(all, path)

		kept := slices.ContainsFunc(s.XValidations, func(r extv1.ValidationRule) bool { return r.Rule == "self == oldSelf" })
		if kept || forcesNew.MatchString(s.Description) {
			never = append(never, path)
		}

		for name, child := range s.Properties {
			visit(join(path, name), child)
		}
	}

	for _, v := range crd.Spec.Versions {
		if v.Storage {
			visit("spec.forProvider", v.Schema.OpenAPIV3Schema.Properties["spec"].Properties["forProvider"])
		}
	}

	slices.Sort(never)
	slices.Sort(all)

	return never, all
}

func readCRD(t *testing.T, path string) *extv1.CustomResourceDefinition {
	t.Helper()

	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	crd := &extv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(data, crd); err != nil {
		t.Fatal(err)
	}

	return crd
}

func goList(t *testing.T, args ...string) string {
	t.Helper()

	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("cannot find a module: %v", err)
	}

	return strings.TrimSpace(string(out))
}
