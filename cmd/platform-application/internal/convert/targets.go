// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

// Limits of Key Vault and of a PlatformApplication.
const (
	maxValue   = 25 * 1024
	maxKeys    = 50
	maxKey     = 125
	maxEnv     = 50
	maxSecrets = 100
)

var (
	secretName = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)
	secretKey  = regexp.MustCompile(`^[-._a-zA-Z0-9]{1,125}$`)
	version    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	notInName  = regexp.MustCompile(`[^0-9a-zA-Z-]+`)
)

// A ref is a key of a secret in Key Vault. The empty key is the whole value.
type ref struct{ secret, key string }

// A target is a Kubernetes Secret as workloads know it.
type target struct {
	// where it comes from, for the report.
	where string
	// keys of it, and what they are made from. One that cannot be converted has
	// no secret.
	keys map[string]ref
	// all are secrets every key of which becomes a key of the target.
	all []string
	// used by the application.
	used bool
}

// A vaultSecret is a secret of Key Vault.
type vaultSecret struct {
	name, vault, version, refresh string
	where                         string

	// structure are the keys of a hand-written Secret, and from is that.
	structure []string
	from      *corev1.Secret

	// whole value, or keys of it.
	whole, keyed bool
	// all keys are variables, with a prefix.
	all    bool
	prefix string
	// optional unless one use requires it.
	optional, required bool
	// listed in the manifest.
	listed bool
}

// command that puts the values of a hand-written Secret into the vault without
// anyone seeing them.
func (s *vaultSecret) command() string {
	namespace := ""
	if s.from.Namespace != "" {
		namespace = " --namespace " + s.from.Namespace
	}
	return fmt.Sprintf(`(umask 077; kubectl get secret %s%s --output json | jq '.data | map_values(@base64d)' > %s.json)
az keyvault secret set --vault-name "$VAULT" --name %s --content-type application/json --file %s.json --encoding utf-8 --output none
rm %s.json`, s.from.Name, namespace, s.name, s.name, s.name, s.name)
}

// readTargets finds out what every Kubernetes Secret is made from.
func (c *converter) readTargets() {
	for i := range c.external {
		c.readExternal(&c.external[i])
	}
	for i := range c.input.secrets {
		c.readSecret(&c.input.secrets[i])
	}
}

func (c *converter) target(name, where string) *target {
	if t := c.targets[name]; t != nil {
		c.report.todo(where, "Secret %s is made by %s, too. Only one of a key that both have is converted", name, t.where)
		return t
	}
	t := &target{where: where, keys: map[string]ref{}}
	c.targets[name] = t
	return t
}

// secret of a vault, which is made when it is first mentioned.
func (c *converter) secret(name, vault, where string) *vaultSecret {
	id := strings.ToLower(name)
	s := c.secrets[id]
	if s == nil {
		s = &vaultSecret{name: name, vault: vault, where: where}
		c.secrets[id] = s
		c.order = append(c.order, s)
		return s
	}
	if !strings.EqualFold(s.vault, vault) {
		c.report.todo(where, "secret %s comes from two places, %s and %s, and can be in one vault only once. Give one of them another name", name, place(s.vault), place(vault))
	}
	return s
}

func place(vault string) string {
	if vault == "" {
		return "the cluster"
	}
	return "vault " + vault
}

// readExternal reads an ExternalSecret, and reports what of it has no counterpart.
func (c *converter) readExternal(e *externalSecret) { //nolint:gocognit // A list of fields, each with its finding.
	where, spec := e.String(), &e.Spec
	t := c.target(spec.Target.Name, where)
	switch spec.Target.CreationPolicy {
	case "Owner", "Orphan":
	default:
		c.report.todo(where, "creationPolicy %s: the application's Secret is always made whole and its own. Move the other keys of Secret %s as well", spec.Target.CreationPolicy, spec.Target.Name)
	}
	if spec.Target.DeletionPolicy != "Retain" {
		c.report.todo(where, "deletionPolicy %s: keys are never removed because a secret is gone from the vault; the last good value stays. Check that nothing depends on it", spec.Target.DeletionPolicy)
	}
	if spec.Target.Immutable {
		c.report.todo(where, "immutable: the application's Secret follows the vault. Pin each secret with version to keep it as it is")
	}
	if isSet(spec.Target.Template) {
		c.report.todo(where, "target.template: there are no templates. Let spec.config put values together with $(NAME), or store the finished text as a secret")
	}
	refresh := c.refresh(e)
	for i, d := range spec.Data {
		at := fmt.Sprintf("%s, data[%d] %s", where, i, d.SecretKey)
		// A key that is known but not converted is not looked for again.
		t.keys[d.SecretKey] = ref{}
		vault, ok := c.vaultOf(e, d.SourceRef, at)
		if !ok || !c.convertible(d.RemoteRef, at) {
			continue
		}
		key, ok := c.property(d.RemoteRef.Property, at)
		if !ok {
			continue
		}
		if s := c.remote(d.RemoteRef, vault, refresh, at); s != nil {
			s.whole, s.keyed = s.whole || key == "", s.keyed || key != ""
			t.keys[d.SecretKey] = ref{secret: s.name, key: key}
		}
	}
	for i, d := range spec.DataFrom {
		at := fmt.Sprintf("%s, dataFrom[%d]", where, i)
		vault, ok := c.vaultOf(e, d.SourceRef, at)
		if !ok {
			continue
		}
		switch {
		case isSet(d.Find):
			c.report.todo(at, "find: secrets are listed by name. Add those it finds to spec.secrets")
		case d.Extract == nil:
			c.report.todo(at, "it has no extract, and is not converted")
		case isSet(d.Rewrite):
			c.report.todo(at, "rewrite: keys are not renamed by rules. List secret %s with env, which gives names", d.Extract.Key)
		case d.Extract.Property != "":
			c.report.todo(at, "property %s: only the top level of a secret has keys. Store that part as a secret of its own", d.Extract.Property)
		case c.convertible(*d.Extract, at):
			if s := c.remote(*d.Extract, vault, refresh, at); s != nil {
				s.keyed = true
				t.all = append(t.all, s.name)
			}
		}
	}
}

// refresh interval of an ExternalSecret, if it says one.
func (c *converter) refresh(e *externalSecret) string {
	d, err := time.ParseDuration(e.Spec.RefreshInterval)
	switch {
	case e.Spec.RefreshPolicy == "CreatedOnce" || e.Spec.RefreshPolicy == "OnChange" || (err == nil && d <= 0):
		c.report.todo(e.String(), "it is not refreshed: the application follows the vault. Pin each secret with version to keep it as it is")
		return ""
	case e.Spec.RefreshInterval == "":
		return ""
	case err != nil || d%time.Second != 0 || d.Hours() >= 100000:
		c.report.todo(e.String(), "refreshInterval: it is not a number of whole seconds. Set it by hand")
		return ""
	}
	return interval(d)
}

// interval in hours, minutes and seconds, without those that are none.
func interval(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(s, "m0s")]
	return strings.TrimSuffix(s, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(s, "h0m")]
}

// vaultOf returns the vault that a store reads.
func (c *converter) vaultOf(e *externalSecret, from sourceRef, at string) (string, bool) {
	if isSet(from.GeneratorRef) {
		c.report.todo(at, "generatorRef: values are not generated. Make one, and put it into the vault")
		return "", false
	}
	r := e.Spec.SecretStoreRef
	if from.StoreRef != nil {
		r = *from.StoreRef
	}
	if r.Kind == "" {
		r.Kind = kindStore
	}
	for i := range c.stores {
		s := &c.stores[i]
		if s.Kind != r.Kind || s.Metadata.Name != r.Name {
			continue
		}
		vault, problem := s.vault()
		if problem != "" {
			c.report.todo(s.String(), "%s", problem)
		}
		return vault, problem == ""
	}
	c.report.todo(at, "%s %s is not among the manifests, so its vault is not known. Give it, too", r.Kind, r.Name)
	return "", false
}

// convertible tells whether a value is taken from the vault as it is.
func (c *converter) convertible(r remoteRef, at string) bool {
	kind, _, typed := strings.Cut(r.Key, "/")
	switch {
	case typed && kind == "key":
		c.report.todo(at, "%s: the public part of a key is no secret. Put it into a secret or into spec.config", r.Key)
	case typed && kind == "cert":
		c.report.todo(at, "%s: this is the certificate without its key. List the secret of the same name, which gives TLS_CRT, TLS_KEY and CA_CRT", r.Key)
	case r.MetadataPolicy == "Fetch":
		c.report.todo(at, "metadataPolicy Fetch: tags of a secret are not read. Put them into spec.config")
	case r.DecodingStrategy != "" && r.DecodingStrategy != "None":
		c.report.todo(at, "decodingStrategy %s: values are not decoded. Store the decoded text", r.DecodingStrategy)
	case r.ConversionStrategy != "" && r.ConversionStrategy != "Default":
		c.report.todo(at, "conversionStrategy %s: keys are not renamed by rules. Rename them in the vault", r.ConversionStrategy)
	default:
		return true
	}
	return false
}

// remote is the secret that a reference means.
func (c *converter) remote(r remoteRef, vault, refresh, at string) *vaultSecret {
	name := r.Key
	if kind, rest, typed := strings.Cut(r.Key, "/"); typed && kind == "secret" {
		name = rest
	}
	if !secretName.MatchString(name) {
		c.report.todo(at, "key %q is not the name of a Key Vault secret, which has up to 127 letters, digits and hyphens. Correct it", r.Key)
		return nil
	}
	if r.Version != "" && !version.MatchString(r.Version) {
		c.report.todo(at, "version %q is not that of a Key Vault secret, which has 32 characters. Correct it", r.Version)
		return nil
	}
	_, known := c.secrets[strings.ToLower(name)]
	s := c.secret(name, vault, at)
	switch {
	case !known:
		s.version, s.refresh = r.Version, refresh
	case s.version != r.Version:
		c.report.todo(at, "secret %s is used in two versions, and can be listed in one. Store the other one under another name", name)
	case shorter(refresh, s.refresh):
		s.refresh = refresh
	}
	if s.version != "" && c.options.OwnVault {
		c.report.todo(at, "version %s exists in vault %s only. Put the version that the copy has in its place, or leave it out", s.version, vault)
	}
	return s
}

func shorter(a, b string) bool {
	if a == "" || b == "" {
		return a == "" && b != ""
	}
	x, _ := time.ParseDuration(a)
	y, _ := time.ParseDuration(b)
	return x < y
}

// property is the key of a secret that a path means.
func (c *converter) property(path, at string) (string, bool) {
	key := strings.ReplaceAll(path, `\.`, ".")
	switch {
	case path == "":
		return "", true
	case !secretKey.MatchString(key):
		c.report.todo(at, "property %s: it is a query, and not the name of a key. Store what it finds under a key of the top level", path)
		return "", false
	case strings.Count(path, ".") > strings.Count(path, `\.`):
		c.report.todo(at, "property %s: it is taken for a key with that name. If it leads into a nested object, store that value under a key of the top level", path)
	}
	return key, true
}

// readSecret reads a hand-written Secret: names and lengths, and no value.
func (c *converter) readSecret(s *corev1.Secret) {
	where := "Secret " + s.Name
	if owner := c.targets[s.Name]; owner != nil && strings.HasPrefix(owner.where, "ExternalSecret ") {
		return // What the operator made of it.
	}
	switch s.Type {
	case "", corev1.SecretTypeOpaque, corev1.SecretTypeTLS, corev1.SecretTypeBasicAuth, corev1.SecretTypeSSHAuth:
	default:
		c.report.todo(where, "type %s: it is not for a container's environment, and is not converted", s.Type)
		return
	}
	t := c.target(s.Name, where)
	name := strings.Trim(notInName.ReplaceAllString(s.Name, "-"), "-")
	if len(name) > 127 {
		c.report.todo(where, "its name is too long for Key Vault, which takes 127 characters. Rename it")
		return
	}
	if name != s.Name {
		c.report.note(where, "Key Vault takes letters, digits and hyphens only: there it is called %s", name)
	}
	lengths := map[string]int{}
	for k, v := range s.Data {
		lengths[k] = len(v)
		if !utf8.Valid(v) {
			c.report.todo(where, "key %s has bytes that are no text, which a variable cannot have. Leave it out or encode it", k)
		}
	}
	for k, v := range s.StringData {
		lengths[k] = len(v)
	}
	vs := c.secret(name, "", where)
	vs.keyed, vs.from = true, s
	total := 0
	for _, k := range slices.Sorted(maps.Keys(lengths)) {
		total += len(k) + lengths[k] + 8
		switch {
		case len(k) > maxKey || !secretKey.MatchString(k):
			c.report.todo(where, "key %q is longer than %d characters or has others than letters, digits, hyphens, underscores and dots. Rename it", k, maxKey)
			t.keys[k] = ref{}
			continue
		case lengths[k] == 0:
			c.report.todo(where, "key %s is empty, for which the application would wait. Give it a value, or take it out of keys", k)
		}
		t.keys[k] = ref{secret: vs.name, key: k}
		vs.structure = append(vs.structure, k)
	}
	if len(lengths) == 0 {
		c.report.todo(where, "it has no keys")
	}
	if total > maxValue {
		c.report.todo(where, "its values are larger than 25 KB, which is all that a Key Vault secret holds. Split it")
	}
	if len(vs.structure) > maxKeys {
		c.report.todo(where, "it has more than %d keys. Split it", maxKeys)
	}
}
