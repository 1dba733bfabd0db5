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

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// The application of the demo.
const (
	namespace   = "shop"
	application = "web-application"

	// rotated is the variable whose value is changed.
	rotated = "POSTGRES_PASSWORD"
)

// tell the story of a team, step by step.
func (d *demo) tell(ctx context.Context) error {
	// As long as they take in the story, and no longer.
	d.azure.SetDelays(azure.Delays{Credential: demoDelay, Role: demoDelay})

	for _, part := range []func(context.Context) error{d.commit, d.findVault, d.wait, d.putValues, d.environment, d.rotate} {
		if err := part(ctx); err != nil {
			return err
		}
	}

	return nil
}

// commit the manifest.
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

// findVault as Argo CD shows it.
func (d *demo) findVault(ctx context.Context) error {
	d.chapter("2. Crossplane makes a vault and an identity for it. The team finds its vault on the object, in Argo CD")

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

// wait as a team does that has not put any values yet.
func (d *demo) wait(ctx context.Context) error {
	d.chapter("3. The vault is empty. The platform makes the secrets that it knows, and says what it waits for")

	done := d.progress("secrets in the vault")
	a, err := d.plane.WaitFor(ctx, namespace, application, func(a *plane.Application) error {
		waiting := slices.ContainsFunc(a.Conditions(), func(c plane.Condition) bool {
			return c.Type == "SecretsSynced" && strings.Contains(c.Message, "postgres-credentials") && strings.Contains(c.Message, "POSTGRES_PASSWORD")
		})
		if !waiting {
			return errors.New("it does not wait for values yet")
		}

		return nil
	})
	done(err)

	if err != nil {
		return err
	}

	d.show(a.Conditions().String())

	return d.composed(ctx)
}

// composed says what the application consists of.
func (d *demo) composed(ctx context.Context) error {
	composed, err := d.plane.Composed(ctx, namespace, application)
	if err != nil {
		return err
	}

	d.sayf("")
	d.sayf("It consists of:")

	for _, o := range composed {
		d.show(fmt.Sprintf("%-28s %s", o.GetKind(), o.GetName()))
	}

	return nil
}

// values that an officer puts into the vault.
func values() (map[string]string, error) {
	tls, err := plane.NewCertificate("web-application.shop.example.com")
	if err != nil {
		return nil, err
	}

	return map[string]string{
		"postgres-credentials": `{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":"first-password","POSTGRES_HOST":"db.example.com","POSTGRES_DB":"shop","POSTGRES_PORT":5432}`,
		"api-credentials":      `{"API_KEY":"demo-key","API_SECRET":"demo-secret"}`,
		"tls-certificates":     tls,
	}, nil
}

// putValues into the vault, as somebody with the role Key Vault Secrets Officer.
func (d *demo) putValues(ctx context.Context) error {
	d.chapter("4. Somebody with the role Key Vault Secrets Officer puts values into the vault")

	a, err := d.plane.Application(ctx, namespace, application)
	if err != nil {
		return err
	}

	secrets, err := values()
	if err != nil {
		return err
	}

	for _, name := range []string{"postgres-credentials", "api-credentials", "tls-certificates"} {
		d.show(fmt.Sprintf("az keyvault secret set --vault-name %s --name %s --file %s.json", a.Status.KeyVault.Name, name, name))

		if err := d.set(ctx, a, name, secrets[name]); err != nil {
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

// set a secret as soon as the officer's role has its effect.
func (d *demo) set(ctx context.Context, a *plane.Application, name, value string) error {
	return plane.Eventually(ctx, "the officer's role", func(ctx context.Context) error {
		return plane.SetSecret(ctx, d.azure, a.Status.KeyVault.URI, name, value)
	})
}

// environment of the processes.
func (d *demo) environment(ctx context.Context) error {
	d.chapter("5. This is what the containers were started with")

	processes, err := d.plane.Ask(ctx, namespace, application)
	if err != nil {
		return err
	}

	if len(processes) == 0 {
		return errors.New("cannot show the environment: no Pod is ready")
	}

	d.sayf("Pod %s (values are masked by the program but for the demo's own):", processes[0].Pod)

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

// rotate a value, and see it arrive.
func (d *demo) rotate(ctx context.Context) error {
	d.chapter("6. The password is rotated. New pods get the new one, and the old ones end when those are ready")

	a, err := d.plane.Application(ctx, namespace, application)
	if err != nil {
		return err
	}

	secrets, err := values()
	if err != nil {
		return err
	}

	const name = "postgres-credentials"

	d.show(fmt.Sprintf("az keyvault secret set --vault-name %s --name %s --file %s.json", a.Status.KeyVault.Name, name, name))

	start := time.Now()
	if err := d.set(ctx, a, name, strings.ReplaceAll(secrets[name], "first-password", "second-password")); err != nil {
		return err
	}

	done := d.progress("rollout")
	err = plane.Eventually(ctx, "all Pods to have the new password", func(ctx context.Context) error {
		return d.allHave(ctx, rotated, "second-password")
	})
	done(err)

	if err != nil {
		return err
	}

	processes, err := d.plane.Ask(ctx, namespace, application)
	if err != nil {
		return err
	}

	var last time.Duration

	for _, p := range processes {
		value, _ := p.Value(rotated)
		after := p.Started.Sub(start)
		last = max(last, after)
		d.show(fmt.Sprintf("%s  %s=%s  started %.0f s after the change", p.Pod, rotated, value, after.Seconds()))
	}

	d.sayf("")
	d.sayf("Set at %s, and in the last Pod after %.0f s. While somebody may be waiting, the vault is polled every %s.",
		start.Format(time.TimeOnly), last.Seconds(), fastPoll)
	d.sayf("Polls every %s, as at other times, would have taken up to %s more.", regularPoll, regularPoll-fastPoll)

	return nil
}

// allHave is a check that every process has that value.
func (d *demo) allHave(ctx context.Context, name, want string) error {
	processes, err := d.plane.Ask(ctx, namespace, application)
	if err != nil {
		return err
	}

	if len(processes) == 0 {
		return errors.New("no Pod is ready")
	}

	for _, p := range processes {
		if value, _ := p.Value(name); value != want {
			return fmt.Errorf("pod %s still has the old value of %s", p.Pod, name)
		}
	}

	return nil
}
