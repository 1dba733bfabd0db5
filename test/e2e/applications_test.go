//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/plane"
)

// secretName is the secret of most applications here. The platform has a structure for it.
const secretName = "postgres-credentials"

// An app is an application under test.
type app struct {
	plane           *plane.Plane
	namespace, name string
}

// A manifestOption changes the manifest of an application.
type manifestOption func(spec map[string]any)

// with sets a field of the manifest's spec, such as deployment.replicas.
func with(path string, value any) manifestOption {
	return func(spec map[string]any) {
		if err := unstructured.SetNestedField(spec, value, strings.Split(path, ".")...); err != nil {
			panic(err)
		}
	}
}

// apply applies the manifest of an application, as Argo CD does.
func apply(t *testing.T, p *plane.Plane, namespace, name string, opts ...manifestOption) *app {
	t.Helper()

	must(t, p.API.Apply(t.Context(), manifest(namespace, name, opts...)))

	return &app{plane: p, namespace: namespace, name: name}
}

// manifest returns the manifest of an application that runs the demo's program.
func manifest(namespace, name string, opts ...manifestOption) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(fmt.Sprintf(`
apiVersion: meta.p6m.dev/v1alpha1
kind: PlatformApplication
metadata:
  namespace: %s
  name: %s
spec:
  deployment:
    image: %s
    replicas: 1
    ports: [{port: 8080, protocol: http}]
    readinessProbe: {port: 8080, path: /healthz, periodSeconds: 1}
  config:
    DEMO_SHOW: POSTGRES_USER,POSTGRES_PASSWORD,POSTGRES_HOST,POSTGRES_DB,POSTGRES_PORT
  secrets:
  - name: %s
`, namespace, name, demoImage, secretName)), &u.Object); err != nil {
		panic(err)
	}

	spec, _ := u.Object["spec"].(map[string]any)
	for _, o := range opts {
		o(spec)
	}

	return u
}

// wait waits until a check of the application returns no error.
func (a *app) wait(t *testing.T, check func(*plane.Application) error) *plane.Application {
	t.Helper()

	got, err := a.plane.WaitFor(t.Context(), a.namespace, a.name, check)
	must(t, err)

	return got
}

// vault waits for the application's vault, and returns its name.
func (a *app) vault(t *testing.T) string {
	t.Helper()

	return a.wait(t, plane.HasVault).Status.KeyVault.URI
}

// set sets the secret in the application's vault as an officer, and returns the time.
func (a *app) set(t *testing.T, value string) time.Time {
	t.Helper()

	return a.setSecret(t, secretName, value)
}

// setSecret sets a secret in the application's vault.
func (a *app) setSecret(t *testing.T, name, value string) time.Time {
	t.Helper()

	uri := a.vault(t)

	eventually(t, "the officer's role", func(ctx context.Context) error {
		return plane.SetSecret(ctx, w.azure, uri, name, value)
	})

	return time.Now()
}

// postgres returns a value of the secret with that password.
func postgres(password string) string {
	return fmt.Sprintf(`{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":%q,"POSTGRES_HOST":"db","POSTGRES_DB":"shop","POSTGRES_PORT":5432}`, password)
}

// password returns a new, unique password.
func password() string { return "pw-" + string(uuid.NewUUID()) }

// started returns an application that is ready, with a password in its environment.
func started(t *testing.T, p *plane.Plane, namespace, name string, opts ...manifestOption) (*app, string) {
	t.Helper()

	a, pw := apply(t, p, namespace, name, opts...), password()
	a.set(t, postgres(pw))
	a.wait(t, plane.Ready)
	a.runsWith(t, pw)

	return a, pw
}

// processes returns the processes of all ready Pods, or an error if there are none.
func (a *app) processes(ctx context.Context) ([]plane.Process, error) {
	processes, err := a.plane.Ask(ctx, a.namespace, a.name)
	if err == nil && len(processes) == 0 {
		err = errors.New("no Pod is ready")
	}

	return processes, err
}

// runsWith waits until all Pods have that password, and returns the start time of the last one.
func (a *app) runsWith(t *testing.T, password string) time.Time {
	t.Helper()

	var last time.Time

	eventually(t, fmt.Sprintf("Pods of %s/%s to have the password", a.namespace, a.name), func(ctx context.Context) error {
		processes, err := a.processes(ctx)
		if err != nil {
			return err
		}

		for _, p := range processes {
			if got, _ := p.Value("POSTGRES_PASSWORD"); got != password {
				return fmt.Errorf("Pod %s has another password", p.Pod)
			}

			if p.Started.After(last) {
				last = p.Started
			}
		}

		return nil
	})

	return last
}

// pods returns the Pods of the application that are not terminating, by name.
func (a *app) pods(t *testing.T) map[string]string {
	t.Helper()

	list, err := pods(t.Context(), a)
	must(t, err)

	out := map[string]string{}

	for _, pod := range list {
		if pod.DeletionTimestamp == nil {
			out[pod.Name] = string(pod.UID)
		}
	}

	return out
}

// composed returns the uids of the composed resources, by kind and name.
func (a *app) composed(t *testing.T) map[string]string {
	t.Helper()

	resources, err := a.plane.Composed(t.Context(), a.namespace, a.name)
	must(t, err)

	out := map[string]string{}
	for _, r := range resources {
		out[r.GetKind()+"/"+r.GetName()] = string(r.GetUID())
	}

	return out
}

// remove deletes the application, and waits until nothing of it is left.
func (a *app) remove(t *testing.T) {
	t.Helper()

	resources, err := a.plane.Composed(t.Context(), a.namespace, a.name)
	must(t, err)

	u := manifest(a.namespace, a.name)
	must(t, a.plane.API.Client().Delete(t.Context(), u))

	for _, r := range append(resources, u) {
		must(t, isGone(t.Context(), a.plane, r))
	}
}

// isGone waits until an object no longer exists.
func isGone(ctx context.Context, p *plane.Plane, o client.Object) error {
	return plane.Eventually(ctx, fmt.Sprintf("the end of %T %s %s", o, o.GetObjectKind().GroupVersionKind().Kind, o.GetName()), func(ctx context.Context) error {
		err := p.API.Client().Get(ctx, client.ObjectKeyFromObject(o), o)
		if err == nil {
			err = errors.New("it is still there")
		}

		return client.IgnoreNotFound(err)
	})
}

// state returns the state of the application's secret.
func state(a *plane.Application) (state, message string) {
	for _, s := range a.Status.Secrets {
		if s.Name == secretName {
			return s.State, s.Message
		}
	}

	return "", ""
}

// secretIs checks that the secret has that state.
func secretIs(want string) func(*plane.Application) error {
	return func(a *plane.Application) error {
		if got, message := state(a); got != want {
			return fmt.Errorf("secret %s is %q, not %q: %s", secretName, got, want, message)
		}

		return nil
	}
}

// conditionSays checks that a condition is not true, and that its message has these words.
func conditionSays(kind string, words ...string) func(*plane.Application) error {
	return func(a *plane.Application) error {
		c := a.Condition(kind)
		if c.Status == "True" || c.Status == "" {
			return fmt.Errorf("%s is %q: %s", kind, c.Status, c.Message)
		}

		return hasWords(c.Message, words)
	}
}

// conditionIs checks that a condition has that reason, and that its message has these words.
func conditionIs(kind, reason string, words ...string) func(*plane.Application) error {
	return func(a *plane.Application) error {
		c := a.Condition(kind)
		if c.Reason != reason {
			return fmt.Errorf("%s is %s: %s", kind, c.Reason, c.Message)
		}

		return hasWords(c.Message, words)
	}
}
