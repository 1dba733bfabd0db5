// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/p6m-dev/platform-application/test/plane/proxy"
	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

const (
	sandboxTimeout = 30 * time.Second

	// maxHostname is the kernel's limit.
	maxHostname = 63
)

// A pod of this node.
type pod struct {
	kubelet *Kubelet
	uid     types.UID
	ip      string
	dir     string
	started time.Time

	// wanted ends when the pod must end. stop ends it.
	wanted context.Context //nolint:containedctx // It is the pod's life, that others may end.
	stop   context.CancelFunc

	// dirty is set while the status is not reported.
	dirty chan struct{}

	// tokens and volumes belong to the writer of volumes, which is single-threaded.
	tokens  tokens
	volumes map[string]map[string]file

	mu       sync.Mutex
	object   *corev1.Pod
	statuses map[string]corev1.ContainerStatus
	reason   string
	message  string
	sandbox  *sandbox.Sandbox
	runs     map[string]run
}

// A run of a container.
type run struct {
	process *sandbox.Process
	// again is true if there was an earlier run.
	again bool
	// log is the file with the output, in which the run begins at an offset.
	log  string
	from int64
}

func newPod(ctx context.Context, k *Kubelet, object *corev1.Pod, ip string) *pod {
	p := &pod{
		kubelet: k, uid: object.UID, ip: ip, dir: filepath.Join(k.podsDir(), string(object.UID)),
		started: time.Now().Truncate(time.Second), dirty: make(chan struct{}, 1), object: object,
		statuses: map[string]corev1.ContainerStatus{}, runs: map[string]run{}, volumes: map[string]map[string]file{}, tokens: tokens{},
	}
	p.wanted, p.stop = context.WithCancel(ctx)

	return p
}

func (p *pod) spec() *corev1.Pod {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.object
}

func (p *pod) namespace() string { return p.spec().Namespace }

func (p *pod) name() string { return p.spec().Name }

func (p *pod) hostname() string {
	o := p.spec()

	name := o.Spec.Hostname
	if name == "" {
		name = o.Name
	}

	return name[:min(len(name), maxHostname)]
}

// update updates the pod to the state in the API server.
func (p *pod) update(object *corev1.Pod) {
	if !p.learn(object) {
		return
	}

	p.report()

	if object.DeletionTimestamp != nil {
		p.stop()
	}
}

// learn stores the newest state of a pod, and ignores older ones.
func (p *pod) learn(object *corev1.Pod) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	if order, err := resourceversion.CompareResourceVersion(object.ResourceVersion, p.object.ResourceVersion); err == nil && order < 0 {
		return false
	}

	p.object = object

	return true
}

// warn reports an error in the log of the node.
func (p *pod) warn(what string, err error) {
	p.kubelet.log.Warn(what, "namespace", p.namespace(), "pod", p.name(), "error", err)
}

// report requests a report of the status.
func (p *pod) report() {
	select {
	case p.dirty <- struct{}{}:
	default: // A report is already pending.
	}
}

// run runs the pod until it is deleted or the context ends.
func (p *pod) run(ctx context.Context) {
	defer func() {
		p.stop()

		if err := os.RemoveAll(p.dir); err != nil {
			p.warn("cannot remove directory of pod", err)
		}
	}()

	reporting, stopReporting := context.WithCancel(ctx)
	defer stopReporting()

	var reporter sync.WaitGroup

	reporter.Go(func() { p.reportStatus(reporting) })

	p.work(ctx)
	p.report()

	<-p.wanted.Done()
	stopReporting()
	reporter.Wait()

	if ctx.Err() == nil {
		p.finish(ctx)
	}
}

// finish reports that nothing of a deleted pod is left.
func (p *pod) finish(ctx context.Context) {
	retry(ctx, p.patchStatus)

	zero := int64(0)
	retry(ctx, func(ctx context.Context) error {
		err := p.kubelet.client.CoreV1().Pods(p.namespace()).Delete(ctx, p.name(), metav1.DeleteOptions{
			GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &p.uid},
		})
		if kerrors.IsNotFound(err) || kerrors.IsConflict(err) {
			return nil
		}

		return err //nolint:wrapcheck // It is only compared.
	})
}

// work works until the pod has ended or must end.
func (p *pod) work(ctx context.Context) {
	o := p.spec()

	if image := p.foreignImage(); image != "" {
		p.kubelet.log.Info("declares pod running", "namespace", o.Namespace, "pod", o.Name, "image", image)
		p.declareRunning()

		return
	}

	if message := unsupported(o); message != "" {
		p.fail("Unsupported", message)

		return
	}

	for p.wanted.Err() == nil {
		if again := p.runInSandbox(ctx); !again {
			return
		}
	}
}

func (p *pod) fail(reason, message string) {
	p.mu.Lock()
	p.reason, p.message = reason, message
	p.mu.Unlock()

	p.report()
}

func (p *pod) foreignImage() string {
	o := p.spec()
	for _, cs := range [][]corev1.Container{o.Spec.InitContainers, o.Spec.Containers} {
		for i := range cs {
			if _, ours := p.kubelet.images.resolve(cs[i].Image); !ours {
				return cs[i].Image
			}
		}
	}

	return ""
}

// declareRunning reports all containers as running, although none is. Init containers have no status, as if there were none.
func (p *pod) declareRunning() {
	o := p.spec()
	now := metav1.NewTime(time.Now().Truncate(time.Second))

	p.mu.Lock()

	for i := range o.Spec.Containers {
		c := &o.Spec.Containers[i]
		p.statuses[c.Name] = corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: true, Started: new(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		}
	}

	p.mu.Unlock()
	p.report()
}

// runInSandbox runs all containers in a new sandbox. It returns true if the sandbox has ended too
// early.
//
//nolint:contextcheck // It lives as long as the pod is wanted, and the context ends that, too.
func (p *pod) runInSandbox(ctx context.Context) bool {
	s, err := p.startSandbox(p.wanted)
	if err != nil {
		p.warn("cannot start sandbox", err)

		return sleep(p.wanted, p.kubelet.options.Backoff)
	}

	life, end := context.WithCancel(p.wanted)

	// When it returns, everything that it started has ended.
	var others sync.WaitGroup

	defer func() {
		end()
		s.Close()
		others.Wait()
		p.setSandbox(nil)
	}()

	// A sandbox ends with the kubelet at once.
	defer context.AfterFunc(ctx, s.Close)()

	others.Go(func() {
		select {
		case <-s.Done():
			end()
		case <-life.Done():
		}
	})

	for _, address := range p.kubelet.options.Reachable {
		if err := p.forward(life, s, address, &others); err != nil {
			p.warn("cannot make address reachable", err)

			return sleep(p.wanted, p.kubelet.options.Backoff)
		}
	}

	if !p.mountVolumes(life) {
		return true
	}

	others.Go(func() { p.refreshVolumes(life) })

	p.runContainers(ctx, life, s)

	return life.Err() != nil
}

func (p *pod) runContainers(ctx, life context.Context, s *sandbox.Sandbox) {
	o := p.spec()

	for i := range o.Spec.InitContainers {
		c := &container{pod: p, sandbox: s, spec: &o.Spec.InitContainers[i], init: true}
		if !c.run(ctx, life) {
			return
		}
	}

	var all sync.WaitGroup

	for i := range o.Spec.Containers {
		c := &container{pod: p, sandbox: s, spec: &o.Spec.Containers[i]}
		all.Go(func() { c.run(ctx, life) })
	}

	all.Wait()
}

func (p *pod) startSandbox(life context.Context) (*sandbox.Sandbox, error) {
	o := p.spec()

	for i := range o.Spec.InitContainers {
		(&container{pod: p, spec: &o.Spec.InitContainers[i]}).wait(reasonInitializing, "")
	}

	for i := range o.Spec.Containers {
		reason := reasonCreating
		if len(o.Spec.InitContainers) > 0 {
			reason = reasonInitializing
		}

		(&container{pod: p, spec: &o.Spec.Containers[i]}).wait(reason, "")
	}

	address, err := netip.ParseAddr(p.ip)
	if err != nil {
		return nil, fmt.Errorf("cannot parse address of pod: %w", err)
	}

	ctx, cancel := context.WithTimeout(life, sandboxTimeout)
	defer cancel()

	s, err := sandbox.Start(ctx, sandbox.Config{Name: p.hostname(), Address: address})
	if err != nil {
		return nil, err
	}

	p.setSandbox(s)

	return s, nil
}

func (p *pod) setSandbox(s *sandbox.Sandbox) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.sandbox = s
}

func (p *pod) dial(ctx context.Context, port int) (net.Conn, error) {
	p.mu.Lock()
	s := p.sandbox
	p.mu.Unlock()

	address := net.JoinHostPort(p.ip, strconv.Itoa(port))
	if s == nil {
		return nil, fmt.Errorf("cannot connect to %s: nothing runs in pod %q of namespace %q", address, p.name(), p.namespace())
	}

	return s.Dial(ctx, address)
}

// forward forwards connections from the pod to an address of this machine.
func (p *pod) forward(ctx context.Context, s *sandbox.Sandbox, address string, running *sync.WaitGroup) error {
	l, err := s.Listen(ctx, address)
	if err != nil {
		return err
	}

	context.AfterFunc(ctx, func() { _ = l.Close() })

	running.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}

			running.Go(func() {
				to, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
				if err != nil {
					_ = from.Close() // The client sees a closed connection, as without a listener.

					return
				}

				defer func() { _, _ = from.Close(), to.Close() }() // Both sides have ended.

				proxy.Splice(ctx, from, from, to)
			})
		}
	})

	return nil
}

func (p *pod) running() []Process {
	p.mu.Lock()
	defer p.mu.Unlock()

	var out []Process

	for _, r := range p.runs {
		if r.process != nil {
			out = append(out, Process{Namespace: p.object.Namespace, Pod: p.object.Name, PID: r.process.PID()})
		}
	}

	return out
}

// reportStatus reports changes of the status until the context ends.
func (p *pod) reportStatus(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.dirty:
		}

		retry(ctx, p.patchStatus)
	}
}

// patchStatus patches the status of the pod, unless it is up to date.
func (p *pod) patchStatus(ctx context.Context) error {
	p.mu.Lock()
	old := p.object
	statuses := make(map[string]corev1.ContainerStatus, len(p.statuses))

	for name, s := range p.statuses {
		statuses[name] = *s.DeepCopy()
	}

	f := facts{
		ip: p.ip, host: loopback, started: p.started, now: time.Now().Truncate(time.Second), statuses: statuses, reason: p.reason, message: p.message,
	}
	p.mu.Unlock()

	status := podStatus(old, f)
	if equality.Semantic.DeepEqual(old.Status, status) {
		return nil
	}

	patch, err := statusPatch(old, status)
	if err != nil {
		return err
	}

	got, err := p.kubelet.client.CoreV1().Pods(old.Namespace).Patch(ctx, old.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if kerrors.IsNotFound(err) || kerrors.IsConflict(err) {
		return nil // The pod is deleted, and there may be another one of its name.
	}

	if err != nil {
		p.warn("cannot report status of pod", err)

		return fmt.Errorf("cannot patch status: %w", err)
	}

	p.learn(got)

	return nil
}

func statusPatch(old *corev1.Pod, status corev1.PodStatus) ([]byte, error) {
	// The deletion is for this pod, not for another one of its name.
	before, err := json.Marshal(corev1.Pod{Status: old.Status})
	after, err2 := json.Marshal(corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: old.UID}, Status: status})

	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("cannot encode status: %w", err)
	}

	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, corev1.Pod{})
	if err != nil {
		return nil, fmt.Errorf("cannot compare status: %w", err)
	}

	return patch, nil
}
