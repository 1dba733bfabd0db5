// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"strings"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// encode writes a result into a response. What earlier functions of the
// pipeline desire stays.
func encode(rsp *fnv1.RunFunctionResponse, observed *structpb.Struct, r compose.Result) error {
	if rsp.GetDesired() == nil {
		rsp.Desired = &fnv1.State{}
	}
	if rsp.Desired.Resources == nil {
		rsp.Desired.Resources = map[string]*fnv1.Resource{}
	}
	for name, resource := range r.Resources {
		s, err := structpb.NewStruct(resource.Object)
		if err != nil {
			return fmt.Errorf("cannot encode composed resource %q: %w", name, err)
		}
		rsp.Desired.Resources[name] = &fnv1.Resource{Resource: s, Ready: readiness(resource.Ready)}
	}
	if err := encodeStatus(rsp, observed, r); err != nil {
		return err
	}
	for _, c := range r.Conditions {
		rsp.Conditions = append(rsp.Conditions, encodeCondition(c))
	}
	return nil
}

// encodeStatus touches nothing of the observed composite resource but its status.
func encodeStatus(rsp *fnv1.RunFunctionResponse, observed *structpb.Struct, r compose.Result) error {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&r.Status)
	if err != nil {
		return fmt.Errorf("cannot encode status: %w", err)
	}
	status, err := structpb.NewStruct(m)
	if err != nil {
		return fmt.Errorf("cannot encode status: %w", err)
	}

	if rsp.GetDesired().GetComposite() == nil {
		rsp.Desired.Composite = &fnv1.Resource{}
	}
	xr := rsp.GetDesired().GetComposite()
	if xr.GetResource() == nil {
		xr.Resource = &structpb.Struct{}
	}
	if xr.Resource.Fields == nil {
		xr.Resource.Fields = map[string]*structpb.Value{}
	}
	for _, f := range []string{"apiVersion", "kind"} {
		if v, ok := observed.GetFields()[f]; ok {
			xr.Resource.Fields[f] = v
		}
	}
	if earlier := xr.GetResource().GetFields()["status"].GetStructValue(); earlier != nil {
		maps.Copy(earlier.GetFields(), status.GetFields())
	} else {
		xr.Resource.Fields["status"] = structpb.NewStructValue(status)
	}
	if r.Waiting && allReady(r.Resources) {
		// Something is yet to be composed, which Crossplane cannot know.
		xr.Ready = fnv1.Ready_READY_FALSE
	}
	return nil
}

func readiness(ready bool) fnv1.Ready {
	if ready {
		return fnv1.Ready_READY_TRUE
	}
	return fnv1.Ready_READY_FALSE
}

func encodeCondition(c compose.Condition) *fnv1.Condition {
	status := map[compose.ConditionStatus]fnv1.Status{
		compose.True:    fnv1.Status_STATUS_CONDITION_TRUE,
		compose.False:   fnv1.Status_STATUS_CONDITION_FALSE,
		compose.Unknown: fnv1.Status_STATUS_CONDITION_UNKNOWN,
	}[c.Status]
	target := fnv1.Target_TARGET_COMPOSITE_AND_CLAIM
	return &fnv1.Condition{Type: c.Type, Status: status, Reason: c.Reason, Message: new(bounded(c.Message)), Target: &target}
}

// maxMessage is how long a message may be, in bytes: names and values of a manifest are of
// any length, and a status must not become too large to be written.
const maxMessage = 8 << 10

// bounded is a message that fits.
func bounded(message string) string {
	const more = " …"
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage-len(more)], "") + more
}
