// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/arm"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/proxy"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	defaultAddress = "127.0.0.1:0"

	// tokenLifetime is how long an access token is valid.
	tokenLifetime = 24 * time.Hour
)

// Options of a server. The zero value is fine.
type Options struct {
	// ProxyAddress and AdminAddress are loopback addresses to listen on. The default is a free port.
	ProxyAddress string
	AdminAddress string

	// CAFile is the file for the certificate that clients must trust. The default is a temporary file.
	CAFile string

	// Now returns the time in Azure. The default is time.Now. Clients have their own clocks, so tests should change it only
	// slightly.
	Now func() time.Time
}

// A Server stands in for Azure. It has the methods of all its services, which may be called concurrently.
type Server struct {
	*entra.Directory
	*entra.Tokens
	*keyvault.Store
	*arm.Manager
	*wire.Gate

	proxy  *proxy.Proxy
	admin  *httptest.Server
	caFile string
	remove bool
}

// Start starts a server that runs until it is closed. The context bounds the start only.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}

	if err := o.complete(); err != nil {
		return nil, err
	}

	s := &Server{Gate: &wire.Gate{}, Directory: entra.NewDirectory(o.Now), caFile: o.CAFile}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()

	s.Tokens, err = entra.NewTokens(o.Now)
	if err != nil {
		return nil, err
	}

	roles := &role.Assignments{}
	s.Store = keyvault.NewStore(s.Tokens, roles, s.Gate, o.Now)
	s.Manager = arm.NewManager(arm.Config{Directory: s.Directory, Tokens: s.Tokens, Vaults: s.Store, Roles: roles, Gate: s.Gate, Now: o.Now})
	directory := &entra.Service{Directory: s.Directory, Tokens: s.Tokens, Gate: s.Gate, Lifetime: tokenLifetime, Now: o.Now}

	s.proxy, err = proxy.Start(ctx, proxy.Config{Address: o.ProxyAddress, Lookup: s.lookup(directory), Gate: s.Gate})
	if err != nil {
		return nil, err
	}

	if err := s.writeCA(); err != nil {
		return nil, err
	}

	return s, s.startAdmin(ctx, o.AdminAddress)
}

// complete sets defaults, and rejects invalid options.
func (o *Options) complete() error {
	for _, address := range []*string{&o.ProxyAddress, &o.AdminAddress} {
		if *address == "" {
			*address = defaultAddress
		}

		host, _, err := net.SplitHostPort(*address)
		if err != nil {
			return fmt.Errorf("cannot listen on %q: %w", *address, err)
		}

		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("cannot listen on %q: it is not a loopback address, and there is nothing to keep strangers out", *address)
		}
	}

	if o.Now == nil {
		o.Now = time.Now
	}

	return nil
}

// Close stops everything.
func (s *Server) Close() error {
	var errs []error

	if s.admin != nil {
		s.admin.Close()
	}

	if s.proxy != nil {
		errs = append(errs, s.proxy.Close())
	}

	if s.remove {
		errs = append(errs, os.Remove(s.caFile))
	}

	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cannot close: %w", err)
	}

	return nil
}

// ProxyURL returns the address of the proxy, for HTTPS_PROXY and HTTP_PROXY.
func (s *Server) ProxyURL() string { return s.proxy.URL() }

// AdminURL returns the address of the admin API.
func (s *Server) AdminURL() string { return s.admin.URL }

// CAPEM returns the certificate that clients must trust.
func (s *Server) CAPEM() []byte { return s.proxy.CAPEM() }

// Env returns the environment variables that make an unmodified program use this server.
func (s *Server) Env() []string {
	return []string{
		"HTTPS_PROXY=" + s.ProxyURL(),
		"HTTP_PROXY=" + s.ProxyURL(),
		"NO_PROXY=127.0.0.1,localhost,.svc,.cluster.local",
		"SSL_CERT_FILE=" + s.caFile,
	}
}

// WriteExports writes Env for a shell.
func (s *Server) WriteExports(w io.Writer) {
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(w, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
}

// Transport returns a transport to this server, for clients in the same process. Each call returns a new one with its own
// connections.
func (s *Server) Transport() *http.Transport { return s.TransportFrom("") }

// TransportFrom returns a transport of a client in a network, for the firewalls of vaults. A whole program is in a network if its
// HTTPS_PROXY is http://<network>@<address>.
func (s *Server) TransportFrom(network string) *http.Transport {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.proxy.CAPEM())

	address := s.ProxyURL()

	return &http.Transport{
		Proxy: func(*http.Request) (*url.URL, error) {
			if network == "" {
				return url.Parse(address)
			}

			return url.Parse(strings.Replace(address, "//", "//"+url.User(network).String()+"@", 1))
		},
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		MaxIdleConnsPerHost: 100,
		IdleConnTimeout:     time.Minute,
	}
}

// ProxyFrom returns the proxy for clients in a network, as a part of another proxy.
func (s *Server) ProxyFrom(network string) http.Handler { return s.proxy.From(network) }

// lookup returns the host with a name.
func (s *Server) lookup(directory *entra.Service) func(string) *proxy.Host {
	login := &proxy.Host{Certificate: entra.Host, Exists: true, Handler: directory}
	manager := &proxy.Host{Certificate: arm.Host, Exists: true, Handler: s.Manager}

	return func(name string) *proxy.Host {
		switch name {
		case entra.Host:
			return login
		case arm.Host:
			return manager
		}

		vault, ok := keyvault.VaultOf(name)
		if !ok && s.HasIssuer(name) {
			return &proxy.Host{Certificate: name, Exists: true, Handler: http.HandlerFunc(directory.ServeIssuer)}
		}

		if !ok {
			return nil
		}

		return &proxy.Host{Certificate: "*" + keyvault.Suffix, Vault: vault, Exists: s.Exists(vault), Handler: s.Store}
	}
}

func (s *Server) writeCA() error {
	if s.caFile == "" {
		f, err := os.CreateTemp("", "azure-ca-*.pem")
		if err != nil {
			return fmt.Errorf("cannot create a file for the certificate authority: %w", err)
		}

		s.caFile, s.remove = f.Name(), true
		_ = f.Close() // It is written below.
	}

	//nolint:gosec // Others may read a certificate.
	if err := os.WriteFile(s.caFile, s.proxy.CAPEM(), 0o644); err != nil {
		return fmt.Errorf("cannot write the certificate authority: %w", err)
	}

	return nil
}
