// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch finds out which secrets of which vaults have changed, with one
// request for each vault and interval.
//
// A vault is listed, which shows for every secret when it was last updated. Only
// the syncs that have a secret whose entry moved are woken, and also when listing
// begins to fail, fails in another way, or works again. An idle vault costs one
// list for each interval, however many syncs use it.
//
// A team decides how many secrets its vault has, and how many vaults there are. So a
// list is bounded, keeps only the secrets that syncs name, and continues in a separate
// lane when it turns out to be slow; and namespaces take turns in every lane. Azure may
// be slow for a while, too: a short list that takes long does not wait for long ones.
//
// While somebody may be waiting for a vault, it is listed faster. Package attention
// decides when, and how fast.
package watch

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	// earliest and latest are the parts of an interval after which the next poll begins,
	// unless it waits for others. Polls of vaults that were first listed together drift
	// apart.
	earliest = 0.9
	latest   = 1 - 1./ticks
	// Polls begin at ticks: so many in an interval, and more if they would be further
	// apart than longestTick. Otherwise all vaults with a long interval would be listed
	// at the same few moments.
	ticks       = 32
	longestTick = time.Second
	// The longest times between two polls of a vault that fails, unless Azure names
	// a longer one or the interval is longer: somebody may be waiting for an identity
	// that was just made.
	maxBackoff         = 2 * time.Minute
	maxIdentityBackoff = time.Minute
	// maxLastingBackoff is for failures that last until somebody changes something.
	maxLastingBackoff = 5 * time.Minute
	// A list with more pages than slowPages is slow. 20 pages are 500 secrets.
	slowPages = 20
	// A list with fewer pages is sluggish if it takes longer than slowAfter. If it takes
	// longer than sluggishFor after its first page, it continues in the slow lane.
	slowAfter   = 2 * time.Second
	sluggishFor = 20 * time.Second
	// maxList is how long a list takes at most. With all slots of the slow lane taken,
	// MaxPages take less.
	maxList = 5 * time.Minute
	// pagesPerSecond of a vault, on average: one with many pages is listed less often.
	pagesPerSecond = 2
	// slowPagesPerSecond of all slow lists together. Pages cost CPU time.
	slowPagesPerSecond = 100
	// tooLargeRetry is how long a vault that is too large is not listed again.
	tooLargeRetry = 10 * time.Minute
	// maxMemory is how long the watcher remembers that a vault was throttled, or listed
	// out of turn.
	maxMemory = time.Hour
)

// A Target is a vault, read with one identity.
type Target struct {
	VaultURI string
	Identity keyvault.Identity
}

// An Interest has the secrets of a vault that a sync watches, and how often.
type Interest struct {
	// Names of secrets.
	Names []string
	// Interval of polls.
	Interval time.Duration
	// Fast is their interval while somebody may be waiting. Zero for no other.
	Fast time.Duration
	// Changes are times at which somebody began to wait, in addition to the changes of
	// secrets that a list shows.
	Changes []time.Time
	// Updated are the times of change of secrets that were read: not every vault can be
	// listed.
	Updated []time.Time
	// Refused is true if the names may not be read one by one either.
	Refused bool
	// Created is when the provider last created a secret in the vault. Changes up to then
	// do not start fast polls.
	Created time.Time
}

// uri of the vault, the same however it is written.
func (t Target) uri() string { return strings.ToLower(strings.TrimSuffix(t.VaultURI, "/")) }

// A Lister lists vaults.
type Lister interface {
	// List the secrets of the target within bounds.
	List(ctx context.Context, t Target, l keyvault.Listing) ([]keyvault.Properties, error)
	// Drop the client of a target without subscribers.
	Drop(t Target)
}

// An Item is the entry of one secret in a list.
type Item struct {
	Updated time.Time
	Enabled bool
}

// A Snapshot is the last known state of a vault.
type Snapshot struct {
	// TakenAt is when the last list that worked began. Zero if none did.
	TakenAt time.Time
	// Err is why the last list failed. Nil if it worked, or if there was none yet.
	Err error

	// items by name in lower case, as of the last list that worked. It has all names
	// for which that was taken, and nil for those that were not in the list.
	items map[string]*Item
}

// NewSnapshot of a list, taken for these names.
func NewSnapshot(list []keyvault.Properties, names []string, takenAt time.Time) Snapshot {
	s := Snapshot{TakenAt: takenAt, items: make(map[string]*Item, len(names))}
	for _, name := range names {
		s.items[strings.ToLower(name)] = nil
	}

	s.fill(list)

	return s
}

// Covers tells whether the list was taken for a name. It says nothing about other names:
// the vault may have such a secret or not.
func (s Snapshot) Covers(name string) bool {
	_, ok := s.items[strings.ToLower(name)]

	return ok
}

// Item of that name, if the list has it. Key Vault does not tell names apart by case.
func (s Snapshot) Item(name string) (Item, bool) {
	i := s.items[strings.ToLower(name)]
	if i == nil {
		return Item{}, false
	}

	return *i, true
}

// fill in the entries of a list that are wanted.
func (s Snapshot) fill(list []keyvault.Properties) {
	for _, p := range list {
		if s.Covers(p.Name) {
			s.items[strings.ToLower(p.Name)] = &Item{Updated: p.Updated, Enabled: p.Enabled}
		}
	}
}

func (s Snapshot) coversAll(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !s.Covers(name) })
}

// differs tells whether a sync with these secrets has to look at them again.
func (s Snapshot) differs(old Snapshot, names []string) bool {
	if !sameFailure(s.Err, old.Err) {
		return true
	}

	for _, name := range names {
		now, is := s.Item(name)
		before, was := old.Item(name)

		if s.Covers(name) != old.Covers(name) || is != was || now.Enabled != before.Enabled || !now.Updated.Equal(before.Updated) {
			return true
		}
	}

	return false
}

// A failure is the part of an error that a sync reports. Two errors with equal failures are
// the same to a sync.
type failure struct {
	reason  keyvault.Reason
	meaning keyvault.Meaning
	cause   finding.Finding
}

func sameFailure(a, b error) bool {
	x, y := failureOf(a), failureOf(b)

	return x.reason == y.reason && x.meaning == y.meaning && x.cause.Equal(y.cause)
}

// failureOf an error. A failing service returns different errors each time, so only their
// reason counts.
func failureOf(err error) failure {
	f := failure{reason: keyvault.ReasonOf(err)}
	e, ok := errors.AsType[*keyvault.Error](err)

	switch {
	case !ok, e.Meaning == keyvault.EntraBroken:
	case e.Meaning != "":
		f.meaning = e.Meaning // Its code may be another each time.
	case e.Reason == keyvault.Unreachable && (e.Status == 0 || e.Status >= http.StatusInternalServerError):
	default:
		f.cause = e.Cause
	}

	return f
}

// A Watcher lists vaults at intervals.
type Watcher struct {
	lister Lister
	wake   func(types.NamespacedName)
	// Lanes for polls under way. Vaults that do not answer, vaults with few pages that
	// take long, and vaults with slow lists have separate lanes, so that no other vault
	// waits for them.
	normal, unanswered, sluggish, slow *lane
	// pages of slow lists.
	pages *rate.Limiter

	metrics *Metrics
	// attentive is how long a vault is polled fast after a change.
	attentive time.Duration

	mu      sync.Mutex
	stopped bool
	vaults  map[Target]*vault
	syncs   map[types.NamespacedName]Target
	// budgets of fast polls.
	budgets attention.Budgets
	// throttled is when Azure last throttled a vault, by URI, and outOfTurn when a vault
	// was last listed out of turn. All identities share them.
	throttled map[string]time.Time
	outOfTurn map[attention.Vault]time.Time
}

// A vault that is watched.
type vault struct {
	target Target

	// All of these are guarded by the watcher's mutex.
	subscribers map[types.NamespacedName]*subscriber
	snapshot    Snapshot
	listed      bool
	failures    int
	due         time.Time
	timer       *time.Timer
	// queued is true while a poll waits for its turn, and run is the list under way.
	queued bool
	run    *run
	// pages of the last list, whether it took long, and whether the next one is expected
	// to be sluggish or slow.
	pages          int
	tookLong       bool
	sluggish, slow bool

	// began is when the last list did, and waiting when somebody may be waiting.
	began   time.Time
	waiting attention.Span
	plan    attention.Plan
}

type subscriber struct {
	Interest

	// told is false until the subscriber gets its first snapshot.
	told bool
}

// A run is a list under way.
type run struct {
	vault *vault
	// snapshot that is being taken.
	snapshot Snapshot
	// left is closed when nobody should wait any longer: the list has ended, or continues
	// in a separate lane.
	left chan struct{}

	// Only the list uses these.
	started time.Time
	// since is when the first page came or, if that is later, when the list entered its
	// lane.
	since time.Time
	// paused is how long the list has waited for others since then.
	paused time.Duration
	pages  int
	// tookLong is true once it has taken long, and slow in the slow lane.
	tookLong, slow bool

	// These are guarded by the watcher's mutex.
	lane *lane
	// apart is true if nobody waits for it.
	apart bool
}

// New returns a watcher that polls atOnce vaults at the same time and, in addition, as
// many each that do not answer, that take long, and whose lists are slow. For a time of
// attentive after a change, it polls a vault fast. It calls wake, which must not block,
// for a sync that has to look at its secrets.
func New(lister Lister, atOnce int, attentive time.Duration, metrics *Metrics, wake func(types.NamespacedName)) *Watcher {
	return &Watcher{
		lister: lister, wake: wake, metrics: metrics, attentive: attentive,
		normal: newLane(atOnce), unanswered: newLane(atOnce), sluggish: newLane(atOnce), slow: newLane(atOnce),
		pages:  rate.NewLimiter(slowPagesPerSecond, 1),
		vaults: map[Target]*vault{}, syncs: map[types.NamespacedName]Target{},
		throttled: map[string]time.Time{}, outOfTurn: map[attention.Vault]time.Time{},
	}
}

// Start stops all polls when the context ends. It implements manager.Runnable.
func (w *Watcher) Start(ctx context.Context) error {
	<-ctx.Done()

	w.mu.Lock()
	defer w.mu.Unlock()

	w.stopped = true
	for _, v := range w.vaults {
		v.stop()
	}

	return nil
}

// Watch a target for a sync from now on, and no other target, and return what is
// known of it. The first watcher blocks until the target has been listed, or until
// the list turns out to be slow: then the snapshot does not cover the names yet, and
// the sync is woken when one does.
func (w *Watcher) Watch(ctx context.Context, sync types.NamespacedName, t Target, i Interest) Snapshot {
	return w.watch(ctx, sync, t, &subscriber{Interest: i}, false)
}

// WatchAfresh is Watch without waiting for the next poll: the target is listed now,
// unless Azure throttles it, its lists are slow, or it is not its Turn.
func (w *Watcher) WatchAfresh(ctx context.Context, sync types.NamespacedName, t Target, i Interest) Snapshot {
	return w.watch(ctx, sync, t, &subscriber{Interest: i}, true)
}

// Turn returns when the vault of a sync can be listed on a request that was made at that
// time. It is zero if the vault was listed since.
func (w *Watcher) Turn(sync types.NamespacedName, asked time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()

	v, ok := w.vaults[w.syncs[sync]]
	if !ok || !v.began.Before(asked) {
		return time.Time{}
	}

	now := time.Now()
	if w.budgets.Left(now, v.key(), v.turn()) {
		return earlier(v.due, w.outOfTurn[v.key()].Add(v.turn()))
	}

	return v.due
}

// Forget a sync.
func (w *Watcher) Forget(sync types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.unsubscribe(sync)
}

// LastList returns when the vault of a sync was last listed with success. Zero if
// it never was.
func (w *Watcher) LastList(sync types.NamespacedName) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[sync]]; ok {
		return v.snapshot.TakenAt
	}

	return time.Time{}
}

// Targets returns how many vaults are watched, each counted once for every
// identity it is read with.
func (w *Watcher) Targets() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	return len(w.vaults)
}

// Slow returns how many vaults have lists that are slow, and how many of those are
// too large to be listed.
func (w *Watcher) Slow() (slow, tooLarge int) {
	w.mu.Lock()
	defer w.mu.Unlock()

	for _, v := range w.vaults {
		if v.slow || v.sluggish {
			slow++
		}

		if keyvault.ReasonOf(v.snapshot.Err) == keyvault.TooLarge {
			tooLarge++
		}
	}

	return slow, tooLarge
}

// Created notes that we have created a secret in the vault of a sync.
func (w *Watcher) Created(sync types.NamespacedName, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[sync]]; ok {
		if s := v.subscribers[sync]; at.After(s.Created) {
			s.Created = at
		}
	}
}

// Interval in which the vault of a sync is polled now. Zero if it was not listed yet.
func (w *Watcher) Interval(sync types.NamespacedName) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[sync]]; ok {
		return v.plan.Interval
	}

	return 0
}

// Fast returns how many vaults are polled fast.
func (w *Watcher) Fast() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	n := 0

	for _, v := range w.vaults {
		if v.plan.Fast() {
			n++
		}
	}

	return n
}

// turn is how often a vault is listed out of turn at most.
func (v *vault) turn() time.Duration {
	d := v.fast()
	if d == 0 {
		d = v.interval()
	}

	return max(d, v.pace())
}

// takeTurn to list a vault out of turn, if a budget has that left, with the mutex held.
func (w *Watcher) takeTurn(v *vault) bool {
	now := time.Now()

	switch key := v.key(); {
	case now.Sub(w.outOfTurn[key]) < v.turn():
		return false
	case w.budgets.Spend(now, key, v.turn()) != "":
		return false
	default:
		remember(w.outOfTurn, key, now)

		return true
	}
}

// remember when something happened, and forget what is too old to matter.
func remember[K comparable](times map[K]time.Time, key K, now time.Time) {
	maps.DeleteFunc(times, func(_ K, at time.Time) bool { return now.Sub(at) > maxMemory })

	times[key] = now
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}

	return a
}

func (w *Watcher) watch(ctx context.Context, sync types.NamespacedName, t Target, s *subscriber, afresh bool) Snapshot {
	v := w.subscribe(sync, t, s) //nolint:contextcheck // Polls go on after the call.

	for own := (*run)(nil); ; {
		w.mu.Lock()

		r := v.run
		if r == nil && own == nil && w.needsList(v, s, afresh) {
			r = w.begin(v, nil)
			own = r

			go w.list(r) //nolint:contextcheck,gosec // It goes on after the call, for others and if it is slow.
		}

		if r == nil || own != nil && own != r || r.apart || ctx.Err() != nil {
			s.told = true
			snapshot := v.snapshot
			w.mu.Unlock()

			return snapshot
		}

		w.mu.Unlock()

		select {
		case <-r.left:
		case <-ctx.Done():
		}
	}
}

// needsList tells whether a subscriber needs a list now. A vault whose lists are slow is
// not listed for every new subscriber, and no vault is listed all the time: secrets can be
// read without a list.
func (w *Watcher) needsList(v *vault, s *subscriber, afresh bool) bool {
	due := !time.Now().Before(v.due)
	paused := retryAfter(v.snapshot.Err) > 0 && !due

	switch {
	case !v.listed:
		return true
	case paused || v.slow || v.sluggish:
		return false
	case !afresh && (v.snapshot.Err != nil || v.snapshot.coversAll(s.Names)):
		return false
	default:
		return due || w.takeTurn(v)
	}
}

func (w *Watcher) subscribe(sync types.NamespacedName, t Target, s *subscriber) *vault {
	w.mu.Lock()
	defer w.mu.Unlock()

	if old, ok := w.syncs[sync]; ok && old != t {
		w.unsubscribe(sync)
	}

	v, ok := w.vaults[t]
	if !ok {
		v = &vault{target: t, subscribers: map[types.NamespacedName]*subscriber{}}
		w.vaults[t] = v
	}

	now := time.Now()
	before, waited := v.interval(), w.mayPollFast(v, now)
	v.subscribers[sync] = s
	w.syncs[sync] = t
	v.waiting.See(now, s.Changes...)
	v.see(now)
	s.Changes = nil // The vault remembers the latest of them.

	if !v.listed || v.failures > 0 {
		return v
	}

	if v.interval() < before || !waited && w.mayPollFast(v, now) {
		// Unless it is due sooner, as others want it.
		w.plan(v)
		w.schedule(v, max(0, min(time.Until(v.due), time.Duration(float64(v.plan.Interval)*latest))))
	}

	return v
}

// see changes of the vault for which somebody may be waiting, with the mutex held.
func (v *vault) see(now time.Time) {
	var created time.Time

	for s := range maps.Values(v.subscribers) {
		if s.Created.After(created) {
			created = s.Created
		}
	}

	for item := range maps.Values(v.snapshot.items) {
		if item != nil && item.Updated.After(created) {
			v.waiting.See(now, item.Updated)
		}
	}

	for s := range maps.Values(v.subscribers) {
		for _, at := range s.Updated {
			if at.After(created) {
				v.waiting.See(now, at)
			}
		}
	}
}

// plan the next poll with the mutex held.
func (w *Watcher) plan(v *vault) {
	now := time.Now()
	v.see(now)

	v.plan = w.budgets.Plan(now, attention.Poll{
		Vault: v.key(), Requests: max(v.pages, 1), Reads: v.reads(),
		Regular: v.backedOff(max(v.interval(), v.pace())), Fast: v.backedOff(max(v.fast(), v.pace())), Waiting: w.mayPollFast(v, now),
	}, v.plan)

	if v.plan.Exhausted != "" {
		w.metrics.limited(v.plan.Exhausted)
	}
}

// mayPollFast tells whether somebody may be waiting, and the vault can be polled more often.
func (w *Watcher) mayPollFast(v *vault, now time.Time) bool {
	return v.fast() > 0 && v.waiting.Open(now, w.attentive) &&
		!v.slow && !v.sluggish && now.Sub(w.throttled[v.target.uri()]) >= w.attentive
}

// unsubscribe with the mutex held.
func (w *Watcher) unsubscribe(sync types.NamespacedName) {
	t, ok := w.syncs[sync]
	if !ok {
		return
	}

	delete(w.syncs, sync)

	v := w.vaults[t]
	delete(v.subscribers, sync)

	if len(v.subscribers) > 0 {
		return
	}

	v.stop()
	w.budgets.Forget(v.plan)
	delete(w.vaults, t)
	w.lister.Drop(t)
}

// begin a list for all current subscribers, with the mutex held. It is in no lane if a
// subscriber waits for it.
func (w *Watcher) begin(v *vault, l *lane) *run {
	var names []string
	for s := range maps.Values(v.subscribers) {
		names = append(names, s.Names...)
	}

	now := time.Now()
	v.began = now
	v.run = &run{vault: v, snapshot: NewSnapshot(nil, names, now), left: make(chan struct{}), started: now, since: now, pages: 1, lane: l, slow: l == w.slow, apart: l == w.slow || l == w.sluggish}

	if v.run.apart {
		close(v.run.left)
	}

	return v.run
}

// list a vault and say when to do so again.
func (w *Watcher) list(r *run) {
	v := r.vault
	// A list that takes long gives its place to others.
	patience := time.AfterFunc(slowAfter, func() { w.leave(r, w.normal) })

	// Every request has a deadline of its own.
	list, err := w.lister.List(context.Background(), v.target, keyvault.Listing{
		Keep: r.snapshot.Covers,
		Next: func(ctx context.Context, pages int) error { return w.next(ctx, r, pages) },
	})

	patience.Stop()
	r.snapshot.fill(list)

	tookLong := r.tookLong || r.took(time.Now()) > slowAfter

	w.mu.Lock()
	defer w.mu.Unlock()

	w.leaveLocked(r, r.lane)

	next := r.snapshot
	if err != nil {
		next = Snapshot{TakenAt: v.snapshot.TakenAt, items: v.snapshot.items, Err: err}
		v.failures++
	} else {
		v.failures = 0
	}

	if keyvault.ReasonOf(err) == keyvault.Throttled {
		remember(w.throttled, v.target.uri(), time.Now())
	}

	tooLarge := keyvault.ReasonOf(err) == keyvault.TooLarge
	if err == nil || tooLarge {
		v.slow = tooLarge || r.pages > slowPages
		// A single list that took long may be an exception.
		v.sluggish = !v.slow && tookLong && v.tookLong
		v.pages, v.tookLong = r.pages, tookLong
	}

	for sync, s := range v.subscribers {
		if s.told && next.differs(v.snapshot, s.Names) {
			w.wake(sync)
		}
	}

	v.snapshot, v.listed, v.run = next, true, nil

	if !r.apart {
		close(r.left)
	}

	if w.vaults[v.target] == nil {
		w.lister.Drop(v.target) // It was forgotten while it was listed.
	}

	if !w.gone(v) {
		w.plan(v)
		w.schedule(v, v.delay())
	}
}

// took tells how long a list has taken, without its waits for others.
func (r *run) took(now time.Time) time.Duration { return now.Sub(r.since) - r.paused }

// next is called before each page of a list but the first. A list that turns out to be
// sluggish or slow continues in that lane.
func (w *Watcher) next(ctx context.Context, r *run, pages int) error {
	now := time.Now()
	r.tookLong = r.tookLong || r.took(now) > slowAfter

	if pages == 1 {
		r.since = now
	}

	r.pages = pages + 1

	switch {
	case now.Sub(r.since) > maxList:
		return &keyvault.Error{Reason: keyvault.TooLarge, Cause: finding.Finding{Reason: finding.ListTooSlow, Every: maxList}}
	case r.slow:
	case pages >= slowPages, r.took(now) > sluggishFor:
		r.slow = true
		w.move(r, w.slow)
	case !r.apart && r.took(now) > slowAfter:
		w.move(r, w.sluggish)
	}

	w.mu.Lock()
	gone := w.gone(r.vault)
	w.mu.Unlock()

	if gone {
		return errGone
	}

	if !r.slow {
		return nil
	}

	now = time.Now()
	err := w.pages.Wait(ctx)
	r.paused += time.Since(now)

	return err //nolint:wrapcheck // The context has no end.
}

// errGone ends a list without subscribers.
var errGone = errors.New("nobody watches the vault any more")

// gone tells whether nobody watches a vault any more, with the mutex held.
func (w *Watcher) gone(v *vault) bool { return w.stopped || w.vaults[v.target] != v }

// move a list to another lane. Nobody waits for it from then on.
func (w *Watcher) move(r *run, to *lane) {
	w.mu.Lock()
	w.leaveLocked(r, r.lane)

	if !r.apart {
		r.apart = true
		close(r.left)
	}
	w.mu.Unlock()

	to.enter(r.vault.target.Identity.Namespace)

	r.since, r.paused = time.Now(), 0

	w.mu.Lock()
	defer w.mu.Unlock()

	r.lane = to
}

// leave a lane, if the list is in that one.
func (w *Watcher) leave(r *run, l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.leaveLocked(r, l)
}

func (w *Watcher) leaveLocked(r *run, l *lane) {
	if l == nil || r.lane != l {
		return
	}

	l.leave(r.vault.target.Identity.Namespace)

	r.lane = nil
}

// schedule the next poll with the mutex held.
func (w *Watcher) schedule(v *vault, after time.Duration) {
	v.stop()

	if w.gone(v) {
		return
	}

	now := time.Now()
	after = untilTick(now, max(after, retryAfter(v.snapshot.Err)), min(v.plan.Interval/ticks, longestTick))
	v.due = now.Add(after)
	v.timer = time.AfterFunc(after, func() { w.poll(v) })
}

// untilTick is a little longer than after, so that polls of many vaults begin at the same
// moments: an idle provider needs as much CPU time to wake up as to list a vault.
func untilTick(now time.Time, after, tick time.Duration) time.Duration {
	at := now.Add(after)

	if at.Truncate(tick).Equal(at) {
		return after
	}

	return after + at.Truncate(tick).Add(tick).Sub(at)
}

// poll a vault when it is due.
func (w *Watcher) poll(v *vault) {
	w.mu.Lock()
	l, queued := w.laneOf(v), v.queued
	v.queued = true
	w.mu.Unlock()

	if queued {
		return
	}

	l.enter(v.target.Identity.Namespace)

	w.mu.Lock()

	v.queued = false
	late := time.Since(v.due)

	if w.gone(v) || late < 0 || v.run != nil {
		// Meanwhile it is listed, another poll was scheduled, or none.
		l.leave(v.target.Identity.Namespace)
		w.mu.Unlock()

		return
	}

	r := w.begin(v, l)
	w.mu.Unlock()

	if l == w.normal {
		w.metrics.late(late)
	}

	w.list(r)
}

// laneOf a vault, with the mutex held. A single failure may be an exception.
func (w *Watcher) laneOf(v *vault) *lane {
	switch {
	case v.slow:
		return w.slow
	case v.failures > 1 && keyvault.ReasonOf(v.snapshot.Err) == keyvault.Unreachable:
		return w.unanswered
	case v.sluggish:
		return w.sluggish
	default:
		return w.normal
	}
}

// interval is the shortest that a subscriber wants.
func (v *vault) interval() time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for s := range maps.Values(v.subscribers) {
		shortest = min(shortest, s.Interval)
	}

	return shortest
}

// fast is the shortest interval that a subscriber wants while somebody may be waiting.
// Zero if none does.
func (v *vault) fast() time.Duration {
	shortest := time.Duration(0)

	for s := range maps.Values(v.subscribers) {
		if s.Fast > 0 && (shortest == 0 || s.Fast < shortest) {
			shortest = s.Fast
		}
	}

	return shortest
}

// reads of secrets that take a request each, because the vault may not be listed, by sync.
func (v *vault) reads() []int {
	if keyvault.ReasonOf(v.snapshot.Err) != keyvault.Forbidden {
		return nil
	}

	var list []int

	for s := range maps.Values(v.subscribers) {
		if !s.Refused {
			list = append(list, len(s.Names))
		}
	}

	return list
}

// key of a vault in budgets.
func (v *vault) key() attention.Vault {
	return attention.Vault{Namespace: v.target.Identity.Namespace, URI: v.target.uri()}
}

// delay until the next poll.
func (v *vault) delay() time.Duration {
	return time.Duration(float64(v.plan.Interval) * (earliest + (latest-earliest)*rand.Float64())) //nolint:gosec // It is no secret.
}

// backedOff is the interval of polls of a vault that may fail.
func (v *vault) backedOff(interval time.Duration) time.Duration {
	longest := interval

	switch keyvault.ReasonOf(v.snapshot.Err) {
	case keyvault.NoIdentity:
		longest = max(longest, maxIdentityBackoff)

		if e, ok := errors.AsType[*keyvault.Error](v.snapshot.Err); ok && e.Lasting() {
			longest = max(longest, maxLastingBackoff)
		}
	case keyvault.Unreachable:
		longest = max(longest, maxBackoff)
	case keyvault.TooLarge:
		// Jitter takes a tenth of it.
		return max(interval, tooLargeRetry*10/9)
	default:
		// Such a list costs no more than one that works.
	}

	return max(min(interval<<min(max(v.failures-1, 0), 8), longest), retryAfter(v.snapshot.Err))
}

// pace of a vault: how long its pages take, in the long run.
func (v *vault) pace() time.Duration {
	return time.Duration(v.pages) * time.Second / pagesPerSecond
}

func (v *vault) stop() {
	if v.timer != nil {
		v.timer.Stop()
	}
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*keyvault.Error](err); ok {
		return e.RetryAfter
	}

	return 0
}
