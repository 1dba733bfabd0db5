// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	leaseDuration = 40 * time.Second
	leaseRenewal  = 10 * time.Second
	callTimeout   = 10 * time.Second

	// version is the kubelet version that this one simulates.
	version = "v1.36.3"
)

// capacity is the reported capacity: nothing is limited here.
func capacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(int64(runtime.NumCPU()), resource.DecimalSI),
		corev1.ResourceMemory:           resource.MustParse("16Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("64Gi"),
		corev1.ResourcePods:             resource.MustParse("250"),
	}
}

// register registers the node, or renews its status, and overwrites changes by others.
func (k *Kubelet) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()

	core, name, node := k.client.CoreV1(), k.options.Node, k.node()

	status, err := json.Marshal(node)
	node.Status = corev1.NodeStatus{}
	meta, err2 := json.Marshal(node)
	lease, err3 := json.Marshal(k.lease())

	if err := errors.Join(err, err2, err3); err != nil {
		return fmt.Errorf("cannot encode node %q: %w", name, err)
	}

	force := true
	options := metav1.PatchOptions{FieldManager: "kubelet", Force: &force}

	_, err = core.Nodes().Patch(ctx, name, types.ApplyPatchType, meta, options)
	if err == nil {
		_, err = core.Nodes().Patch(ctx, name, types.ApplyPatchType, status, options, "status")
	}

	if err == nil {
		_, err = k.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Patch(ctx, name, types.ApplyPatchType, lease, options)
	}

	if err != nil {
		return fmt.Errorf("cannot register node %q: %w", name, err)
	}

	return nil
}

func (k *Kubelet) node() *corev1.Node {
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{
			Type: kind, Status: status, Reason: reason, Message: message, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.NewTime(k.started),
		}
	}

	return &corev1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{Name: k.options.Node, Labels: map[string]string{
			corev1.LabelHostname: k.options.Node, corev1.LabelOSStable: runtime.GOOS, corev1.LabelArchStable: runtime.GOARCH,
		}},
		Status: corev1.NodeStatus{
			Capacity: k.capacity, Allocatable: k.capacity,
			// The node has no host name, because an API server would prefer and resolve it.
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: loopback}},
			Conditions: []corev1.NodeCondition{
				condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
				condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
				condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
				condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
			},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: int32(netip.MustParseAddrPort(k.logs.Listener.Addr().String()).Port())}},
			NodeInfo: corev1.NodeSystemInfo{
				KubeletVersion: version, OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH,
				OSImage: "this machine", ContainerRuntimeVersion: "processes://1",
			},
		},
	}
}

func (k *Kubelet) lease() *coordinationv1.Lease {
	seconds, now := int32(leaseDuration.Seconds()), metav1.NowMicro()

	return &coordinationv1.Lease{
		TypeMeta:   metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{Name: k.options.Node, Namespace: corev1.NamespaceNodeLease},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &k.options.Node, LeaseDurationSeconds: &seconds, RenewTime: &now},
	}
}

// beat reports, until the context ends, that the node is alive.
func (k *Kubelet) beat(ctx context.Context) {
	for sleep(ctx, leaseRenewal) {
		// It also registers the node after an outage or a deletion.
		if err := k.register(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("cannot tell that the node lives", "error", err)
		}
	}
}
