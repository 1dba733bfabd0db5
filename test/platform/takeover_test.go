// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestTakeover checks that Argo CD creates namespaces of teams, but never takes over an existing
// namespace: a directory in Git could have the name of a platform namespace.
func TestTakeover(t *testing.T) {
	enforceTakeover(t)

	composed := map[string]string{"meta.p6m.dev/workloads": "composed"}

	for _, n := range []*corev1.Namespace{
		namespaceOf("takeover-theirs", ""), namespaceOf("takeover-team", "takeover-team"), namespaceOf("takeover-stage", "other"),
		labelled("takeover-composed", composed), ownedBy("takeover-owned", "takeover-owned", "acme-2025"),
	} {
		check.Must(t, server.Client().Create(t.Context(), n))
	}

	argocd := userClient(t, "system:serviceaccount:argocd:argocd-application-controller")
	apply := func(ctx context.Context, c client.Client, n *corev1.Namespace) error {
		//nolint:staticcheck // As Argo CD does, with an object.
		return c.Patch(ctx, n, client.Apply, client.FieldOwner("argocd-controller"), client.ForceOwnership, client.DryRunAll)
	}

	const refused = "the namespace existed before the team"

	// The API server needs a moment to read the policy.
	err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if err := apply(ctx, argocd, namespaceOf("takeover-theirs", "takeover-theirs")); err == nil || !strings.Contains(err.Error(), refused) {
			return fmt.Errorf("the policy is not in force: %w", err)
		}

		return nil
	})
	check.Must(t, err)

	cases := map[string]struct {
		reason    string
		client    client.Client
		namespace *corev1.Namespace
		want      string
	}{
		"New":       {"Argo CD creates the namespace of a new team.", argocd, namespaceOf("takeover-new", "takeover-new"), ""},
		"Again":     {"Argo CD updates the namespace of the team.", argocd, namespaceOf("takeover-team", "takeover-team"), ""},
		"OtherTeam": {"Argo CD cannot take over the namespace of another team.", argocd, namespaceOf("takeover-stage", "takeover-stage"), refused},
		"NoTeam":    {"Argo CD cannot take over a namespace without a team.", argocd, namespaceOf("takeover-composed", "takeover-composed"), refused},
		"Tenant":    {"Argo CD sets the tenant of a team without one.", argocd, ownedBy("takeover-team", "takeover-team", "acme-2026"), ""},
		"SameOwner": {"Argo CD applies an unchanged tenant again.", argocd, ownedBy("takeover-owned", "takeover-owned", "acme-2025"), ""},
		"Newcomer":  {"A later team with the same directory does not get the running applications.", argocd, ownedBy("takeover-owned", "takeover-owned", "acme-2026"), refused},
		"Foreign":   {"A tenant alone does not make a namespace the team's.", argocd, ownedBy("takeover-composed", "", "acme-2026"), refused},
		"Composed":  {"Only administrators decide which namespaces may have pods of applications.", argocd, labelled("takeover-theirs", composed), refused},
		"System":    {"Namespaces of Kubernetes do not belong to teams.", argocd, namespaceOf("kube-system", "kube-system"), refused},
		"Else":      {"Other changes of platform namespaces are not restricted.", argocd, labelled("takeover-theirs", map[string]string{"a": "b"}), ""},
		"ByHand":    {"An administrator may assign a namespace to a team.", server.Client(), namespaceOf("takeover-theirs", "takeover-theirs"), ""},
		"Agent":     {"Argo CD in another cluster cannot take over a namespace either.", userClient(t, "system:serviceaccount:kube-system:argocd-manager"), namespaceOf("takeover-theirs", "takeover-theirs"), refused},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, tc.reason, tc.want, apply(t.Context(), tc.client, tc.namespace))
		})
	}
}

// enforceTakeover applies the policy for the duration of the test.
func enforceTakeover(t *testing.T) {
	t.Helper()

	for _, o := range file(t, base+"/argocd/namespaces/takeover.yaml") {
		enforce(t, o)
	}
}

// userClient returns a client of a user with all permissions, like Argo CD's in its own
// installation.
func userClient(t *testing.T, user string) client.Client {
	t.Helper()

	cfg, err := server.ConfigForUser(user, "system:masters")
	check.Must(t, err)

	c, err := client.New(cfg, client.Options{})
	check.Must(t, err)

	return c
}

// namespaceOf returns a Namespace of a team, or one without a team.
func namespaceOf(name, team string) *corev1.Namespace {
	if team == "" {
		return labelled(name, nil)
	}

	return labelled(name, map[string]string{"meta.p6m.dev/workloads": "composed", "meta.p6m.dev/team": team})
}

// ownedBy returns a Namespace of a tenant and, unless it is empty, of a team.
func ownedBy(name, team, tenant string) *corev1.Namespace {
	n := namespaceOf(name, team)
	if n.Labels == nil {
		n.Labels = map[string]string{"meta.p6m.dev/workloads": "composed"}
	}

	n.Labels["meta.p6m.dev/tenant"] = tenant

	return n
}

func labelled(name string, labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}
