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
	"github.com/p6m-dev/platform-application/test/internal/check"
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
		labels    map[string]string      // These are labels of the namespace, if they differ from those of an application's namespace.
		existing  map[string]string      // These are labels of an existing Secret, if there is one.
		owner     *metav1.OwnerReference // This is the owner of the existing Secret.
		user      client.Client          // The default is the provider.
		do        func(context.Context, client.Client, client.ObjectKey) error
		want      string
	}{
		"ApplyNew":                 {reason: "The provider writes a new Secret.", do: apply(ours)},
		"ApplyOurs":                {reason: "The provider updates its Secret.", existing: ours, do: apply(ours)},
		"DeleteOurs":               {reason: "The provider may delete its Secret.", existing: ours, do: remove},
		"ApplyNewWithoutLabel":     {reason: "The provider cannot create a Secret without its label.", do: apply(theirs), want: unlabelled},
		"CreateWithoutAnyLabels":   {reason: "The provider cannot create a Secret without any label.", do: create("", nil), want: unlabelled},
		"CreateWithOtherValue":     {reason: "The provider cannot create a Secret whose label has another value.", do: create("", map[string]string{label: "somebody-else"}), want: unlabelled},
		"TakeOver":                 {reason: "The provider cannot take over a foreign Secret by adding its label.", existing: theirs, do: apply(ours), want: foreign},
		"TakeOverWithoutAnyLabels": {reason: "The provider cannot take over a Secret without labels.", existing: map[string]string{}, do: apply(ours), want: foreign},
		"ChangeForeign":            {reason: "The provider cannot change a foreign Secret.", existing: theirs, do: apply(theirs), want: foreign},
		"PatchForeign":             {reason: "The provider cannot patch a foreign Secret.", existing: theirs, do: patch(`{"data":{"password":"eA=="}}`), want: foreign},
		"DropLabel":                {reason: "The provider cannot remove its label, because it could not update the Secret afterwards.", existing: ours, do: patch(`{"metadata":{"labels":{"` + label + `":null}}}`), want: unlabelled},
		"DeleteForeign":            {reason: "The provider cannot delete a foreign Secret.", existing: theirs, do: remove, want: foreign},
		"DeleteAll": {
			reason:   "The provider cannot delete a foreign Secret in a collection.",
			existing: theirs,
			do: func(ctx context.Context, c client.Client, key client.ObjectKey) error {
				return c.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(key.Namespace))
			},
			want: foreign,
		},
		"TokenSecret":            {reason: "Kubernetes would add a token of a ServiceAccount to the Secret, and the provider could read it.", do: create(corev1.SecretTypeServiceAccountToken, ours), want: special},
		"CrossplaneSystem":       {reason: "The provider cannot read Crossplane's certificates.", namespace: apiserver.ProviderNamespace, existing: theirs, do: apply(ours), want: platform},
		"Adopt":                  {reason: "A Secret that a backup has restored has no owner, and can be adopted.", existing: ours, do: apply(ours)},
		"Keep":                   {reason: "The owner of the Secret stays its sync.", existing: ours, owner: own, do: apply(ours)},
		"DeleteOwned":            {reason: "The Secret can be deleted with its sync.", existing: ours, owner: own, do: remove},
		"TakeFromSync":           {reason: "The provider cannot take over the Secret of another sync.", existing: ours, owner: anotherSync, do: patch(`{"metadata":{"ownerReferences":[` + ownerJSON + `]}}`), want: anothers},
		"TakeFromOther":          {reason: "The provider cannot take over a Secret with another controller, whatever its label.", existing: ours, owner: externalSecret, do: patch(`{"metadata":{"ownerReferences":[` + ownerJSON + `]}}`), want: controlled},
		"DeleteFromOther":        {reason: "The provider cannot delete a Secret with another controller.", existing: ours, owner: externalSecret, do: remove, want: controlled},
		"CreateWithoutOwner":     {reason: "A Secret without an owner would outlive its sync.", do: createOwned("", ours, nil), want: ownerless},
		"DropOwner":              {reason: "The provider cannot remove the owner.", existing: ours, owner: own, do: patch(`{"metadata":{"ownerReferences":null}}`), want: ownerless},
		"KeptWithoutOwner":       {reason: "A namespace label allows Secrets without an owner.", labels: keeps, do: createOwned("", ours, nil)},
		"KeptFromNowOn":          {reason: "A namespace label allows removing the owner.", labels: keeps, existing: ours, owner: own, do: patch(`{"metadata":{"ownerReferences":null}}`)},
		"KeptForOther":           {reason: "A namespace label does not allow Secrets with another controller.", labels: keeps, do: createOwned("", ours, externalSecret), want: ownerless},
		"OtherNamespace":         {reason: "The provider cannot write to a namespace without applications.", labels: map[string]string{}, do: apply(ours), want: elsewhere},
		"OtherWorkloads":         {reason: "The provider cannot write to a namespace whose applications come from another tool.", labels: map[string]string{apiserver.LabelWorkloads: "helm"}, do: apply(ours), want: elsewhere},
		"DeleteInOtherNamespace": {reason: "The provider cannot delete Secrets there either.", labels: map[string]string{}, existing: ours, owner: own, do: remove, want: elsewhere},
		"LabelOfOthers":          {reason: "Labels of other tools are kept.", existing: map[string]string{label: labelValue, "example.com/team": "shop"}, do: apply(ours)},
		"ChangeLabelOfOthers": {
			reason:   "Labels of other tools cannot be changed.",
			existing: map[string]string{label: labelValue, "argocd.argoproj.io/secret-type": "none"},
			owner:    own,
			do:       patch(`{"metadata":{"labels":{"argocd.argoproj.io/secret-type":"repository"}}}`),
			want: "provider-keyvault-secretsync may set only labels of the domains app.kubernetes.io and p6m.dev, and its subdomains, " +
				"of a Secret",
		},
		"SomebodyElseCreates": {reason: "Other users are not affected.", user: admin, do: create(corev1.SecretTypeServiceAccountToken, nil)},
		"SomebodyElseChanges": {reason: "Other users can change the provider's Secrets.", existing: ours, user: admin, do: patch(`{"metadata":{"labels":{"` + label + `":null}}}`)},
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

				check.Must(t, admin.Create(t.Context(), before))
			}

			if diff := cmp.Diff(tc.want, message(tc.do(t.Context(), orProvider(tc.user), key))); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// namespace creates a namespace with these labels. The default is a namespace for applications.
func namespace(t *testing.T, labels map[string]string) string {
	t.Helper()

	if labels == nil {
		return server.Namespace(t)
	}

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "labelled-", Labels: labels}}
	check.Must(t, admin.Create(t.Context(), ns))

	return ns.Name
}

// The sync owns the Secret.
const (
	syncUID   = "11111111-1111-4111-8111-111111111111"
	ownerJSON = `{"apiVersion":"secrets.p6m.dev/v1alpha1","kind":"KeyVaultSecretSync","name":"web-application","uid":"` + syncUID + `","controller":true}`
)

// controller returns the controller of a Secret.
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
