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
	credentialTemplate = "{{ .parameters.parent_id }}/federatedIdentityCredentials/{{ .external_name }}"
)

// identityKind is azurerm_user_assigned_identity (azurerm v4.54.0, managedidentity/user_assigned_identity_resource_gen.go).
func identityKind() kind {
	return newKind(v1beta1.UserAssignedIdentity_GroupVersionKind, &v1beta1.UserAssignedIdentity{}, identityType, config.IdentifierFromProvider, &tf.Resource{
		Schema: map[string]*tf.Schema{
			"location":            locationSchema(),
			"name":                fixed(required()),
			"resource_group_name": fixed(required()),
			"tags":                tagsSchema(),
			"client_id":           computed(),
			"principal_id":        computed(),
			"tenant_id":           computed(),
		},
		CreateContext: operation(createIdentity),
		ReadContext:   operation(readIdentity),
		UpdateContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			if _, err := c.send(ctx, http.MethodPatch, d.Id(), identityVersion, object{"tags": d.Get("tags")}); err != nil {
				return fmt.Errorf("updating %s: %w", d.Id(), err)
			}

			return readIdentity(ctx, c, d)
		}),
		DeleteContext: operation(deleteByID),
	})
}

func createIdentity(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := c.resourceID(d, "Microsoft.ManagedIdentity/userAssignedIdentities/"+fmt.Sprint(d.Get("name")))

	if err := c.absent(ctx, id, identityVersion, "the presence of an existing "+id, exists(identityType, id)); err != nil {
		return err
	}

	body := object{"location": location(fmt.Sprint(d.Get("location"))), "tags": d.Get("tags"), "properties": object{}}
	if _, err := c.send(ctx, http.MethodPut, id, identityVersion, body); err != nil {
		return fmt.Errorf("creating %s: %w", id, err)
	}

	d.SetId(id)

	return readIdentity(ctx, c, d)
}

func readIdentity(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()
	if err := checkID(id, identitySegments()...); err != nil {
		return err
	}

	got, err := c.read(ctx, d, identityVersion)
	if err != nil || got == nil {
		return err
	}

	p := properties(got)

	return set(d, object{
		"name": last(id), "resource_group_name": resourceGroup(id), "location": location(text(got, "location")), "tags": got["tags"],
		"client_id": p["clientId"], "principal_id": p["principalId"], "tenant_id": p["tenantId"],
	})
}

func identitySegments() []string {
	return []string{"subscriptions", anyName, "resourceGroups", anyName, "providers", "Microsoft.ManagedIdentity", "userAssignedIdentities", anyName}
}

// deleteByID deletes an identity or a credential.
func deleteByID(ctx context.Context, c *client, d *tf.ResourceData) error {
	if _, err := c.send(ctx, http.MethodDelete, d.Id(), identityVersion, nil); err != nil {
		return fmt.Errorf("deleting %s: %w", d.Id(), err)
	}

	return nil
}

// credentialKind is azurerm_federated_identity_credential. Those of one identity are written one at a time: Azure rejects concurrent
// writes (azurerm v4.54.0, managedidentity/federated_identity_credential_resource.go, locks.ByID).
func credentialKind() kind {
	writing := &locks{}

	return newKind(v1beta1.FederatedIdentityCredential_GroupVersionKind, &v1beta1.FederatedIdentityCredential{}, credentialType,
		config.TemplatedStringAsIdentifier("name", credentialTemplate), &tf.Resource{
			Schema: map[string]*tf.Schema{
				"name":                fixed(required()),
				"resource_group_name": fixed(required()),
				"parent_id":           fixed(required()),
				"issuer":              required(),
				"subject":             required(),
				"audience":            {Type: tf.TypeList, Required: true, MaxItems: 1, Elem: &tf.Schema{Type: tf.TypeString}},
			},
			CreateContext: operation(writing.exclusive(writeCredential)),
			ReadContext:   operation(readCredential),
			UpdateContext: operation(writing.exclusive(writeCredential)),
			DeleteContext: operation(writing.exclusive(deleteByID)),
		})
}

func writeCredential(ctx context.Context, c *client, d *tf.ResourceData) error {
	parent := fmt.Sprint(d.Get("parent_id"))
	if err := checkID(parent, identitySegments()...); err != nil {
		return fmt.Errorf("parsing parent resource ID: %w", err)
	}

	// Only the name in the parent's id is used.
	id := c.resourceID(d, "Microsoft.ManagedIdentity/userAssignedIdentities/"+last(parent)+"/federatedIdentityCredentials/"+fmt.Sprint(d.Get("name")))

	if d.IsNewResource() {
		if err := c.absent(ctx, id, identityVersion, "the presence of an existing "+id, exists(credentialType, id)); err != nil {
			return err
		}
	}

	body := object{"properties": object{"issuer": d.Get("issuer"), "subject": d.Get("subject"), "audiences": d.Get("audience")}}
	if _, err := c.send(ctx, http.MethodPut, id, identityVersion, body); err != nil {
		return fmt.Errorf("creating %s: %w", id, err)
	}

	d.SetId(id)

	return readCredential(ctx, c, d)
}

func readCredential(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()
	if err := checkID(id, append(identitySegments(), "federatedIdentityCredentials", anyName)...); err != nil {
		return err
	}

	got, err := c.read(ctx, d, identityVersion)
	if err != nil || got == nil {
		return err
	}

	p := properties(got)

	return set(d, object{
		"name": last(id), "resource_group_name": resourceGroup(id),
		"parent_id": id[:len(id)-len("/federatedIdentityCredentials/"+last(id))],
		"issuer":    p["issuer"], "subject": p["subject"], "audience": p["audiences"],
	})
}

// locks are by the id of an identity. There is one for each identity.
type locks struct {
	mu    sync.Mutex
	known map[string]*sync.Mutex
}

// exclusive allows one write at a time to the credentials of an identity.
func (l *locks) exclusive(do func(context.Context, *client, *tf.ResourceData) error) func(context.Context, *client, *tf.ResourceData) error {
	return func(ctx context.Context, c *client, d *tf.ResourceData) error {
		one := l.of(fmt.Sprint(d.Get("parent_id")))

		one.Lock()
		defer one.Unlock()

		return do(ctx, c, d)
	}
}

func (l *locks) of(id string) *sync.Mutex {
	l.mu.Lock()
	defer l.mu.Unlock()

	if l.known == nil {
		l.known = map[string]*sync.Mutex{}
	}

	if l.known[id] == nil {
		l.known[id] = &sync.Mutex{}
	}

	return l.known[id]
}
