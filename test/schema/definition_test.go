// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestDefinitions checks that an API server installs every definition we ship, and that the cost of
// their rules stays far below the limits, because other versions of the API server may estimate it
// differently.
func TestDefinitions(t *testing.T) {
	t.Parallel()

	vs := map[string]*Validator{
		"Namespaced": load(t, LoadXRD, namespacedFile),
		"Legacy":     load(t, LoadXRD, claimFile),
		"Claim":      load(t, LoadClaim, claimFile),
	}
	for _, dir := range []string{"package/provider/crds", "package/function/input"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.yaml"))
		check.Must(t, err)
		if len(files) == 0 {
			t.Errorf("there are no definitions in %s", dir)
		}
		for _, file := range files {
			vs[filepath.Base(file)] = load(t, LoadCRD, file)
		}
	}

	for name, v := range vs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := v.ValidateDefinition(); len(got) > 0 {
				t.Errorf("ValidateDefinition(): refused:\n%s", strings.Join(got, "\n"))
			}

			checkCosts(t, v)
		})
	}
}

// checkCosts checks that no rule, and not all rules together, cost more than half of the API
// server's limit.
func checkCosts(t *testing.T, v *Validator) {
	t.Helper()

	costs, err := v.Costs()
	check.Must(t, err)

	var total uint64
	for _, c := range costs {
		t.Logf("%9d %s: %s", c.Cost, c.Path, c.Rule)

		total = add(total, c.Cost)
		if c.Cost > MaxRuleCost/2 {
			t.Errorf("Costs(): a rule of %q costs %d: %s", c.Path, c.Cost, c.Rule)
		}
	}

	t.Logf("%9d in all", total)

	if total > MaxTotalCost/2 {
		t.Errorf("Costs(): all rules together cost %d", total)
	}
}

// TestValidateDefinition checks that invalid definitions are rejected.
func TestValidateDefinition(t *testing.T) {
	v, err := LoadCRD("testdata/expensive.yaml")
	check.Must(t, err)
	const want = "estimated rule cost exceeds budget"
	if got := strings.Join(v.ValidateDefinition(), "\n"); !strings.Contains(got, want) {
		t.Errorf("ValidateDefinition(): want %q, got %q", want, got)
	}
	costs, err := v.Costs()
	check.Must(t, err)
	if len(costs) != 1 || costs[0].Path != ".spec.names" || costs[0].Cost <= MaxRuleCost {
		t.Errorf("Costs(): want one rule of .spec.names above the limit, got %v", costs)
	}
}

func TestLoadFails(t *testing.T) {
	cases := map[string]struct {
		load func(string) (*Validator, error)
		path string
		want string
	}{
		"NoFile":       {load: LoadCRD, path: "testdata/none.yaml", want: "cannot read definition"},
		"NotACRD":      {load: LoadCRD, path: namespacedFile, want: "cannot parse"},
		"NoClaim":      {load: LoadClaim, path: namespacedFile, want: "it offers no claim"},
		"NotAnXRDFile": {load: LoadXRD, path: "testdata/expensive.yaml", want: "cannot parse"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := tc.load(tc.path)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want error %q, got %v", tc.want, err)
			}
		})
	}
}

// TestProviderAzureCRDs checks that the definitions of provider-azure can be used, with the vault
// as an example.
func TestProviderAzureCRDs(t *testing.T) {
	vault := ProviderAzureCRDs(t)["Vault"]
	obj, err := FromYAML(`
apiVersion: keyvault.azure.m.upbound.io/v1beta1
kind: Vault
metadata: {name: web, namespace: default}
spec: {forProvider: {location: westeurope, skuName: standard, resourceGroup: web}}
`)
	check.Must(t, err)
	want := []string{
		`unknown field "spec.forProvider.resourceGroup"`,
		`spec: Invalid value: spec.forProvider.tenantId is a required parameter`,
	}
	if diff := cmp.Diff(want, vault.Validate(obj)); diff != "" {
		t.Errorf("Validate(...): -want, +got:\n%s", diff)
	}
}

func BenchmarkValidate(b *testing.B) {
	v := load(b, LoadXRD, namespacedFile)
	obj := application(b, "web-application", `
spec:
  deployment: {image: app, replicas: 3, ports: [{port: 8080, protocol: http}]}
  config: {LOG_LEVEL: info}
  secrets: [{name: postgres-credentials}, {name: api-credentials, env: [{name: KEY, key: key}]}]
`)
	for b.Loop() {
		if got := v.Validate(obj); len(got) > 0 {
			b.Fatal(got)
		}
	}
}
