// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

func TestReachable(t *testing.T) {
	p := ready(t, create(t, newTestPod(namespace(t), "caller")))
	answer(t, p, "/healthz")

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check.Must(t, err)

	defer l.Close() //nolint:errcheck // It has no connections.

	cases := map[string]struct {
		reason  string
		address string
		want    string
	}{
		"APIServer": {reason: "A reachable address is used unchanged.", address: apiAddress()},
		"Other":     {reason: "Other addresses of this machine cannot be reached.", address: l.Addr().String(), want: "connection refused"},
		"Network":   {reason: "Other networks cannot be reached.", address: "192.0.2.1:80", want: "network is unreachable"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t.Context(), p, "/dial?address="+tc.address)

			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("\n%s\nwant error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

// TestExpand has the cases that no manifest of an end-to-end test has.
func TestExpand(t *testing.T) {
	vars := map[string]string{"USER": "admin", "PASSWORD": "hunter2"}

	for text, want := range map[string]string{
		"$(USER):$(PASSWORD)@db": "admin:hunter2@db", "$(LATER)?x=$$(USER)": "$(LATER)?x=$(USER)", "$$$(USER) $(PASSWORD $HOME 5$ $()": "$admin $(PASSWORD $HOME 5$ $()",
	} {
		if diff := cmp.Diff(want, expand(text, vars)); diff != "" {
			t.Errorf("expand(%q): -want, +got:\n%s", text, diff)
		}
	}
}

// TestMissingSecret checks that a container waits for a missing Secret, reports that, and starts
// when the Secret exists.
func TestMissingSecret(t *testing.T) {
	ns := namespace(t)
	p := create(t, newTestPod(ns, "waits", func(p *corev1.Pod) {
		p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "KEY", ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "late"}, Key: "password"},
		}}}
	}))

	eventually(t, p, isWaiting("CreateContainerConfigError", `secret "late" not found`))

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "late"}, StringData: map[string]string{"other": "value"}}
	check.Must(t, api.Client().Create(t.Context(), s))
	eventually(t, p, isWaiting("CreateContainerConfigError", "couldn't find key password in Secret "+ns+"/late"))

	s.StringData = map[string]string{"password": "value"}
	check.Must(t, api.Client().Update(t.Context(), s))

	if said := answer(t, ready(t, p), "/env"); !strings.Contains(said, "KEY=value") {
		t.Errorf("want KEY in the environment, got:\n%s", said)
	}
}

func TestProbes(t *testing.T) {
	get := func(path string) corev1.ProbeHandler {
		return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http")}}
	}

	p := create(t, newTestPod(namespace(t), "probed", func(p *corev1.Pod) {
		c := &p.Spec.Containers[0]
		c.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: port}}
		c.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}}, PeriodSeconds: 1, FailureThreshold: 30}
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: get("/healthz"), PeriodSeconds: 1}
		c.LivenessProbe = &corev1.Probe{ProbeHandler: get("/healthz"), PeriodSeconds: 1, FailureThreshold: 2}
	}))
	ready(t, p)

	answer(t, p, "/sick")
	eventually(t, p, func(p *corev1.Pod) error {
		if p.Status.ContainerStatuses[0].RestartCount == 0 {
			return errors.New("it was not restarted")
		}

		return isReady(p)
	})
}

func TestUnsupported(t *testing.T) {
	p := create(t, newTestPod(namespace(t), "privileged", func(p *corev1.Pod) {
		p.Spec.HostNetwork = true
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "host", MountPath: "/etc", SubPath: "etc"}}
		p.Spec.Volumes = []corev1.Volume{{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
	}))
	eventually(t, p, func(p *corev1.Pod) error {
		want := `this node runs pods as plain processes and does not support: spec.hostNetwork, the type of volume "host", subPath of container "main"`
		if p.Status.Phase != corev1.PodFailed || p.Status.Message != want {
			return fmt.Errorf("want it to fail with %q, got %+v", want, p.Status)
		}

		return nil
	})
}

// TestUser checks that programs run as the pod's user, who can read the pod's token, and that root is rejected
// where it is forbidden.
func TestUser(t *testing.T) {
	ns := namespace(t)
	user, group, yes := int64(2000), int64(3000), true

	p := ready(t, create(t, newTestPod(ns, "user", func(p *corev1.Pod) {
		p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &user, RunAsGroup: &group, RunAsNonRoot: &yes}
	})))

	if diff := cmp.Diff("2000:3000", answer(t, p, "/user")); diff != "" {
		t.Errorf("user: -want, +got:\n%s", diff)
	}

	answer(t, p, "/file?name=/var/run/secrets/kubernetes.io/serviceaccount/token")

	root := create(t, newTestPod(ns, "root", func(p *corev1.Pod) { p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: &yes} }))
	eventually(t, root, isWaiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"))
}

// TestVolume checks that the files of a Secret follow its changes, and that the program cannot change them.
func TestVolume(t *testing.T) {
	ns := namespace(t)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "vault"}, StringData: map[string]string{"key": "one"}}
	check.Must(t, api.Client().Create(t.Context(), secret))

	p := ready(t, create(t, newTestPod(ns, "volume", func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "vault"}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "secret", MountPath: "/secret"}}
	})))

	if diff := cmp.Diff("one", answer(t, p, "/file?name=/secret/key")); diff != "" {
		t.Errorf("/secret/key: -want, +got:\n%s", diff)
	}

	if _, err := ask(t.Context(), p, "/write?name=/secret/key"); err == nil {
		t.Error("a program can write to the volume of a Secret")
	}

	secret.StringData = map[string]string{"key": "two"}
	check.Must(t, api.Client().Update(t.Context(), secret))
	check.Must(t, apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		got, err := ask(ctx, p, "/file?name=/secret/key")
		if err == nil && got != "two" {
			err = fmt.Errorf("/secret/key is still %q", got)
		}

		return err
	}))
}
