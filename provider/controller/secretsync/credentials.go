// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// nameOf a provider configuration. A cluster-scoped one has no namespace.
func nameOf(kind, namespace, name string) string {
	if kind == v1alpha1.ProviderConfigKind {
		return namespace + "/" + kind + " " + name
	}

	return kind + " " + name
}

// creator returns the client that creates secrets.
func (e *external) creator(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) (*keyvault.Client, error) {
	name, c, err := creatorOf(ctx, e.kube, cr)
	if err != nil {
		return nil, err
	}

	return e.pool.Creator(cr.Spec.ForProvider.VaultURI, name, c)
}

// creatorOf returns the identity that creates missing secrets, and the name of its provider
// configuration. Any error is a *keyvault.Error.
func creatorOf(ctx context.Context, kube client.Client, cr *v1alpha1.KeyVaultSecretSync) (string, keyvault.Creator, error) {
	ref := cr.GetProviderConfigReference()
	if ref == nil {
		return "", keyvault.Creator{}, noCreator(finding.ProviderConfigUnset, "")
	}

	return creatorFor(ctx, kube, *ref, cr.Namespace)
}

// creatorFor returns the identity of a provider configuration, and its name.
func creatorFor(ctx context.Context, kube client.Client, ref xpv1.ProviderConfigReference, namespace string) (string, keyvault.Creator, error) {
	name, c, err := credentials(ctx, kube, ref, namespace)
	if err != nil {
		return name, keyvault.Creator{}, err
	}

	creator := keyvault.Creator{Source: c.Source, TenantID: c.TenantID, ClientID: c.ClientID}
	if c.SecretRef != nil {
		creator.ClientSecret, err = clientSecret(ctx, kube, *c.SecretRef)
	}

	return name, creator, err
}

// credentials returns the name of a provider configuration, and its credentials. Their
// reference to a Secret has a namespace.
func credentials(ctx context.Context, kube client.Client, ref xpv1.ProviderConfigReference, namespace string) (string, v1alpha1.ProviderCredentials, error) {
	name := nameOf(ref.Kind, namespace, ref.Name)
	unreadable := failures{finding.ProviderConfigMissing, finding.ProviderConfigForbidden, finding.ProviderConfigUnreadable}

	switch ref.Kind {
	case v1alpha1.ProviderConfigKind:
		pc := &v1alpha1.ProviderConfig{}
		if err := kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, pc); err != nil {
			return name, v1alpha1.ProviderCredentials{}, unreadable.of(err, name)
		}

		c := pc.Spec.Credentials
		if c.SecretRef == nil {
			return name, c, nil
		}

		if c.SecretRef.Namespace != "" && c.SecretRef.Namespace != namespace {
			return name, c, noCreator(finding.SecretOfOtherNamespace, name)
		}

		c.SecretRef = &v1alpha1.SecretKeyReference{Namespace: namespace, Name: c.SecretRef.Name, Key: c.SecretRef.Key}

		return name, c, nil
	case v1alpha1.ClusterProviderConfigKind:
		pc := &v1alpha1.ClusterProviderConfig{}
		if err := kube.Get(ctx, client.ObjectKey{Name: ref.Name}, pc); err != nil {
			return name, v1alpha1.ProviderCredentials{}, unreadable.of(err, name)
		}

		return name, pc.Spec.Credentials, nil
	default:
		return name, v1alpha1.ProviderCredentials{}, noCreator(finding.ProviderConfigKindUnknown, name)
	}
}

// clientSecret returns the client secret that a reference names.
func clientSecret(ctx context.Context, kube client.Client, ref v1alpha1.SecretKeyReference) (string, error) {
	name := "Secret " + ref.Namespace + "/" + ref.Name

	s := &corev1.Secret{}
	if err := kube.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, s); err != nil {
		return "", failures{finding.ClientSecretMissing, finding.ClientSecretForbidden, finding.ClientSecretUnreadable}.of(err, name)
	}

	secret := string(s.Data[ref.Key])
	if secret == "" {
		return "", noCreator(finding.ClientSecretKeyMissing, name, ref.Key)
	}

	return secret, nil
}

// failures are the reasons for failing to get an object. The text of the error is not used,
// because that of a timeout differs each time, and the status would be rewritten each time.
type failures struct{ missing, forbidden, unreadable finding.Reason }

func (f failures) of(err error, object string) error {
	switch {
	case kerrors.IsNotFound(err):
		return noCreator(f.missing, object)
	case kerrors.IsForbidden(err):
		return noCreator(f.forbidden, object)
	default:
		return noCreator(f.unreadable, object)
	}
}

// noCreator returns the error that no identity can create secrets.
func noCreator(r finding.Reason, object string, keys ...string) error {
	return &keyvault.Error{
		Reason: keyvault.NoIdentity, Operation: "create secrets",
		Cause: finding.Finding{Reason: r, Object: object, Names: keys},
	}
}
