// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// TestValidity checks that the status has the provider's message and the time from which a
// secret is valid.
func TestValidity(t *testing.T) {
	const message = "It is not valid before 2027-01-01T00:00:00Z. Its values are already in use, because Key Vault serves them."

	seen := azureSeen()
	seen[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{"atProvider": map[string]any{"secrets": []any{
		map[string]any{"name": "a", "state": "Synced", "version": "1", "notBefore": "2027-01-01T00:00:00Z", "message": message},
	}}}}

	got := compose(t, `{"secrets": [{"name": "a"}]}`, ``, seen).Status.Secrets[0]
	want := v1alpha1.SecretStatus{
		Name: "a", State: "Synced", Version: "1", Message: message, NotBefore: new(metav1.NewTime(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Compose(...) secret: -want, +got:\n%s", diff)
	}
}
