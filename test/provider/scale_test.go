// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

// A provider with a thousand vaults gets everything into its Secrets, first when
// all applications are new and then when it is started again. As long as nothing
// changes, it writes nothing, and does nothing but list. How long all of that takes
// and what it costs is only told: it depends on the machine, which the API server,
// etcd and Azure's stand-in share.
func TestScale(t *testing.T) {
	const apps = 1000

	w := NewWorldFor(t)
	load := w.Load(t, apps)
	load.Apply(t)

	synced := load.FollowSyncs(t)
	report := measure(t, load)
	p := w.Start(t)

	var took []time.Duration
	for _, at := range synced.Await(t) {
		took = append(took, at.Sub(report.start))
	}

	slices.Sort(took)
	report.tell(p, "new syncs: half of them after %v, all after %v", took[apps/2], took[apps-1])

	// What comes of the first sync is over when half of the vaults have been listed again.
	awaitLists(t, w, apps+apps/2)

	report = measure(t, load)

	const intervals = 3

	awaitLists(t, w, intervals*apps)
	report.tell(p, "idle: until all were listed %d times more", intervals)
	report.expectIdle()

	must(t, p.Kill())

	report = measure(t, load)
	p = w.Start(t)
	load.AwaitLooked(t, p)
	report.tell(p, "started again: all after %v", time.Since(report.start))
	must(t, p.Kill())
}

// A report of what a provider does from now on.
type report struct {
	t     *testing.T
	load  *Load
	start time.Time
	asked apiserver.Requests
}

func measure(t *testing.T, l *Load) *report {
	t.Helper()
	l.world.Azure.ResetCounts()

	return &report{t: t, load: l, start: time.Now(), asked: l.world.ProviderRequests(t)}
}

// expectIdle is that the provider has written nothing since, and needed no tokens.
func (r *report) expectIdle() {
	r.t.Helper()

	writes := r.load.world.ProviderRequests(r.t).Since(r.asked).Writes()
	if diff := cmp.Diff(apiserver.Requests{}, writes); diff != "" {
		r.t.Errorf("idle: writes to the API server: -want, +got:\n%s", diff)
	}

	if _, gets, entra := r.load.Azure(); gets != 0 || entra != 0 {
		r.t.Errorf("idle: %d reads and %d requests to Entra ID, want none", gets, entra)
	}
}

// tell what the provider has done since, and what it takes.
func (r *report) tell(p *Process, title string, args ...any) {
	r.t.Helper()

	lists, gets, entra := r.load.Azure()
	asked := r.load.world.ProviderRequests(r.t).Since(r.asked)
	used := p.Usage(r.t)

	r.t.Logf(title, args...)
	r.t.Logf("%d apps, %v: %d lists, %d reads, %d requests to Entra ID, %d writes to the API server (%.2f for each app)",
		len(r.load.Apps), time.Since(r.start).Round(time.Millisecond), lists, gets, entra, asked.Writes().Total(), float64(asked.Writes().Total())/float64(len(r.load.Apps)))
	r.t.Logf("resident memory %.0f MiB, %.0f MiB at most; CPU %v since the provider's start; requests to the API server:%s", used.RSS, used.Peak, used.CPU, describe(asked))
}
