// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
)

// Apply creates or changes a sync.
func (w *World) Apply(tb testing.TB, s *v1alpha1.KeyVaultSecretSync) {
	tb.Helper()

	must(tb, w.ApplySync(tb.Context(), s))
}

// ApplySync is Apply for callers without a test.
func (w *World) ApplySync(ctx context.Context, s *v1alpha1.KeyVaultSecretSync) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s)
	if err != nil {
		return fmt.Errorf("cannot convert KeyVaultSecretSync: %w", err)
	}

	delete(content, "status")

	return w.API.Apply(ctx, &unstructured.Unstructured{Object: content})
}

// Get returns a sync without changes.
func (w *World) Get(ctx context.Context, s *v1alpha1.KeyVaultSecretSync) (*v1alpha1.KeyVaultSecretSync, error) {
	out := &v1alpha1.KeyVaultSecretSync{}
	if err := w.Kube.Get(ctx, client.ObjectKeyFromObject(s), out); err != nil {
		return nil, fmt.Errorf("cannot get KeyVaultSecretSync: %w", err)
	}

	return out, nil
}

// Await waits until a check of a sync succeeds, and returns the sync.
func (w *World) Await(tb testing.TB, s *v1alpha1.KeyVaultSecretSync, check func(*v1alpha1.KeyVaultSecretSync) error) *v1alpha1.KeyVaultSecretSync {
	tb.Helper()

	var last *v1alpha1.KeyVaultSecretSync

	err := apiserver.Eventually(tb.Context(), func(ctx context.Context) error {
		got, err := w.Get(ctx, s)
		if err != nil {
			return err
		}

		last = got

		return check(got)
	})
	if err != nil {
		tb.Fatalf("KeyVaultSecretSync %s/%s is not as it should be: %v", s.Namespace, s.Name, err)
	}

	return last
}

// AwaitStates waits until the secrets of a sync have these states.
func (w *World) AwaitStates(tb testing.TB, s *v1alpha1.KeyVaultSecretSync, want map[string]v1alpha1.State) *v1alpha1.KeyVaultSecretSync {
	tb.Helper()

	return w.Await(tb, s, func(got *v1alpha1.KeyVaultSecretSync) error {
		if diff := cmp.Diff(want, States(got)); diff != "" {
			return fmt.Errorf("states: -want, +got:\n%s%s", diff, messages(got))
		}

		return nil
	})
}

// AwaitData waits until the application's Secret has this data.
func (a *App) AwaitData(tb testing.TB, want map[string]string) {
	tb.Helper()

	must(tb, apiserver.Eventually(tb.Context(), func(ctx context.Context) error { return a.has(ctx, want) }))
}

// has returns an error unless the application's Secret has exactly this data.
func (a *App) has(ctx context.Context, want map[string]string) error {
	got, err := a.Data(ctx)
	if err != nil {
		return err
	}

	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("data of Secret of %s/%s: -want, +got:\n%s", a.Namespace, a.Name, diff)
	}

	return nil
}

// Data returns the data of the application's Secret, or nil if it is missing.
func (a *App) Data(ctx context.Context) (map[string]string, error) {
	s, err := a.Secret(ctx)
	if err != nil || s == nil {
		return nil, err
	}

	data := map[string]string{}
	for k, v := range s.Data {
		data[k] = string(v)
	}

	return data, nil
}

// States returns the states of a sync's secrets.
func States(s *v1alpha1.KeyVaultSecretSync) map[string]v1alpha1.State {
	out := map[string]v1alpha1.State{}
	for _, o := range s.Status.AtProvider.Secrets {
		out[o.Name] = o.State
	}

	return out
}

func messages(s *v1alpha1.KeyVaultSecretSync) string {
	var out strings.Builder

	for _, o := range s.Status.AtProvider.Secrets {
		fmt.Fprintf(&out, "%s: %s\n", o.Name, o.Message)
	}

	for _, c := range s.Status.Conditions {
		fmt.Fprintf(&out, "%s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}

	return out.String()
}

// Events returns the events about a sync.
func (w *World) Events(ctx context.Context, s *v1alpha1.KeyVaultSecretSync) ([]corev1.Event, error) {
	list := &corev1.EventList{}
	if err := w.Kube.List(ctx, list, client.InNamespace(s.Namespace)); err != nil {
		return nil, fmt.Errorf("cannot list events: %w", err)
	}

	var out []corev1.Event

	for _, e := range list.Items {
		if e.InvolvedObject.Kind == v1alpha1.KeyVaultSecretSyncKind && e.InvolvedObject.Name == s.Name {
			out = append(out, e)
		}
	}

	return out, nil
}

// Places returns the texts that must not contain a value, by name: the metrics of a provider, and
// everything that it writes to the cluster except the data of Secrets.
func (w *World) Places(ctx context.Context, p *Process) (map[string]string, error) {
	metrics, err := p.Metrics(ctx)
	if err != nil {
		return nil, err
	}

	secrets := &metav1.PartialObjectMetadataList{}
	secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))

	places := map[string]string{"metrics": metrics}

	for place, list := range map[string]client.ObjectList{
		"events":                 &corev1.EventList{},
		"events.k8s.io":          &eventsv1.EventList{}, // Its fields differ.
		"KeyVaultSecretSyncs":    &v1alpha1.KeyVaultSecretSyncList{},
		"ProviderConfigUsages":   &v1alpha1.ProviderConfigUsageList{},
		"ClusterProviderConfigs": &v1alpha1.ClusterProviderConfigList{},
		"ProviderConfigs":        &v1alpha1.ProviderConfigList{},
		"metadata of Secrets":    secrets,
	} {
		if err := w.Kube.List(ctx, list); err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", place, err)
		}

		content, err := json.Marshal(list)
		if err != nil {
			return nil, fmt.Errorf("cannot encode %s: %w", place, err)
		}

		places[place] = string(content)
	}

	return places, nil
}

// Abandon removes the syncs of these namespaces, and keeps their Secrets.
func (w *World) Abandon(ctx context.Context, namespaces ...string) error {
	for _, namespace := range namespaces {
		list := &v1alpha1.KeyVaultSecretSyncList{}
		if err := w.Kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return fmt.Errorf("cannot list KeyVaultSecretSyncs: %w", err)
		}

		for _, s := range list.Items {
			err := w.Kube.Delete(ctx, &s)
			if client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("cannot delete KeyVaultSecretSync: %w", err)
			}

			err = w.Kube.Patch(ctx, &s, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
			if client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("cannot remove the finalizer of KeyVaultSecretSync: %w", err)
			}
		}
	}

	return nil
}
