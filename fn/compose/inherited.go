// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"slices"
	"strings"
)

// inherit adds the tags that policies of Azure have set on a resource of the application. Without
// them the provider would remove each, and the policy would set it again. The settings cannot name the
// tags of the owner, so no value in Azure changes these.
func (c *composition) inherit(tags map[string]*string, seen Object) {
	if len(c.platform.InheritedTags) == 0 || c.ownership(seen) != owned {
		return
	}
	from := seen.object("status", "atProvider")
	if from.str("id") == "" {
		from = seen.object("spec", "forProvider")
	}
	for k, v := range from.object("tags") {
		value, ok := v.(string)
		if !ok || !slices.ContainsFunc(c.platform.InheritedTags, func(name string) bool { return strings.EqualFold(name, k) }) {
			continue
		}
		for name := range tags {
			if strings.EqualFold(name, k) {
				delete(tags, name)
			}
		}
		tags[k] = &value
	}
}
