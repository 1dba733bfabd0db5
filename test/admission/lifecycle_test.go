// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestDeletion deletes applications and namespaces with the real garbage collector and namespace
// controller, whose writes the policies must allow.
//

func TestDeletion(t *testing.T) {
	startControllers(t)

	foreground := client.PropagationPolicy(metav1.DeletePropagationForeground)

	cases := map[string]struct {
		reason string
		delete func(ctx context.Context, app *unstructured.Unstructured) error

		// stay is true if composed resources outlive the application.
		stay bool
	}{
		"Foreground": {
			reason: "The application waits for its parts, and the garbage collector then removes its finalizer.",
			delete: func(ctx context.Context, app *unstructured.Unstructured) error {
				return modern.as(team).Delete(ctx, app, foreground)
			},
		},
		"Background": {
			reason: "The application is deleted before its parts.",
			delete: func(ctx context.Context, app *unstructured.Unstructured) error {
				return modern.as(team).Delete(ctx, app)
			},
		},
		"Orphan": {
			reason: "The platform may keep the parts; the garbage collector removes their owner.",
			stay:   true,
			delete: func(ctx context.Context, app *unstructured.Unstructured) error {
				return modern.as(backup).Delete(ctx, app, client.PropagationPolicy(metav1.DeletePropagationOrphan))
			},
		},
		"Namespace": {
			reason: "The namespace controller deletes everything.",
			delete: func(ctx context.Context, app *unstructured.Unstructured) error {
				return modern.Client().Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: app.GetNamespace()}})
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			namespace := modern.namespace(t)
			app := modern.filled(t, namespace, "web")

			// Crossplane removes its own finalizer when an application is deleted.
			app.SetFinalizers(nil)

			check.Must(t, modern.as(crossplane).Update(t.Context(), app))

			kinds := composedKinds(namespace)
			for _, k := range kinds {
				maker := crossplane
				if k.usage {
					maker = k.reconciler
				}

				setOwner(k.object, owner("PlatformApplication", "web", string(app.GetUID())))

				check.Must(t, modern.as(maker).Create(t.Context(), k.object))
			}

			check.Must(t, tc.delete(t.Context(), app.DeepCopy()))

			eventually(t, func() error { return modern.gone(t.Context(), app) })

			for _, k := range kinds {
				eventually(t, func() error {
					if tc.stay {
						return modern.orphaned(t.Context(), k.object)
					}

					return modern.gone(t.Context(), k.object)
				})
			}

			if t.Failed() {
				t.Log(tc.reason)
			}
		})
	}
}

// TestNamespaceKeepsUsages checks that a managed resource in a deleted namespace stays until its
// provider has deleted the Azure resource, and so does the usage of its provider configuration,
// which the provider could not create again.
func TestNamespaceKeepsUsages(t *testing.T) {
	startControllers(t)

	namespace := modern.namespace(t)

	var vault, usage *unstructured.Unstructured

	for _, k := range composedKinds(namespace) {
		switch k.resource {
		case "vaults.keyvault.azure.m.upbound.io":
			vault = k.object
		case "providerconfigusages.azure.m.upbound.io":
			usage = k.object
		}
	}

	vault.SetFinalizers([]string{"finalizer.managedresource.crossplane.io"})

	check.Must(t, modern.as(crossplane).Create(t.Context(), vault))

	reference := owner("Vault", "web", string(vault.GetUID()))
	reference["apiVersion"] = vault.GetAPIVersion()
	setOwner(usage, reference)

	check.Must(t, modern.as(azureProvider).Create(t.Context(), usage))

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	check.Must(t, modern.Client().Delete(t.Context(), ns))

	// The namespace controller has tried all kinds when it reports the remaining ones.
	eventually(t, func() error {
		if err := modern.Client().Get(t.Context(), client.ObjectKeyFromObject(ns), ns); err != nil {
			return fmt.Errorf("cannot get the namespace: %w", err)
		}

		for _, c := range ns.Status.Conditions {
			if c.Type == corev1.NamespaceFinalizersRemaining && c.Status == corev1.ConditionTrue {
				return nil
			}
		}

		return fmt.Errorf("conditions of the namespace: %v", ns.Status.Conditions)
	})

	if err := modern.Client().Get(t.Context(), client.ObjectKeyFromObject(usage), usage.DeepCopy()); err != nil {
		t.Errorf("usage of a managed resource that is there: %v", err)
	}

	// The provider has deleted the Azure resource.
	finished := vault.DeepCopy()
	check.Must(t, modern.as(azureProvider).Patch(t.Context(), finished, mergePatch(nest([]any{}, "metadata", "finalizers"))))

	for _, u := range []*unstructured.Unstructured{vault, usage, object("v1", "Namespace", "", namespace, nil)} {
		eventually(t, func() error { return modern.gone(t.Context(), u) })
	}
}

// gone returns an error while an object exists.
func (c *cluster) gone(ctx context.Context, u *unstructured.Unstructured) error {
	u = u.DeepCopy()

	switch err := c.Client().Get(ctx, client.ObjectKeyFromObject(u), u); {
	case kerrors.IsNotFound(err):
		return nil
	case err != nil:
		return err //nolint:wrapcheck // It says all.
	}

	return fmt.Errorf("%s %s is still there, with finalizers %v", u.GetKind(), u.GetName(), u.GetFinalizers())
}

// orphaned returns an error while an object has an owner.
func (c *cluster) orphaned(ctx context.Context, u *unstructured.Unstructured) error {
	u = u.DeepCopy()

	if err := c.Client().Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
		return err //nolint:wrapcheck // It says all.
	}

	if owners := u.GetOwnerReferences(); len(owners) > 0 {
		return fmt.Errorf("%s %s still has an owner: %v", u.GetKind(), u.GetName(), owners)
	}

	return nil
}

// startControllers starts the garbage collector and the namespace controller with their usual
// ServiceAccounts.
func startControllers(t *testing.T) {
	t.Helper()

	path := check.Tool(t, "kube-controller-manager")

	config, err := modern.ConfigForUser("system:kube-controller-manager")
	check.Must(t, err)

	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")

	check.Must(t, apiserver.WriteKubeconfig(kubeconfig, config))

	log, err := os.Create(filepath.Join(dir, "log"))
	check.Must(t, err)

	cmd := exec.CommandContext(
		t.Context(), path, "--kubeconfig="+kubeconfig, "--controllers=garbage-collector-controller,namespace-controller",
		"--use-service-account-credentials", "--leader-elect=false", "--secure-port=0",
	)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }

	check.Must(t, cmd.Start())

	t.Cleanup(func() {
		_ = cmd.Wait()
		_ = log.Close()

		if said, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("kube-controller-manager: %s", said[max(0, len(said)-8000):])
		}
	})
}

// TestRestore restores all objects of a backup, with status and references, as the account of the
// backup and as a user of the platform.
//
//nolint:gocognit // Tables of closures, each of which is short.
func TestRestore(t *testing.T) {
	for variant, c := range variants() {
		for user, groups := range map[string][]string{backup: nil, engineer: {engineers, "system:authenticated"}} {
			t.Run(variant+"/"+user, func(t *testing.T) {
				from, to := c.namespace(t), c.namespace(t)
				kube := c.as(user, groups...)
				saved := []*unstructured.Unstructured{c.filled(t, from, "web")}

				for _, k := range composedKinds(from) {
					saved = append(saved, k.object)
				}

				part := object("v1", "ServiceAccount", from, "web", nil)
				part.SetAnnotations(map[string]string{"crossplane.io/composition-resource-name": "service-account"})
				setOwner(part, owner("PlatformApplication", "web", string(saved[0].GetUID())))

				for _, u := range append(saved, part) {
					restored := u.DeepCopy()
					restored.SetNamespace(to)
					restored.SetUID("")
					restored.SetResourceVersion("")
					restored.SetManagedFields(nil)

					status, has := restored.Object["status"]

					if err := kube.Create(t.Context(), restored); err != nil {
						t.Errorf("%s: %v", u.GetKind(), err)

						continue
					}

					if !has {
						continue
					}

					restored.Object["status"] = status
					if err := kube.Status().Update(t.Context(), restored); err != nil {
						t.Errorf("status of %s: %v", u.GetKind(), err)
					}
				}
			})
		}
	}
}
