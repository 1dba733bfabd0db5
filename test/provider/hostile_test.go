// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"fmt"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// A vault with too many secrets is reported. Its secrets are still read, and only a secret that the
// vault lacks is missing.
func TestVaultTooLarge(t *testing.T) {
	w := NewWorldFor(t)
	a := w.App(t, w.API.Namespace(t), "too-large")

	for i := range 10_100 {
		_, err := w.Azure.PutSecret(a.Vault, fmt.Sprintf("s-%06d", i), azure.Secret{Value: "x"})
		must(t, err)
	}

	put := func(value string) string {
		version, err := w.Azure.PutSecret(a.Vault, "wanted", azure.Secret{Value: value, ContentType: "application/json"})
		must(t, err)

		return version
	}
	put(`{"A":"x"}`) // It is the last secret in every list.

	s := a.Sync(v1alpha1.SyncedSecret{Name: "wanted"}, v1alpha1.SyncedSecret{Name: "none", Optional: true})
	w.Apply(t, s)
	w.Start(t)

	w.Await(t, s, func(s *v1alpha1.KeyVaultSecretSync) error {
		switch c := s.GetCondition("VaultListed"); {
		case c.Status != corev1.ConditionFalse || c.Reason != "VaultTooLarge":
			return fmt.Errorf("condition VaultListed is %+v", c)
		case s.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue:
			return errors.New("it is not ready")
		default:
			return nil
		}
	})
	w.AwaitStates(t, s, map[string]v1alpha1.State{"wanted": v1alpha1.StateSynced, "none": v1alpha1.StateMissing})

	lists := w.Azure.Counts().Of(azure.CountKey{Operation: azure.OpList})
	if lists > 400 {
		t.Errorf("It takes %d requests to see that a vault is too large, want 400 at most", lists)
	}

	version := put(`{"A":"y"}`)
	w.Await(t, s, func(s *v1alpha1.KeyVaultSecretSync) error {
		if got := s.Status.AtProvider.Secrets[0].Version; got != version {
			return fmt.Errorf("version %s is synced, want %s", got, version)
		}

		return nil
	})

	if n := w.Azure.Counts().Of(azure.CountKey{Operation: azure.OpList}); n > lists {
		t.Errorf("It was listed %d times more within %s", n-lists, 10*time.Minute)
	}
}
