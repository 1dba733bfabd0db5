// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

const (
	// answerTimeout limits a request.
	answerTimeout = 10 * time.Second

	// machineTimeout limits a request to the metadata service. It runs on the node.
	machineTimeout = 3 * time.Second

	// maxBody limits the body of a response, and maxText a text in the facts.
	maxBody = 1 << 20
	maxText = 200

	// machine is the page of the metadata service that lists its versions.
	machine = "http://169.254.169.254/metadata/versions"
)

// An Outcome is the result of a connection.
type Outcome string

// Outcomes.
const (
	// Reached: the host sent a response, with any status.
	Reached Outcome = "Reached"
	// NoSuchHost: DNS does not know the name.
	NoSuchHost Outcome = "NoSuchHost"
	// NoDNS: DNS does not respond.
	NoDNS Outcome = "NoDNS"
	// NoProxy: the proxy of the environment is unreachable.
	NoProxy Outcome = "NoProxy"
	// BadProxy: the address of the proxy is invalid.
	BadProxy Outcome = "BadProxy"
	// ProxyRefused: the proxy rejects the connection.
	ProxyRefused Outcome = "ProxyRefused"
	// UnknownAuthority: the authority of the certificate is not trusted here.
	UnknownAuthority Outcome = "UnknownAuthority"
	// OutOfTime: the certificate is expired or not yet valid, by the clock here.
	OutOfTime Outcome = "OutOfTime"
	// BadCertificate: the certificate is invalid for another reason, such as another host.
	BadCertificate Outcome = "BadCertificate"
	// NoAnswer: there is no response, or none in HTTPS.
	NoAnswer Outcome = "NoAnswer"
)

// outcomes returns all outcomes.
func outcomes() []Outcome {
	return []Outcome{Reached, NoSuchHost, NoDNS, NoProxy, BadProxy, ProxyRefused, UnknownAuthority, OutOfTime, BadCertificate, NoAnswer}
}

// An Endpoint is a host that the probe connected to.
type Endpoint struct {
	Host    string  `json:"host"`
	Outcome Outcome `json:"outcome"`

	// Proxy on the way to the host, as host and port.
	Proxy string `json:"proxy,omitempty"`

	// Status of the proxy that rejected the connection.
	Status int `json:"status,omitempty"`

	// Detail is the untrusted authority of a certificate, or the text of an error.
	Detail string `json:"detail,omitempty"`

	// Ahead is the number of seconds that the clock of the host is ahead. It is nil if the response has no date.
	Ahead *int64 `json:"ahead,omitempty"`
}

// A Network connects to hosts.
type Network struct {
	// Transport connects to Azure.
	Transport http.RoundTripper

	// Proxy returns the proxy of the transport for a request.
	Proxy func(*http.Request) (*url.URL, error)

	// Direct is a transport without a proxy.
	Direct http.RoundTripper

	// Lookup resolves a name.
	Lookup func(ctx context.Context, host string) ([]string, error)

	// Now returns the current time.
	Now func() time.Time
}

// Here returns the network of this process.
func Here() Network {
	direct := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: answerTimeout}).DialContext,
		TLSHandshakeTimeout:    answerTimeout,
		ResponseHeaderTimeout:  answerTimeout,
		MaxResponseHeaderBytes: 1 << 16,
		DisableKeepAlives:      true,
	}

	proxied := direct.Clone()
	proxied.Proxy = http.ProxyFromEnvironment
	proxied.OnProxyConnectResponse = connected

	return Network{Transport: proxied, Proxy: http.ProxyFromEnvironment, Direct: direct, Lookup: net.DefaultResolver.LookupHost, Now: time.Now}
}

// A connectError is the status of a proxy that rejects a connection.
type connectError struct{ status int }

func (e *connectError) Error() string {
	return fmt.Sprintf("proxy: HTTP status %d", e.status)
}

// connected checks the response of a proxy.
func connected(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &connectError{answer.StatusCode}
	}

	return nil
}

// look connects to a host.
func (n Network) look(ctx context.Context, host string) Endpoint {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()

	out := Endpoint{Host: host}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/", nil)
	if err != nil {
		out.Outcome, out.Detail = NoAnswer, clean(err.Error())

		return out
	}

	proxy, err := n.Proxy(request)
	if err != nil {
		out.Outcome = BadProxy

		return out
	}

	if proxy != nil {
		// Without its user and password.
		out.Proxy = clean(proxy.Host)
	} else if _, err := n.Lookup(ctx, host); err != nil {
		out.fail(err)

		return out
	}

	answer, err := n.Transport.RoundTrip(request)
	if err != nil {
		out.fail(err)

		return out
	}
	defer answer.Body.Close() //nolint:errcheck // Only the header was read.

	out.Outcome = Reached

	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		out.Ahead = new(int64(date.Sub(n.Now()) / time.Second))
	}

	return out
}

// fail sets the outcome for an error of a transport or a resolver.
func (e *Endpoint) fail(err error) {
	e.Outcome, e.Detail = NoAnswer, clean(err.Error())

	if refused, ok := errors.AsType[*connectError](err); ok {
		e.Outcome, e.Status = ProxyRefused, refused.status

		return
	}

	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		e.Outcome = NoProxy

		return
	}

	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		e.Outcome = NoDNS
		if dns.IsNotFound {
			e.Outcome = NoSuchHost
		}

		return
	}

	e.distrust(err)
}

// distrust sets the outcome for an error of certificate verification.
func (e *Endpoint) distrust(err error) {
	failed, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		return
	}

	e.Outcome = BadCertificate

	if invalid, ok := errors.AsType[x509.CertificateInvalidError](failed.Err); ok && invalid.Reason == x509.Expired {
		e.Outcome = OutOfTime
	}

	if _, ok := errors.AsType[x509.UnknownAuthorityError](failed.Err); ok {
		e.Outcome = UnknownAuthority

		if chain := failed.UnverifiedCertificates; len(chain) > 0 {
			e.Detail = clean(chain[len(chain)-1].Issuer.String())
		}
	}
}

// Refusals of a vault because of the network of the client. They come before those about roles.
const (
	byFirewall   = "ForbiddenByFirewall"
	byConnection = "ForbiddenByConnection"
)

// refusal asks a vault for something that is no secret, and returns the refusal because of the network, or nothing. Without a token, a
// vault responds to every network.
func (n Network) refusal(ctx context.Context, vault, access string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+vault+"/certificates/contacts?api-version=7.4", nil)
	if err != nil {
		return ""
	}

	request.Header.Set("Authorization", "Bearer "+access)

	_, body, err := n.ask(request)
	if err != nil {
		return ""
	}

	var answer struct {
		Error struct {
			Inner struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}

	if json.Unmarshal(body, &answer) != nil {
		return ""
	}

	if code := answer.Error.Inner.Code; code == byFirewall || code == byConnection {
		return code
	}

	return ""
}

// machine reports whether the metadata service of the node responds.
func (n Network) machine(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, machineTimeout)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, machine, nil)
	if err != nil {
		return false
	}

	request.Header.Set("Metadata", "true")

	answer, err := n.Direct.RoundTrip(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close() //nolint:errcheck // Only the header was read.

	return answer.StatusCode == http.StatusOK
}

// ask sends a request, and returns the status and the body of the response. It follows no redirect.
func (n Network) ask(request *http.Request) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(request.Context(), answerTimeout)
	defer cancel()

	answer, err := n.Transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // It was only read.

	body, err = io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the response has more than %d bytes", maxBody)
	}

	return answer.StatusCode, body, err
}

// clean returns a text of another program as one short line.
func clean(text string) string { return strings.TrimSpace(sentence.OneLine(text, maxText)) }
