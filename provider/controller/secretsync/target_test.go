// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/plan"
)

// ours returns the Secret of newSync with correct metadata.
func ours() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: "team-a", Name: "web-secrets", UID: "secret-uid",
		Labels:      map[string]string{LabelManagedBy: FieldOwner, "team": "a"},
		Annotations: map[string]string{annotationSync: "web"},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "secrets.p6m.dev/v1alpha1", Kind: "KeyVaultSecretSync", Name: "web", UID: "sync-uid", Controller: new(true),
		}},
	}}
}

func TestTarget(t *testing.T) {
	type want struct {
		Belongs          bool
		MetadataUpToDate bool
	}

	labelled := func(s *v1alpha1.KeyVaultSecretSync) {
		s.Spec.ForProvider.Target.Labels = map[string]string{"team": "a"}
	}
	orphan := func(s *v1alpha1.KeyVaultSecretSync) {
		s.SetManagementPolicies(xpv1.ManagementPolicies{"Observe", "Create", "Update"})
	}

	cases := map[string]struct {
		reason string
		secret func(s *corev1.Secret)
		cr     func(s *v1alpha1.KeyVaultSecretSync)
		want   want
	}{
		"Ours":         {reason: "The Secret of the sync belongs to it.", want: want{Belongs: true, MetadataUpToDate: true}},
		"Labels":       {reason: "The wanted labels are up to date.", cr: labelled, want: want{Belongs: true, MetadataUpToDate: true}},
		"OtherLabels":  {reason: "A missing label is not up to date.", cr: labelled, secret: func(s *corev1.Secret) { s.Labels["team"] = "b" }, want: want{Belongs: true}},
		"ManagedBy":    {reason: "Without its label, the Secret would not be watched.", secret: func(s *corev1.Secret) { delete(s.Labels, LabelManagedBy) }, want: want{Belongs: true}},
		"Annotation":   {reason: "The annotation must name the sync.", secret: func(s *corev1.Secret) { s.Annotations = nil }, want: want{Belongs: true}},
		"Foreign":      {reason: "A Secret without our metadata is foreign.", secret: func(s *corev1.Secret) { s.ObjectMeta = metav1.ObjectMeta{} }, want: want{}},
		"OtherOwner":   {reason: "A Secret with another controller is foreign, whatever its other metadata.", secret: func(s *corev1.Secret) { s.OwnerReferences[0].UID = "other" }, want: want{MetadataUpToDate: false}},
		"NotControl":   {reason: "An owner that is not the controller has no effect.", secret: func(s *corev1.Secret) { s.OwnerReferences[0].Controller = nil }, want: want{Belongs: true}},
		"LeftBehind":   {reason: "A Secret that its sync left behind is taken over.", secret: func(s *corev1.Secret) { s.OwnerReferences = nil }, want: want{Belongs: true}},
		"OfOtherSync":  {reason: "A Secret that another sync left behind is foreign.", secret: func(s *corev1.Secret) { s.OwnerReferences = nil; s.Annotations[annotationSync] = "other" }},
		"OnlyLabelled": {reason: "The label alone does not make a Secret ours.", secret: func(s *corev1.Secret) { s.OwnerReferences, s.Annotations = nil, nil }},
		"Kept":         {reason: "A Secret that must outlive its sync has no owner.", cr: orphan, secret: func(s *corev1.Secret) { s.OwnerReferences = nil }, want: want{Belongs: true, MetadataUpToDate: true}},
		"ToBeKept":     {reason: "An owner of a Secret that must outlive its sync is not up to date.", cr: orphan, want: want{Belongs: true}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			secret, cr := ours(), newSync()
			if tc.secret != nil {
				tc.secret(secret)
			}

			if tc.cr != nil {
				tc.cr(cr)
			}

			got := want{Belongs: belongs(secret, cr), MetadataUpToDate: target{secret: secret}.metadataUpToDate(cr)}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nbelongs(...), metadataUpToDate(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	if (target{}).metadataUpToDate(newSync()) {
		t.Error("\nA missing Secret is not up to date.\nmetadataUpToDate(...): it is")
	}

	if diff := cmp.Diff(plan.Current{}, target{}.current()); diff != "" {
		t.Errorf("\nA missing Secret is empty.\ncurrent(): -want, +got:\n%s", diff)
	}
}

func TestLabels(t *testing.T) {
	s := newSync()
	s.Spec.ForProvider.Target.Labels = map[string]string{"team": "a", LabelManagedBy: "somebody-else"}

	if diff := cmp.Diff(map[string]string{"team": "a", LabelManagedBy: FieldOwner}, labels(s)); diff != "" {
		t.Errorf("\nNobody takes our label.\nlabels(...): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("somebody-else", s.Spec.ForProvider.Target.Labels[LabelManagedBy]); diff != "" {
		t.Errorf("\nThe spec is not changed.\nlabels(...): -want, +got:\n%s", diff)
	}
}

func TestGetAndRemove(t *testing.T) {
	kube := kubeWith(t, ours()).Build()

	got, err := get(t.Context(), kube, newSync())
	if err != nil || got.secret == nil || !got.ours {
		t.Fatalf("\nThe Secret is there.\nget(...) = %+v, %v", got, err)
	}

	other := ours()
	other.UID = "other"

	if err := remove(t.Context(), kube, got.secret); err != nil {
		t.Errorf("\nThe Secret is removed.\nremove(...): %v", err)
	}

	if err := remove(t.Context(), kube, got.secret); err != nil {
		t.Errorf("\nIt is gone already.\nremove(...): %v", err)
	}

	if got, err := get(t.Context(), kube, newSync()); err != nil || got.secret != nil {
		t.Errorf("\nThe Secret is not there.\nget(...) = %+v, %v", got, err)
	}
}

func TestStripSecret(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(s *corev1.Secret)
		// want is the name of the sync.
		want string
	}{
		"Annotated":    {reason: "The annotation names the sync.", change: func(s *corev1.Secret) { s.OwnerReferences[0].Name = "other" }, want: "web"},
		"NotAnnotated": {reason: "Without the annotation, the owner names the sync.", change: func(s *corev1.Secret) { delete(s.Annotations, annotationSync) }, want: "web"},
		"Foreign": {
			reason: "A Secret of another owner has no sync.", change: func(s *corev1.Secret) {
				delete(s.Annotations, annotationSync)
				s.OwnerReferences[0].Kind = "Other"
			},
		},
		"Long": {reason: "No sync has such a long name, which would take memory.", change: func(s *corev1.Secret) { s.Annotations[annotationSync] = strings.Repeat("x", longestName+1) }},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := ours()
			in.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "x"}}
			in.Annotations[annotationContent], in.Finalizers = "long", []string{"long"}
			tc.change(in)

			want := ours()
			want.Labels, want.OwnerReferences, want.Annotations = nil, nil, nil

			if tc.want != "" {
				want.Annotations = map[string]string{annotationSync: tc.want}
			}

			got, err := StripSecret(in)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nStripSecret(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	if got, err := StripSecret("x"); got != "x" || err != nil {
		t.Errorf("\nOther objects are not changed.\nStripSecret(...) = %v, %v", got, err)
	}
}
