// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/plan"
)

// ours is the Secret of newSync, as it should be.
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
		"Ours":         {reason: "The Secret of the sync.", want: want{Belongs: true, MetadataUpToDate: true}},
		"Labels":       {reason: "It has the labels that are wanted.", cr: labelled, want: want{Belongs: true, MetadataUpToDate: true}},
		"OtherLabels":  {reason: "A label is wanted that it has not.", cr: labelled, secret: func(s *corev1.Secret) { s.Labels["team"] = "b" }, want: want{Belongs: true}},
		"ManagedBy":    {reason: "Without its label it is not seen.", secret: func(s *corev1.Secret) { delete(s.Labels, LabelManagedBy) }, want: want{Belongs: true}},
		"Annotation":   {reason: "The annotation has to name the sync.", secret: func(s *corev1.Secret) { s.Annotations = nil }, want: want{Belongs: true}},
		"Foreign":      {reason: "One without any sign of ours.", secret: func(s *corev1.Secret) { s.ObjectMeta = metav1.ObjectMeta{} }, want: want{}},
		"OtherOwner":   {reason: "One that something else controls, whatever else it says.", secret: func(s *corev1.Secret) { s.OwnerReferences[0].UID = "other" }, want: want{MetadataUpToDate: false}},
		"NotControl":   {reason: "An owner that does not control it does not matter.", secret: func(s *corev1.Secret) { s.OwnerReferences[0].Controller = nil }, want: want{Belongs: true}},
		"LeftBehind":   {reason: "One that was left behind is taken over.", secret: func(s *corev1.Secret) { s.OwnerReferences = nil }, want: want{Belongs: true}},
		"OfOtherSync":  {reason: "One that another sync has left behind is not.", secret: func(s *corev1.Secret) { s.OwnerReferences = nil; s.Annotations[annotationSync] = "other" }},
		"OnlyLabelled": {reason: "A label alone does not make it ours.", secret: func(s *corev1.Secret) { s.OwnerReferences, s.Annotations = nil, nil }},
		"Kept":         {reason: "One that is to be left behind has no owner.", cr: orphan, secret: func(s *corev1.Secret) { s.OwnerReferences = nil }, want: want{Belongs: true, MetadataUpToDate: true}},
		"ToBeKept":     {reason: "A Secret that must not have an owner has one.", cr: orphan, want: want{Belongs: true}},
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
		t.Errorf("\nThe spec is left alone.\nlabels(...): -want, +got:\n%s", diff)
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
		change func(in, want *corev1.Secret)
	}{
		"Annotated": {
			reason: "The annotation says whose it is.",
			change: func(_, want *corev1.Secret) { want.OwnerReferences = nil },
		},
		"NotAnnotated": {
			reason: "Somebody has removed the annotation, so its owner does.",
			change: func(in, want *corev1.Secret) {
				delete(in.Annotations, annotationSync)
				want.Annotations = in.Annotations
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in, want := ours(), ours()
			in.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "x"}}
			in.Annotations[annotationContent] = "long"
			want.Labels = nil
			tc.change(in, want)

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
		t.Errorf("\nAnything else is left alone.\nStripSecret(...) = %v, %v", got, err)
	}
}
