// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"github.com/google/uuid"
)

const (
	// hashLength is in characters of 5 bits: 75 bits. An attacker chooses the name of
	// an application, knows all other hashed values, and can try names offline. Finding
	// the name of a given vault takes 2^75 attempts: 100,000 years at 10^10 hashes a
	// second. With 50 bits it would take a day. The probability that two of 100,000
	// applications share a hash by chance is one in 7·10^12.
	hashLength = 15

	maxVault    = 24 // Azure's limit for a vault, which leaves 8 readable characters
	maxReadable = 63 // of identities and credentials, with limits of 128 and 120
	maxEndpoint = 64 // Azure's limit for a private endpoint

	// nameless replaces a name without letters and digits.
	nameless = "app"

	// assignments is the UUID namespace of role assignment names. It must never change.
	assignments = "dc735f07-2603-4afa-a164-e67f67e7c6bd"
)

// A Scope makes a name unique: one application in one cluster in one subscription.
type Scope struct {
	// SubscriptionID of the resources. Case is ignored.
	SubscriptionID string

	// Issuer is the URL of the cluster's OIDC issuer, which identifies the cluster.
	// Trailing slashes are ignored.
	Issuer string

	// Cluster replaces the issuer in the names of vaults and identities, if it is not
	// empty. Trailing slashes are ignored.
	Cluster string

	// Namespace and Name of the application.
	Namespace, Name string
}

// Vault returns the name of the application's Key Vault, which is unique in all of Azure. For
// any scope, ValidVault accepts it, and it is lower-case without any reserved word of Azure.
func (s Scope) Vault() string {
	return s.name(cmp.Or(s.Cluster, s.Issuer), maxVault-len("-")-hashLength)
}

// Identity returns the name of the application's user-assigned identity. It ends in the same
// hash as the vault.
func (s Scope) Identity() string {
	return s.name(cmp.Or(s.Cluster, s.Issuer), maxReadable)
}

// Credential returns the name of the identity's federated credential. It is always made of the
// issuer, because clusters that share an identity each have a credential of their own.
func (s Scope) Credential() string {
	return s.name(s.Issuer, maxReadable)
}

// PrivateEndpoint returns the name of the vault's private endpoint in a subnet. Case is ignored in
// the id of the subnet.
func (s Scope) PrivateEndpoint(subnetID string) string {
	endpoint := s
	endpoint.Name += "\x00" + strings.ToLower(subnetID) // No name contains a NUL.

	return shorten(s.Name, maxEndpoint-len("-")-hashLength) + "-" + endpoint.hash(s.Issuer)
}

func (s Scope) name(cluster string, readable int) string {
	return shorten(s.Name, readable) + "-" + s.hash(cluster)
}

// hash returns the first characters of the scope's SHA-256 in base32 (RFC 4648, lower case). In
// the rare case that they contain a reserved word, which Azure always rejects, it returns later
// ones.
func (s Scope) hash(cluster string) string {
	var b []byte
	for _, part := range [...]string{
		strings.ToLower(s.SubscriptionID),
		strings.TrimRight(cluster, "/"),
		s.Namespace,
		s.Name,
	} {
		// The length distinguishes ("ab", "c") from ("a", "bc") for any content.
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)

	return pick(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])))
}

// pick returns the first part of a digest without a reserved word.
func pick(digest string) string {
	for i := range len(digest) - hashLength {
		if h := digest[i : i+hashLength]; unreserve(h) == h {
			return h
		}
	}

	return digest[:hashLength]
}

// shorten returns the readable part of a name: at most limit lower-case letters, digits and
// single hyphens, with a letter first and no hyphen last. All other characters become hyphens,
// and a name that begins with a digit gets the prefix "a".
func shorten(name string, limit int) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		c := name[i]
		switch {
		case isLetter(c):
			b = append(b, c|0x20)
		case isDigit(c):
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}

	short := unreserve(string(b))
	if short == "" {
		short = nameless
	}
	if isDigit(short[0]) {
		short = "a" + short
	}

	return strings.TrimRight(short[:min(limit, len(short))], "-")
}

// unreserve breaks the words that Azure rejects in the names of resources with a public
// endpoint, and returns all other names unchanged.
//
// Azure's documentation lists "microsoft" and "windows" anywhere and "login" at the start of a
// name. Azure has also rejected vaults with "xbox" in their names. All four are broken
// everywhere, because an application named login-service must get a vault. Other reserved words
// matter only as whole names, and these names always have a hash.
func unreserve(s string) string {
	for _, r := range [...]struct{ word, broken string }{
		{"login", "log-in"},
		{"microsoft", "micro-soft"},
		{"windows", "win-dows"},
		{"xbox", "x-box"},
	} {
		// Repeated, because the x at the end of one word can start the next.
		for strings.Contains(s, r.word) {
			s = strings.ReplaceAll(s, r.word, r.broken)
		}
	}

	return s
}

// RoleAssignment returns the name of the assignment of a role to a principal at a scope: a UUID
// (version 5) of the three.
//
// Azure ignores case in all three and returns them in any case, so RoleAssignment also ignores
// case. Always pass a role definition in the same form, either as its id or as its full path:
// the two forms result in different names.
func RoleAssignment(scope, principalID, roleDefinition string) string {
	// None of the three can contain a NUL.
	parts := strings.ToLower(scope + "\x00" + principalID + "\x00" + roleDefinition)
	return uuid.NewSHA1(uuid.MustParse(assignments), []byte(parts)).String()
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// IdentityID returns the id of a user-assigned identity in Azure Resource Manager.
func IdentityID(subscriptionID, resourceGroup, name string) string {
	return "/subscriptions/" + subscriptionID + "/resourceGroups/" + resourceGroup + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
}

// RoleAssignmentID returns the id of a role assignment in Azure Resource Manager.
func RoleAssignmentID(scope, name string) string {
	return scope + "/providers/Microsoft.Authorization/roleAssignments/" + name
}

// DiagnosticSettingID returns the id that the Azure provider uses for a diagnostic setting.
func DiagnosticSettingID(scope, name string) string { return scope + "|" + name }
