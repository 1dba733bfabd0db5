// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package metadata writes what controllers own of an object beside its status.
package metadata

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Client updates finalizers and annotations and nothing else of an object. The
// reconcilers of crossplane-runtime update whole objects for that, as Go types write
// them: an empty list would get lost, and 60s become 1m0s. An admission policy refuses
// the provider every change of a spec.
type Client struct{ client.Client }

// Update finalizers and annotations of an object, unless it has changed meanwhile.
// Annotations are added and changed, not removed.
func (c Client) Update(ctx context.Context, o client.Object, _ ...client.UpdateOption) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": o.GetResourceVersion(),
		"finalizers":      o.GetFinalizers(),
		"annotations":     o.GetAnnotations(),
	}})
	if err != nil {
		return fmt.Errorf("cannot encode the metadata of %q: %w", o.GetName(), err)
	}

	return c.Patch(ctx, o, client.RawPatch(types.MergePatchType, patch)) //nolint:wrapcheck // A client returns errors as they are.
}
