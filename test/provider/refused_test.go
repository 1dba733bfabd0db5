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
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// limit limits the Secrets of an application's namespace, like a quota and its controller.
func (a *App) limit(t *testing.T, secrets string) {
	t.Helper()

	hard := corev1.ResourceList{"count/secrets": resource.MustParse(secrets)}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: "few-secrets"}}

	must(t, client.IgnoreAlreadyExists(world.Kube.Create(t.Context(), quota.DeepCopy())))
	eventually(t, func(ctx context.Context) error {
		if err := world.Kube.Get(ctx, client.ObjectKeyFromObject(quota), quota); err != nil {
			return fmt.Errorf("cannot get quota: %w", err)
		}

		quota.Spec.Hard = hard

		return world.Kube.Update(ctx, quota)
	})
	eventually(t, func(ctx context.Context) error {
		if err := world.Kube.Get(ctx, client.ObjectKeyFromObject(quota), quota); err != nil {
			return fmt.Errorf("cannot get quota: %w", err)
		}

		quota.Status = corev1.ResourceQuotaStatus{Hard: hard, Used: corev1.ResourceList{"count/secrets": resource.MustParse("0")}}

		return world.Kube.Status().Update(ctx, quota)
	})
	a.creates(t, "exceeded quota", secrets == "0")
}

// creates waits until the API server rejects a Secret with these words, or accepts it.
func (a *App) creates(t *testing.T, words string, refused bool) {
	t.Helper()

	eventually(t, func(ctx context.Context) error {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: "probe"}, StringData: map[string]string{"db.USER": "probe"}}

		err := world.Kube.Create(ctx, secret, client.DryRunAll)
		if got := err != nil && strings.Contains(err.Error(), words); got != refused {
			return fmt.Errorf("a Secret is refused: %t, want %t: %w", got, refused, errors.Join(err, nil))
		}

		return nil
	})
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

// A Secret beyond a quota is missing, and the message has the API server's reason: at first, and
// after a client has deleted the Secret. It is written when the quota allows it.
func testQuota(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	app.limit(t, "0")
	s.put(t, app, "db", goodValue)

	const words = "is forbidden: exceeded quota: few-secrets, requested: count/secrets=1, used: count/secrets=0, limited: count/secrets=0"

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)
	world.Await(t, sync, refusedIs(words))
	s.expectData(t, app, expectation{})

	again := func(touched string) {
		t.Helper()
		app.limit(t, "9")

		// A change of the sync causes an earlier attempt.
		sync.Annotations = map[string]string{"example.com/touched": touched}
		world.Apply(t, sync)
		s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	}
	again("1")

	app.limit(t, "0")
	must(t, world.Kube.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Target()}}))
	world.Await(t, sync, refusedIs(words))
	s.expectData(t, app, expectation{})

	soon(t, func(ctx context.Context) error {
		n, err := s.Metric(ctx, "keyvault_secretsync_secrets", "namespace="+sync.Namespace, "state=Synced")
		if err == nil && n != 0 {
			err = fmt.Errorf("metric keyvault_secretsync_secrets of state Synced is %v, want 0", n)
		}

		return err
	})

	again("2")
}

// The message of a policy may contain values: they are hidden.
func testTalkativePolicy(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: app.Namespace},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"secrets"}},
			}}}},
			Validations: []admissionv1.Validation{{Expression: "false", MessageExpression: "'user ' + string(object.data['db.USER']) + ' is not allowed'"}},
		},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: app.Namespace},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			MatchResources: &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: app.Namespace}}},
		},
	}

	for _, o := range []client.Object{policy, binding} {
		must(t, world.Kube.Create(t.Context(), o))
		t.Cleanup(func() {
			if err := world.Kube.Delete(context.WithoutCancel(t.Context()), o); err != nil {
				t.Errorf("cannot delete the policy: %v", err)
			}
		})
	}

	app.creates(t, "user cHJvYmU= is not allowed", true)

	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)
	world.Await(t, sync, refusedIs("user [hidden] is not allowed"))
}
