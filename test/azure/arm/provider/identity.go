// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/crossplane/upjet/v2/pkg/config"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
)

const (
	identityType       = "azurerm_user_assigned_identity"
	credentialType     = "azurerm_federated_identity_credential"
	identityVersion    = "2023-01-31"
	identityPath       = "Microsoft.ManagedIdentity/userAssignedIdentities/"
	identitySegments   = "/subscriptions/*/resourceGroups/*/providers/" + identityPath + "*"
	credentials        = "/federatedIdentityCredentials/"
	credentialTemplate = "{{ .parameters.parent_id }}" + credentials + "{{ .external_name }}"
)

// identityKind is azurerm_user_assigned_identity (azurerm v4.54.0, managedidentity/user_assigned_identity_resource_gen.go).
func identityKind() kind {
	r := &azurerm{
		name: identityType, version: identityVersion, external: config.IdentifierFromProvider, segments: identitySegments, change: http.MethodPatch,
		schema: map[string]*tf.Schema{
			"location":            locationSchema(),
			"name":                fixed(required()),
			"resource_group_name": fixed(required()),
			"tags":                texts(tf.TypeMap),
			"client_id":           computed(),
			"principal_id":        computed(),
			"tenant_id":           computed(),
		},
		id: func(c *client, d *tf.ResourceData) string {
			return c.resourceID(d, identityPath+fmt.Sprint(d.Get("name")))
		},
		body: func(_ context.Context, _ *client, d *tf.ResourceData) (object, error) {
			return object{"location": location(fmt.Sprint(d.Get("location"))), "tags": d.Get("tags"), "properties": object{}}, nil
		},
		observed: func(_ context.Context, _ *client, d *tf.ResourceData, got object) (object, error) {
			p := properties(got)

			return object{
				"name": last(d.Id()), "resource_group_name": resourceGroup(d.Id()), "location": location(text(got, "location")), "tags": got["tags"],
				"client_id": p["clientId"], "principal_id": p["principalId"], "tenant_id": p["tenantId"],
			}, nil
		},
	}

	return r.kind(v1beta1.UserAssignedIdentity_GroupVersionKind, &v1beta1.UserAssignedIdentity{}, nil)
}

// credentialKind is azurerm_federated_identity_credential. Those of one identity are written one at a time: Azure rejects concurrent
// writes (azurerm v4.54.0, managedidentity/federated_identity_credential_resource.go, locks.ByID).
func credentialKind() kind {
	r := &azurerm{
		name: credentialType, version: identityVersion, external: config.TemplatedStringAsIdentifier("name", credentialTemplate),
		segments: identitySegments + credentials + "*", change: http.MethodPut,
		schema: map[string]*tf.Schema{
			"name":                fixed(required()),
			"resource_group_name": fixed(required()),
			"parent_id":           fixed(required()),
			"issuer":              required(),
			"subject":             required(),
			"audience":            {Type: tf.TypeList, Required: true, MaxItems: 1, Elem: &tf.Schema{Type: tf.TypeString}},
		},
		// Only the name in the parent's id is used.
		id: func(c *client, d *tf.ResourceData) string {
			return c.resourceID(d, identityPath+last(fmt.Sprint(d.Get("parent_id")))+credentials+fmt.Sprint(d.Get("name")))
		},
		body: func(_ context.Context, _ *client, d *tf.ResourceData) (object, error) {
			if err := checkID(fmt.Sprint(d.Get("parent_id")), identitySegments); err != nil {
				return nil, fmt.Errorf("parsing parent resource ID: %w", err)
			}

			return object{"properties": object{"issuer": d.Get("issuer"), "subject": d.Get("subject"), "audiences": d.Get("audience")}}, nil
		},
		observed: func(_ context.Context, _ *client, d *tf.ResourceData, got object) (object, error) {
			id, p := d.Id(), properties(got)

			return object{
				"name": last(id), "resource_group_name": resourceGroup(id), "parent_id": id[:len(id)-len(credentials+last(id))],
				"issuer": p["issuer"], "subject": p["subject"], "audience": p["audiences"],
			}, nil
		},
	}

	writing := sync.Map{}

	return r.kind(v1beta1.FederatedIdentityCredential_GroupVersionKind, &v1beta1.FederatedIdentityCredential{}, func(do action) action {
		return func(ctx context.Context, c *client, d *tf.ResourceData) error {
			one, _ := writing.LoadOrStore(d.Get("parent_id"), &sync.Mutex{})
			if lock, ok := one.(*sync.Mutex); ok {
				lock.Lock()
				defer lock.Unlock()
			}

			return do(ctx, c, d)
		}
	})
}
