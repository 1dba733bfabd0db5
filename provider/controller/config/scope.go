// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/provider/controller/metadata"
)

// A scopedManager returns a client that lists only the namespace of the ProviderConfig being
// reconciled, or all namespaces for a ClusterProviderConfig. A usage names its configuration
// without a namespace, and crossplane-runtime v2.2 would count the usages of all namespaces. See
// https://github.com/crossplane/crossplane/issues/7154
type scopedManager struct{ manager.Manager }

func (m scopedManager) GetClient() client.Client {
	return scopedClient{metadata.Client{Client: m.Manager.GetClient()}}
}

type scopedClient struct{ client.Client }

// List the objects of the namespace in the context.
func (c scopedClient) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	namespace, _ := ctx.Value(namespaceKey{}).(string)

	return c.Client.List(ctx, list, append(opts, client.InNamespace(namespace))...)
}

// A namespaceKey is the key of a request's namespace in a context.
type namespaceKey struct{}

// scoped adds the namespace of a request to the context, for the client of a scopedManager.
func scoped(r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		return r.Reconcile(context.WithValue(ctx, namespaceKey{}, req.Namespace), req)
	})
}
