// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// parametersName is the ConfigMap with the parameters of the policies.
const parametersName = "platform-application-admission"

// policies reads all ValidatingAdmissionPolicies and their bindings.
func (r *reader) policies() map[string]policy {
	out := map[string]policy{}

	known := r.list(admissionPolicies, "", func(o map[string]any) {
		var of struct {
			Spec struct {
				FailurePolicy   string `json:"failurePolicy"`
				MatchConditions []struct {
					Name string `json:"name"`
				} `json:"matchConditions"`
			} `json:"spec"`
		}

		decode(o, &of)

		p := policy{ignores: of.Spec.FailurePolicy == "Ignore"}
		for _, c := range of.Spec.MatchConditions {
			p.conditions = append(p.conditions, c.Name)
		}

		out[nameOf(o)] = p
	}) && r.list(bindings, "", func(o map[string]any) {
		var of struct {
			Spec struct {
				PolicyName        string         `json:"policyName"`
				MatchResources    map[string]any `json:"matchResources"`
				ValidationActions []string       `json:"validationActions"`
			} `json:"spec"`
		}

		decode(o, &of)

		if p, ok := out[of.Spec.PolicyName]; ok && isForAll(of.Spec.MatchResources) {
			p.actions = append(p.actions, of.Spec.ValidationActions...)
			out[of.Spec.PolicyName] = p
		}
	})
	if !known {
		return nil
	}

	return out
}

// isForAll reports whether a binding matches all requests. The API server sets defaults for some of the fields.
func isForAll(match map[string]any) bool {
	for field, value := range match {
		if m, ok := value.(map[string]any); field == "matchPolicy" || ok && len(m) == 0 {
			continue
		}

		return false
	}

	return true
}

// parameters reads the parameters of the policies.
func (r *reader) parameters() *parameters {
	u, known := r.get(configMaps, r.kube.Namespace, parametersName)
	if !known {
		return nil
	}

	if u == nil {
		return &parameters{}
	}

	var of struct {
		Data map[string]string `json:"data"`
	}

	decode(u.Object, &of)

	// The policies compare lines exactly, so spaces stay.
	lines := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return l == "" })
	}

	return &parameters{found: true, groups: lines(of.Data["groups"]), users: lines(of.Data["users"]), azureProviders: lines(of.Data["azureProviders"])}
}

// policies checks the policies of the platform and their bindings.
func (d *decision) policies() {
	if d.facts.policies == nil {
		return
	}

	for _, name := range expectedPolicies(d.facts) {
		object, with := "ValidatingAdmissionPolicy/"+name, params{"name": name}

		switch p, ok := d.facts.policies[name]; {
		case !ok:
			d.add(PolicyMissing, object, with)
		case slices.Contains(p.actions, "Deny") && p.ignores:
			d.add(PolicyIgnoresFailures, object, with)
		case slices.Contains(p.actions, "Deny"):
		case slices.Contains(p.actions, "Audit") && slices.Contains(auditedFirst(), name):
			d.add(PolicyAudited, object, with)
		default:
			d.add(PolicyUnbound, object, with)
		}
	}
}

// auditedFirst returns the policies that package/platform/audit-namespaces binds with the action Audit.
func auditedFirst() []string {
	return []string{"function-platform-application-namespaces", "provider-keyvault-secretsync-namespaces"}
}

// attempts checks the tests of the policies.
func (d *decision) attempts() {
	notAsAccount := map[string][]string{}

	var notTried []string

	for _, name := range slices.Sorted(maps.Keys(d.facts.attempts)) {
		object := "ValidatingAdmissionPolicy/" + name

		switch a := d.facts.attempts[name]; a.outcome {
		case refused:
		case admitted:
			d.add(PolicyAdmits, object, params{"account": a.account, "name": name})
		case untried:
			// Without parameters, all policies reject all requests, and the API server names any one of them.
			if p := d.facts.parameters; p != nil && !p.found {
				continue
			}

			d.add(PolicyUntried, object, params{"account": a.account, "error": a.why})
		case notAs:
			notAsAccount[a.account] = append(notAsAccount[a.account], name)
		case unwanted:
			notTried = append(notTried, name)
		}
	}

	if len(notTried) > 0 {
		d.add(PoliciesNotTried, "", params{"policies": finding.List(notTried)})
	}

	for _, account := range slices.Sorted(maps.Keys(notAsAccount)) {
		d.add(ImpersonationForbidden, account, params{"policies": finding.List(notAsAccount[account])})
	}
}

// parameters checks the parameters of the policies.
func (d *decision) parameters() {
	p := d.facts.parameters
	if p == nil {
		return
	}

	const object = "ConfigMap/" + parametersName

	with := params{"namespace": d.platform.Namespace}
	if !p.found {
		d.add(ParametersMissing, object, with)

		return
	}

	tooWide := func(list, account string) {
		d.add(PlatformAccountTooWide, object, params{"account": account, "list": list, "namespace": d.platform.Namespace})
	}

	for _, account := range p.groups {
		if d.isTooWide(account) {
			tooWide("groups", account)
		}
	}

	for _, account := range p.users {
		if d.isTooWide(account) {
			tooWide("users", account)
		}
	}

	// Crossplane runs all providers in its own namespace. An account with spaces matches nothing, so it is not too wide.
	for _, account := range p.azureProviders {
		if !strings.HasPrefix(strings.TrimSpace(account), "system:serviceaccount:"+d.platform.Namespace+":") {
			tooWide("azureProviders", account)
		}
	}

	if account := "system:serviceaccount:" + d.platform.Namespace + ":" + platform.AzureServiceAccount; !slices.Contains(p.azureProviders, account) {
		d.add(AzureProviderUnlisted, object, params{"account": account, "namespace": d.platform.Namespace})
	}
}

// isTooWide reports whether an account includes teams, or Argo CD, which applies manifests of teams, or all components in a namespace of the
// platform or the cluster, any of which could be compromised.
func (d *decision) isTooWide(account string) bool {
	if slices.Contains([]string{"system:anonymous", "system:authenticated", "system:unauthenticated", "system:serviceaccounts"}, account) {
		return true
	}

	if ns, ok := strings.CutPrefix(account, "system:serviceaccounts:"); ok {
		return slices.Contains(platformNamespaces(d.platform.Namespace), ns) || d.isOfTeams(ns)
	}

	if of, ok := strings.CutPrefix(account, "system:serviceaccount:"); ok {
		ns, name, _ := strings.Cut(of, ":")

		// Manifests, charts and the command line of Argo CD use this in the names of its accounts. The namespace can have any name.
		return strings.Contains(name, "argocd") || d.isOfTeams(ns)
	}

	return false
}
