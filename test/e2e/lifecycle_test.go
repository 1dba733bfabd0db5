//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// TestCreation proves that one manifest becomes a running application, with the same result as a
// composite resource and as a claim.
func TestCreation(t *testing.T) {
	results := map[plane.Variant][]string{}

	for variant, p := range w.variants(t) {
		t.Run(string(variant), func(t *testing.T) {
			a := apply(t, p, namespaceOf(t, p), "web")

			a.wait(t, secretIs("AwaitingValue"))
			// The team sees the next step.
			a.wait(t, conditionSays("SecretsSynced", secretName, "POSTGRES_PASSWORD"))

			if got := a.pods(t); len(got) > 0 {
				t.Errorf("nothing must start before it has its values: got Pods %v", got)
			}

			pw := password()
			a.set(t, postgres(pw))
			ready := a.wait(t, plane.Ready)
			a.runsWith(t, pw)

			for _, s := range ready.Status.Secrets {
				if s.Version == "" {
					t.Errorf("secret %s: want a version in the status", s.Name)
				}
			}

			var kinds []string
			for key := range a.composed(t) {
				kind, _, _ := strings.Cut(key, "/")
				kinds = append(kinds, kind)
			}

			slices.Sort(kinds)

			results[variant] = append(kinds, fmt.Sprint(ready.Status.SecretsSynced, " ", ready.Status.Environment.Variables, " ", ready.Status.Secrets[0].Env))
		})
	}

	if diff := cmp.Diff(results[plane.Modern], results[plane.Claim]); diff != "" {
		t.Errorf("both variants must come to the same: -modern, +claim:\n%s", diff)
	}
}

// TestRotation proves that a new value reaches the processes within two intervals plus the time of
// a rollout, unless the team has disabled that.
func TestRotation(t *testing.T) {
	for variant, p := range w.variants(t) {
		t.Run(string(variant), func(t *testing.T) { rotation(t, p) })
	}
}

func rotation(t *testing.T, p *plane.Plane) {
	t.Helper()

	namespace := namespaceOf(t, p)
	a, _ := started(t, p, namespace, "rolls")
	still, old := started(t, p, namespace, "stays", with("deployment.restartOnSecretChange", false))

	pods, template, before := still.pods(t), still.observe(t).template(), a.pods(t)
	pw, other := password(), password()

	start := a.set(t, postgres(pw))
	still.set(t, postgres(other))

	arrived := a.secretHas(t, pw)
	last := a.runsWith(t, pw)
	t.Logf("the Secret had the new value after %.1f s, and the last Pod started after %.1f s", arrived.Sub(start).Seconds(), last.Sub(start).Seconds())

	// The API server and the Pods share a clock.
	if took := last.Sub(start); took > 2*poll {
		t.Errorf("want Pods with the new value within two intervals of %s, the last one started after %s", poll, took)
	}

	for name := range before {
		if _, ok := a.pods(t)[name]; ok {
			t.Errorf("Pod %s has the old value, and must end", name)
		}
	}

	still.secretHas(t, other)
	// The status shows the version that the function has seen.
	still.wait(t, func(got *plane.Application) error {
		return still.versionIsCurrent(t.Context(), got)
	})

	// An unwanted rollout would still be under way.
	still.reconciled(t)

	if diff := cmp.Diff(template, still.observe(t).template()); diff != "" {
		t.Errorf("restartOnSecretChange: false must not change Pods: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(pods, still.pods(t)); diff != "" {
		t.Errorf("restartOnSecretChange: false must not roll Pods: -want, +got:\n%s", diff)
	}

	still.runsWith(t, old)
}

// TestIsolation proves that applications have no access to each other, in one namespace and under
// one name in two clusters, and that naming another's vault grants nothing.
func TestIsolation(t *testing.T) {
	namespace := namespaceOf(t, w.modern)
	claims := w.claims(t)

	must(t, claims.API.CreateNamespace(t.Context(), namespace))

	a, pwA := started(t, w.modern, namespace, "web")
	b, pwB := started(t, w.modern, namespace, "api")
	c, pwC := started(t, claims, namespace, "web")

	vaults := map[string]bool{a.vault(t): true, b.vault(t): true, c.vault(t): true}
	if len(vaults) != 3 {
		t.Errorf("want three vaults, got %v", slices.Sorted(maps.Keys(vaults)))
	}

	a.runsWith(t, pwA)
	b.runsWith(t, pwB)
	c.runsWith(t, pwC)

	refusesVault(t, a.wait(t, plane.Ready))
}

// TestTaken proves that an application takes over no foreign object, and continues when its names are free.
func TestTaken(t *testing.T) {
	p := w.modern
	namespace := namespaceOf(t, p)
	meta := metav1.ObjectMeta{Namespace: namespace, Name: "web"}

	account := &corev1.ServiceAccount{ObjectMeta: meta}
	service := &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "old"}, Ports: []corev1.ServicePort{{Port: 80}},
	}}

	for _, o := range []client.Object{account, service} {
		must(t, p.API.Client().Create(t.Context(), o))
	}

	a, pw := apply(t, p, namespace, "web"), password()

	// free deletes an object, after the application has reported it as blocking and left it unchanged.
	free := func(kind string, o client.Object) {
		t.Helper()

		a.wait(t, conditionSays("WorkloadReady", "cannot create "+kind+" web: it already exists"))

		was := o.GetResourceVersion()
		if err := p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil || o.GetResourceVersion() != was {
			t.Errorf("%s: want it to stay as it was, got %v, %v", kind, o, err)
		}

		must(t, p.API.Client().Delete(t.Context(), o))
	}

	free("ServiceAccount", account)
	a.set(t, postgres(pw))
	free("Service", service)

	a.wait(t, plane.Ready)
	a.runsWith(t, pw)
}

// refusesVault checks that an application cannot use a vault that is not assigned to it, in its
// namespace and in another one.
func refusesVault(t *testing.T, victim *plane.Application) {
	t.Helper()

	vault := victim.Status.KeyVault.Name
	elsewhere := victim.GetNamespace() + "-other"

	before, err := w.azure.RoleAssignments(vault)
	must(t, errors.Join(err, w.modern.API.CreateNamespace(t.Context(), elsewhere)))

	for _, namespace := range []string{victim.GetNamespace(), elsewhere} {
		a := apply(t, w.modern, namespace, "covets", with("keyVault.name", vault))
		a.wait(t, conditionSays("KeyVaultReady", vault, "is not assigned to this application"))

		if got := a.composed(t); len(got) > 0 {
			t.Errorf("an application that names another's vault must get nothing, got %v", got)
		}
	}

	after, err := w.azure.RoleAssignments(vault)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("naming another's vault must give no role on it: -want, +got:\n%s%v", diff, err)
	}
}

// TestOfficer proves that an officer in a manifest may set values in the vault of that application
// only, while the manifest lists the officer.
func TestOfficer(t *testing.T) {
	const clientID, principalID = "66666666-aaaa-4666-8666-666666666666", "66666666-6666-4666-8666-666666666666"

	secret := password()
	must(t, w.azure.PutApplication(azure.Application{TenantID: plane.Tenant, ClientID: clientID, PrincipalID: principalID, ClientSecret: secret}))

	namespace := namespaceOf(t, w.modern)
	a := apply(t, w.modern, namespace, "web", with("keyVault.officers", []any{map[string]any{"objectId": principalID, "principalType": "ServicePrincipal"}}))
	b := apply(t, w.modern, namespace, "api")

	set := func(ctx context.Context, vault, value string) error {
		return plane.SetSecretAs(ctx, w.azure, clientID, secret, vault, secretName, value)
	}
	// This is Key Vault's message.
	refused := func(err error) error {
		failure := &azcore.ResponseError{}
		if errors.As(err, &failure) && failure.StatusCode == http.StatusForbidden {
			return nil
		}

		return fmt.Errorf("want the officer of %s to be refused, got %v", a.name, err) //nolint:errorlint // There may be none.
	}

	pw, vault := password(), a.vault(t)

	eventually(t, "the role of the application's officer", func(ctx context.Context) error {
		return set(ctx, vault, postgres(pw))
	})

	a.wait(t, plane.Ready)
	a.runsWith(t, pw)

	// The platform's officers get their role on this vault, so it is not too early.
	b.set(t, postgres(password()))
	b.wait(t, plane.Ready)

	if err := refused(set(t.Context(), b.vault(t), postgres(password()))); err != nil {
		t.Error(err)
	}

	apply(t, w.modern, namespace, a.name)

	eventually(t, "the officer to lose the role", func(ctx context.Context) error {
		return refused(set(ctx, vault, postgres(pw)))
	})

	// Values of others stay.
	last := password()
	a.set(t, postgres(last))
	a.runsWith(t, last)
}

// TestDeletion proves where the data is after an application was deleted and created again.
func TestDeletion(t *testing.T) {
	for variant, p := range w.variants(t) {
		t.Run(string(variant), func(t *testing.T) { deletion(t, p) })
	}
}

func deletion(t *testing.T, p *plane.Plane) {
	t.Helper()

	namespace := namespaceOf(t, p)

	cases := map[string]struct {
		reason  string
		policy  string
		deleted func(vault string) error
		found   bool
	}{
		"Retain": {
			reason:  "The vault stays unchanged, with its data.",
			policy:  "Retain",
			deleted: vaultIs(azure.VaultActive),
			found:   true,
		},
		"SoftDelete": {
			reason:  "The vault is deleted, cannot be purged, and is recovered with its data.",
			policy:  "SoftDelete",
			deleted: vaultIs(azure.VaultDeleted),
			found:   true,
		},
		"Purge": {
			reason:  "Nothing is left of the vault.",
			policy:  "Purge",
			deleted: vaultIs(azure.VaultGone),
			found:   false,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := with("keyVault.deletionPolicy", tc.policy)
			a, pw := started(t, p, namespace, strings.ToLower(name), policy)
			vault := a.wait(t, plane.Ready).Status.KeyVault.Name

			a.remove(t)

			err := plane.Eventually(t.Context(), "the vault", func(context.Context) error { return tc.deleted(vault) })
			if err != nil {
				t.Fatalf("\n%s\n%v", tc.reason, err)
			}

			again := apply(t, p, namespace, strings.ToLower(name), policy)
			if got := again.wait(t, plane.HasVault).Status.KeyVault.Name; got != vault {
				t.Errorf("\n%s\nwant the application to find its vault %s again, got %s", tc.reason, vault, got)
			}

			if tc.found {
				again.runsWith(t, pw)
			} else {
				again.wait(t, secretIs("AwaitingValue"))
			}
		})
	}
}

// vaultIs checks the state of a vault.
func vaultIs(want string) func(string) error {
	return func(name string) error {
		if got := w.azure.WhereIsVault(name); got != want {
			return fmt.Errorf("vault %s is %s, not %s", name, got, want)
		}

		return nil
	}
}

// secretHas waits until the application's Secret has that password, and returns the time.
func (a *app) secretHas(t *testing.T, password string) time.Time {
	t.Helper()

	eventually(t, "the Secret to have the password", func(ctx context.Context) error {
		s := &corev1.Secret{}
		if err := a.plane.API.Client().Get(ctx, client.ObjectKey{Namespace: a.namespace, Name: a.name + "-keyvault"}, s); err != nil {
			return fmt.Errorf("cannot get Secret: %w", err)
		}

		if string(s.Data[secretName+".POSTGRES_PASSWORD"]) != password {
			return errors.New("it has another")
		}

		return nil
	})

	return time.Now()
}

// versionIsCurrent returns an error unless the application's status has the version of the sync.
func (a *app) versionIsCurrent(ctx context.Context, got *plane.Application) error {
	s, err := a.plane.Sync(ctx, a.namespace, a.name)
	if err != nil {
		return err
	}

	if has, want := got.Status.Secrets[0].Version, s.Status.AtProvider.Secrets[0].Version; has != want {
		return fmt.Errorf("the status has version %s, the sync %s", has, want)
	}

	return nil
}
