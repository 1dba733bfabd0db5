// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// A vault, read with the identity of one application.
type vault struct {
	pool   *keyvault.Pool
	source watch.Target
	// creator returns a client with the identity that creates missing secrets. It is nil for a
	// sync without createMissing.
	creator func(ctx context.Context) (*keyvault.Client, error)
}

func (v vault) client() (*keyvault.Client, error) {
	return v.pool.Application(v.source.VaultURI, v.source.Identity)
}

// get a version of a secret. An empty version is the latest.
func (v vault) get(ctx context.Context, name, version string) (keyvault.Secret, error) {
	c, err := v.client()
	if err != nil {
		return keyvault.Secret{}, err
	}

	return c.Get(ctx, name, version)
}

// A lister implements watch.Lister with pooled clients.
type lister struct {
	pool *keyvault.Pool
	kube client.Client
}

// List the secrets of the target.
func (l lister) List(ctx context.Context, t watch.Target, listing keyvault.Listing) ([]keyvault.Properties, error) {
	c, err := l.client(ctx, t)
	if err != nil {
		return nil, err
	}

	return c.List(ctx, listing)
}

// Drop the client of the target.
func (l lister) Drop(t watch.Target) {
	if t.ProviderConfig == (watch.ProviderConfig{}) {
		l.pool.Drop(t.VaultURI, t.Identity)
	} else {
		l.pool.DropLister(t.VaultURI, nameOf(t.ProviderConfig.Kind, t.ProviderConfig.Namespace, t.ProviderConfig.Name))
	}
}

func (l lister) client(ctx context.Context, t watch.Target) (*keyvault.Client, error) {
	if t.ProviderConfig == (watch.ProviderConfig{}) {
		return l.pool.Application(t.VaultURI, t.Identity)
	}

	name, c, err := creatorFor(ctx, l.kube, xpv1.ProviderConfigReference{Kind: t.ProviderConfig.Kind, Name: t.ProviderConfig.Name}, t.ProviderConfig.Namespace)
	if err != nil {
		return nil, err
	}

	return l.pool.Lister(t.VaultURI, name, c)
}

// listedBy returns the target that is listed to find changes, and whether that is not the one
// that the sync reads. Syncs share it if they have the same vault and provider configuration.
func listedBy(cr *v1alpha1.KeyVaultSecretSync) (t watch.Target, shared bool) {
	ref := cr.GetProviderConfigReference()
	if cr.Spec.ForProvider.ListWith != v1alpha1.ListWithProviderConfig || ref == nil {
		return sourceOf(cr), false
	}

	t.VaultURI = strings.ToLower(strings.TrimSuffix(cr.Spec.ForProvider.VaultURI, "/"))

	t.ProviderConfig = watch.ProviderConfig{Kind: ref.Kind, Name: ref.Name}
	if ref.Kind != v1alpha1.ClusterProviderConfigKind {
		t.ProviderConfig.Namespace = cr.Namespace
	}

	return t, true
}

// sourceOf returns the vault of a sync, with the identity that reads it.
func sourceOf(cr *v1alpha1.KeyVaultSecretSync) watch.Target {
	p := cr.Spec.ForProvider

	return watch.Target{VaultURI: p.VaultURI, Identity: keyvault.Identity{
		TenantID: p.TenantID, ClientID: p.ClientID, Namespace: cr.Namespace, ServiceAccount: p.ServiceAccountName,
	}}
}
