// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	acceptanceName    = "platform-application-acceptance"
	acceptanceAccount = "system:serviceaccount:crossplane-system:" + acceptanceName
)

// TestAcceptance checks that the account of acceptance runs can only create, use and delete namespaces of
// runs.
func TestAcceptance(t *testing.T) {
	enforceAcceptance(t)

	cfg, err := server.ConfigForUser(acceptanceAccount, "system:serviceaccounts", "system:serviceaccounts:crossplane-system")
	check.Must(t, err)

	c, err := client.New(cfg, client.Options{})
	check.Must(t, err)

	run := func(id string, more ...string) *corev1.Namespace {
		n := labelled("acceptance-"+id, map[string]string{"meta.p6m.dev/workloads": "composed", "meta.p6m.dev/acceptance": id})
		for i := 0; i+1 < len(more); i += 2 {
			n.Labels[more[i]] = more[i+1]
		}

		return n
	}

	const (
		mine, other = "abcdefgh23", "zzzzzzzz77"
		noRun       = "does not belong to an acceptance run"
		noLabel     = "has a label of the platform that an acceptance run must not set"
		ownRole     = "may bind only its own role to its own account"
		forbidden   = "is forbidden"
	)

	// The API server needs a moment to read roles and policies.
	err = apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if err := c.Create(ctx, labelled("shop", nil), client.DryRunAll); err == nil || !strings.Contains(err.Error(), noRun) {
			return fmt.Errorf("the policy is not in force: %w", err)
		}

		return c.Create(ctx, run(mine), client.DryRunAll)
	})
	check.Must(t, err)

	theirs := labelled("acceptance-team", nil)
	stolen := labelled("acceptance-stolen", map[string]string{"meta.p6m.dev/acceptance": mine})

	for _, n := range []*corev1.Namespace{run(other), theirs, stolen} {
		check.Must(t, server.Client().Create(t.Context(), n))
	}

	binding := func(namespace, role string, subject rbacv1.Subject) *rbacv1.RoleBinding {
		return &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "run"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{subject},
		}
	}
	self := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: acceptanceName}
	role := acceptanceName + "-namespace"

	create := func(o client.Object) func(context.Context) error {
		return func(ctx context.Context) error { return c.Create(ctx, o, client.DryRunAll) }
	}
	remove := func(n *corev1.Namespace) func(context.Context) error {
		return func(ctx context.Context) error { return c.Delete(ctx, n.DeepCopy(), client.DryRunAll) }
	}

	cases := map[string]struct {
		reason string
		do     func(context.Context) error
		want   string
	}{
		"Namespace":    {"A run creates its namespace.", create(run(mine)), ""},
		"Tenant":       {"The namespace may have the run as its tenant.", create(run(mine, "meta.p6m.dev/tenant", "acceptance-"+mine)), ""},
		"Zone":         {"Other policies protect other labels.", create(run(mine, "example.com/zone", "a")), ""},
		"OtherTenant":  {"The namespace must not have a tenant, because it could find that tenant's vaults.", create(run(mine, "meta.p6m.dev/tenant", "acme")), noLabel},
		"Workloads":    {"The label has only one valid value.", create(run(mine, "meta.p6m.dev/workloads", "all")), noLabel},
		"Name":         {"A run creates no other namespace.", create(labelled("shop", map[string]string{"meta.p6m.dev/acceptance": mine})), noRun},
		"NoLabel":      {"A namespace without the label could not be attributed to a run.", create(labelled("acceptance-"+mine, nil)), noRun},
		"OtherLabel":   {"A namespace with the label of another run could not be attributed to its run.", create(run(mine, "meta.p6m.dev/acceptance", other)), noRun},
		"Delete":       {"A run may delete the namespace of another run.", remove(run(other)), ""},
		"DeleteTeam":   {"A namespace of a team with a similar name is protected.", remove(theirs), noRun},
		"DeleteStolen": {"The label alone is not sufficient.", remove(stolen), noRun},
		"DeleteSystem": {"Other namespaces are protected.", remove(labelled(namespace, nil)), noRun},
		"Bind":         {"A run gets its permissions in its namespace.", create(binding("acceptance-"+other, role, self)), ""},
		"BindTeam":     {"A run gets no permissions in the namespace of a team.", create(binding("acceptance-team", role, self)), noRun},
		"BindSystem":   {"A run gets no permissions in the platform's namespace.", create(binding(namespace, role, self)), noRun},
		"BindAdmin":    {"A run gets no additional permissions.", create(binding("acceptance-"+other, "cluster-admin", self)), forbidden},
		"BindOther":    {"A run grants no permissions to others.", create(binding("acceptance-"+other, role, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:authenticated"})), ownRole},
		"Secrets": {"A run cannot read Secrets.", func(ctx context.Context) error {
			return c.List(ctx, &corev1.SecretList{}, client.InNamespace("acceptance-"+other))
		}, forbidden},
		"Logs": {"A run cannot read pods elsewhere.", func(ctx context.Context) error { return c.List(ctx, &corev1.PodList{}, client.InNamespace(namespace)) }, forbidden},
		"Label": {"A run cannot label existing namespaces.", func(ctx context.Context) error {
			return c.Patch(ctx, theirs.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"meta.p6m.dev/acceptance":"team"}}}`)), client.DryRunAll)
		}, forbidden},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, tc.reason, tc.want, tc.do(t.Context()))
		})
	}
}

// enforceAcceptance applies the component for the duration of the test, with the policies of the base about
// namespaces.
func enforceAcceptance(t *testing.T) {
	t.Helper()

	for _, o := range overlay(t, "acceptance") {
		wanted := o.GetKind() != "CronJob" && strings.HasPrefix(o.GetName(), acceptanceName) ||
			o.GetName() == "platform-application-namespaces" || o.GetName() == "platform-application-admission" && o.GetKind() == "ConfigMap"
		if !wanted {
			continue
		}

		enforce(t, o)
	}
}
