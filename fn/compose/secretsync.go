// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
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
	return byName(sync.list("status", "atProvider", "secrets"))
}

// secretSync keeps the application's Kubernetes Secrets in sync with its own vault and with
// the shared ones.
func (c *composition) secretSync(v vault, i identity, shares []*share) secrets {
	seen := c.seen[NameSecretSync]
	own := observeSync(seen, c.target(seen))
	own.endpoint = v.waiting()
	s := secrets{syncing: own}
	shared := map[string]listedSecret{}
	for _, sh := range shares {
		sync, observed := c.sharedSync(i, sh), observedSecrets(sh.seen)
		s.syncing = s.worse(sync)
		for _, spec := range sh.secrets {
			shared[spec.Name] = c.sharedSecret(sh, sync, spec, observed[spec.Name])
		}
	}
	observed := observedSecrets(seen)
	var owned []v1alpha1.Secret
	var synced []secretsv1alpha1.SyncedSecret
	for _, spec := range c.app.Spec.Secrets {
		secret, isShared := shared[spec.Name]
		if !isShared || secret.switchesTo != "" {
			secret = listedSecret{spec: spec, sync: own, observed: observed[spec.Name], switchesTo: secret.switchesTo, notSwitched: secret.problem}
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
	own.composed = c.ownSync(v, i, own.target, append(synced, c.retiringSecrets(seen, own.target, owned)...))

	return s
}

// sharedSecret returns the state of a secret of a shared vault.
func (c *composition) sharedSecret(sh *share, sync *syncing, spec v1alpha1.Secret, observed Object) listedSecret {
	secret := listedSecret{spec: spec, source: sh.name, sync: sync, problem: sh.problems[spec.Name], revoked: sh.revoked}
	switch {
	case sh.revoked:
	case c.switches(sh, spec.Name):
		return listedSecret{switchesTo: sh.name, problem: secret.problem}
	default:
		secret.observed = observed
	}
	if !secret.problem.IsZero() && !secret.ready() && !spec.Optional {
		c.waiting = true // No resource shows that the secret is missing.
	}

	return secret
}

// ownSync composes the sync of the application's own vault. It returns false until vault and
// identity exist.
func (c *composition) ownSync(v vault, i identity, target string, synced []secretsv1alpha1.SyncedSecret) (composed bool) {
	switch {
	case len(synced) == 0:
		return true
	case v.uri == "" || i.clientID == "":
		return c.keep(NameSecretSync)
	}
	object := c.keyVaultSecretSync(v.uri, i, target, synced)
	object.Spec.ForProvider.CreateMissing = *c.platform.Secrets.CreateMissing && !c.isReadOnly(v, i)
	c.want(NameSecretSync, object)

	return true
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
	for entry := range seen.objects("spec", "forProvider", "secrets") {
		secret := secretsv1alpha1.SyncedSecret{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(entry, &secret); err != nil || listed[secret.Name] {
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
		for _, key := range sync.strings("spec", "forProvider", "target", "inUse") {
			keys[key] = true
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
	for container := range deployment.objects("spec", "template", "spec", "containers") {
		for variable := range container.objects("env") {
			// A reference without a Secret counts: a key too many does no harm.
			secret := cmp.Or(variable.str(secretName()...), target)
			if key := variable.str(secretKey()...); key != "" && secret == target {
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

// duration parses a validated string. It returns nil for an empty one.
func duration(s string) *metav1.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		return nil
	}

	return &metav1.Duration{Duration: d}
}
