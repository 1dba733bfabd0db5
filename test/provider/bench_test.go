// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/azure"
)

// Benchmarks run once and take a minute or two each:
//
//	go test ./test/provider -run '^$' -bench . -benchtime 1x -timeout 30m
//
// The provider has its default flags. The API server, etcd and the stand-in for
// Azure, which takes most of the time, share the machine with it.

// BenchmarkColdStart is how long many syncs take that are all new, and how long a
// provider takes to look at them all that is started again.
func BenchmarkColdStart(b *testing.B) {
	cases := map[string]struct {
		apps    int
		latency time.Duration
	}{
		"apps=200/latency=50ms": {apps: 200, latency: 50 * time.Millisecond},
		"apps=1000/latency=0":   {apps: 1000},
	}

	for name, tc := range cases {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				coldStart(b, tc.apps, tc.latency)
			}
		})
	}
}

func coldStart(b *testing.B, apps int, latency time.Duration) {
	b.Helper()

	w := NewWorldFor(b)
	load := w.Load(b, apps)

	// As after an upgrade, all syncs are there before the provider is.
	load.Apply(b)
	w.Azure.SetLatency(latency)

	synced := load.FollowSyncs(b)
	start := time.Now()
	p := w.Start(b)
	b.ReportMetric(last(synced.Await(b)).Sub(start).Seconds(), "s/new")

	fresh := p.Usage(b)
	b.ReportMetric(fresh.CPU.Seconds(), "cpu-s/new")
	b.ReportMetric(fresh.Peak, "MiB/new")

	if err := p.Kill(); err != nil {
		b.Fatal(err)
	}

	start = time.Now()
	p = w.Start(b)
	load.AwaitLooked(b, p)
	b.ReportMetric(time.Since(start).Seconds(), "s/restart")

	again := p.Usage(b)
	b.ReportMetric(again.CPU.Seconds(), "cpu-s/restart")
	b.ReportMetric(again.Peak, "MiB/restart")

	if err := p.Kill(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIdle is what 200 applications cost in a minute in which nobody changes
// anything.
func BenchmarkIdle(b *testing.B) {
	w := NewWorldFor(b)
	load := w.Load(b, 200)
	load.Apply(b)

	synced := load.FollowSyncs(b)
	p := w.Start(b)
	synced.Await(b)
	// The first polls come together; and what comes of the first sync is over by then.
	awaitLists(b, w, 2*len(load.Apps))

	for b.Loop() {
		w.Azure.ResetCounts()

		asked, used, start := w.ProviderRequests(b), p.Usage(b), time.Now()

		awaitLists(b, w, 2*len(load.Apps))

		minutes := time.Since(start).Minutes()
		lists, gets, entra := load.Azure()
		b.ReportMetric(float64(lists)/minutes, "lists/min")
		b.ReportMetric(float64(gets)/minutes, "gets/min")
		b.ReportMetric(float64(entra)/minutes, "entra/min")
		b.ReportMetric(float64(w.ProviderRequests(b).Since(asked).Writes().Total())/minutes, "writes/min")
		b.ReportMetric((p.Usage(b).CPU-used.CPU).Seconds()/minutes, "cpu-s/min")
		b.ReportMetric(p.Usage(b).RSS, "MiB")
	}
}

// awaitLists waits for so many lists since counts were last reset.
func awaitLists(tb testing.TB, w *World, n int) {
	tb.Helper()

	await(tb, func(context.Context) error {
		if got := w.Azure.Counts().Of(azure.CountKey{Operation: azure.OpList}); got < n {
			return fmt.Errorf("there were %d lists, want %d", got, n)
		}

		return nil
	})
}

// BenchmarkRotation is how long new values, which come at random moments, take to
// get from 200 vaults to their applications.
func BenchmarkRotation(b *testing.B) {
	const apps = 200

	w := NewWorldFor(b)
	load := w.Load(b, apps)
	load.Apply(b)

	synced := load.FollowSyncs(b)
	w.Start(b)
	synced.Await(b)

	for b.Loop() {
		took := load.rotate(b)
		b.ReportMetric(took[apps/2].Seconds(), "s/p50")
		b.ReportMetric(took[apps-1].Seconds(), "s/max")
	}
}

// rotate a value of each application, one after the other in random order, evenly
// spread over an interval, and return how long each took to arrive, sorted.
func (l *Load) rotate(b *testing.B) []time.Duration {
	b.Helper()

	var (
		mu       sync.Mutex
		apps     = len(l.Apps)
		versions = map[string]string{}
		written  = map[string]time.Time{}
		random   = rand.New(rand.NewPCG(1, 1)) //nolint:gosec // The same moments every time.
		gap      = 30 * time.Second / time.Duration(apps)
	)

	arrivals := l.world.Follow(b, l.Namespace, apps, &corev1.SecretList{}, func(o client.Object) bool {
		mu.Lock()
		defer mu.Unlock()

		version, ok := versions[o.GetName()]

		return ok && strings.Contains(o.GetAnnotations()["secrets.p6m.dev/content"], version)
	})
	start := time.Now()

	for n, i := range random.Perm(apps) {
		<-time.After(time.Until(start.Add(time.Duration(n)*gap + rand.N(gap)))) //nolint:gosec // It is no secret.

		mu.Lock()

		a := l.Apps[i]
		written[a.Target()] = time.Now()
		versions[a.Target()] = a.Put(b, "api-credentials", Structured(Structures()["api-credentials"]...))

		mu.Unlock()
	}

	arrived := arrivals.Await(b)

	took := make([]time.Duration, 0, apps)
	for name, at := range written {
		took = append(took, arrived[name].Sub(at))
	}

	slices.Sort(took)

	return took
}

// last of many moments.
func last(at map[string]time.Time) time.Time {
	out := time.Time{}
	for _, t := range at {
		if t.After(out) {
			out = t
		}
	}

	return out
}
