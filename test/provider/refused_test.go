// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// refuse makes a policy reject new Secrets in the application's namespace, with a message that repeats a
// value, and returns a function that lifts it.
func (a *App) refuse(t *testing.T) (lift func()) {
	t.Helper()

	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: a.Namespace},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"secrets"}},
			}}}},
			Validations: []admissionv1.Validation{{Expression: "false", MessageExpression: "'user ' + string(object.data['db.USER']) + ' is not allowed'"}},
		},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: a.Namespace},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			MatchResources: &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: a.Namespace}}},
		},
	}

	// The API server needs a moment to read and to forget a policy.
	creates := func(refused bool) {
		t.Helper()

		eventually(t, func(ctx context.Context) error {
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: "probe"}, StringData: map[string]string{"db.USER": "probe"}}

			err := world.Kube.Create(ctx, secret, client.DryRunAll)
			if got := err != nil && strings.Contains(err.Error(), "user cHJvYmU= is not allowed"); got != refused {
				return fmt.Errorf("a Secret is refused: %t, want %t: %w", got, refused, errors.Join(err, nil))
			}

			return nil
		})
	}

	must(t, errors.Join(world.Kube.Create(t.Context(), policy), world.Kube.Create(t.Context(), binding)))
	creates(true)

	return func() {
		t.Helper()
		must(t, errors.Join(world.Kube.Delete(t.Context(), binding), world.Kube.Delete(t.Context(), policy)))
		creates(false)
	}
}

// refusedIs checks a sync whose Secret could not be written and is missing.
func refusedIs(words string) func(*v1alpha1.KeyVaultSecretSync) error {
	return func(got *v1alpha1.KeyVaultSecretSync) error {
		if err := notSynced(got, xpv1.ReasonReconcileError, words); err != nil {
			return err
		}

		o := observed(got, "db")
		if n := got.Status.AtProvider.SecretsSynced; n != "0/1" || o.State == v1alpha1.StateSynced || o.Version != "" {
			return fmt.Errorf("%s secrets are synced, db has state %q and version %q; want 0/1, another state and no version\n%s", n, o.State, o.Version, messages(got))
		}

		return readyIs(got, corev1.ConditionFalse, "SecretsNotSynced", "db: The latest version is not in the Secret yet.")
	}
}

// A Secret that the API server rejects is missing, and the message has the reason without the value in it:
// at first, and after a client has deleted the Secret. It is written when it is allowed.
func testRefused(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)

	for _, touched := range []string{"1", "2"} {
		lift := app.refuse(t)

		world.Apply(t, sync)
		must(t, client.IgnoreNotFound(world.Kube.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Target()}})))
		world.Await(t, sync, refusedIs("user [hidden] is not allowed"))
		s.expectData(t, app, expectation{})
		s.expectNoMore(t, sync, v1alpha1.StateSynced)
		lift()

		// A change of the sync causes an earlier attempt.
		sync.Annotations = map[string]string{"example.com/touched": touched}
		world.Apply(t, sync)
		s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	}
}
