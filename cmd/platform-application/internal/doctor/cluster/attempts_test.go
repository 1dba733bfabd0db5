// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// TestExpectedPolicies proves that the doctor checks all policies of the platform.
func TestExpectedPolicies(t *testing.T) {
	const root = "../../../../../package"

	files, err := filepath.Glob(root + "/platform/restrictions/*.yaml")
	if err != nil {
		t.Fatal(err)
	}

	var want []string

	for _, file := range append(files, root+"/provider/admission-policy.yaml", root+"/platform/acceptance/policy.yaml") {
		data, err := os.ReadFile(file) //nolint:gosec // Of this repository.
		if err != nil {
			t.Fatal(err)
		}

		for document := range strings.SplitSeq(string(data), "\n---\n") {
			var o metav1.PartialObjectMetadata
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				t.Fatal(err)
			}

			if o.Kind == "ValidatingAdmissionPolicy" {
				want = append(want, o.Name)
			}
		}
	}

	slices.Sort(want)

	if diff := cmp.Diff(want, slices.Sorted(slices.Values(expectedPolicies(facts{acceptance: new(true)})))); diff != "" {
		t.Errorf("policies of the platform that the doctor checks: -want, +got:\n%s", diff)
	}
}

// TestRunsAcceptance proves that the component has a condition with this name.
func TestRunsAcceptance(t *testing.T) {
	data, err := os.ReadFile("../../../../../package/platform/acceptance/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}

	for _, want := range []string{"name: " + acceptanceExempts + "\n", "name: " + acceptanceCondition + "\n"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("component for acceptance runs: want %q in it", want)
		}
	}
}

func TestOutcomeOf(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	rbac := apierrors.NewForbidden(secrets, "x", errors.New(`User "x" cannot create resource`))
	denied := func(message string) error {
		out := apierrors.NewForbidden(secrets, "x", errors.New(message))
		out.ErrStatus.Details.Causes = []metav1.StatusCause{{Message: message}}

		return out
	}
	bare := apierrors.NewForbidden(secrets, "x", errors.New("a webhook"))
	bare.ErrStatus.Details = nil

	cases := map[string]struct {
		reason string
		err    error
		want   outcome
	}{
		"Admitted":  {"The API server admits the request.", nil, admitted},
		"Exists":    {"Policies run before the check for an existing object.", apierrors.NewAlreadyExists(secrets, "x"), admitted},
		"Refused":   {"The policy rejects the request.", denied("ValidatingAdmissionPolicy 'tried' with binding 'b' denied request: x"), refused},
		"Unbound":   {"The API server can omit the name of the binding.", denied("ValidatingAdmissionPolicy 'tried' denied request: x"), refused},
		"Other":     {"Another policy rejects the request, and this one may admit it.", denied("ValidatingAdmissionPolicy 'company' with binding 'b' denied request: x"), untried},
		"Longer":    {"The name of another policy begins with that of this one.", denied("ValidatingAdmissionPolicy 'tried-too' with binding 'b' denied request: x"), untried},
		"Quoting":   {"The message of another policy can contain this text.", denied("ValidatingAdmissionPolicy 'company' denied request: ValidatingAdmissionPolicy 'tried' denied request: x"), untried},
		"Unnamed":   {"The message names no policy.", denied("denied"), untried},
		"Forbidden": {"RBAC rejects the request before the policy.", rbac, untried},
		"Invalid":   {"The schema rejects the object.", apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", field.ErrorList{field.Required(field.NewPath("x"), "x")}), untried},
		"Webhook":   {"A webhook rejects the request.", bare, untried},
		"NotFound":  {"The object to patch is missing.", apierrors.NewNotFound(secrets, "x"), untried},
		"Gone":      {"The API server does not respond.", errors.New("connection refused"), untried},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got, _ := outcomeOf("tried", tc.err); got != tc.want {
				t.Errorf("\n%s\noutcomeOf(...): want %s, got %s", tc.reason, tc.want, got)
			}
		})
	}
}
