// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"strings"
	"unicode/utf8"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// ValidVault tells whether a name satisfies Azure's rule for the name of a Key
// Vault. The error names the first part of the rule that is broken, and reads
// on from the path of a field: `spec.keyVault.name must start with a letter`.
//
// Reserved words are not looked for: a manifest names a vault that exists, so Azure
// has accepted the name.
func ValidVault(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 3 || n > maxVault {
		return finding.Err(finding.VaultNameLength)
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && c != '-' {
			return finding.Err(finding.VaultNameCharacters)
		}
	}
	if !isLetter(name[0]) {
		return finding.Err(finding.VaultNameStart)
	}
	if name[len(name)-1] == '-' {
		return finding.Err(finding.VaultNameEnd)
	}
	if strings.Contains(name, "--") {
		return finding.Err(finding.VaultNameHyphens)
	}
	return nil
}
