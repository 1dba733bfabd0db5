// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/envmap"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// statePending is the state of a secret before the first look.
const statePending = "Pending"

// A listedSecret is a secret of the spec with its observed state.
type listedSecret struct {
	spec     v1alpha1.Secret
	observed Object
	keys     []envmap.Key
	// sync that the secret comes from.
	sync *syncing
	// source is the entry of the shared secrets, or empty.
	source string
	// problem of a shared secret that the application does not get.
	problem finding.Finding
	revoked bool
	// switchesTo is the entry that the secret comes from once it is synced there, unless notSwitched
	// says why it never is.
	switchesTo  string
	notSwitched finding.Finding
}

// staysOwn reports whether the application uses its own secret because it does not get the shared one.
func (s listedSecret) staysOwn() bool { return s.synced() && !s.notSwitched.IsZero() }

// ready reports whether the secret was synced once. Its last good content is kept from then
// on, even if the secret is deleted from the vault.
func (s listedSecret) ready() bool {
	return s.observed.str("version") != ""
}

// state returns the state of the secret. A secret whose keys are missing in the Kubernetes Secret is not
// synced, even if the last status says so. A shared secret that the application does not get is not
// Pending, because somebody has to act.
func (s listedSecret) state() string {
	if s.revoked {
		return stateRevoked
	}
	state := cmp.Or(s.observed.str("state"), statePending)
	if state == string(secretsv1alpha1.StateSynced) && !s.ready() {
		state = statePending
	}
	if state == statePending && !s.problem.IsZero() {
		return string(secretsv1alpha1.StateForbidden)
	}

	return state
}

func (s listedSecret) synced() bool { return s.state() == string(secretsv1alpha1.StateSynced) }

// notNeeded reports whether the secret is optional and has no value.
func (s listedSecret) notNeeded() bool {
	state := secretsv1alpha1.State(s.state())
	return s.spec.Optional && !s.ready() && (state == secretsv1alpha1.StateMissing || state == secretsv1alpha1.StateAwaitingValue)
}

// secrets is the state of the application's secrets.
type secrets struct {
	// syncing is the sync to report: one with a problem, or that of the own vault.
	*syncing

	list        []listedSecret
	revision    string
	environment envmap.Environment
}

// revision returns a hash of the versions of the injected secrets, never of values. Other
// secrets do not roll the pods.
func revision(s secrets) string {
	versions := map[string]string{}
	for _, secret := range s.list {
		versions[secret.spec.Name] = secret.observed.str("version")
	}
	used := map[string]string{}
	for _, v := range s.environment.Variables {
		if v.Secret != "" {
			used[v.Secret] = versions[v.Secret]
		}
	}
	if len(used) == 0 {
		return ""
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(h, "%s=%s\n", name, used[name])
	}

	return hex.EncodeToString(h.Sum(nil)[:8])
}

func observedKeys(o Object) []envmap.Key {
	keys := make([]envmap.Key, 0, len(o.list("keys")))
	for key := range o.objects("keys") {
		k := envmap.Key{Name: key.str("key"), DataKey: key.str("dataKey")}
		if k.DataKey != "" {
			keys = append(keys, k)
		}
	}

	return keys
}

func mappable(list []listedSecret) []envmap.Secret {
	out := make([]envmap.Secret, 0, len(list))
	for _, s := range list {
		m := envmap.Secret{Name: s.spec.Name, Prefix: s.spec.Prefix, Keys: s.keys, Optional: s.spec.Optional}
		for _, e := range s.spec.Env {
			m.Env = append(m.Env, envmap.Mapping{Name: e.Name, Key: e.Key})
		}
		out = append(out, m)
	}

	return out
}

// waitingFor returns the secrets that block the workload. An optional secret blocks it only
// if the running pods use it: a lost status must not remove its variables.
func (s secrets) waitingFor(deployment Object) []finding.Finding {
	var waiting []finding.Finding
	var unready []listedSecret
	for _, secret := range s.list {
		used := !secret.revoked && refersTo(deployment, secret.sync.target, secret.spec.Name)
		if !secret.ready() && (!secret.spec.Optional || used) {
			waiting = append(waiting, finding.New(finding.WaitsForSecret, finding.With{"secret": secret.spec.Name, "state": secret.state()}))
			unready = append(unready, secret)
		}
	}
	if endpoint := awaitedEndpoint(unready); !endpoint.IsZero() {
		waiting = append([]finding.Finding{endpoint}, waiting...)
	}
	if i := slices.IndexFunc(unready, listedSecret.blocked); i >= 0 {
		sync := unready[i].sync
		write := finding.New(finding.WaitsForWrite, finding.With{"secret": sync.target, "problem": sync.problem})
		waiting = append([]finding.Finding{write}, waiting...)
	}
	for _, m := range s.environment.Missing {
		if s.isReady(m.Secret) {
			waiting = append(waiting, missingKey(m))
		}
	}

	return waiting
}

// awaitedEndpoint returns the endpoint that the vault of one of the secrets waits for, or zero.
func awaitedEndpoint(list []listedSecret) (endpoint finding.Finding) {
	for _, secret := range list {
		if endpoint = secret.sync.endpoint; !endpoint.IsZero() {
			break
		}
	}

	return endpoint
}

func (s secrets) isReady(name string) bool {
	for _, secret := range s.list {
		if secret.spec.Name == name {
			return secret.ready()
		}
	}

	return false
}

func missingKey(m envmap.Missing) finding.Finding {
	if m.Key == "" {
		return finding.New(finding.WaitsForPlainText, finding.With{"secret": m.Secret, "variable": m.Name})
	}

	return finding.New(finding.WaitsForKey, finding.With{"secret": m.Secret, "key": m.Key, "variable": m.Name})
}

// describe lists secrets that are not synced, grouped by state and reason.
func (s secrets) describe(list []listedSecret) finding.List {
	type group struct {
		state, observed string
		reason          finding.Reason
	}
	var order []group
	names, messages := map[group][]string{}, map[group][]string{}
	for _, secret := range list {
		m := secret.message()
		g := group{state: secret.state(), reason: m.Reason}
		if m.Reason == finding.ProviderSays {
			g.observed = secret.observed.str("reason") // Empty in the status of an earlier version.
		}
		switch {
		case len(names[g]) > 0:
		case g.reason == finding.SecretBlocked:
			// The status refers to this message, so it must not be cut.
			order = slices.Insert(order, 0, g)
		default:
			order = append(order, g)
		}
		names[g] = append(names[g], secret.spec.Name)
		// Sentences that name their secret differ.
		if text := m.String(); !slices.Contains(messages[g], text) {
			messages[g] = append(messages[g], text)
		}
	}
	parts := make([]finding.Finding, 0, len(order))
	for _, g := range order {
		with := finding.With{"secrets": finding.Some(", ", names[g]), "state": g.state}
		if g.reason == "" {
			parts = append(parts, finding.New(finding.SecretsInState, with))
		} else {
			parts = append(parts, finding.New(finding.SecretsInStateWith, with, finding.With{"message": finding.Some(" ", messages[g])}))
		}
	}

	return finding.Some("; ", parts)
}

// message returns the problem of a secret and its solution. The provider's message takes
// precedence.
func (s listedSecret) message() finding.Finding {
	m := s.observed.str("message")
	switch {
	case !s.problem.IsZero():
		return s.problem
	case s.blocked():
		// The provider's message does not name the cause.
		return finding.New(finding.SecretBlocked, finding.With{"problem": s.sync.problem})
	case m != "":
		return finding.New(finding.ProviderSays, finding.With{"message": m})
	case s.staysOwn():
		return finding.New(finding.SharedStaysOwn, finding.With{"problem": s.notSwitched})
	case s.switchesTo != "" && s.synced():
		return finding.New(finding.SharedNotSyncedYet, finding.With{"entry": s.switchesTo})
	case s.state() != statePending:
		return finding.Finding{}
	case !s.sync.composed:
		return finding.New(finding.SecretWaitsForAzure)
	case s.sync.problem.reported:
		return finding.New(finding.SecretBlocked, finding.With{"problem": s.sync.problem})
	}

	return finding.New(finding.SecretNotLookedAt)
}

// shortMessage is like message for the status, which would otherwise repeat the error of a Kubernetes
// Secret for each secret. The condition has the whole error once.
func (s listedSecret) shortMessage() finding.Finding {
	m := s.message()
	if m.Reason == finding.SecretBlocked {
		return finding.New(finding.SecretBlockedShort)
	}

	return m
}

// blocked reports whether the only problem of a secret is that the Kubernetes Secret could
// not be written.
func (s listedSecret) blocked() bool {
	return s.sync.composed && s.sync.unwritten && s.sync.problem.reported && s.state() == statePending
}

func (s secrets) count() (synced, total int) {
	for _, secret := range s.list {
		if secret.synced() {
			synced++
		}
	}

	return synced, len(s.list)
}

func (s secrets) condition() Condition {
	c := Condition{Type: TypeSecretsSynced, Status: True, Reason: ReasonAvailable}
	if len(s.list) == 0 {
		c.Reason = ReasonNotRequested
		return c.with(finding.New(finding.NoSecrets))
	}

	var unsynced []listedSecret
	for _, secret := range s.list {
		if !secret.synced() && !secret.notNeeded() {
			unsynced = append(unsynced, secret)
		}
	}
	synced, total := s.count()
	count := finding.With{"synced": synced, "total": total}
	switch {
	case len(unsynced) > 0:
		c.Status, c.Reason = False, ReasonSecretsNotSynced
		if s.unwritten {
			c.Reason = ReasonSecretNotWritten
		}
		c = c.with(finding.New(finding.SecretsNotSynced, count, finding.With{"secrets": s.describe(unsynced)}))
		if s.unwritten && s.problem.reported && !slices.ContainsFunc(unsynced, listedSecret.blocked) {
			c = c.with(finding.New(finding.SecretNotWrittenBesides, finding.With{"secret": s.target, "problem": s.problem}))
		}
		if endpoint := awaitedEndpoint(unsynced); !endpoint.IsZero() {
			c = c.with(finding.New(finding.SecretsWaitForEndpoint, endpoint.With))
		}
	case s.problem.reported:
		c.Status, c.Reason = False, ReasonSecretNotWritten
		c = c.with(finding.New(finding.SecretNotWritten, count, finding.With{"secret": s.target, "problem": s.problem}))
	case len(s.environment.Collisions) > 0:
		c.Status, c.Reason = False, ReasonVariablesCollide
		c = c.with(finding.New(finding.SecretsSynced, count))
	case synced < total:
		c = c.with(finding.New(finding.SecretsSyncedOrOptional, count))
	default:
		c = c.with(finding.New(finding.SecretsSynced, count))
	}
	if own := slices.DeleteFunc(slices.Clone(s.list), func(secret listedSecret) bool { return !secret.staysOwn() }); len(own) > 0 {
		c = c.with(finding.New(finding.SecretsStayOwn, finding.With{"secrets": s.describe(own)}))
	}
	if len(s.environment.Collisions) > 0 {
		c = c.with(collisions(s.environment.Collisions))
	}
	if len(s.environment.Withheld) > 0 {
		// The status stays True: a key in the vault must not make an application fail.
		if c.Reason == ReasonAvailable {
			c.Reason = ReasonVariablesWithheld
		}
		c = c.with(withheld(s.environment.Withheld))
	}

	return c
}

// collisions describes keys that are not injected because they collide.
func collisions(list []envmap.Collision) finding.Finding {
	parts := make([]finding.Finding, 0, len(list))
	for _, col := range list {
		parts = append(parts, finding.New(finding.Collision, finding.With{"keys": finding.Some(" and ", col.Keys), "secret": col.Secret, "variable": col.Name}))
	}

	return finding.New(finding.VariablesCollide, finding.With{"collisions": finding.Some("; ", parts)})
}

// withheld describes keys that are not injected without env.
func withheld(list []envmap.Withheld) finding.Finding {
	parts := make([]finding.Finding, 0, len(list))
	for _, w := range list {
		if w.Key == "" {
			parts = append(parts, finding.New(finding.WithheldFromSecret, finding.With{"variable": w.Name, "secret": w.Secret}))
		} else {
			parts = append(parts, finding.New(finding.WithheldFromKey, finding.With{"variable": w.Name, "key": w.Key, "secret": w.Secret}))
		}
	}

	return finding.New(finding.VariablesWithheld, finding.With{"variables": finding.Some("; ", parts)})
}
