// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/provider"
)

//nolint:gochecknoglobals // Flags are.
var (
	syncs    = flag.Int("syncs", 20, "how many KeyVaultSecretSyncs there are")
	polls    = flag.String("polls", "2s", "poll intervals to measure, separated by commas")
	duration = flag.Duration("duration", 4*time.Second, "how long values are rotated, without and with failing vaults, and how long TestFaults injects faults")
	seed     = flag.Uint64("seed", 0, "what TestFaults chooses faults by; the default is another one in each run")
	extra    = flag.String("flags", "", "more flags of the provider, separated by spaces")
)

const (
	// rotatedPerMinute is the part of all secrets that is rotated in a minute.
	rotatedPerMinute = 0.01

	// leastRotations in a short test.
	leastRotations = 4

	// arrival bounds how long a value may take, on a busy machine. It is not the promise.
	arrival = 10 * time.Minute

	day = 24 * time.Hour
)

// TestLoad measures what a provider needs for many syncs, and logs a row for docs/operations/limits-and-cost.md.
func TestLoad(t *testing.T) {
	var intervals []time.Duration

	for text := range strings.SplitSeq(*polls, ",") {
		d, err := time.ParseDuration(text)
		check.Must(t, err)

		intervals = append(intervals, d)
	}

	f := newFleet(t, *syncs)
	row := []string{strconv.Itoa(*syncs)}
	say := func(format string, args ...any) {
		t.Logf(format, args...)
		row = append(row, fmt.Sprintf(format, args...))
	}

	p, took := f.start(t, intervals[0])
	cold := p.Usage(t)
	say("cold %s, %.0f s CPU", took, cold.CPU.Seconds())
	check.Must(t, p.Kill())

	p, took = f.start(t, intervals[0])
	say("restart %s, %.0f s CPU", took, p.Usage(t).CPU.Seconds())

	for i, interval := range intervals {
		if i > 0 {
			check.Must(t, p.Stop())
			p, _ = f.start(t, interval)
		}

		say("%s: %s", interval, f.idle(t, p, interval))
	}

	if len(intervals) > 1 {
		check.Must(t, p.Stop())
		p, _ = f.start(t, intervals[0])
	}

	say("%s", f.rotating(t, f.Apps))

	healthy, restore := f.fail(t)
	say("failing: %s", f.rotating(t, healthy))
	restore()
	f.AwaitSynced(t, p)

	used := p.Usage(t)
	say("%.0f MiB at most", max(cold.Peak, used.Peak))
	t.Logf("| %s |", strings.Join(row, " | "))
}

// start a provider, and return how long it takes until everything is synced.
func (f *fleet) start(t *testing.T, interval time.Duration) (*provider.Process, time.Duration) {
	t.Helper()

	start := time.Now()
	p := f.world.Start(t, append(strings.Fields(*extra), "--poll-interval="+interval.String())...)
	f.AwaitSynced(t, p)

	return p, time.Since(start).Round(time.Second / 10)
}

// idle measures a provider for two intervals without changes, after one in which it settles.
func (f *fleet) idle(t *testing.T, p *provider.Process, interval time.Duration) string {
	t.Helper()
	pause(t, interval)
	f.world.Azure.ResetCounts()

	before, start := p.Usage(t), time.Now()

	pause(t, 2*interval)

	after, took := p.Usage(t), time.Since(start)

	return fmt.Sprintf("%.2f s CPU in a minute, %.0f MiB, %d connections, %.0f requests a day",
		(after.CPU-before.CPU).Seconds()*float64(time.Minute)/float64(took), after.Memory, after.Connections,
		float64(f.requests())*float64(day)/float64(took)/float64(len(f.Apps)))
}

// requests that Azure has answered since the last ResetCounts. Opening a connection is none.
func (f *fleet) requests() int {
	counts := f.world.Azure.Counts()

	return counts.Of(azure.CountKey{}) - counts.Of(azure.CountKey{Operation: azure.OpConnect})
}

// rotating rotates secrets of these applications, and returns how long their values take to arrive.
func (f *fleet) rotating(t *testing.T, apps []*provider.App) string {
	t.Helper()

	f.mu.Lock()
	f.took = nil
	f.mu.Unlock()

	all := shuffled(rand.New(rand.NewPCG(1, 1)), apps) //nolint:gosec // The same order every time.
	n := max(leastRotations, int(rotatedPerMinute*float64(len(all))*duration.Minutes()))
	tick := time.NewTicker(*duration / time.Duration(n))

	defer tick.Stop()

	for i := range n {
		r := all[i%len(all)]
		f.rotate(t, r.app, r.secret)
		<-tick.C
	}

	check.Must(t, apiserver.Poll(t.Context(), time.Second/10, arrival, func(context.Context) error {
		if n := f.missing(); n > 0 {
			return fmt.Errorf("%d rotated values have not arrived", n)
		}

		return nil
	}))

	f.mu.Lock()
	defer f.mu.Unlock()

	slices.Sort(f.took)

	return fmt.Sprintf("p50 %.1f s, p99 %.1f s of %d", f.took[len(f.took)/2].Seconds(), f.took[len(f.took)*99/100].Seconds(), len(f.took))
}

// fail makes a quarter of all vaults fail, in every namespace: 10% are throttled, 10% hang, and 5%
// are gone. It returns the applications of the others.
func (f *fleet) fail(t *testing.T) (healthy []*provider.App, restore func()) {
	t.Helper()

	var gone []*provider.App

	for i, a := range f.Apps {
		switch i / f.namespaces {
		case 0, 1:
			f.fault(t, azure.Fault{Vault: a.Vault, Effect: azure.EffectStatus, Status: http.StatusTooManyRequests, RetryAfter: 10 * time.Second})
		case 2, 3:
			f.fault(t, azure.Fault{Vault: a.Vault, Effect: azure.EffectHang})
		case 4:
			check.Must(t, f.world.Azure.DeleteVault(a.Vault))

			gone = append(gone, a)
		default:
			healthy = append(healthy, a)
		}
	}

	return healthy, func() {
		f.world.Azure.ClearFaults()

		for _, a := range gone {
			check.Must(t, a.Recover())
		}
	}
}

func (f *fleet) fault(t *testing.T, fault azure.Fault) {
	t.Helper()

	_, err := f.world.Azure.AddFault(fault)
	check.Must(t, err)
}

// pause lets the provider work for a while.
func pause(t *testing.T, d time.Duration) {
	t.Helper()

	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
