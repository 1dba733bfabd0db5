// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	_ "embed"
	"strings"
)

// A Webhook is a version of azure-workload-identity. It decides where the token of a Pod is
// mounted.
type Webhook string

// Versions of azure-workload-identity with different layouts, the newer one first.
const (
	// WebhookReserved mounts tokens of v1.6.0 and later, in a volume of another name for each Pod.
	WebhookReserved Webhook = "v1.6.0"

	// WebhookTokens mounts tokens as up to v1.5.1.
	WebhookTokens Webhook = "v1.5.1"
)

//go:embed workload-identity.yaml
var workloadIdentity string

// Policy returns the admission policy that replaces the webhook.
func (w Webhook) Policy() []byte {
	return []byte(strings.Replace(workloadIdentity, `"'`+string(WebhookReserved)+`'"`, `"'`+string(w)+`'"`, 1))
}
