// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"

	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// A stop is why a step cannot go on, and what happens to the resources that exist.
type stop struct {
	effect effect
	// reason of the conditions.
	reason string
	// err that aborts or refuses the request.
	err error
	// why resources are kept, or what the call waits for.
	why finding.Message
}

// An effect of a stop on the resources that exist.
type effect int

const (
	// effectAbort is a fatal result: Crossplane changes nothing.
	effectAbort effect = iota
	// effectRefuse is fatal, too, unless the platform has revoked anything that the application still
	// has: a team must not be able to prevent that with an invalid manifest.
	effectRefuse
	// effectKeep: all resources stay unchanged but revoked ones.
	effectKeep
	// effectWait: Crossplane has not resolved all required resources. It drops this response and
	// calls again.
	effectWait
)

func abort(reason string, err error) *stop {
	return &stop{effect: effectAbort, reason: reason, err: err}
}

func refuse(reason string, err error) *stop {
	return &stop{effect: effectRefuse, reason: reason, err: err}
}

func keep(reason string, why ...finding.Finding) *stop {
	return &stop{effect: effectKeep, reason: reason, why: why}
}

func wait(reason string, why ...finding.Finding) *stop {
	return &stop{effect: effectWait, reason: reason, why: why}
}

// stop responds to a request that cannot be composed. Orphans are never left out of a response that
// Crossplane uses, because it would forget them: the response is then fatal.
func (c *call) stop(s *stop) (*fnv1.RunFunctionResponse, error) {
	if s.effect != effectWait {
		c.stops.WithLabelValues(s.reason).Inc()
	}
	orphans := c.seen.checkOrphans()
	switch s.effect {
	case effectWait:
		// A tool that calls once shows only the results, so a warning names the missing resource.
		response.Warning(c.rsp, errors.New(s.why.String()))
		return c.keep(s)
	case effectKeep:
		if orphans != nil {
			return c.fatal(compose.ReasonForeignResource, orphans)
		}

		return c.keep(s)
	case effectRefuse:
		kept := compose.Keep(c.app, c.seen.composed, c.revoked, s.reason, finding.Message{finding.New(finding.NothingElseChanged, finding.With{"cause": s.err})})
		if orphans != nil || len(kept.Resources) == len(c.seen.composed) {
			return c.fatal(s.reason, s.err)
		}
		response.Warning(c.rsp, errors.New(bounded(s.err.Error())))

		return c.respond(kept)
	case effectAbort:
	}

	return c.fatal(s.reason, s.err)
}

// keep responds with all resources unchanged but revoked ones.
func (c *call) keep(s *stop) (*fnv1.RunFunctionResponse, error) {
	c.log.Debug("Kept all resources", "reason", s.why[0].Reason)
	return c.respond(compose.Keep(c.app, c.seen.composed, c.revoked, s.reason, s.why))
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
