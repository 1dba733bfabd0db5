// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/envmap"
)

var (
	variableName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,254}$`)
	configName     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,254}$`)
	prefixName     = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,63}$`)
	looksLikeValue = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|private_?key|credential)`)
)

// variables are the container's present environment. If a name occurs twice,
// Kubernetes uses the last.
type variables struct {
	config map[string]string
	refs   map[string]ref
}

func newVariables() *variables {
	return &variables{config: map[string]string{}, refs: map[string]ref{}}
}

func (v *variables) setConfig(name, value string) {
	v.config[name] = value
	delete(v.refs, name)
}

func (v *variables) setRef(name string, r ref) {
	v.refs[name] = r
	delete(v.config, name)
}

// bindContainer reads the environment of the application's container.
func (c *converter) bindContainer(d *deployment, v *variables) {
	if len(d.Spec.Template.Spec.Containers) == 0 {
		return
	}
	container := &d.Spec.Template.Spec.Containers[0]
	for i, from := range container.EnvFrom {
		at := fmt.Sprintf("%s, envFrom[%d]", d.object, i)
		switch {
		case from.SecretRef != nil:
			c.bindSecret(from, v, at)
		case from.ConfigMapRef != nil:
			c.bindConfigMap(from, v, at)
		}
	}
	for _, e := range container.Env {
		c.bindEnv(e, v, fmt.Sprintf("%s, env %s", d.object, e.Name))
	}
	c.checkReferences(d, v)
}

// bindSecret makes variables of all keys of a Secret.
func (c *converter) bindSecret(from corev1.EnvFromSource, v *variables, at string) {
	t := c.targets[from.SecretRef.Name]
	if t == nil {
		c.report.add(SecretMissing, at, With{"secret": from.SecretRef.Name})
		return
	}
	t.used = true
	optional := from.SecretRef.Optional != nil && *from.SecretRef.Optional
	for _, k := range slices.Sorted(maps.Keys(t.keys)) {
		c.bindKey(from.Prefix+k, t.keys[k], optional, v, at)
	}
	for _, name := range t.all {
		s := c.secrets[strings.ToLower(name)]
		s.use(optional)
		switch {
		case from.Prefix != "" && !prefixName.MatchString(from.Prefix):
			c.report.add(PrefixInvalid, at, With{"prefix": from.Prefix, "secret": name})
		case s.all && s.prefix != from.Prefix:
			c.report.add(TwoPrefixes, at, With{"prefix": from.Prefix, "secret": name})
		default:
			s.all, s.prefix = true, from.Prefix
		}
	}
}

func (s *vaultSecret) use(optional bool) {
	s.optional, s.required = s.optional || optional, s.required || !optional
}

// bindKey makes a variable of one key.
func (c *converter) bindKey(name string, r ref, optional bool, v *variables, at string) {
	if r.secret == "" {
		return // The report has the reason.
	}
	c.secrets[strings.ToLower(r.secret)].use(optional)
	if !variableName.MatchString(name) {
		derived := envmap.Name(name)
		c.report.add(VariableRenamed, at, With{"variable": name, "name": derived})
		name = derived
	}
	v.setRef(name, r)
}

func (c *converter) bindConfigMap(from corev1.EnvFromSource, v *variables, at string) {
	m := c.configMap(from.ConfigMapRef.Name)
	if m == nil {
		c.report.add(ConfigMapMissing, at, With{"configMap": from.ConfigMapRef.Name})
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m.Data)) {
		c.bindConfig(from.Prefix+k, literal(m.Data[k]), v, at)
	}
}

func (c *converter) bindConfig(name, value string, v *variables, at string) {
	if !configName.MatchString(name) {
		c.report.add(VariableInvalid, at, With{"variable": name})
		return
	}
	if looksLikeValue.MatchString(name) && value != "" && len(envmap.References(value)) == 0 {
		c.report.add(PlainText, at, With{"variable": name})
	}
	v.setConfig(name, value)
}

// literal escapes a value of a ConfigMap. Kubernetes expands references and $$ in values of
// variables, but not in those from a ConfigMap.
func literal(value string) string {
	if strings.Contains(value, "$(") || strings.Contains(value, "$$") {
		return strings.ReplaceAll(value, "$", "$$")
	}

	return value
}

func (c *converter) configMap(name string) *corev1.ConfigMap {
	for i := range c.configMaps {
		if c.configMaps[i].Name == name {
			return &c.configMaps[i]
		}
	}

	return nil
}

func (c *converter) bindEnv(e corev1.EnvVar, v *variables, at string) {
	from := e.ValueFrom
	switch {
	case from == nil:
		c.bindConfig(e.Name, e.Value, v, at)
	case from.SecretKeyRef != nil:
		r, ok := c.keyOf(from.SecretKeyRef, at)
		if ok {
			c.bindKey(e.Name, r, from.SecretKeyRef.Optional != nil && *from.SecretKeyRef.Optional, v, at)
		}
	case from.ConfigMapKeyRef != nil:
		m := c.configMap(from.ConfigMapKeyRef.Name)
		value, ok := "", false
		if m != nil {
			value, ok = m.Data[from.ConfigMapKeyRef.Key]
		}
		if !ok {
			c.report.add(ConfigMapKeyMissing, at, With{"key": from.ConfigMapKeyRef.Key, "configMap": from.ConfigMapKeyRef.Name})
			return
		}
		c.bindConfig(e.Name, literal(value), v, at)
	default:
		c.report.add(FieldReference, at)
	}
}

// keyOf returns the source of a key of a Secret.
func (c *converter) keyOf(k *corev1.SecretKeySelector, at string) (ref, bool) {
	t := c.targets[k.Name]
	if t == nil {
		c.report.add(SecretMissing, at, With{"secret": k.Name})
		return ref{}, false
	}
	t.used = true
	if r, ok := t.keys[k.Key]; ok {
		return r, true
	}
	switch {
	case len(t.all) == 1 && secretKey.MatchString(k.Key):
		return ref{secret: t.all[0], key: k.Key}, true
	case len(t.all) > 0:
		c.report.add(KeyAmbiguous, at, With{"key": k.Key, "secrets": t.all})
	default:
		c.report.add(KeyMissing, at, With{"source": t.where, "key": k.Key})
	}

	return ref{}, false
}

// checkReferences finds each $(NAME) that would no longer be expanded. Kubernetes
// expands references to earlier variables only, and config is sorted by name.
func (c *converter) checkReferences(d *deployment, v *variables) {
	for _, name := range slices.Sorted(maps.Keys(v.config)) {
		for _, r := range envmap.References(v.config[name]) {
			if _, ok := v.config[r]; ok && r >= name {
				c.report.add(ReferenceNotExpanded, fmt.Sprintf("%s, env %s", d.object, name), With{"variable": r})
			}
		}
	}
}

// bindUnused makes variables of Secrets that the application does not mention,
// as envFrom would.
func (c *converter) bindUnused(v *variables, workload bool) {
	for _, name := range slices.Sorted(maps.Keys(c.targets)) {
		t := c.targets[name]
		if t.used {
			continue
		}
		if workload {
			c.report.add(SecretUnused, t.where, With{"secret": name})
			continue
		}
		c.report.add(NoWorkload, t.where, With{"secret": name})
		c.bindSecret(corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}, v, t.where)
	}
}

// specSecrets lists the secrets of the application. It sets env only where the
// names would otherwise differ.
func (c *converter) specSecrets(v *variables) []v1alpha1.Secret { //nolint:gocognit // A list of limits, each with its finding.
	var list []v1alpha1.Secret
	var used []*vaultSecret
	for _, s := range c.order {
		if s.whole && s.keyed {
			c.report.add(WholeAndByKey, s.where, With{"secret": s.name})
			for name, r := range v.refs {
				if strings.EqualFold(r.secret, s.name) && r.key == "" {
					delete(v.refs, name)
				}
			}
			s.whole = false
		}
		env := mappings(s, v.refs)
		if len(env) == 0 && !s.all {
			continue
		}
		if s.optional && s.required {
			c.report.add(OptionalAndRequired, s.where, With{"secret": s.name})
		}
		entry := v1alpha1.Secret{Name: s.name, Keys: s.structure, Version: s.version, RefreshInterval: s.refresh, Env: env, Optional: s.optional && !s.required}
		if len(entry.Keys) > maxKeys {
			entry.Keys = nil
		}
		if s.whole {
			// Otherwise a value that is JSON would be split into keys.
			entry.Format = "Text"
		}
		if s.all {
			c.takeAll(s, &entry)
		}
		if len(entry.Env) > maxEnv {
			c.report.add(TooManyVariables, s.where, With{"limit": maxEnv, "secret": s.name})
		}
		s.listed = true
		list, used = append(list, entry), append(used, s)
	}
	if len(list) > maxSecrets {
		c.report.add(TooManySecrets, "spec.secrets", With{"limit": maxSecrets})
	}
	c.omitDerived(list, used, v)

	return list
}

// mappings returns the variables from the keys of one secret, by name.
func mappings(s *vaultSecret, refs map[string]ref) []v1alpha1.EnvVar {
	var env []v1alpha1.EnvVar
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if r := refs[name]; strings.EqualFold(r.secret, s.name) {
			env = append(env, v1alpha1.EnvVar{Name: name, Key: r.key})
		}
	}

	return env
}

// takeAll lists a secret whose every key becomes a variable.
func (c *converter) takeAll(s *vaultSecret, entry *v1alpha1.Secret) {
	for _, e := range entry.Env {
		if s.prefix+envmap.Name(e.Key) != e.Name || (envmap.Policy{}).Withholds(e.Name) {
			c.report.add(VariableDropped, s.where, With{"variable": e.Name, "key": e.Key, "secret": s.name})
		}
	}
	entry.Env, entry.Prefix = nil, s.prefix
	c.report.add(AllKeys, s.where, With{"secret": s.name})
}

// omitDerived removes env from every secret that gives the same variables without
// it.
func (c *converter) omitDerived(list []v1alpha1.Secret, used []*vaultSecret, v *variables) {
	for i := range list {
		env := list[i].Env
		if len(env) == 0 {
			continue
		}
		list[i].Env = nil
		if !sameVariables(c.mapped(list, used, v), v.refs, list[i].Name) {
			list[i].Env = env
			continue
		}
		if used[i].vault != "" && used[i].keyed {
			c.report.add(EnvOmitted, used[i].where, With{"secret": list[i].Name})
		}
	}
}

// mapped returns the environment that the function derives from a list.
func (c *converter) mapped(list []v1alpha1.Secret, used []*vaultSecret, v *variables) []envmap.Variable {
	secrets := make([]envmap.Secret, len(list))
	for i, l := range list {
		secrets[i] = envmap.Secret{Name: l.Name, Prefix: l.Prefix}
		for _, k := range knownKeys(used[i], v.refs) {
			secrets[i].Keys = append(secrets[i].Keys, envmap.Key{Name: k, DataKey: l.Name + "." + k})
		}
		for _, e := range l.Env {
			secrets[i].Env = append(secrets[i].Env, envmap.Mapping{Name: e.Name, Key: e.Key})
		}
	}

	return envmap.Map(v.config, secrets, c.options.EnvironmentPrefixes, envmap.Policy{}).Variables
}

// knownKeys returns all keys of a hand-written secret, and the used keys of any other.
func knownKeys(s *vaultSecret, refs map[string]ref) []string {
	if s.structure != nil {
		return s.structure
	}
	var keys []string
	for _, r := range refs {
		if strings.EqualFold(r.secret, s.name) {
			keys = append(keys, r.key)
		}
	}
	slices.Sort(keys)

	return slices.Compact(keys)
}

// sameVariables reports whether one secret gives exactly the wanted variables.
func sameVariables(got []envmap.Variable, want map[string]ref, secret string) bool {
	n := 0
	for _, g := range got {
		if g.Secret != "" && want[g.Name] != (ref{secret: g.Secret, key: g.Key}) {
			if strings.EqualFold(g.Secret, secret) || want[g.Name].secret == secret {
				return false
			}
		}
		if g.Secret == secret {
			n++
		}
	}
	for _, r := range want {
		if r.secret == secret {
			n--
		}
	}

	return n == 0
}
