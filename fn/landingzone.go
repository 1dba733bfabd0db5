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

// A landingZone is the zone of an application, and the settings that overlay the platform's. Both
// are empty without a zone.
type landingZone struct {
	name    string
	overlay map[string]any
}

// landingZone decides the landing zone of the application. Without its settings, existing
// resources are kept, and no new ones are composed.
func (c *call) landingZone(platform string) (zone landingZone, s *stop) {
	if zone.name, s = c.chooseZone(); s != nil || zone.name == "" {
		return zone, s
	}
	zone.overlay, s = c.zoneSettings(zone.name, platform)

	return zone, s
}

// placed returns the resources that show where the application is. Orphans count, because an
// application that adopts them keeps their landing zone.
func (c *call) placed() compose.Observed { return c.seen.adopt().composed }

// chooseZone returns the name of the landing zone, or nothing without one. The resources of an
// application never span two zones: the zone that they have takes precedence over the label of the
// Namespace.
func (c *call) chooseZone() (string, *stop) {
	labelled, state := decodeZoneLabel(c.req)
	zone, placed := c.placed().LandingZone()
	with := finding.With{"namespace": c.app.Namespace, "label": inputv1alpha1.LandingZoneLabel}
	switch {
	case placed:
		c.app.LabelledZone = zone
		if state == found {
			c.app.LabelledZone = labelled
		}
	case state == unresolved:
		return "", wait(compose.ReasonLandingZoneUnavailable, finding.New(finding.LandingZoneUnresolved, with), finding.New(finding.HowToRender))
	case state == notFound && isStored(c.xr):
		// A Namespace exists before its objects. Crossplane has not seen it yet, and its label
		// decides in which subscription the vault is created, for good.
		return "", keep(compose.ReasonLandingZoneUnavailable, finding.New(finding.LandingZoneUnknown, with), finding.New(finding.HowToRender))
	default:
		zone, c.app.LabelledZone = labelled, labelled
	}
	c.app.LandingZone = zone

	return zone, nil
}

// zoneSettings returns the settings of a landing zone, if they list the namespace of the application.
func (c *call) zoneSettings(zone, platform string) (map[string]any, *stop) {
	name, valid := c.requireLandingZone(zone, platform)
	with := finding.With{"namespace": c.app.Namespace, "zone": zone, "config": name}
	if !valid {
		return nil, keep(compose.ReasonLandingZoneUnavailable, finding.New(finding.LandingZoneNameInvalid, with))
	}
	overlay, state := decodeConfig(c.req, name)
	switch {
	case state == unresolved:
		return nil, wait(compose.ReasonLandingZoneUnavailable, finding.New(finding.LandingZoneConfigUnresolved, with), finding.New(finding.HowToRender))
	case state == notFound:
		return nil, keep(compose.ReasonLandingZoneUnavailable, finding.New(finding.LandingZoneConfigMissing, with))
	case !settings.AllowsNamespace(overlay, c.app.Namespace):
		return nil, keep(compose.ReasonLandingZoneUnavailable, finding.New(finding.LandingZoneNotAllowed, with))
	}

	return overlay, nil
}

// requireLandingZone requires the EnvironmentConfig of a zone, and returns its name. It returns false
// if the zone cannot have one.
func (c *call) requireLandingZone(zone, platform string) (name string, valid bool) {
	name, valid = settings.LandingZoneConfig(zone)
	if !valid || name == platform {
		return name, false
	}
	requireConfig(c.req, c.rsp, name)

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
