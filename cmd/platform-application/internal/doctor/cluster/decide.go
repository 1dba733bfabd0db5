// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

type params = map[string]string

// A decision collects findings.
type decision struct {
	facts    facts
	platform platform.Platform
	found    []finding.Finding
}

func (d *decision) add(code finding.Code, object string, with params) {
	d.found = append(d.found, finding.Finding{Code: code, Object: object, With: with})
}

// decide returns the findings for facts. It skips unknown facts, because reading them already produced a finding.
func decide(f facts, p platform.Platform) []finding.Finding {
	d := &decision{facts: f, platform: p}

	d.versions()
	d.packages()
	d.runtimes()
	d.definitions()
	d.kinds()
	d.grants()
	d.policies()
	d.attempts()
	d.parameters()
	d.namespaces()
	d.optional()
	d.azure()
	d.settings()
	d.zones()

	return d.found
}
