// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const (
	// compositionResource is an annotation that only composed resources have.
	compositionResource = "crossplane.io/composition-resource-name"

	// maxRounds is more than needed: the vault and the identity, then roles and the sync, then the workload.
	maxRounds = 6
)

// Settle renders a manifest until nothing new is composed. Between renderings, all composed resources become ready. It returns the
// last rendering and the observed resources.
func (h *Harness) Settle(ctx context.Context, v Variant, manifest []byte) (rendered, observed []byte, err error) {
	for range maxRounds {
		rendered, err := h.RenderManifest(ctx, v, manifest, observed)
		if err != nil {
			return nil, nil, err
		}

		next, err := answer(rendered)
		if err != nil {
			return nil, nil, err
		}

		if bytes.Equal(next, observed) {
			return rendered, observed, nil
		}

		observed = next
	}

	return nil, nil, fmt.Errorf("cannot settle: resources still change after %d renderings", maxRounds)
}

// answer returns the composed resources of a rendering with the status that Azure, the provider and Kubernetes would give them.
func answer(rendered []byte) ([]byte, error) {
	objects, err := parse(rendered)
	if err != nil {
		return nil, fmt.Errorf("cannot parse rendering: %w", err)
	}

	var docs []string

	for _, o := range objects {
		if o.GetAnnotations()[compositionResource] == "" {
			continue
		}

		ready := []any{
			map[string]any{"type": "Synced", "status": "True", "reason": "ReconcileSuccess", "lastTransitionTime": "2026-01-06T09:00:00Z"},
			map[string]any{"type": "Ready", "status": "True", "reason": "Available", "lastTransitionTime": "2026-01-06T09:00:00Z"},
		}
		o.Object["status"] = map[string]any{"conditions": ready, "atProvider": atProvider(o)}

		// Only managed resources have this status.
		if !isManaged(o) {
			delete(o.Object, "status")
		}

		b, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, fmt.Errorf("cannot encode observed resource: %w", err)
		}

		docs = append(docs, string(b))
	}

	return []byte(strings.Join(docs, "---\n")), nil
}

// isManaged reports whether an object is a managed resource, which represents something outside of Kubernetes.
func isManaged(o *unstructured.Unstructured) bool {
	return strings.Contains(o.GetAPIVersion(), "azure.m.upbound.io") || o.GetKind() == "KeyVaultSecretSync"
}

// atProvider returns the observed state of the external resource.
func atProvider(o *unstructured.Unstructured) map[string]any {
	const group = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/"

	switch o.GetKind() {
	case "Vault":
		name := meta.GetExternalName(o)

		return map[string]any{
			"id":                       group + "Microsoft.KeyVault/vaults/" + name,
			"vaultUri":                 "https://" + name + ".vault.azure.net/",
			"rbacAuthorizationEnabled": true,
			"purgeProtectionEnabled":   true,
		}
	case "UserAssignedIdentity":
		return map[string]any{
			"id":          group + "Microsoft.ManagedIdentity/userAssignedIdentities/" + o.GetName(),
			"clientId":    "66666666-6666-4666-8666-666666666666",
			"principalId": "77777777-7777-4777-8777-777777777777",
			"tenantId":    "11111111-1111-4111-8111-111111111111",
		}
	case "KeyVaultSecretSync":
		secrets, _, _ := unstructured.NestedSlice(o.Object, "spec", "forProvider", "secrets")
		target, _, _ := unstructured.NestedString(o.Object, "spec", "forProvider", "target", "name")

		synced := make([]any, len(secrets))
		for i, s := range secrets {
			synced[i] = syncedSecret(s)
		}

		return map[string]any{"secrets": synced, "target": map[string]any{"name": target, "revision": "5f3c9a1e"}}
	default:
		return map[string]any{}
	}
}

// syncedSecret returns the status of a secret with values for all keys. A secret without keys is a certificate.
func syncedSecret(secret any) map[string]any {
	s, _ := secret.(map[string]any)
	name, _ := s["name"].(string)

	names, _ := s["keys"].([]any)
	if len(names) == 0 {
		names = []any{"tls.crt", "tls.key", "ca.crt"}
	}

	keys := make([]any, len(names))
	for i, k := range names {
		keys[i] = map[string]any{"key": k, "dataKey": fmt.Sprintf("%s.%s", name, k)}
	}

	return map[string]any{"name": name, "state": "Synced", "version": "db32a28124aa55d41be6cd129e1d1ae8", "keys": keys}
}
