// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

// A provider with a thousand vaults syncs all of them.
func TestScale(t *testing.T) { scale(t, 1000, 0) }

// BenchmarkScale uses 200 slow vaults, and measures how long new values, set at random moments,
// take to reach their applications. It runs once:
//
//	go test ./test/provider -run '^$' -bench . -benchtime 1x -timeout 30m
func BenchmarkScale(b *testing.B) {
	load := scale(b, 200, 50*time.Millisecond)

	for b.Loop() {
		took := load.rotate(b)
		b.ReportMetric(took[len(took)/2].Seconds(), "s/p50")
		b.ReportMetric(took[len(took)-1].Seconds(), "s/max")
	}
}

// scale measures a provider that syncs everything, first with new applications and then after a
// restart. While nothing changes, the provider must not write anything, or do anything but list.
// Durations and costs are only reported: they depend on the machine, which the API server, etcd and
// Azure's stand-in share.
func scale(tb testing.TB, apps int, latency time.Duration) *Load {
	tb.Helper()

	w := NewWorldFor(tb)
	load := w.Load(tb, apps)
	load.Apply(tb)
	w.Azure.SetLatency(latency)

	report := measure(tb, load)
	p := w.Start(tb)
	load.AwaitSynced(tb, p)
	report.tell(p, "all are new")

	// Events of the first sync are sent in the background, late on a busy machine.
	for range 10 {
		report = measure(tb, load)
		load.awaitLists(tb, apps/2)

		if report.writes().Total() == 0 {
			break
		}
	}

	const intervals = 3

	report = measure(tb, load)
	load.awaitLists(tb, intervals*apps)
	report.tell(p, fmt.Sprintf("idle, until all were listed %d times more", intervals))
	report.expectIdle()
	must(tb, p.Kill())

	report = measure(tb, load)
	p = w.Start(tb)
	load.AwaitSynced(tb, p)
	report.tell(p, "started again")

	return load
}

// awaitLists waits for this many lists since counts were last reset.
func (l *Load) awaitLists(tb testing.TB, n int) {
	tb.Helper()

	await(tb, func(context.Context) error {
		if got := l.world.Azure.Counts().Of(azure.CountKey{Operation: azure.OpList}); got < n {
			return fmt.Errorf("there were %d lists, want %d", got, n)
		}

		return nil
	})
}

// rotate changes a value of each application, one after the other in random order, evenly spread
// over an interval, and returns how long each took to arrive, sorted. The status has that time to
// the second.
func (l *Load) rotate(tb testing.TB) []time.Duration {
	tb.Helper()

	const name = "api-credentials"

	var (
		took   = make([]time.Duration, 0, len(l.Apps))
		random = rand.New(rand.NewPCG(1, 1)) //nolint:gosec // The same moments every time.
		tick   = time.NewTicker(30 * time.Second / time.Duration(len(l.Apps)))
	)
	defer tick.Stop()

	versions, written := make([]string, len(l.Apps)), make([]time.Time, len(l.Apps))

	for _, i := range random.Perm(len(l.Apps)) {
		written[i] = <-tick.C
		versions[i] = l.Apps[i].Put(tb, name, Structured(Structures()[name]...))
	}

	for i, a := range l.Apps {
		await(tb, func(ctx context.Context) error {
			got, err := l.world.Get(ctx, a.GuideSync())
			if err != nil {
				return err
			}

			o := observed(got, name)
			if o.Version != versions[i] {
				return fmt.Errorf("version is %q, want %q", o.Version, versions[i])
			}

			took = append(took, o.SyncedAt.Sub(written[i]))

			return nil
		})
	}

	slices.Sort(took)

	return took
}

// A report has what a provider does from now on.
type report struct {
	tb    testing.TB
	load  *Load
	start time.Time
	asked apiserver.Requests
}

func measure(tb testing.TB, l *Load) *report {
	tb.Helper()
	l.world.Azure.ResetCounts()

	return &report{tb: tb, load: l, start: time.Now(), asked: l.world.ProviderRequests(tb)}
}

// writes returns the writes to the API server since then.
func (r *report) writes() apiserver.Requests {
	return r.load.world.ProviderRequests(r.tb).Since(r.asked).Writes()
}

// expectIdle fails if the provider has written anything or requested tokens since then.
func (r *report) expectIdle() {
	r.tb.Helper()

	if diff := cmp.Diff(apiserver.Requests{}, r.writes()); diff != "" {
		r.tb.Errorf("idle: writes to the API server: -want, +got:\n%s", diff)
	}

	if _, gets, entra := r.load.Azure(); gets != 0 || entra != 0 {
		r.tb.Errorf("idle: %d reads and %d requests to Entra ID, want none", gets, entra)
	}
}

// tell logs the requests of the provider since then, and its memory.
func (r *report) tell(p *Process, title string) {
	r.tb.Helper()

	took := time.Since(r.start).Round(time.Millisecond)
	lists, gets, entra := r.load.Azure()

	used := p.Usage(r.tb)

	r.tb.Logf("%d applications, %s: %v, %d lists, %d reads, %d requests to Entra ID, %d writes to the API server; "+
		"since the provider's start %.1f s of a processor, and %.0f MiB at most",
		len(r.load.Apps), title, took, lists, gets, entra, r.writes().Total(), used.CPU.Seconds(), used.Peak)
}
