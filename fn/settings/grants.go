// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// maxConfirmedGrants is the limit of a list that is compared with every vault.
const maxConfirmedGrants = 1000

// grantScope matches the scopes that a confirmed grant may have, as the schema does. Another scope
// could not be compared with the id of a vault.
var grantScope = regexp.MustCompile(`^/subscriptions/[0-9a-fA-F-]{36}(/resource[gG]roups/[^/]{1,90})?$`)

func (c *checker) confirmedGrants(path *field.Path, grants []v1alpha1.ConfirmedGrant) {
	c.atMost(path, len(grants), maxConfirmedGrants)
	for i, g := range grants {
		at := path.Index(i)
		c.uuid(at.Child("principalId"), g.PrincipalID)
		if !grantScope.MatchString(g.Scope) {
			c.invalid(at.Child("scope"), g.Scope, finding.MustBeGrantScope)
		}
	}
}

// IsConfirmed reports whether the platform has confirmed that a principal has its role on a
// scope that contains the resource. Azure does not preserve case in ids.
func IsConfirmed(s *v1alpha1.PlatformConfigSpec, principalID, resourceID string) bool {
	for _, g := range s.KeyVault.ConfirmedGrants {
		if strings.EqualFold(g.PrincipalID, principalID) && Contains(g.Scope, resourceID) {
			return true
		}
	}

	return false
}

// Contains reports whether a scope contains a resource. Both are resource ids.
func Contains(scope, resourceID string) bool {
	n := len(scope)

	return n > 0 && len(resourceID) > n && resourceID[n] == '/' && strings.EqualFold(resourceID[:n], scope)
}
