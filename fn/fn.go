// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"github.com/crossplane/function-sdk-go/response"
	"google.golang.org/protobuf/types/known/durationpb"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Times after which Crossplane calls again. It also calls when a composed resource changes.
const (
	ttlWaiting = time.Minute
	ttlReady   = 10 * time.Minute
)

// A Function composes PlatformApplications.
type Function struct {
	fnv1.UnimplementedFunctionRunnerServiceServer

	log logging.Logger
}

// NewFunction returns a function that logs to log.
func NewFunction(log logging.Logger) *Function { return &Function{log: log} }

// RunFunction decodes the application and the observed resources, decides which resources
// are desired, and encodes the result. It never returns an error: an invalid request gets a
// fatal result, and Crossplane then changes nothing.
func (f *Function) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	c := call{log: f.log, req: req, rsp: response.To(req, ttlWaiting), xr: composite.New()}

	observed, err := request.GetObservedCompositeResource(req)
	if err != nil {
		return c.fatal(compose.ReasonInvalid, err)
	}
	c.xr = observed.Resource
	if c.app, err = decodeApplication(c.xr); err != nil {
		return c.fatal(compose.ReasonInvalid, err)
	}
	if lacksNamespace(c.xr) {
		response.Warning(c.rsp, finding.Err(finding.NamespaceMissing, finding.With{"namespace": defaultNamespace}))
	}
	c.log = f.log.WithValues("namespace", c.app.Namespace, "name", c.app.Name)
	seen, err := decodeObserved(req, c.xr, c.app.Namespace)
	if err != nil {
		return c.fatal(compose.ReasonInvalid, err)
	}
	if err := seen.checkForeign(); err != nil {
		return c.fatal(compose.ReasonForeignResource, err)
	}

	input, err := decodeInput(req)
	if err != nil {
		return c.fatal(compose.ReasonSettingsInvalid, err)
	}
	ref := settings.EnvironmentConfig(input)
	requireConfig(req, c.rsp, requirement, ref.Name)
	requireNamespace(req, c.rsp, c.app.Namespace)
	// Orphans count, because an application that adopts them keeps their landing zone.
	placed := seen.adopt().composed
	if known, _ := placed.LandingZone(); known != "" {
		// Crossplane calls until the requirements stay the same: this saves a call in each reconcile.
		c.requireLandingZone(known, ref.Name)
	}
	overlay, state := decodeConfig(req, requirement)
	switch {
	case state == unresolved:
		why := finding.Message{finding.New(finding.SettingsUnresolved, finding.With{"name": ref.Name}), finding.New(finding.HowToRender)}
		return c.unresolved(seen.composed, compose.ReasonSettingsMissing, why)
	case state == notFound && ref.Required && len(seen.composed) > 0 && len(seen.orphans) == 0:
		why := finding.Message{finding.New(finding.SettingsMissing, finding.With{"name": ref.Name})}
		return c.keep(seen.composed, compose.ReasonSettingsMissing, why)
	case state == notFound && ref.Required:
		return c.fatal(compose.ReasonSettingsMissing, finding.Err(finding.EnvironmentConfigNotFound, finding.With{"name": ref.Name, "optional": settings.ResolutionOptional}))
	}
	c.revoked = settings.RevokedShares(input, overlay, c.app.Namespace, c.app.Name)
	zone := c.landingZone(placed, ref.Name)
	switch {
	case zone.why != nil && zone.state == unresolved:
		return c.unresolved(seen.composed, compose.ReasonLandingZoneUnavailable, zone.why)
	case zone.why != nil && len(seen.orphans) == 0:
		return c.keep(seen.composed, compose.ReasonLandingZoneUnavailable, zone.why)
	case zone.why != nil:
		return c.fatal(compose.ReasonForeignResource, seen.checkOrphans())
	}
	platform, err := settings.ResolveInZone(input, overlay, zone.name, zone.overlay)
	switch {
	case err != nil && len(seen.orphans) == 0:
		return c.refuse(seen.composed, compose.ReasonSettingsInvalid, err)
	case err != nil:
		return c.fatal(compose.ReasonSettingsInvalid, err)
	}

	adopts := settings.Adopts(&platform, c.app.Namespace, c.app.Name)
	if adopts {
		seen = seen.adopt()
	}
	if err := seen.checkOrphans(); err != nil {
		return c.fatal(compose.ReasonForeignResource, err)
	}

	return c.compose(platform, seen.composed, adopts)
}

// A call is one request and its response.
type call struct {
	log logging.Logger
	req *fnv1.RunFunctionRequest
	rsp *fnv1.RunFunctionResponse
	xr  *composite.Unstructured
	app compose.Application
	// revoked lists the entries of shared secrets that the platform has revoked, once that is known.
	revoked []string
}

// compose decides which resources are desired once the settings are known.
func (c *call) compose(platform inputv1alpha1.PlatformConfigSpec, seen compose.Observed, adopts bool) (*fnv1.RunFunctionResponse, error) {
	if label := platform.TenantLabel; label != "" {
		tenant, state := decodeTenant(c.req, label)
		if tenant == "" {
			why := tenantUnknown(c.app.Namespace, label, state)
			if state == unresolved {
				return c.unresolved(seen, compose.ReasonTenantUnknown, why)
			}

			return c.keep(seen, compose.ReasonTenantUnknown, why)
		}
		c.app.Tenant = tenant
	}

	requireProviderConfig(c.req, c.rsp, compose.AzureProviderConfig(platform, seen), c.app.Namespace, seen)
	c.app.ProviderSubscription = decodeSubscription(c.req)

	toCount := compose.SharedToCount(c.app, platform, seen)
	requireSharedAssignments(c.req, c.rsp, c.app.Namespace, toCount)
	assignments, counted := sharedAssignments(c.req, c.app.Namespace, toCount)
	if !counted {
		why := finding.Message{finding.New(finding.SharedUncounted), finding.New(finding.HowToRender)}
		return c.unresolved(seen, compose.ReasonSettingsMissing, why)
	}
	c.app.SharedAssignments = assignments
	if adopts {
		c.app.LeftAssignments = leftAssignments(c.req, c.xr, c.app, toCount)
	}

	result, err := compose.Compose(c.app, platform, seen)
	if err != nil {
		return c.notComposed(seen, err)
	}

	requireNamesakes(c.req, c.rsp, result, seen)
	looked, err := checkNamesakes(c.req, c.xr, &result, seen, adopts)
	if err != nil {
		return c.notComposed(seen, err)
	}
	if !looked {
		why := finding.Message{finding.New(finding.NamesUnresolved)}
		return c.unresolved(seen, compose.ReasonSettingsMissing, why)
	}
	c.log.Debug("Composed application", "resources", len(result.Resources), "waiting", result.Waiting)

	return c.respond(result)
}

func (c *call) notComposed(seen compose.Observed, err error) (*fnv1.RunFunctionResponse, error) {
	return c.refuse(seen, compose.ReasonInvalid, finding.Err(finding.ApplicationNotComposed, finding.With{"namespace": c.app.Namespace, "name": c.app.Name, "cause": err}))
}

func (c *call) respond(r compose.Result) (*fnv1.RunFunctionResponse, error) {
	if err := encode(c.rsp, c.xr, r); err != nil {
		return c.fatal(compose.ReasonInvalid, err)
	}
	if !r.Waiting && allReady(r.Resources) {
		c.rsp.Meta.Ttl = durationpb.New(ttlReady)
	}

	return c.rsp, nil
}

// keep responds with all resources unchanged but revoked ones.
func (c *call) keep(seen compose.Observed, reason string, why finding.Message) (*fnv1.RunFunctionResponse, error) {
	c.log.Debug("Kept all resources", "reason", why[0].Reason)
	return c.respond(compose.Keep(c.app, seen, c.revoked, reason, why))
}

// unresolved responds until Crossplane has resolved all required resources. Crossplane drops
// this response and calls again. A tool that calls once shows only the results, so a warning
// names the missing resource.
func (c *call) unresolved(seen compose.Observed, reason string, why finding.Message) (*fnv1.RunFunctionResponse, error) {
	response.Warning(c.rsp, errors.New(why.String()))
	return c.keep(seen, reason, why)
}

// refuse is fatal, unless the platform has revoked anything that the application still has: a team
// must not be able to prevent that with an invalid manifest. With orphans, callers are fatal:
// Crossplane would forget them.
func (c *call) refuse(seen compose.Observed, reason string, err error) (*fnv1.RunFunctionResponse, error) {
	why := finding.Message{finding.New(finding.NothingElseChanged, finding.With{"cause": err})}
	kept := compose.Keep(c.app, seen, c.revoked, reason, why)
	if len(kept.Resources) == len(seen) {
		return c.fatal(reason, err)
	}
	response.Warning(c.rsp, errors.New(bounded(err.Error())))

	return c.respond(kept)
}

// fatal makes Crossplane change nothing. A claim does not show results, so condition
// WorkloadReady has the error as well. The other conditions are repeated.
func (c *call) fatal(reason string, err error) (*fnv1.RunFunctionResponse, error) {
	text := bounded(err.Error())
	c.log.Info("Rejected the request", "reason", reason, "error", text)
	message := finding.Message{finding.New(finding.NothingChanged, finding.With{"cause": err})}
	for _, t := range compose.ConditionTypes() {
		last := c.xr.GetCondition(xpv1.ConditionType(t))
		switch {
		case t == compose.TypeWorkloadReady:
			encodeCondition(c.rsp, compose.Condition{Type: t, Status: compose.False, Reason: reason, Message: message})
		case last.Reason == "":
			encodeCondition(c.rsp, compose.Condition{Type: t, Status: compose.Unknown, Reason: reason, Message: message})
		default:
			setCondition(c.rsp, t, compose.ConditionStatus(last.Status), string(last.Reason), last.Message)
		}
	}
	response.Fatal(c.rsp, errors.New(text))

	return c.rsp, nil
}

func allReady(resources map[string]compose.Resource) bool {
	for _, r := range resources {
		if !r.Ready {
			return false
		}
	}

	return true
}
