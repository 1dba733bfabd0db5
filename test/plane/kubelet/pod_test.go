// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestRun checks that a pod without a node is bound, runs, and uses the command of its image.
func TestRun(t *testing.T) {
	p := ready(t, create(t, newTestPod(namespace(t), "first")))

	type got struct {
		Node, Args, Hostname, User string
		Phase                      corev1.PodPhase
		HostIP                     string
	}

	want := got{Node: nodeName, Args: "program serve :8080", Hostname: "first", User: "0:0", Phase: corev1.PodRunning, HostIP: "127.0.0.1"}
	have := got{
		Node: p.Spec.NodeName, Args: answer(t, p, "/args"), Hostname: answer(t, p, "/hostname"), User: answer(t, p, "/user"),
		Phase: p.Status.Phase, HostIP: p.Status.HostIP,
	}

	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("pod: -want, +got:\n%s", diff)
	}

	// Programs find the files that nodes add to every root.
	for file, content := range map[string]string{
		"/etc/ssl/certs/ca-certificates.crt": "a company's authority", "/etc/hosts": p.Status.PodIP + "\tfirst", "/proc/1/comm": "",
		"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt": "authority", "/var/run/secrets/kubernetes.io/serviceaccount/namespace": p.Namespace,
	} {
		if said := answer(t, p, "/file?name="+file); !strings.Contains(said, content) {
			t.Errorf("%s: want %q in it, got:\n%s", file, content, said)
		}
	}

	processes := node.Processes()
	for i := range processes {
		if processes[i].Namespace == p.Namespace && processes[i].PID > 0 {
			return
		}
	}

	t.Errorf("Processes(): want one of pod %q, got %+v", p.Name, processes)
}

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

// TestEnvironment checks every source of a variable in the process.
func TestEnvironment(t *testing.T) {
	ns := namespace(t)
	yes := true

	check.Must(t, api.Client().Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "vault"}, StringData: map[string]string{"db.password": "hunter2", "user": "admin"}}))

	field := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
	secret := func(name, key string, optional *bool) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key, Optional: optional}}
	}

	p := ready(t, create(t, newTestPod(ns, "env", func(p *corev1.Pod) {
		p.Labels = map[string]string{"p6m.dev/app": "shop"}
		c := &p.Spec.Containers[0]
		c.Env = []corev1.EnvVar{
			{Name: "PASSWORD", ValueFrom: secret("vault", "db.password", nil)},
			{Name: "USER", ValueFrom: secret("vault", "user", nil)},
			{Name: "NO_SECRET", ValueFrom: secret("none", "key", &yes)},
			{Name: "NO_KEY", ValueFrom: secret("vault", "none", &yes)},
			{Name: "URL", Value: "postgres://$(USER):$(PASSWORD)@db/$(LATER)?x=$$(USER)"},
			{Name: "LATER", Value: "later"},
			{Name: "DOLLARS", Value: "$$$(USER) $(PASSWORD $HOME 5$ $()"},
			{Name: "API", Value: "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)"},
			{Name: "POD", ValueFrom: field("metadata.name")},
			{Name: "NAMESPACE", ValueFrom: field("metadata.namespace")},
			{Name: "APP", ValueFrom: field("metadata.labels['p6m.dev/app']")},
			{Name: "ACCOUNT", ValueFrom: field("spec.serviceAccountName")},
			{Name: "POD_IP", ValueFrom: field("status.podIP")},
			{Name: "MILLIS", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu", Divisor: quantity("1m")}}},
			{Name: "MEBIBYTES", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.memory", Divisor: quantity("1Mi")}}},
			{Name: "GREETING", Value: "of the pod"},
		}
		c.Args = []string{"serve", ":8080", "$(USER)", "$(NOT_THERE)"}
		c.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: quantity("250m"), corev1.ResourceMemory: quantity("64Mi")}
	})))

	host, apiPort, err := net.SplitHostPort(apiAddress())
	check.Must(t, err)

	want := map[string]string{
		"PASSWORD": "hunter2", "USER": "admin", "URL": "postgres://admin:hunter2@db/$(LATER)?x=$(USER)", "LATER": "later", "API": apiAddress(),
		"DOLLARS": "$admin $(PASSWORD $HOME 5$ $()",
		"POD":     "env", "NAMESPACE": ns, "APP": "shop", "ACCOUNT": "default",
		"POD_IP": p.Status.PodIP, "MILLIS": "250", "MEBIBYTES": "64", "GREETING": "of the pod",
		"HTTPS_PROXY": "http://127.0.0.1:3128", "FROM_IMAGE": "yes", "PATH": "/bin", "HOME": "/root", "HOSTNAME": "env",
		"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": apiPort, "KUBERNETES_SERVICE_PORT_HTTPS": apiPort,
	}

	have := map[string]string{}

	for line := range strings.SplitSeq(answer(t, p, "/env"), "\n") {
		k, v, _ := strings.Cut(line, "=")
		have[k] = v
	}

	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("environment: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("program serve :8080 admin $(NOT_THERE)", answer(t, p, "/args")); diff != "" {
		t.Errorf("arguments: -want, +got:\n%s", diff)
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

func TestLogs(t *testing.T) {
	begin := time.Now()
	p := ready(t, create(t, newTestPod(namespace(t), "talks")))
	answer(t, p, "/healthz")

	_, _ = ask(t.Context(), p, "/crash") // The program ends before it responds.

	eventually(t, p, func(p *corev1.Pod) error {
		if s := p.Status.ContainerStatuses[0]; s.RestartCount != 1 || s.State.Running == nil {
			return errors.New("it was not restarted")
		}

		return nil
	})
	answer(t, p, "/healthz")

	clients, err := kubernetes.NewForConfig(api.Config())
	check.Must(t, err)

	read := func(o *corev1.PodLogOptions) string {
		log, err := clients.CoreV1().Pods(p.Namespace).GetLogs(p.Name, o).DoRaw(t.Context())
		check.Must(t, err)

		return string(log)
	}

	lines := int64(1)
	if diff := cmp.Diff("started serve :8080\n", read(&corev1.PodLogOptions{TailLines: &lines})); diff != "" {
		t.Errorf("log: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("started", read(&corev1.PodLogOptions{LimitBytes: new(int64(7))})); diff != "" {
		t.Errorf("limited log: -want, +got:\n%s", diff)
	}

	stamp, text, _ := strings.Cut(read(&corev1.PodLogOptions{Timestamps: true}), " ")
	if diff := cmp.Diff("started serve :8080\n", text); diff != "" {
		t.Errorf("log with times: -want, +got:\n%s", diff)
	}

	if at, err := time.Parse(time.RFC3339Nano, stamp); err != nil || at.Before(begin) || at.After(time.Now()) {
		t.Errorf("want a time since %v, got %q: %v", begin, stamp, err)
	}
}
