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
	vaultPath     = "Microsoft.KeyVault/vaults/"
	vaultTemplate = "/subscriptions/{{ .setup.configuration.subscription_id }}/resourceGroups/{{ .parameters.resource_group_name }}" +
		"/providers/" + vaultPath + "{{ .external_name }}"

	// A new vault is awaited until its address has answered ten times in a row (azurerm v4.54.0, key_vault_resource.go,
	// resourceKeyVaultCreate).
	addressDelay    = 30 * time.Second
	addressInterval = 10 * time.Second
	addressAnswers  = 10

	defaultRetention = 90
)

// vaultFields are the arguments that are sent and observed as they are.
func vaultFields() map[string]string {
	return map[string]string{
		"enabled_for_deployment": "enabledForDeployment", "enabled_for_disk_encryption": "enabledForDiskEncryption",
		"enabled_for_template_deployment": "enabledForTemplateDeployment", "rbac_authorization_enabled": "enableRbacAuthorization",
		"enable_rbac_authorization": "enableRbacAuthorization", "purge_protection_enabled": "enablePurgeProtection", "tenant_id": "tenantId",
	}
}

// vaultKind is azurerm_key_vault, without access policies and contacts (azurerm v4.54.0, key_vault_resource.go).
func vaultKind() kind {
	rules := block(map[string]*tf.Schema{
		"default_action": required(), "bypass": required(), "ip_rules": texts(tf.TypeSet), "virtual_network_subnet_ids": texts(tf.TypeSet),
	})
	rules.Computed = true

	r := &azurerm{
		name: vaultType, version: vaultVersion, external: config.TemplatedStringAsIdentifier("name", vaultTemplate),
		segments: "/subscriptions/*/resourceGroups/*/providers/" + vaultPath + "*", change: http.MethodPatch,
		schema: map[string]*tf.Schema{
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
			"tags":                            texts(tf.TypeMap),
			"vault_uri":                       computed(),
			"network_acls":                    rules,
		},
		id: func(c *client, d *tf.ResourceData) string {
			return c.resourceID(d, vaultPath+fmt.Sprint(d.Get("name")))
		},
		body: func(ctx context.Context, c *client, d *tf.ResourceData) (object, error) {
			if d.Id() == "" {
				return newVault(ctx, c, d)
			}

			return changedVault(ctx, c, d)
		},
		settle: func(ctx context.Context, c *client, id string) error {
			_, err := c.get(ctx, id, vaultVersion)

			return err
		},
		more: answers, observed: observedVault, remove: deleteVault, wrap: vaults,
	}

	return r.kind(v1beta1.Vault_GroupVersionKind, &v1beta1.Vault{}, nil)
}

// ruleFields are the names of rules of the vault's firewall, and of the field in each.
func ruleFields() map[string][2]string {
	return map[string][2]string{"ip_rules": {"ipRules", "value"}, "virtual_network_subnet_ids": {"virtualNetworkRules", "id"}}
}

// expandRules returns the rules for a request, or nil (expandKeyVaultNetworkAcls).
func expandRules(d *tf.ResourceData) object {
	given := asList(d.Get("network_acls"))
	if len(given) == 0 {
		return nil
	}

	rules := asObject(given[0])
	out := object{"defaultAction": rules["default_action"], "bypass": rules["bypass"]}

	for argument, names := range ruleFields() {
		list := []any{}
		if values, ok := rules[argument].(*tf.Set); ok {
			for _, v := range values.List() {
				list = append(list, object{names[1]: v})
			}
		}

		out[names[0]] = list
	}

	return out
}

// flattenRules returns the rules in an answer. A vault without rules lets everybody in (flattenKeyVaultNetworkAcls).
func flattenRules(acls object) []any {
	out := object{"default_action": "Allow", "bypass": "AzureServices"}
	if acls != nil {
		out["default_action"], out["bypass"] = acls["defaultAction"], acls["bypass"]
	}

	for argument, names := range ruleFields() {
		list := []any{}
		for _, r := range asList(acls[names[0]]) {
			list = append(list, asObject(r)[names[1]])
		}

		out[argument] = list
	}

	return []any{out}
}

// newVault returns the body for a new vault, which recovers a deleted one.
func newVault(ctx context.Context, c *client, d *tf.ResourceData) (object, error) {
	deleted, err := c.get(ctx, c.deletedVaultID(d), vaultVersion)
	if err != nil && !hasStatus(err, http.StatusForbidden) {
		return nil, fmt.Errorf("checking for the presence of an existing Soft-Deleted Key Vault %q (Location %q): %w", d.Get("name"), d.Get("location"),
			vaults("GetDeleted", err))
	}

	p := object{
		"sku": sku(d), "accessPolicies": []any{}, "enableSoftDelete": true, "publicNetworkAccess": publicAccess(d),
		"createMode": map[bool]string{true: "recover", false: "default"}[deleted != nil],
	}

	for argument, property := range vaultFields() {
		if v, ok := d.GetOk(argument); ok {
			p[property] = v
		}
	}

	if rules := expandRules(d); rules != nil {
		p["networkAcls"] = rules
	}

	if v := d.Get("soft_delete_retention_days"); v != defaultRetention {
		p["softDeleteRetentionInDays"] = v
	}

	return object{"location": location(fmt.Sprint(d.Get("location"))), "properties": p, "tags": d.Get("tags")}, nil
}

// changedVault returns the body for a change: changed properties (resourceKeyVaultUpdate).
func changedVault(ctx context.Context, c *client, d *tf.ResourceData) (object, error) {
	existing, err := c.get(ctx, d.Id(), vaultVersion)
	if err != nil {
		return nil, err
	}

	p := object{}
	body := object{"properties": p}

	for argument, property := range vaultFields() {
		if d.HasChange(argument) {
			p[property] = d.Get(argument)
		}
	}

	switch {
	case p["enablePurgeProtection"] == false && properties(existing)["enablePurgeProtection"] == true:
		return nil, fmt.Errorf("updating %s: once Purge Protection has been Enabled it's not possible to disable it", d.Id())
	case d.HasChange("soft_delete_retention_days"):
		return nil, fmt.Errorf("updating %s: once `soft_delete_retention_days` has been configured it cannot be modified", d.Id())
	}

	if d.HasChange("public_network_access_enabled") {
		p["publicNetworkAccess"] = publicAccess(d)
	}

	if rules := expandRules(d); rules != nil && d.HasChange("network_acls") {
		p["networkAcls"] = rules
	}

	if d.HasChange("sku_name") {
		p["sku"] = sku(d)
	}

	if d.HasChange("tags") {
		body["tags"] = d.Get("tags")
	}

	return body, nil
}

func sku(d *tf.ResourceData) object { return object{"family": "A", "name": d.Get("sku_name")} }

func isPublic(d *tf.ResourceData) bool { return d.Get("public_network_access_enabled") == true }

func publicAccess(d *tf.ResourceData) string {
	return map[bool]string{true: "Enabled", false: "Disabled"}[isPublic(d)]
}

// answers waits until the address of a new public vault has answered several times in a row. An unresolved name ends the wait with an error.
func answers(ctx context.Context, c *client, d *tf.ResourceData) error {
	if !d.IsNewResource() || !isPublic(d) {
		return nil
	}

	address := "https://" + strings.ToLower(last(d.Id())) + ".vault.azure.net/"
	wait := &retry.StateChangeConf{
		Pending: []string{"pending"}, Target: []string{"available"}, Timeout: operationTimeout,
		Delay: c.pace.of(addressDelay), PollInterval: c.pace.of(addressInterval), ContinuousTargetOccurence: addressAnswers,
		Refresh: func() (any, string, error) {
			_, err := c.do(ctx, http.MethodGet, address, "", nil)

			return address, "available", err
		},
	}

	if _, err := wait.WaitForStateContext(ctx); err != nil {
		return fmt.Errorf("waiting for %s to become available: connecting to %q: %w", d.Id(), address, err)
	}

	return nil
}

// observedVault also reads the contacts of certificates from the vault itself, and continues if the vault forbids that
// (resourceKeyVaultRead).
func observedVault(ctx context.Context, c *client, d *tf.ResourceData, got object) (object, error) {
	p := properties(got)
	public := p["publicNetworkAccess"] == nil || strings.EqualFold(text(p, "publicNetworkAccess"), "Enabled")

	retention, ok := p["softDeleteRetentionInDays"].(float64)
	if !ok || retention == 0 {
		retention = defaultRetention
	}

	out := object{
		"name": last(d.Id()), "resource_group_name": resourceGroup(d.Id()), "location": location(text(got, "location")), "vault_uri": p["vaultUri"],
		"sku_name": strings.ToLower(text(p, "sku", "name")), "public_network_access_enabled": public, "soft_delete_retention_days": int(retention),
		"tags": got["tags"], "network_acls": flattenRules(asObject(p["networkAcls"])),
	}

	for argument, property := range vaultFields() {
		out[argument] = p[property]
	}

	if err := c.contacts(ctx, text(p, "vaultUri")); err != nil && public {
		return nil, fmt.Errorf("retrieving `contact` for KeyVault: %w", err)
	}

	return out, nil
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

// vaults formats a refusal like go-autorest, which azurerm uses for vaults only (go-azure-sdk
// v0.20251107, resource-manager/keyvault/2023-02-01/vaults).
func vaults(method string, err error) error {
	refused, ok := asRefusal(err)

	switch {
	case !ok:
		return err
	case method == "CreateOrUpdate":
		return fmt.Errorf("performing CreateOrUpdate: vaults.VaultsClient#%s: Failure sending request: StatusCode=0 -- Original Error: Code=%q Message=%q",
			method, refused.code, refused.message)
	default:
		return fmt.Errorf("vaults.VaultsClient#%s: Failure responding to request: StatusCode=%d -- Original Error: autorest/azure: Service "+
			"returned an error. Status=%[2]d Code=%[3]q Message=%[4]q", method, refused.status, refused.code, refused.message)
	}
}
