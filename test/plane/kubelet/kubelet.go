// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package kubelet is a node of a Kubernetes cluster that runs pods as processes of this machine,
// without a container runtime and without privileges: each pod has its own sandbox. The API server
// sees a normal kubelet: the node and its lease, environment and volumes of Secrets and ConfigMaps,
// tokens, probes, restarts and the status of pods.
//
// It rejects a pod that needs a container runtime or a real node: such a pod fails with a message
// about the reason.
//
// The node library of virtual-kubelet would replace the node, its lease and the
// watch of pods. Its provider would still do the rest: containers, probes, restarts,
// volumes, tokens, logs and status. It resolves variables once, before a pod is
// created, so a pod would not show CreateContainerConfigError while a Secret is
// missing. Version 1.14 also needs k8s.io/client-go 0.37, and Crossplane's runtime 0.35.
package kubelet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

const (
	// loopback is the node's address.
	loopback = "127.0.0.1"

	// defaultBackoff is a kubelet's.
	defaultBackoff = 10 * time.Second
	// maxBackoffs times the first backoff is the longest: five minutes, as in a kubelet.
	maxBackoffs = 30

	// Requests to the API server have a kubelet's limits.
	defaultQPS, defaultBurst = 50, 100
)

// Options of a Kubelet.
type Options struct {
	// Config is that of a client that is the node: user system:node:NAME of the group system:nodes.
	Config *rest.Config
	// Binder is the configuration of a client that may list, watch and bind pods. It replaces a
	// scheduler: pods without a node are bound to this one. It is nil if others bind them.
	Binder *rest.Config
	// Node is the node's name. Default: local.
	Node string
	// Dir is the directory for root directories, images and logs. Logs stay there.
	Dir string
	// Registry, as host and port, is the source of images. A pod with an image of any other
	// registry is declared running and ready.
	Registry string
	// Images, if set, rewrites the name of an image before it is pulled.
	Images func(image string) string
	// CA, if set, are certificates of authorities that every container must trust.
	CA []byte
	// Env is added to every container that does not set the variables itself.
	Env map[string]string
	// APIServer, as host and port, is where pods find the API server. It must be
	// among Reachable.
	APIServer string
	// Reachable are the addresses of this machine that pods can reach, at the same addresses. Pods
	// reach nothing else.
	Reachable []string
	// Backoff is the pause before the second restart of a container. Default: 10 seconds. It
	// doubles with each restart, up to 30 times as much.
	Backoff time.Duration
	// Log, if set.
	Log *slog.Logger
}

// A Kubelet is running. Its methods may be called concurrently.
type Kubelet struct {
	options  Options
	client   kubernetes.Interface
	log      *slog.Logger
	images   *images
	logs     *httptest.Server
	capacity corev1.ResourceList
	started  time.Time

	cancel  context.CancelFunc
	running sync.WaitGroup
	closers []func()

	mu   sync.Mutex
	pods map[types.UID]*pod
	last netip.Addr
}

// A Process runs in a container.
type Process struct {
	Namespace, Pod string
	// PID is the id on this machine.
	PID int
}

// Start starts a kubelet, which registers its node and runs pods until it is closed or the context
// ends. The program must have called sandbox.Main.
func Start(ctx context.Context, o Options) (*Kubelet, error) {
	o.Node = cmp.Or(o.Node, "local")
	o.Backoff = cmp.Or(o.Backoff, defaultBackoff)

	// Relative paths would have another meaning in a sandbox.
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot find directory %q: %w", o.Dir, err)
	}

	o.Dir = dir

	if err := trySandbox(ctx); err != nil {
		return nil, err
	}

	client, err := newClient(o.Config)
	if err != nil {
		return nil, err
	}

	k := &Kubelet{
		options: o, client: client, log: o.Log, capacity: capacity(), started: time.Now(),
		images: &images{dir: filepath.Join(o.Dir, "images"), registry: o.Registry, rename: o.Images},
		pods:   map[types.UID]*pod{}, last: firstAddress(),
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}

	// A killed kubelet may have left some.
	if err := os.RemoveAll(k.podsDir()); err != nil {
		return nil, fmt.Errorf("cannot remove old root directories: %w", err)
	}

	ctx, k.cancel = context.WithCancel(klog.NewContext(ctx, logr.FromSlogHandler(k.log.Handler())))

	if err := k.start(ctx); err != nil {
		return nil, errors.Join(err, k.Close())
	}

	return k, nil
}

// trySandbox reports an unsuitable machine at once, instead of in pods.
func trySandbox(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sandboxTimeout)
	defer cancel()

	s, err := sandbox.Start(ctx, sandbox.Config{Name: "try"})
	if err != nil {
		return fmt.Errorf("cannot run pods on this machine: %w", err)
	}

	s.Close()

	return nil
}

func newClient(cfg *rest.Config) (*kubernetes.Clientset, error) {
	cfg = rest.CopyConfig(cfg)
	if cfg.QPS == 0 {
		cfg.QPS, cfg.Burst = defaultQPS, defaultBurst
	}

	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot create client: %w", err)
	}

	return client, nil
}

// Close ends all pods at once, and returns when no process is left.
func (k *Kubelet) Close() error {
	k.cancel()
	k.running.Wait()

	for _, c := range slices.Backward(k.closers) {
		c()
	}

	if err := os.RemoveAll(k.podsDir()); err != nil {
		return fmt.Errorf("cannot remove root directories: %w", err)
	}

	return nil
}

// DialPod connects to a port of a pod, as if this machine were in the pod's network.
func (k *Kubelet) DialPod(ctx context.Context, ip string, port int) (net.Conn, error) {
	k.mu.Lock()

	var found *pod

	for _, p := range k.pods {
		if p.ip == ip {
			found = p
		}
	}

	k.mu.Unlock()

	if found == nil {
		return nil, fmt.Errorf("cannot connect to %s: no pod has this address", net.JoinHostPort(ip, strconv.Itoa(port)))
	}

	return found.dial(ctx, port)
}

// Processes returns the processes that currently run in containers.
func (k *Kubelet) Processes() []Process {
	var out []Process
	for _, p := range k.all() {
		out = append(out, p.running()...)
	}

	return out
}

func (k *Kubelet) start(ctx context.Context) error {
	k.startLogServer(ctx)
	k.closers = append(k.closers, k.logs.Close)

	if err := k.register(ctx); err != nil {
		return err
	}

	k.running.Go(func() { k.beat(ctx) })
	k.running.Go(func() { k.watchPods(ctx) })

	if k.options.Binder != nil {
		binder, err := newClient(k.options.Binder)
		if err != nil {
			return err
		}

		k.running.Go(func() { k.bindPods(ctx, binder) })
	}

	return nil
}

func (k *Kubelet) podsDir() string { return filepath.Join(k.options.Dir, "pods") }

func (k *Kubelet) all() []*pod {
	k.mu.Lock()
	defer k.mu.Unlock()

	out := make([]*pod, 0, len(k.pods))
	for _, p := range k.pods {
		out = append(out, p)
	}

	return out
}

// nextAddress returns an address that no pod has. k.mu must be held.
func (k *Kubelet) nextAddress() string {
	network := netip.PrefixFrom(firstAddress(), 16).Masked()

	taken := map[string]bool{}
	for _, p := range k.pods {
		taken[p.ip] = true
	}

	for {
		k.last = k.last.Next()
		if !network.Contains(k.last) {
			k.last = firstAddress()
		}

		if !taken[k.last.String()] {
			return k.last.String()
		}
	}
}

// logSection finds the part of a log that a run of a container wrote.
func (k *Kubelet) logSection(namespace, name, container string) (section, error) {
	for _, p := range k.all() {
		if p.namespace() == namespace && p.name() == name {
			return p.logSection(container)
		}
	}

	return section{}, fmt.Errorf("pod %q in namespace %q is not on this node", name, namespace)
}

func firstAddress() netip.Addr { return netip.AddrFrom4([4]byte{10, 244, 0, 1}) }
