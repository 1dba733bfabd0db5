// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
)

const (
	vaultType     = "azurerm_key_vault"
	vaultVersion  = "2023-02-01"
	vaultTemplate = "/subscriptions/{{ .setup.configuration.subscription_id }}/resourceGroups/{{ .parameters.resource_group_name }}" +
		"/providers/Microsoft.KeyVault/vaults/{{ .external_name }}"

	// A new vault is awaited until Azure has provisioned it (go-autorest, DefaultPollingDelay), and then until its address has
	// answered ten times in a row (azurerm v4.54.0, key_vault_resource.go, resourceKeyVaultCreate).
	provisioningInterval = 30 * time.Second
	addressDelay         = 30 * time.Second
	addressInterval      = 10 * time.Second
	addressAnswers       = 10
)

// vaultKind is azurerm_key_vault, without access policies and contacts.
func vaultKind(pace Pace) kind {
	return newKind(v1beta1.Vault_GroupVersionKind, &v1beta1.Vault{}, vaultType, config.TemplatedStringAsIdentifier("name", vaultTemplate), &tf.Resource{
		Schema: map[string]*tf.Schema{
			"name":                            fixed(required()),
			"location":                        locationSchema(),
			"resource_group_name":             fixed(required()),
			"sku_name":                        required(),
			"tenant_id":                       required(),
			"enabled_for_deployment":          optional(tf.TypeBool),
			"enabled_for_disk_encryption":     optional(tf.TypeBool),
			"enabled_for_template_deployment": optional(tf.TypeBool),
			"enable_rbac_authorization":       either(tf.TypeBool),
			"rbac_authorization_enabled":      either(tf.TypeBool),
			"public_network_access_enabled":   {Type: tf.TypeBool, Optional: true, Default: true},
			"purge_protection_enabled":        optional(tf.TypeBool),
			"soft_delete_retention_days":      {Type: tf.TypeInt, Optional: true, Default: defaultRetention},
			"tags":                            tagsSchema(),
			"vault_uri":                       computed(),
			"network_acls":                    networkRules(),
		},
		CreateContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error { return createVault(ctx, c, d, pace) }),
		ReadContext:   operation(readVault),
		UpdateContext: operation(updateVault),
		DeleteContext: operation(deleteVault),
	})
}

const defaultRetention = 90

// networkRules returns the schema of the rules of the vault's firewall, which are observed if they are not given.
func networkRules() *tf.Schema {
	s := block(map[string]*tf.Schema{
		"default_action": required(), "bypass": required(), "ip_rules": texts(tf.TypeSet), "virtual_network_subnet_ids": texts(tf.TypeSet),
	})
	s.Computed = true

	return s
}

// expandRules returns the rules for a request, or nothing (azurerm v4.54.0, key_vault_resource.go, expandKeyVaultNetworkAcls).
func expandRules(d *tf.ResourceData) (object, bool) {
	given := asList(d.Get("network_acls"))
	if len(given) == 0 {
		return nil, false
	}

	rules := asObject(given[0])
	out := object{"defaultAction": rules["default_action"], "bypass": rules["bypass"]}

	for argument, names := range map[string][2]string{"ip_rules": {"ipRules", "value"}, "virtual_network_subnet_ids": {"virtualNetworkRules", "id"}} {
		list := []any{}
		if values, ok := rules[argument].(*tf.Set); ok {
			for _, v := range values.List() {
				list = append(list, object{names[1]: v})
			}
		}

		out[names[0]] = list
	}

	return out, true
}

// flattenRules returns the rules in an answer. A vault without rules lets everybody in (azurerm v4.54.0, key_vault_resource.go,
// flattenKeyVaultNetworkAcls).
func flattenRules(p object) []any {
	acls := asObject(p["networkAcls"])
	out := object{"default_action": "Allow", "bypass": "AzureServices"}

	if acls != nil {
		out["default_action"], out["bypass"] = acls["defaultAction"], acls["bypass"]
	}

	for argument, names := range map[string][2]string{"ip_rules": {"ipRules", "value"}, "virtual_network_subnet_ids": {"virtualNetworkRules", "id"}} {
		list := []any{}
		for _, r := range asList(acls[names[0]]) {
			list = append(list, asObject(r)[names[1]])
		}

		out[argument] = list
	}

	return []any{out}
}

// createVault creates a vault, or recovers it if it is deleted (azurerm v4.54.0, key_vault_resource.go, resourceKeyVaultCreate).
func createVault(ctx context.Context, c *client, d *tf.ResourceData, pace Pace) error {
	id := c.resourceID(d, "Microsoft.KeyVault/vaults/"+d.Get("name").(string)) //nolint:forcetypeassert // As the schema says; so below.

	there, err := c.get(ctx, id, vaultVersion)
	if err != nil {
		return fmt.Errorf("checking for presence of existing %s: %w", id, vaults("Get", err))
	}

	if there != nil {
		return exists(vaultType, id)
	}

	deleted, err := c.get(ctx, c.deletedVaultID(d), vaultVersion)
	if err != nil && !hasStatus(err, http.StatusForbidden) {
		return fmt.Errorf("checking for the presence of an existing Soft-Deleted Key Vault %q (Location %q): %w", last(id), d.Get("location"),
			vaults("GetDeleted", err))
	}

	mode := "default"
	if deleted != nil {
		mode = "recover"
	}

	made, err := c.send(ctx, http.MethodPut, id, vaultVersion, newVault(d, mode))
	if err != nil {
		return fmt.Errorf("creating %s: performing CreateOrUpdate: %w", id, vaults("CreateOrUpdate", err))
	}

	if err := provisioned(ctx, c, id, made, pace); err != nil {
		return err
	}

	if made, err = c.get(ctx, id, vaultVersion); err != nil {
		return fmt.Errorf("retrieving %s: %w", id, vaults("Get", err))
	}

	// Later errors leave the vault in the state.
	d.SetId(id)

	if err := answers(ctx, c, text(made, "properties", "vaultUri"), isPublic(d), pace); err != nil {
		return fmt.Errorf("waiting for %s to become available: %w", id, err)
	}

	return readVault(ctx, c, d)
}

func newVault(d *tf.ResourceData, mode string) object {
	p := object{
		"tenantId": d.Get("tenant_id"), "sku": sku(d), "accessPolicies": []any{}, "enableSoftDelete": true, "createMode": mode,
		"publicNetworkAccess": publicAccess(d), "enabledForDeployment": d.Get("enabled_for_deployment"),
		"enabledForDiskEncryption": d.Get("enabled_for_disk_encryption"), "enabledForTemplateDeployment": d.Get("enabled_for_template_deployment"),
	}

	for _, argument := range []string{"enable_rbac_authorization", "rbac_authorization_enabled"} {
		if v, ok := d.GetOk(argument); ok {
			p["enableRbacAuthorization"] = v
		}
	}

	if v, ok := d.GetOk("purge_protection_enabled"); ok {
		p["enablePurgeProtection"] = v
	}

	if rules, ok := expandRules(d); ok {
		p["networkAcls"] = rules
	}

	if v := d.Get("soft_delete_retention_days"); v != defaultRetention {
		p["softDeleteRetentionInDays"] = v
	}

	return object{"location": location(fmt.Sprint(d.Get("location"))), "properties": p, "tags": d.Get("tags")}
}

func sku(d *tf.ResourceData) object { return object{"family": "A", "name": d.Get("sku_name")} }

func isPublic(d *tf.ResourceData) bool { return d.Get("public_network_access_enabled") == true }

func publicAccess(d *tf.ResourceData) string {
	if isPublic(d) {
		return "Enabled"
	}

	return "Disabled"
}

// provisioned waits until the vault is provisioned.
func provisioned(ctx context.Context, c *client, id string, made object, pace Pace) error {
	const done = "Succeeded"
	if text(made, "properties", "provisioningState") == done {
		return nil
	}

	wait := &retry.StateChangeConf{
		Target: []string{done}, Timeout: operationTimeout, Delay: pace.of(provisioningInterval), PollInterval: pace.of(provisioningInterval),
		Refresh: func() (any, string, error) {
			got, err := c.get(ctx, id, vaultVersion)
			if got == nil {
				return nil, "", err
			}

			return got, text(got, "properties", "provisioningState"), err
		},
	}

	if _, err := wait.WaitForStateContext(ctx); err != nil {
		return fmt.Errorf("creating %s: polling after CreateOrUpdate: %w", id, err)
	}

	return nil
}

// answers waits until the address of a vault has answered several times in a row. An unresolved name ends the wait with an error.
func answers(ctx context.Context, c *client, uri string, public bool, pace Pace) error {
	if !public {
		return nil
	}

	wait := &retry.StateChangeConf{
		Pending: []string{"pending"}, Target: []string{"available"}, Timeout: operationTimeout,
		Delay: pace.of(addressDelay), PollInterval: pace.of(addressInterval), ContinuousTargetOccurence: addressAnswers,
		Refresh: func() (any, string, error) {
			if _, err := c.do(ctx, http.MethodGet, uri, "", nil); err != nil {
				return nil, "pending", fmt.Errorf("connecting to %q: %w", uri, err)
			}

			return uri, "available", nil
		},
	}

	_, err := wait.WaitForStateContext(ctx)

	return err //nolint:wrapcheck // The caller wraps it.
}

// readVault reads a vault, and then the contacts of certificates from the vault itself. It continues if the vault forbids that (azurerm v4.54.0, key_vault_resource.go, resourceKeyVaultRead).
func readVault(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()
	if err := checkID(id, "subscriptions", anyName, "resourceGroups", anyName, "providers", "Microsoft.KeyVault", "vaults", anyName); err != nil {
		return err
	}

	got, err := c.get(ctx, id, vaultVersion)
	if err != nil {
		return fmt.Errorf("retrieving %s: %w", id, vaults("Get", err))
	}

	if got == nil {
		d.SetId("")

		return nil
	}

	p := properties(got)
	public := p["publicNetworkAccess"] == nil || strings.EqualFold(text(p, "publicNetworkAccess"), "Enabled")

	retention, ok := p["softDeleteRetentionInDays"].(float64)
	if !ok || retention == 0 {
		retention = defaultRetention
	}

	err = set(d, object{
		"name": last(id), "resource_group_name": resourceGroup(id), "location": location(text(got, "location")),
		"tenant_id": p["tenantId"], "vault_uri": p["vaultUri"], "sku_name": strings.ToLower(text(p, "sku", "name")),
		"enabled_for_deployment": p["enabledForDeployment"], "enabled_for_disk_encryption": p["enabledForDiskEncryption"],
		"enabled_for_template_deployment": p["enabledForTemplateDeployment"], "rbac_authorization_enabled": p["enableRbacAuthorization"],
		"enable_rbac_authorization": p["enableRbacAuthorization"], "purge_protection_enabled": p["enablePurgeProtection"],
		"public_network_access_enabled": public, "soft_delete_retention_days": int(retention), "tags": got["tags"],
		"network_acls": flattenRules(p),
	})
	if err != nil {
		return err
	}

	if err := c.contacts(ctx, text(p, "vaultUri")); err != nil && public {
		return fmt.Errorf("retrieving `contact` for KeyVault: %w", err)
	}

	return nil
}

// updateVault sends changed properties (azurerm v4.54.0, key_vault_resource.go, resourceKeyVaultUpdate).
func updateVault(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()

	existing, err := c.get(ctx, id, vaultVersion)
	if err != nil {
		return fmt.Errorf("retrieving %s: %w", id, vaults("Get", err))
	}

	p := object{}
	body := object{"properties": p}

	for argument, property := range map[string]string{
		"enabled_for_deployment": "enabledForDeployment", "enabled_for_disk_encryption": "enabledForDiskEncryption",
		"enabled_for_template_deployment": "enabledForTemplateDeployment", "rbac_authorization_enabled": "enableRbacAuthorization",
		"enable_rbac_authorization": "enableRbacAuthorization", "purge_protection_enabled": "enablePurgeProtection", "tenant_id": "tenantId",
	} {
		if d.HasChange(argument) {
			p[property] = d.Get(argument)
		}
	}

	switch {
	case p["enablePurgeProtection"] == false && properties(existing)["enablePurgeProtection"] == true:
		return fmt.Errorf("updating %s: once Purge Protection has been Enabled it's not possible to disable it", id)
	case d.HasChange("soft_delete_retention_days"):
		return fmt.Errorf("updating %s: once `soft_delete_retention_days` has been configured it cannot be modified", id)
	}

	if d.HasChange("public_network_access_enabled") {
		p["publicNetworkAccess"] = publicAccess(d)
	}

	if rules, ok := expandRules(d); ok && d.HasChange("network_acls") {
		p["networkAcls"] = rules
	}

	if d.HasChange("sku_name") {
		p["sku"] = sku(d)
	}

	if d.HasChange("tags") {
		body["tags"] = d.Get("tags")
	}

	if _, err := c.send(ctx, http.MethodPatch, id, vaultVersion, body); err != nil {
		return fmt.Errorf("updating %s: %w", id, vaults("Update", err))
	}

	return readVault(ctx, c, d)
}

// deleteVault deletes a vault, and purges it unless it is protected, which is azurerm's behaviour without features (v4.54.0,
// key_vault_resource.go, resourceKeyVaultDelete; provider-azure v2.6.0, internal/clients/azure.go).
func deleteVault(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()

	existing, err := c.get(ctx, id, vaultVersion)
	if err != nil {
		return fmt.Errorf("retrieving %s: %w", id, vaults("Get", err))
	}

	if _, err := c.send(ctx, http.MethodDelete, id, vaultVersion, nil); err != nil {
		return fmt.Errorf("retrieving %s: %w", id, vaults("Delete", err))
	}

	if properties(existing)["enablePurgeProtection"] == true {
		return nil
	}

	if _, err := c.send(ctx, http.MethodPost, c.deletedVaultID(d)+"/purge", vaultVersion, nil); err != nil {
		return fmt.Errorf("purging %s: %w", id, vaults("PurgeDeleted", err))
	}

	return nil
}

func (c *client) deletedVaultID(d *tf.ResourceData) string {
	return "/subscriptions/" + c.who.SubscriptionID + "/providers/Microsoft.KeyVault/locations/" + location(fmt.Sprint(d.Get("location"))) +
		"/deletedVaults/" + fmt.Sprint(d.Get("name"))
}

// vaults formats an error like go-autorest, which azurerm uses for vaults only (go-azure-sdk
// v0.20251107, resource-manager/keyvault/2023-02-01/vaults).
func vaults(method string, err error) error {
	refused, ok := asRefusal(err)

	switch {
	case !ok:
		return fmt.Errorf("vaults.VaultsClient#%s: Failure sending request: StatusCode=0 -- Original Error: %w", method, err)
	case method == "CreateOrUpdate":
		return fmt.Errorf("vaults.VaultsClient#%s: Failure sending request: StatusCode=0 -- Original Error: Code=%q Message=%q", method,
			refused.code, refused.message)
	default:
		return fmt.Errorf("vaults.VaultsClient#%s: Failure responding to request: StatusCode=%d -- Original Error: autorest/azure: Service "+
			"returned an error. Status=%[2]d Code=%[3]q Message=%[4]q", method, refused.status, refused.code, refused.message)
	}
}
