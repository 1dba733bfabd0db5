package provider

import (
	"context"
	"net/http"

	"github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
)

// identityKind is azurerm_user_assigned_identity.
func identityKind() *kind {
	return &kind{
		gvk:            v1beta1.UserAssignedIdentity_GroupVersionKind,
		new:            func() resource.Terraformed { return &v1beta1.UserAssignedIdentity{} },
		list:           &v1beta1.UserAssignedIdentityList{},
		version:        "2023-01-31",
		fixed:          []string{"location", "name", "resource_group_name"},
		update:         http.MethodPatch,
		idFromProvider: true,
		id: func(c *client, _ string, params object) (string, error) {
			if err := need(params, "resource_group_name", "name"); err != nil {
				return "", err
			}

			return "/subscriptions/" + c.subscription + "/resourceGroups/" + text(params["resource_group_name"]) +
				"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + text(params["name"]), nil
		},
		encode: func(_ context.Context, _ *client, _ string, params, _ object) (object, error) {
			return object{"location": location(params["location"]), "tags": tags(params["tags"])}, nil
		},
		decode: func(_ context.Context, _ *client, id string, body object) (object, bool, error) {
			p := properties(body)

			return object{
				"id": id, "location": body["location"], "name": body["name"], "resource_group_name": group(id), "tags": tags(body["tags"]),
				"client_id": p["clientId"], "principal_id": p["principalId"], "tenant_id": p["tenantId"],
			}, true, nil
		},
	}
}

// credentialKind is azurerm_federated_identity_credential.
func credentialKind() *kind {
	return &kind{
		gvk:     v1beta1.FederatedIdentityCredential_GroupVersionKind,
		new:     func() resource.Terraformed { return &v1beta1.FederatedIdentityCredential{} },
		list:    &v1beta1.FederatedIdentityCredentialList{},
		version: "2023-01-31",
		fixed:   []string{"parent_id", "resource_group_name"},
		update:  http.MethodPut,
		id: func(_ *client, externalName string, params object) (string, error) {
			if err := need(params, "resource_group_name", "parent_id"); err != nil {
				return "", err
			}

			return text(params["parent_id"]) + "/federatedIdentityCredentials/" + externalName, nil
		},
		encode: func(_ context.Context, _ *client, _ string, params, _ object) (object, error) {
			return object{"properties": pick(params, map[string]string{"issuer": "issuer", "subject": "subject", "audience": "audiences"})}, nil
		},
		decode: func(_ context.Context, _ *client, id string, body object) (object, bool, error) {
			p := properties(body)
			parent := id[:max(0, len(id)-len("/federatedIdentityCredentials/"+last(id)))]

			return object{
				"id": id, "parent_id": parent, "resource_group_name": group(id),
				"issuer": p["issuer"], "subject": p["subject"], "audience": p["audiences"],
			}, true, nil
		},
		// Azure refuses two writes to one identity at the same time.
		exclusive: func(params object) string { return text(params["parent_id"]) },
	}
}
