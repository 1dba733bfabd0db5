//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

const (
	// head is the tested version.
	head = "v0.1.0-1.head"

	// poll is the poll interval of vaults.
	poll = 5 * time.Second

	// stopTimeout is ten times what it takes to stop a plane.
	stopTimeout = 2 * time.Minute

	demoImage = "ghcr.io/p6m-dev/demo-application:v1"
)

// world has an Azure, and the planes that use it.
type world struct {
	dir   string
	root  string
	azure *azure.Server

	// modern has namespaced composite resources. All tests share it.
	modern *plane.Plane

	// images are those of examples that planes have.
	images map[image]bool

	mu     sync.Mutex
	planes []*plane.Plane
	claim  *plane.Plane
	logs   []*os.File
}

// An image is one that a plane has.
type image struct {
	plane *plane.Plane
	path  string
}

// demoProgram is the program in demoImage.
var demoProgram = build.Program{Main: "./examples/demo/app", Path: "/app"} //nolint:gochecknoglobals // A constant.

// w is the world that tests share: starting it takes longer than most of them.
var w *world //nolint:gochecknoglobals // TestMain has no other way to hand it to tests.

func TestMain(m *testing.M) {
	// This program runs itself to start Pods.
	sandbox.Main()
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())

	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	var err error

	w, err = newWorld(context.Background())
	if w != nil {
		defer func() {
			if err := w.close(code == 0); err != nil {
				fmt.Fprintln(os.Stderr, "cannot stop:", err)

				code = max(code, 1)
			}
		}()
	}

	if err != nil {
		fmt.Fprintln(os.Stderr, err)

		return 1
	}

	return m.Run()
}

// newWorld starts an Azure and a plane in it.
func newWorld(ctx context.Context) (*world, error) {
	root, err := tools.Root()
	if err != nil {
		return nil, err
	}

	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a directory: %w", err)
	}

	out := &world{dir: dir, root: root, images: map[image]bool{}}

	if out.azure, err = azure.Start(ctx, azure.Options{}); err != nil {
		return out, err
	}

	out.modern, err = out.newPlane(ctx, "modern", plane.Modern, root, head)

	return out, err
}

// newPlane starts a plane with the packages of the repository at that root.
func (w *world) newPlane(ctx context.Context, name string, variant plane.Variant, root, version string) (*plane.Plane, error) {
	p, err := w.barePlane(ctx, name, root, version, plane.WebhookReserved)
	if err != nil {
		return p, err
	}

	return p, p.Install(ctx, variant, root, version)
}

// barePlane starts a plane with only Crossplane. The packages of the repository at that root can be
// installed.
func (w *world) barePlane(ctx context.Context, name, root, version string, webhook plane.Webhook) (*plane.Plane, error) {
	dir := filepath.Join(w.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make a directory: %w", err)
	}

	logFile, err := os.Create(filepath.Join(dir, "node.log"))
	if err != nil {
		return nil, fmt.Errorf("cannot create log: %w", err)
	}

	o := plane.Options{
		Name: name, Dir: dir, Azure: w.azure, PollInterval: poll, Webhook: webhook,
		Progress: progress(name),
		Log:      slog.New(slog.NewTextHandler(logFile, nil)),
	}

	// Many idle applications are measured at the default intervals. Other tests are in a hurry. With 100 reconciles at once, the
	// API server of a small machine is so busy that Services get no address before Crossplane's requests time out.
	if *idle > 0 {
		o.PollInterval, o.AzurePollInterval = 0, 10*time.Minute
		o.CrossplaneArgs = []string{"--max-reconcile-rate=20"}
	}

	p, err := plane.Start(ctx, o)

	w.mu.Lock()
	w.logs = append(w.logs, logFile)
	if p != nil {
		w.planes = append(w.planes, p)
	}
	w.mu.Unlock()

	if err != nil {
		return nil, err
	}

	if err := p.PushImage(ctx, demoProgram, "p6m-dev/demo-application:v1"); err != nil {
		return p, err
	}

	return p, p.PushPackages(ctx, root, version)
}

// claims returns the plane with claims, which is started when it is first needed.
func (w *world) claims(t *testing.T) *plane.Plane {
	t.Helper()

	if w.claim == nil {
		p, err := w.newPlane(context.WithoutCancel(t.Context()), "claim", plane.Claim, w.root, head)
		must(t, err)

		w.claim = p
	}

	return w.claim
}

// variants returns the plane of each variant.
func (w *world) variants(t *testing.T) map[plane.Variant]*plane.Plane {
	t.Helper()

	return map[plane.Variant]*plane.Plane{plane.Modern: w.modern, plane.Claim: w.claims(t)}
}

// stop stops a plane before the others.
func (w *world) stop(p *plane.Plane) error {
	w.mu.Lock()
	defer w.mu.Unlock()

	for i, other := range w.planes {
		if other == p {
			w.planes = append(w.planes[:i], w.planes[i+1:]...)

			return p.Stop()
		}
	}

	return nil
}

// close ends everything. Logs of a failed test stay.
func (w *world) close(passed bool) error {
	var errs []error

	for _, p := range w.planes {
		errs = append(errs, inTime("a plane", p.Stop))
	}

	if w.azure != nil {
		errs = append(errs, inTime("Azure", w.azure.Close))
	}

	for _, l := range w.logs {
		errs = append(errs, l.Close())
	}

	if passed {
		errs = append(errs, os.RemoveAll(w.dir))
	} else {
		fmt.Fprintln(os.Stderr, "logs are in", w.dir)
	}

	return errors.Join(errs...)
}

// inTime returns an error with the stacks of all goroutines if stop does not return in time: the timeout of a test run covers tests
// only, and would say nothing. The kernel ends what is left with this process.
func inTime(what string, stop func() error) error {
	done := make(chan error, 1)
	go func() { done <- stop() }()

	select {
	case err := <-done:
		return err
	case <-time.After(stopTimeout):
		stacks := make([]byte, 1<<20)

		return fmt.Errorf("cannot stop %s within %s:\n%s", what, stopTimeout, stacks[:runtime.Stack(stacks, true)])
	}
}

// progress prints each step, like a test.
func progress(name string) func(string) func(error) {
	return func(what string) func(error) {
		start := time.Now()

		return func(err error) {
			result := "ok"
			if err != nil {
				result = "failed"
			}

			fmt.Fprintf(os.Stderr, "    %s: %s: %s in %.0f s\n", name, what, result, time.Since(start).Seconds())
		}
	}
}

// namespaceOf creates a namespace for a test.
func namespaceOf(t *testing.T, p *plane.Plane) string {
	t.Helper()

	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-", ".", "-").Replace(t.Name()))
	must(t, p.API.CreateNamespace(t.Context(), name))

	return name
}

// eventually waits until a check returns no error.
func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	must(t, plane.Eventually(t.Context(), what, check))
}
