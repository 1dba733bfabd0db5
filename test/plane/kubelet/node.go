// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	leaseDuration = 40 * time.Second
	leaseRenewal  = 10 * time.Second
	callTimeout   = 10 * time.Second

	// version of the kubelet that this one stands in for.
	version = "v1.36.3"
)

// capacity is what pods are told: nothing is limited here.
func capacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(int64(runtime.NumCPU()), resource.DecimalSI),
		corev1.ResourceMemory:           resource.MustParse("16Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("64Gi"),
		corev1.ResourcePods:             resource.MustParse("250"),
	}
}

// register the node, or update it.
func (k *Kubelet) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()

	old, err := k.client.CoreV1().Nodes().Get(ctx, k.options.Node, metav1.GetOptions{})

	switch {
	case kerrors.IsNotFound(err):
		err = k.createNode(ctx)
	case err == nil:
		err = k.reportNode(ctx, old.Status)
	}

	if err != nil {
		return fmt.Errorf("cannot register node %q: %w", k.options.Node, err)
	}

	return k.renewLease(ctx)
}

func (k *Kubelet) createNode(ctx context.Context) error {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: k.options.Node, Labels: map[string]string{
			corev1.LabelHostname: k.options.Node, corev1.LabelOSStable: runtime.GOOS, corev1.LabelArchStable: runtime.GOARCH,
		}},
		Status: k.nodeStatus(),
	}

	_, err := k.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})

	return err //nolint:wrapcheck // The caller says what was attempted.
}

func (k *Kubelet) nodeStatus() corev1.NodeStatus {
	now := metav1.NewTime(time.Now().Truncate(time.Second))

	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, Message: message, LastHeartbeatTime: now, LastTransitionTime: now}
	}

	return corev1.NodeStatus{
		Capacity: k.capacity, Allocatable: k.capacity,
		// No host name: an API server would prefer it, and look it up.
		Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: loopback}},
		Conditions: []corev1.NodeCondition{
			condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
			condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
			condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
			condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
		},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: k.logs.port}},
		NodeInfo: corev1.NodeSystemInfo{
			KubeletVersion: version, OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH,
			OSImage: "this machine", ContainerRuntimeVersion: "processes://1",
		},
	}
}

// reportNode reports what the node is now. What has not changed has not since when it
// was so before.
func (k *Kubelet) reportNode(ctx context.Context, before corev1.NodeStatus) error {
	status := k.nodeStatus()

	for i := range status.Conditions {
		c := &status.Conditions[i]

		for _, old := range before.Conditions {
			if old.Type == c.Type && old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
		}
	}

	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return fmt.Errorf("cannot encode status: %w", err)
	}

	_, err = k.client.CoreV1().Nodes().Patch(ctx, k.options.Node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil {
		return fmt.Errorf("cannot patch status: %w", err)
	}

	return nil
}

// beat tells, until the context ends, that the node lives.
func (k *Kubelet) beat(ctx context.Context) {
	_ = wait.PollUntilContextCancel(ctx, leaseRenewal, false, func(ctx context.Context) (bool, error) {
		// Also after an outage, or if somebody has deleted the node.
		if err := k.register(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("cannot tell that the node lives", "error", err)
		}

		return false, nil
	})
}

func (k *Kubelet) renewLease(ctx context.Context) error {
	name := k.options.Node
	leases := k.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	now := metav1.NewMicroTime(time.Now())
	seconds := int32(leaseDuration.Seconds())

	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now},
	}

	patch, err := json.Marshal(map[string]any{"spec": lease.Spec})
	if err != nil {
		return fmt.Errorf("cannot encode lease: %w", err)
	}

	_, err = leases.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if kerrors.IsNotFound(err) && !strings.Contains(err.Error(), "namespaces") {
		_, err = leases.Create(ctx, lease, metav1.CreateOptions{})
	}

	if err != nil {
		return fmt.Errorf("cannot renew lease of node %q: %w", name, err)
	}

	return nil
}
