// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/plane/kubelet"
	"github.com/p6m-dev/platform-application/test/plane/proxy"
)

// startAPIServer starts etcd and the API server, with the authorization and admission of a
// production cluster.
func (p *Plane) startAPIServer(ctx context.Context) error {
	var err error

	p.API, err = apiserver.Start(
		ctx,
		apiserver.WithIssuer(p.issuer),
		apiserver.WithLogs(p.file("logs")),
		apiserver.WithFlag("authorization-mode", "Node,RBAC"),
		apiserver.WithFlag("enable-admission-plugins", "NodeRestriction"),
		// The default disables the plugin ServiceAccount, which needs a controller.
		apiserver.WithFlag("disable-admission-plugins", ""),
		// `kubectl logs` needs it.
		apiserver.WithFlag("kubelet-preferred-address-types", "InternalIP"),
	)
	if err != nil {
		return fmt.Errorf("cannot start API server: %w", err)
	}

	if err := apiserver.WriteKubeconfig(p.Kubeconfig(), p.API.Config()); err != nil {
		return err
	}

	return p.options.Azure.PutIssuerSource(p.issuer, p.API.JWKS)
}

// startControllers starts kube-controller-manager. Each controller has the
// permissions of its own ServiceAccount.
func (p *Plane) startControllers(ctx context.Context) error {
	path, err := tools.Path(ctx, "kube-controller-manager")
	if err != nil {
		return err
	}

	config, err := p.API.ConfigForUser("system:kube-controller-manager")
	if err != nil {
		return err
	}

	kubeconfig, ca := p.file("kube-controller-manager.kubeconfig"), p.file("ca.crt")
	if err := apiserver.WriteKubeconfig(kubeconfig, config); err != nil {
		return err
	}

	if err := os.WriteFile(ca, config.CAData, 0o600); err != nil {
		return fmt.Errorf("cannot write certificate of API server: %w", err)
	}

	p.controllers, err = StartDaemon( //nolint:contextcheck // It runs until it is stopped.
		p.Log("kube-controller-manager"), nil, path,
		"--kubeconfig="+kubeconfig,
		"--root-ca-file="+ca,
		"--service-account-private-key-file="+p.API.TokenKeyFile(),
		"--use-service-account-credentials",
		"--leader-elect=false",
		"--secure-port=0",
		// Hundreds of applications need it at once.
		"--kube-api-qps=500", "--kube-api-burst=1000",
	)

	return err
}

// startNode starts the kubelet, and the proxy through which its pods reach each other and Azure.
func (p *Plane) startNode(ctx context.Context) error {
	if err := p.startProxy(); err != nil { //nolint:contextcheck // It runs until the plane ends.
		return err
	}

	node, err := p.API.ConfigForUser("system:node:"+nodeName, "system:nodes")
	if err != nil {
		return err
	}

	scheduler, err := p.API.ConfigForUser("system:kube-scheduler")
	if err != nil {
		return err
	}

	api, err := hostOf(p.API.Config())
	if err != nil {
		return err
	}

	p.kubelet, err = kubelet.Start(ctx, kubelet.Options{
		Config: node, Binder: scheduler, Node: nodeName, Dir: p.file("node"),
		Registry: p.registry.address, Images: p.registry.mirror,
		CA: p.options.Azure.CAPEM(),
		Env: map[string]string{
			"HTTPS_PROXY": p.proxy.URL,
			"HTTP_PROXY":  p.proxy.URL,
			"NO_PROXY":    "127.0.0.1,localhost",
		},
		APIServer: api,
		Reachable: []string{api, p.proxy.Address(), p.registry.address},
		// A process that was killed deliberately is not awaited.
		Backoff: time.Second,
		Log:     p.options.Log,
	})
	if err != nil {
		return fmt.Errorf("cannot start kubelet: %w", err)
	}

	return nil
}

// startProxy starts the proxy with a cache of Services.
func (p *Plane) startProxy() error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, discoveryv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return fmt.Errorf("cannot register types: %w", err)
		}
	}

	services, err := cache.New(p.API.Config(), cache.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("cannot watch Services: %w", err)
	}

	p.background.Go(func() { _ = services.Start(p.lifetime) })

	// All pods and nodes are in the virtual network of the cluster.
	p.proxy = proxy.Start(proxy.Config{
		Cluster: proxy.Services{Kube: services, DialPod: p.dialPod}, Elsewhere: p.options.Azure.ProxyFrom(VirtualNetwork),
	})

	return nil
}

func hostOf(config *rest.Config) (string, error) {
	u, err := url.Parse(config.Host)
	if err != nil {
		return "", fmt.Errorf("cannot find API server: %w", err)
	}

	if u.Host == "" {
		return config.Host, nil
	}

	return u.Host, nil
}

// file returns a path in the plane's directory.
func (p *Plane) file(name string) string { return filepath.Join(p.options.Dir, name) }
