// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// AsksForSubscription reports whether the subscription of the Azure providers is needed:
// before the vault and the identity are created, and when one of them has a problem.
func (o Observed) AsksForSubscription() bool {
	for _, name := range []string{NameKeyVault, NameIdentity} {
		if seen, ok := o[name]; !ok || seen.problem().reported && !seen.held() {
			return true
		}
	}

	return false
}

// wrongSubscription returns a finding if the Azure providers use a subscription other than
// that of the settings. Ids contain the subscription of the settings, so the providers would
// not find the objects that they have created, and could not create them again.
func (c *composition) wrongSubscription() (wrong finding.Finding) {
	settings := c.platform.SubscriptionID
	if other := c.app.ProviderSubscription; other != "" && !strings.EqualFold(other, settings) {
		ref := c.platform.AzureProviderConfigRef
		return finding.New(finding.ProvidersInOtherSubscription, finding.With{"config": ref.Kind + " " + ref.Name, "other": cut(other), "settings": settings})
	}
	for _, name := range []string{NameKeyVault, NameIdentity} {
		seen := c.seen[name]
		if other := subscription(c.ownership(seen).readable(seen).str("status", "atProvider", "id")); other != "" && !strings.EqualFold(other, settings) {
			return finding.New(finding.ObjectInOtherSubscription, finding.With{"object": seen.str("kind") + " " + seen.str("metadata", "name"), "other": cut(other), "settings": settings})
		}
	}

	return wrong
}

// createsElsewhere reports whether a resource would be created in the wrong subscription. A
// requested resource that Azure does not have yet follows the settings, but not away from the
// others of the application.
func (c *composition) createsElsewhere(name string) bool {
	seen, exists := c.seen[name]
	wrong := c.wrongSubscription()
	if exists {
		return wrong.Reason == finding.ObjectInOtherSubscription && !seen.inAzure()
	}

	return !wrong.IsZero()
}

// inWrongSubscription adds a difference of subscriptions to a condition, as its cause or as
// a note.
func (c Condition) inWrongSubscription(wrong finding.Finding) Condition {
	switch {
	case wrong.IsZero():
	case c.Status == True:
		c = c.with(finding.New(finding.SubscriptionNote, finding.With{"difference": wrong}))
	case c.Reason == ReasonCreating || c.Reason == ReasonAzureRefused:
		c.Reason = ReasonSettingsInvalid
		c.Message = finding.Message{finding.New(finding.SubscriptionsDiffer, finding.With{"difference": wrong})}
	}

	return c
}
