// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package settings resolves the platform settings: the input of the function, overlaid by an
// EnvironmentConfig, validated and with defaults.
package settings

import (
	"encoding/json"
	"errors"
	"maps"

	kjson "sigs.k8s.io/json"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/internal/jsonerror"
)

// ResolutionOptional is the resolution policy of an EnvironmentConfig that may be missing.
const ResolutionOptional = "Optional"

// A Reference names the EnvironmentConfig that overlays the input.
type Reference struct {
	Name     string
	Required bool
}

// EnvironmentConfig returns the reference to the EnvironmentConfig that overlays the input.
func EnvironmentConfig(input *v1alpha1.PlatformConfig) Reference {
	ref := Reference{Name: v1alpha1.DefaultEnvironmentConfig, Required: true}
	if r := input.Spec.EnvironmentConfigRef; r != nil {
		if r.Name != "" {
			ref.Name = r.Name
		}
		ref.Required = r.Resolution != ResolutionOptional
	}

	return ref
}

// Resolve overlays the input with the data of an EnvironmentConfig, which may be nil. It merges
// objects, and replaces lists and scalars. A null removes a setting. It returns the settings with their defaults, or an
// error that names every missing or invalid field.
func Resolve(input *v1alpha1.PlatformConfig, overlay map[string]any) (s v1alpha1.PlatformConfigSpec, err error) {
	base, err := own(input, overlay)
	if err != nil {
		return s, err
	}
	if err := checkOutsideZones(base); err != nil {
		return s, finding.Err(finding.SettingsUnusable, finding.With{"cause": err})
	}

	return resolve(base)
}

// own returns the platform's own settings, which landing zones overlay.
func own(input *v1alpha1.PlatformConfig, overlay map[string]any) (map[string]any, error) {
	base, err := toMap(input.Spec)
	if err != nil {
		return nil, finding.Err(finding.SettingsInputUnreadable, finding.With{"cause": err})
	}

	return merge(base, overlay), nil
}

func resolve(settings map[string]any) (s v1alpha1.PlatformConfigSpec, err error) {
	if err := fromMap(settings, &s); err != nil {
		return s, finding.Err(finding.SettingsUnreadable, finding.With{"cause": err})
	}
	if err := check(&s, anyField); err != nil {
		return s, finding.Err(finding.SettingsUnusable, finding.With{"cause": err})
	}
	setDefaults(&s)

	return s, nil
}

// merge returns base overlaid by over. It does not change its arguments. A null that removes nothing
// stays, because its name can be misspelt.
func merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for k, v := range over {
		had, exists := out[k]
		b, okBase := had.(map[string]any)
		o, okOver := v.(map[string]any)
		switch {
		case okBase && okOver:
			out[k] = merge(b, o)
		case exists && v == nil:
			// Decoded, it would be an empty tag or label, or a limit of zero.
			delete(out, k)
		default:
			out[k] = v
		}
	}

	return out
}

func toMap(s v1alpha1.PlatformConfigSpec) (map[string]any, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller names what was read.
	}
	m := map[string]any{}

	return m, json.Unmarshal(b, &m) //nolint:wrapcheck // The caller names what was read.
}

// fromMap is strict, because a misspelt setting must not be ignored silently.
func fromMap(m map[string]any, s *v1alpha1.PlatformConfigSpec) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err //nolint:wrapcheck // The caller names what was read.
	}
	// encoding/json ignores case, so a setting of the input could override a misspelt one.
	unknown, err := kjson.UnmarshalStrict(b, s)
	if err != nil {
		return jsonerror.Explain(err)
	}

	return errors.Join(unknown...)
}
