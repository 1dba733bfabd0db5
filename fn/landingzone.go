// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource/composite"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// requirementLandingZone is the name of the requirement for the EnvironmentConfig of a landing zone.
const requirementLandingZone = "landing-zone"

// A landingZone is the zone of an application, and the settings that overlay the platform's. Both
// are empty without a zone.
type landingZone struct {
	name    string
	overlay map[string]any
	// why is set if the settings cannot be used. Then existing resources are kept, and no new
	// ones are composed.
	why finding.Message
	// state is unresolved if Crossplane calls again.
	state resolution
}

// landingZone decides the landing zone of the application. The resources of an application never
// span two zones: the zone that they have takes precedence over the label of the Namespace.
func (c *call) landingZone(seen compose.Observed, platform string) landingZone {
	labelled, state := decodeZoneLabel(c.req)
	zone, placed := seen.LandingZone()
	with := finding.With{"namespace": c.app.Namespace, "label": inputv1alpha1.LandingZoneLabel}
	switch {
	case placed:
		c.app.LabelledZone = zone
		if state == found {
			c.app.LabelledZone = labelled
		}
	case state == unresolved:
		why := finding.Message{finding.New(finding.LandingZoneUnresolved, with), finding.New(finding.HowToRender)}
		return landingZone{why: why, state: unresolved}
	case state == notFound && isStored(c.xr):
		// A Namespace exists before its objects. Crossplane has not seen it yet, and its label
		// decides in which subscription the vault is created, for good.
		why := finding.Message{finding.New(finding.LandingZoneUnknown, with), finding.New(finding.HowToRender)}
		return landingZone{why: why, state: notFound}
	default:
		zone, c.app.LabelledZone = labelled, labelled
	}
	c.app.LandingZone = zone
	if zone == "" {
		return landingZone{state: found}
	}

	name, valid := c.requireLandingZone(zone, platform)
	with = finding.With{"namespace": c.app.Namespace, "zone": zone, "config": name}
	if !valid {
		return landingZone{why: finding.Message{finding.New(finding.LandingZoneNameInvalid, with)}, state: notFound}
	}
	overlay, state := decodeConfig(c.req, requirementLandingZone)
	switch state {
	case unresolved:
		why := finding.Message{finding.New(finding.LandingZoneConfigUnresolved, with), finding.New(finding.HowToRender)}
		return landingZone{name: zone, why: why, state: unresolved}
	case notFound:
		why := finding.Message{finding.New(finding.LandingZoneConfigMissing, with)}
		return landingZone{name: zone, why: why, state: notFound}
	case found:
	}
	if !settings.AllowsNamespace(overlay, c.app.Namespace) {
		why := finding.Message{finding.New(finding.LandingZoneNotAllowed, with)}
		return landingZone{name: zone, overlay: overlay, why: why, state: found}
	}

	return landingZone{name: zone, overlay: overlay, state: found}
}

// requireLandingZone requires the EnvironmentConfig of a zone, and returns its name. It returns false
// if the zone cannot have one.
func (c *call) requireLandingZone(zone, platform string) (name string, valid bool) {
	name, valid = settings.LandingZoneConfig(zone)
	if !valid || name == platform {
		return name, false
	}
	requireConfig(c.req, c.rsp, requirementLandingZone, name)

	return name, true
}

// decodeZoneLabel returns the landing zone in the label of the application's Namespace.
func decodeZoneLabel(req *fnv1.RunFunctionRequest) (string, resolution) {
	items, state := required(req, requirementNamespace)
	if state != found {
		return "", state
	}

	return items[0].Resource.GetLabels()[inputv1alpha1.LandingZoneLabel], found
}

// isStored reports whether an API server has stored the composite resource. A manifest that is
// rendered has no time of creation; Crossplane's renderer sets only a UID. Without a file of the
// Namespace, a rendering shows the platform's own settings.
func isStored(xr *composite.Unstructured) bool {
	created := xr.GetCreationTimestamp()
	return !created.IsZero()
}
