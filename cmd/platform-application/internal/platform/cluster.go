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
	// requestTimeout limits a request to the API server.
	requestTimeout = 30 * time.Second

	// maxAnswer limits the bytes of a response. Lists come in pages.
	maxAnswer = 64 << 20
)

// A Cluster is the cluster that the doctor examines.
type Cluster struct {
	// Config of clients.
	Config *rest.Config

	// Client has no cache.
	Client client.Client

	// Namespace of Crossplane.
	Namespace string
}

// errNoKubeconfig is the error outside of a pod without a kubeconfig.
var errNoKubeconfig = errors.New("cannot find the cluster: there is no kubeconfig. Set --kubeconfig, or run: az aks get-credentials --name CLUSTER --resource-group CLUSTER_GROUP")

// Config returns the configuration of kubectl, or that of the ServiceAccount in a pod.
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

// Connect returns a Cluster whose clients cannot change the cluster or read Secrets.
func Connect(config *rest.Config, namespace string) (Cluster, error) {
	config = rest.CopyConfig(config)
	config.Timeout = requestTimeout
	// The doctor does not write, so warnings of the API server do not concern it.
	config.WarningHandler = rest.NoWarnings{}
	// The API server throttles clients itself. A client-side limit would fail with an error that hides the cause.
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return onlyLooks{next} })

	c, err := newClient(config, client.Options{})
	if err != nil {
		return Cluster{}, err
	}

	return Cluster{Config: config, Client: c, Namespace: namespace}, nil
}

// As returns a client that impersonates a user. It requires the verb impersonate.
func (c Cluster) As(user string, groups ...string) (client.Client, error) {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}

	return newClient(config, client.Options{Mapper: c.Client.RESTMapper()})
}

// Reach checks that the API server responds.
func (c Cluster) Reach(ctx context.Context) error {
	_, err := c.Version(ctx)

	return err
}

// Version returns the version of Kubernetes.
func (c Cluster) Version(ctx context.Context) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}

	err := c.raw(ctx, "/version", &version)

	return version.GitVersion, err
}

// raw reads a path of the API server that is not an object.
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
		return fmt.Errorf("cannot get %s: %w", path, err)
	}

	answer, err := transport.Do(request)
	if err != nil {
		return fmt.Errorf("cannot get %s: %w", path, err)
	}
	defer answer.Body.Close() //nolint:errcheck // It was only read.

	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot get %s: the API server responds with %s", path, answer.Status)
	}

	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("cannot decode %s: %w", path, err)
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

// errChanges is the error of a request that could change something or read a Secret, which is a bug of this program.
var errChanges = errors.New("cannot send a request that could change the cluster or read a Secret")

// onlyLooks rejects requests that change a cluster or read Secrets, and limits the size of responses.
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

// looks reports whether a request only reads, is a dry run, or reviews permissions.
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
