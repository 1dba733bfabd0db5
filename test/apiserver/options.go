// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

// DefaultIssuer is the default issuer of ServiceAccount tokens. It need not be served: verifiers
// get the keys from JWKS.
const DefaultIssuer = "https://oidc.example.com/cluster"

// An Option of a Server.
type Option func(*options)

type options struct {
	issuer string
	flags  map[string][]string
	logs   string
}

// WithIssuer sets the issuer of ServiceAccount tokens, an https URL.
func WithIssuer(issuer string) Option {
	return func(o *options) { o.issuer = issuer }
}

// WithLogs writes logs into a directory, where they stay. By default they are removed with the
// server.
func WithLogs(dir string) Option {
	return func(o *options) { o.logs = dir }
}

// WithFlag sets a flag of kube-apiserver, named without its hyphens.
func WithFlag(name string, values ...string) Option {
	return func(o *options) {
		if o.flags == nil {
			o.flags = map[string][]string{}
		}

		o.flags[name] = values
	}
}
