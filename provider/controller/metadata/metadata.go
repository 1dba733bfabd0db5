// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package metadata writes the metadata that controllers own.
package metadata

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Client updates only the finalizers and annotations of an object. The reconcilers of
// crossplane-runtime update whole objects for that, encoded from Go types: an empty list would
// be lost, and 60s would become 1m0s. An admission policy denies the provider every change of a
// spec.
type Client struct{ client.Client }

// Update the finalizers and annotations of an object, unless the object has changed meanwhile.
// Annotations are added and changed, but not removed. The rest of o is unchanged, so that a
// status that is not written yet is not replaced by that of the API server.
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
		return fmt.Errorf("cannot copy %q: the copy of a %T is not an object", o.GetName(), o)
	}

	if err := c.Patch(ctx, patched, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return err
	}

	o.SetResourceVersion(patched.GetResourceVersion())
	o.SetFinalizers(patched.GetFinalizers())
	o.SetAnnotations(patched.GetAnnotations())

	return nil
}
