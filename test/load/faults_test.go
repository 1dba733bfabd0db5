// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plain"
	"github.com/p6m-dev/platform-application/test/provider"
)

const (
	// faultsPoll is the poll interval of TestFaults.
	faultsPoll = time.Second

	// steps of TestFaults in a second, or for every twenty syncs.
	stepsPerSecond = 10

	// killEvery so many steps on average, and at least once.
	killEvery = 300

	// goroutineMargin allows for connections and timers that are open by chance.
	goroutineMargin = 50
)

// TestFaults injects random faults while values are rotated and the provider is killed. In the end,
// every Secret equals its vault, and nothing has leaked: no value, no vault, no goroutine.
func TestFaults(t *testing.T) {
	f := newFleet(t, *syncs)

	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}

	random := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // It must be repeatable.

	t.Logf("to repeat the choices: -seed=%d", *seed)

	for _, r := range shuffled(random, f.Apps) {
		f.rotate(t, r.app, r.secret)
	}

	p, _ := f.start(t, faultsPoll)
	before, err := p.Metric(t.Context(), "go_goroutines")
	check.Must(t, err)

	steps := max(1, int(duration.Seconds()*stepsPerSecond)) * max(1, len(f.Apps)/perNamespace)
	tick := time.NewTicker(*duration / time.Duration(steps))

	defer tick.Stop()

	var logs strings.Builder

	for i := range steps {
		if i == steps/2 || random.IntN(killEvery) == 0 {
			check.Must(t, p.Kill())

			logs.WriteString(p.Log())
			p = f.world.Start(t, "--poll-interval="+faultsPoll.String())
		}

		f.step(t, random)
		<-tick.C
	}

	f.world.Azure.ClearFaults()

	for _, a := range f.Apps {
		check.Must(t, apiserver.Poll(t.Context(), time.Second/10, arrival, func(ctx context.Context) error { return f.equal(ctx, a) }))
	}

	f.AwaitSynced(t, p)
	f.expectNoLeak(t, p, logs.String()+p.Log(), before)
}

// step rotates a value or makes something fail.
func (f *fleet) step(t *testing.T, random *rand.Rand) {
	t.Helper()

	a := f.Apps[random.IntN(len(f.Apps))]

	if random.IntN(2) == 0 {
		all := shuffled(random, []*provider.App{a})
		f.rotate(t, a, all[0].secret)

		return
	}

	faults := []azure.Fault{
		{Effect: azure.EffectStatus, Status: http.StatusTooManyRequests, RetryAfter: time.Second},
		{Effect: azure.EffectStatus, Status: http.StatusServiceUnavailable},
		{Effect: azure.EffectStatus, Status: http.StatusForbidden, Error: "Forbidden"},
		{Effect: azure.EffectHang},
		{Effect: azure.EffectSlow, Duration: time.Second},
		{Effect: azure.EffectReset},
		{Effect: azure.EffectTruncate},
		{Effect: azure.EffectGarbage},
		{Effect: azure.EffectExpireToken},
		{Effect: azure.EffectRevokeToken},
		{Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: http.StatusBadGateway},
		{Operation: azure.OpConnect, Effect: azure.EffectReset},
		{Operation: azure.OpConnect, Effect: azure.EffectHang},
	}

	fault := faults[random.IntN(len(faults))]
	fault.Vault, fault.Count = a.Vault, 1+random.IntN(5)
	f.fault(t, fault)
}

// equal returns an error unless the Secret of an application has exactly the values of its vault.
func (f *fleet) equal(ctx context.Context, a *provider.App) error {
	got, err := a.Data(ctx)
	if err != nil {
		return err
	}

	if diff := cmp.Diff(f.values[idOf(a)], got); diff != "" {
		return fmt.Errorf("data of Secret %s: -want, +got:\n%s", idOf(a), diff)
	}

	return nil
}

// expectNoLeak fails if a value is anywhere but in Secrets, or if the provider keeps more than it
// needs.
func (f *fleet) expectNoLeak(t *testing.T, p *provider.Process, logs string, goroutines float64) {
	t.Helper()

	places, err := f.world.Places(t.Context(), p)
	check.Must(t, err)

	places["the log"] = logs

	for _, leak := range plain.Find(map[string]string{"a value": mark}, places) {
		t.Error(leak)
	}

	check.Must(t, apiserver.Poll(t.Context(), time.Second/10, arrival, func(ctx context.Context) error {
		now, err := p.Metric(ctx, "go_goroutines")
		if err == nil && now > goroutines+goroutineMargin {
			err = fmt.Errorf("there are %v goroutines, and were %v before the faults", now, goroutines)
		}

		return err
	}))

	for _, a := range f.Apps {
		check.Must(t, f.world.Kube.Delete(t.Context(), a.LoadSync()))
	}

	check.Must(t, apiserver.Poll(t.Context(), time.Second/10, arrival, func(ctx context.Context) error {
		n, err := p.Metric(ctx, "keyvault_secretsync_watched_vaults")
		if err == nil && n != 0 {
			err = fmt.Errorf("%v vaults of deleted syncs are watched", n)
		}

		return err
	}))
}
