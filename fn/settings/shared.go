// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

const (
	// maxRoleAssignments is the number of role assignments that Azure allows in a subscription.
	// https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits
	maxRoleAssignments = 4000
	// defaultRoleAssignmentsPerNamespace applies to entries without a limit.
	defaultRoleAssignmentsPerNamespace = 20
	// mostRoleAssignmentsPerNamespace bounds how many objects the function reads at once.
	mostRoleAssignmentsPerNamespace = 500
	maxSharedEntries                = 20
	maxSharedNames                  = 200
	maxSharedPrefixes               = 50
)

var (
	// An entry's name has no hyphen: the name of a role assignment joins it with that of a
	// secret, and must belong to one pair only.
	sharedEntry = regexp.MustCompile(`^[a-z][a-z0-9]{0,19}$`)
	sharedName  = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)
	vaultURI    = regexp.MustCompile(`^https://([a-zA-Z][0-9a-zA-Z-]{1,22}[0-9a-zA-Z])\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)/?$`)
)

func setSharedDefaults(entries []v1alpha1.SharedSecrets) {
	for i := range entries {
		if entries[i].Access == "" {
			entries[i].Access = v1alpha1.AccessRolePerSecret
		}
		if entries[i].MaxRoleAssignmentsPerNamespace == 0 {
			entries[i].MaxRoleAssignmentsPerNamespace = defaultRoleAssignmentsPerNamespace
		}
	}
}

// Shared returns the entry of the shared secrets that a secret of an application belongs to,
// and whether the platform has revoked it. Case is ignored, as in Key Vault.
func Shared(s *v1alpha1.PlatformConfigSpec, namespace, application, secret string) (e v1alpha1.SharedSecrets, revoked, ok bool) {
	for _, entry := range s.Secrets.Shared {
		if !matches(entry, secret) {
			continue
		}
		switch {
		case IsRevoked(entry, namespace, application):
			e, revoked, ok = entry, true, true
		case slices.Contains(entry.Namespaces, namespace):
			return entry, false, true
		}
	}

	return e, revoked, ok
}

// SharedEntry returns the entry of the shared secrets with a name.
func SharedEntry(s *v1alpha1.PlatformConfigSpec, name string) (v1alpha1.SharedSecrets, bool) {
	i := slices.IndexFunc(s.Secrets.Shared, func(e v1alpha1.SharedSecrets) bool { return e.Name == name })
	if i < 0 {
		return v1alpha1.SharedSecrets{}, false
	}

	return s.Secrets.Shared[i], true
}

// IsRevoked reports whether an application has lost the secrets of an entry.
func IsRevoked(e v1alpha1.SharedSecrets, namespace, application string) bool {
	return slices.ContainsFunc(e.Revoked, func(r v1alpha1.RevokedAccess) bool {
		return r.Namespace == namespace && (r.Application == "" || r.Application == application)
	})
}

// RevokedShares returns the entries of shared secrets that the platform's own settings revoke from an
// application. It does not check them, because a revocation must not wait for any other setting, or
// for a landing zone whose settings cannot be used. Settings with an unknown field revoke nothing: it
// may be a misspelt field of a revocation, which would then apply to more applications.
func RevokedShares(input *v1alpha1.PlatformConfig, overlay map[string]any, namespace, application string) (names []string) {
	base, err := toMap(input.Spec)
	if err != nil {
		return nil
	}
	base = merge(base, overlay)
	if _, shares, _ := unstructured.NestedFieldNoCopy(base, "secrets", "shared"); !shares {
		return nil
	}
	var s v1alpha1.PlatformConfigSpec
	if err := fromMap(base, &s); err != nil || s.Secrets == nil {
		return nil
	}
	for _, entry := range s.Secrets.Shared {
		if IsRevoked(entry, namespace, application) {
			names = append(names, entry.Name)
		}
	}

	return names
}

func matches(e v1alpha1.SharedSecrets, secret string) bool {
	return slices.ContainsFunc(e.Names, func(n string) bool { return strings.EqualFold(n, secret) }) ||
		slices.ContainsFunc(e.Prefixes, func(p string) bool { return hasPrefix(secret, p) })
}

func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// shared checks the entries of shared secrets. Every application shows an error of the
// settings, so no error has the name of a secret.
func (c *checker) shared(path *field.Path, entries []v1alpha1.SharedSecrets) {
	c.atMost(path, len(entries), maxSharedEntries)
	overlaps := overlapping(entries)
	for i, e := range entries {
		c.sharedEntry(path.Index(i), e)
		for _, other := range overlaps[i] {
			c.forbidden(path.Index(i), finding.SharedOverlap, finding.With{"entry": e.Name, "other": entries[other].Name})
		}
	}
	c.uniqueKeys(path, "name", each(entries, func(e v1alpha1.SharedSecrets) string { return e.Name }))
	c.sharedLimits(path, entries)
}

func (c *checker) sharedEntry(path *field.Path, e v1alpha1.SharedSecrets) {
	if !sharedEntry.MatchString(e.Name) {
		c.invalid(path.Child("name"), e.Name, finding.SharedNameInvalid)
	}
	c.oneOf(path.Child("access"), e.Access, v1alpha1.AccessRolePerSecret, v1alpha1.AccessGranted)
	c.oneOf(path.Child("listWith"), e.ListWith, secretsv1alpha1.ListWithApplication, secretsv1alpha1.ListWithProviderConfig)
	c.sharedVault(path, e)
	if len(e.Names)+len(e.Prefixes) == 0 {
		c.add(field.Required(path, finding.Say(finding.SharedWithoutNames)))
	}
	c.sharedNames(path.Child("names"), e.Names, maxSharedNames)
	c.sharedNames(path.Child("prefixes"), e.Prefixes, maxSharedPrefixes)
	c.atMost(path.Child("namespaces"), len(e.Namespaces), maxRoleAssignments)
	c.namespaces(path.Child("namespaces"), e.Namespaces)
	c.atMost(path.Child("revoked"), len(e.Revoked), maxRoleAssignments)
	for i, r := range e.Revoked {
		// A revocation of what cannot exist is misspelt, and would revoke nothing.
		if len(validation.IsDNS1123Label(r.Namespace)) > 0 {
			c.invalid(path.Child("revoked").Index(i).Child("namespace"), r.Namespace, finding.MustBeNamespace)
		}
		if r.Application != "" && len(validation.IsDNS1035Label(r.Application)) > 0 {
			c.invalid(path.Child("revoked").Index(i).Child("application"), r.Application, finding.ApplicationNameInvalid)
		}
	}
	if n := e.MaxRoleAssignmentsPerNamespace; n < 0 || n > mostRoleAssignmentsPerNamespace {
		c.invalid(path.Child("maxRoleAssignmentsPerNamespace"), n, finding.MustBeBetween, finding.With{"least": 1, "most": mostRoleAssignmentsPerNamespace})
	}
	c.pollInterval(path.Child("pollInterval"), e.PollInterval)
}

func (c *checker) sharedNames(path *field.Path, names []string, most int) {
	c.atMost(path, len(names), most)
	known := make(map[string]bool, len(names))
	for i, name := range names {
		if !sharedName.MatchString(name) {
			c.forbidden(path.Index(i), finding.SecretNameInvalid)
		}
		lower := strings.ToLower(name)
		if known[lower] {
			c.add(field.Duplicate(path.Index(i), field.OmitValueType{}))
		}
		known[lower] = true
	}
}

func (c *checker) sharedVault(path *field.Path, e v1alpha1.SharedSecrets) {
	uri := vaultURI.FindStringSubmatch(e.VaultURI)
	if uri == nil {
		c.invalid(path.Child("vaultUri"), e.VaultURI, finding.SharedVaultURIInvalid)
	}
	_, name, valid := parseID(vaultID, e.VaultResourceID)
	switch {
	case e.VaultResourceID == "" && e.Access == v1alpha1.AccessGranted:
	case !valid:
		c.invalid(path.Child("vaultResourceId"), e.VaultResourceID, finding.SharedVaultIDInvalid)
	case uri != nil && !strings.EqualFold(name, uri[1]):
		c.invalid(path.Child("vaultResourceId"), e.VaultResourceID, finding.SharedVaultsDiffer)
	}
}

// sharedLimits bounds the role assignments that all entries together may need in a
// subscription. Nobody can count the assignments of all applications at every call, so each
// namespace has a share that is counted, and the sum of the shares is bounded here.
func (c *checker) sharedLimits(path *field.Path, entries []v1alpha1.SharedSecrets) {
	total := map[string]int{}
	for i, e := range entries {
		subscription, _, valid := parseID(vaultID, e.VaultResourceID)
		if !valid || e.Access == v1alpha1.AccessGranted {
			continue
		}
		perNamespace := int(e.MaxRoleAssignmentsPerNamespace)
		if perNamespace == 0 {
			perNamespace = defaultRoleAssignmentsPerNamespace
		}
		subscription = strings.ToLower(subscription)
		total[subscription] += perNamespace * len(e.Namespaces)
		if n := total[subscription]; n > maxRoleAssignments {
			c.forbidden(path.Index(i), finding.SharedLimitsExceed, finding.With{"subscription": subscription, "assignments": n, "most": maxRoleAssignments})
		}
	}
}

// An entrySet is a set of entries. Bit i is entry i.
type entrySet uint32

func (s entrySet) has(entry int) bool { return s&(1<<entry) != 0 }

// overlapping returns, for each entry, the earlier entries of which a secret could be in the vaults of
// both. Each call of the function checks the settings, so it does not compare all names with each
// other. The entries beyond the limit are not compared.
func overlapping(entries []v1alpha1.SharedSecrets) [][]int {
	overlaps := make([][]int, len(entries))
	entries = entries[:min(len(entries), maxSharedEntries)]
	namespaces, names := sharingNamespaces(entries), sharingNames(entries)
	for i := range entries {
		for j := range i {
			if namespaces[i].has(j) && (names[i].has(j) || names[j].has(i)) {
				overlaps[i] = append(overlaps[i], j)
			}
		}
	}

	return overlaps
}

// sharingNamespaces returns, for each entry, the entries that list one of its namespaces.
func sharingNamespaces(entries []v1alpha1.SharedSecrets) []entrySet {
	listedBy := map[string]entrySet{}
	for i, e := range entries {
		for _, n := range e.Namespaces {
			listedBy[n] |= 1 << i
		}
	}
	sharing := make([]entrySet, len(entries))
	for _, listed := range listedBy {
		for i := range sharing {
			if listed.has(i) {
				sharing[i] |= listed
			}
		}
	}

	return sharing
}

// sharingNames returns, for each entry, the entries that have one of its names or prefixes, or a
// prefix of one. In sorted order, the prefixes of a text are a stack: a text follows its prefixes,
// and only other texts with the same prefix are between them.
func sharingNames(entries []v1alpha1.SharedSecrets) []entrySet {
	type users struct{ all, byPrefix entrySet }
	usersOf := map[string]users{}
	for i, e := range entries {
		for _, n := range e.Names {
			n = strings.ToLower(n)
			u := usersOf[n]
			usersOf[n] = users{all: u.all | 1<<i, byPrefix: u.byPrefix}
		}
		for _, p := range e.Prefixes {
			p = strings.ToLower(p)
			u := usersOf[p]
			usersOf[p] = users{all: u.all | 1<<i, byPrefix: u.byPrefix | 1<<i}
		}
	}

	sharing := make([]entrySet, len(entries))
	// A prefix has the entries of all prefixes below it, too.
	type prefix struct {
		text    string
		entries entrySet
	}
	stack := []prefix{{}}
	for _, text := range slices.Sorted(maps.Keys(usersOf)) {
		for !strings.HasPrefix(text, stack[len(stack)-1].text) {
			stack = stack[:len(stack)-1]
		}
		u, above := usersOf[text], stack[len(stack)-1].entries
		for i := range sharing {
			if u.all.has(i) {
				sharing[i] |= u.all | above
			}
		}
		if u.byPrefix != 0 {
			stack = append(stack, prefix{text: text, entries: above | u.byPrefix})
		}
	}

	return sharing
}
