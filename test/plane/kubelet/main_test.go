// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

const (
	nodeName    = "local"
	testBackoff = 500 * time.Millisecond
	port        = 8080
)

//nolint:gochecknoglobals // All tests share them.
var (
	api        *apiserver.Server
	node       *Kubelet
	registryAt string
	imageName  string
)

func TestMain(m *testing.M) {
	sandbox.Main()

	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)

		code = 1
	}

	os.Exit(code)
}

// runTests runs the tests with a registry, an API server and a node.
func runTests(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "kubelet-")
	if err != nil {
		return 1, fmt.Errorf("cannot make a directory: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // It is temporary.

	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()

	registryAt = server.Listener.Addr().String()
	imageName = registryAt + "/test/program:v1"

	if err := pushImage(dir); err != nil {
		return 1, err
	}

	api, err = apiserver.Start(
		context.Background(),
		apiserver.WithFlag("authorization-mode", "Node,RBAC"),
		apiserver.WithFlag("enable-admission-plugins", "NodeRestriction"),
		// The default disables the plugin ServiceAccount, which the tests need.
		apiserver.WithFlag("disable-admission-plugins", "DefaultStorageClass"),
	)
	if err != nil {
		return 1, fmt.Errorf("cannot start API server: %w", err)
	}
	defer func() { err = errors.Join(err, api.Stop()) }()

	node, err = Start(context.Background(), testOptions(filepath.Join(dir, "node")))
	if err != nil {
		return 1, fmt.Errorf("cannot start kubelet: %w", err)
	}
	// It ends first, because an API server waits for open watches.
	defer func() { err = errors.Join(err, node.Close()) }()

	return m.Run(), nil
}

func testOptions(dir string) Options {
	cfg := rest.CopyConfig(api.Config())
	cfg.Impersonate = rest.ImpersonationConfig{UserName: "system:node:" + nodeName, Groups: []string{"system:nodes", "system:authenticated"}}

	return Options{
		Config: cfg, Binder: api.Config(), Node: nodeName, Dir: dir, Registry: registryAt,
		APIServer: apiAddress(), Reachable: []string{apiAddress()}, Backoff: testBackoff,
	}
}

func apiAddress() string {
	u, err := url.Parse(api.Config().Host)
	if err != nil {
		return err.Error()
	}

	return u.Host
}

// pushImage builds the program and pushes it as an image.
func pushImage(dir string) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	program := build.Program{Main: "./test/plane/kubelet/testdata/program", Path: "/bin/program"}

	img, err := program.Image(context.Background(), build.Options{Root: root, Programs: dir}, runtime.GOARCH)
	if err != nil {
		return fmt.Errorf("cannot build program: %w", err)
	}

	img, err = mutate.Config(img, v1.Config{Entrypoint: []string{"program"}, Cmd: []string{"serve", ":8080"}, Env: []string{"PATH=/bin"}, WorkingDir: "/work"})
	if err != nil {
		return fmt.Errorf("cannot make image: %w", err)
	}

	ref, err := name.ParseReference(imageName)
	if err != nil {
		return fmt.Errorf("cannot name image: %w", err)
	}

	if err := remote.Write(ref, img); err != nil {
		return fmt.Errorf("cannot push image: %w", err)
	}

	return nil
}

// namespace creates a namespace for a test, with the objects that controllers create elsewhere.
func namespace(t *testing.T) string {
	t.Helper()

	ns := api.Namespace(t)
	check.Must(t, api.CreateServiceAccount(t.Context(), ns, "default"))
	check.Must(t, api.Client().Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "kube-root-ca.crt"}, Data: map[string]string{"ca.crt": "authority"}}))

	return ns
}

// newTestPod returns a pod that runs the program, with these changes.
func newTestPod(ns, name string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: imageName}}},
	}
	for _, c := range change {
		c(p)
	}

	return p
}

// create creates a pod, and deletes it with the test.
func create(t *testing.T, p *corev1.Pod) *corev1.Pod {
	t.Helper()

	check.Must(t, api.Client().Create(t.Context(), p))
	t.Cleanup(func() {
		zero := int64(0)
		_ = api.Client().Delete(context.WithoutCancel(t.Context()), p, &client.DeleteOptions{GracePeriodSeconds: &zero}) // It may already be deleted.

		if t.Failed() {
			t.Logf("pod %s: %+v", p.Name, p.Status)
		}
	})

	return p
}

// eventually waits until a check of a pod succeeds.
func eventually(t *testing.T, p *corev1.Pod, check func(*corev1.Pod) error) {
	t.Helper()

	err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if err := api.Client().Get(ctx, client.ObjectKeyFromObject(p), p); err != nil {
			return fmt.Errorf("cannot get pod: %w", err)
		}

		return check(p)
	})
	if err != nil {
		t.Fatalf("pod %q: %v\n%+v", p.Name, err, p.Status)
	}
}

func isReady(p *corev1.Pod) error {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return nil
		}
	}

	return fmt.Errorf("it is not ready: phase %q", p.Status.Phase)
}

// isWaiting checks that the first container waits for that reason.
func isWaiting(reason, message string) func(*corev1.Pod) error {
	return func(p *corev1.Pod) error {
		for _, s := range p.Status.ContainerStatuses {
			if w := s.State.Waiting; w != nil && w.Reason == reason && strings.Contains(w.Message, message) {
				return nil
			}
		}

		return fmt.Errorf("it does not wait for %s: %q", reason, message)
	}
}

func ready(t *testing.T, p *corev1.Pod) *corev1.Pod {
	t.Helper()
	eventually(t, p, isReady)

	return p
}

// ask sends a request to the program in a pod.
func ask(ctx context.Context, p *corev1.Pod, path string) (string, error) {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return node.DialPod(ctx, p.Status.PodIP, port)
	}}}

	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://pod"+path, nil)
	if err != nil {
		return "", fmt.Errorf("cannot ask: %w", err)
	}

	response, err := c.Do(r)
	if err != nil {
		return "", fmt.Errorf("cannot ask: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It was read.

	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("cannot read answer: %w", err)
	}

	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s: %s", path, response.Status, strings.TrimSpace(string(body)))
	}

	return string(body), nil
}

// answer returns the program's answer as soon as it responds.
func answer(t *testing.T, p *corev1.Pod, path string) string {
	t.Helper()

	var out string

	err := apiserver.Eventually(t.Context(), func(ctx context.Context) (err error) {
		out, err = ask(ctx, p, path)
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%+v", err, p.Status)
	}

	return out
}
