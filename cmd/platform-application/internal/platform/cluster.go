// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// requestTimeout of each request to the API server.
	requestTimeout = 30 * time.Second

	// maxAnswer of the API server, in bytes. Lists come in pages.
	maxAnswer = 64 << 20
)

// A Cluster that is looked at.
type Cluster struct {
	// Config of clients.
	Config *rest.Config

	// Client that keeps no cache.
	Client client.Client

	// Namespace of Crossplane.
	Namespace string
}

// errNoKubeconfig is about a machine that has none, and is no pod.
var errNoKubeconfig = errors.New("cannot find the cluster: there is no kubeconfig. Name one with --kubeconfig, or get one: az aks get-credentials --name CLUSTER --resource-group CLUSTER_GROUP")

// Config finds a cluster as kubectl does, and in a pod as every client does.
func Config(kubeconfig, contextName string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig

	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: contextName}).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errNoKubeconfig
	}

	if err != nil {
		return nil, fmt.Errorf("cannot find the cluster: %w", err)
	}

	return config, nil
}

// Connect to a cluster, in a way that can change nothing there and read no Secret.
func Connect(config *rest.Config, namespace string) (Cluster, error) {
	config = rest.CopyConfig(config)
	config.Timeout = requestTimeout
	// Warnings are for those who write.
	config.WarningHandler = rest.NoWarnings{}
	// The API server limits by itself. A limit of our own would end a wait with an error that says nothing of the cause.
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return onlyLooks{next} })

	c, err := newClient(config, client.Options{})
	if err != nil {
		return Cluster{}, err
	}

	return Cluster{Config: config, Client: c, Namespace: namespace}, nil
}

// As somebody else. It needs leave to impersonate.
func (c Cluster) As(user string, groups ...string) (client.Client, error) {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}

	return newClient(config, client.Options{Mapper: c.Client.RESTMapper()})
}

// Reach the API server.
func (c Cluster) Reach(ctx context.Context) error {
	_, err := c.Version(ctx)

	return err
}

// Version of Kubernetes.
func (c Cluster) Version(ctx context.Context) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}

	err := c.raw(ctx, "/version", &version)

	return version.GitVersion, err
}

// raw reads a path of the API server that is no object.
func (c Cluster) raw(ctx context.Context, path string, into any) error {
	transport, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return fmt.Errorf("cannot connect to the cluster: %w", err)
	}

	base, _, err := rest.DefaultServerUrlFor(c.Config)
	if err != nil {
		return fmt.Errorf("cannot find the API server: %w", err)
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(path).String(), nil)
	if err != nil {
		return fmt.Errorf("cannot ask for %s: %w", path, err)
	}

	answer, err := transport.Do(request)
	if err != nil {
		return fmt.Errorf("cannot ask for %s: %w", path, err)
	}
	defer answer.Body.Close() //nolint:errcheck // It was only read.

	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the API server answers %s to %s", answer.Status, path)
	}

	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("cannot read the answer to %s: %w", path, err)
	}

	return nil
}

func newClient(config *rest.Config, o client.Options) (client.Client, error) {
	o.Scheme = scheme.Scheme

	c, err := client.New(config, o)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to the cluster: %w", err)
	}

	return c, nil
}

// errChanges is about a request that would change something or read a Secret. It is a mistake in this program.
var errChanges = errors.New("refused to send a request that could change the cluster or read a Secret")

// onlyLooks sends nothing that changes a cluster, reads no Secrets, and bounds answers.
type onlyLooks struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o onlyLooks) RoundTrip(r *http.Request) (*http.Response, error) {
	if !looks(r) {
		return nil, fmt.Errorf("%w: %s %s", errChanges, r.Method, r.URL.Path)
	}

	answer, err := o.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}

	answer.Body = bounded{io.LimitReader(answer.Body, maxAnswer), answer.Body}

	return answer, nil
}

// looks tells whether a request reads, or is a dry run, or asks what somebody may do.
func looks(r *http.Request) bool {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")

	if r.Method == http.MethodGet {
		return !slices.Contains(path, "secrets")
	}

	if r.Method == http.MethodPost && slices.Contains(path, "authorization.k8s.io") {
		return true
	}

	return slices.Equal(r.URL.Query()["dryRun"], []string{"All"})
}

type bounded struct {
	io.Reader
	io.Closer
}
