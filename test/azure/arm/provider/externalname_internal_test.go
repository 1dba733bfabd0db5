// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestExternalNames compares the conversion of external names to ids with the real provider's
// configuration.
func TestExternalNames(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	must(t, err)

	config, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "config", "externalname.go"))
	must(t, err)

	templated := func(template string) string {
		return "config.TemplatedStringAsIdentifier(\"name\", " + strconv.Quote(template) + "),\n"
	}

	for typ, want := range map[string]string{
		vaultType: templated(vaultTemplate), identityType: "config.IdentifierFromProvider,\n",
		credentialType: templated(credentialTemplate), assignmentType: "config.IdentifierFromProvider,\n",
	} {
		_, got, _ := strings.Cut(string(config), "\n\t"+strconv.Quote(typ)+":")
		if got = strings.TrimLeft(got, " "); !strings.HasPrefix(got, want) {
			got, _, _ = strings.Cut(got, "\n")
			t.Errorf("%s: want %s, the real provider has %s", typ, want, got)
		}
	}
}
