package provider

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
)

// Apply creates or changes a sync.
func (w *World) Apply(tb testing.TB, s *v1alpha1.KeyVaultSecretSync) {
	tb.Helper()

	if err := w.ApplySync(tb.Context(), s); err != nil {
		tb.Fatal(err)
	}
}

// ApplySync is Apply for those who have no test.
func (w *World) ApplySync(ctx context.Context, s *v1alpha1.KeyVaultSecretSync) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s)
	if err != nil {
		return fmt.Errorf("cannot convert KeyVaultSecretSync: %w", err)
	}

	delete(content, "status")

	return w.API.Apply(ctx, &unstructured.Unstructured{Object: content})
}

// Get a sync as it is.
func (w *World) Get(ctx context.Context, s *v1alpha1.KeyVaultSecretSync) (*v1alpha1.KeyVaultSecretSync, error) {
	out := &v1alpha1.KeyVaultSecretSync{}
	if err := w.Kube.Get(ctx, client.ObjectKeyFromObject(s), out); err != nil {
		return nil, fmt.Errorf("cannot get KeyVaultSecretSync: %w", err)
	}

	return out, nil
}

// Await waits until a sync is as the check wants, and returns it.
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

	err := apiserver.Eventually(tb.Context(), func(ctx context.Context) error {
		got, err := a.Data(ctx)
		if err != nil {
			return err
		}

		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("data of Secret: -want, +got:\n%s", diff)
		}

		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// Data of the application's Secret, or nil if there is none.
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

// States of a sync's secrets.
func States(s *v1alpha1.KeyVaultSecretSync) map[string]v1alpha1.State {
	out := map[string]v1alpha1.State{}
	for _, o := range s.Status.AtProvider.Secrets {
		out[o.Name] = o.State
	}

	return out
}

func messages(s *v1alpha1.KeyVaultSecretSync) string {
	out := ""
	for _, o := range s.Status.AtProvider.Secrets {
		out += fmt.Sprintf("%s: %s\n", o.Name, o.Message)
	}

	for _, c := range s.Status.Conditions {
		out += fmt.Sprintf("%s=%s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}

	return out
}
