// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/docs/pictures"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/provider"
)

//nolint:gochecknoglobals // The way of the flag package.
var record = flag.Bool("record", false, "record a new sample of the dashboard: it takes some minutes, and needs prometheus on PATH")

const (
	// recorded is the length of a sample, and step the distance of its values.
	recorded = 180 * time.Second
	step     = 2 * time.Second
)

// TestSample checks that the sample for the picture of the dashboard fits the dashboard. With -record, it records a new sample: a
// real Prometheus scrapes a working provider, and answers the queries of the dashboard.
func TestSample(t *testing.T) {
	path := filepath.Join("test", "docs", "pictures", pictures.SampleFile)
	queries := map[string]bool{}

	for _, p := range loadDashboard(t).Panels {
		for _, target := range p.Targets {
			queries[target.Expr] = true
		}
	}

	if *record {
		write(t, check.File(t, path), recordSample(t, slices.Sorted(maps.Keys(queries))))
	}

	var sample pictures.Sample
	check.Must(t, json.Unmarshal([]byte(check.Read(t, path)), &sample))

	if diff := cmp.Diff(slices.Sorted(maps.Keys(queries)), slices.Sorted(maps.Keys(sample.Results))); diff != "" {
		t.Errorf("queries of the sample: -dashboard, +sample:\n%s\nTo record a new one, run `go test ./test/monitoring -run '^TestSample$' -record` with prometheus on PATH.", diff)
	}

	for _, p := range loadDashboard(t).Panels {
		for _, target := range p.Targets {
			for _, l := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				if slices.ContainsFunc(sample.Results[target.Expr], func(s pictures.Series) bool { return s.Labels[l[1]] == "" }) {
					t.Errorf("panel %q: the legend has the label %s, and the result has not", p.Title, l[1])
				}
			}
		}
	}
}

var legend = regexp.MustCompile(`\{\{(\w+)\}\}`)

func write(t *testing.T, path string, s pictures.Sample) {
	t.Helper()

	data, err := json.MarshalIndent(s, "", " ")
	check.Must(t, err)

	// The format has one line per series, not per value.
	for _, pair := range [][2]string{{"[\n    ", "["}, {",\n     ", ","}, {"\n    ]", "]"}, {"\n     ", ""}} {
		data = []byte(strings.ReplaceAll(string(data), pair[0], pair[1]))
	}

	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil { //nolint:gosec // Part of a source tree.
		t.Fatal(err)
	}
}

// recordSample records a provider with some events.
func recordSample(t *testing.T, queries []string) pictures.Sample {
	t.Helper()

	p := world.Start(t, "--poll-state-metric=1s")
	server := startPrometheus(t, p.MetricsURL)
	events := story(t)
	begin := time.Now()

	for at := range slices.Values(slices.Sorted(maps.Keys(events))) {
		await(t, begin.Add(at))
		events[at]()
	}

	await(t, begin.Add(recorded))

	s := pictures.Sample{Step: int(step.Seconds()), Results: map[string][]pictures.Series{}}
	for _, q := range queries {
		s.Results[q] = ask(t, server, q, begin)
	}

	return s
}

func await(t *testing.T, at time.Time) {
	t.Helper()

	select {
	case <-time.After(time.Until(at)):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// story returns the events of some applications.
func story(t *testing.T) map[time.Duration]func() {
	t.Helper()

	for _, ns := range []string{"shop", "billing", "search"} {
		check.Must(t, world.API.Apply(t.Context(), &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: ns, Labels: map[string]string{apiserver.LabelWorkloads: apiserver.WorkloadsComposed}},
		}))
	}

	app := func(namespace, name string, o ...provider.AppOption) *provider.App {
		return world.App(t, namespace, name, o...)
	}
	web, invoices, crawler := app("shop", "web-application"), app("billing", "invoices"), app("search", "crawler")
	ledger := app("billing", "ledger", provider.WithRoleDelay(40*time.Second))
	named := func(names ...string) (out []v1alpha1.SyncedSecret) {
		for _, n := range names {
			out = append(out, v1alpha1.SyncedSecret{Name: n})
		}

		return out
	}
	fault := func(a *provider.App, status int, retryAfter time.Duration, count int) {
		_, err := world.Azure.AddFault(azure.Fault{Vault: a.Vault, Operation: "list", Effect: "status", Status: status, RetryAfter: retryAfter, Count: count})
		check.Must(t, err)
	}

	for _, days := range []int{9, 23} {
		_, err := world.Azure.PutSecret(invoices.Vault, fmt.Sprintf("certificate-%d", days), azure.Secret{Value: "x", Expires: time.Now().AddDate(0, 0, days)})
		check.Must(t, err)
	}

	web.Put(t, "prod-postgres-credentials", `{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":"one"}`)
	ledger.Put(t, "database", "x")
	crawler.Put(t, "tokens", `{"A":"b"}`)
	world.Apply(t, invoices.Sync(named("certificate-9", "certificate-23")...))
	world.Apply(t, crawler.Sync(named("tokens", "proxy")...))

	return map[time.Duration]func(){
		10 * time.Second:  func() { world.Apply(t, web.Sync(named("prod-postgres-credentials", "prod-api-credentials")...)) },
		20 * time.Second:  func() { world.Apply(t, ledger.Sync(named("database")...)) },
		60 * time.Second:  func() { web.Put(t, "prod-api-credentials", `{"API_KEY":"a"}`) },
		75 * time.Second:  func() { fault(invoices, http.StatusTooManyRequests, 5*time.Second, 2) },
		95 * time.Second:  func() { web.Put(t, "prod-postgres-credentials", `{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":"two"}`) },
		110 * time.Second: func() { crawler.Put(t, "tokens", `{"A":`) },
		130 * time.Second: func() { fault(ledger, http.StatusServiceUnavailable, 0, 6) },
		150 * time.Second: func() { crawler.Put(t, "tokens", `{"A":"c"}`) },
	}
}

// startPrometheus starts a Prometheus that scrapes a provider every second.
func startPrometheus(t *testing.T, metrics string) prometheus.API {
	t.Helper()

	target, err := url.Parse(metrics)
	check.Must(t, err)

	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It returns at once.
	check.Must(t, err)
	check.Must(t, l.Close())

	dir := t.TempDir()
	config := "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: provider, static_configs: [{targets: ['" + target.Host + "'], labels: {instance: provider}}]}]\n"
	check.Must(t, os.WriteFile(filepath.Join(dir, "prometheus.yaml"), []byte(config), 0o600))

	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yaml"), "--storage.tsdb.path="+dir, "--web.listen-address="+l.Addr().String())
	check.Must(t, cmd.Start())
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })

	client, err := api.NewClient(api.Config{Address: "http://" + l.Addr().String()})
	check.Must(t, err)

	server := prometheus.NewAPI(client)

	check.Must(t, apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		_, err := server.Buildinfo(ctx)
		return err //nolint:wrapcheck // There is nothing to add.
	}))

	return server
}

// ask returns the values of a query since a time, as Grafana does.
func ask(t *testing.T, server prometheus.API, query string, begin time.Time) []pictures.Series {
	t.Helper()

	query = strings.NewReplacer("$namespace", ".*", "$__rate_interval", "15s").Replace(query)

	answer, _, err := server.QueryRange(t.Context(), query, prometheus.Range{Start: begin, End: begin.Add(recorded), Step: step})
	check.Must(t, err)

	var out []pictures.Series

	matrix, _ := answer.(model.Matrix)
	for _, stream := range matrix {
		delete(stream.Metric, model.MetricNameLabel)

		s := pictures.Series{Labels: map[string]string{}, Values: make([]*float64, int(recorded/step)+1)}
		for name, value := range stream.Metric {
			s.Labels[string(name)] = string(value)
		}

		for _, v := range stream.Values {
			// A quantile without observations is NaN, which is not a value.
			if value := float64(v.Value); !math.IsNaN(value) {
				value, _ = strconv.ParseFloat(strconv.FormatFloat(value, 'g', 4, 64), 64)
				s.Values[int(v.Timestamp.Time().Sub(begin).Seconds()/step.Seconds()+0.5)] = &value
			}
		}

		out = append(out, s)
	}

	return out
}
