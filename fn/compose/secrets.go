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
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/envmap"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// targetSuffix follows the application's name in the name of its Secret.
const targetSuffix = "-keyvault"

// statePending is the state of a secret before the first look.
const statePending = "Pending"

// A syncedSecret is a secret of the spec with its observed state.
type syncedSecret struct {
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
	// switchesTo is the entry that the secret comes from once it is synced there.
	switchesTo string
}

// ready reports whether the secret was synced once. Its last good content is kept from then
// on, even if the secret is deleted from the vault.
func (s syncedSecret) ready() bool {
	return s.observed.str("version") != ""
}

// state returns the state of the secret. A secret whose keys are missing in the Kubernetes Secret is not
// synced, even if the last status says so.
func (s syncedSecret) state() string {
	if s.revoked {
		return stateRevoked
	}
	state := cmp.Or(s.observed.str("state"), statePending)
	if state == string(secretsv1alpha1.StateSynced) && !s.ready() {
		return statePending
	}

	return state
}

func (s syncedSecret) synced() bool { return s.state() == string(secretsv1alpha1.StateSynced) }

// notNeeded reports whether the secret is optional and has no value.
func (s syncedSecret) notNeeded() bool {
	state := secretsv1alpha1.State(s.state())
	return s.spec.Optional && !s.ready() && (state == secretsv1alpha1.StateMissing || state == secretsv1alpha1.StateAwaitingValue)
}

// secrets is the state of the application's secrets.
type secrets struct {
	// syncing is the sync to report: one with a problem, or that of the own vault.
	*syncing

	list        []syncedSecret
	revision    string
	environment envmap.Environment
}

// syncing is the state of one KeyVaultSecretSync.
type syncing struct {
	// target is the Kubernetes Secret with the values.
	target string
	// composed is false until vault, identity and the roles on shared secrets exist.
	composed bool
	// problem of the whole sync.
	problem problem
	// unwritten is true if the Secret could not be written.
	unwritten bool
	// endpoint that the vault waits for, or zero.
	endpoint finding.Finding
}

func observeSync(seen Object, target string) *syncing {
	state := secretsv1alpha1.State(seen.str("status", "atProvider", "state"))
	return &syncing{
		target:    target,
		problem:   cmp.Or(seen.problem(), seen.notReady()),
		unwritten: state == secretsv1alpha1.StateTargetConflict || state == secretsv1alpha1.StateTargetTooLarge || seen.problem().reported,
	}
}

// worse returns the sync with the greater problem.
func (s *syncing) worse(other *syncing) *syncing {
	rank := func(s *syncing) int {
		switch {
		case s.unwritten:
			return 2
		case s.problem.reported:
			return 1
		}

		return 0
	}
	if rank(other) > rank(s) {
		return other
	}

	return s
}

// observedSecrets returns the observed state of the secrets of a sync, by name.
func observedSecrets(sync Object) map[string]Object {
	observed := map[string]Object{}
	for _, e := range sync.list("status", "atProvider", "secrets") {
		m, _ := e.(map[string]any)
		observed[Object(m).str("name")] = m
	}

	return observed
}

// secretSync keeps the application's Kubernetes Secrets in sync with its own vault and with
// the shared ones.
func (c *composition) secretSync(v vault, i identity, shares []*share) secrets {
	seen := c.seen[NameSecretSync]
	own := observeSync(seen, c.target(seen))
	own.endpoint = v.waiting()
	s := secrets{syncing: own}
	shared := map[string]syncedSecret{}
	for _, sh := range shares {
		sync, observed := c.sharedSync(i, sh), observedSecrets(sh.seen)
		s.syncing = s.worse(sync)
		for _, spec := range sh.secrets {
			secret := syncedSecret{spec: spec, source: sh.name, sync: sync, problem: sh.problems[spec.Name], revoked: sh.revoked}
			switch {
			case sh.revoked:
			case c.switches(sh, spec.Name):
				secret = syncedSecret{switchesTo: sh.name}
			default:
				secret.observed = observed[spec.Name]
			}
			shared[spec.Name] = secret
		}
	}
	observed := observedSecrets(seen)
	var owned []v1alpha1.Secret
	var synced []secretsv1alpha1.SyncedSecret
	for _, spec := range c.app.Spec.Secrets {
		secret, isShared := shared[spec.Name]
		if !isShared || secret.switchesTo != "" {
			secret = syncedSecret{spec: spec, sync: own, observed: observed[spec.Name], switchesTo: secret.switchesTo}
			owned = append(owned, spec)
			synced = append(synced, c.syncedSecret(spec))
			if isShared {
				synced[len(synced)-1].Create = new(false)
			}
		}
		secret.keys = observedKeys(secret.observed)
		s.list = append(s.list, secret)
	}
	s.environment = envmap.Map(c.app.Spec.Config, mappable(s.list), c.platform.Secrets.EnvironmentPrefixes,
		envmap.NewPolicy(c.platform.Secrets.WithheldVariables, c.platform.Secrets.AllowedVariables))
	s.revision = revision(s)

	synced = append(synced, c.retiringSecrets(seen, own.target, owned)...)
	switch {
	case len(synced) == 0:
		own.composed = true
	case v.uri == "" || i.clientID == "":
		own.composed = c.keep(NameSecretSync)
	default:
		own.composed = true
		object := c.keyVaultSecretSync(v.uri, i, own.target, synced)
		object.Spec.ForProvider.CreateMissing = *c.platform.Secrets.CreateMissing && !c.isReadOnly(v, i)
		c.want(NameSecretSync, object)
	}

	return s
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

// target returns the name of the Secret. It keeps the name that pods reference.
func (c *composition) target(seen Object) string {
	return cmp.Or(seen.str("spec", "forProvider", "target", "name"), c.app.Name+targetSuffix)
}

func (c *composition) keyVaultSecretSync(vaultURI string, i identity, target string, synced []secretsv1alpha1.SyncedSecret) *managed[secretsv1alpha1.KeyVaultSecretSyncParameters] {
	object := newManaged(c, secretsv1alpha1.KeyVaultSecretSyncGroupVersionKind(), c.app.Name, secretsv1alpha1.KeyVaultSecretSyncParameters{
		VaultURI:           vaultURI,
		TenantID:           c.tenantID(),
		ClientID:           i.clientID,
		ServiceAccountName: i.serviceAccount,
		Secrets:            synced,
		Target:             secretsv1alpha1.Target{Name: target, Labels: c.labels(), InUse: c.inUse(c.seen[NameSecretSync], target)},
		PollInterval:       duration(c.platform.Secrets.PollInterval),
		FastPollInterval:   duration(c.platform.Secrets.FastPollInterval),
	})
	object.Spec.ProviderConfigReference = providerConfigReference(c.platform.SecretSyncProviderConfigRef)
	if at := c.app.Annotations[v1alpha1.SyncRequestedAtAnnotation]; at != "" {
		object.Annotations = map[string]string{secretsv1alpha1.SyncRequestedAtAnnotation: at}
	}

	return object
}

// syncedSecret returns the entry of a secret in a sync.
func (c *composition) syncedSecret(s v1alpha1.Secret) secretsv1alpha1.SyncedSecret {
	keys, create := c.structure(s)
	synced := secretsv1alpha1.SyncedSecret{
		Name:            s.Name,
		Version:         s.Version,
		Format:          s.Format,
		Keys:            keys,
		RequiredKeys:    required(s, keys),
		Optional:        s.Optional,
		RefreshInterval: duration(s.RefreshInterval),
	}
	if !create {
		synced.Create = new(false)
	}

	return synced
}

// retiringSecrets returns secrets that are no longer in the spec while running pods still
// reference their keys. A pod that restarts during the rollout, or after it has failed,
// needs them.
func (c *composition) retiringSecrets(seen Object, target string, list []v1alpha1.Secret) []secretsv1alpha1.SyncedSecret {
	deployment, running := c.seen[NameDeployment]
	if !running || c.app.Spec.Deployment == nil {
		return nil
	}
	listed := map[string]bool{}
	for _, s := range list {
		listed[s.Name] = true
	}
	var referred, perhaps []secretsv1alpha1.SyncedSecret
	for _, e := range seen.list("spec", "forProvider", "secrets") {
		m, _ := e.(map[string]any)
		secret := secretsv1alpha1.SyncedSecret{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, &secret); err != nil || listed[secret.Name] {
			continue
		}
		// The secret is synced while it exists, and its absence is no error.
		secret.Create, secret.Optional = new(false), true
		switch {
		case refersTo(deployment, target, secret.Name):
			referred = append(referred, secret)
		case rollout(deployment).Status != True:
			perhaps = append(perhaps, secret)
		}
	}
	retiring := slices.Concat(referred, perhaps)

	return retiring[:min(len(retiring), max(secretsv1alpha1.MaxSecrets-len(listed), 0))]
}

// inUse returns the data keys that pods reference: those of the Deployment and, until all
// pods are replaced, those of the previous pods. A new version of a secret must not remove
// them.
func (c *composition) inUse(sync Object, target string) []string {
	deployment, running := c.seen[NameDeployment]
	if !running || c.app.Spec.Deployment == nil {
		return nil
	}
	keys := referred(deployment, target)
	if rollout(deployment).Status != True {
		for _, e := range sync.list("spec", "forProvider", "target", "inUse") {
			if key, ok := e.(string); ok {
				keys[key] = true
			}
		}
	}

	return slices.Sorted(maps.Keys(keys))
}

// refersTo reports whether pods have a variable from a secret in a Kubernetes Secret.
func refersTo(deployment Object, target, secret string) bool {
	for key := range referred(deployment, target) {
		if name, _, _ := strings.Cut(key, "."); name == secret {
			return true
		}
	}

	return false
}

// referred returns the data keys of a Kubernetes Secret that variables of pods reference.
func referred(deployment Object, target string) map[string]bool {
	keys := map[string]bool{}
	for _, e := range deployment.list("spec", "template", "spec", "containers") {
		container, _ := e.(map[string]any)
		for _, e := range Object(container).list("env") {
			variable, _ := e.(map[string]any)
			// A reference without a Secret counts: a key too many does no harm.
			secret := cmp.Or(Object(variable).str(secretName()...), target)
			if key := Object(variable).str(secretKey()...); key != "" && secret == target {
				keys[key] = true
			}
		}
	}

	return keys
}

// structure returns the keys with which a secret is created, and whether it can be created
// in advance.
func (c *composition) structure(s v1alpha1.Secret) (keys []string, create bool) {
	if len(s.Keys) > 0 {
		return s.Keys, true
	}
	keys, known := settings.Structure(&c.platform, envmap.TrimEnvironment(s.Name, c.platform.Secrets.EnvironmentPrefixes))

	return keys, !known || len(keys) > 0
}

// required returns the keys in env that are not in the structure. A version without them
// would remove variables from the pods. An optional secret requires none.
func required(s v1alpha1.Secret, structure []string) (keys []string) {
	if s.Optional {
		return nil
	}
	for _, e := range s.Env {
		if !slices.Contains(structure, e.Key) && !slices.Contains(keys, e.Key) {
			keys = append(keys, e.Key)
		}
	}

	return keys
}

func observedKeys(o Object) []envmap.Key {
	list := o.list("keys")
	keys := make([]envmap.Key, 0, len(list))
	for _, e := range list {
		m, _ := e.(map[string]any)
		k := envmap.Key{Name: Object(m).str("key"), DataKey: Object(m).str("dataKey")}
		if k.DataKey != "" {
			keys = append(keys, k)
		}
	}

	return keys
}

func mappable(list []syncedSecret) []envmap.Secret {
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

// duration parses a validated string. It returns nil for an empty one.
func duration(s string) *metav1.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		return nil
	}

	return &metav1.Duration{Duration: d}
}

// waitingFor returns the secrets that block the workload. An optional secret blocks it only
// if the running pods use it: a lost status must not remove its variables.
func (s secrets) waitingFor(deployment Object) []finding.Finding {
	var waiting []finding.Finding
	var unready []syncedSecret
	for _, secret := range s.list {
		used := !secret.revoked && refersTo(deployment, secret.sync.target, secret.spec.Name)
		if !secret.ready() && (!secret.spec.Optional || used) {
			waiting = append(waiting, finding.New(finding.WaitsForSecret, finding.With{"secret": secret.spec.Name, "state": secret.state()}))
			unready = append(unready, secret)
		}
	}
	if endpoint := endpointOf(unready); !endpoint.IsZero() {
		waiting = append([]finding.Finding{endpoint}, waiting...)
	}
	if i := slices.IndexFunc(unready, syncedSecret.blocked); i >= 0 {
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

// endpointOf returns the endpoint that the vault of one of the secrets waits for, or zero.
func endpointOf(list []syncedSecret) (endpoint finding.Finding) {
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
func (s secrets) describe(list []syncedSecret) finding.List {
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
func (s syncedSecret) message() finding.Finding {
	m := s.observed.str("message")
	switch {
	case !s.problem.IsZero():
		return s.problem
	case s.blocked():
		// The provider's message does not name the cause.
		return finding.New(finding.SecretBlocked, finding.With{"problem": s.sync.problem})
	case m != "":
		return finding.New(finding.ProviderSays, finding.With{"message": m})
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
func (s syncedSecret) shortMessage() finding.Finding {
	m := s.message()
	if m.Reason == finding.SecretBlocked {
		return finding.New(finding.SecretBlockedShort)
	}

	return m
}

// blocked reports whether the only problem of a secret is that the Kubernetes Secret could
// not be written.
func (s syncedSecret) blocked() bool {
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

	var unsynced []syncedSecret
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
		if s.unwritten && s.problem.reported && !slices.ContainsFunc(unsynced, syncedSecret.blocked) {
			c = c.with(finding.New(finding.SecretNotWrittenBesides, finding.With{"secret": s.target, "problem": s.problem}))
		}
		if endpoint := endpointOf(unsynced); !endpoint.IsZero() {
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
