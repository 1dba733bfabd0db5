// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// TestRun: a pod without a node is bound, runs, and says what its image says.
func TestRun(t *testing.T) {
	p := ready(t, create(t, newTestPod(namespace(t), "first")))

	if diff := cmp.Diff(nodeName, p.Spec.NodeName); diff != "" {
		t.Errorf("node: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(corev1.PodRunning, p.Status.Phase); diff != "" {
		t.Errorf("phase: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("program serve :8080", answer(t, p, "/args")); diff != "" {
		t.Errorf("command: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("first", answer(t, p, "/hostname")); diff != "" {
		t.Errorf("host name: -want, +got:\n%s", diff)
	}
}
