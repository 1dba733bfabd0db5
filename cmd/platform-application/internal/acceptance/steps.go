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
	"github.com/p6m-dev/platform-application/fn/azurename"
)

// A step of a run.
type step struct {
	name string

	// what is done, or waited for.
	what string

	// normal is how long that takes in Azure as a rule.
	normal string

	// timeout is when it is given up.
	timeout time.Duration

	do func(context.Context, *run) error
}

// steps of a run, in their order. Names are a contract with pipelines.
func steps() []step {
	return []step{
		{"create", "create the namespace and the application", "a second", time.Minute, create},
		{"vault", "the application has a vault", "2 minutes", 20 * time.Minute, hasVault},
		{"identity", "the application has an identity", "a minute", 10 * time.Minute, condition("IdentityReady")},
		{"access", "the identity may read the vault", "a minute", 15 * time.Minute, condition("AccessReady")},
		{"awaiting-values", "the application waits for values, and nothing else", "up to 10 minutes", 20 * time.Minute, awaitsValues},
		{"set-values", "an officer sets the values", "up to 10 minutes", 20 * time.Minute, setValues},
		{"variables", "the pods have all variables", "a minute", 10 * time.Minute, hasVariables},
		{"rotate", "a new value reaches the pods", "30 seconds", 10 * time.Minute, rotate},
		{"disable", "the secret's version is disabled, and the pods run on", "30 seconds", 10 * time.Minute, disable},
		{"enable", "the version is enabled again", "30 seconds", 10 * time.Minute, enable},
		{"delete-secret", "the secret is deleted, and the pods run on", "a minute", 10 * time.Minute, deleteSecret},
		{"recover-secret", "the secret is recovered", "a minute", 10 * time.Minute, recoverSecret},
		{"delete", "the application is deleted with all that it has in Azure", "3 minutes", 20 * time.Minute, deleteApplication},
		{"return", "the application comes back, to the same vault", "up to 10 minutes", 40 * time.Minute, comeBack},
	}
}

// StepNames are the names of all that has a timeout.
func StepNames() []string {
	var out []string
	for _, s := range steps() {
		out = append(out, s.name)
	}

	return append(out, Cleanup)
}

// skipped is what only an administrator of Azure could do.
func skipped() []string {
	return []string{
		"The role of the application's identity was not taken away: that takes the right to write role assignments.",
		"The identity and its federated credential were not deleted: that takes the right to write identities.",
		"Whether the deleted vault is purged was not looked up in Azure Resource Manager.",
	}
}

func create(ctx context.Context, r *run) error {
	if err := r.createNamespace(ctx); err != nil {
		return err
	}

	return r.apply(ctx)
}

func hasVault(ctx context.Context, r *run) error {
	err := r.untilApplication(ctx, "the vault", func(a application) error {
		if k := a.status.KeyVault; k == nil || k.URI == "" || k.Name == "" {
			return a.waitsFor("KeyVaultReady")
		}

		if k := a.status.KeyVault; k.Name != r.vaultName() || strings.TrimRight(k.URI, "/") != strings.TrimRight(r.vault(), "/") {
			return permanent{fmt.Errorf("the application says that it has vault %s at %s, and that of this run is %s", shorten(k.Name), shorten(k.URI), r.vaultName())}
		}

		return a.isTrue("KeyVaultReady")
	})
	if err != nil {
		return err
	}

	return r.noteVault(ctx)
}

// condition is a step that waits for a condition to be true.
func condition(kind string) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		if err := r.untilApplication(ctx, kind, func(a application) error { return a.isTrue(kind) }); err != nil {
			return err
		}

		if i := r.app.status.Identity; i != nil {
			r.report.Azure.Identity, r.report.Azure.ClientID, r.report.Azure.PrincipalID = shorten(i.Name), shorten(i.ClientID), shorten(i.PrincipalID)
		}

		return nil
	}
}

// Where the platform creates missing secrets, they wait for values. Else they are missing, as certificates are in any case.
var awaiting = []secretsv1alpha1.State{secretsv1alpha1.StateAwaitingValue, secretsv1alpha1.StateMissing} //nolint:gochecknoglobals // A constant.

func awaitsValues(ctx context.Context, r *run) error {
	err := r.untilApplication(ctx, "secrets that wait for values", func(a application) error { return a.allIn(awaiting...) })
	if err != nil {
		return err
	}

	pods, err := r.pods(ctx)
	if err == nil && len(pods) > 0 {
		err = errors.New("pods were started before there are values")
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

	return r.untilApplication(ctx, "the application to be ready", ready)
}

// rotated is the secret that is rotated and broken.
const rotated = postgres

func rotate(ctx context.Context, r *run) error {
	r.values.rotate()

	version, err := r.set(ctx, rotated)
	if err != nil {
		return err
	}

	r.version = version

	written := time.Now()

	err = r.untilApplication(ctx, "the new version", func(a application) error {
		if s := a.secret(rotated); s.Version != version {
			return fmt.Errorf("secret %s is %s, and has another version", rotated, s.State)
		}

		return nil
	})
	if err != nil {
		return err
	}

	r.measure("from the write to the status", written)

	if err := r.untilPods(ctx); err != nil {
		return err
	}

	r.measure("from the write to all pods", written)

	return r.untilApplication(ctx, "the rollout to end", ready)
}

func disable(ctx context.Context, r *run) error {
	return r.breakAccess(ctx, func(ctx context.Context) error { return r.Officer.enable(ctx, r.vault(), rotated, r.version, false) }, secretsv1alpha1.StateDisabled)
}

func enable(ctx context.Context, r *run) error {
	return r.mend(ctx, func(ctx context.Context) error { return r.Officer.enable(ctx, r.vault(), rotated, r.version, true) })
}

// Without the secret creator nobody knows that it can be recovered.
func deleteSecret(ctx context.Context, r *run) error {
	return r.breakAccess(ctx, func(ctx context.Context) error { return r.Officer.delete(ctx, r.vault(), rotated) },
		secretsv1alpha1.StateSoftDeleted, secretsv1alpha1.StateMissing)
}

func recoverSecret(ctx context.Context, r *run) error {
	return r.mend(ctx, func(ctx context.Context) error { return r.Officer.recover(ctx, r.vault(), rotated) })
}

// breakAccess to a secret. The application says so, and its pods run on, with the values that they have.
func (r *run) breakAccess(ctx context.Context, do func(context.Context) error, states ...secretsv1alpha1.State) error {
	before, err := r.pods(ctx)
	if err != nil {
		return err
	}

	if err := r.until(ctx, "Key Vault", do); err != nil {
		return err
	}

	done := time.Now()

	if err := r.untilApplication(ctx, "the application to notice", func(a application) error { return a.secretIn(rotated, states...) }); err != nil {
		return err
	}

	r.measure("until the application says so", done)

	if err := r.untilPods(ctx); err != nil {
		return err
	}

	after, err := r.pods(ctx)
	if err == nil && !maps.Equal(uids(before), uids(after)) {
		err = errors.New("the pods were replaced, and must not be")
	}

	return err
}

// mend access to a secret. The application gets well without anybody's help.
func (r *run) mend(ctx context.Context, do func(context.Context) error) error {
	if err := r.until(ctx, "Key Vault", do); err != nil {
		return err
	}

	done := time.Now()

	err := r.untilApplication(ctx, "the application to be ready", func(a application) error {
		return errors.Join(a.secretIn(rotated, secretsv1alpha1.StateSynced), ready(a))
	})
	if err != nil {
		return err
	}

	r.measure("until the application is well", done)

	return r.untilPods(ctx)
}

func deleteApplication(ctx context.Context, r *run) error {
	return removeApplication(ctx, r.Client, NamespaceOf(r.id), r.Say)
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
		return fmt.Errorf("the application had vault %s, and has %s now", vault, r.report.Azure.Vault)
	}

	kept := false

	err := r.untilApplication(ctx, "the secrets of the vault", func(a application) error {
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

	// No officer has set them again.
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

// set a secret in the vault, as soon as the officer may. It returns the version.
func (r *run) set(ctx context.Context, name string) (version string, err error) {
	err = r.until(ctx, "Key Vault to take secret "+name, func(ctx context.Context) error {
		value, err := r.values.json(name)
		if err == nil {
			version, err = r.Officer.set(ctx, r.vault(), name, value)
		}

		return err
	})

	return version, err
}

// vaultName of the run's application, as the function has it. The id of the run is in it, so that no vault is called so that was there.
func (r *run) vaultName() string {
	return azurename.Scope{
		SubscriptionID: r.Settings.SubscriptionID, Issuer: r.Settings.OIDCIssuerURL, Namespace: NamespaceOf(r.id), Name: applicationName,
	}.Vault()
}

// vault that the officer writes into. It is not what the status says: whoever writes that could have a foreign vault overwritten.
func (r *run) vault() string {
	return "https://" + r.vaultName() + "." + cloudOf(r.Settings.Cloud).suffix + "/"
}

// ready is a check of all conditions that the application has for its team.
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

// untilPods of the application are ready, and all of them have all variables.
func (r *run) untilPods(ctx context.Context) error {
	return r.until(ctx, "pods with the values", r.havePods)
}

// havePods is a check that all pods have all variables with their values.
func (r *run) havePods(ctx context.Context) error {
	pods, err := r.pods(ctx)
	if err != nil {
		return err
	}

	if len(pods) == 0 {
		return errors.Join(errors.New("there are no pods"), r.refresh(ctx), r.app.waitsFor("WorkloadReady"))
	}

	for _, p := range pods {
		if !p.ready {
			return fmt.Errorf("pod %s is not ready%s", p.name, p.trouble)
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

// compare digests by the names of their variables.
func compare(want, got map[string]string) error {
	var errs []error

	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch digest, ok := got[name]; {
		case !ok:
			errs = append(errs, errors.New(name+" is missing"))
		case digest != want[name]:
			errs = append(errs, errors.New(name+" has another value"))
		}
	}

	return errors.Join(errs...)
}
