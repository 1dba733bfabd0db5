// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestAuditNamespaces checks that with the component, writes in namespaces without the label are
// recorded instead of rejected, and everything else is rejected as before.
func TestAuditNamespaces(t *testing.T) {
	audited := []string{
		"function-platform-application-namespaces",
		"provider-keyvault-secretsync-namespaces",
	}

	actions := func(objects []*unstructured.Unstructured) map[string][]string {
		out := map[string][]string{}

		for _, o := range objects {
			if o.GetKind() != "ValidatingAdmissionPolicyBinding" {
				continue
			}

			list, _, err := unstructured.NestedStringSlice(o.Object, "spec", "validationActions")
			check.Must(t, err)

			out[o.GetName()] = list
		}

		return out
	}

	want := actions(build(t, base))
	for name, list := range want {
		if diff := cmp.Diff([]string{string(admissionv1.Deny)}, list); diff != "" {
			t.Errorf("without the component, %s: -want, +got:\n%s", name, diff)
		}
	}

	for _, name := range audited {
		want[name] = []string{string(admissionv1.Audit), string(admissionv1.Warn)}
	}

	if diff := cmp.Diff(want, actions(overlay(t, "audit-namespaces"))); diff != "" {
		t.Errorf("with the component: -want, +got:\n%s", diff)
	}
}
