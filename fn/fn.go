// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/response"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// How long a response counts. Crossplane calls again then, or at once when
// something that is composed changes.
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

// RunFunction decodes what is asked for and what is there, decides what is
// desired, and encodes that. It never returns an error: what is wrong with a
// request is a fatal result, which makes Crossplane change nothing.
func (f *Function) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	rsp := response.To(req, ttlWaiting)

	xr := req.GetObserved().GetComposite().GetResource()
	app, err := decodeApplication(xr)
	if err != nil {
		return f.fatal(rsp, xr, compose.ReasonInvalid, err), nil
	}
	warnWithoutNamespace(rsp, xr)
	log := f.log.WithValues("namespace", app.Namespace, "name", app.Name)
	seen := decodeObserved(req, app.Namespace)
	if err := seen.checkForeign(); err != nil {
		return f.fatal(rsp, xr, compose.ReasonForeignResource, err), nil
	}

	input, err := decodeInput(req)
	if err != nil {
		return f.fatal(rsp, xr, compose.ReasonSettingsInvalid, err), nil
	}
	ref := settings.EnvironmentConfig(input)
	requireEnvironmentConfig(req, rsp, ref.Name)
	overlay, state := decodeEnvironmentConfig(req)
	if state == unresolved {
		message := settingsUnresolved(ref)
		return f.unresolved(rsp, xr, compose.Keep(app, seen.composed, message), message)
	}
	if state == notFound && ref.Required && len(seen.composed) > 0 {
		log.Debug("Left everything as it is", "environmentConfig", ref.Name)
		return f.respond(rsp, xr, compose.Keep(app, seen.composed, settingsMissing(ref)))
	}

	if state == notFound && ref.Required {
		return f.fatal(rsp, xr, compose.ReasonSettingsMissing, environmentConfigNotFound(ref)), nil
	}

	platform, err := settings.Resolve(input, overlay)
	if err != nil {
		return f.fatal(rsp, xr, compose.ReasonSettingsInvalid, err), nil
	}

	adopts := settings.Adopts(&platform, app.Namespace, app.Name)
	if adopts {
		seen = seen.adopt()
	}
	if err := seen.checkOrphans(); err != nil {
		return f.fatal(rsp, xr, compose.ReasonForeignResource, err), nil
	}

	if label := platform.TenantLabel; label != "" {
		requireNamespace(req, rsp, app.Namespace)
		tenant, state := decodeTenant(req, label)
		if tenant == "" {
			message := tenantUnknown(app.Namespace, label, state)
			kept := compose.KeepWithoutTenant(app, seen.composed, message)
			if state == unresolved {
				return f.unresolved(rsp, xr, kept, message)
			}
			log.Debug("Left everything as it is", "tenantLabel", label)
			return f.respond(rsp, xr, kept)
		}
		app.Tenant = tenant
	}

	requireProviderConfig(req, rsp, platform.AzureProviderConfigRef, app.Namespace, seen.composed)
	app.ProviderSubscription = decodeSubscription(req)

	result, err := compose.Compose(app, platform, seen.composed)
	if err != nil {
		return f.fatal(rsp, xr, compose.ReasonInvalid, fmt.Errorf("cannot compose application %s/%s: %w", app.Namespace, app.Name, err)), nil
	}

	requireNamesakes(req, rsp, result, seen.composed)
	looked, err := checkNamesakes(req, result, seen.composed, adopts)
	if err != nil {
		return f.fatal(rsp, xr, compose.ReasonInvalid, fmt.Errorf("cannot compose application %s/%s: %w", app.Namespace, app.Name, err)), nil
	}
	if !looked {
		return f.unresolved(rsp, xr, compose.Keep(app, seen.composed, namesUnresolved), namesUnresolved)
	}
	log.Debug("Composed application", "resources", len(result.Resources), "waiting", result.Waiting)
	return f.respond(rsp, xr, result)
}

// warnWithoutNamespace is for a rendering: on a cluster everything has a namespace.
func warnWithoutNamespace(rsp *fnv1.RunFunctionResponse, xr *structpb.Struct) {
	if lacksNamespace(xr) {
		response.Warning(rsp, errors.New("metadata.namespace is missing: this is what the manifest becomes in namespace "+defaultNamespace+", where kubectl puts it; in another namespace, the vault and the identity have other names"))
	}
}

func (f *Function) respond(rsp *fnv1.RunFunctionResponse, xr *structpb.Struct, r compose.Result) (*fnv1.RunFunctionResponse, error) {
	if err := encode(rsp, xr, r); err != nil {
		return f.fatal(rsp, xr, compose.ReasonInvalid, err), nil
	}
	if !r.Waiting && allReady(r.Resources) {
		rsp.Meta.Ttl = durationpb.New(ttlReady)
	}
	return rsp, nil
}

// unresolved responds while Crossplane has not looked for all that is required. Crossplane calls again and drops this response. A
// caller that stops here resolves nothing, and may show results only.
func (f *Function) unresolved(rsp *fnv1.RunFunctionResponse, xr *structpb.Struct, kept compose.Result, message string) (*fnv1.RunFunctionResponse, error) {
	f.log.Debug("Left everything as it is until Crossplane has resolved what is required", "message", message)
	response.Warning(rsp, errors.New(message))
	return f.respond(rsp, xr, kept)
}

// fatal makes Crossplane change nothing. It cannot say so to a claim, so a
// condition does; the others stay as they were, since nothing changes.
func (f *Function) fatal(rsp *fnv1.RunFunctionResponse, xr *structpb.Struct, reason string, err error) *fnv1.RunFunctionResponse {
	err = errors.New(bounded(err.Error()))
	f.log.Info("Changed nothing", "error", err)
	message := "Nothing was changed, and what runs keeps running: " + err.Error()
	last := decodeConditions(xr)
	for _, t := range compose.ConditionTypes() {
		c, ok := last[t]
		if !ok {
			c = compose.Condition{Type: t, Status: compose.Unknown, Reason: reason, Message: message}
		}
		if t == compose.TypeWorkloadReady {
			c = compose.Condition{Type: t, Status: compose.False, Reason: reason, Message: message}
		}
		rsp.Conditions = append(rsp.Conditions, encodeCondition(c))
	}
	response.Fatal(rsp, err)
	return rsp
}

func allReady(resources map[string]compose.Resource) bool {
	for _, r := range resources {
		if !r.Ready {
			return false
		}
	}
	return true
}

// namesUnresolved is read by whoever calls with a tool that answers once only.
const namesUnresolved = "Crossplane has not looked yet whether the names of new objects are free. To render, use Crossplane 1.15 or later."

func settingsUnresolved(ref settings.Reference) string {
	return fmt.Sprintf("Crossplane has not read EnvironmentConfig %s yet, which has the settings of the platform. %s", ref.Name, howToRender)
}

func settingsMissing(ref settings.Reference) string {
	return fmt.Sprintf("The settings of the platform are missing: EnvironmentConfig %s is not there. What runs keeps running, and changes wait until your platform team has restored it.", ref.Name)
}

func environmentConfigNotFound(ref settings.Reference) error {
	return fmt.Errorf("cannot find EnvironmentConfig %q: to render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20); in a cluster, create it; only if the Composition's input has all settings, set environmentConfigRef.resolution to %s there", ref.Name, settings.ResolutionOptional)
}
