// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	applymetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

const label, labelValue = "secrets.p6m.dev/managed-by", "provider-keyvault-secretsync"

func TestSecrets(t *testing.T) {
	const (
		foreign = "provider-keyvault-secretsync must not change or delete a Secret that it did not create: " +
			"it does not have the label secrets.p6m.dev/managed-by=provider-keyvault-secretsync"
		unlabelled = "provider-keyvault-secretsync may write Secrets only with the label secrets.p6m.dev/managed-by=provider-keyvault-secretsync"
		special    = "provider-keyvault-secretsync may write only Secrets of type Opaque"
		platform   = "provider-keyvault-secretsync must not write Secrets in the namespaces crossplane-system and kube-system, which belong to the platform"
		controlled = "provider-keyvault-secretsync must not change or delete a Secret whose controller is not a KeyVaultSecretSync"
		ownerless  = "provider-keyvault-secretsync may write only Secrets that a KeyVaultSecretSync controls, unless their namespace has " +
			"the label meta.p6m.dev/secrets-without-owner=allowed"
		anothers  = "provider-keyvault-secretsync must not give the Secret of one KeyVaultSecretSync to another"
		elsewhere = "provider-keyvault-secretsync may write Secrets and Events, and request tokens of ServiceAccounts, " +
			"only in namespaces with the label meta.p6m.dev/workloads=composed"
	)

	ours := map[string]string{label: labelValue, "p6m.dev/app": "web-application"}
	theirs := map[string]string{"p6m.dev/app": "web-application"}
	composed := map[string]string{apiserver.LabelWorkloads: apiserver.WorkloadsComposed}
	keeps := maps.Clone(composed)
	keeps["meta.p6m.dev/secrets-without-owner"] = "allowed"

	own, anotherSync, externalSecret := controller("KeyVaultSecretSync", syncUID), controller("KeyVaultSecretSync", "another"), controller("ExternalSecret", "another")

	cases := map[string]struct {
		reason    string
		namespace string
		labels    map[string]string      // Of the namespace, if they are others than those of an application's.
		existing  map[string]string      // Labels of a Secret that is there before, if any.
		owner     *metav1.OwnerReference // Of that Secret.
		user      client.Client          // The provider, if there is none.
		do        func(context.Context, client.Client, client.ObjectKey) error
		want      string
	}{
		"ApplyNew":                 {reason: "This is how the provider writes a Secret.", do: apply(ours)},
		"ApplyOurs":                {reason: "This is how it keeps it in step.", existing: ours, do: apply(ours)},
		"DeleteOurs":               {reason: "It may remove what it wrote.", existing: ours, do: remove},
		"ApplyNewWithoutLabel":     {reason: "A Secret that is not marked is not the provider's to write.", do: apply(theirs), want: unlabelled},
		"CreateWithoutAnyLabels":   {reason: "Nor is one that has no labels at all.", do: create("", nil), want: unlabelled},
		"CreateWithOtherValue":     {reason: "The mark has a name and a value.", do: create("", map[string]string{label: "somebody-else"}), want: unlabelled},
		"TakeOver":                 {reason: "Marking somebody else's Secret does not make it the provider's.", existing: theirs, do: apply(ours), want: foreign},
		"TakeOverWithoutAnyLabels": {reason: "Not even if nobody has marked it.", existing: map[string]string{}, do: apply(ours), want: foreign},
		"ChangeForeign":            {reason: "Somebody else's Secret stays as it is.", existing: theirs, do: apply(theirs), want: foreign},
		"PatchForeign":             {reason: "Whatever the kind of patch.", existing: theirs, do: patch(`{"data":{"password":"eA=="}}`), want: foreign},
		"DropLabel":                {reason: "A Secret that has lost its mark could not be kept in step.", existing: ours, do: patch(`{"metadata":{"labels":{"` + label + `":null}}}`), want: unlabelled},
		"DeleteForeign":            {reason: "Somebody else's Secret stays.", existing: theirs, do: remove, want: foreign},
		"DeleteAll": {
			reason:   "Nor can it be removed with all others.",
			existing: theirs,
			do: func(ctx context.Context, c client.Client, key client.ObjectKey) error {
				return c.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(key.Namespace))
			},
			want: foreign,
		},
		"TokenSecret":            {reason: "Kubernetes would put a token of the ServiceAccount into it, which the provider could read.", do: create(corev1.SecretTypeServiceAccountToken, ours), want: special},
		"CrossplaneSystem":       {reason: "Crossplane's certificates are not the provider's either.", namespace: apiserver.ProviderNamespace, existing: theirs, do: apply(ours), want: platform},
		"Adopt":                  {reason: "A Secret that a backup has restored has lost its owner.", existing: ours, do: apply(ours)},
		"Keep":                   {reason: "It stays that of its sync.", existing: ours, owner: own, do: apply(ours)},
		"DeleteOwned":            {reason: "It goes with its sync.", existing: ours, owner: own, do: remove},
		"TakeFromSync":           {reason: "Two syncs never share a Secret.", existing: ours, owner: anotherSync, do: patch(`{"metadata":{"ownerReferences":[` + ownerJSON + `]}}`), want: anothers},
		"TakeFromOther":          {reason: "What something else controls is its own, whatever the label says.", existing: ours, owner: externalSecret, do: patch(`{"metadata":{"ownerReferences":[` + ownerJSON + `]}}`), want: controlled},
		"DeleteFromOther":        {reason: "Nor may it be removed.", existing: ours, owner: externalSecret, do: remove, want: controlled},
		"CreateWithoutOwner":     {reason: "It would stay when its sync is gone.", do: createOwned("", ours, nil), want: ownerless},
		"DropOwner":              {reason: "Nor may it lose its owner.", existing: ours, owner: own, do: patch(`{"metadata":{"ownerReferences":null}}`), want: ownerless},
		"KeptWithoutOwner":       {reason: "The platform may let Secrets stay in a namespace.", labels: keeps, do: createOwned("", ours, nil)},
		"KeptFromNowOn":          {reason: "Those that are there, too.", labels: keeps, existing: ours, owner: own, do: patch(`{"metadata":{"ownerReferences":null}}`)},
		"KeptForOther":           {reason: "But not those of another controller.", labels: keeps, do: createOwned("", ours, externalSecret), want: ownerless},
		"OtherNamespace":         {reason: "A namespace without applications is none of its business.", labels: map[string]string{}, do: apply(ours), want: elsewhere},
		"OtherWorkloads":         {reason: "Nor is one whose applications come from something else.", labels: map[string]string{apiserver.LabelWorkloads: "helm"}, do: apply(ours), want: elsewhere},
		"DeleteInOtherNamespace": {reason: "Nothing is removed there either.", labels: map[string]string{}, existing: ours, owner: own, do: remove, want: elsewhere},
		"LabelOfOthers":          {reason: "What others have set stays.", existing: map[string]string{label: labelValue, "example.com/team": "shop"}, do: apply(ours)},
		"ChangeLabelOfOthers": {
			reason:   "And is not changed.",
			existing: map[string]string{label: labelValue, "argocd.argoproj.io/secret-type": "none"},
			owner:    own,
			do:       patch(`{"metadata":{"labels":{"argocd.argoproj.io/secret-type":"repository"}}}`),
			want: "provider-keyvault-secretsync may set only labels of the domains app.kubernetes.io and p6m.dev, and its subdomains, " +
				"of a Secret",
		},
		"SomebodyElseCreates": {reason: "Nobody else is affected.", user: admin, do: create(corev1.SecretTypeServiceAccountToken, nil)},
		"SomebodyElseChanges": {reason: "Not even with the provider's Secrets.", existing: ours, user: admin, do: patch(`{"metadata":{"labels":{"` + label + `":null}}}`)},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			key := client.ObjectKey{Namespace: tc.namespace, Name: "web-application-secrets"}
			if key.Namespace == "" {
				key.Namespace = namespace(t, tc.labels)
			}

			if tc.existing != nil {
				before := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: tc.existing}}
				if tc.owner != nil {
					before.OwnerReferences = []metav1.OwnerReference{*tc.owner}
				}

				if err := admin.Create(t.Context(), before); err != nil {
					t.Fatalf("cannot create Secret: %v", err)
				}
			}

			if diff := cmp.Diff(tc.want, message(tc.do(t.Context(), orProvider(tc.user), key))); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// namespace with those labels, or with those of a namespace for applications.
func namespace(t *testing.T, labels map[string]string) string {
	t.Helper()

	if labels == nil {
		return server.Namespace(t)
	}

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "labelled-", Labels: labels}}
	if err := admin.Create(t.Context(), ns); err != nil {
		t.Fatalf("cannot create namespace: %v", err)
	}

	return ns.Name
}

// The sync that the Secret is of.
const (
	syncUID   = "11111111-1111-4111-8111-111111111111"
	ownerJSON = `{"apiVersion":"secrets.p6m.dev/v1alpha1","kind":"KeyVaultSecretSync","name":"web-application","uid":"` + syncUID + `","controller":true}`
)

// controller of a Secret.
func controller(kind string, uid types.UID) *metav1.OwnerReference {
	group := "secrets.p6m.dev/v1alpha1"
	if kind != "KeyVaultSecretSync" {
		group = "external-secrets.io/v1"
	}

	return &metav1.OwnerReference{APIVersion: group, Kind: kind, Name: "web-application", UID: uid, Controller: new(true)}
}

func apply(labels map[string]string) func(context.Context, client.Client, client.ObjectKey) error {
	return func(ctx context.Context, c client.Client, key client.ObjectKey) error {
		s := applycorev1.Secret(key.Name, key.Namespace).WithLabels(labels).WithData(map[string][]byte{"key": []byte("value")}).
			WithOwnerReferences(applymetav1.OwnerReference().WithAPIVersion("secrets.p6m.dev/v1alpha1").WithKind("KeyVaultSecretSync").
				WithName("web-application").WithUID(syncUID).WithController(true).WithBlockOwnerDeletion(true))

		return c.Apply(ctx, s, client.FieldOwner("provider"), client.ForceOwnership)
	}
}

func create(kind corev1.SecretType, labels map[string]string) func(context.Context, client.Client, client.ObjectKey) error {
	return createOwned(kind, labels, controller("KeyVaultSecretSync", syncUID))
}

func createOwned(kind corev1.SecretType, labels map[string]string, owner *metav1.OwnerReference) func(context.Context, client.Client, client.ObjectKey) error {
	return func(ctx context.Context, c client.Client, key client.ObjectKey) error {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: labels}, Type: kind}
		if owner != nil {
			s.OwnerReferences = []metav1.OwnerReference{*owner}
		}

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
