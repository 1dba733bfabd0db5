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
	if err := os.WriteFile(state, []byte("vaults:\n- name: kv-a\n  tenantId: "+id+"\n  roleAssignments: [{id: r, principalId: "+id+", role: "+azure.SecretsUser+"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	// The order matters, because some commands need the results of others.
	for _, step := range []struct {
		args  string
		stdin string
		says  string
		err   string
	}{
		{args: "env", says: "export HTTPS_PROXY='" + server.ProxyURL() + "'"},
		{args: "apply " + state},
		{args: "apply -", stdin: "vault: []", err: "unknown field"},
		{args: "apply -", stdin: "subscriptions:\n- {id: " + id + ", tenantId: " + id + "}\n", err: "there is no tenant"},
		{args: "vault list", says: "kv-a"},
		{args: "secret set kv-a a one", says: "https://kv-a.vault.azure.net/secrets/a/"},
		{args: "secret set kv-a a -", stdin: "two", says: "https://"},
		{args: "secret disable kv-a a"},
		{args: "secret list kv-a", says: "false"},
		{args: "role remove kv-a r"},
		{args: "role remove kv-a r", err: "not found"},
		{args: "fault add --host management.azure.com --effect status --status 503", says: "fault-1"},
		{args: "fault add --effect none", err: "no effect"},
		{args: "fault add --effect status --status 200", err: "from 400 to 599"},
		{args: "fault add --effect hang --status 500", err: "effect \"status\" only"},
		{args: "fault clear"},
		{args: "counts --reset", says: "in all"},
		{args: "secret sett kv-a", err: "unexpected argument"},
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
