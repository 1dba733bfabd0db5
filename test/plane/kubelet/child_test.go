// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

// envChild has the options of a kubelet in a separate process.
const envChild = "KUBELET_TEST_CHILD"

type childOptions struct {
	Kubeconfig string `json:"kubeconfig"`
	Node       string `json:"node"`
	Dir        string `json:"dir"`
	Registry   string `json:"registry"`
	APIServer  string `json:"apiServer"`
}

// runChild runs a kubelet until its input ends or it is killed.
func runChild() int {
	var o childOptions
	if err := json.Unmarshal([]byte(os.Getenv(envChild)), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	cfg, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	k, err := Start(context.Background(), Options{
		Config: asNode(cfg, o.Node), Node: o.Node, Dir: o.Dir, Registry: o.Registry, APIServer: o.APIServer, Reachable: []string{o.APIServer}, Backoff: testBackoff,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	_, _ = io.Copy(io.Discard, os.Stdin) // The input ends with the process that started this one.

	if err := k.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	return 0
}

// startChild starts a kubelet in a separate process, as this user.
func startChild(t *testing.T, nodeName string, uid int) *exec.Cmd {
	t.Helper()

	dir, err := os.MkdirTemp("", "kubelet-") //nolint:usetesting // Another user could not enter that directory.
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })

	o := childOptions{Kubeconfig: filepath.Join(dir, "kubeconfig"), Node: nodeName, Dir: filepath.Join(dir, "node"), Registry: registryAt, APIServer: apiAddress()}
	must(t, apiserver.WriteKubeconfig(o.Kubeconfig, api.Config()))

	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)

	program := filepath.Join(dir, "kubelet")
	must(t, os.WriteFile(program, self, 0o755)) //nolint:gosec // It must be executable.

	encoded, err := json.Marshal(o)
	must(t, err)

	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program)
	cmd.Env = []string{envChild + "=" + string(encoded), "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}

	if uid != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)} //nolint:gosec // It fits.

		for _, f := range []string{dir, o.Kubeconfig, program} {
			must(t, os.Chown(f, uid, uid))
		}
	}

	input, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = input.Close() // It may already be closed.
		_ = cmd.Wait()    // It may have been killed.
	})

	return cmd
}
