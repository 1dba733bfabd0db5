// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package apiserver runs a real Kubernetes API server with its etcd for tests: admission, RBAC,
// server-side apply, watches and tokens are those of production. No controllers run: nothing is
// garbage collected, a deleted namespace stays, and only explicitly created ServiceAccounts exist.
//
// Both programs come from package/tools in their pinned versions. All their data is in one
// temporary directory, and they end with the test, even if it is killed.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/p6m-dev/platform-application/package/tools"
)

const (
	// FieldOwner owns everything that a Server applies.
	FieldOwner = "test"

	// attempts is the number of attempts to start, because a free port may be taken before it is
	// used.
	attempts = 3

	// The timeout is generous, for machines that are busy with other tests.
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
)

// A Server is a running API server. Its methods may be called concurrently.
type Server struct {
	options options
	dir     string
	plane   *envtest.ControlPlane
	guard   *guard
	logs    []*os.File
	config  *rest.Config
	client  client.Client
	audit   auditLog
}

// Start starts an API server, in some seconds if its programs are built. The caller must Stop it;
// see also StartFor and Run.
func Start(ctx context.Context, opts ...Option) (*Server, error) {
	o := options{issuer: DefaultIssuer}
	for _, opt := range opts {
		opt(&o)
	}

	etcd, err := tools.Path(ctx, "etcd")
	if err != nil {
		return nil, err
	}

	apiserver, err := tools.Path(ctx, "kube-apiserver")
	if err != nil {
		return nil, err
	}

	var failures []error

	for range attempts {
		s := &Server{options: o}
		if err = s.start(ctx, etcd, apiserver); err == nil {
			return s, nil
		}

		// The logs stay, because they contain the reason.
		failures = append(failures, fmt.Errorf("%w; see the logs in %s", err, s.dir), s.stop(true))

		if ctx.Err() != nil {
			break
		}
	}

	return nil, fmt.Errorf("cannot start API server: %w", errors.Join(failures...))
}

// Stop ends the API server and removes all its data.
func (s *Server) Stop() error {
	return s.stop(false)
}

// Config returns a copy of the configuration of a client with all permissions and without rate
// limits.
func (s *Server) Config() *rest.Config {
	return rest.CopyConfig(s.config)
}

// Client returns a client with all permissions. It knows the types of Kubernetes and, as
// unstructured objects, all others.
func (s *Server) Client() client.Client {
	return s.client
}

func (s *Server) start(ctx context.Context, etcd, apiserver string) error {
	dir, err := os.MkdirTemp("", "apiserver-")
	if err != nil {
		return fmt.Errorf("cannot create directory: %w", err)
	}

	s.dir = dir

	if s.guard, err = startGuard(dir); err != nil {
		return err
	}

	s.plane = &envtest.ControlPlane{
		Etcd:      &envtest.Etcd{StartTimeout: startTimeout, StopTimeout: stopTimeout},
		APIServer: &envtest.APIServer{StartTimeout: startTimeout, StopTimeout: stopTimeout},
	}
	if err := s.configureEtcd(etcd); err != nil {
		return err
	}

	if err := s.configureAPIServer(apiserver); err != nil {
		return err
	}

	if err := s.plane.Start(); err != nil {
		return fmt.Errorf("cannot start control plane: %w", err)
	}

	return s.connect(ctx)
}

func (s *Server) configureEtcd(program string) error {
	etcd := s.plane.Etcd

	var err error
	if etcd.Path, err = s.guard.wrap("etcd", program); err != nil {
		return err
	}

	if etcd.DataDir, err = s.subdirectory("etcd"); err != nil {
		return err
	}

	log, err := s.log("etcd.log")
	if err != nil {
		return err
	}

	etcd.Out, etcd.Err = log, log
	// The data need not survive a power failure.
	etcd.Configure().Set("unsafe-no-fsync", "true")

	return nil
}

func (s *Server) configureAPIServer(program string) error {
	api := s.plane.APIServer

	var err error
	if api.Path, err = s.guard.wrap("kube-apiserver", program); err != nil {
		return err
	}

	if api.CertDir, err = s.subdirectory("certificates"); err != nil {
		return err
	}

	log, err := s.log("kube-apiserver.log")
	if err != nil {
		return err
	}

	api.Out, api.Err = log, log

	policy, tokenKey := filepath.Join(s.dir, "audit-policy.yaml"), s.TokenKeyFile()
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return fmt.Errorf("cannot write audit policy: %w", err)
	}

	// Entra ID trusts tokens signed with RS256 only. Only the RSA key of this certificate is used.
	_, key, err := certutil.GenerateSelfSignedCertKey("tokens", nil, nil)
	if err != nil {
		return fmt.Errorf("cannot generate key of tokens: %w", err)
	}

	if err := os.WriteFile(tokenKey, key, 0o600); err != nil {
		return fmt.Errorf("cannot write key of tokens: %w", err)
	}

	s.audit.path = filepath.Join(s.dir, "audit.log")

	flags := api.Configure()
	flags.Set("authorization-mode", "RBAC")
	flags.Set("service-account-issuer", s.options.issuer)
	flags.Set("service-account-jwks-uri", s.options.issuer+jwksPath)
	// The private key contains the public one.
	flags.Set("service-account-signing-key-file", tokenKey)
	flags.Set("service-account-key-file", tokenKey)
	// The default of the test environment has room for 254 Services.
	flags.Set("service-cluster-ip-range", "10.0.0.0/16")
	flags.Set("audit-policy-file", policy)
	flags.Set("audit-log-path", s.audit.path)
	// The size is in mebibytes: rotating the log would lose counted requests.
	flags.Set("audit-log-maxsize", "4096")
	// Nothing in the cluster connects to the service "kubernetes", and a machine without a network
	// has no other address.
	flags.Set("advertise-address", net.IPv4(127, 0, 0, 1).String())
	flags.Set("endpoint-reconciler-type", "none")

	for name, values := range s.options.flags {
		flags.Set(name, values...)
	}

	return nil
}

// connect makes the client, and waits for the namespaces that the API server creates itself.
func (s *Server) connect(ctx context.Context) error {
	user, err := s.plane.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, &rest.Config{QPS: -1})
	if err != nil {
		return fmt.Errorf("cannot add user: %w", err)
	}

	s.config = user.Config()

	scheme := runtime.NewScheme()
	if err := clientscheme.AddToScheme(scheme); err != nil {
		return fmt.Errorf("cannot register types: %w", err)
	}

	s.client, err = client.New(s.config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("cannot create client: %w", err)
	}

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	for _, name := range []string{"default", "kube-system"} {
		if err := Eventually(ctx, func(ctx context.Context) error { return s.getNamespace(ctx, name) }); err != nil {
			return err
		}
	}

	return nil
}

func (s *Server) stop(keep bool) error {
	var errs []error

	if s.plane != nil {
		if err := s.plane.Stop(); err != nil {
			errs = append(errs, fmt.Errorf("cannot stop control plane: %w", err))
		} else {
			errs = append(errs, s.guard.forget())
		}
	}

	for _, log := range s.logs {
		if err := log.Close(); err != nil {
			errs = append(errs, fmt.Errorf("cannot close log: %w", err))
		}
	}

	// It ends the remaining processes, so it must be last.
	if s.guard != nil {
		errs = append(errs, s.guard.stop(keep))
	}

	return errors.Join(errs...)
}

func (s *Server) log(name string) (*os.File, error) {
	dir := s.options.logs
	if dir == "" {
		dir = s.dir
	}

	log, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("cannot create log: %w", err)
	}

	s.logs = append(s.logs, log)

	return log, nil
}

func (s *Server) subdirectory(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("cannot create directory: %w", err)
	}

	return dir, nil
}
