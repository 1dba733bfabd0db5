// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
)

// ValidateDefinition returns the messages of an API server when the CustomResourceDefinition is
// installed, and nothing if it accepts it. For example, it rejects rules that do not compile or may
// cost too much.
func ValidateDefinition(crd *extv1.CustomResourceDefinition) []string {
	crd = crd.DeepCopy()
	for _, version := range crd.Spec.Versions {
		if version.Storage {
			crd.Status.StoredVersions = []string{version.Name}
		}
	}
	in := &apiextensions.CustomResourceDefinition{}
	if err := extv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, in, nil); err != nil {
		return []string{fmt.Sprintf("cannot convert: %s", err)}
	}

	return messages(nil, validation.ValidateCustomResourceDefinition(context.Background(), in))
}
