// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	// answerTimeout is for anything that is asked over the network.
	answerTimeout = 10 * time.Second

	// machineTimeout is for the metadata service, which is on the node.
	machineTimeout = 3 * time.Second

	// maxBody of an answer, and maxText of anything in it that is passed on.
	maxBody = 1 << 20
	maxText = 200

	// machine is where the metadata service of a node says which versions it has.
	machine = "http://169.254.169.254/metadata/versions"
)

// An Outcome is what became of an attempt to reach somebody. It is also what is decided on.
type Outcome string

// Outcomes.
const (
	// Reached: there was an answer, whatever it says.
	Reached Outcome = "Reached"
	// NoSuchHost: DNS says that there is no such name.
	NoSuchHost Outcome = "NoSuchHost"
	// NoDNS: DNS does not answer.
	NoDNS Outcome = "NoDNS"
	// NoProxy: the proxy of the environment is not there.
	NoProxy Outcome = "NoProxy"
	// ProxyRefused: the proxy does not connect.
	ProxyRefused Outcome = "ProxyRefused"
	// UnknownAuthority: the certificate is from an authority that is not trusted here.
	UnknownAuthority Outcome = "UnknownAuthority"
	// OutOfTime: the certificate is not valid by the clock here.
	OutOfTime Outcome = "OutOfTime"
	// BadCertificate: the certificate is wrong in another way, such as for another host.
	BadCertificate Outcome = "BadCertificate"
	// NoAnswer: nobody answers, or not in HTTPS.
	NoAnswer Outcome = "NoAnswer"
)

// outcomes that there are.
func outcomes() []Outcome {
	return []Outcome{Reached, NoSuchHost, NoDNS, NoProxy, ProxyRefused, UnknownAuthority, OutOfTime, BadCertificate, NoAnswer}
}

// An Endpoint that something was looked for at.
type Endpoint struct {
	Host    string  `json:"host"`
	Outcome Outcome `json:"outcome"`

	// Proxy that led there, as host and port.
	Proxy string `json:"proxy,omitempty"`

	// Status that the proxy refused with.
	Status int `json:"status,omitempty"`

	// Detail is the authority of a certificate that is not trusted, or an error for people.
	Detail string `json:"detail,omitempty"`

	// Ahead is by how many seconds its clock is ahead of the one here. Nil if it does not say.
	Ahead *int64 `json:"ahead,omitempty"`
}

// A Network is what others are reached through.
type Network struct {
	// Transport leads to hosts of Azure.
	Transport http.RoundTripper

	// Proxy tells which proxy the transport uses for a request.
	Proxy func(*http.Request) (*url.URL, error)

	// Direct is a transport without a proxy.
	Direct http.RoundTripper

	// Lookup resolves a name.
	Lookup func(ctx context.Context, host string) ([]string, error)

	// Now is the time here.
	Now func() time.Time
}

// Here is the network of this process.
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

// A connectError is what a proxy says that does not connect.
type connectError struct{ status int }

func (e *connectError) Error() string { return fmt.Sprintf("the proxy answers with %d", e.status) }

// connected looks at what a proxy says.
func connected(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &connectError{answer.StatusCode}
	}

	return nil
}

// look whether a host answers.
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
		out.Outcome, out.Detail = NoProxy, "the address of the proxy is not one"

		return out
	}

	if proxy != nil {
		// Not its user and password.
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
	defer answer.Body.Close() //nolint:errcheck // It was not read.

	out.Outcome = Reached

	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		out.Ahead = new(int64(date.Sub(n.Now()) / time.Second))
	}

	return out
}

// fail with an error of a transport or a resolver.
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

// distrust a certificate.
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

// machine tells whether the metadata service of the node answers.
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
	defer answer.Body.Close() //nolint:errcheck // It was not read.

	return answer.StatusCode == http.StatusOK
}

// ask sends a request, and returns the status and the body of the answer. Nobody is followed elsewhere.
func (n Network) ask(request *http.Request) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(request.Context(), answerTimeout)
	defer cancel()

	answer, err := n.Transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return 0, nil, err //nolint:wrapcheck // It is looked at by type.
	}
	defer answer.Body.Close() //nolint:errcheck // It was only read.

	body, err = io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the answer has more than %d bytes", maxBody)
	}

	return answer.StatusCode, body, err
}

// clean text of others for people: in one line, and not long.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}

		return r
	}, text)

	text = strings.TrimSpace(text)

	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText-1]) + "…"
	}

	return text
}
