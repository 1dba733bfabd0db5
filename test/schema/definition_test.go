// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestDefinitions checks that an API server installs every definition we ship, even if its rules cost twice as much, because other
// versions of the API server may estimate the cost differently.
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

			for what, crd := range map[string]*extv1.CustomResourceDefinition{"as shipped": v.CRD(), "with doubled rules": doubled(t, v.CRD())} {
				if got := ValidateDefinition(crd); len(got) > 0 {
					t.Errorf("ValidateDefinition(...) %s: refused:\n%s", what, strings.Join(got, "\n"))
				}
			}
		})
	}
}

// TestExpensive checks that the doubled rules of a definition may exceed the limit when its own do not.
func TestExpensive(t *testing.T) {
	crd := load(t, LoadCRD, "testdata/expensive.yaml").CRD()

	if got := ValidateDefinition(crd); len(got) > 0 {
		t.Errorf("ValidateDefinition(...): refused:\n%s", strings.Join(got, "\n"))
	}

	const want = "estimated rule cost exceeds budget"
	if got := strings.Join(ValidateDefinition(doubled(t, crd)), "\n"); !strings.Contains(got, want) {
		t.Errorf("ValidateDefinition(...) with doubled rules: want %q, got %q", want, got)
	}
}

// doubled returns a definition whose rules have the same results and twice the cost.
func doubled(t *testing.T, crd *extv1.CustomResourceDefinition) *extv1.CustomResourceDefinition {
	t.Helper()

	data, err := json.Marshal(crd)
	check.Must(t, err)

	var object any
	check.Must(t, json.Unmarshal(data, &object))
	doubleRules(object)

	data, err = json.Marshal(object)
	check.Must(t, err)

	out := &extv1.CustomResourceDefinition{}
	check.Must(t, json.Unmarshal(data, out))

	return out
}

func doubleRules(value any) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			doubleRules(v)
		}
	case map[string]any:
		rules, _ := value["x-kubernetes-validations"].([]any)
		for _, r := range rules {
			rule, _ := r.(map[string]any)
			text, _ := rule["rule"].(string)
			rule["rule"] = "(" + text + ") && (" + text + ")"
		}

		for _, v := range value {
			doubleRules(v)
		}
	}
}
