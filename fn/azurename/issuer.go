// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// maxPlainTag leaves room for a separator and a hash in Azure's limit of 256 characters for the
// value of a tag.
const maxPlainTag = 256 - len("~") - hashLength

// IsIssuer reports whether the name of a cluster is the OIDC issuer of one. The other form, a DNS
// label, has no colon.
func IsIssuer(cluster string) bool { return strings.Contains(cluster, "://") }

// IssuerTag returns an OIDC issuer as the value of a tag in Azure. It is the issuer without
// trailing slashes. An issuer that is too long, or has characters that Azure does not keep
// everywhere, is shortened and gets a hash, so that two issuers never have the same tag.
func IssuerTag(issuer string) string {
	issuer = strings.TrimRight(issuer, "/")
	plain := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`<>%&\?~`, r) {
			return '-'
		}

		return r
	}, issuer)
	if plain == issuer && len(plain) <= maxPlainTag {
		return plain
	}
	sum := sha256.Sum256([]byte(issuer))
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:hashLength]

	return plain[:min(len(plain), maxPlainTag)] + "~" + hash
}
