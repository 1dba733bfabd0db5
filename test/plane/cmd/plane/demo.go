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

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// version of the installed packages.
	version = "v0.1.0-demo"

	// regularPoll and fastPoll are the default times between two polls of a vault: normally,
	// and after a change.
	regularPoll = 30 * time.Second
	fastPoll    = 5 * time.Second

	// demoDelay is the time until roles and credentials have propagated. In Azure it is up
	// to ten minutes.
	demoDelay = 5 * time.Second
)

// demoCommand starts a control plane and shows the life of an application.
type demoCommand struct {
	Once    bool          `help:"Stop after the last step."`
	Variant plane.Variant `default:"modern"                 enum:"modern,claim" help:"Variant of the API: namespaced composite resource (modern) or claim."`
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
		n.chapter("Stopping.")

		return nil
	}

	if err != nil {
		return d.explain(err)
	}

	if c.Once {
		n.chapter("End of the demo.")

		return nil
	}

	d.invite()

	<-ctx.Done()
	n.chapter("Stopping.")

	return nil
}

// A demo is a running demo.
type demo struct {
	*narrator

	dir     string
	variant plane.Variant
	azure   *azure.Server
	plane   *plane.Plane
	log     *os.File
}

// start starts the control plane and installs the platform.
func (d *demo) start(ctx context.Context) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	d.chapter("Starting a local control plane: real Kubernetes and Crossplane, stand-ins for Azure and for the node")

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

// buildTools builds missing tools, which takes up to four minutes each.
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

// explain adds the location of the logs.
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

// invite prints commands to look around.
func (d *demo) invite() {
	d.chapter("The platform stays up. Look around in another terminal:")
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
	d.sayf("Stop it with Ctrl-C or make demo-down.")
}
