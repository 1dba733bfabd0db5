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

// isForAll tells whether a binding leaves out no request. The API server has defaults for some of the fields.
func isForAll(match map[string]any) bool {
	for field, value := range match {
		if m, ok := value.(map[string]any); field == "matchPolicy" || ok && len(m) == 0 {
			continue
		}

		return false
	}

	return true
}

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

	// As the policies read them: to the letter.
	lines := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return l == "" })
	}

	return &parameters{found: true, groups: lines(of.Data["groups"]), users: lines(of.Data["users"]), azureProviders: lines(of.Data["azureProviders"])}
}

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

// auditedFirst are the policies that package/platform/audit-namespaces has record and not refuse.
func auditedFirst() []string {
	return []string{"function-platform-application-namespaces", "provider-keyvault-secretsync-namespaces"}
}

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
			// Without parameters all policies refuse everything, and which of them the API server names is a matter of chance.
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

	// Crossplane runs all providers in its own namespace. Spaces make it another account, which nobody has.
	for _, account := range p.azureProviders {
		if !strings.HasPrefix(strings.TrimSpace(account), "system:serviceaccount:"+d.platform.Namespace+":") {
			tooWide("azureProviders", account)
		}
	}

	if account := "system:serviceaccount:" + d.platform.Namespace + ":" + platform.AzureServiceAccount; !slices.Contains(p.azureProviders, account) {
		d.add(AzureProviderUnlisted, object, params{"account": account, "namespace": d.platform.Namespace})
	}
}

// isTooWide tells whether teams are behind an account, or Argo CD, which applies what they have in Git, or everything that runs in a
// namespace of the platform or the cluster: one of its components may be taken over.
func (d *decision) isTooWide(account string) bool {
	if slices.Contains([]string{"system:anonymous", "system:authenticated", "system:unauthenticated", "system:serviceaccounts"}, account) {
		return true
	}

	if ns, ok := strings.CutPrefix(account, "system:serviceaccounts:"); ok {
		return slices.Contains(platformNamespaces(d.platform.Namespace), ns) || d.isOfTeams(ns)
	}

	if of, ok := strings.CutPrefix(account, "system:serviceaccount:"); ok {
		ns, name, _ := strings.Cut(of, ":")

		// Names as its manifests, its charts and its command line have them, whatever its namespace is called.
		return strings.Contains(name, "argocd") || d.isOfTeams(ns)
	}

	return false
}
