// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"regexp"
	"strings"

	"github.com/p6m-dev/platform-application/fn/envmap"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// variableName matches references that can be shown. Any other text between $( and ) can be
// a part of a confidential value.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,99}$`)

// fromServices matches variables that Kubernetes derives from Services: always from the
// Service of the API server, and from those of the namespace if a pod enables service links.
var fromServices = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)

// unresolved returns the references in config that Kubernetes does not expand. The variables
// of a secret without a value are unknown, unless env names them.
func (c *composition) unresolved(s secrets) (ignored []IgnoredField) {
	mapped, unknown := map[string]bool{}, false
	for _, secret := range s.list {
		for _, e := range secret.spec.Env {
			mapped[e.Name] = true
		}
		unknown = unknown || !secret.ready() && len(secret.spec.Env) == 0
	}
	links := Object(c.desired[NameDeployment].Object).object("spec", "template", "spec")["enableServiceLinks"] != false
	provided := func(name string) bool {
		return mapped[name] || fromServices.MatchString(name) && (links || strings.HasPrefix(name, "KUBERNETES_"))
	}
	inOtherCase := s.variablesInLowerCase()
	for u := range s.environment.Unresolved(provided) {
		if !u.Later && unknown {
			continue
		}
		f := IgnoredField{Path: reference(u)}
		if len(ignored) == mostIgnored {
			f.Why = finding.New(finding.ReferencesNotChecked)
			return append(ignored, f)
		}
		f.Why = finding.New(finding.ReferenceUnknown)
		if u.Later {
			f.Why = finding.New(finding.ReferenceLater)
		} else if other := inOtherCase[strings.ToLower(u.Name)]; other != "" {
			f.Why, f.Meant = finding.Finding{}, "$("+other+")"
		}
		ignored = append(ignored, f)
	}

	return ignored
}

// reference returns a reference and the path of its field.
func reference(u envmap.Unresolved) string {
	field := Child("spec.config", u.Variable)
	if !variableName.MatchString(u.Name) {
		return finding.Say(finding.ReferenceUnprintable, finding.With{"field": field})
	}

	return finding.Say(finding.Reference, finding.With{"variable": u.Name, "field": field})
}

// variablesInLowerCase returns the variables of secrets by their lower-case names.
func (s secrets) variablesInLowerCase() map[string]string {
	names := map[string]string{}
	for _, v := range s.environment.Variables {
		if lower := strings.ToLower(v.Name); v.Secret != "" && names[lower] == "" {
			names[lower] = v.Name
		}
	}

	return names
}
