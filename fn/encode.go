// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"strings"
	"unicode"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composed"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"github.com/crossplane/function-sdk-go/response"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// encode writes a result into a response, and keeps the desired resources of earlier
// functions in the pipeline.
func encode(rsp *fnv1.RunFunctionResponse, observed *composite.Unstructured, r compose.Result) error {
	desired := make(map[resource.Name]*resource.DesiredComposed, len(r.Resources))
	for name, c := range r.Resources {
		desired[resource.Name(name)] = &resource.DesiredComposed{
			Resource: &composed.Unstructured{Unstructured: unstructured.Unstructured{Object: c.Object}},
			Ready:    readiness(c.Ready),
		}
	}
	if err := response.SetDesiredComposedResources(rsp, desired); err != nil {
		return finding.Err(finding.ResourcesNotEncoded, finding.With{"cause": err})
	}
	if err := encodeComposite(rsp, observed, r); err != nil {
		return finding.Err(finding.StatusNotEncoded, finding.With{"cause": err})
	}
	for _, c := range r.Conditions {
		encodeCondition(rsp, c)
	}

	return nil
}

// encodeComposite sets the status of the composite resource, and no other field.
func encodeComposite(rsp *fnv1.RunFunctionResponse, observed *composite.Unstructured, r compose.Result) error {
	status, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&r.Status)
	if err != nil {
		return err //nolint:wrapcheck // The caller names the encoded object.
	}
	xr, err := request.GetDesiredCompositeResource(&fnv1.RunFunctionRequest{Desired: rsp.GetDesired()})
	if err != nil {
		return err //nolint:wrapcheck // As above.
	}
	for _, f := range []string{"apiVersion", "kind"} {
		if v, ok := observed.Object[f]; ok {
			xr.Resource.Object[f] = v
		}
	}
	if earlier := child(xr.Resource.Object, "status"); earlier != nil {
		maps.Copy(earlier, status)
	} else {
		xr.Resource.Object["status"] = status
	}
	if r.Waiting && allReady(r.Resources) {
		// Crossplane cannot know about resources that are composed later.
		xr.Ready = resource.ReadyFalse
	}

	return response.SetDesiredCompositeResource(rsp, xr) //nolint:wrapcheck // As above.
}

func readiness(ready bool) resource.Ready {
	if ready {
		return resource.ReadyTrue
	}

	return resource.ReadyFalse
}

// encodeCondition renders the findings of a condition.
func encodeCondition(rsp *fnv1.RunFunctionResponse, c compose.Condition) {
	setCondition(rsp, c.Type, c.Status, c.Reason, c.Message.String())
}

func setCondition(rsp *fnv1.RunFunctionResponse, conditionType string, status compose.ConditionStatus, reason, message string) {
	set := response.ConditionUnknown
	switch status {
	case compose.True:
		set = response.ConditionTrue
	case compose.False:
		set = response.ConditionFalse
	case compose.Unknown:
	}
	set(rsp, conditionType, reason).WithMessage(bounded(message)).TargetCompositeAndClaim()
}

// maxMessage is the limit of a message, in bytes. Names and values in a manifest can have
// any length, and the API server rejects a status that is too large.
const maxMessage = 8 << 10

// bounded shortens a message to maxMessage. Names and values in a manifest can also have
// characters that control a terminal or reorder text, which spaces replace. Line breaks
// separate errors.
func bounded(message string) string {
	const more = " …"
	message = strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}

		return ' '
	}, message)
	if len(message) <= maxMessage {
		return message
	}

	return strings.ToValidUTF8(message[:maxMessage-len(more)], "") + more
}
