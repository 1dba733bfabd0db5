// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
	"github.com/p6m-dev/platform-application/fn/azurename"
)

// A step of a run. Its texts are in stepTexts.
type step struct {
	name    string
	timeout time.Duration

	do func(context.Context, *run) error
}

// steps returns the steps of a run in their order. Names are a contract with pipelines.
func steps() []step {
	return []step{
		{"create", time.Minute, create},
		{"vault", 20 * time.Minute, hasVault},
		{"identity", 10 * time.Minute, condition("IdentityReady")},
		{"access", 15 * time.Minute, condition("AccessReady")},
		{"awaiting-values", 20 * time.Minute, awaitsValues},
		{"set-values", 20 * time.Minute, setValues},
		{"variables", 10 * time.Minute, hasVariables},
		{"rotate", 10 * time.Minute, rotate},
		{"disable", 10 * time.Minute, disable},
		{"enable", 10 * time.Minute, enable},
		{"delete-secret", 10 * time.Minute, deleteSecret},
		{"recover-secret", 10 * time.Minute, recoverSecret},
		{"delete", 20 * time.Minute, deleteApplication},
		{"return", 40 * time.Minute, comeBack},
	}
}

// StepNames returns the names of all steps and of the cleanup.
func StepNames() []string {
	var out []string
	for _, s := range steps() {
		out = append(out, s.name)
	}

	return append(out, Cleanup)
}

func create(ctx context.Context, r *run) error {
	if err := r.createNamespace(ctx); err != nil {
		return err
	}

	return r.apply(ctx)
}

func hasVault(ctx context.Context, r *run) error {
	err := r.untilApplication(ctx, string(awaitVault), func(a application) error {
		if k := a.status.KeyVault; k == nil || k.URI == "" || k.Name == "" {
			return a.waitsFor("KeyVaultReady")
		}

		if k := a.status.KeyVault; k.Name != r.vaultName() || strings.TrimRight(k.URI, "/") != strings.TrimRight(r.vault(), "/") {
			return permanent{fmt.Errorf("the status names vault %s at %s, but the vault of this run is %s", shorten(k.Name), shorten(k.URI), r.vaultName())}
		}

		return a.isTrue("KeyVaultReady")
	})
	if err != nil {
		return err
	}

	return r.noteVault(ctx)
}

// condition returns a step that waits for a condition to become true.
func condition(kind string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		if err := r.untilApplication(ctx, awaitCondition.Render(sentence.With{"condition": kind}), func(a application) error { return a.isTrue(kind) }); err != nil {
			return err
		}

		if i := r.app.status.Identity; i != nil {
			r.report.Azure.Identity, r.report.Azure.ClientID, r.report.Azure.PrincipalID = shorten(i.Name), shorten(i.ClientID), shorten(i.PrincipalID)
		}

		return nil
	}
}

// awaiting has the states of secrets without values. Secrets are missing if the platform does not create them, and certificates
// always are.
var awaiting = []secretsv1alpha1.State{secretsv1alpha1.StateAwaitingValue, secretsv1alpha1.StateMissing} //nolint:gochecknoglobals // A constant.

func awaitsValues(ctx context.Context, r *run) error {
	err := r.untilApplication(ctx, string(awaitStates), func(a application) error { return a.allIn(awaiting...) })
	if err != nil {
		return err
	}

	pods, err := r.pods(ctx)
	if err == nil && len(pods) > 0 {
		err = errors.New("pods started before the values were set")
	}

	return err
}

func setValues(ctx context.Context, r *run) error {
	for _, name := range secretNames() {
		if _, err := r.set(ctx, name); err != nil {
			return err
		}
	}

	return nil
}

func hasVariables(ctx context.Context, r *run) error {
	if err := r.untilPods(ctx); err != nil {
		return err
	}

	return r.untilApplication(ctx, string(awaitReady), ready)
}

// rotated is the secret that a run rotates, disables and deletes.
const rotated = postgres

func rotate(ctx context.Context, r *run) error {
	r.values.rotate()

	version, err := r.set(ctx, rotated)
	if err != nil {
		return err
	}

	r.version = version

	written := time.Now()

	err = r.untilApplication(ctx, string(awaitVersion), func(a application) error {
		if s := a.secret(rotated); s.Version != version {
			return pending{code: SecretNotRotated, object: rotated, state: s.State}
		}

		return nil
	})
	if err != nil {
		return err
	}

	r.measure(measureStatus, written)

	if err := r.untilPods(ctx); err != nil {
		return err
	}

	r.measure(measurePods, written)

	return r.untilApplication(ctx, string(awaitRollout), ready)
}

func disable(ctx context.Context, r *run) error {
	return r.breakAccess(ctx, func(ctx context.Context) error { return r.Officer.enable(ctx, r.vault(), rotated, r.version, false) }, secretsv1alpha1.StateDisabled)
}

func enable(ctx context.Context, r *run) error {
	return r.restoreAccess(ctx, func(ctx context.Context) error { return r.Officer.enable(ctx, r.vault(), rotated, r.version, true) })
}

// deleteSecret deletes the secret. Only a platform with the secret creator can see that it is recoverable.
func deleteSecret(ctx context.Context, r *run) error {
	return r.breakAccess(ctx, func(ctx context.Context) error { return r.Officer.delete(ctx, r.vault(), rotated) },
		secretsv1alpha1.StateSoftDeleted, secretsv1alpha1.StateMissing)
}

func recoverSecret(ctx context.Context, r *run) error {
	return r.restoreAccess(ctx, func(ctx context.Context) error { return r.Officer.recover(ctx, r.vault(), rotated) })
}

// breakAccess breaks access to the secret. The application reports it, and its pods keep running with their values.
func (r *run) breakAccess(ctx context.Context, do func(context.Context) error, states ...secretsv1alpha1.State) error {
	before, err := r.pods(ctx)
	if err != nil {
		return err
	}

	if err := r.until(ctx, string(awaitKeyVault), do); err != nil {
		return err
	}

	done := time.Now()

	if err := r.untilApplication(ctx, string(awaitState), func(a application) error { return a.secretIn(rotated, states...) }); err != nil {
		return err
	}

	r.measure(measureState, done)

	if err := r.untilPods(ctx); err != nil {
		return err
	}

	after, err := r.pods(ctx)
	if err == nil && !maps.Equal(uids(before), uids(after)) {
		err = errors.New("the pods were replaced unexpectedly")
	}

	return err
}

// restoreAccess restores access to the secret. The application recovers without help.
func (r *run) restoreAccess(ctx context.Context, do func(context.Context) error) error {
	if err := r.until(ctx, string(awaitKeyVault), do); err != nil {
		return err
	}

	done := time.Now()

	err := r.untilApplication(ctx, string(awaitReady), func(a application) error {
		return errors.Join(a.secretIn(rotated, secretsv1alpha1.StateSynced), ready(a))
	})
	if err != nil {
		return err
	}

	r.measure(measureReady, done)

	return r.untilPods(ctx)
}

func deleteApplication(ctx context.Context, r *run) error {
	return removeApplication(ctx, r.Client, namespaceName(r.id), r.Say)
}

func comeBack(ctx context.Context, r *run) error {
	vault := r.report.Azure.Vault
	r.app = application{}

	if err := r.apply(ctx); err != nil {
		return err
	}

	if err := hasVault(ctx, r); err != nil {
		return err
	}

	if r.report.Azure.Vault != vault {
		return fmt.Errorf("the application had vault %s, and now has %s", vault, r.report.Azure.Vault)
	}

	kept := false

	err := r.untilApplication(ctx, string(awaitContent), func(a application) error {
		kept = a.allIn(secretsv1alpha1.StateSynced) == nil
		if kept {
			return nil
		}

		if r.DeletionPolicy == v1alpha1.DeletionPurge {
			return a.allIn(awaiting...)
		}

		return a.waitsFor("SecretsSynced")
	})
	if err != nil {
		return err
	}

	// The values are those from before the deletion.
	if kept {
		r.report.Azure.Kept = true

		return hasVariables(ctx, r)
	}

	r.report.Azure.Purged = true

	if err := setValues(ctx, r); err != nil {
		return err
	}

	return hasVariables(ctx, r)
}

// set sets a secret in the vault as soon as the officer has the permission, and returns its version.
func (r *run) set(ctx context.Context, name string) (version string, err error) {
	err = r.until(ctx, awaitSet.Render(sentence.With{"secret": name}), func(ctx context.Context) error {
		value, err := r.values.json(name)
		if err == nil {
			version, err = r.Officer.set(ctx, r.vault(), name, value)
		}

		return err
	})

	return version, err
}

// vaultName returns the name that the function gives the vault. It depends on the run's id, so that no other vault has it.
func (r *run) vaultName() string {
	return azurename.Scope{
		SubscriptionID: r.Settings.SubscriptionID, Issuer: r.Settings.OIDCIssuerURL, Cluster: r.Settings.ClusterName, Namespace: namespaceName(r.id), Name: applicationName,
	}.Vault()
}

// vault returns the address that the officer writes to. It is not read from the status, which an attacker could forge to have
// another vault overwritten.
func (r *run) vault() string {
	return "https://" + r.vaultName() + "." + cloudOf(r.Settings.Cloud).suffix + "/"
}

// ready checks all conditions of an application.
func ready(a application) error {
	for _, kind := range []string{"KeyVaultReady", "IdentityReady", "AccessReady", "SecretsSynced", "WorkloadReady"} {
		if err := a.isTrue(kind); err != nil {
			return err
		}
	}

	return nil
}

func uids(pods []pod) map[string]string {
	out := map[string]string{}
	for _, p := range pods {
		out[p.name] = p.uid
	}

	return out
}

// untilPods waits until the application's pods are ready with all variables.
func (r *run) untilPods(ctx context.Context) error {
	return r.until(ctx, string(awaitPods), r.havePods)
}

// havePods checks that all pods are ready and have all variables with their values.
func (r *run) havePods(ctx context.Context) error {
	pods, err := r.pods(ctx)
	if err != nil {
		return err
	}

	if len(pods) == 0 {
		return errors.Join(pending{code: NoPods}, r.refresh(ctx), r.app.waitsFor("WorkloadReady"))
	}

	for _, p := range pods {
		if !p.ready {
			return pending{code: PodNotReady, object: p.name, reason: p.reason, message: p.trouble}
		}

		got, err := r.variables(ctx, p.name)
		if err != nil {
			return err
		}

		if err := compare(r.values.digests(), got); err != nil {
			return fmt.Errorf("pod %s: %w", p.name, err)
		}
	}

	return nil
}

// compare checks digests by the names of their variables.
func compare(want, got map[string]string) error {
	var errs []error

	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch digest, ok := got[name]; {
		case !ok:
			errs = append(errs, pending{code: VariableMissing, object: name})
		case digest != want[name]:
			errs = append(errs, pending{code: VariableDiffers, object: name})
		}
	}

	return errors.Join(errs...)
}
