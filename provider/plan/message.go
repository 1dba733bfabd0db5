// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "strings"

// WithoutCurrent returns a message of a plan without what it says of the current
// values. A message that is kept for later must not say that: there may be none then.
func WithoutCurrent(message string) string {
	return strings.TrimSpace(strings.TrimSuffix(" "+message, stillInUse))
}
