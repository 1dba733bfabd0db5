// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// notAllowed matches characters that the name of a vault must not have.
var notAllowed = regexp.MustCompile(`[^a-zA-Z0-9-]`)

// ValidVault returns an error if a name breaks Azure's rule for names of vaults. The error
// names the first broken part of the rule, and continues the path of a field:
// `spec.keyVault.name must start with a letter`.
//
// Reserved words are allowed: a manifest names a vault that exists, so Azure has accepted
// the name.
func ValidVault(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 3 || n > maxVault {
		return finding.Err(finding.VaultNameLength)
	}
	if notAllowed.MatchString(name) {
		return finding.Err(finding.VaultNameCharacters)
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
