// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"strings"
)

// AsksForSubscription tells whether it matters now which subscription the configuration of the Azure providers names: before
// the vault and the identity are created, and when something is wrong with one of them.
func (o Observed) AsksForSubscription() bool {
	for _, name := range []string{NameKeyVault, NameIdentity} {
		if seen, ok := o[name]; !ok || seen.problem() != "" && !seen.held() {
			return true
		}
	}
	return false
}

// wrongSubscription says in which subscription the Azure providers work if it is not that of the settings: ids are made of the
// latter, so what they create there is not found, and cannot be created again.
func (c *composition) wrongSubscription() string {
	settings := c.platform.SubscriptionID
	if other := c.app.ProviderSubscription; other != "" && !strings.EqualFold(other, settings) {
		ref := c.platform.AzureProviderConfigRef
		return fmt.Sprintf("%s %s of the Azure providers says subscription %s, and the settings of the platform say %s", ref.Kind, ref.Name, cut(other), settings)
	}
	for _, name := range []string{NameKeyVault, NameIdentity} {
		seen := c.seen[name]
		if other := subscription(c.ownership(seen).readable(seen).str("status", "atProvider", "id")); other != "" && !strings.EqualFold(other, settings) {
			return fmt.Sprintf("%s %s is in subscription %s, and the settings of the platform say %s", seen.str("kind"), seen.str("metadata", "name"), cut(other), settings)
		}
	}
	return ""
}

// createsElsewhere is true of something that is not created yet, and would be in the wrong subscription.
func (c *composition) createsElsewhere(name string) bool {
	_, exists := c.seen[name]
	return !exists && c.wrongSubscription() != ""
}

// inWrongSubscription has a condition name the cause of what is not there, or of what is about to be lost.
func (c Condition) inWrongSubscription(wrong string) Condition {
	switch {
	case wrong == "":
	case c.Status == True:
		c.Message += " Note: " + wrong + ". Your platform team can help."
	case c.Reason == ReasonCreating || c.Reason == ReasonAzureRefused:
		c.Reason = ReasonSettingsInvalid
		c.Message = "The subscriptions differ: " + wrong + ". Nothing new is created in the wrong one, and what runs keeps running, until your platform team has made them the same."
	}
	return c
}

// subscription of an id of Azure Resource Manager.
func subscription(id string) string {
	segments := strings.Split(id, "/")
	if len(segments) < 3 || !strings.EqualFold(segments[1], "subscriptions") {
		return ""
	}
	return segments[2]
}
