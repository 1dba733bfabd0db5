// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package security tests the roles and admission policies that limit the provider, the Azure
// providers and the function. It runs on a real API server, with the credentials of each of them.
package security

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

//nolint:gochecknoglobals // Shared by all tests: starting a server takes seconds.
var (
	server *apiserver.Server

	// provider has the permissions of the provider's ServiceAccount, admin has all.
	provider, admin client.Client

	// providerConfig is the configuration of the provider's client.
	providerConfig *rest.Config
)

func TestMain(m *testing.M) {
	os.Exit(apiserver.Run(m, func(s *apiserver.Server) {
		server = s

		if err := connect(context.Background()); err != nil {
			panic(err)
		}
	}))
}

func connect(ctx context.Context) error {
	cfg, err := server.InstallProvider(ctx)
	if err != nil {
		return fmt.Errorf("cannot install provider: %w", err)
	}

	providerConfig, admin = cfg, server.Client()

	provider, err = client.New(cfg, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		return fmt.Errorf("cannot create client: %w", err)
	}

	return nil
}

// orProvider returns the client, or the provider's client for nil.
func orProvider(c client.Client) client.Client {
	if c == nil {
		return provider
	}

	return c
}

// message returns the message of a policy, or any other error unchanged.
func message(err error) string {
	if err == nil {
		return ""
	}

	if _, said, ok := strings.Cut(err.Error(), "denied request: "); ok && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
		return said
	}

	return err.Error()
}
