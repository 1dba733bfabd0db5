// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secrets "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// The application of the demo.
const (
	namespace   = "shop"
	application = "web-application"

	// databaseSecret has the value that is rotated, which is in a variable of this name.
	databaseSecret = "postgres-credentials"
	rotated        = "POSTGRES_PASSWORD"
)

// tell tells the story of a team.
func (d *demo) tell(ctx context.Context) error {
	// Azure's delays, shortened for the story.
	d.azure.SetDelays(azure.Delays{Credential: demoDelay, Role: demoDelay})

	for _, part := range []func(context.Context) error{d.commit, d.findVault, d.wait, d.putValues, d.environment, d.rotate} {
		if err := part(ctx); err != nil {
			return err
		}
	}

	return nil
}

// commit applies the manifest.
func (d *demo) commit(ctx context.Context) error {
	d.chapter("1. A team commits this manifest to Git, and Argo CD applies it")

	root, err := tools.Root()
	if err != nil {
		return err
	}

	path := filepath.Join(root, "examples", "demo", "application.yaml")

	manifest, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read manifest: %w", err)
	}

	d.show(string(manifest))

	if err := d.plane.API.CreateNamespace(ctx, namespace); err != nil {
		return err
	}

	return d.plane.API.ApplyFiles(ctx, path)
}

// findVault waits for the vault and prints its address.
func (d *demo) findVault(ctx context.Context) error {
	d.chapter("2. Crossplane creates a vault and an identity. The status of the application shows the vault, also in Argo CD")

	done := d.progress("vault")
	a, err := d.plane.WaitFor(ctx, namespace, application, plane.HasVault)
	done(err)

	if err != nil {
		return err
	}

	d.show(fmt.Sprintf("status.keyVault.uri        %s\nstatus.keyVault.portalUrl  %s\nstatus.identity.clientId   %s",
		a.Status.KeyVault.URI, a.Status.KeyVault.PortalURL, a.Status.Identity.ClientID))

	return nil
}

// wait waits until the application reports the missing values.
func (d *demo) wait(ctx context.Context) error {
	d.chapter("3. The platform creates the secrets without values, and reports which values are missing")

	done := d.progress("secrets in the vault")
	a, err := d.plane.WaitFor(ctx, namespace, application, waitsForValues)
	done(err)

	if err != nil {
		return err
	}

	d.show(a.Conditions().String())

	return d.composed(ctx)
}

// waitsForValues returns an error unless the application waits for the values of its secrets, in its list of secrets and in
// its conditions: Crossplane writes the conditions after the rest of the status. Of a condition, only the message has the states.
func waitsForValues(a *plane.Application) error {
	const state = string(secrets.StateAwaitingValue)

	if !slices.ContainsFunc(a.Status.Secrets, func(s v1alpha1.SecretStatus) bool {
		return s.Name == databaseSecret && s.State == state
	}) {
		return errors.New("the application does not wait for values yet")
	}

	if c := a.Condition("SecretsSynced"); !strings.Contains(c.Message, state) {
		return fmt.Errorf("%s does not report the missing values yet: %s", c.Type, c.Message)
	}

	return nil
}

// composed prints the resources of the application.
func (d *demo) composed(ctx context.Context) error {
	composed, err := d.plane.Composed(ctx, namespace, application)
	if err != nil {
		return err
	}

	d.sayf("")
	d.sayf("The application consists of these resources:")

	for _, o := range composed {
		d.show(fmt.Sprintf("%-28s %s", o.GetKind(), o.GetName()))
	}

	return nil
}

// newValues returns the values of the secrets.
func newValues() (map[string]string, error) {
	tls, err := plane.NewCertificate("web-application.shop.example.com")
	if err != nil {
		return nil, err
	}

	return map[string]string{
		databaseSecret:     `{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":"first-password","POSTGRES_HOST":"db.example.com","POSTGRES_DB":"shop","POSTGRES_PORT":5432}`,
		"api-credentials":  `{"API_KEY":"demo-key","API_SECRET":"demo-secret"}`,
		"tls-certificates": tls,
	}, nil
}

// putValues puts values into the vault as an officer.
func (d *demo) putValues(ctx context.Context) error {
	d.chapter("4. A team member with the role Key Vault Secrets Officer sets the values")

	a, err := d.plane.Application(ctx, namespace, application)
	if err != nil {
		return err
	}

	values, err := newValues()
	if err != nil {
		return err
	}

	for _, name := range []string{databaseSecret, "api-credentials", "tls-certificates"} {
		if err := d.set(ctx, a, name, values[name]); err != nil {
			return err
		}
	}

	done := d.progress("application ready")
	a, err = d.plane.WaitFor(ctx, namespace, application, plane.Ready)
	done(err)

	if err != nil {
		return err
	}

	d.show(a.Conditions().String())

	return nil
}

// set sets a secret as soon as the officer's role has propagated, and shows the command for it.
func (d *demo) set(ctx context.Context, a *plane.Application, name, value string) error {
	d.show(fmt.Sprintf("az keyvault secret set --vault-name %s --name %s --file %s.json", a.Status.KeyVault.Name, name, name))

	return plane.Eventually(ctx, "the officer's role", func(ctx context.Context) error {
		return plane.SetSecret(ctx, d.azure, a.Status.KeyVault.URI, name, value)
	})
}

// environment prints the environment of a process.
func (d *demo) environment(ctx context.Context) error {
	d.chapter("5. The containers start with these environment variables")

	processes, err := d.plane.Ask(ctx, namespace, application)
	if err != nil {
		return err
	}

	if len(processes) == 0 {
		return errors.New("cannot show the environment: no Pod is ready")
	}

	d.sayf("Pod %s (the program masks values except those of the demo):", processes[0].Pod)

	a, err := d.plane.Application(ctx, namespace, application)
	if err != nil {
		return err
	}

	names := []string{"DATABASE_URL", "LOG_LEVEL"}
	for _, s := range a.Status.Secrets {
		names = append(names, s.Env...)
	}

	slices.Sort(names)

	for _, name := range names {
		value, ok := processes[0].Value(name)
		if !ok {
			return fmt.Errorf("pod %s has no variable %s", processes[0].Pod, name)
		}

		d.show(name + "=" + value)
	}

	return nil
}

// rotate changes a value, and waits until all pods have it.
func (d *demo) rotate(ctx context.Context) error {
	d.chapter("6. The password is rotated. New pods start with the new password and replace the old pods")

	a, err := d.plane.Application(ctx, namespace, application)
	if err != nil {
		return err
	}

	values, err := newValues()
	if err != nil {
		return err
	}

	start := time.Now()
	if err := d.set(ctx, a, databaseSecret, strings.ReplaceAll(values[databaseSecret], "first-password", "second-password")); err != nil {
		return err
	}

	var (
		processes []plane.Process
		last      time.Duration
	)

	done := d.progress("rollout")
	err = plane.Eventually(ctx, "all Pods to have the new password", func(ctx context.Context) (err error) {
		processes, err = d.allHave(ctx, rotated, "second-password")

		return err
	})
	done(err)

	if err != nil {
		return err
	}

	for _, p := range processes {
		value, _ := p.Value(rotated)
		after := p.Started.Sub(start)
		last = max(last, after)
		d.show(fmt.Sprintf("%s  %s=%s  started %.0f s after the change", p.Pod, rotated, value, after.Seconds()))
	}

	d.sayf("")
	d.sayf("Set at %s, in the last Pod after %.0f s. After a change the provider polls the vault every %s.",
		start.Format(time.TimeOnly), last.Seconds(), fastPoll)
	d.sayf("Otherwise it polls every %s, so the rotation would have taken up to %s longer.", regularPoll, regularPoll-fastPoll)

	return nil
}

// allHave returns the processes if every one has a value.
func (d *demo) allHave(ctx context.Context, name, want string) ([]plane.Process, error) {
	processes, err := d.plane.Ask(ctx, namespace, application)
	if err == nil && len(processes) == 0 {
		err = errors.New("no Pod is ready")
	}

	for _, p := range processes {
		if value, _ := p.Value(name); value != want {
			err = fmt.Errorf("pod %s still has the old value of %s", p.Pod, name)
		}
	}

	return processes, err
}
