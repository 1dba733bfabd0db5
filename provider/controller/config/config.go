// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package config reconciles provider configurations: it counts their usages, and blocks their
// deletion while they are used.
package config

import (
	"context"
	"fmt"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// SetupGated adds the controllers once their kinds are served. It calls fail if adding them
// fails, because a gate does not retry.
func SetupGated(mgr ctrl.Manager, o controller.Options, fail func(error)) {
	gv := v1alpha1.GroupVersion()

	o.Gate.Register(func() {
		if err := Setup(mgr, o); err != nil {
			fail(err)
		}
	}, gv.WithKind(v1alpha1.ProviderConfigKind), gv.WithKind(v1alpha1.ClusterProviderConfigKind), gv.WithKind(v1alpha1.ProviderConfigUsageKind))
}

// atOnce limits the concurrent reconciles of a kind of provider configuration. There are few of
// them, and every worker takes memory.
const atOnce = 4

// Setup adds a controller for each kind of provider configuration. Both share one kind of usage.
func Setup(mgr ctrl.Manager, o controller.Options) error {
	o.MaxConcurrentReconciles = min(o.MaxConcurrentReconciles, atOnce)

	for kind, object := range map[string]client.Object{
		v1alpha1.ProviderConfigKind:        &v1alpha1.ProviderConfig{},
		v1alpha1.ClusterProviderConfigKind: &v1alpha1.ClusterProviderConfig{},
	} {
		if err := setup(mgr, o, kind, object); err != nil {
			return err
		}
	}

	return nil
}

func setup(mgr ctrl.Manager, o controller.Options, kind string, object client.Object) error {
	gv := v1alpha1.GroupVersion()
	name := providerconfig.ControllerName(schema.GroupKind{Group: gv.Group, Kind: kind}.String())

	r := providerconfig.NewReconciler(scopedManager{mgr}, resource.ProviderConfigKinds{
		Config:    gv.WithKind(kind),
		Usage:     gv.WithKind(v1alpha1.ProviderConfigUsageKind),
		UsageList: gv.WithKind(v1alpha1.ProviderConfigUsageListKind),
	},
		providerconfig.WithLogger(o.Logger.WithValues("controller", name)),
		providerconfig.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...))) //nolint:staticcheck // crossplane-runtime needs that type.

	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(o.ForControllerRuntime()).
		For(object).
		Watches(&v1alpha1.ProviderConfigUsage{}, gathered(&resource.EnqueueRequestForProviderConfig{Kind: kind})).
		Complete(ratelimiter.NewReconciler(name, scoped(r), o.GlobalRateLimiter))
	if err != nil {
		return fmt.Errorf("cannot set up the controller of %s: %w", kind, err)
	}

	return nil
}

// gathering is how long usages are gathered before they are counted. Each count lists all
// usages, and after a start a thousand are new within a second: TestGatheredOnce counts one
// list instead of a thousand.
const gathering = time.Second

type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]

// gathered delays the requests that a handler adds.
func gathered(h handler.EventHandler) handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e ctrlevent.CreateEvent, q requests) { h.Create(ctx, e, delayed{q}) },
		UpdateFunc: func(ctx context.Context, e ctrlevent.UpdateEvent, q requests) { h.Update(ctx, e, delayed{q}) },
		DeleteFunc: func(ctx context.Context, e ctrlevent.DeleteEvent, q requests) { h.Delete(ctx, e, delayed{q}) },
	}
}

type delayed struct{ requests }

// Add a request with a delay.
func (d delayed) Add(r reconcile.Request) { d.AddAfter(r, gathering) }
