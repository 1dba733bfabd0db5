// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/p6m-dev/platform-application/package/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// version of the packages that are installed.
	version = "v0.1.0-demo"

	// regularPoll and fastPoll are how often the provider looks at a vault by default, and
	// while somebody may be waiting.
	regularPoll = 30 * time.Second
	fastPoll    = 5 * time.Second

	// demoDelay is how long roles and credentials take to have their effect: up to ten
	// minutes in Azure.
	demoDelay = 5 * time.Second
)

// demoCommand starts a control plane and shows what an application team gets.
type demoCommand struct {
	Once    bool          `help:"End when all was shown."`
	Variant plane.Variant `default:"modern"               enum:"modern,claim" help:"A PlatformApplication as namespaced composite resource (modern), or as claim."`
}

// Run the demo.
func (c *demoCommand) Run(ctx context.Context, g *commands) (err error) {
	n := &narrator{out: os.Stdout}

	l, err := take(g.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()

	dir, err := filepath.Abs(g.Dir)
	if err != nil {
		return fmt.Errorf("cannot find directory: %w", err)
	}

	d := &demo{narrator: n, dir: dir, variant: c.Variant}
	defer func() { err = errors.Join(err, d.stop()) }()

	err = d.start(ctx)
	if err == nil {
		err = d.tell(ctx)
	}

	if ctx.Err() != nil {
		// An interrupt needs no explanation.
		n.chapter("Ending.")

		return nil
	}

	if err != nil {
		return d.explain(err)
	}

	if c.Once {
		n.chapter("That was all.")

		return nil
	}

	d.invite()

	<-ctx.Done()
	n.chapter("Ending.")

	return nil
}

// A demo that runs.
type demo struct {
	*narrator

	dir     string
	variant plane.Variant
	azure   *azure.Server
	plane   *plane.Plane
	log     *os.File
}

// start all that the story needs.
func (d *demo) start(ctx context.Context) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	d.chapter("A control plane on this machine: real Kubernetes, real Crossplane; stand-ins for Azure and for the node")

	if err := d.buildTools(ctx); err != nil {
		return err
	}

	if d.azure, err = azure.Start(ctx, azure.Options{CAFile: filepath.Join(d.dir, "azure-ca.pem")}); err != nil {
		return err
	}

	if d.log, err = os.Create(filepath.Join(d.dir, "node.log")); err != nil {
		return fmt.Errorf("cannot create log: %w", err)
	}

	d.plane, err = plane.Start(ctx, plane.Options{
		Dir: d.dir, Azure: d.azure, Progress: d.progress,
		Log: slog.New(slog.NewTextHandler(d.log, nil)),
	})
	if err != nil {
		return err
	}

	if err := d.plane.PushPackages(ctx, root, version); err != nil {
		return err
	}

	image := build.Program{Main: "./examples/demo/app", Path: "/app"}
	if err := d.plane.PushImage(ctx, image, "p6m-dev/demo-application:v1"); err != nil {
		return err
	}

	return d.plane.Install(ctx, d.variant, root, version)
}

// buildTools that are not built yet, which takes up to four minutes each.
func (d *demo) buildTools(ctx context.Context) error {
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "crossplane-core", "crossplane", "helm", "kustomize"} {
		done := d.progress(name)
		_, err := tools.Path(ctx, name)
		done(err)

		if err != nil {
			return err
		}
	}

	return nil
}

// explain where to look further.
func (d *demo) explain(err error) error {
	return fmt.Errorf("%w\nlogs are in %s", err, d.dir)
}

func (d *demo) stop() error {
	var errs []error

	if d.plane != nil {
		errs = append(errs, d.plane.Stop())
	}

	if d.azure != nil {
		errs = append(errs, d.azure.Close())
	}

	if d.log != nil {
		errs = append(errs, d.log.Close())
	}

	return errors.Join(errs...)
}

// invite to look around.
func (d *demo) invite() {
	d.chapter("All of it stays up. Look around from another terminal:")
	d.show(fmt.Sprintf(`export KUBECONFIG=%s AZURE_STAND_IN_ADMIN=%s
kubectl get platformapplications --all-namespaces
kubectl describe platformapplication %s --namespace %s
kubectl get managed --namespace %s
kubectl get pods --all-namespaces
kubectl logs --namespace %s deployment/%s
curl --proxy %s http://%s.%s:8080/
go run ./test/azure/cmd/azure vault list`,
		d.plane.Kubeconfig(), d.azure.AdminURL(), application, namespace, namespace, namespace, application,
		d.plane.ProxyURL(), application, namespace))
	d.sayf("")
	d.sayf("It ends with Ctrl-C, or with make demo-down.")
}
