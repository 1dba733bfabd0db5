// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

// A container of a pod in its sandbox, across all of its restarts.
type container struct {
	pod     *pod
	sandbox *sandbox.Sandbox
	spec    *corev1.Container
	init    bool

	// delay is the pause before the next restart.
	delay time.Duration
}

// A problem is the reason why a container does not start, with its reason in Kubernetes.
type problem struct {
	reason string
	err    error
}

func (p *problem) Error() string { return p.err.Error() }

// run runs the container as often as its policy requires, until life ends. It reports whether the
// container has succeeded. The end of the context stops it without a grace period.
func (c *container) run(ctx, life context.Context) bool {
	for {
		process := c.start(life)
		if process == nil {
			return false
		}

		began := time.Now()
		exit := c.attend(ctx, life, process)
		c.ended(exit, began)

		if life.Err() != nil {
			return false
		}

		if !c.again(exit) {
			return exit.Status() == 0
		}

		if !c.backOff(life, time.Since(began)) {
			return false
		}
	}
}

// again reports whether the container restarts after this exit.
func (c *container) again(exit sandbox.Exit) bool {
	switch c.pod.spec().Spec.RestartPolicy {
	case corev1.RestartPolicyNever:
		return false
	case corev1.RestartPolicyOnFailure:
		return exit.Status() != 0
	default:
		return !c.init || exit.Status() != 0
	}
}

// backOff waits before a restart: not before the first, and then longer each time.
func (c *container) backOff(life context.Context, ran time.Duration) bool {
	base := c.pod.kubelet.options.Backoff
	longest := maxBackoffs * base

	// A long run resets the backoff.
	if ran > 2*longest {
		c.delay = 0
	}

	if c.delay > 0 {
		o := c.pod.spec()
		c.wait(reasonCrashLoop, fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", c.delay, c.spec.Name, o.Name, o.Namespace, o.UID))
	}

	ok := sleep(life, c.delay)

	c.delay = min(max(base, 2*c.delay), longest)

	return ok
}

// start starts the container as soon as everything that it needs exists. It returns nil if life
// ends before.
func (c *container) start(life context.Context) *sandbox.Process {
	pause := c.pod.kubelet.options.Backoff

	for {
		process, trouble := c.try(life)
		if trouble == nil {
			return process
		}

		if life.Err() != nil {
			return nil
		}

		c.wait(trouble.reason, trouble.Error())

		if !sleep(life, pause) {
			return nil
		}

		// Missing objects may appear at any time.
		if trouble.reason != reasonConfigError {
			pause = min(2*pause, maxBackoffs*c.pod.kubelet.options.Backoff)
		}
	}
}

// try tries to start the container.
func (c *container) try(ctx context.Context) (*sandbox.Process, *problem) {
	img, err := c.pod.kubelet.images.pull(ctx, c.spec.Image)
	if err != nil {
		return nil, &problem{reasonErrImagePull, err}
	}

	command, err := c.command(ctx, img)
	if err != nil {
		return nil, &problem{reasonConfigError, err}
	}

	if err := c.pod.makeRoot(ctx, command.Root, img); err != nil {
		return nil, &problem{"CreateContainerError", err}
	}

	if command.Log, err = c.pod.openLog(c.spec.Name); err != nil {
		return nil, &problem{"CreateContainerError", err}
	}

	process, err := c.sandbox.Run(ctx, *command)
	if err != nil {
		return nil, &problem{reasonRunError, err}
	}

	c.began(process, img)

	return process, nil
}

// attend waits for the end of a process, and ends it when life ends or its liveness probe fails.
func (c *container) attend(ctx, life context.Context, process *sandbox.Process) sandbox.Exit {
	probing, stop := context.WithCancel(life)
	dead, probed := make(chan struct{}), make(chan struct{})

	go func() {
		defer close(probed)

		c.probe(probing, sync.OnceFunc(func() { close(dead) }))
	}()

	defer func() { stop(); <-probed }()

	select {
	case <-process.Done():
		return process.Exit()
	case <-dead:
	case <-life.Done():
		// The process has ended with its sandbox.
		if c.pod.wanted.Err() == nil {
			return process.Exit()
		}
	}

	stop()

	return c.end(ctx, process)
}

// end ends a process, gracefully at first.
func (c *container) end(ctx context.Context, process *sandbox.Process) sandbox.Exit {
	o := c.pod.spec()
	grace := time.Duration(corev1.DefaultTerminationGracePeriodSeconds) * time.Second

	if s := o.Spec.TerminationGracePeriodSeconds; s != nil {
		grace = time.Duration(*s) * time.Second
	}

	if s := o.DeletionGracePeriodSeconds; s != nil {
		grace = time.Duration(*s) * time.Second
	}

	process.Signal(syscall.SIGTERM)

	t := time.NewTimer(grace)
	defer t.Stop()

	select {
	case <-process.Done():
	case <-ctx.Done(): // The sandbox ends, and the process with it.
	case <-t.C:
		process.Signal(syscall.SIGKILL)
	}

	return process.Exit()
}

// set sets the status of the container.
func (c *container) set(change func(*corev1.ContainerStatus)) {
	c.pod.mu.Lock()

	s := c.pod.statuses[c.spec.Name]
	s.Name, s.Image = c.spec.Name, c.spec.Image

	if s.State.Terminated != nil {
		s.LastTerminationState = s.State
	}

	change(&s)
	c.pod.statuses[c.spec.Name] = s

	c.pod.mu.Unlock()
	c.pod.report()
}

func (c *container) wait(reason, message string) {
	c.set(func(s *corev1.ContainerStatus) {
		s.State, s.Ready, s.Started = waiting(reason, message), false, new(bool)
	})
}

func (c *container) began(process *sandbox.Process, img *image) {
	c.pod.mu.Lock()
	r := c.pod.runs[c.spec.Name]
	again := r.again
	r.process, r.again = process, true
	c.pod.runs[c.spec.Name] = r
	c.pod.mu.Unlock()

	c.set(func(s *corev1.ContainerStatus) {
		if again {
			s.RestartCount++
		}

		s.ImageID = img.id
		s.ContainerID = fmt.Sprintf("process://%s-%s-%d", c.pod.uid, c.spec.Name, s.RestartCount)
		s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(time.Now().Truncate(time.Second))}}
	})
}

func (c *container) ended(exit sandbox.Exit, began time.Time) {
	c.pod.mu.Lock()
	r := c.pod.runs[c.spec.Name]
	r.process = nil
	c.pod.runs[c.spec.Name] = r
	c.pod.mu.Unlock()

	c.set(func(s *corev1.ContainerStatus) {
		t := &corev1.ContainerStateTerminated{
			ExitCode: int32(exit.Status()), //nolint:gosec // It is a byte.
			Reason:   reasonCompleted, ContainerID: s.ContainerID,
			StartedAt: metav1.NewTime(began.Truncate(time.Second)), FinishedAt: metav1.NewTime(time.Now().Truncate(time.Second)),
		}
		if t.ExitCode != 0 {
			t.Reason = reasonError
		}

		s.State = corev1.ContainerState{Terminated: t}
		s.Started = new(bool)
		// An init container is ready when it has succeeded.
		s.Ready = c.init && t.ExitCode == 0
	})
}

// openLog returns the log of a container, and records where this run begins in it.
func (p *pod) openLog(container string) (string, error) {
	o := p.spec()

	name := filepath.Join(p.kubelet.options.Dir, "logs", o.Namespace, o.Name, container+".log")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // Logs are for all to read.
		return "", fmt.Errorf("cannot create directory of logs: %w", err)
	}

	r := run{log: name}
	if info, err := os.Stat(name); err == nil {
		r.from = info.Size()
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	r.again = p.runs[container].again
	p.runs[container] = r

	return name, nil
}
