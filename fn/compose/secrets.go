// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
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
	"github.com/p6m-dev/platform-application/fn/settings"
)

// targetSuffix follows the application's name in the name of its Secret.
const targetSuffix = "-keyvault"

// statePending is the state of a secret nobody has looked at yet.
const statePending = "Pending"

// A syncedSecret is a secret of the spec and what is known of it.
type syncedSecret struct {
	spec     v1alpha1.Secret
	observed Object
	keys     []envmap.Key
}

// ready tells whether the secret was synced once. Its last good content then
// stays, whatever becomes of the secret in the vault.
func (s syncedSecret) ready() bool {
	return s.observed.str("version") != ""
}

// state of the secret. A secret whose keys are missing in the Kubernetes Secret is not
// synced, even if the last status says so.
func (s syncedSecret) state() string {
	state := first(s.observed.str("state"), statePending)
	if state == string(secretsv1alpha1.StateSynced) && !s.ready() {
		return statePending
	}
	return state
}

func (s syncedSecret) synced() bool { return s.state() == string(secretsv1alpha1.StateSynced) }

// notNeeded is true of an optional secret that nobody has given a value.
func (s syncedSecret) notNeeded() bool {
	state := secretsv1alpha1.State(s.state())
	return s.spec.Optional && !s.ready() && (state == secretsv1alpha1.StateMissing || state == secretsv1alpha1.StateAwaitingValue)
}

// secrets is what is known of the application's secrets.
type secrets struct {
	list []syncedSecret
	// target is the Kubernetes Secret that has the values.
	target, revision string
	environment      envmap.Environment
	// retiring secrets are still needed by pods that are being replaced.
	retiring []secretsv1alpha1.SyncedSecret
	// composed is false until vault and identity exist.
	composed bool
	// problem is what keeps the sync as a whole from working.
	problem string
	// unwritten is true if the problem is that the Secret could not be written, and not
	// what goes into it.
	unwritten bool
}

// secretSync keeps the application's Kubernetes Secret in step with its vault.
func (c *composition) secretSync(v vault, i identity) secrets {
	seen := c.seen[NameSecretSync]
	s := secrets{
		target:  c.target(seen),
		problem: first(seen.problem(), seen.notReady()),
	}
	state := secretsv1alpha1.State(seen.str("status", "atProvider", "state"))
	s.unwritten = state == secretsv1alpha1.StateTargetConflict || state == secretsv1alpha1.StateTargetTooLarge || seen.problem() != ""

	observed := map[string]Object{}
	for _, e := range seen.list("status", "atProvider", "secrets") {
		m, _ := e.(map[string]any)
		observed[Object(m).str("name")] = m
	}
	for _, spec := range c.app.Spec.Secrets {
		s.list = append(s.list, syncedSecret{spec: spec, observed: observed[spec.Name], keys: observedKeys(observed[spec.Name])})
	}
	s.environment = envmap.Map(c.app.Spec.Config, mappable(s.list), c.platform.Secrets.EnvironmentPrefixes,
		envmap.NewPolicy(c.platform.Secrets.WithheldVariables, c.platform.Secrets.AllowedVariables))
	s.revision = revision(s)

	s.retiring = c.retiringSecrets(seen)
	switch {
	case len(s.list)+len(s.retiring) == 0:
		s.composed = true
	case v.uri == "" || i.clientID == "":
		s.composed = c.keep(NameSecretSync)
	default:
		s.composed = true
		c.want(NameSecretSync, c.keyVaultSecretSync(v, i, s))
	}
	return s
}

// revision of the secrets that pods get variables from. It is made of their
// versions, never of values: another secret of the vault, one that is no longer
// listed or not injected, does not roll the pods.
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

// target keeps the name of a Secret that pods refer to.
func (c *composition) target(seen Object) string {
	return first(seen.str("spec", "forProvider", "target", "name"), c.app.Name+targetSuffix)
}

func (c *composition) keyVaultSecretSync(v vault, i identity, s secrets) *managed[secretsv1alpha1.KeyVaultSecretSyncParameters] {
	object := newManaged(c, secretsv1alpha1.KeyVaultSecretSyncGroupVersionKind(), c.app.Name, secretsv1alpha1.KeyVaultSecretSyncParameters{
		VaultURI:           v.uri,
		TenantID:           c.platform.TenantID,
		ClientID:           i.clientID,
		ServiceAccountName: i.serviceAccount,
		Target:             secretsv1alpha1.Target{Name: s.target, Labels: c.labels(), InUse: c.inUse()},
		CreateMissing:      *c.platform.Secrets.CreateMissing,
		PollInterval:       duration(c.platform.Secrets.PollInterval),
		FastPollInterval:   duration(c.platform.Secrets.FastPollInterval),
	})
	object.Spec.ProviderConfigReference = providerConfigReference(c.platform.SecretSyncProviderConfigRef)
	if at := c.app.Annotations[v1alpha1.SyncRequestedAtAnnotation]; at != "" {
		object.Annotations = map[string]string{secretsv1alpha1.SyncRequestedAtAnnotation: at}
	}
	for _, secret := range s.list {
		keys, create := c.structure(secret.spec)
		synced := secretsv1alpha1.SyncedSecret{
			Name:            secret.spec.Name,
			Version:         secret.spec.Version,
			Format:          secret.spec.Format,
			Keys:            keys,
			RequiredKeys:    required(secret.spec, keys),
			Optional:        secret.spec.Optional,
			RefreshInterval: duration(secret.spec.RefreshInterval),
		}
		if !create {
			synced.Create = new(false)
		}
		object.Spec.ForProvider.Secrets = append(object.Spec.ForProvider.Secrets, synced)
	}
	object.Spec.ForProvider.Secrets = append(object.Spec.ForProvider.Secrets, s.retiring...)
	return object
}

// retiringSecrets are no longer in the spec, but pods that run still refer to
// their keys: one that restarts before the rollout is over, or if it fails, must
// find them.
func (c *composition) retiringSecrets(seen Object) []secretsv1alpha1.SyncedSecret {
	deployment, running := c.seen[NameDeployment]
	if !running || c.app.Spec.Deployment == nil {
		return nil
	}
	listed := map[string]bool{}
	for _, s := range c.app.Spec.Secrets {
		listed[s.Name] = true
	}
	var referred, perhaps []secretsv1alpha1.SyncedSecret
	for _, e := range seen.list("spec", "forProvider", "secrets") {
		m, _ := e.(map[string]any)
		secret := secretsv1alpha1.SyncedSecret{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, &secret); err != nil || listed[secret.Name] {
			continue
		}
		// It is read while it is there, and nobody misses it when it is not.
		secret.Create, secret.Optional = new(false), true
		switch {
		case refersTo(deployment, secret.Name):
			referred = append(referred, secret)
		case rollout(deployment).Status != True:
			perhaps = append(perhaps, secret)
		}
	}
	retiring := slices.Concat(referred, perhaps)
	return retiring[:min(len(retiring), max(secretsv1alpha1.MaxSecrets-len(listed), 0))]
}

// inUse are the data keys that pods refer to: those of the Deployment and, until
// all pods are replaced, those of the pods before. A new version of a secret must
// not take them away.
func (c *composition) inUse() []string {
	deployment, running := c.seen[NameDeployment]
	if !running || c.app.Spec.Deployment == nil {
		return nil
	}
	keys := referred(deployment)
	if rollout(deployment).Status != True {
		for _, e := range c.seen[NameSecretSync].list("spec", "forProvider", "target", "inUse") {
			if key, ok := e.(string); ok {
				keys[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// refersTo tells whether pods have a variable that comes from a secret.
func refersTo(deployment Object, secret string) bool {
	for key := range referred(deployment) {
		if name, _, _ := strings.Cut(key, "."); name == secret {
			return true
		}
	}
	return false
}

// referred are the data keys that variables of pods come from.
func referred(deployment Object) map[string]bool {
	keys := map[string]bool{}
	for _, e := range deployment.list("spec", "template", "spec", "containers") {
		container, _ := e.(map[string]any)
		for _, e := range Object(container).list("env") {
			variable, _ := e.(map[string]any)
			if key := Object(variable).str(secretKey()...); key != "" {
				keys[key] = true
			}
		}
	}
	return keys
}

// structure returns the keys a secret has when it is created, and whether it
// may be created in advance at all.
func (c *composition) structure(s v1alpha1.Secret) (keys []string, create bool) {
	if len(s.Keys) > 0 {
		return s.Keys, true
	}
	keys, known := settings.Structure(&c.platform, envmap.TrimEnvironment(s.Name, c.platform.Secrets.EnvironmentPrefixes))
	return keys, !known || len(keys) > 0
}

// required are the keys that env names, besides those of the structure. A version
// without them would take variables from the pods. Nobody misses those of an
// optional secret.
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

// duration of a validated string; nil for none.
func duration(s string) *metav1.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		return nil
	}
	return &metav1.Duration{Duration: d}
}

// waitingFor says which secrets hold back the workload, and why. An optional one
// does only if the pods that run have it: a status that was lost must not take it
// from them.
func (s secrets) waitingFor(deployment Object) []string {
	var waiting []string
	blocked := false
	for _, secret := range s.list {
		if !secret.ready() && (!secret.spec.Optional || refersTo(deployment, secret.spec.Name)) {
			waiting = append(waiting, secret.spec.Name+" ("+secret.state()+")")
			blocked = blocked || s.blocked(secret)
		}
	}
	if blocked {
		waiting = append([]string{fmt.Sprintf("the Kubernetes Secret %s, which is not as it should be: %s", s.target, s.why())}, waiting...)
	}
	for _, m := range s.environment.Missing {
		if s.isReady(m.Secret) {
			waiting = append(waiting, missingKey(m))
		}
	}
	return waiting
}

func (s secrets) isReady(name string) bool {
	for _, secret := range s.list {
		if secret.spec.Name == name {
			return secret.ready()
		}
	}
	return false
}

func missingKey(m envmap.Missing) string {
	if m.Key == "" {
		return fmt.Sprintf("%s has keys and is not plain text, so variable %s needs a key", m.Secret, m.Name)
	}
	return fmt.Sprintf("%s has no key %s, which variable %s comes from", m.Secret, m.Key, m.Name)
}

// describe secrets that are not as they should be, those alike together.
func (s secrets) describe(list []syncedSecret) string {
	var order []string
	names := map[string][]string{}
	for _, secret := range list {
		what := secret.state()
		if m := strings.TrimSuffix(s.message(secret), "."); m != "" {
			what += ", " + m
		}
		if len(names[what]) == 0 {
			order = append(order, what)
		}
		names[what] = append(names[what], secret.spec.Name)
	}
	parts := make([]string, 0, len(order))
	for _, what := range order {
		parts = append(parts, some(names[what], ", ")+": "+what)
	}
	return some(parts, "; ")
}

// message says what to do about a secret, in the words of the provider if it
// has any.
func (s secrets) message(secret syncedSecret) string {
	m := secret.observed.str("message")
	switch {
	case s.blocked(secret):
		// The provider's message does not name the cause.
		return "cannot be synced: " + s.problem
	case m != "" || secret.state() != statePending:
		return m
	case !s.composed:
		return "waits for the vault and the identity, which normally takes 5 minutes after creation"
	case s.problem != "":
		return "cannot be synced: " + s.problem
	}
	return "not looked at yet, which normally takes a minute"
}

// blocked tells whether nothing is wrong with a secret but that the Kubernetes Secret
// could not be written.
func (s secrets) blocked(secret syncedSecret) bool {
	return s.composed && s.unwritten && s.problem != "" && secret.state() == statePending
}

// why the Kubernetes Secret is not as it should be.
func (s secrets) why() string { return strings.TrimSuffix(s.problem, ".") }

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
		c.Reason, c.Message = ReasonNotRequested, "The application lists no secrets."
		return c
	}

	var unsynced []syncedSecret
	for _, secret := range s.list {
		if !secret.synced() && !secret.notNeeded() {
			unsynced = append(unsynced, secret)
		}
	}
	synced, total := s.count()
	collisions := collisions(s.environment.Collisions)
	switch {
	case len(unsynced) > 0:
		c.Status, c.Reason = False, ReasonSecretsNotSynced
		if s.unwritten {
			c.Reason = ReasonSecretNotWritten
		}
		c.Message = fmt.Sprintf("%d of %d secrets are synced. %s.", synced, total, s.describe(unsynced))
		if s.unwritten && s.problem != "" && !slices.ContainsFunc(unsynced, s.blocked) {
			c.Message += fmt.Sprintf(" Besides, the Kubernetes Secret %s is not as it should be: %s.", s.target, s.why())
		}
	case s.problem != "":
		c.Status, c.Reason = False, ReasonSecretNotWritten
		c.Message = fmt.Sprintf("%d of %d secrets are synced, but the Kubernetes Secret %s is not as it should be: %s.", synced, total, s.target, s.why())
	case collisions != "":
		c.Status, c.Reason = False, ReasonVariablesCollide
		c.Message = fmt.Sprintf("%d of %d secrets are synced.", synced, total)
	case synced < total:
		c.Message = fmt.Sprintf("%d of %d secrets are synced; the others are optional and have no value.", synced, total)
	default:
		c.Message = fmt.Sprintf("%d of %d secrets are synced.", synced, total)
	}
	c.Message += collisions
	if withheld := withheld(s.environment.Withheld); withheld != "" {
		// The secrets are synced all the same: a key in the vault must not make an application fail.
		if c.Reason == ReasonAvailable {
			c.Reason = ReasonVariablesWithheld
		}
		c.Message += withheld
	}
	return c
}

// collisions is a sentence about keys that are not injected, or nothing.
func collisions(list []envmap.Collision) string {
	if len(list) == 0 {
		return ""
	}
	parts := make([]string, 0, len(list))
	for _, col := range list {
		parts = append(parts, fmt.Sprintf("keys %s of secret %s all become variable %s", some(col.Keys, " and "), col.Secret, col.Name))
	}
	return " Variables are not injected because their names collide: " + some(parts, "; ") + ". Rename the keys in the vault, or choose names with env in spec.secrets."
}

// withheld is a sentence about keys that are not injected without env, or nothing.
func withheld(list []envmap.Withheld) string {
	if len(list) == 0 {
		return ""
	}
	parts := make([]string, 0, len(list))
	for _, w := range list {
		if w.Key == "" {
			parts = append(parts, fmt.Sprintf("%s from secret %s", w.Name, w.Secret))
		} else {
			parts = append(parts, fmt.Sprintf("%s from key %s of secret %s", w.Name, w.Key, w.Secret))
		}
	}
	return " Variables are withheld because they can change what code runs or whom it trusts: " + some(parts, "; ") + ". To have one, ask for it by name with env in spec.secrets."
}

// some joins the first few of a list; a condition is read in one line.
func some(list []string, separator string) string {
	const most = 5
	if len(list) <= most {
		return strings.Join(list, separator)
	}
	return fmt.Sprintf("%s%sand %d more", strings.Join(list[:most], separator), separator, len(list)-most)
}
