// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"net/http"
)

type networkKey struct{}

// WithNetwork returns the context of a connection from a network.
func WithNetwork(ctx context.Context, network string) context.Context {
	return context.WithValue(ctx, networkKey{}, network)
}

// NetworkOf returns the network that a request comes from: a name, a public address, or nothing for the rest of the internet.
func NetworkOf(r *http.Request) string {
	network, _ := r.Context().Value(networkKey{}).(string)

	return network
}
