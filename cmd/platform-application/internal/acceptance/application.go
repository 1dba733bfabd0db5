// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

const (
	// applicationName is the name of every run's application, as on the pages.
	applicationName = "web-application"

	// applicationLabel is a label of its pods.
	applicationLabel = "meta.p6m.dev/application"

	// fieldOwner of the objects that a run applies.
	fieldOwner = "platform-application-acceptance"
)

func applicationKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: v1alpha1.Kind}
}

// manifest returns the application: it has three secrets, and a variable composed of others. It is valid in both variants of the API.
func (r *run) manifest() *unstructured.Unstructured {
	args := []any{"workload", "--run", r.id, "--key", r.values.keyText()}
	for _, name := range r.values.variables() {
		args = append(args, name)
	}

	config := map[string]any{}
	for name, value := range plain() {
		config[name] = value
	}

	var secrets []any
	for _, name := range secretNames() {
		secrets = append(secrets, map[string]any{"name": name})
	}

	keyVault := map[string]any{"deletionPolicy": string(r.DeletionPolicy)}
	if r.OfficerObjectID != "" {
		keyVault["officers"] = []any{map[string]any{"objectId": r.OfficerObjectID}}
	}

	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"deployment": map[string]any{
			"image":    r.Image,
			"args":     args,
			"replicas": int64(2),
			"ports":    []any{map[string]any{"port": int64(workloadPort), "protocol": "http"}},
			"readinessProbe": map[string]any{
				"port": int64(workloadPort), "path": workloadPath, "periodSeconds": int64(1),
			},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "10m", "memory": "32Mi"},
				"limits":   map[string]any{"memory": "64Mi"},
			},
		},
		"config":   config,
		"secrets":  secrets,
		"keyVault": keyVault,
	}}}
	u.SetGroupVersionKind(applicationKind())
	u.SetNamespace(namespaceName(r.id))
	u.SetName(applicationName)

	return u
}

// apply applies the application.
func (r *run) apply(ctx context.Context) error {
	return r.until(ctx, string(awaitApply), func(ctx context.Context) error {
		err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(r.manifest()), client.FieldOwner(fieldOwner))
		if err != nil {
			return fmt.Errorf("cannot apply PlatformApplication %s: %w", applicationName, err)
		}

		return nil
	})
}

// An application as its team sees it, by its status.
type application struct {
	status     v1alpha1.PlatformApplicationStatus
	conditions []Condition
}

// decode reads the status of a PlatformApplication.
func decode(u *unstructured.Unstructured) (application, error) {
	var out application

	status, _, err := unstructured.NestedMap(u.Object, "status")
	if err != nil {
		return out, fmt.Errorf("cannot read status of PlatformApplication %s: %w", u.GetName(), err)
	}

	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(status, &out.status); err != nil {
		return out, fmt.Errorf("cannot read status of PlatformApplication %s: %w", u.GetName(), err)
	}

	list, _, _ := unstructured.NestedSlice(status, "conditions")
	for _, l := range list {
		if m, ok := l.(map[string]any); ok {
			text := func(key string) string {
				s, _ := m[key].(string)

				return shorten(s)
			}
			out.conditions = append(out.conditions, Condition{text("type"), text("status"), text("reason"), text("message")})
		}
	}

	return out, nil
}

// refresh reads the application again.
func (r *run) refresh(ctx context.Context) error {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(applicationKind())

	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: namespaceName(r.id), Name: applicationName}, u); err != nil {
		return fmt.Errorf("cannot get PlatformApplication %s: %w", applicationName, err)
	}

	a, err := decode(u)
	if err != nil {
		return err
	}

	r.app = a

	return nil
}

// untilApplication waits until the application passes a check.
func (r *run) untilApplication(ctx context.Context, what string, check func(application) error) error {
	return r.until(ctx, what, func(ctx context.Context) error {
		if err := r.refresh(ctx); err != nil {
			return err
		}

		return check(r.app)
	})
}

// condition returns the condition of that type, or an empty one.
func (a application) condition(kind string) Condition {
	for _, c := range a.conditions {
		if c.Type == kind {
			return c
		}
	}

	return Condition{Type: kind}
}

// isTrue returns an error unless the condition is true.
func (a application) isTrue(kind string) error {
	if a.condition(kind).Status == "True" {
		return nil
	}

	return a.waitsFor(kind)
}

// waitsFor returns a condition as an error.
func (a application) waitsFor(kind string) error {
	c := a.condition(kind)
	if c.Status == "" {
		return pending{code: ConditionMissing, object: kind}
	}

	return pending{code: ConditionNotTrue, object: c.Type, state: c.Status, reason: c.Reason, message: c.Message}
}

// notTrue returns the conditions that report a problem or something awaited.
func (a application) notTrue(v *values) []Condition {
	var out []Condition

	for _, c := range a.conditions {
		// FieldsIgnored is true if there is a problem.
		if (c.Status == "True") == (c.Type == "FieldsIgnored") {
			c.Message = v.hide(c.Message)
			out = append(out, c)
		}
	}

	return out
}

func (a application) secret(name string) v1alpha1.SecretStatus {
	for _, s := range a.status.Secrets {
		if s.Name == name {
			return s
		}
	}

	return v1alpha1.SecretStatus{Name: name}
}

// secretIn returns an error unless the secret is in one of these states.
func (a application) secretIn(name string, states ...secretsv1alpha1.State) error {
	s := a.secret(name)
	if slices.Contains(states, secretsv1alpha1.State(s.State)) {
		return nil
	}

	if s.State == "" {
		return pending{code: SecretMissing, object: name}
	}

	return pending{code: SecretInState, object: name, state: s.State, message: shorten(s.Message)}
}

// allIn returns an error unless all secrets are in one of these states.
func (a application) allIn(states ...secretsv1alpha1.State) error {
	var errs []error
	for _, name := range secretNames() {
		errs = append(errs, a.secretIn(name, states...))
	}

	return errors.Join(errs...)
}
