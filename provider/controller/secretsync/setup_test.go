// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// What cannot be set up when its kinds are served is told, as nobody tries again.
func TestSetupGated(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}

	mgr, err := ctrl.NewManager(&rest.Config{}, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}

	g := new(gate.Gate[schema.GroupVersionKind])
	failed := make(chan error, 1)

	SetupGated(mgr, Options{
		Options: controller.Options{Gate: g, Logger: logging.NewNopLogger(), Features: &feature.Flags{}},
		Metrics: NewMetrics(), WatchMetrics: watch.NewMetrics(),
	}, func(err error) { failed <- err })

	g.Set(v1alpha1.KeyVaultSecretSyncGroupVersionKind(), true)
	g.Set(v1alpha1.GroupVersion().WithKind(v1alpha1.ProviderConfigUsageKind), true)

	if err := <-failed; !strings.HasPrefix(err.Error(), "cannot set up the controller of KeyVaultSecretSync: ") {
		t.Errorf("\nThe scheme has no Secrets.\nSetupGated(...): %v", err)
	}
}
