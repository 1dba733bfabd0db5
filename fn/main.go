// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command function-platform-application is a Crossplane composition function
// that composes everything a PlatformApplication consists of.
package main

import (
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/crossplane/function-sdk-go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// CLI of the function. Crossplane starts it without arguments.
type CLI struct {
	Debug bool `help:"Emit debug logs in addition to info logs." short:"d"`

	Network            string `default:"tcp"                                                        help:"Network on which to listen for gRPC connections."`
	Address            string `default:":9443"                                                      help:"Address at which to listen for gRPC connections."`
	TLSCertsDir        string `env:"TLS_SERVER_CERTS_DIR"                                           help:"Directory with the server's certificate (tls.crt, tls.key) and the CA of clients' certificates (ca.crt)."`
	Insecure           bool   `help:"Serve without mTLS, for development. Ignores --tls-certs-dir."`
	MaxRecvMessageSize int    `default:"16"                                                         help:"Largest request in MB. Applications with thousands of variables need more than the usual 4."`
	MetricsAddress     string `default:":8080"                                                      help:"Address at which to serve Prometheus metrics. Empty disables them."`
}

// Run serves the function until the process ends.
func (c *CLI) Run() error {
	log, err := function.NewLogger(c.Debug)
	if err != nil {
		return fmt.Errorf("cannot create logger: %w", err)
	}

	healthy := health.NewServer()
	healthy.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)

	// The function serves the metrics of the default registry.
	f := NewFunction(log)
	if err := prometheus.Register(f.stops); err != nil {
		return fmt.Errorf("cannot register metrics: %w", err)
	}

	err = function.Serve(f,
		function.Listen(c.Network, c.Address),
		function.MTLSCertificates(c.TLSCertsDir),
		function.Insecure(c.Insecure),
		function.MaxRecvMessageSize(c.MaxRecvMessageSize*1024*1024),
		function.WithMetricsServer(c.MetricsAddress),
		function.WithHealthServer(healthy),
	)
	if err != nil {
		return fmt.Errorf("cannot serve function: %w", err)
	}

	return nil
}

func main() {
	ctx := kong.Parse(&CLI{}, kong.Description("Composes everything a PlatformApplication consists of."))
	ctx.FatalIfErrorf(ctx.Run())
}
