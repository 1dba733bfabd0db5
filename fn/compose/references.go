// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"regexp"
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
	inOtherCase := s.variablesInLowerCase()
	for u := range s.environment.Unresolved(provided) {
		if !u.Later && unknown {
			continue
		}
		f := IgnoredField{Path: "$(…)"}
		if variableName.MatchString(u.Name) {
			f.Path = "$(" + u.Name + ")"
		}
		f.Path += " in " + Child("spec.config", u.Variable)
		if len(ignored) == mostIgnored {
			f.Why = "this and later references are not checked"
			return append(ignored, f)
		}
		f.Why = "there is no variable of that name"
		if u.Later {
			f.Why = "only variables of secrets, and of config if they come before it in the alphabet, can be referred to"
		} else if other := inOtherCase[strings.ToLower(u.Name)]; other != "" {
			f.Why, f.Meant = "", "$("+other+")"
		}
		ignored = append(ignored, f)
	}
	return ignored
}

// variablesInLowerCase are those of secrets, by their names in lower case.
func (s secrets) variablesInLowerCase() map[string]string {
	names := map[string]string{}
	for _, v := range s.environment.Variables {
		if lower := strings.ToLower(v.Name); v.Secret != "" && names[lower] == "" {
			names[lower] = v.Name
		}
	}
	return names
}
