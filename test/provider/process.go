// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/metric"
)

// stopTimeout is the time for a provider to end.
const stopTimeout = 30 * time.Second

// A Process is a running provider.
type Process struct {
	// MetricsURL and HealthURL are its addresses.
	MetricsURL, HealthURL string

	cmd  *exec.Cmd
	done chan struct{}
	err  error
	// azurePort is the port of the stand-in, as /proc writes it.
	azurePort string

	mu  sync.Mutex
	log bytes.Buffer
}

// Start starts the provider with these flags, waits until it is ready, and stops it with the test.
// If the test fails, it shows the log.
func (w *World) Start(tb testing.TB, flags ...string) *Process {
	tb.Helper()

	p, err := w.launch(flags...)
	must(tb, err)
	p.stopWith(tb)
	must(tb, apiserver.Eventually(tb.Context(), p.Ready))

	return p
}

// Log returns the log of the provider.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.log.String()
}

// Stop stops the provider as Kubernetes does.
func (p *Process) Stop() error {
	select {
	case <-p.done:
		return nil
	default:
	}

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("cannot end the provider: %w", err)
	}

	select {
	case <-p.done:
		return nil
	case <-time.After(stopTimeout):
		_ = p.Kill()
		return errors.New("the provider does not end")
	}
}

// Kill kills the provider at once.
func (p *Process) Kill() error {
	err := p.cmd.Process.Kill()

	<-p.done

	return err //nolint:wrapcheck // There is nothing to add.
}

// Ready returns an error unless the provider is ready.
func (p *Process) Ready(ctx context.Context) error { return p.probe(ctx, "readyz") }

// Healthy returns an error unless the provider is healthy.
func (p *Process) Healthy(ctx context.Context) error { return p.probe(ctx, "healthz") }

// Metrics returns the metrics as text.
func (p *Process) Metrics(ctx context.Context) (string, error) { return fetch(ctx, p.MetricsURL) }

// Metric returns the sum of all series of a gauge or counter with these labels, each as name=value.
func (p *Process) Metric(ctx context.Context, name string, labels ...string) (float64, error) {
	text, err := p.Metrics(ctx)
	if err != nil {
		return 0, err
	}

	return metric.Sum(text, name, labels...)
}

func fetch(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("cannot ask the provider: %w", err)
	}

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("cannot ask the provider: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // It has been read.

	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the provider answers %s: %s", resp.Status, body)
	}

	return string(body), err
}

// freeAddresses returns free addresses on loopback.
func freeAddresses(n int) ([]string, error) {
	var out []string

	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It returns at once.
		if err != nil {
			return nil, fmt.Errorf("cannot find a free port: %w", err)
		}
		defer l.Close() //nolint:errcheck // It was only asked for its address.

		out = append(out, l.Addr().String())
	}

	return out, nil
}

// launch starts the provider without waiting until it is ready.
func (w *World) launch(flags ...string) (*Process, error) {
	ports, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}

	p := &Process{MetricsURL: "http://" + ports[0] + "/metrics", HealthURL: "http://" + ports[1], done: make(chan struct{}), azurePort: portOf(w.Azure.ProxyURL())}

	// A context would kill the process before it can stop.
	p.cmd = exec.Command(w.program, append([]string{ //nolint:noctx // See above.
		"--metrics-bind-address=" + ports[0], "--health-probe-bind-address=" + ports[1],
	}, flags...)...)
	p.cmd.Env = append(w.Azure.Env(), "KUBECONFIG="+w.kubeconfig, "HOME="+w.dir)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	out, in := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = in, in

	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot run the provider: %w", err)
	}

	go p.collect(out)
	go func() {
		p.err = p.cmd.Wait()
		_ = in.Close()

		close(p.done)
	}()

	return p, nil
}

// stopWith stops the provider with the test.
func (p *Process) stopWith(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() {
		if err := p.Stop(); err != nil {
			tb.Errorf("cannot stop the provider: %v", err)
		}

		if tb.Failed() {
			tb.Logf("log of the provider:\n%s", p.Log())
		}
	})
}

func (p *Process) collect(out io.Reader) {
	lines := bufio.NewReader(out)

	for {
		line, err := lines.ReadString('\n')

		p.mu.Lock()
		p.log.WriteString(line)
		p.mu.Unlock()

		if err != nil {
			return
		}
	}
}

func (p *Process) probe(ctx context.Context, endpoint string) error {
	select {
	case <-p.done:
		return fmt.Errorf("it has ended: %w", p.err)
	default:
	}

	_, err := fetch(ctx, p.HealthURL+"/"+endpoint)

	return err
}
