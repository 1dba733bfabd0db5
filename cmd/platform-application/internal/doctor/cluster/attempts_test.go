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

// TestExpectedPolicies keeps a policy that is added to the platform from being forgotten here.
func TestExpectedPolicies(t *testing.T) {
	const root = "../../../../../package"

	files, err := filepath.Glob(root + "/platform/restrictions/*.yaml")
	if err != nil {
		t.Fatal(err)
	}

	var want []string

	for _, file := range append(files, root+"/provider/admission-policy.yaml") {
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

	if diff := cmp.Diff(want, slices.Sorted(slices.Values(expectedPolicies()))); diff != "" {
		t.Errorf("policies of the platform that the doctor looks at: -want, +got:\n%s", diff)
	}
}

func TestOutcomeOf(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	rbac := apierrors.NewForbidden(secrets, "x", errors.New(`User "x" cannot create resource`))
	policy := apierrors.NewForbidden(secrets, "x", errors.New("denied"))
	policy.ErrStatus.Details.Causes = []metav1.StatusCause{{Message: "denied"}}
	bare := apierrors.NewForbidden(secrets, "x", errors.New("a webhook"))
	bare.ErrStatus.Details = nil

	cases := map[string]struct {
		reason string
		err    error
		want   outcome
	}{
		"Admitted":  {"Nothing refuses it.", nil, admitted},
		"Exists":    {"Policies come before what is stored.", apierrors.NewAlreadyExists(secrets, "x"), admitted},
		"Refused":   {"A policy does.", policy, refused},
		"Forbidden": {"RBAC does, and the policy was not asked.", rbac, untried},
		"Invalid":   {"The schema does.", apierrors.NewInvalid(schema.GroupKind{Kind: "Secret"}, "x", field.ErrorList{field.Required(field.NewPath("x"), "x")}), untried},
		"Webhook":   {"Somebody else does.", bare, untried},
		"NotFound":  {"There is nothing to change.", apierrors.NewNotFound(secrets, "x"), untried},
		"Gone":      {"There was no answer.", errors.New("connection refused"), untried},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got, _ := outcomeOf(tc.err); got != tc.want {
				t.Errorf("\n%s\noutcomeOf(...): want %s, got %s", tc.reason, tc.want, got)
			}
		})
	}
}
