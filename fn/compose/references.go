// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"regexp"
	"slices"
	"strings"
)

// variableName is all of a reference that is shown. Whatever else is between $( and ) may
// be a part of any value.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,99}$`)

// fromServices are the variables that Kubernetes makes from Services: always from that of
// the API server, and from those of the namespace if a pod wants them.
var fromServices = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)

// unresolved lists the references in config that Kubernetes leaves as they are. What a
// secret without value would provide is not known yet, unless env says it.
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
	for _, u := range s.environment.Unresolved(provided) {
		f := IgnoredField{Path: "$(…)"}
		if variableName.MatchString(u.Name) {
			f.Path = "$(" + u.Name + ")"
		}
		f.Path += " in " + Child("spec.config", u.Variable)
		switch {
		case u.Later:
			f.Why = "only variables of secrets, and of config if they come before it in the alphabet, can be referred to"
		case unknown:
			continue
		default:
			f.Why = "there is no variable of that name"
			if other := s.inOtherCase(u.Name); other != "" {
				f.Why, f.Meant = "", "$("+other+")"
			}
		}
		ignored = append(ignored, f)
	}
	return slices.Compact(ignored)
}

// inOtherCase is the variable of a secret whose name differs in case only.
func (s secrets) inOtherCase(name string) string {
	for _, v := range s.environment.Variables {
		if v.Secret != "" && strings.EqualFold(v.Name, name) {
			return v.Name
		}
	}
	return ""
}
