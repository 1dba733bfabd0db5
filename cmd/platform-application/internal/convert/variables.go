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
	reference      = regexp.MustCompile(`\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)`)
	looksLikeValue = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|private_?key|credential)`)
)

// variables is the environment that the container has today. Of a name that
// occurs more than once, Kubernetes takes the last.
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
		c.report.todo(at, "Secret %s is not among the manifests. Give it, or the ExternalSecret that makes it", from.SecretRef.Name)
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
		if s.all && s.prefix != from.Prefix || from.Prefix != "" && !prefixName.MatchString(from.Prefix) {
			c.report.todo(at, "prefix %q for all keys of secret %s: one prefix is possible, of upper-case letters, digits and underscores. List the keys with env", from.Prefix, name)
			continue
		}
		s.all, s.prefix = true, from.Prefix
	}
}

func (s *vaultSecret) use(optional bool) {
	s.optional, s.required = s.optional || optional, s.required || !optional
}

// bindKey makes a variable of one key.
func (c *converter) bindKey(name string, r ref, optional bool, v *variables, at string) {
	if r.secret == "" {
		return // Why is in the report.
	}
	c.secrets[strings.ToLower(r.secret)].use(optional)
	if !variableName.MatchString(name) {
		derived := envmap.Name(name)
		c.report.todo(at, "variable %s: a name has letters, digits and underscores. It becomes %s; change your code", name, derived)
		name = derived
	}
	v.setRef(name, r)
}

func (c *converter) bindConfigMap(from corev1.EnvFromSource, v *variables, at string) {
	m := c.configMap(from.ConfigMapRef.Name)
	if m == nil {
		c.report.todo(at, "ConfigMap %s is not among the manifests. Give it, or copy it into spec.config", from.ConfigMapRef.Name)
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m.Data)) {
		c.bindConfig(from.Prefix+k, m.Data[k], v, at)
	}
}

func (c *converter) bindConfig(name, value string, v *variables, at string) {
	if !configName.MatchString(name) {
		c.report.todo(at, "variable %s: a name has letters, digits, underscores, dots and hyphens. It is left out", name)
		return
	}
	if looksLikeValue.MatchString(name) && value != "" && !strings.Contains(value, "$(") {
		c.report.note(at, "%s is plain text in the manifest. If it is a secret, put it into the vault, and list it in spec.secrets", name)
	}
	v.setConfig(name, value)
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
			c.report.todo(at, "key %s of ConfigMap %s is not among the manifests. Give it, or set the variable in spec.config", from.ConfigMapKeyRef.Key, from.ConfigMapKeyRef.Name)
			return
		}
		c.bindConfig(e.Name, value, v, at)
	default:
		c.report.todo(at, "fields of the pod and its resources cannot be variables. Let your code do without")
	}
}

// keyOf is what a key of a Secret is made from.
func (c *converter) keyOf(k *corev1.SecretKeySelector, at string) (ref, bool) {
	t := c.targets[k.Name]
	if t == nil {
		c.report.todo(at, "Secret %s is not among the manifests. Give it, or the ExternalSecret that makes it", k.Name)
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
		c.report.todo(at, "key %s may come from any of the secrets %s. Add it to env of the one that has it", k.Key, strings.Join(t.all, ", "))
	default:
		c.report.todo(at, "%s has no key %s. The pod cannot start with it today, either", t.where, k.Key)
	}
	return ref{}, false
}

// checkReferences finds $(NAME) that would no longer be replaced: config is
// sorted by name, and only what is above is known.
func (c *converter) checkReferences(d *deployment, v *variables) {
	for _, name := range slices.Sorted(maps.Keys(v.config)) {
		for _, m := range reference.FindAllStringSubmatch(v.config[name], -1) {
			if _, ok := v.config[m[1]]; ok && m[1] >= name {
				c.report.todo(fmt.Sprintf("%s, env %s", d.object, name), "$(%s) stays as it is, because config is sorted by name. Write the value out, or rename one of the two", m[1])
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
			c.report.todo(t.where, "the container gets no variable from Secret %s, so none of it is in the manifest. If it is mounted or not used at all, see whether it is needed", name)
			continue
		}
		c.report.todo(t.where, "no workload that uses Secret %s is given. Its variables are called as its keys, as envFrom does it. Give the Deployment, too, or compare", name)
		c.bindSecret(corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}, v, t.where)
	}
}

// specSecrets lists the secrets of the application. It spells env out only where
// the names would otherwise be others.
func (c *converter) specSecrets(v *variables) []v1alpha1.Secret { //nolint:gocognit // A list of limits, each with its finding.
	var list []v1alpha1.Secret
	var used []*vaultSecret
	for _, s := range c.order {
		if s.whole && s.keyed {
			c.report.todo(s.where, "secret %s is used as a whole and by key. Store one of the two as a secret of its own; it is listed by key", s.name)
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
			c.report.note(s.where, "secret %s is optional in one place and required in another. It is required", s.name)
		}
		entry := v1alpha1.Secret{Name: s.name, Keys: s.structure, Version: s.version, RefreshInterval: s.refresh, Env: env, Optional: s.optional && !s.required}
		if len(entry.Keys) > maxKeys {
			entry.Keys = nil
		}
		if s.whole {
			// Otherwise a value that is JSON would be taken apart.
			entry.Format = "Text"
		}
		if s.all {
			c.takeAll(s, &entry)
		}
		if len(entry.Env) > maxEnv {
			c.report.todo(s.where, "more than %d variables come from secret %s, which is the limit of env. Split the secret", maxEnv, s.name)
		}
		s.listed = true
		list, used = append(list, entry), append(used, s)
	}
	if len(list) > maxSecrets {
		c.report.todo("spec.secrets", "there are more than %d secrets, which is the limit. Put some together", maxSecrets)
	}
	c.omitDerived(list, used, v)
	return list
}

// mappings to the keys of one secret, by name.
func mappings(s *vaultSecret, refs map[string]ref) []v1alpha1.EnvVar {
	var env []v1alpha1.EnvVar
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if r := refs[name]; strings.EqualFold(r.secret, s.name) {
			env = append(env, v1alpha1.EnvVar{Name: name, Key: r.key})
		}
	}
	return env
}

// takeAll lists a secret every key of which becomes a variable.
func (c *converter) takeAll(s *vaultSecret, entry *v1alpha1.Secret) {
	for _, e := range entry.Env {
		if s.prefix+envmap.Name(e.Key) != e.Name || (envmap.Policy{}).Withholds(e.Name) {
			c.report.todo(s.where, "variable %s from key %s of secret %s: either all keys become variables, or those that env lists. It is left out", e.Name, e.Key, s.name)
		}
	}
	entry.Env, entry.Prefix = nil, s.prefix
	c.report.todo(s.where, "every key of secret %s becomes a variable in upper case: clientId is CLIENT_ID. See which keys it has; if your code reads other names, or one that is withheld without env, such as HTTPS_PROXY, list them with env", s.name)
}

// omitDerived leaves env out of every secret that gives the same variables
// without it.
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
			c.report.note(used[i].where, "secret %s is listed without env, because its keys are called as the variables. Other keys that it may have become variables, too", list[i].Name)
		}
	}
}

// mapped is the environment that a list gives, as the function sees it.
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

// knownKeys of a secret: those of a hand-written one, else those that are used.
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

// sameVariables tells whether one secret gives exactly the variables it should.
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
