// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

const label, labelValue = "secrets.p6m.dev/managed-by", "provider-keyvault-secretsync"

func TestSecrets(t *testing.T) {
	const (
		foreign = "provider-keyvault-secretsync may not change or delete a Secret that it did not create: " +
			"it does not have the label secrets.p6m.dev/managed-by=provider-keyvault-secretsync"
		unlabelled = "provider-keyvault-secretsync may write Secrets only with the label secrets.p6m.dev/managed-by=provider-keyvault-secretsync"
		special    = "provider-keyvault-secretsync may write Secrets of type Opaque and no other"
	)

	ours := map[string]string{label: labelValue, "p6m.dev/app": "web-application"}
	theirs := map[string]string{"p6m.dev/app": "web-application"}

	cases := map[string]struct {
		reason    string
		namespace string
		existing  map[string]string // Labels of a Secret that is there before, if any.
		user      client.Client
		do        func(context.Context, client.Client, client.ObjectKey) error
		want      string
	}{
		"ApplyNew": {
			reason: "This is how the provider writes a Secret.",
			user:   provider,
			do:     apply(ours),
		},
		"ApplyOurs": {
			reason:   "This is how it keeps it in step.",
			existing: ours,
			user:     provider,
			do:       apply(ours),
		},
		"DeleteOurs": {
			reason:   "It may remove what it wrote.",
			existing: ours,
			user:     provider,
			do:       remove,
		},
		"ApplyNewWithoutLabel": {
			reason: "A Secret that is not marked is not the provider's to write.",
			user:   provider,
			do:     apply(theirs),
			want:   unlabelled,
		},
		"CreateWithoutAnyLabels": {
			reason: "Nor is one that has no labels at all.",
			user:   provider,
			do:     create("", nil),
			want:   unlabelled,
		},
		"CreateWithOtherValue": {
			reason: "The mark has a name and a value.",
			user:   provider,
			do:     create("", map[string]string{label: "somebody-else"}),
			want:   unlabelled,
		},
		"TakeOver": {
			reason:   "Marking somebody else's Secret does not make it the provider's.",
			existing: theirs,
			user:     provider,
			do:       apply(ours),
			want:     foreign,
		},
		"TakeOverWithoutAnyLabels": {
			reason:   "Not even if nobody has marked it.",
			existing: map[string]string{},
			user:     provider,
			do:       apply(ours),
			want:     foreign,
		},
		"ChangeForeign": {
			reason:   "Somebody else's Secret stays as it is.",
			existing: theirs,
			user:     provider,
			do:       apply(theirs),
			want:     foreign,
		},
		"PatchForeign": {
			reason:   "Whatever the kind of patch.",
			existing: theirs,
			user:     provider,
			do:       patch(`{"data":{"password":"eA=="}}`),
			want:     foreign,
		},
		"DropLabel": {
			reason:   "A Secret that has lost its mark could not be kept in step.",
			existing: ours,
			user:     provider,
			do:       patch(`{"metadata":{"labels":{"` + label + `":null}}}`),
			want:     unlabelled,
		},
		"DeleteForeign": {
			reason:   "Somebody else's Secret stays.",
			existing: theirs,
			user:     provider,
			do:       remove,
			want:     foreign,
		},
		"DeleteAll": {
			reason:   "Nor can it be removed with all others.",
			existing: theirs,
			user:     provider,
			do: func(ctx context.Context, c client.Client, key client.ObjectKey) error {
				return c.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(key.Namespace))
			},
			want: foreign,
		},
		"TokenSecret": {
			reason: "Kubernetes would put a token of the ServiceAccount into it, which the provider could read.",
			user:   provider,
			do:     create(corev1.SecretTypeServiceAccountToken, ours),
			want:   special,
		},
		"CrossplaneSystem": {
			reason:    "Crossplane's certificates are not the provider's either.",
			namespace: apiserver.ProviderNamespace,
			existing:  theirs,
			user:      provider,
			do:        apply(ours),
			want:      foreign,
		},
		"SomebodyElseCreates": {
			reason: "Nobody else is affected.",
			user:   admin,
			do:     create(corev1.SecretTypeServiceAccountToken, nil),
		},
		"SomebodyElseChanges": {
			reason:   "Not even with the provider's Secrets.",
			existing: ours,
			user:     admin,
			do:       patch(`{"metadata":{"labels":{"` + label + `":null}}}`),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			key := client.ObjectKey{Namespace: tc.namespace, Name: "web-application-secrets"}
			if key.Namespace == "" {
				key.Namespace = server.Namespace(t)
			}

			if tc.existing != nil {
				before := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: tc.existing}}
				if err := admin.Create(t.Context(), before); err != nil {
					t.Fatalf("cannot create Secret: %v", err)
				}
			}

			if diff := cmp.Diff(tc.want, message(tc.do(t.Context(), tc.user, key))); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func apply(labels map[string]string) func(context.Context, client.Client, client.ObjectKey) error {
	return func(ctx context.Context, c client.Client, key client.ObjectKey) error {
		s := applycorev1.Secret(key.Name, key.Namespace).WithLabels(labels).WithData(map[string][]byte{"key": []byte("value")})

		return c.Apply(ctx, s, client.FieldOwner("provider"), client.ForceOwnership)
	}
}

func create(kind corev1.SecretType, labels map[string]string) func(context.Context, client.Client, client.ObjectKey) error {
	return func(ctx context.Context, c client.Client, key client.ObjectKey) error {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: labels}, Type: kind}
		if kind == corev1.SecretTypeServiceAccountToken {
			s.SetAnnotations(map[string]string{corev1.ServiceAccountNameKey: "default"})
		}

		return c.Create(ctx, s)
	}
}

func patch(merge string) func(context.Context, client.Client, client.ObjectKey) error {
	return func(ctx context.Context, c client.Client, key client.ObjectKey) error {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}

		return c.Patch(ctx, s, client.RawPatch("application/merge-patch+json", []byte(merge)))
	}
}

func remove(ctx context.Context, c client.Client, key client.ObjectKey) error {
	return c.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}) //nolint:wrapcheck // The test looks at it.
}
