package provider

import (
	"context"
	"net/http"

	"github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
)

// vaultKind is azurerm_key_vault.
func vaultKind() *kind {
	return &kind{
		gvk:     v1beta1.Vault_GroupVersionKind,
		new:     func() resource.Terraformed { return &v1beta1.Vault{} },
		list:    &v1beta1.VaultList{},
		version: "2023-07-01",
		fixed:   []string{"location", "resource_group_name"},
		folded:  []string{"tenant_id"},
		update:  http.MethodPatch,
		id:      vaultID,
		encode:  encodeVault,
		decode:  decodeVault,
		remove:  purgeVault,
	}
}

func vaultID(c *client, externalName string, params object) (string, error) {
	if err := need(params, "resource_group_name"); err != nil {
		return "", err
	}

	return "/subscriptions/" + c.subscription + "/resourceGroups/" + text(params["resource_group_name"]) +
		"/providers/Microsoft.KeyVault/vaults/" + externalName, nil
}

// vaultSettings are the arguments of a vault that are properties of the same type, by both names.
func vaultSettings() map[string]string {
	return map[string]string{
		"tenant_id":                       "tenantId",
		"enabled_for_deployment":          "enabledForDeployment",
		"enabled_for_disk_encryption":     "enabledForDiskEncryption",
		"enabled_for_template_deployment": "enabledForTemplateDeployment",
		"enable_rbac_authorization":       "enableRbacAuthorization",
		"rbac_authorization_enabled":      "enableRbacAuthorization",
		"soft_delete_retention_days":      "softDeleteRetentionInDays",
		"purge_protection_enabled":        "enablePurgeProtection",
	}
}

// encodeVault makes the body of a request. A vault that is deleted is recovered, as the real provider does by default.
func encodeVault(ctx context.Context, c *client, id string, params, observed object) (object, error) {
	p := pick(params, vaultSettings())

	// Azure refuses to be told that it is off, even if it is.
	if p["enablePurgeProtection"] == false && observed["purge_protection_enabled"] != true {
		delete(p, "enablePurgeProtection")
	}

	// The newer of two names for the same wins.
	if v, ok := params["rbac_authorization_enabled"]; ok {
		p["enableRbacAuthorization"] = v
	}

	if v, ok := params["sku_name"]; ok {
		p["sku"] = object{"family": "A", "name": v}
	}

	if v, ok := params["public_network_access_enabled"].(bool); ok {
		p["publicNetworkAccess"] = map[bool]string{true: "Enabled", false: "Disabled"}[v]
	}

	body := object{"properties": p, "tags": tags(params["tags"])}
	if observed != nil {
		return body, nil
	}

	body["location"], p["accessPolicies"] = location(params["location"]), []any{}

	deleted, err := c.get(ctx, deletedVaultID(c, params["location"], last(id)), vaultKind().version)
	if deleted != nil {
		p["createMode"] = "recover"
	}

	return body, err
}

func deletedVaultID(c *client, where any, name string) string {
	return "/subscriptions/" + c.subscription + "/providers/Microsoft.KeyVault/locations/" + location(where) + "/deletedVaults/" + name
}

func decodeVault(_ context.Context, _ *client, id string, body object) (object, bool, error) {
	p := properties(body)

	observed := object{
		"id": id, "location": body["location"], "resource_group_name": group(id), "tags": tags(body["tags"]),
		"vault_uri": p["vaultUri"], "purge_protection_enabled": p["enablePurgeProtection"] == true,
		"public_network_access_enabled": p["publicNetworkAccess"] != "Disabled", "access_policy": []any{},
	}

	if sku, ok := p["sku"].(object); ok {
		observed["sku_name"] = sku["name"]
	}

	for argument, property := range vaultSettings() {
		if v, ok := p[property]; ok {
			observed[argument] = v
		}
	}

	return observed, p["provisioningState"] == "Succeeded", nil
}

// purgeVault removes a deleted vault for good unless it is protected, as the real provider does by default.
func purgeVault(ctx context.Context, c *client, observed object) error {
	if observed["purge_protection_enabled"] == true {
		return nil
	}

	_, _, err := c.send(ctx, http.MethodPost, deletedVaultID(c, observed["location"], last(observed["id"]))+"/purge", vaultKind().version, nil)

	return err
}

// tags that are never nil, so that removing the last one can be seen.
func tags(v any) object {
	if t, ok := v.(object); ok {
		return t
	}

	return object{}
}
