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
	maxName    = 127
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

// A target is a Kubernetes Secret that workloads read.
type target struct {
	// where the target is defined, for the report.
	where string
	// external is true if an ExternalSecret makes it.
	external bool
	// keys of the target, and their sources. A key that cannot be converted has no
	// secret.
	keys map[string]ref
	// all has the secrets whose every key becomes a key of the target.
	all []string
	// used is true if the application reads the target.
	used bool
}

// A vaultSecret is a secret of Key Vault.
type vaultSecret struct {
	name, vault, version, refresh string
	where                         string

	// from is the hand-written Secret, and structure has its keys.
	from      *corev1.Secret
	structure []string

	// whole and keyed tell how the value is used.
	whole, keyed bool
	// all is true if all keys become variables, with a prefix.
	all    bool
	prefix string
	// optional and required may both be true of different uses.
	optional, required bool
	// listed is true if the manifest lists the secret.
	listed bool
}

// storeValues returns the step that copies the values of a hand-written Secret into
// the vault without showing them.
func (s *vaultSecret) storeValues() With {
	source := []string{s.from.Name}
	if s.from.Namespace != "" {
		source = append(source, "--namespace", s.from.Namespace)
	}

	return With{"secret": s.from.Name, "source": source, "name": s.name}
}

// readTargets finds the sources of every Kubernetes Secret.
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
		c.report.add(TwoSources, where, With{"secret": name, "source": t.where})
		return t
	}
	t := &target{where: where, keys: map[string]ref{}}
	c.targets[name] = t

	return t
}

// secret returns the secret of a vault, and adds it when it is first mentioned.
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
		c.report.add(TwoPlaces, where, With{"secret": name, "first": place(s.vault), "second": place(vault)})
	}

	return s
}

func place(vault string) Finding {
	if vault == "" {
		return newFinding(TheCluster)
	}

	return newFinding(AVault, With{"vault": vault})
}

// readExternal reads an ExternalSecret, and reports fields without counterpart.
func (c *converter) readExternal(e *externalSecret) { //nolint:gocognit // A list of fields, each with its finding.
	where, spec := e.String(), &e.Spec
	t := c.target(spec.Target.Name, where)
	t.external = true
	switch spec.Target.CreationPolicy {
	case "Owner", "Orphan":
	default:
		c.report.add(CreationPolicy, where, With{"policy": spec.Target.CreationPolicy, "secret": spec.Target.Name})
	}
	if spec.Target.DeletionPolicy != "Retain" {
		c.report.add(DeletionPolicy, where, With{"policy": spec.Target.DeletionPolicy})
	}
	if spec.Target.Immutable {
		c.report.add(Immutable, where)
	}
	if isSet(spec.Target.Template) {
		c.report.add(Template, where)
	}
	refresh := c.refresh(e)
	for i, d := range spec.Data {
		at := fmt.Sprintf("%s, data[%d] %s", where, i, d.SecretKey)
		// A key that cannot be converted is reported once, here, and not by its users.
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
			c.report.add(Find, at)
		case d.Extract == nil:
			c.report.add(ExtractMissing, at)
		case isSet(d.Rewrite):
			c.report.add(Rewrite, at, With{"secret": d.Extract.Key})
		case d.Extract.Property != "":
			c.report.add(NestedProperty, at, With{"property": d.Extract.Property})
		case c.convertible(*d.Extract, at):
			if s := c.remote(*d.Extract, vault, refresh, at); s != nil {
				s.keyed = true
				t.all = append(t.all, s.name)
			}
		}
	}
}

// refresh returns the refresh interval of an ExternalSecret, or nothing.
func (c *converter) refresh(e *externalSecret) string {
	d, err := time.ParseDuration(e.Spec.RefreshInterval)
	switch {
	case e.Spec.RefreshPolicy == "CreatedOnce" || e.Spec.RefreshPolicy == "OnChange" || (err == nil && d <= 0):
		c.report.add(NotRefreshed, e.String())
		return ""
	case e.Spec.RefreshInterval == "":
		return ""
	case err != nil || d%time.Second != 0 || d.Hours() >= 100000:
		c.report.add(IntervalInvalid, e.String())
		return ""
	}

	return interval(d)
}

// interval formats a duration without units that are zero.
func interval(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(s, "m0s")]

	return strings.TrimSuffix(s, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(s, "h0m")]
}

// vaultOf returns the vault that a store reads.
func (c *converter) vaultOf(e *externalSecret, from sourceRef, at string) (string, bool) {
	if isSet(from.GeneratorRef) {
		c.report.add(Generator, at)
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
		if problem != nil {
			c.report.add(problem.Code, s.String(), problem.With)
		}

		return vault, problem == nil
	}
	c.report.add(StoreMissing, at, With{"kind": r.Kind, "name": r.Name})

	return "", false
}

// convertible reports whether a value is read from the vault without a change.
func (c *converter) convertible(r remoteRef, at string) bool {
	kind, _, typed := strings.Cut(r.Key, "/")
	switch {
	case typed && kind == "key":
		c.report.add(PublicKey, at, With{"key": r.Key})
	case typed && kind == "cert":
		c.report.add(Certificate, at, With{"key": r.Key})
	case r.MetadataPolicy == "Fetch":
		c.report.add(TagsNotRead, at)
	case r.DecodingStrategy != "" && r.DecodingStrategy != "None":
		c.report.add(DecodingStrategy, at, With{"strategy": r.DecodingStrategy})
	case r.ConversionStrategy != "" && r.ConversionStrategy != "Default":
		c.report.add(ConversionStrategy, at, With{"strategy": r.ConversionStrategy})
	default:
		return true
	}

	return false
}

// remote returns the secret that a reference names, or nil.
func (c *converter) remote(r remoteRef, vault, refresh, at string) *vaultSecret {
	name := r.Key
	if kind, rest, typed := strings.Cut(r.Key, "/"); typed && kind == "secret" {
		name = rest
	}
	if !secretName.MatchString(name) {
		c.report.add(SecretNameInvalid, at, With{"key": r.Key})
		return nil
	}
	if r.Version != "" && !version.MatchString(r.Version) {
		c.report.add(VersionInvalid, at, With{"version": r.Version})
		return nil
	}
	_, known := c.secrets[strings.ToLower(name)]
	s := c.secret(name, vault, at)
	switch {
	case !known:
		s.version, s.refresh = r.Version, refresh
	case s.version != r.Version:
		c.report.add(TwoVersions, at, With{"secret": name})
	case shorter(refresh, s.refresh):
		s.refresh = refresh
	}
	if s.version != "" && c.options.OwnVault {
		c.report.add(VersionNotCopied, at, With{"version": s.version, "vault": vault})
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

// property returns the key of a secret that a path names.
func (c *converter) property(path, at string) (string, bool) {
	key := strings.ReplaceAll(path, `\.`, ".")
	switch {
	case path == "":
		return "", true
	case !secretKey.MatchString(key):
		c.report.add(QueryProperty, at, With{"property": path})
		return "", false
	case strings.Count(path, ".") > strings.Count(path, `\.`):
		c.report.add(DottedProperty, at, With{"property": path})
	}

	return key, true
}

// readSecret reads the names of a hand-written Secret and the lengths of its values, and
// keeps no value.
func (c *converter) readSecret(s *corev1.Secret) {
	where := "Secret " + s.Name
	if owner := c.targets[s.Name]; owner != nil && owner.external {
		return // The operator has created it.
	}
	switch s.Type {
	case "", corev1.SecretTypeOpaque, corev1.SecretTypeTLS, corev1.SecretTypeBasicAuth, corev1.SecretTypeSSHAuth:
	default:
		c.report.add(SecretType, where, With{"type": s.Type})
		return
	}
	t := c.target(s.Name, where)
	lengths := map[string]int{}
	for k, v := range s.Data {
		lengths[k] = len(v)
		if !utf8.Valid(v) {
			c.report.add(NotText, where, With{"key": k})
		}
	}
	for k, v := range s.StringData {
		lengths[k] = len(v)
	}
	name, ok := c.vaultName(s, where)
	if !ok {
		for k := range lengths {
			t.keys[k] = ref{} // Its users do not report it again.
		}

		return
	}
	vs := c.secret(name, "", where)
	vs.keyed, vs.from = true, s
	total := 0
	for _, k := range slices.Sorted(maps.Keys(lengths)) {
		total += len(k) + lengths[k] + 8
		switch {
		case len(k) > maxKey || !secretKey.MatchString(k):
			c.report.add(KeyInvalid, where, With{"key": k, "limit": maxKey})
			t.keys[k] = ref{}

			continue
		case lengths[k] == 0:
			c.report.add(KeyEmpty, where, With{"key": k})
		}
		t.keys[k] = ref{secret: vs.name, key: k}
		vs.structure = append(vs.structure, k)
	}
	if len(lengths) == 0 {
		c.report.add(NoKeys, where)
	}
	if total > maxValue {
		c.report.add(SecretTooLarge, where)
	}
	if len(vs.structure) > maxKeys {
		c.report.add(TooManyKeys, where, With{"limit": maxKeys})
	}
}

// vaultName returns the name of a hand-written Secret in Key Vault.
func (c *converter) vaultName(s *corev1.Secret, where string) (name string, ok bool) {
	name = strings.Trim(notInName.ReplaceAllString(s.Name, "-"), "-")
	other := c.secrets[strings.ToLower(name)]
	switch {
	case len(name) > maxName:
		c.report.add(NameTooLong, where, With{"limit": maxName})
		return "", false
	case other != nil && other.from != nil && other.from.Name != s.Name:
		c.report.add(NameTaken, where, With{"name": name, "secret": other.from.Name})
		return "", false
	case name != s.Name:
		c.report.add(NameChanged, where, With{"name": name})
	}

	return name, true
}
