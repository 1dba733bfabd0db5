//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/plane"
)

// TestPermissions proves that a missing role of the packages is reported with the missing
// permission, and that everything recovers once it exists. With all roles, every other test works.
func TestPermissions(t *testing.T) {
	namespace := namespaceOf(t, w.modern)

	cases := map[string]struct {
		reason string
		role   string
		// resource is the resource whose rule is removed from the role.
		resource string
		// kind is the kind of the resource. Crossplane only names the kind if it has never read an
		// object of it.
		kind string
		opts []manifestOption
	}{
		"Tokens": {
			reason:   "Without this rule, the provider cannot read vaults as the application.",
			role:     "provider-keyvault-secretsync",
			resource: "serviceaccounts/token",
		},
		"Autoscalers": {
			reason:   "Without this rule, Crossplane cannot compose autoscalers.",
			role:     "crossplane:platform-application",
			resource: "horizontalpodautoscalers",
			kind:     "HorizontalPodAutoscaler",
			opts:     []manifestOption{with("autoscaling.enabled", true), with("autoscaling.maxReplicas", int64(2))},
		},
		"Budgets": {
			reason:   "Without this rule, Crossplane cannot compose PodDisruptionBudgets.",
			role:     "crossplane:platform-application",
			resource: "poddisruptionbudgets",
			kind:     "PodDisruptionBudget",
			opts:     []manifestOption{with("deployment.replicas", int64(2))},
		},
		"Ingresses": {
			reason:   "Without this rule, Crossplane cannot compose Ingresses.",
			role:     "crossplane:platform-application",
			resource: "ingresses",
			kind:     "Ingress",
			opts: []manifestOption{
				with("networking.ingress.enabled", true), with("networking.ingress.hostnames", []any{"shop.example.com"}),
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			restore := removeRule(t, tc.role, tc.resource)
			defer restore()

			a := apply(t, w.modern, namespace, strings.ToLower(name), tc.opts...)
			pw := password()
			a.set(t, postgres(pw))

			err := plane.Eventually(t.Context(), "a condition or event that names "+tc.resource, func(ctx context.Context) error {
				return a.tellsOf(ctx, tc.resource, cmp.Or(tc.kind, tc.resource))
			})
			if err != nil {
				t.Errorf("\n%s\n%v", tc.reason, err)
			}

			restore()
			a.wait(t, plane.Ready)
			a.runsWith(t, pw)
		})
	}
}

// removeRule removes the rules about a resource from a role, and returns a function that restores
// them.
func removeRule(t *testing.T, role, resource string) func() {
	t.Helper()

	kube := w.modern.API.Client()

	found := &rbacv1.ClusterRole{}
	must(t, kube.Get(t.Context(), client.ObjectKey{Name: role}, found))

	all := found.DeepCopy().Rules
	found.Rules = nil

	for _, rule := range all {
		if len(rule.Resources) != 1 || rule.Resources[0] != resource {
			found.Rules = append(found.Rules, rule)
		}
	}

	if len(found.Rules) != len(all)-1 {
		t.Fatalf("ClusterRole %s has no rule of its own for %s", role, resource)
	}

	must(t, kube.Update(t.Context(), found))

	restored := false

	return func() {
		if restored {
			return
		}

		restored = true
		ctx := context.WithoutCancel(t.Context())

		must(t, kube.Get(ctx, client.ObjectKey{Name: role}, found))

		found.Rules = all
		must(t, kube.Update(ctx, found))
	}
}

// tellsOf returns an error unless a condition of the application, or an event about it or its
// parts, has one of the names.
func (a *app) tellsOf(ctx context.Context, names ...string) error {
	got, err := a.plane.Application(ctx, a.namespace, a.name)
	if err != nil {
		return err
	}

	var told []string

	for _, c := range got.Conditions() {
		told = append(told, c.Message)
	}

	for _, s := range got.Status.Secrets {
		told = append(told, s.Message)
	}

	events := &corev1.EventList{}
	if err := a.plane.API.Client().List(ctx, events, client.InNamespace(a.namespace)); err != nil {
		return fmt.Errorf("cannot list events: %w", err)
	}

	for _, e := range events.Items {
		if e.InvolvedObject.Name == a.name {
			told = append(told, e.Message)
		}
	}

	for _, name := range names {
		if slices.ContainsFunc(told, func(message string) bool { return strings.Contains(message, name) }) {
			return nil
		}
	}

	return fmt.Errorf("none does; the conditions are:\n%s", got.Conditions())
}
