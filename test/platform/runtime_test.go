// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestResources has the pod of every package say what it needs: policies of many clusters refuse it otherwise.
func TestResources(t *testing.T) {
	objects := build(t, base)

	for _, o := range objects {
		if !slices.Contains([]string{"Provider", "Function"}, o.GetKind()) {
			continue
		}

		t.Run(o.GetName(), func(t *testing.T) {
			config, _, _ := unstructured.NestedString(o.Object, "spec", "runtimeConfigRef", "name")
			need := runtimePod(t, objects, config).Spec.Containers[0].Resources

			for name, list := range map[string]corev1.ResourceList{"requests.cpu": need.Requests, "requests.memory": need.Requests, "limits.memory": need.Limits} {
				resource := corev1.ResourceMemory
				if name == "requests.cpu" {
					resource = corev1.ResourceCPU
				}

				if q := list[resource]; q.Sign() <= 0 {
					t.Errorf("%s of DeploymentRuntimeConfig %q: want some, got %s", name, config, q.String())
				}
			}
		})
	}
}
