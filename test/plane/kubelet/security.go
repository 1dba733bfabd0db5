// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// security has the supported fields of the security contexts of pod and container.
type security struct {
	user, group *int64
	nonRoot     *bool
}

func securityOf(pod *corev1.Pod, c *corev1.Container) security {
	outer, inner := pod.Spec.SecurityContext, c.SecurityContext
	if outer == nil {
		outer = &corev1.PodSecurityContext{}
	}

	if inner == nil {
		inner = &corev1.SecurityContext{}
	}

	return security{cmp.Or(inner.RunAsUser, outer.RunAsUser), cmp.Or(inner.RunAsGroup, outer.RunAsGroup), cmp.Or(inner.RunAsNonRoot, outer.RunAsNonRoot)}
}

// unsupported returns the fields of a pod that are not supported, if any: they would need access
// beyond the sandbox, or a program that is not in it.
func unsupported(pod *corev1.Pod) string {
	var what []string

	add := func(is bool, name string) {
		if is {
			what = append(what, name)
		}
	}

	add(pod.Spec.HostNetwork, "spec.hostNetwork")
	add(pod.Spec.HostPID, "spec.hostPID")
	add(pod.Spec.HostIPC, "spec.hostIPC")
	add(len(pod.Spec.ReadinessGates) > 0, "spec.readinessGates")

	for _, v := range pod.Spec.Volumes {
		add(v.Secret == nil && v.ConfigMap == nil && v.Projected == nil && v.EmptyDir == nil,
			fmt.Sprintf("the type of volume %q", v.Name))
	}

	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		add(c.RestartPolicy != nil, fmt.Sprintf("restartPolicy of init container %q", c.Name))
	}

	for _, cs := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range cs {
			c := &cs[i]
			add(c.SecurityContext != nil && isTrue(c.SecurityContext.Privileged), fmt.Sprintf("privileged container %q", c.Name))
			add(len(c.EnvFrom) > 0, fmt.Sprintf("envFrom of container %q", c.Name))
			add(c.Lifecycle != nil, fmt.Sprintf("lifecycle of container %q", c.Name))
			add(len(c.VolumeDevices) > 0, fmt.Sprintf("volumeDevices of container %q", c.Name))
			add(slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.SubPath+m.SubPathExpr != "" }), fmt.Sprintf("subPath of container %q", c.Name))
		}
	}

	if len(what) == 0 {
		return ""
	}

	return "this node runs pods as plain processes and does not support: " + strings.Join(what, ", ")
}
