// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const restrictions = "../../package/platform/restrictions/"

// userOf returns a client of a user with the role cluster-admin.
func userOf(t *testing.T, name string, groups ...string) client.Client {
	t.Helper()

	cfg, err := server.ConfigForUser(name, groups...)
	check.Must(t, err)

	c, err := client.New(cfg, client.Options{Scheme: admin.Scheme()})
	check.Must(t, err)

	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "admin-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}},
	}
	check.Must(t, admin.Create(t.Context(), binding))

	// The API server needs a moment to read roles and policies.
	err = apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		return c.List(ctx, &corev1.NamespaceList{}, client.Limit(1))
	})
	check.Must(t, err)

	return c
}

// restrict applies one of the platform's restrictions, and returns when it is in force.
func restrict(t *testing.T, name string, try func(context.Context) error) {
	t.Helper()

	check.Must(t, server.ApplyFiles(t.Context(), restrictions+name))

	err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if err := try(ctx); !kerrors.IsForbidden(err) && !kerrors.IsInvalid(err) {
			return errors.Join(errors.New("the policy is not in force"), err)
		}

		return nil
	})
	check.Must(t, err)
}

// TestNamespaceLabels lets only the platform, and Argo CD on its behalf, set labels that grant
// permissions in a namespace.
func TestNamespaceLabels(t *testing.T) {
	const (
		workloads = "only the platform team may set these labels of a Namespace: meta.p6m.dev/workloads"
		tenant    = "only the platform team may set these labels of a Namespace: meta.p6m.dev/tenant"
	)

	err := server.Apply(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.ProviderNamespace, Name: "platform-application-admission"},
		Data:       map[string]string{"groups": "system:masters\nplatform-team\n", "users": "deployer\n"},
	})
	check.Must(t, err)

	users := map[string]client.Client{
		"team":     userOf(t, "member@example.com", "team-shop"),
		"platform": userOf(t, "admin@example.com", "platform-team"),
		"deployer": userOf(t, "deployer"),
		"argocd":   userOf(t, "system:serviceaccount:argocd:argocd-application-controller"),
		"provider": userOf(t, "system:serviceaccount:crossplane-system:provider-kubernetes"),
	}

	restrict(t, "namespaces.yaml", func(ctx context.Context) error {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "not-mine-", Labels: map[string]string{"meta.p6m.dev/workloads": "composed"}}}

		return users["team"].Create(ctx, ns, client.DryRunAll)
	})

	before := map[string]string{"meta.p6m.dev/workloads": "composed", "example.com/team": "shop"}

	create := func(labels map[string]string) func(context.Context, client.Client, string) error {
		return func(ctx context.Context, c client.Client, _ string) error {
			return c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "new-", Labels: labels}})
		}
	}
	patch := func(merge string) func(context.Context, client.Client, string) error {
		return func(ctx context.Context, c client.Client, name string) error {
			return c.Patch(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, client.RawPatch(types.MergePatchType, []byte(merge)))
		}
	}

	cases := map[string]struct {
		reason string
		user   string
		do     func(context.Context, client.Client, string) error
		want   string
	}{
		"Platform":        {reason: "The platform labels namespaces.", user: "platform", do: create(before)},
		"User":            {reason: "A user of the platform labels namespaces.", user: "deployer", do: create(before)},
		"ArgoCD":          {reason: "Argo CD creates the namespaces of teams.", user: "argocd", do: create(before)},
		"ArgoCDAgain":     {reason: "Argo CD changes the labels of the namespaces of teams.", user: "argocd", do: patch(`{"metadata":{"labels":{"meta.p6m.dev/tenant":"other"}}}`)},
		"Remove":          {reason: "The platform removes labels.", user: "platform", do: patch(`{"metadata":{"labels":{"meta.p6m.dev/workloads":null}}}`)},
		"Unlabelled":      {reason: "Other users can still create namespaces without these labels.", user: "team", do: create(map[string]string{"example.com/team": "shop"})},
		"NoLabels":        {reason: "Other users can create namespaces without any label.", user: "team", do: create(nil)},
		"OwnLabel":        {reason: "Other labels are not restricted.", user: "team", do: patch(`{"metadata":{"labels":{"example.com/team":"other"}}}`)},
		"Create":          {reason: "A team cannot create a namespace with such a label.", user: "team", do: create(map[string]string{"meta.p6m.dev/workloads": "composed"}), want: workloads},
		"CreateOther":     {reason: "A team cannot set any label of this domain.", user: "team", do: create(map[string]string{"meta.p6m.dev/tenant": "shop"}), want: tenant},
		"Change":          {reason: "A team cannot change such a label.", user: "team", do: patch(`{"metadata":{"labels":{"meta.p6m.dev/workloads":"helm"}}}`), want: workloads},
		"Drop":            {reason: "A team cannot remove such a label.", user: "team", do: patch(`{"metadata":{"labels":{"meta.p6m.dev/workloads":null}}}`), want: workloads},
		"DropAll":         {reason: "A team cannot remove all labels.", user: "provider", do: patch(`{"metadata":{"labels":null}}`), want: workloads},
		"Status":          {reason: "A write of the status cannot change such a label.", user: "team", do: asStatus("meta.p6m.dev/tenant", "victim"), want: tenant},
		"Finalize":        {reason: "A write of the finalizers cannot change such a label.", user: "team", do: finalize("meta.p6m.dev/tenant", "victim"), want: tenant},
		"StatusUnchanged": {reason: "The namespace controller writes the status.", user: "team", do: asStatus("example.com/team", "other")},
		"Unchanged": {
			reason: "Unchanged labels are allowed, in any number.", user: "team",
			do: func(ctx context.Context, c client.Client, _ string) error {
				labels := map[string]string{}
				for i := range 40 {
					labels[fmt.Sprintf("meta.p6m.dev/label-%d", i)] = "value"
					labels[fmt.Sprintf("example.com/label-%d", i)] = "value"
				}

				ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "labelled-", Labels: labels}}
				if err := admin.Create(ctx, ns); err != nil {
					return err //nolint:wrapcheck // The test looks at it.
				}

				for i := range 50 {
					if err := patch(fmt.Sprintf(`{"metadata":{"labels":{"example.com/label-0":"other-%d"}}}`, i))(ctx, c, ns.Name); err != nil {
						return err
					}
				}

				return nil
			},
		},
		"OfThePlatform": {
			reason: "The policy protects the platform's own namespaces from a mistake.", user: "platform",
			do: func(ctx context.Context, c client.Client, _ string) error {
				return patch(`{"metadata":{"labels":{"meta.p6m.dev/workloads":"composed"}}}`)(ctx, c, "kube-system")
			},
			want: "namespace kube-system belongs to the platform, so it must not have the label meta.p6m.dev/workloads",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "labelled-", Labels: before}}
			check.Must(t, admin.Create(t.Context(), ns))

			if diff := cmp.Diff(tc.want, message(tc.do(t.Context(), users[tc.user], ns.Name))); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// asStatus sets a label with a write of the status.
func asStatus(label, value string) func(context.Context, client.Client, string) error {
	return viaSubresource("status", label, value)
}

// finalize sets a label with a write of the finalizers.
func finalize(label, value string) func(context.Context, client.Client, string) error {
	return viaSubresource("finalize", label, value)
}

func viaSubresource(sub, label, value string) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, name string) error {
		ns := &corev1.Namespace{}
		if err := c.Get(ctx, client.ObjectKey{Name: name}, ns); err != nil {
			return err //nolint:wrapcheck // The test looks at it.
		}

		ns.Labels[label] = value

		return c.SubResource(sub).Update(ctx, ns)
	}
}

// TestComposed lets Crossplane compose the objects of applications, and nothing that a compromised
// function adds.
func TestComposed(t *testing.T) {
	crossplane := restrictFunction(t)
	labelled := server.Namespace(t)
	other := namespace(t, map[string]string{})

	part := func(apiVersion, kind, namespace string, content map[string]any) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: object(apiVersion, kind, namespace, "web", controlledByApplication(), content)}
		if namespace == "" {
			unstructured.RemoveNestedField(o.Object, "metadata", "namespace")
		}

		return o
	}

	unowned := part("v1", "Secret", labelled, nil)
	unowned.SetOwnerReferences(nil)

	byOther := part("v1", "ConfigMap", other, nil)
	byOther.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "PlatformApplication", Name: "web", UID: "uid", Controller: new(true)}})

	service := map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}}
	sync := objectsOfOthers(labelled)["keyvaultsecretsyncs.secrets.p6m.dev"]

	cases := map[string]struct {
		reason string
		object *unstructured.Unstructured
		want   string
	}{
		"Service":        {reason: "A Service publishes an application.", object: part("v1", "Service", labelled, service)},
		"ServiceAccount": {reason: "A ServiceAccount identifies an application.", object: part("v1", "ServiceAccount", labelled, nil)},
		"Sync":           {reason: "A sync writes the Secret of an application.", object: part(sync.GetAPIVersion(), sync.GetKind(), labelled, map[string]any{"spec": sync.Object["spec"]})},
		"NoApplication":  {reason: "Crossplane writes its own Secrets.", object: unowned},
		"OtherComposite": {reason: "Other composite resources are not affected.", object: byOther},
		"Secret":         {reason: "A composed Secret could copy synced values.", object: part("v1", "Secret", labelled, nil), want: "an application must not contain secrets"},
		"ConfigMap":      {reason: "A composed ConfigMap could expose synced values to more readers.", object: part("v1", "ConfigMap", labelled, nil), want: "an application must not contain configmaps"},
		"Provider": {
			reason: "A provider is a program with permissions.", want: "an application must not contain customresourcedefinitions.apiextensions.k8s.io",
			object: func() *unstructured.Unstructured {
				o := part("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", map[string]any{"spec": map[string]any{
					"group": "example.com", "scope": "Namespaced",
					"names":    map[string]any{"kind": "Evil", "listKind": "EvilList", "plural": "evils", "singular": "evil"},
					"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object"}}}},
				}})
				o.SetName("evils.example.com")

				return o
			}(),
		},
		"Elsewhere": {
			reason: "A pod in a platform namespace could use any of its ServiceAccounts.",
			object: part("v1", "Service", other, service),
			want:   "applications run only in namespaces with the label meta.p6m.dev/workloads=composed",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, message(crossplane.Create(t.Context(), tc.object))); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
