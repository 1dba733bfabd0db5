// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

const (
	// namespacePrefix of all runs.
	namespacePrefix = "acceptance-"

	// runLabel is the label with the run's id. Only the platform can set labels of this domain.
	runLabel = "meta.p6m.dev/acceptance"

	// workloadsLabel allows applications in a namespace.
	workloadsLabel, workloadsComposed = "meta.p6m.dev/workloads", "composed"

	idLength = 10
)

var idPattern = regexp.MustCompile(`^[a-z2-7]{10}$`)

// NewID returns the unique id of a new run.
func NewID() string { return strings.ToLower(rand.Text()[:idLength]) }

// namespaceName returns the name of a run's namespace.
func namespaceName(id string) string { return namespacePrefix + id }

// namespaceOf returns the namespace of a run with all labels.
func namespaceOf(id, tenantLabel string, more map[string]string) *corev1.Namespace {
	labels := map[string]string{}
	maps.Copy(labels, more)

	// The function composes nothing without a tenant. Each run is a tenant of its own.
	if _, ok := labels[tenantLabel]; !ok && tenantLabel != "" {
		labels[tenantLabel] = namespaceName(id)
	}

	labels[workloadsLabel], labels[runLabel] = workloadsComposed, id

	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceName(id), Labels: labels}}
}

// owned returns an error unless a run has created the namespace. A run deletes nothing in other namespaces.
func owned(ns *corev1.Namespace, id string) error {
	if !idPattern.MatchString(id) || ns.Name != namespaceName(id) || ns.Labels[runLabel] != id {
		return fmt.Errorf("namespace %s does not belong to run %s and is not changed", ns.Name, id)
	}

	return nil
}

// createNamespace creates the namespace, and binds the run's role in it.
func (r *run) createNamespace(ctx context.Context) error {
	ns := namespaceOf(r.id, r.Settings.TenantLabel, r.NamespaceLabels)
	if err := r.Client.Create(ctx, ns); err != nil {
		return fmt.Errorf("cannot create namespace %s: %w", ns.Name, err)
	}

	if r.BindRole == "" {
		return nil
	}

	return bind(ctx, r.Client, ns.Name, r.BindRole)
}

// bind binds a ClusterRole to the account of this program in a namespace.
func bind(ctx context.Context, c client.Client, namespace, role string) error {
	me := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, me); err != nil {
		return fmt.Errorf("cannot get the name of this account: %w", err)
	}

	name := me.Status.UserInfo.Username

	subject := rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
	if parts := strings.Split(name, ":"); strings.HasPrefix(name, "system:serviceaccount:") && len(parts) == 4 { //nolint:mnd // system, serviceaccount, namespace and name.
		subject = rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: parts[2], Name: parts[3]}
	}

	err := c.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{subject},
	})
	if err != nil && !kerrors.IsAlreadyExists(err) {
		return fmt.Errorf("cannot bind ClusterRole %s in namespace %s: %w", role, namespace, err)
	}

	return nil
}

// A Leftover is the namespace of a run that has crashed or is still in progress.
type Leftover struct {
	Run, Namespace string
	Created        time.Time
}

// Leftovers returns the namespaces of other runs, the oldest first.
func Leftovers(ctx context.Context, c client.Client) ([]Leftover, error) {
	list := &corev1.NamespaceList{}
	if err := c.List(ctx, list, client.HasLabels{runLabel}); err != nil {
		return nil, fmt.Errorf("cannot list namespaces of earlier runs: %w", err)
	}

	return leftovers(list.Items), nil
}

func leftovers(namespaces []corev1.Namespace) []Leftover {
	var out []Leftover

	for i := range namespaces {
		if ns := &namespaces[i]; owned(ns, ns.Labels[runLabel]) == nil {
			out = append(out, Leftover{Run: ns.Labels[runLabel], Namespace: ns.Name, Created: ns.CreationTimestamp.Time})
		}
	}

	slices.SortFunc(out, func(a, b Leftover) int { return a.Created.Compare(b.Created) })

	return out
}

// Commands returns the commands that clean up after a run: with this program and these arguments, and without it.
func Commands(id string, arguments ...string) []string {
	out := []string{strings.Join(append([]string{"platform-application", "acceptance", "cleanup", id}, arguments...), " ")}
	for _, command := range cleanUpWithout {
		out = append(out, command.Render(sentence.With{"namespace": namespaceName(id), "kinds": strings.Join(managedNames(), ",")}))
	}

	return out
}

// managed returns the kinds of an application's managed resources and of KeyVaultSecretSyncs. They are deleted before the
// namespace, because their providers create objects in it, which a terminating namespace rejects.
func managed() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Group: "secrets.p6m.dev", Version: "v1alpha1", Kind: "KeyVaultSecretSync"},
		{Group: "authorization.azure.m.upbound.io", Version: "v1beta1", Kind: "RoleAssignment"},
		{Group: "keyvault.azure.m.upbound.io", Version: "v1beta1", Kind: "Vault"},
		{Group: "managedidentity.azure.m.upbound.io", Version: "v1beta1", Kind: "FederatedIdentityCredential"},
		{Group: "managedidentity.azure.m.upbound.io", Version: "v1beta1", Kind: "UserAssignedIdentity"},
		{Group: "network.azure.m.upbound.io", Version: "v1beta1", Kind: "PrivateEndpoint"},
		{Group: "insights.azure.m.upbound.io", Version: "v1beta1", Kind: "MonitorDiagnosticSetting"},
	}
}

func managedNames() []string {
	return []string{
		"keyvaultsecretsyncs.secrets.p6m.dev", "roleassignments.authorization.azure.m.upbound.io", "vaults.keyvault.azure.m.upbound.io",
		"federatedidentitycredentials.managedidentity.azure.m.upbound.io", "userassignedidentities.managedidentity.azure.m.upbound.io",
		"privateendpoints.network.azure.m.upbound.io", "monitordiagnosticsettings.insights.azure.m.upbound.io",
	}
}

// Remove deletes the application and the namespace of a run. It returns an error if the namespace is not the run's.
func Remove(ctx context.Context, c client.Client, id, bindRole string, say func(string)) error {
	var ns *corev1.Namespace

	err := await(ctx, string(awaitAPIServer), say, func(ctx context.Context) (err error) {
		ns, err = namespaceOfRun(ctx, c, id)

		switch {
		case ns != nil && err != nil:
			return permanent{err}
		case ns == nil || ns.DeletionTimestamp != nil || bindRole == "":
			return err
		}

		// The run may have ended before it bound the role.
		return bind(ctx, c, ns.Name, bindRole)
	})
	if err != nil || ns == nil {
		return err
	}

	if err := removeApplication(ctx, c, ns.Name, say); err != nil {
		return err
	}

	return removeNamespace(ctx, c, id, ns, say)
}

// namespaceOfRun returns the namespace of a run, or nil if there is none.
func namespaceOfRun(ctx context.Context, c client.Client, id string) (*corev1.Namespace, error) {
	ns := &corev1.Namespace{}
	if err := c.Get(ctx, client.ObjectKey{Name: namespaceName(id)}, ns); err != nil {
		if kerrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // nil means not found.
		}

		return nil, fmt.Errorf("cannot get namespace %s: %w", namespaceName(id), err)
	}

	return ns, owned(ns, id)
}

// removeNamespace deletes the namespace of a run, but not another one of the same name.
func removeNamespace(ctx context.Context, c client.Client, id string, ns *corev1.Namespace, say func(string)) error {
	return await(ctx, awaitNoNamespace.Render(sentence.With{"namespace": ns.Name}), say, func(ctx context.Context) error {
		now, err := namespaceOfRun(ctx, c, id)

		switch {
		case now != nil && (err != nil || now.UID != ns.UID):
			return permanent{errors.Join(err, fmt.Errorf("namespace %s was recreated", ns.Name))}
		case now == nil:
			return err
		case now.DeletionTimestamp != nil:
			return pending{code: BeingDeleted, object: "Namespace " + ns.Name}
		}

		if err := c.Delete(ctx, now, client.Preconditions{UID: &ns.UID}); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("cannot delete namespace %s: %w", ns.Name, err)
		}

		return pending{code: BeingDeleted, object: "Namespace " + ns.Name}
	})
}

// removeApplication deletes the application, and waits until all its resources in Azure are deleted.
func removeApplication(ctx context.Context, c client.Client, namespace string, say func(string)) error {
	app := &unstructured.Unstructured{}
	app.SetGroupVersionKind(applicationKind())
	app.SetNamespace(namespace)
	app.SetName(applicationName)

	return await(ctx, string(awaitNoApp), say, func(ctx context.Context) error {
		switch err := c.Delete(ctx, app); {
		case err == nil:
			return pending{code: BeingDeleted, object: "PlatformApplication " + applicationName}
		case !kerrors.IsNotFound(err) && !meta.IsNoMatchError(err):
			return fmt.Errorf("cannot delete PlatformApplication %s: %w", applicationName, err)
		}

		return gone(ctx, c, namespace)
	})
}

// gone returns an error with all objects that still exist.
func gone(ctx context.Context, c client.Client, namespace string) error {
	var left []string

	for _, kind := range managed() {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))

		if err := c.List(ctx, list, client.InNamespace(namespace), client.Limit(maxListed)); err != nil {
			if meta.IsNoMatchError(err) {
				continue
			}

			return fmt.Errorf("cannot list %s: %w", kind.Kind, err)
		}

		for _, o := range list.Items {
			left = append(left, kind.Kind+" "+o.Name)
		}
	}

	if len(left) > 0 {
		return pending{code: StillThere, object: strings.Join(left, ", ")}
	}

	return nil
}

// maxListed is more than an application has of any kind.
const maxListed = 100
