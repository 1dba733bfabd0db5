// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

// bound returns a pod that is bound to a node in another process.
func bound(to string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeName = to }
}

// TestKill checks that nothing is left after the process of a kubelet is killed.
func TestKill(t *testing.T) {
	ns := namespace(t)
	child := startChild(t, "killed", os.Geteuid())
	one, two := create(t, newTestPod(ns, "one", bound("killed"))), create(t, newTestPod(ns, "two", bound("killed")))

	ready(t, one)
	ready(t, two)

	family := descendants(t, child.Process.Pid)
	// There are two sandboxes, with one program in each.
	if len(family) < 4 {
		t.Fatalf("want 4 processes, got %v", family)
	}

	must(t, child.Process.Kill())

	err := apiserver.Eventually(t.Context(), func(context.Context) error {
		for _, pid := range family {
			if state, _ := stat(pid); state != "" && state != "Z" {
				return fmt.Errorf("process %d is still there, state %s", pid, state)
			}
		}

		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAsNobody checks that a user without privileges can run a node, too.
func TestAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this user already has no privileges")
	}

	const nobody = 65534

	ns := namespace(t)
	startChild(t, "nobodys", nobody)

	user := int64(2000)
	p := ready(t, create(t, newTestPod(ns, "unprivileged", bound("nobodys"), func(p *corev1.Pod) {
		p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &user}
		p.Spec.Volumes = []corev1.Volume{{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{mount("empty", "/empty")}
		p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}}, PeriodSeconds: 1}
	})))

	clients, err := kubernetes.NewForConfig(api.Config())
	must(t, err)

	log, err := clients.CoreV1().Pods(ns).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
	must(t, err)

	if diff := cmp.Diff("started serve :8080\n", string(log)); diff != "" {
		t.Errorf("log: -want, +got:\n%s", diff)
	}

	must(t, api.Client().Delete(t.Context(), p))
	gone(t, p)
}

// TestOutage checks that programs keep running while the API server is down, and that their changes
// are reported afterwards.
func TestOutage(t *testing.T) {
	ns := namespace(t)
	p := ready(t, create(t, newTestPod(ns, "runs-on")))
	crashing := ready(t, create(t, newTestPod(ns, "crashes")))
	answer(t, p, "/healthz")
	answer(t, crashing, "/healthz")

	before := pidOf(p)

	must(t, api.Kill(t.Context()))

	_, err := ask(t.Context(), node, p, "/healthz")
	if err != nil {
		t.Errorf("the program does not run on: %v", err)
	}

	_, _ = ask(t.Context(), node, crashing, "/crash") // The program ends before it responds.

	must(t, api.Restart())

	eventually(t, crashing, func(p *corev1.Pod) error {
		if s := p.Status.ContainerStatuses[0]; s.RestartCount != 1 || s.LastTerminationState.Terminated == nil || s.LastTerminationState.Terminated.ExitCode != 3 {
			return fmt.Errorf("want one restart after exit code 3, got %+v", s)
		}

		return isReady(p)
	})
	ready(t, p)

	if diff := cmp.Diff(before, pidOf(p)); diff != "" {
		t.Errorf("process: -want, +got:\n%s", diff)
	}

	// Pods are still accepted and deleted.
	ready(t, create(t, newTestPod(ns, "new")))
	must(t, api.Client().Delete(t.Context(), p))
	gone(t, p)
}

func pidOf(p *corev1.Pod) int {
	for _, r := range node.Processes() {
		if r.Namespace == p.Namespace && r.Pod == p.Name {
			return r.PID
		}
	}

	return 0
}

// descendants returns the descendants of a process.
func descendants(t *testing.T, of int) []int {
	t.Helper()

	all, err := filepath.Glob("/proc/[0-9]*")
	must(t, err)

	children := map[int][]int{}

	for _, dir := range all {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}

		_, parent := stat(pid)
		children[parent] = append(children[parent], pid)
	}

	var (
		out  []int
		next = children[of]
	)

	for len(next) > 0 {
		out = append(out, next[0])
		next = append(next[1:], children[next[0]]...)
	}

	return out
}

// stat returns a process's state and parent, or nothing if it has ended.
func stat(pid int) (state string, parent int) {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}

	// The fields follow the name, which may contain anything.
	f := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	parent, _ = strconv.Atoi(f[1]) // It is always a number.

	return f[0], parent
}
