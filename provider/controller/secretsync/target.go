// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/plan"
)

const (
	// FieldOwner of the fields that the provider applies.
	FieldOwner = "provider-keyvault-secretsync"

	// LabelManagedBy is on every Secret of the provider. Only Secrets with this label are
	// watched, and an admission policy denies the provider access to others.
	LabelManagedBy = "secrets.p6m.dev/managed-by"

	// annotationSync names the sync that a Secret belongs to, in its namespace.
	annotationSync = "secrets.p6m.dev/sync"
	// annotationContent is the record of what a Secret contains.
	annotationContent = "secrets.p6m.dev/content"
)

// A target is the Secret of a sync.
type target struct {
	// secret is nil if it is missing.
	secret *corev1.Secret
	// ours is false for a Secret of another owner.
	ours bool
}

// get the Secret of a sync, from the API server: values are never cached.
func get(ctx context.Context, kube client.Client, cr *v1alpha1.KeyVaultSecretSync) (target, error) {
	s := &corev1.Secret{}

	err := kube.Get(ctx, types.NamespacedName{Namespace: cr.Namespace, Name: cr.Spec.ForProvider.Target.Name}, s)
	if kerrors.IsNotFound(err) {
		return target{}, nil
	}

	if err != nil {
		return target{}, fmt.Errorf("cannot get Secret %q: %w", cr.Spec.ForProvider.Target.Name, err)
	}

	return target{secret: s, ours: belongs(s, cr)}, nil
}

// belongs reports whether a Secret belongs to the sync, or was left behind by a deleted sync of
// the same name.
func belongs(s *corev1.Secret, cr *v1alpha1.KeyVaultSecretSync) bool {
	if owner := metav1.GetControllerOf(s); owner != nil {
		return owner.UID == cr.UID
	}

	return s.Labels[LabelManagedBy] == FieldOwner && s.Annotations[annotationSync] == cr.Name
}

// current returns the content of the Secret.
func (t target) current() plan.Current {
	if t.secret == nil {
		return plan.Current{}
	}

	return plan.Current{Data: t.secret.Data, Record: plan.ParseRecord(t.secret.Annotations[annotationContent])}
}

// writable reports whether management policies allow writing the Secret.
func (t target) writable(cr *v1alpha1.KeyVaultSecretSync) bool {
	if t.secret == nil {
		return may(cr, xpv1.ManagementActionCreate)
	}

	return may(cr, xpv1.ManagementActionUpdate)
}

// metadataUpToDate reports whether labels, annotations and owner are up to date.
func (t target) metadataUpToDate(cr *v1alpha1.KeyVaultSecretSync) bool {
	if t.secret == nil {
		return false
	}

	for k, v := range labels(cr) {
		if t.secret.Labels[k] != v {
			return false
		}
	}

	for k := range applied(t.secret) {
		if _, ok := labels(cr)[k]; !ok {
			return false
		}
	}

	return t.secret.Annotations[annotationSync] == cr.Name && metav1.IsControlledBy(t.secret, cr) == mayDelete(cr)
}

// applied returns the labels of a Secret that the provider has applied.
func applied(s *corev1.Secret) map[string]bool {
	out := map[string]bool{}

	for _, m := range s.ManagedFields {
		if m.Manager != FieldOwner || m.Operation != metav1.ManagedFieldsOperationApply || m.FieldsV1 == nil {
			continue
		}

		fields := struct {
			Metadata struct {
				Labels map[string]struct{} `json:"f:labels"`
			} `json:"f:metadata"`
		}{}
		if err := json.Unmarshal(m.FieldsV1.Raw, &fields); err != nil {
			continue
		}

		for field := range fields.Metadata.Labels {
			if k, ok := strings.CutPrefix(field, "f:"); ok {
				out[k] = true
			}
		}
	}

	return out
}

// noVersion is a resource version that no object has. Applying with it creates the object, or
// returns a conflict if the object exists. See
// https://github.com/kubernetes/kubernetes/issues/106745
const noVersion = "1"

// apply all content to the Secret in one write, and return the result. To is the Secret as it
// was read, or nil. Apply fails if the Secret has changed since.
func apply(ctx context.Context, kube corev1client.SecretsGetter, cr *v1alpha1.KeyVaultSecretSync, to *corev1.Secret, p plan.Plan) (*corev1.Secret, error) {
	record, err := p.Record.Encode()
	if err != nil {
		return nil, err
	}

	s := corev1ac.Secret(cr.Spec.ForProvider.Target.Name, cr.Namespace).
		WithResourceVersion(noVersion).
		WithLabels(labels(cr)).
		WithAnnotations(map[string]string{annotationSync: cr.Name, annotationContent: record}).
		WithData(p.Data)
	if to != nil {
		s.WithUID(to.UID).WithResourceVersion(to.ResourceVersion)
	}

	if mayDelete(cr) {
		s.WithOwnerReferences(metav1ac.OwnerReference().
			WithAPIVersion(v1alpha1.GroupVersion().String()).WithKind(v1alpha1.KeyVaultSecretSyncKind).
			WithName(cr.Name).WithUID(cr.UID).WithController(true).WithBlockOwnerDeletion(true))
	}

	applied, err := kube.Secrets(cr.Namespace).Apply(ctx, s, metav1.ApplyOptions{FieldManager: FieldOwner, Force: true})
	if err != nil {
		name := cr.Spec.ForProvider.Target.Name
		public := slices.AppendSeq([]string{cr.Namespace, name}, maps.Keys(p.Data))

		values := slices.Collect(maps.Values(p.Data))
		if to != nil {
			values = slices.AppendSeq(values, maps.Values(to.Data)) // Admission policies see the old values, too.
		}

		return nil, fmt.Errorf("cannot apply Secret %q: %w", name, refused(err, values, public...))
	}

	return applied, nil
}

// remove the Secret, unless it has been replaced since it was read.
func remove(ctx context.Context, kube client.Client, s *corev1.Secret) error {
	err := kube.Delete(ctx, s, client.Preconditions{UID: &s.UID})
	if err != nil && !kerrors.IsNotFound(err) {
		return fmt.Errorf("cannot delete Secret %q: %w", s.Name, err)
	}

	return nil
}

func labels(cr *v1alpha1.KeyVaultSecretSync) map[string]string {
	l := maps.Clone(cr.Spec.ForProvider.Target.Labels)
	if l == nil {
		l = map[string]string{}
	}

	l[LabelManagedBy] = FieldOwner

	return l
}

// longestName of a Kubernetes object.
const longestName = 253

// StripSecret removes everything except the name of the sync from a Secret's metadata. Everyone who
// may write Secrets decides how much there is.
func StripSecret(o any) (any, error) {
	m, ok := o.(metav1.Object)
	if !ok {
		return o, nil
	}

	sync := m.GetAnnotations()[annotationSync]
	if owner := metav1.GetControllerOf(m); sync == "" && owner != nil && owner.Kind == v1alpha1.KeyVaultSecretSyncKind {
		sync = owner.Name
	}

	m.SetManagedFields(nil)
	m.SetLabels(nil)
	m.SetFinalizers(nil)
	m.SetOwnerReferences(nil)
	m.SetAnnotations(nil)

	if sync != "" && len(sync) <= longestName {
		m.SetAnnotations(map[string]string{annotationSync: sync})
	}

	return o, nil
}
