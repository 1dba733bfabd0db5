// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

// command returns the command of a container: that of its image, unless the pod overrides it.
func (c *container) command(ctx context.Context, img *image) (*sandbox.Command, error) {
	pod, k := c.pod.spec(), c.pod.kubelet

	env, err := c.pod.environment(ctx, c.spec)
	if err != nil {
		return nil, err
	}

	out := &sandbox.Command{
		Root: filepath.Join(c.pod.dir, "roots", c.spec.Name),
		Dir:  cmp.Or(c.spec.WorkingDir, img.config.WorkingDir, "/"),
		Args: arguments(c.spec, img, env),
	}

	if err := c.user(out, pod, img); err != nil {
		return nil, err
	}

	home := "/"
	if out.UID == 0 {
		home = "/root"
	}

	out.Env = join(
		map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": c.pod.hostname(), "HOME": home},
		k.options.Env, imageEnv(img), env,
	)

	for i := range c.spec.VolumeMounts {
		m := &c.spec.VolumeMounts[i]

		out.Mounts = append(out.Mounts, sandbox.Mount{Source: c.pod.volumeDir(m.Name), Target: m.MountPath, ReadOnly: m.ReadOnly || !isEmptyDir(pod, m.Name)})
	}

	return out, nil
}

// arguments applies the rules of Kubernetes: a command also replaces the image's arguments.
func arguments(c *corev1.Container, img *image, env map[string]string) []string {
	command, args := img.config.Entrypoint, img.config.Cmd

	if len(c.Command) > 0 {
		command, args = c.Command, nil
	}

	if len(c.Args) > 0 {
		args = c.Args
	}

	var out []string
	for _, a := range command {
		out = append(out, expand(a, expandable(env, c.Command)))
	}

	for _, a := range args {
		out = append(out, expand(a, expandable(env, c.Args)))
	}

	return out
}

// expandable returns the variables for expansion: all for the pod's own words, none for an image's.
func expandable(env map[string]string, own []string) map[string]string {
	if len(own) == 0 {
		return nil
	}

	return env
}

func (c *container) user(out *sandbox.Command, pod *corev1.Pod, img *image) error {
	s := securityOf(pod, c.spec)

	uid, gid, err := img.user()
	if err != nil && s.user == nil {
		return err
	}

	if s.user != nil {
		// The image's group does not apply to another user.
		uid, gid = uint32(*s.user), 0 //nolint:gosec // The API server has checked it.
	}

	if s.group != nil {
		gid = uint32(*s.group) //nolint:gosec // As above.
	}

	if isTrue(s.nonRoot) && uid == 0 {
		return fmt.Errorf("container has runAsNonRoot and image will run as root (pod: %q, container: %s)", pod.Name+"_"+pod.Namespace+"("+string(pod.UID)+")", c.spec.Name)
	}

	out.UID, out.GID = uid, gid

	return nil
}

// services returns the service variables of pods: only those of the API server.
func (k *Kubelet) services() map[string]string {
	host, port, err := net.SplitHostPort(k.options.APIServer)
	if err != nil {
		return map[string]string{}
	}

	return map[string]string{"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "KUBERNETES_SERVICE_PORT_HTTPS": port}
}

func imageEnv(img *image) map[string]string {
	out := map[string]string{}

	for _, e := range img.config.Env {
		k, v, _ := strings.Cut(e, "=")
		out[k] = v
	}

	return out
}

func isEmptyDir(pod *corev1.Pod, volume string) bool {
	for _, v := range pod.Spec.Volumes {
		if v.Name == volume {
			return v.EmptyDir != nil
		}
	}

	return false
}
