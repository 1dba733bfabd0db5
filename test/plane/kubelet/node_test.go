// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

// conditionsOf a node by their types.
func conditionsOf(n *corev1.Node) map[corev1.NodeConditionType]corev1.NodeCondition {
	out := map[corev1.NodeConditionType]corev1.NodeCondition{}
	for _, c := range n.Status.Conditions {
		out[c.Type] = c
	}

	return out
}

// TestNode: a node says what it is, and goes on saying that it lives, whatever others
// have made of it meanwhile.
func TestNode(t *testing.T) {
	k, err := Start(t.Context(), testOptions(t.TempDir(), "lives"))
	must(t, err)
	t.Cleanup(func() { must(t, k.Close()) })

	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "lives"}}
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: corev1.NamespaceNodeLease, Name: "lives"}}
	must(t, api.Client().Get(t.Context(), client.ObjectKeyFromObject(n), n))
	must(t, api.Client().Get(t.Context(), client.ObjectKeyFromObject(lease), lease))

	first := conditionsOf(n)
	got := map[corev1.NodeConditionType]corev1.ConditionStatus{}

	for kind, c := range first {
		got[kind] = c.Status
	}

	want := map[corev1.NodeConditionType]corev1.ConditionStatus{
		corev1.NodeReady: corev1.ConditionTrue, corev1.NodeMemoryPressure: corev1.ConditionFalse,
		corev1.NodeDiskPressure: corev1.ConditionFalse, corev1.NodePIDPressure: corev1.ConditionFalse,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conditions: -want, +got:\n%s", diff)
	}

	renewed := lease.Spec.RenewTime

	// A controller does this to a node without recent heartbeats.
	before := n.DeepCopy()

	for i := range n.Status.Conditions {
		if c := &n.Status.Conditions[i]; c.Type == corev1.NodeReady {
			c.Status, c.LastTransitionTime = corev1.ConditionUnknown, metav1.Unix(1, 0)
		}
	}

	must(t, api.Client().Status().Patch(t.Context(), n, client.MergeFrom(before)))

	eventuallyTrue(t, func(ctx context.Context) error {
		if err := errors.Join(
			api.Client().Get(ctx, client.ObjectKeyFromObject(n), n),
			api.Client().Get(ctx, client.ObjectKeyFromObject(lease), lease),
		); err != nil {
			return fmt.Errorf("cannot get node or lease: %w", err)
		}

		ready := conditionsOf(n)[corev1.NodeReady]
		if ready.Status != corev1.ConditionTrue || !ready.LastHeartbeatTime.After(first[corev1.NodeReady].LastHeartbeatTime.Time) || !lease.Spec.RenewTime.After(renewed.Time) {
			return fmt.Errorf("want it to be ready with a later heartbeat, and the lease renewed after %v, got %+v and %v", renewed, ready, lease.Spec.RenewTime)
		}

		return nil
	})

	now := conditionsOf(n)
	if since := now[corev1.NodeReady].LastTransitionTime; since.Equal(new(metav1.Unix(1, 0))) {
		t.Errorf("want it ready since it is ready again, got %v", since)
	}

	unchanged := corev1.NodeMemoryPressure
	if diff := cmp.Diff(first[unchanged].LastTransitionTime, now[unchanged].LastTransitionTime); diff != "" {
		t.Errorf("%s has not changed, so nor has since when: -want, +got:\n%s", unchanged, diff)
	}

	// Somebody has removed both, and it is time again.
	must(t, api.Client().Delete(t.Context(), n))
	must(t, api.Client().Delete(t.Context(), lease))
	must(t, k.register(t.Context()))

	again, leaseAgain := &corev1.Node{}, &coordinationv1.Lease{}
	must(t, api.Client().Get(t.Context(), client.ObjectKeyFromObject(n), again))
	must(t, api.Client().Get(t.Context(), client.ObjectKeyFromObject(lease), leaseAgain))

	if diff := cmp.Diff(corev1.ConditionTrue, conditionsOf(again)[corev1.NodeReady].Status); diff != "" {
		t.Errorf("Ready: -want, +got:\n%s", diff)
	}

	holder, seconds := "lives", int32(leaseDuration.Seconds())

	wantLease := coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: leaseAgain.Spec.RenewTime}
	if diff := cmp.Diff(wantLease, leaseAgain.Spec); diff != "" || leaseAgain.Spec.RenewTime == nil {
		t.Errorf("lease: -want, +got:\n%s", diff)
	}
}

func eventuallyTrue(t *testing.T, check func(context.Context) error) {
	t.Helper()
	must(t, apiserver.Eventually(t.Context(), check))
}
