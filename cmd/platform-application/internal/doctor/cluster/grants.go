// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// neededGrants returns the grants of package/rbac and package/provider.
func neededGrants(ns string) []grant {
	crossplane := "system:serviceaccount:" + ns + ":crossplane"

	out := []grant{{"system:serviceaccount:" + ns + ":" + platform.CreatorServiceAccount, "create", "", "serviceaccounts/token"}}
	for _, g := range []grant{
		{group: "autoscaling", resource: "horizontalpodautoscalers"},
		{group: "networking.k8s.io", resource: "ingresses"},
		{group: "networking.k8s.io", resource: "networkpolicies"},
		{group: "policy", resource: "poddisruptionbudgets"},
		{group: "keda.sh", resource: "scaledobjects"},
	} {
		out = append(out, grant{crossplane, "create", g.group, g.resource})
	}

	return append(out, grant{crossplane, "get", "", "namespaces"}, grant{crossplane, "get", "azure.m.upbound.io", "clusterproviderconfigs"})
}

// grants reviews the permissions that accounts need, except those that Crossplane grants itself.
func (r *reader) grants() map[grant]bool {
	out := map[grant]bool{}

	for _, g := range neededGrants(r.kube.Namespace) {
		name, sub, _ := strings.Cut(g.resource, "/")
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: g.account, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + r.kube.Namespace, "system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: g.verb, Group: g.group, Resource: name, Subresource: sub},
		}}

		if err := r.kube.Client.Create(r.ctx, review); err != nil {
			r.unread("", "create", "subjectaccessreviews.authorization.k8s.io", err)

			return out
		}

		out[g] = review.Status.Allowed
	}

	return out
}

// grants checks the permissions that accounts need.
func (d *decision) grants() {
	for _, g := range slices.SortedFunc(maps.Keys(d.facts.grants), func(a, b grant) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		if !d.facts.grants[g] {
			name := strings.TrimSuffix(g.resource+"."+g.group, ".")
			d.add(GrantMissing, g.account, params{"verb": g.verb, "resource": name})
		}
	}
}
