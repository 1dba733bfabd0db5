// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reasons are those of Kubernetes.
const (
	reasonCreating      = "ContainerCreating"
	reasonInitializing  = "PodInitializing"
	reasonConfigError   = "CreateContainerConfigError"
	reasonCrashLoop     = "CrashLoopBackOff"
	reasonErrImagePull  = "ErrImagePull"
	reasonRunError      = "RunContainerError"
	reasonCompleted     = "Completed"
	reasonError         = "Error"
	reasonNotReady      = "ContainersNotReady"
	reasonNotInitialzed = "ContainersNotInitialized"
	reasonPodCompleted  = "PodCompleted"
)

// facts are the state of a pod on this node.
type facts struct {
	ip, host string
	started  time.Time
	now      time.Time
	// statuses are those of containers, by name.
	statuses map[string]corev1.ContainerStatus
	// reason and message are set if the pod has failed as a whole.
	reason, message string
}

// podStatus makes the status of a pod from the previously reported one.
func podStatus(pod *corev1.Pod, f facts) corev1.PodStatus {
	status := *pod.Status.DeepCopy()
	status.ObservedGeneration = 0

	status.HostIP = f.host
	status.HostIPs = []corev1.HostIP{{IP: f.host}}

	if f.ip != "" {
		status.PodIP = f.ip
		status.PodIPs = []corev1.PodIP{{IP: f.ip}}
	}

	status.StartTime = &metav1.Time{Time: f.started}
	status.InitContainerStatuses = choose(pod.Spec.InitContainers, f.statuses)
	status.ContainerStatuses = choose(pod.Spec.Containers, f.statuses)
	status.Reason, status.Message = f.reason, f.message

	initialized := !slices.ContainsFunc(status.InitContainerStatuses, func(s corev1.ContainerStatus) bool { return !succeeded(s) })
	status.Phase = phase(pod.Spec.RestartPolicy, status, initialized)

	if f.reason != "" {
		status.Phase = corev1.PodFailed
	}

	ready := true
	for _, s := range status.ContainerStatuses {
		ready = ready && s.Ready
	}

	notReady := reasonNotReady
	if status.Phase == corev1.PodSucceeded {
		notReady = reasonPodCompleted
	}

	setCondition(&status, corev1.PodScheduled, true, "", f.now)
	setCondition(&status, corev1.PodInitialized, initialized, reasonNotInitialzed, f.now)
	setCondition(&status, corev1.ContainersReady, ready && initialized, notReady, f.now)
	setCondition(&status, corev1.PodReady, ready && initialized, notReady, f.now)

	return status
}

func choose(containers []corev1.Container, statuses map[string]corev1.ContainerStatus) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus

	for i := range containers {
		if s, ok := statuses[containers[i].Name]; ok {
			out = append(out, s)
		}
	}

	return out
}

func succeeded(s corev1.ContainerStatus) bool {
	return s.State.Terminated != nil && s.State.Terminated.ExitCode == 0
}

func phase(policy corev1.RestartPolicy, status corev1.PodStatus, initialized bool) corev1.PodPhase {
	if !initialized {
		if policy == corev1.RestartPolicyNever && slices.ContainsFunc(status.InitContainerStatuses, func(s corev1.ContainerStatus) bool {
			return s.State.Terminated != nil && s.State.Terminated.ExitCode != 0
		}) {
			return corev1.PodFailed
		}

		return corev1.PodPending
	}

	var created, ended, good int

	for _, s := range status.ContainerStatuses {
		if s.State.Waiting == nil || s.LastTerminationState.Terminated != nil {
			created++
		}

		if s.State.Terminated != nil {
			ended++
		}

		if succeeded(s) {
			good++
		}
	}

	all := len(status.ContainerStatuses)

	switch {
	case created < all:
		return corev1.PodPending
	case ended < all || policy == corev1.RestartPolicyAlways:
		return corev1.PodRunning
	case good == all:
		return corev1.PodSucceeded
	case policy == corev1.RestartPolicyNever:
		return corev1.PodFailed
	default:
		return corev1.PodRunning
	}
}

func setCondition(status *corev1.PodStatus, kind corev1.PodConditionType, is bool, reason string, now time.Time) {
	c := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Time{Time: now}}
	if !is {
		c.Status, c.Reason = corev1.ConditionFalse, reason
	}

	i := slices.IndexFunc(status.Conditions, func(c corev1.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		status.Conditions = append(status.Conditions, c)

		return
	}

	if status.Conditions[i].Status == c.Status {
		c.LastTransitionTime = status.Conditions[i].LastTransitionTime
	}

	status.Conditions[i] = c
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}
