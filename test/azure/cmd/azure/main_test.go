// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/test/azure"
)

func TestCommands(t *testing.T) {
	t.Parallel()

	const id = "11111111-1111-1111-1111-111111111111"

	server, err := azure.Start(t.Context(), azure.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})

	state := filepath.Join(t.TempDir(), "state.yaml")
	if err := os.WriteFile(state, []byte("vaults:\n- name: kv-state\n  tenantId: "+id+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	// In this order, as some need what others make.
	for _, step := range []struct {
		args  string
		stdin string
		says  string
		err   string
	}{
		{args: "env", says: "export HTTPS_PROXY='" + server.ProxyURL() + "'"},
		{args: "apply " + state},
		{args: "vault create kv-a " + id},
		{args: "vault list", says: "kv-state"},
		{args: "secret set kv-a a one", says: "https://kv-a.vault.azure.net/secrets/a/"},
		{args: "secret set kv-a a -", stdin: "two", says: "https://"},
		{args: "secret show kv-a a", says: "two\n"},
		{args: "secret disable kv-a a"},
		{args: "secret list kv-a", says: "false"},
		{args: "secret delete kv-a a"},
		{args: "secret show kv-a a", err: "not found"},
		{args: "secret recover kv-a a"},
		{args: "certificate generate kv-a tls www.example.org --ecdsa", says: "/secrets/tls/"},
		{args: "role assign kv-a " + id + " " + azure.SecretsUser + " --id r", says: "r\n"},
		{args: "role list kv-a", says: azure.SecretsUser},
		{args: "role remove kv-a r"},
		{args: "apply -", stdin: "subscriptions:\n- {id: " + id + ", tenantId: " + id + "}\n", err: "there is no tenant"},
		{args: "apply -", stdin: "tenants:\n- id: " + id + "\nsubscriptions:\n- {id: " + id + ", tenantId: " + id + ", resourceGroups: [{name: rg, location: x}]}\n"},
		{args: "subscription list", says: "rg"},
		{args: "delays --vault 1s"},
		{args: "resources", says: "CREATED"},
		{args: "events", says: "ACTION"},
		{args: "fault add --host management.azure.com --effect status --status 503", says: "fault-1"},
		{args: "fault list", says: "management.azure.com"},
		{args: "fault clear"},
		{args: "fault add --effect status --status 429 --retry-after 1s", says: "fault-2"},
		{args: "fault list", says: "429"},
		{args: "fault remove fault-2"},
		{args: "fault remove fault-2", err: "not found"},
		{args: "fault clear"},
		{args: "latency 0s"},
		{args: "counts --reset", says: "in all"},
		{args: "writes kv-a a", says: "put"},
		{args: "vault transition kv-a 0s"},
		{args: "vault create kv-a x", err: "not a GUID"},
		{args: "secret sett kv-a", err: "unexpected argument"},
		{args: "vault delete kv-a"},
		{args: "vault recover kv-a"},
		{args: "vault purge kv-a", err: "not deleted"},
	} {
		var stdout bytes.Buffer

		args := append(strings.Fields(step.args), "--admin", strings.TrimPrefix(server.AdminURL(), "http://"))
		err := run(t.Context(), args, strings.NewReader(step.stdin), &stdout)

		if (err == nil) != (step.err == "") || err != nil && !strings.Contains(err.Error(), step.err) {
			t.Errorf("run(%q): want an error with %q, got: %v", step.args, step.err, err)
		}

		if !strings.Contains(stdout.String(), step.says) {
			t.Errorf("run(%q): want %q, got %q", step.args, step.says, stdout.String())
		}
	}
}
