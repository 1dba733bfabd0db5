// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package metadata writes the part of an object's metadata that controllers own.
package metadata

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Client updates finalizers and annotations of an object and nothing else. The
// reconcilers of crossplane-runtime update whole objects for that, encoded from Go types:
// an empty list would get lost, and 60s become 1m0s. An admission policy denies the
// provider every change of a spec.
type Client struct{ client.Client }

// Update finalizers and annotations of an object, unless it has changed meanwhile.
// Annotations are added and changed, not removed. The rest of o stays as it is: a status
// that was observed and not written yet is not replaced by that of the API server.
func (c Client) Update(ctx context.Context, o client.Object, _ ...client.UpdateOption) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": o.GetResourceVersion(),
		"finalizers":      o.GetFinalizers(),
		"annotations":     o.GetAnnotations(),
	}})
	if err != nil {
		return fmt.Errorf("cannot encode the metadata of %q: %w", o.GetName(), err)
	}

	patched, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("cannot copy %q: a copy of a %T is no object", o.GetName(), o)
	}

	if err := c.Patch(ctx, patched, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return err
	}

	o.SetResourceVersion(patched.GetResourceVersion())
	o.SetFinalizers(patched.GetFinalizers())
	o.SetAnnotations(patched.GetAnnotations())

	return nil
}
