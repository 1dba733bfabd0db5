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
)

const (
	// namespacePrefix of all runs.
	namespacePrefix = "acceptance-"

	// RunLabel is the run's id on its namespace. Nobody but the platform may set labels of this domain.
	RunLabel = "meta.p6m.dev/acceptance"

	// workloadsLabel lets applications run in a namespace.
	workloadsLabel, workloadsComposed = "meta.p6m.dev/workloads", "composed"

	idLength = 10
)

var idPattern = regexp.MustCompile(`^[a-z2-7]{10}$`)

// NewID of a run, which no other has.
func NewID() string { return strings.ToLower(rand.Text()[:idLength]) }

// NamespaceOf a run.
func NamespaceOf(id string) string { return namespacePrefix + id }

// namespaceOf the run, with all labels.
func namespaceOf(id, tenantLabel string, more map[string]string) *corev1.Namespace {
	labels := map[string]string{}
	maps.Copy(labels, more)

	// Without an owner nothing is composed. It is one that no other run has.
	if _, ok := labels[tenantLabel]; !ok && tenantLabel != "" {
		labels[tenantLabel] = NamespaceOf(id)
	}

	labels[workloadsLabel], labels[RunLabel] = workloadsComposed, id

	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: NamespaceOf(id), Labels: labels}}
}

// owned is an error unless a run has made the namespace. Nothing is deleted in any other.
func owned(ns *corev1.Namespace, id string) error {
	if !idPattern.MatchString(id) || ns.Name != NamespaceOf(id) || ns.Labels[RunLabel] != id {
		return fmt.Errorf("namespace %s was not made by run %s, and is left alone", ns.Name, id)
	}

	return nil
}

// createNamespace that is not there yet, and have the run's account do in it what its role says.
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

// bind a ClusterRole to the account of this program in a namespace.
func bind(ctx context.Context, c client.Client, namespace, role string) error {
	me := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, me); err != nil {
		return fmt.Errorf("cannot find out which account this is: %w", err)
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

// A Leftover is the namespace of a run that has crashed, or is still under way.
type Leftover struct {
	Run, Namespace string
	Created        time.Time
}

// Leftovers of other runs, the oldest first.
func Leftovers(ctx context.Context, c client.Client) ([]Leftover, error) {
	list := &corev1.NamespaceList{}
	if err := c.List(ctx, list, client.HasLabels{RunLabel}); err != nil {
		return nil, fmt.Errorf("cannot list namespaces of earlier runs: %w", err)
	}

	return leftovers(list.Items), nil
}

func leftovers(namespaces []corev1.Namespace) []Leftover {
	var out []Leftover

	for i := range namespaces {
		if ns := &namespaces[i]; owned(ns, ns.Labels[RunLabel]) == nil {
			out = append(out, Leftover{Run: ns.Labels[RunLabel], Namespace: ns.Name, Created: ns.CreationTimestamp.Time})
		}
	}

	slices.SortFunc(out, func(a, b Leftover) int { return a.Created.Compare(b.Created) })

	return out
}

// Commands that clean up after a run, by this program with these arguments and without it.
func Commands(id string, arguments ...string) []string {
	ns := NamespaceOf(id)

	return []string{
		strings.Join(append([]string{"platform-application acceptance cleanup", id}, arguments...), " "),
		"# Without this program. The second prints nothing when Azure has deleted everything",
		"kubectl delete platformapplications.meta.p6m.dev --all --namespace " + ns,
		"kubectl get " + strings.Join(managedNames(), ",") + " --namespace " + ns + " --output name",
		"kubectl delete namespace " + ns,
	}
}

// managed are the kinds of what an application has in Azure, and what reads its vault. Their providers need the namespace to delete
// them: a namespace that is being deleted takes no new objects.
func managed() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Group: "secrets.p6m.dev", Version: "v1alpha1", Kind: "KeyVaultSecretSync"},
		{Group: "authorization.azure.m.upbound.io", Version: "v1beta1", Kind: "RoleAssignment"},
		{Group: "keyvault.azure.m.upbound.io", Version: "v1beta1", Kind: "Vault"},
		{Group: "managedidentity.azure.m.upbound.io", Version: "v1beta1", Kind: "FederatedIdentityCredential"},
		{Group: "managedidentity.azure.m.upbound.io", Version: "v1beta1", Kind: "UserAssignedIdentity"},
	}
}

func managedNames() []string {
	return []string{
		"keyvaultsecretsyncs.secrets.p6m.dev", "roleassignments.authorization.azure.m.upbound.io", "vaults.keyvault.azure.m.upbound.io",
		"federatedidentitycredentials.managedidentity.azure.m.upbound.io", "userassignedidentities.managedidentity.azure.m.upbound.io",
	}
}

// Remove what a run has left, with the namespace. It is an error if the run has not made the namespace.
func Remove(ctx context.Context, c client.Client, id, bindRole string, say func(string)) error {
	var ns *corev1.Namespace

	err := await(ctx, "the API server", say, func(ctx context.Context) (err error) {
		ns, err = namespaceOfRun(ctx, c, id)

		switch {
		case ns != nil && err != nil:
			return permanent{err}
		case ns == nil || ns.DeletionTimestamp != nil || bindRole == "":
			return err
		}

		// The run may have ended before it had done so.
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

// namespaceOfRun is nil if there is none.
func namespaceOfRun(ctx context.Context, c client.Client, id string) (*corev1.Namespace, error) {
	ns := &corev1.Namespace{}
	if err := c.Get(ctx, client.ObjectKey{Name: NamespaceOf(id)}, ns); err != nil {
		if kerrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // As it says.
		}

		return nil, fmt.Errorf("cannot get namespace %s: %w", NamespaceOf(id), err)
	}

	return ns, owned(ns, id)
}

// removeNamespace that a run has made, and no other of its name.
func removeNamespace(ctx context.Context, c client.Client, id string, ns *corev1.Namespace, say func(string)) error {
	return await(ctx, "the end of namespace "+ns.Name, say, func(ctx context.Context) error {
		now, err := namespaceOfRun(ctx, c, id)

		switch {
		case now != nil && (err != nil || now.UID != ns.UID):
			return permanent{errors.Join(err, fmt.Errorf("namespace %s is another now", ns.Name))}
		case now == nil:
			return err
		case now.DeletionTimestamp != nil:
			return errors.New("it is being deleted")
		}

		if err := c.Delete(ctx, now, client.Preconditions{UID: &ns.UID}); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("cannot delete namespace %s: %w", ns.Name, err)
		}

		return errors.New("it is being deleted")
	})
}

// removeApplication and wait until Azure has nothing of it.
func removeApplication(ctx context.Context, c client.Client, namespace string, say func(string)) error {
	app := &unstructured.Unstructured{}
	app.SetGroupVersionKind(applicationKind())
	app.SetNamespace(namespace)
	app.SetName(applicationName)

	return await(ctx, "the end of the application", say, func(ctx context.Context) error {
		switch err := c.Delete(ctx, app); {
		case err == nil:
			return errors.New("PlatformApplication " + applicationName + " is being deleted")
		case !kerrors.IsNotFound(err) && !meta.IsNoMatchError(err):
			return fmt.Errorf("cannot delete PlatformApplication %s: %w", applicationName, err)
		}

		return gone(ctx, c, namespace)
	})
}

// gone is an error that names what is still there.
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
		return errors.New("still there: " + strings.Join(left, ", "))
	}

	return nil
}

// maxListed is more than an application has of anything.
const maxListed = 100
