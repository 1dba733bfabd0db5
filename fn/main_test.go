// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// TestServe runs the program as Crossplane does, with mTLS.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	certs := t.TempDir()
	ca := newAuthority(t)
	ca.issue(t, certs)
	client := ca.issue(t, t.TempDir())
	grpcAddress, metricsAddress := freeAddress(t), freeAddress(t)
	logs := serve(ctx, t, "--debug", "--address", grpcAddress, "--metrics-address", metricsAddress, "--tls-certs-dir", certs)

	dial := func(certificates ...tls.Certificate) *grpc.ClientConn {
		conn, err := grpc.NewClient("passthrough:///"+grpcAddress, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: ca.pool, ServerName: "function.example.com", Certificates: certificates,
		})))
		if err != nil {
			t.Fatalf("cannot make client: %v", err)
		}
		t.Cleanup(func() { _ = conn.Close() })

		return conn
	}

	conn := dial(client)
	health, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
	if err != nil || health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Fatalf("Check(...): want SERVING, got %v, %v\n%s", health, err, logs)
	}
	w := newWorld(t, twoSecrets)
	req := w.request()
	w.converse(req)
	rsp, err := fnv1.NewFunctionRunnerServiceClient(conn).RunFunction(ctx, req)
	if err != nil || len(rsp.GetDesired().GetResources()) != 3 {
		t.Errorf("RunFunction(...): want 3 resources, got %v, %v", rsp, err)
	}
	if _, err := fnv1.NewFunctionRunnerServiceClient(dial()).RunFunction(ctx, req); err == nil {
		t.Error("RunFunction(...): want a client without a certificate to be refused")
	}

	w.environment["location"] = ""
	rejected := w.request()
	w.converse(rejected)
	if rsp, err := fnv1.NewFunctionRunnerServiceClient(conn).RunFunction(ctx, rejected); err != nil || fatal(rsp) == "" {
		t.Errorf("RunFunction(...): want a fatal result, got %v, %v", rsp, err)
	}
	served := get(ctx, t, "http://"+metricsAddress+"/metrics")
	for _, want := range []string{`grpc_server_handled_total{grpc_code="OK",grpc_method="RunFunction"`, `platform_application_not_composed_total{reason="PlatformSettingsInvalid"} 1`} {
		if !strings.Contains(served, want) {
			t.Errorf("want metric %s, got:\n%s", want, served)
		}
	}
}

func TestFlags(t *testing.T) {
	t.Setenv("TLS_SERVER_CERTS_DIR", "/tls/server")

	server := CLI{Network: "tcp", Address: ":9443", TLSCertsDir: "/tls/server", MaxRecvMessageSize: 16, MetricsAddress: ":8080"}
	debugging := server
	debugging.Debug, debugging.Insecure, debugging.Address = true, true, ":1"

	cases := map[string]struct {
		reason string
		args   []string
		want   CLI
	}{
		"Nothing": {reason: "The package runtime starts the function without arguments.", want: server},
		"Flags":   {reason: "A developer starts it without mTLS.", args: []string{"-d", "--insecure", "--address", ":1"}, want: debugging},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got CLI
			parser, err := kong.New(&got)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(tc.args); err != nil {
				t.Fatalf("\n%s\nParse(%v): %v", tc.reason, tc.args, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nParse(%v): -want, +got:\n%s", tc.reason, tc.args, diff)
			}
		})
	}
}

// TestServeInsecurely checks that the function does not serve without mTLS by accident.
func TestServeInsecurely(t *testing.T) {
	err := (&CLI{Network: "tcp", Address: "127.0.0.1:0"}).Run()
	if err == nil || !strings.Contains(err.Error(), "no credentials provided") {
		t.Errorf("Run(): want an error about credentials, got %v", err)
	}
}

// serve builds and starts the program, and stops it at the end of the test. It
// returns what the program logs.
func serve(ctx context.Context, t *testing.T, args ...string) *bytes.Buffer {
	t.Helper()
	program := filepath.Join(t.TempDir(), "function")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", program, ".").CombinedOutput() //nolint:gosec // Our own program, in a directory of the test.
	if err != nil {
		t.Fatalf("cannot build function: %v\n%s", err, out)
	}
	logs := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // As above.
	cmd.Stdout, cmd.Stderr = logs, logs
	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start function: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if !strings.Contains(logs.String(), "Composed application") {
			t.Errorf("want debug logs of calls, got:\n%s", logs)
		}
	})

	return logs
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("cannot find a free port: %v", err)
	}
	defer func() { _ = l.Close() }()

	return l.Addr().String()
}

func get(ctx context.Context, t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	rsp, err := (&http.Client{}).Do(req)
	if err != nil {
		t.Fatalf("cannot get %s: %v", url, err)
	}
	defer func() { _ = rsp.Body.Close() }()
	body, err := io.ReadAll(rsp.Body)
	if err != nil {
		t.Fatalf("cannot read %s: %v", url, err)
	}

	return string(body)
}

// An authority issues certificates, as Crossplane does for functions.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatalf("cannot make authority: %v", err)
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatalf("cannot read authority: %v", err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	a.pool.AddCert(a.certificate)

	return a
}

// issue writes tls.crt, tls.key and ca.crt into a directory.
func (a *authority) issue(t *testing.T, dir string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"function.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatalf("cannot issue certificate: %v", err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatalf("cannot encode key: %v", err)
	}
	files := map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
		"ca.crt":  a.pem,
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatalf("cannot write %s: %v", name, err)
		}
	}
	c, err := tls.X509KeyPair(files["tls.crt"], files["tls.key"])
	if err != nil {
		t.Fatal(fmt.Errorf("cannot read certificate: %w", err))
	}

	return c
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("cannot make key: %v", err)
	}

	return key
}
