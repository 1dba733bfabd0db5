// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

const (
	// maxVariables is the limit of a list of variables, because each is compared with every key.
	maxVariables  = 200
	maxStructures = 200
	maxPrefixes   = 50
)

// An asterisk alone would withhold everything.
var (
	withheldVariable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*\*?|\*[A-Za-z0-9_]+)$`)
	allowedVariable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (c *checker) secrets(path *field.Path, s *v1alpha1.SecretDefaults) {
	if s == nil {
		return
	}
	c.atMost(path.Child("environmentPrefixes"), len(s.EnvironmentPrefixes), maxPrefixes)
	for i, p := range s.EnvironmentPrefixes {
		if p == "" {
			c.add(field.Required(path.Child("environmentPrefixes").Index(i), ""))
		}
	}
	c.unique(path.Child("environmentPrefixes"), each(s.EnvironmentPrefixes, strings.ToLower))
	c.atMost(path.Child("structures"), len(s.Structures), maxStructures)
	for i, st := range s.Structures {
		at := path.Child("structures").Index(i)
		if st.Name == "" {
			c.add(field.Required(at.Child("name"), ""))
		}
		c.keys(at.Child("keys"), st.Keys)
	}
	c.uniqueKeys(path.Child("structures"), "name", each(s.Structures, func(st v1alpha1.SecretStructure) string { return strings.ToLower(st.Name) }))
	c.shared(path.Child("shared"), s.Shared)
	c.variables(path.Child("withheldVariables"), s.WithheldVariables, withheldVariable, finding.VariablePatternInvalid)
	c.variables(path.Child("allowedVariables"), s.AllowedVariables, allowedVariable, finding.VariableNotInFull)
	c.pollInterval(path.Child("pollInterval"), s.PollInterval)
	if s.FastPollInterval != "" {
		if d, err := time.ParseDuration(s.FastPollInterval); err != nil || d < time.Second && d != 0 {
			c.invalid(path.Child("fastPollInterval"), s.FastPollInterval, finding.FastPollIntervalInvalid)
		}
	}
}

func (c *checker) pollInterval(path *field.Path, value string) {
	if value == "" {
		return
	}
	if d, err := time.ParseDuration(value); err != nil || d < time.Second {
		c.invalid(path, value, finding.PollIntervalInvalid)
	}
}

func (c *checker) variables(path *field.Path, names []string, valid *regexp.Regexp, reason finding.Reason) {
	c.atMost(path, len(names), maxVariables)
	for i, name := range names {
		if !valid.MatchString(name) {
			c.invalid(path.Index(i), name, reason)
		}
	}
	c.unique(path, names)
}

// keys applies the rules for keys in a manifest.
func (c *checker) keys(path *field.Path, keys []string) {
	c.atMost(path, len(keys), 50)
	for i, k := range keys {
		if len(validation.IsConfigMapKey(k)) > 0 || len(k) > 125 {
			c.invalid(path.Index(i), k, finding.KeyInvalid)
		}
	}
	c.unique(path, keys)
}

// builtinStructures come last, because the first structure of a name is used.
func builtinStructures() []v1alpha1.SecretStructure {
	return []v1alpha1.SecretStructure{
		{Name: "postgres-credentials", Keys: []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PORT"}},
		{Name: "api-credentials", Keys: []string{"API_KEY", "API_SECRET"}},
		{Name: "webhook-tokens", Keys: []string{"WEBHOOK_TOKEN"}},
		// It has no keys: a created secret would block the import of a Key Vault
		// certificate of this name, for 90 days if the vault has purge protection.
		{Name: "tls-certificates"},
	}
}

// Structure returns the keys of the first structure with that name, for a new secret.
// The name has no environment prefix. Case is ignored, as in Key Vault.
func Structure(s *v1alpha1.PlatformConfigSpec, name string) (keys []string, ok bool) {
	for _, st := range s.Secrets.Structures {
		if strings.EqualFold(st.Name, name) {
			return st.Keys, true
		}
	}

	return nil, false
}
