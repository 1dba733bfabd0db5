// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// Metrics of all syncs: counters, and gauges that are computed from the last reports at each
// collection.
type Metrics struct {
	writes    *prometheus.CounterVec
	creations *prometheus.CounterVec

	secrets     *prometheus.Desc
	syncs       *prometheus.Desc
	zone        *prometheus.Desc
	lastSuccess *prometheus.Desc
	expiry      *prometheus.Desc
	vaults      *prometheus.Desc
	fast        *prometheus.Desc
	slow        *prometheus.Desc
	tooLarge    *prometheus.Desc
	unlisted    *prometheus.Desc

	mu sync.Mutex
	// reported is the summary of the last report of each sync.
	reported map[types.NamespacedName]v1alpha1.KeyVaultSecretSyncObservation
	// zones are the landing zones of syncs that have one.
	zones map[types.NamespacedName]string
	// lastRead is when a secret of each sync was last read.
	lastRead map[types.NamespacedName]time.Time
	// lastList returns when the vault of a sync was last listed, and counts the numbers of watched
	// vaults.
	lastList func(types.NamespacedName) time.Time
	counts   func() watch.Counts
}

// NewMetrics returns metrics, for the caller to register.
func NewMetrics() *Metrics {
	name := func(n string) string { return prometheus.BuildFQName(keyvault.Namespace, "", n) }

	return &Metrics{
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: keyvault.Namespace, Name: "secret_writes_total",
			Help: "Writes of Kubernetes Secrets, by result (ok or error).",
		}, []string{"result"}),
		creations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: keyvault.Namespace, Name: "vault_secrets_created_total",
			Help: "Attempts to create secrets in vaults, by result: ok, or the reason of the failure.",
		}, []string{"result"}),
		secrets: prometheus.NewDesc(name("secrets"),
			"Secrets of all syncs, by namespace and state.", []string{"namespace", "state"}, nil),
		syncs: prometheus.NewDesc(name("sync_state"),
			"State of each sync (value 1): the worst state of its secrets, or the problem of its Secret.", []string{"namespace", "name", "state"}, nil),
		zone: prometheus.NewDesc(name("sync_landing_zone"),
			"Landing zone of each sync (value 1), from its label "+inputv1alpha1.LandingZoneLabel+". Missing without the label.", []string{"namespace", "name", "landing_zone"}, nil),
		lastSuccess: prometheus.NewDesc(name("last_success_timestamp_seconds"),
			"Time of the last successful list of a sync's vault, by whichever identity lists it, or of the last read where listing is forbidden, in Unix seconds. Missing before the first one.", []string{"namespace", "name"}, nil),
		expiry: prometheus.NewDesc(name("secret_expiry_timestamp_seconds"),
			"Expiry time of the version in use of a secret, in Unix seconds. Missing if it does not expire.", []string{"namespace", "name", "secret"}, nil),
		vaults: prometheus.NewDesc(name("watched_vaults"),
			"Watched vaults. A vault counts once for each identity that reads it.", nil, nil),
		fast: prometheus.NewDesc(name("fast_polled_vaults"),
			"Watched vaults that are polled fast after a change.", nil, nil),
		slow: prometheus.NewDesc(name("slow_vaults"),
			"Watched vaults with long or slow lists, which are listed in a separate queue.", nil, nil),
		tooLarge: prometheus.NewDesc(name("too_large_vaults"),
			"Watched vaults with more secrets than the list limit. Their secrets are read one by one.", nil, nil),
		unlisted: prometheus.NewDesc(name("unlisted_vaults"),
			"Watched vaults that the identity of a provider configuration should list, and cannot. Syncs read their secrets one by one.", nil, nil),
		reported: map[types.NamespacedName]v1alpha1.KeyVaultSecretSyncObservation{},
		lastRead: map[types.NamespacedName]time.Time{},
		zones:    map[types.NamespacedName]string{},
	}
}

// Describe all metrics.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.writes.Describe(ch)
	m.creations.Describe(ch)

	for _, d := range []*prometheus.Desc{m.secrets, m.syncs, m.zone, m.lastSuccess, m.expiry, m.vaults, m.fast, m.slow, m.tooLarge, m.unlisted} {
		ch <- d
	}
}

// Collect all metrics.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.writes.Collect(ch)
	m.creations.Collect(ch)

	m.mu.Lock()
	reported, lastRead, zones := maps.Clone(m.reported), maps.Clone(m.lastRead), maps.Clone(m.zones)
	lastList, counts := m.lastList, m.counts
	m.mu.Unlock()

	if counts != nil {
		c := counts()
		for desc, n := range map[*prometheus.Desc]int{m.vaults: c.Watched, m.fast: c.Fast, m.slow: c.Slow, m.tooLarge: c.TooLarge, m.unlisted: c.Unlisted} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n))
		}
	}

	for key, zone := range zones {
		ch <- prometheus.MustNewConstMetric(m.zone, prometheus.GaugeValue, 1, key.Namespace, key.Name, zone)
	}

	type group struct{ namespace, state string }

	states := map[group]int{}

	for key, o := range reported {
		if o.State != "" {
			ch <- prometheus.MustNewConstMetric(m.syncs, prometheus.GaugeValue, 1, key.Namespace, key.Name, string(o.State))
		}

		if at := latest(lastList(key), lastRead[key]); !at.IsZero() {
			ch <- prometheus.MustNewConstMetric(m.lastSuccess, prometheus.GaugeValue, float64(at.Unix()), key.Namespace, key.Name)
		}

		for _, s := range o.Secrets {
			if s.State != "" {
				states[group{key.Namespace, string(s.State)}]++
			}

			if s.ExpiresAt != nil {
				ch <- prometheus.MustNewConstMetric(m.expiry, prometheus.GaugeValue, float64(s.ExpiresAt.Unix()), key.Namespace, key.Name, s.Name)
			}
		}
	}

	for g, n := range states {
		ch <- prometheus.MustNewConstMetric(m.secrets, prometheus.GaugeValue, float64(n), g.namespace, g.state)
	}
}

// follow sets the sources of the metrics about vaults, which are methods of the watcher.
func (m *Metrics) follow(lastList func(types.NamespacedName) time.Time, counts func() watch.Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()

	m.lastList, m.counts = lastList, counts
}

// last returns the summary of the last report of a sync.
func (m *Metrics) last(key types.NamespacedName) (v1alpha1.KeyVaultSecretSyncObservation, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()

	o, ok := m.reported[key]

	return o, ok
}

func (m *Metrics) observe(key types.NamespacedName, o v1alpha1.KeyVaultSecretSyncObservation) {
	m.mu.Lock()
	defer m.mu.Unlock()

	m.reported[key] = summary(o)
}

// place records the landing zone of a sync, which is empty without one.
func (m *Metrics) place(key types.NamespacedName, zone string) {
	m.mu.Lock()
	defer m.mu.Unlock()

	if zone == "" {
		delete(m.zones, key)
	} else {
		m.zones[key] = zone
	}
}

// summary returns the states, versions and expiry times of an observation. The rest, which is
// most of it, is not kept twice.
func summary(o v1alpha1.KeyVaultSecretSyncObservation) v1alpha1.KeyVaultSecretSyncObservation {
	out := v1alpha1.KeyVaultSecretSyncObservation{State: o.State, Secrets: make([]v1alpha1.ObservedSecret, 0, len(o.Secrets))}
	for _, s := range o.Secrets {
		out.Secrets = append(out.Secrets, v1alpha1.ObservedSecret{Name: s.Name, State: s.State, Version: s.Version, ExpiresAt: s.ExpiresAt})
	}

	return out
}

// noteRead records that a secret of a sync was read.
func (m *Metrics) noteRead(key types.NamespacedName, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()

	m.lastRead[key] = at
}

func (m *Metrics) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()

	delete(m.reported, key)
	delete(m.lastRead, key)
	delete(m.zones, key)
}

func (m *Metrics) written(err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}

	m.writes.WithLabelValues(result).Inc()
}

func (m *Metrics) created(err error) {
	result := "ok"
	if err != nil {
		result = string(keyvault.ReasonOf(err))
	}

	m.creations.WithLabelValues(result).Inc()
}
