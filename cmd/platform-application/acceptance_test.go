// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// TestOfficerFlag rejects an officer that the function would reject.
func TestOfficerFlag(t *testing.T) {
	const id = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"

	cases := map[string]struct {
		reason  string
		officer string
		allow   inputv1alpha1.KeyVaultAllowance
		ok      bool
	}{
		"None":      {reason: "The flag is optional.", ok: true},
		"Listed":    {reason: "A listed officer is allowed.", officer: id, allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersListed, OfficerIDs: []string{id}}, ok: true},
		"Groups":    {reason: "Azure checks whether the id is a group.", officer: id, allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersGroups}, ok: true},
		"Any":       {reason: "The settings allow any officer.", officer: id, allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersAny}, ok: true},
		"Other":     {reason: "Only the listed officers are allowed.", officer: id, allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersListed, OfficerIDs: []string{"b" + id[1:]}}},
		"NotLet":    {reason: "By default, manifests cannot name officers.", officer: id, allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersNone}},
		"Name":      {reason: "A name is not an object id.", officer: "ann@example.com", allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersAny}},
		"UpperCase": {reason: "Manifests allow only lower case.", officer: "A" + id[1:], allow: inputv1alpha1.KeyVaultAllowance{Officers: settings.OfficersAny}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &acceptanceRun{OfficerObjectID: tc.officer}

			err := c.Validate()
			if err == nil {
				err = c.mayName(inputv1alpha1.PlatformConfigSpec{KeyVault: &inputv1alpha1.KeyVaultDefaults{Allow: &tc.allow}})
			}

			if (err == nil) != tc.ok {
				t.Errorf("\n%s\n%v", tc.reason, err)
			}
		})
	}
}

// TestEndAtOnce exits on the second signal, and prints how to clean up.
func TestEndAtOnce(t *testing.T) {
	const variable, command = "END_AT_ONCE", "the command"

	if os.Getenv(variable) != "" {
		endAtOnce([]string{command})

		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			if err := syscall.Kill(os.Getpid(), s); err != nil {
				t.Fatal(err)
			}
		}

		select {}
	}

	var said bytes.Buffer

	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEndAtOnce$") //nolint:gosec // This program.
	cmd.Env, cmd.Stderr = append(os.Environ(), variable+"=1"), &said

	failed, ok := errors.AsType[*exec.ExitError](cmd.Run())
	if !ok || failed.ExitCode() != needsPerson {
		t.Errorf("want exit code %d, got %v", needsPerson, failed)
	}

	first, second, _ := strings.Cut(said.String(), "\n")
	if !strings.Contains(first, "a second signal exits immediately") || !strings.HasSuffix(second, "Clean up with:\n"+command+"\n") {
		t.Errorf("want a line for each signal, got:\n%s", said.String())
	}
}
