// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
)

const definitions = "apiextensions.k8s.io"

// A provider may start before its kinds exist. It works as soon as they exist.
func TestLateDefinitions(t *testing.T) {
	w := NewWorldFor(t)

	root, err := tools.Root()
	must(t, err)

	crds := filepath.Join(root, "package", "provider", "crds")

	// The order matters: the second case removes a permission.
	for _, tc := range []struct {
		name, reason string
		prepare      func(*testing.T, *World)
		// waiting returns an error until the provider waits as expected.
		waiting func(context.Context, *Process) error
	}{
		{
			name: "Gated", reason: "The provider is ready before its kinds exist, because Crossplane waits for that.",
			prepare: func(*testing.T, *World) {},
			waiting: func(ctx context.Context, p *Process) error { return p.Ready(ctx) },
		},
		{
			name: "NotGated", reason: "Without permission to watch definitions, the provider is not ready until its kinds exist.",
			prepare: forbidDefinitions,
			waiting: notReady,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			removeDefinitions(t, w, crds)
			tc.prepare(t, w)

			p, err := w.launch("--debug")
			must(t, err)
			p.stopWith(t)

			soon(t, func(ctx context.Context) error { return tc.waiting(ctx, p) })

			if err := p.Healthy(t.Context()); err != nil {
				t.Errorf("\n%s\nhealth without its kinds: %v", tc.reason, err)
			}

			must(t, w.API.InstallCRDs(t.Context(), crds))
			eventually(t, p.Ready)

			app := w.App(t, w.API.Namespace(t), "web")
			app.Put(t, "db", goodValue)

			sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
			w.Apply(t, sync)
			t.Cleanup(func() { must(t, w.Abandon(context.WithoutCancel(t.Context()), app.Namespace)) })
			w.AwaitStates(t, sync, map[string]v1alpha1.State{"db": v1alpha1.StateSynced})
			app.AwaitData(t, goodData())
		})
	}
}

// notReady returns an error if the provider is ready too early.
func notReady(ctx context.Context, p *Process) error {
	for _, words := range []string{"No permission to watch CustomResourceDefinitions", "if kind is a CRD, it should be installed"} {
		if !strings.Contains(p.Log(), words) {
			return fmt.Errorf("the log does not say %q", words)
		}
	}

	switch err := p.Ready(ctx); {
	case err == nil:
		return errors.New("it is ready")
	case !strings.Contains(err.Error(), "[-]kinds failed"):
		return err
	default:
		return nil
	}
}

// removeDefinitions removes the definitions of the provider's kinds, with all objects.
func removeDefinitions(t *testing.T, w *World, crds string) {
	t.Helper()

	objects, err := apiserver.ReadFiles(crds)
	must(t, err)

	for _, o := range objects {
		must(t, client.IgnoreNotFound(w.API.Client().Delete(t.Context(), o)))
	}

	for _, o := range objects {
		soon(t, func(ctx context.Context) error {
			err := w.API.Client().Get(ctx, client.ObjectKeyFromObject(o), o)
			if err == nil {
				return fmt.Errorf("CustomResourceDefinition %s is still there", o.GetName())
			}

			return client.IgnoreNotFound(err)
		})
	}
}

// forbidDefinitions removes the provider's permission for definitions, which Crossplane's RBAC
// manager grants.
func forbidDefinitions(t *testing.T, w *World) {
	t.Helper()

	role := &rbacv1.ClusterRole{}
	must(t, w.Kube.Get(t.Context(), client.ObjectKey{Name: "crossplane:provider:" + apiserver.ProviderServiceAccount + ":system"}, role))

	role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.APIGroups, definitions) })
	must(t, w.Kube.Update(t.Context(), role))

	provider, err := client.New(w.provider, client.Options{Scheme: w.Kube.Scheme()})
	must(t, err)

	soon(t, func(ctx context.Context) error {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Group: definitions, Resource: "customresourcedefinitions", Verb: "get"},
		}}
		if err := provider.Create(ctx, review); err != nil {
			return fmt.Errorf("cannot ask what the provider may do: %w", err)
		}

		if review.Status.Allowed {
			return errors.New("the provider may still get CustomResourceDefinitions")
		}

		return nil
	})
}
