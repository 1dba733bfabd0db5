// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// probe probes the container until the context ends, and calls dead if the container must restart.
func (c *container) probe(ctx context.Context, dead func()) {
	if p := c.spec.StartupProbe; p != nil {
		began := false

		c.repeat(ctx, p, func(ok bool) bool {
			if began = ok; !ok {
				dead()
			}

			return false
		})

		if !began {
			return
		}
	}

	yes := true
	c.set(func(s *corev1.ContainerStatus) { s.Started, s.Ready = &yes, c.spec.ReadinessProbe == nil && !c.init })

	var both sync.WaitGroup

	if p := c.spec.ReadinessProbe; p != nil {
		both.Go(func() {
			c.repeat(ctx, p, func(ok bool) bool {
				c.set(func(s *corev1.ContainerStatus) { s.Ready = ok })

				return true
			})
		})
	}

	if p := c.spec.LivenessProbe; p != nil {
		both.Go(func() {
			c.repeat(ctx, p, func(ok bool) bool {
				if !ok {
					dead()
				}

				return ok
			})
		})
	}

	both.Wait()
}

// repeat repeats a probe until the context ends or decide returns false. It calls decide for every
// result beyond the thresholds.
func (c *container) repeat(ctx context.Context, p *corev1.Probe, decide func(bool) bool) {
	if !sleep(ctx, time.Duration(p.InitialDelaySeconds)*time.Second) {
		return
	}

	var good, bad int32

	for {
		err := c.check(ctx, p)
		if ctx.Err() != nil {
			return
		}

		if err == nil {
			good, bad = good+1, 0
		} else {
			good, bad = 0, bad+1

			c.pod.warn("probe failed", err)
		}

		if good >= max(p.SuccessThreshold, 1) && !decide(true) || bad >= max(p.FailureThreshold, 1) && !decide(false) {
			return
		}

		if !sleep(ctx, time.Duration(max(p.PeriodSeconds, 1))*time.Second) {
			return
		}
	}
}

func (c *container) check(ctx context.Context, p *corev1.Probe) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(p.TimeoutSeconds, 1))*time.Second)
	defer cancel()

	switch {
	case p.HTTPGet != nil:
		return c.checkHTTP(ctx, p.HTTPGet)
	case p.TCPSocket != nil:
		port, err := c.port(p.TCPSocket.Port)
		if err != nil {
			return err
		}

		conn, err := c.dial(ctx, port)
		if err != nil {
			return err
		}

		return conn.Close() //nolint:wrapcheck // It was open, which is what counts.
	}

	return errors.New("probes other than httpGet and tcpSocket are not supported on this node")
}

func (c *container) dial(ctx context.Context, port int) (net.Conn, error) {
	return c.sandbox.Dial(ctx, net.JoinHostPort(c.pod.ip, strconv.Itoa(port)))
}

// port returns a port by its number or its name.
func (c *container) port(p intstr.IntOrString) (int, error) {
	if p.Type == intstr.Int {
		return p.IntValue(), nil
	}

	for _, known := range c.spec.Ports {
		if known.Name == p.StrVal {
			return int(known.ContainerPort), nil
		}
	}

	if n, err := strconv.Atoi(p.StrVal); err == nil {
		return n, nil
	}

	return 0, fmt.Errorf("couldn't find port: %q", p.StrVal)
}

func (c *container) checkHTTP(ctx context.Context, get *corev1.HTTPGetAction) error {
	port, err := c.port(get.Port)
	if err != nil {
		return err
	}

	if get.Host != "" && get.Host != c.pod.ip {
		return fmt.Errorf("probes of another host, %q, are not supported on this node", get.Host)
	}

	path := get.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}

	url := strings.ToLower(cmp.Or(string(get.Scheme), "http")) + "://" + net.JoinHostPort(c.pod.ip, strconv.Itoa(port)) + path

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("cannot make request: %w", err)
	}

	request.Header.Set("User-Agent", "kube-probe/1.36")

	for _, h := range get.HTTPHeaders {
		if strings.EqualFold(h.Name, "Host") {
			request.Host = h.Value
		} else {
			request.Header.Add(h.Name, h.Value)
		}
	}

	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx, port) },
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // A kubelet does not verify certificates of probes.
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(to *http.Request, _ []*http.Request) error {
		if to.URL.Host != request.URL.Host {
			return http.ErrUseLastResponse // A redirect is a success, wherever it leads.
		}

		return nil
	}}

	response, err := client.Do(request)
	if err != nil {
		return err //nolint:wrapcheck // It says what was asked for.
	}

	if err := response.Body.Close(); err != nil {
		return fmt.Errorf("cannot end response: %w", err)
	}

	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("HTTP probe failed with statuscode: %d", response.StatusCode)
	}

	return nil
}
