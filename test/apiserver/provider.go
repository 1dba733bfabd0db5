// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/package/tools"
)

// These identify the provider's ServiceAccount in a cluster.
const (
	ProviderNamespace      = "crossplane-system"
	ProviderServiceAccount = "provider-keyvault-secretsync"
)

// InstallProvider does to the cluster what the documented installation of the provider's package
// does: it creates the CustomResourceDefinitions, the ServiceAccount, the grants of Crossplane's
// RBAC manager, and the RBAC and admission policies of the package. When everything is in force, it
// returns the configuration of a client with the provider's permissions. It may be called more than
// once.
func (s *Server) InstallProvider(ctx context.Context) (*rest.Config, error) {
	root, err := tools.Root()
	if err != nil {
		return nil, err
	}

	dir := filepath.Join(root, "package", "provider")
	crds := filepath.Join(dir, "crds")

	if err := s.InstallCRDs(ctx, crds); err != nil {
		return nil, err
	}

	if err := s.CreatePlatformNamespace(ctx, ProviderNamespace); err != nil {
		return nil, err
	}

	if err := s.CreateServiceAccount(ctx, ProviderNamespace, ProviderServiceAccount); err != nil {
		return nil, err
	}

	if err := s.grantAsRBACManager(ctx, crds); err != nil {
		return nil, err
	}

	if err := s.ApplyFiles(ctx, filepath.Join(dir, "rbac.yaml"), filepath.Join(dir, "admission-policy.yaml")); err != nil {
		return nil, err
	}

	cfg, err := s.ConfigFor(ctx, ProviderNamespace, ProviderServiceAccount)
	if err != nil {
		return nil, err
	}

	if err := s.providerRestricted(ctx, cfg); err != nil {
		return nil, err
	}

	return cfg, nil
}

// providerRestricted waits until the API server has read the roles and the policies. It reads them
// in order, so with the last one, all are in force. Each attempt would succeed without a policy,
// and fail differently without a role.
func (s *Server) providerRestricted(ctx context.Context, cfg *rest.Config) error {
	c, err := client.New(cfg, client.Options{Scheme: s.client.Scheme()})
	if err != nil {
		return fmt.Errorf("cannot create client: %w", err)
	}

	meta := metav1.ObjectMeta{Namespace: ProviderNamespace, Name: "not-the-providers"}
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ProviderNamespace, Name: ProviderServiceAccount}}
	create := func(o client.Object) func(context.Context) error {
		return func(ctx context.Context) error {
			return c.Create(ctx, o.DeepCopyObject().(client.Object), client.DryRunAll) //nolint:forcetypeassert // It is one.
		}
	}
	tries := map[string]func(context.Context) error{
		"provider-keyvault-secretsync-tokens": func(ctx context.Context) error {
			return c.SubResource("token").Create(ctx, sa.DeepCopy(), &authenticationv1.TokenRequest{})
		},
		"provider-keyvault-secretsync-writes":  create(&corev1.ConfigMap{ObjectMeta: meta}),
		"provider-keyvault-secretsync-secrets": create(&corev1.Secret{ObjectMeta: meta}),
		"provider-keyvault-secretsync-leases":  create(&coordinationv1.Lease{ObjectMeta: meta}),
	}

	for policy, try := range tries {
		err := Eventually(ctx, func(ctx context.Context) error {
			if err := try(ctx); err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+policy+"'") {
				return fmt.Errorf("ValidatingAdmissionPolicy %q is not in force: want it to deny, got %v", policy, err) //nolint:errorlint // It may be nil.
			}

			return nil
		})
		if err != nil {
			return err
		}
	}

	return nil
}

// grantAsRBACManager grants the provider's ServiceAccount the same as Crossplane's RBAC manager:
// https://github.com/crossplane/crossplane/blob/v2.4.0/internal/controller/rbac/provider/roles/roles.go.
func (s *Server) grantAsRBACManager(ctx context.Context, crds string) error {
	objects, err := ReadFiles(crds)
	if err != nil {
		return err
	}

	rules, err := rbacManagerRules(objects)
	if err != nil {
		return err
	}

	meta := metav1.ObjectMeta{Name: "crossplane:provider:" + ProviderServiceAccount + ":system"}

	return s.Apply(
		ctx,
		&rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: meta,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: meta.Name},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: ProviderNamespace, Name: ProviderServiceAccount}},
		},
	)
}

// rbacManagerRules returns the rules of the role that Crossplane's RBAC manager
// makes for a provider of these CustomResourceDefinitions that can start safely.
func rbacManagerRules(crds []*unstructured.Unstructured) ([]rbacv1.PolicyRule, error) {
	resources := map[string][]string{}

	for _, crd := range crds {
		group, _, err := unstructured.NestedString(crd.Object, "spec", "group")
		if err != nil {
			return nil, fmt.Errorf("cannot get group of %q: %w", crd.GetName(), err)
		}

		plural, _, err := unstructured.NestedString(crd.Object, "spec", "names", "plural")
		if err != nil {
			return nil, fmt.Errorf("cannot get plural of %q: %w", crd.GetName(), err)
		}

		resources[group] = append(resources[group], plural, plural+"/status")
	}

	groups := slices.Sorted(maps.Keys(resources))

	rules := make([]rbacv1.PolicyRule, 0, len(groups)+3)
	for _, group := range groups {
		rules = append(rules, rbacv1.PolicyRule{
			APIGroups: []string{group},
			Resources: resources[group],
			Verbs:     []string{"get", "list", "watch", "update", "patch", "create"},
		})
	}

	return append(
		rules,
		rbacv1.PolicyRule{APIGroups: groups, Resources: []string{"*/finalizers"}, Verbs: []string{"update"}},
		rbacv1.PolicyRule{
			APIGroups: []string{"", "coordination.k8s.io"},
			Resources: []string{"secrets", "configmaps", "events", "leases"},
			Verbs:     []string{rbacv1.VerbAll},
		},
		rbacv1.PolicyRule{
			APIGroups: []string{"apiextensions.k8s.io"},
			Resources: []string{"customresourcedefinitions"},
			Verbs:     []string{"get", "list", "watch"},
		},
	), nil
}
