// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// resolveSettings returns the platform's settings for the application: the input of the function,
// overlaid by an EnvironmentConfig and by that of the landing zone.
func (c *call) resolveSettings() (platform inputv1alpha1.PlatformConfigSpec, s *stop) {
	input, err := decodeInput(c.req)
	if err != nil {
		return platform, abort(compose.ReasonSettingsInvalid, err)
	}
	ref := settings.EnvironmentConfig(input)
	c.requireSettings(ref)
	overlay, s := c.environmentConfig(ref)
	if s != nil {
		return platform, s
	}
	c.revoked = settings.RevokedShares(input, overlay, c.app.Namespace, c.app.Name)
	zone, s := c.landingZone(ref.Name)
	if s != nil {
		return platform, s
	}
	platform, err = settings.ResolveInZone(input, overlay, zone.name, zone.overlay)
	if err != nil {
		return platform, refuse(compose.ReasonSettingsInvalid, err)
	}

	return platform, nil
}

// requireSettings requires all objects with settings at once: Crossplane calls until the requirements
// stay the same, so a later requirement costs one more call in each reconcile.
func (c *call) requireSettings(ref settings.Reference) {
	requireConfig(c.req, c.rsp, ref.Name)
	requireNamespace(c.req, c.rsp, c.app.Namespace)
	if zone, _ := c.placed().LandingZone(); zone != "" {
		c.requireLandingZone(zone, ref.Name)
	}
}

// environmentConfig returns the data of the platform's own EnvironmentConfig, or nothing if it may
// be missing.
func (c *call) environmentConfig(ref settings.Reference) (map[string]any, *stop) {
	overlay, state := decodeConfig(c.req, ref.Name)
	with := finding.With{"name": ref.Name}
	switch {
	case state == unresolved:
		return nil, wait(compose.ReasonSettingsMissing, finding.New(finding.SettingsUnresolved, with), finding.New(finding.HowToRender))
	case state == notFound && ref.Required && len(c.seen.composed) > 0 && len(c.seen.orphans) == 0:
		return nil, keep(compose.ReasonSettingsMissing, finding.New(finding.SettingsMissing, with))
	case state == notFound && ref.Required:
		return nil, abort(compose.ReasonSettingsMissing, finding.Err(finding.EnvironmentConfigNotFound, with, finding.With{"optional": settings.ResolutionOptional}))
	}

	return overlay, nil
}

func decodeInput(req *fnv1.RunFunctionRequest) (*inputv1alpha1.PlatformConfig, error) {
	input := &inputv1alpha1.PlatformConfig{}
	if req.GetInput() == nil {
		return input, nil
	}
	if err := request.GetInput(req, input); err != nil {
		return nil, finding.Err(finding.InputUnreadable, finding.With{"cause": err})
	}

	return input, nil
}

// requirementOfConfig returns the name of the requirement for an EnvironmentConfig. Crossplane 2.4 sends
// what the last response required in the first request, under the same names, and does not call again
// after a fatal result. So the settings of another EnvironmentConfig must not have the same name.
func requirementOfConfig(name string) string { return "environment-config " + name }

// requireConfig requires an EnvironmentConfig.
func requireConfig(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, name string) {
	require(req, rsp, requirementOfConfig(name), &fnv1.ResourceSelector{
		ApiVersion: "apiextensions.crossplane.io/v1beta1",
		Kind:       "EnvironmentConfig",
		Match:      &fnv1.ResourceSelector_MatchName{MatchName: name},
	})
}

// decodeConfig returns the data of a required EnvironmentConfig.
func decodeConfig(req *fnv1.RunFunctionRequest, name string) (map[string]any, resolution) {
	items, state := required(req, requirementOfConfig(name))
	if state != found {
		return nil, state
	}

	return child(items[0].Resource.Object, "data"), found
}
