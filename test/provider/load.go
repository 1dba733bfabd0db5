// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	// atOnce is how many requests of ours are under way while applications are made.
	atOnce = 16

	// loadTimeout is how long many applications may take, on a machine that is busy
	// with other things. No test is about it.
	loadTimeout = 5 * time.Minute

	// loadInterval is how often a check is made that lists many applications.
	loadInterval = 100 * time.Millisecond

	// ticksPerSecond of /proc/PID/stat, on every Linux that Go runs on.
	ticksPerSecond = 100
)

// Structures returns the keys of each secret of the guide's application.
func Structures() map[string][]string {
	return map[string][]string{
		"postgres-credentials": {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PORT"},
		"api-credentials":      {"API_KEY", "API_SECRET"},
		"webhook-tokens":       {"WEBHOOK_TOKEN"},
		"tls-certificates":     {"tls.crt", "tls.key", "ca.crt"},
	}
}

// Structured returns a value of a secret with these keys: each has one that
// nothing else has.
func Structured(keys ...string) string {
	values := map[string]string{}
	for _, key := range keys {
		values[key] = uuid.NewString()
	}

	out, _ := json.Marshal(values) //nolint:errchkjson // Strings can be encoded.

	return string(out)
}

// A Load is many applications, each like the guide's: four secrets with eleven
// keys in a vault of its own.
type Load struct {
	Namespace string
	Apps      []*App

	world *World
}

// Load makes so many applications that were set up a day ago. Their syncs are not
// applied.
func (w *World) Load(tb testing.TB, n int) *Load {
	tb.Helper()

	l := &Load{Namespace: w.API.Namespace(tb), Apps: make([]*App, n), world: w}

	err := each(tb.Context(), n, func(ctx context.Context, i int) error {
		a, err := w.NewApp(ctx, l.Namespace, fmt.Sprintf("app-%04d", i))
		if err != nil {
			return err
		}

		l.Apps[i] = a
		yesterday := time.Now().Add(-24 * time.Hour)

		for name, keys := range Structures() {
			if _, err := w.Azure.PutSecret(a.Vault, name, azure.Secret{
				Value: Structured(keys...), ContentType: "application/json", Created: yesterday, Updated: yesterday,
			}); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		tb.Fatalf("cannot make %d applications: %v", n, err)
	}

	return l
}

// GuideSync is the application's sync of the guide's secrets, polled as often as
// the provider does by default while nobody waits.
func (a *App) GuideSync() *v1alpha1.KeyVaultSecretSync {
	s := a.Sync()
	s.Spec.ForProvider.PollInterval = nil

	for _, name := range slices.Sorted(maps.Keys(Structures())) {
		s.Spec.ForProvider.Secrets = append(s.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: name, Keys: Structures()[name]})
	}

	return s
}

// Apply all syncs.
func (l *Load) Apply(tb testing.TB) {
	tb.Helper()

	err := each(tb.Context(), len(l.Apps), func(ctx context.Context, i int) error {
		return l.world.ApplySync(ctx, l.Apps[i].GuideSync())
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// FollowSyncs reports when all syncs are synced.
func (l *Load) FollowSyncs(tb testing.TB) *Follower {
	tb.Helper()

	return l.world.Follow(tb, l.Namespace, len(l.Apps), &v1alpha1.KeyVaultSecretSyncList{}, func(o client.Object) bool {
		s, ok := o.(*v1alpha1.KeyVaultSecretSync)
		return ok && s.Status.AtProvider.State == v1alpha1.StateSynced
	})
}

// AwaitLooked waits until a provider that was started again has looked at all
// syncs: nothing in the cluster tells.
func (l *Load) AwaitLooked(tb testing.TB, p *Process) {
	tb.Helper()

	await(tb, func(ctx context.Context) error {
		n, err := p.Metric(ctx, "keyvault_secretsync_sync_state", "namespace="+l.Namespace, "state="+string(v1alpha1.StateSynced))
		if err == nil && int(n) != len(l.Apps) {
			err = fmt.Errorf("%v of %d syncs are synced", n, len(l.Apps))
		}

		return err
	})
}

// Azure returns how many requests there were to Azure since the last
// ResetCounts: lists, reads, and those to Entra ID.
func (l *Load) Azure() (lists, gets, entra int) {
	c := l.world.Azure.Counts()
	for _, op := range []string{azure.OpDiscovery, azure.OpConfiguration, azure.OpToken} {
		entra += c.Of(azure.CountKey{Operation: op})
	}

	return c.Of(azure.CountKey{Operation: azure.OpList}), c.Of(azure.CountKey{Operation: azure.OpGet}), entra
}

// ProviderRequests returns what the provider has asked of the API server.
func (w *World) ProviderRequests(tb testing.TB) apiserver.Requests {
	tb.Helper()

	r, err := w.API.Requests(apiserver.ServiceAccountUser(apiserver.ProviderNamespace, apiserver.ProviderServiceAccount))
	if err != nil {
		tb.Fatal(err)
	}

	return r
}

// A Follower notes when each of many objects has come to be as it should.
type Follower struct {
	want int

	mu   sync.Mutex
	at   map[string]time.Time
	err  error
	done chan struct{}
}

// Follow so many objects of a namespace, and the time at which each was first as
// it should be. What has been so before counts as well.
func (w *World) Follow(tb testing.TB, namespace string, n int, list client.ObjectList, good func(client.Object) bool) *Follower {
	tb.Helper()

	c, err := client.NewWithWatch(w.API.Config(), client.Options{Scheme: w.Kube.Scheme()})
	if err != nil {
		tb.Fatalf("cannot make a client: %v", err)
	}

	f := &Follower{want: n, at: map[string]time.Time{}, done: make(chan struct{})}
	watch := func() (watch.Interface, error) { return c.Watch(tb.Context(), list, client.InNamespace(namespace)) }

	events, err := watch()
	if err != nil {
		tb.Fatalf("cannot watch: %v", err)
	}

	go func() {
		defer close(f.done)

		// The API server ends a watch now and then. The next one begins with all there is.
		for err == nil && !f.follow(events, good) {
			events, err = watch()
		}

		f.err = err
	}()

	return f
}

// Await all of them, and return when each was as it should be.
func (f *Follower) Await(tb testing.TB) map[string]time.Time {
	tb.Helper()

	select {
	case <-f.done:
	case <-time.After(loadTimeout):
		f.mu.Lock()
		defer f.mu.Unlock()

		tb.Fatalf("only %d of %d objects are as they should be", len(f.at), f.want)
	}

	if f.err != nil {
		tb.Fatal(f.err)
	}

	return f.at
}

// follow events until there are no more, and tell whether all objects have come to
// be as they should.
func (f *Follower) follow(events watch.Interface, good func(client.Object) bool) bool {
	defer events.Stop()

	for e := range events.ResultChan() {
		if o, ok := e.Object.(client.Object); ok && good(o) && f.note(o.GetName(), time.Now()) {
			return true
		}
	}

	return false
}

// note when an object has come to be as it should, and tell whether all have.
func (f *Follower) note(name string, at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()

	if _, ok := f.at[name]; !ok {
		f.at[name] = at
	}

	return len(f.at) == f.want
}

// Usage of a process.
type Usage struct {
	// RSS now, and at its peak, in MiB.
	RSS, Peak float64
	// CPU time so far.
	CPU time.Duration
}

// Usage of the provider so far.
func (p *Process) Usage(tb testing.TB) Usage {
	tb.Helper()

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		tb.Fatalf("cannot ask for the provider's memory: %v", err)
	}

	u := Usage{}

	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)

		switch name {
		case "VmRSS":
			u.RSS = kib / 1024
		case "VmHWM":
			u.Peak = kib / 1024
		}
	}

	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		tb.Fatalf("cannot ask for the provider's CPU time: %v", err)
	}

	// After the name, which may hold anything, utime and stime are the 12th and 13th fields.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, ticks := range fields[11:13] {
		n, _ := strconv.Atoi(ticks)
		u.CPU += time.Duration(n) * time.Second / ticksPerSecond
	}

	return u
}

// NewWorldFor makes a world with an API server of its own, for tests that count
// what a whole provider does or leave a lot behind.
func NewWorldFor(tb testing.TB) *World {
	tb.Helper()

	w, err := New(tb.Context(), apiserver.StartFor(tb), azure.Options{})
	if err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})

	// The API server takes two seconds to create an object whose kind is as new as that.
	usage := &v1alpha1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{GenerateName: "first-", Namespace: metav1.NamespaceDefault}}
	if err := w.Kube.Create(tb.Context(), usage, client.DryRunAll); err != nil {
		tb.Fatalf("cannot create ProviderConfigUsage: %v", err)
	}

	return w
}

// each calls do for 0 to n-1, many at once, and returns the first error.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var (
		wg    sync.WaitGroup
		slots = make(chan struct{}, atOnce)
	)

	for i := range n {
		slots <- struct{}{}

		wg.Go(func() {
			defer func() { <-slots }()

			if ctx.Err() != nil {
				return
			}

			if err := do(ctx, i); err != nil {
				cancel(err)
			}
		})
	}

	wg.Wait()

	return context.Cause(ctx) //nolint:wrapcheck // It is the error of do.
}

// await polls as apiserver.Eventually does, for longer.
func await(tb testing.TB, check func(context.Context) error) {
	tb.Helper()

	if err := apiserver.Poll(tb.Context(), loadInterval, loadTimeout, check); err != nil {
		tb.Fatalf("gave up: %v", err)
	}
}

// describe requests, one kind in a line.
func describe(r apiserver.Requests) string {
	kinds := map[string]int{}
	for q, n := range r {
		kinds[strings.TrimSuffix(q.Verb+" "+q.Resource+"/"+q.Subresource, "/")] += n
	}

	out := &strings.Builder{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(out, "\n    %6d %s", kinds[kind], kind)
	}

	return out.String()
}
