// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"github.com/crossplane/function-sdk-go/response"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/durationpb"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/metrics"
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
	// stops counts the calls that compose nothing.
	stops *prometheus.CounterVec
}

// NewFunction returns a function that logs to log.
func NewFunction(log logging.Logger) *Function {
	return &Function{log: log, stops: metrics.NewNotComposed()}
}

// RunFunction decodes the application and the observed resources, decides which resources
// are desired, and encodes the result. It never returns an error: an invalid request gets a
// fatal result, and Crossplane then changes nothing.
func (f *Function) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	c := &call{log: f.log, stops: f.stops, req: req, rsp: response.To(req, ttlWaiting), xr: composite.New()}

	if s := c.decodeRequest(); s != nil {
		return c.stop(s)
	}
	platform, s := c.resolveSettings()
	if s != nil {
		return c.stop(s)
	}
	if s := c.adopt(platform); s != nil {
		return c.stop(s)
	}
	if s := c.lookUp(platform); s != nil {
		return c.stop(s)
	}
	result, err := compose.Compose(c.app, platform, c.seen.composed)
	if err != nil {
		return c.stop(c.notComposed(err))
	}
	if s := c.checkNamesakes(&result); s != nil {
		return c.stop(s)
	}
	c.log.Debug("Composed application", "resources", len(result.Resources), "waiting", result.Waiting)

	return c.respond(result)
}

// A call is one request and its response. Each step of the call adds what it finds.
type call struct {
	log   logging.Logger
	stops *prometheus.CounterVec
	req   *fnv1.RunFunctionRequest
	rsp   *fnv1.RunFunctionResponse

	xr   *composite.Unstructured
	app  compose.Application
	seen observed
	// revoked lists the entries of shared secrets that the platform has revoked, once that is known.
	revoked []string
	// adopts is true if the application may take over objects without a controller.
	adopts bool
}

// lookUp adds what other objects say about the application.
func (c *call) lookUp(platform inputv1alpha1.PlatformConfigSpec) *stop {
	if s := c.lookUpTenant(platform); s != nil {
		return s
	}
	c.lookUpSubscription(platform)

	return c.lookUpSharedAssignments(platform)
}

func (c *call) notComposed(err error) *stop {
	return refuse(compose.ReasonInvalid, finding.Err(finding.ApplicationNotComposed, finding.With{"namespace": c.app.Namespace, "name": c.app.Name, "cause": err}))
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

func allReady(resources map[string]compose.Resource) bool {
	for _, r := range resources {
		if !r.Ready {
			return false
		}
	}

	return true
}
