// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// fieldValue returns a field of a pod, as the downward API names it. The pod must
// have a status that says its addresses.
func fieldValue(pod *corev1.Pod, path string) (string, error) {
	if in, key, ok := strings.Cut(strings.TrimSuffix(path, "']"), "['"); ok {
		switch in {
		case "metadata.labels":
			return pod.Labels[key], nil
		case "metadata.annotations":
			return pod.Annotations[key], nil
		}
	}

	switch path {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "metadata.labels":
		return formatMap(pod.Labels), nil
	case "metadata.annotations":
		return formatMap(pod.Annotations), nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.hostIP", "status.hostIPs":
		return pod.Status.HostIP, nil
	case "status.podIP", "status.podIPs":
		return pod.Status.PodIP, nil
	}

	return "", fmt.Errorf("unsupported fieldPath: %v", path)
}

// formatMap as the downward API does.
func formatMap(m map[string]string) string {
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&out, "%v=%q\n", k, m[k])
	}

	return strings.TrimSuffix(out.String(), "\n")
}

// resourceValue returns a limit or request of a container of a pod. What has no
// limit is limited by the node.
func resourceValue(pod *corev1.Pod, container string, ref *corev1.ResourceFieldSelector, node corev1.ResourceList) (string, error) {
	container = cmp.Or(ref.ContainerName, container)

	all := slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers)

	i := slices.IndexFunc(all, func(c corev1.Container) bool { return c.Name == container })
	if i < 0 {
		return "", fmt.Errorf("container %s not found", container)
	}

	kind, name, _ := strings.Cut(ref.Resource, ".")

	values := all[i].Resources.Limits
	if kind == "requests" {
		values = all[i].Resources.Requests
	}

	quantity, ok := values[corev1.ResourceName(name)]
	if !ok && kind == "limits" {
		quantity = node[corev1.ResourceName(name)]
	}

	return divide(quantity, ref.Divisor, name == string(corev1.ResourceCPU)), nil
}

// divide and round up.
func divide(quantity, divisor resource.Quantity, cpu bool) string {
	if divisor.IsZero() {
		divisor = resource.MustParse("1")
	}

	if cpu {
		return strconv.FormatInt(int64(math.Ceil(float64(quantity.MilliValue())/float64(divisor.MilliValue()))), 10)
	}

	return strconv.FormatInt(int64(math.Ceil(float64(quantity.Value())/float64(divisor.Value()))), 10)
}
