// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package plane runs a control plane on one machine: a real API server with its
// controllers, Crossplane as its Helm chart installs it, and the packages of this
// repository as Crossplane's package manager installs them. Azure and the node are
// stand-ins; the node runs Pods as processes of this machine.
//
//	p, err := plane.Start(ctx, plane.Options{Azure: azure, Dir: dir})
//	err = p.PushPackages(ctx, root, "v0.1.0")
//	err = p.Install(ctx, plane.Modern, root, "v0.1.0")
//
// All processes listen on loopback only, and end when the process that started them
// ends, even if it is killed.
package plane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane/kubelet"
	"github.com/p6m-dev/platform-application/test/plane/proxy"
)

const (
	// Namespace is Crossplane's.
	Namespace = "crossplane-system"

	nodeName = "local"

	// waitTimeout bounds the time until anything is ready, on a busy machine.
	waitTimeout = 5 * time.Minute
	waitPoll    = 200 * time.Millisecond
)

// Options of a plane.
type Options struct {
	// Name distinguishes planes that share an Azure.
	Name string

	// Dir is the directory for kubeconfigs, logs and the processes' files. It is created.
	Dir string

	// Azure is the one of the plane's applications.
	Azure *azure.Server

	// Webhook gives Pods tokens of their workload identity. The default is the newest version.
	Webhook Webhook

	// PollInterval is that of vaults. Zero means the applications' default.
	PollInterval time.Duration

	// AzurePollInterval is that of the Azure providers. The default is a minute.
	AzurePollInterval time.Duration

	// CrossplaneArgs are further arguments of Crossplane.
	CrossplaneArgs []string

	// Progress is called with the name of a step when it begins, and returns a function
	// for its end. The default does nothing.
	Progress func(what string) (done func(error))

	// Log is the log of the node. The default is none.
	Log *slog.Logger
}

// A Plane is a running control plane.
type Plane struct {
	// API is its API server.
	API *apiserver.Server

	options     Options
	issuer      string
	registry    *registry
	proxy       *proxy.Proxy
	kubelet     *kubelet.Kubelet
	controllers *Daemon

	lifetime   context.Context //nolint:containedctx // That of what runs in the background.
	end        context.CancelFunc
	background sync.WaitGroup
}

// Start starts a plane with Crossplane and without packages. The caller must stop it.
func Start(ctx context.Context, o Options) (_ *Plane, err error) {
	o.complete()

	p := &Plane{options: o, issuer: "https://oidc.example.com/" + o.Name}
	p.lifetime, p.end = context.WithCancel(context.WithoutCancel(ctx))

	defer func() {
		if err != nil {
			err = errors.Join(err, p.Stop())
		}
	}()

	if err := os.MkdirAll(filepath.Join(o.Dir, "logs"), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make directory of plane: %w", err)
	}

	err = p.run(
		ctx,
		step{"Kubernetes API server and etcd", p.startAPIServer},
		step{"Kubernetes controllers", p.startControllers},
		step{"OCI registry", func(context.Context) error { p.registry = startRegistry(); return nil }},
		step{"node", p.startNode},
		step{"Crossplane", p.installCrossplane},
	)
	if err != nil {
		return nil, err
	}

	return p, nil
}

// Stop stops everything. Kubeconfigs and logs stay.
func (p *Plane) Stop() error {
	var errs []error

	p.end()

	if p.kubelet != nil {
		errs = append(errs, p.kubelet.Close())
	}

	if p.controllers != nil {
		p.controllers.Stop()
	}

	if p.proxy != nil {
		p.proxy.Close()
	}

	p.background.Wait()

	if p.API != nil {
		errs = append(errs, p.API.Stop())
	}

	if p.registry != nil {
		p.registry.Close()
	}

	return errors.Join(errs...)
}

// Kubeconfig is the path of a kubeconfig with all permissions.
func (p *Plane) Kubeconfig() string { return p.file("kubeconfig") }

// Issuer returns the issuer of the tokens of ServiceAccounts.
func (p *Plane) Issuer() string { return p.issuer }

// Log returns the path of the log of one of Kubernetes' own processes.
func (p *Plane) Log(name string) string { return p.file(filepath.Join("logs", name+".log")) }

// ProxyURL returns the proxy for the Services of the plane, such as http://name.namespace:port.
func (p *Plane) ProxyURL() string { return p.proxy.URL }

// Processes returns the processes of Pods.
func (p *Plane) Processes() []kubelet.Process { return p.kubelet.Processes() }

// dialPod connects to a port of the Pod with that IP.
func (p *Plane) dialPod(ctx context.Context, ip string, port int) (net.Conn, error) {
	if p.kubelet == nil {
		return nil, errors.New("cannot connect to Pod: the node has not started")
	}

	return p.kubelet.DialPod(ctx, ip, port)
}

// Eventually polls until a check returns no error. Its own error has the description and the
// check's last error.
func Eventually(ctx context.Context, what string, check func(context.Context) error) error {
	if err := apiserver.Poll(ctx, waitPoll, waitTimeout, check); err != nil {
		return fmt.Errorf("cannot wait any longer for %s: %w", what, err)
	}

	return nil
}

func (o *Options) complete() {
	if o.Name == "" {
		o.Name = "local"
	}

	if o.Webhook == "" {
		o.Webhook = WebhookReserved
	}

	if o.AzurePollInterval == 0 {
		o.AzurePollInterval = time.Minute
	}

	if o.Progress == nil {
		o.Progress = func(string) func(error) { return func(error) {} }
	}

	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// A step of an installation, with the name that is printed.
type step struct {
	what string
	do   func(context.Context) error
}

// run runs steps one after the other.
func (p *Plane) run(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		done := p.options.Progress(s.what)
		err := s.do(ctx)
		done(err)

		if err != nil {
			return err
		}
	}

	return nil
}
