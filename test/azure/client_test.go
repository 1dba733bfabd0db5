// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

func TestSetAndGet(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	set, err := w.client(t, vault, w.officer(t)).SetSecret(t.Context(), "greeting", azsecrets.SetSecretParameters{Value: new("hello")}, nil)
	must(t, err)

	got, err := w.client(t, vault, w.reader(t)).GetSecret(t.Context(), "greeting", "", nil)
	must(t, err)

	if diff := cmp.Diff(set.Secret, got.Secret); diff != "" {
		t.Errorf("GetSecret(...): -want, +got:\n%s", diff)
	}

	want := azure.Counts{
		{Key: azure.CountKey{Operation: "connect", Status: 200}, Count: 2},
		{Key: azure.CountKey{Operation: "discovery", Status: 200}, Count: 2},
		{Key: azure.CountKey{Tenant: tenant, Operation: "openid-configuration", Status: 200}, Count: 2},
		{Key: azure.CountKey{Tenant: tenant, ClientID: officer, Operation: "token", Status: 200}, Count: 1},
		{Key: azure.CountKey{Tenant: tenant, ClientID: reader, Operation: "token", Status: 200}, Count: 1},
		{Key: azure.CountKey{Vault: vault, Operation: "challenge", Status: 401, Error: "Unauthorized"}, Count: 2},
		{Key: azure.CountKey{Vault: vault, Operation: "connect", Status: 200}, Count: 2},
		{Key: azure.CountKey{Vault: vault, Operation: "get", Status: 200}, Count: 1},
		{Key: azure.CountKey{Vault: vault, Operation: "set", Status: 200}, Count: 1},
	}

	if diff := cmp.Diff(want, w.Counts()); diff != "" {
		t.Errorf("Counts(): a cold request costs more or less than it should: -want, +got:\n%s", diff)
	}
}
