// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	createModeRecover = "recover"

	skuStandard = "standard"
	skuPremium  = "premium"
)

// vaultSettings has the fields that package keyvault does not need: tags, and the sent properties.
type vaultSettings struct {
	tags       map[string]string
	properties vaultProperties
}

type vaultSKU struct {
	Family string `json:"family"`
	Name   string `json:"name"`
}

// vaultProperties of a request. Omitted ones are nil.
type vaultProperties struct {
	TenantID                     *string            `json:"tenantId,omitempty"`
	SKU                          *vaultSKU          `json:"sku,omitempty"`
	AccessPolicies               *[]json.RawMessage `json:"accessPolicies,omitempty"`
	EnabledForDeployment         *bool              `json:"enabledForDeployment,omitempty"`
	EnabledForDiskEncryption     *bool              `json:"enabledForDiskEncryption,omitempty"`
	EnabledForTemplateDeployment *bool              `json:"enabledForTemplateDeployment,omitempty"`
	EnableSoftDelete             *bool              `json:"enableSoftDelete,omitempty"`
	SoftDeleteRetentionInDays    *int               `json:"softDeleteRetentionInDays,omitempty"`
	EnableRBACAuthorization      *bool              `json:"enableRbacAuthorization,omitempty"`
	EnablePurgeProtection        *bool              `json:"enablePurgeProtection,omitempty"`
	NetworkACLs                  json.RawMessage    `json:"networkAcls,omitempty"`
	PublicNetworkAccess          *string            `json:"publicNetworkAccess,omitempty"`

	// CreateMode occurs in requests only.
	CreateMode string `json:"createMode,omitempty"`

	// These fields are read-only.
	VaultURI          string `json:"vaultUri,omitempty"`
	ProvisioningState string `json:"provisioningState,omitempty"`
}

type vaultBody struct {
	ID         string             `json:"id,omitempty"`
	Name       string             `json:"name,omitempty"`
	Type       string             `json:"type,omitempty"`
	Location   string             `json:"location,omitempty"`
	Tags       *map[string]string `json:"tags,omitempty"`
	SystemData json.RawMessage    `json:"systemData,omitempty"`
	Properties vaultProperties    `json:"properties"`
}

// lookupVault returns the vault of the request, unless it is deleted or in another scope.
func (c *call) lookupVault() (keyvault.VaultState, bool) {
	v, ok := c.service.Vaults.Lookup(c.name)

	return v, ok && v.DeletedAt.IsZero() && strings.EqualFold(v.ResourceID, c.resourceID(typeVault, c.name))
}

// vault reads a vault, or deletes it so that it can be recovered, with its role assignments, which cannot.
func (c *call) vault() wire.Answer {
	known, ok := c.lookupVault()

	return c.readOrDelete(ok, known.ResourceID, c.vaultJSON(known), notFound(typeVault, c.name, c.group.Name), func() {
		_ = c.service.Vaults.DeleteVault(known.Name) // It exists.
	})
}

// listVaults lists the vaults of the resource group, or of the subscription.
func (c *call) listVaults() wire.Answer {
	var out []any

	for _, v := range c.service.Vaults.Vaults() {
		if role.Covers(c.scope, v.ResourceID) {
			state, _ := c.service.Vaults.Lookup(v.Name)
			out = append(out, c.vaultJSON(state))
		}
	}

	return c.page(padded(out, c.subscription.Padding.Vaults, func(i int) any {
		name := fmt.Sprintf("padding-%d", i)

		return vaultBody{ID: c.padded(typeVault, name), Name: name, Type: typeVault, Location: "westeurope"}
	}))
}

// checkVaultName answers whether a name is available.
func (c *call) checkVaultName() wire.Answer {
	var body struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	_, taken := c.service.Vaults.Lookup(body.Name)

	switch {
	case body.Type != typeVault:
		return badRequest("The parameter type has an invalid value.")
	case !keyvault.ValidVaultName(body.Name):
		return wire.JSON(http.StatusOK, map[string]any{"nameAvailable": false, "reason": "AccountNameInvalid", "message": invalidVaultName})
	case taken:
		return wire.JSON(http.StatusOK, map[string]any{
			"nameAvailable": false, "reason": "AlreadyExists",
			"message": "The vault name '" + body.Name + "' is already in use. Vault names are globally unique so it is possible that the name is already taken.",
		})
	default:
		return wire.JSON(http.StatusOK, map[string]any{"nameAvailable": true})
	}
}

const invalidVaultName = "A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter " +
	"or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"

// vaultJSON returns a vault in the format of an answer.
func (c *call) vaultJSON(v keyvault.VaultState) vaultBody {
	settings := c.settings(v)

	p := settings.properties
	p.TenantID, p.AccessPolicies, p.EnableSoftDelete = &v.TenantID, &[]json.RawMessage{}, new(true)
	p.SoftDeleteRetentionInDays, p.EnableRBACAuthorization = &v.RetentionDays, new(!v.AccessPolicies)
	p.VaultURI, p.ProvisioningState, p.CreateMode = "https://"+strings.ToLower(v.Name)+keyvault.Suffix+"/", "Succeeded", ""

	if !v.Resolves {
		p.ProvisioningState = "RegisteringDns"
	}

	// Azure never returns false.
	p.EnablePurgeProtection = nil
	if v.PurgeProtection {
		p.EnablePurgeProtection = new(true)
	}

	return vaultBody{ID: v.ResourceID, Name: v.Name, Type: typeVault, Location: v.Location, Tags: &settings.tags, Properties: p}
}

// settings returns the settings of a vault. A vault that was not created through the resource
// manager has the defaults.
func (c *call) settings(v keyvault.VaultState) vaultSettings {
	if known, ok := c.service.vaults[strings.ToLower(v.ResourceID)]; ok {
		return known
	}

	return vaultSettings{tags: map[string]string{}, properties: vaultProperties{
		SKU: &vaultSKU{Family: "A", Name: skuStandard}, PublicNetworkAccess: new("Enabled"), EnabledForDeployment: new(false),
		EnabledForDiskEncryption: new(false), EnabledForTemplateDeployment: new(false),
	}}
}

// putVault creates, recovers or changes a vault.
func (c *call) putVault() wire.Answer {
	var body vaultBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	if !keyvault.ValidVaultName(c.name) {
		return refuse(http.StatusBadRequest, "VaultNameNotValid", "The vault name '%s' is invalid. %s", c.name, invalidVaultName)
	}

	if answer := c.checkVault(body); answer != nil {
		return *answer
	}

	known, exists := c.service.Vaults.Lookup(c.name)

	switch mine := strings.EqualFold(known.ResourceID, c.resourceID(typeVault, c.name)); {
	case !exists && body.Properties.CreateMode == createModeRecover:
		return refuse(http.StatusNotFound, "DeletedVaultNotFound", "The specified deleted vault '%s' does not exist.", c.name)
	case !exists:
		return c.createVault(body)
	case known.DeletedAt.IsZero() && mine:
		return c.changeVault(known, body)
	case known.DeletedAt.IsZero():
		return refuse(http.StatusConflict, "VaultAlreadyExists", "The vault name '%s' is already in use. Vault names are globally unique so "+
			"it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a "+
			"vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in "+
			"a recoverable state then the vault will need to be purged before reusing the name. For more information about "+
			"VaultAlreadyExists, soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.", c.name)
	case body.Properties.CreateMode != createModeRecover:
		return refuse(http.StatusConflict, "ConflictError", "A vault with the same name already exists in deleted state. You need to either "+
			"recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on "+
			"soft delete.")
	case !mine:
		return refuse(http.StatusNotFound, "DeletedVaultNotFound", "The specified deleted vault '%s' does not exist.", c.name)
	default:
		return c.recoverVault(known, body)
	}
}

// checkVault returns the rejection of an invalid vault.
func (c *call) checkVault(body vaultBody) *wire.Answer {
	p := body.Properties

	if p.TenantID != nil && !strings.EqualFold(*p.TenantID, c.subscription.TenantID) {
		return new(badRequest("The tenant id '%s' is not the tenant of the subscription.", *p.TenantID))
	}

	switch {
	case body.Location == "":
		return new(locationRequired())
	case p.CreateMode != "" && p.CreateMode != "default" && p.CreateMode != createModeRecover:
		return new(badRequest("The value '%s' of createMode is not one of 'default' and 'recover'.", p.CreateMode))
	case p.TenantID == nil && p.CreateMode != createModeRecover:
		return new(badRequest("The parameter tenantId is required."))
	case p.SKU == nil && p.CreateMode != createModeRecover:
		return new(badRequest("The parameter sku is required."))
	case p.AccessPolicies == nil && p.CreateMode != createModeRecover && (p.EnableRBACAuthorization == nil || !*p.EnableRBACAuthorization):
		return new(badRequest("The parameter accessPolicies is required unless createMode is 'recover' or enableRbacAuthorization is true."))
	}

	return p.check()
}

// check returns the rejection of invalid properties.
func (p vaultProperties) check() *wire.Answer {
	switch {
	case p.SKU != nil && (p.SKU.Family != "A" || p.SKU.Name != skuStandard && p.SKU.Name != skuPremium):
		return new(badRequest("The sku '%s %s' is not supported: choose from 'A standard' and 'A premium'.", p.SKU.Family, p.SKU.Name))
	case p.AccessPolicies != nil && len(*p.AccessPolicies) > 0:
		return new(badRequest("This stand-in has no access policies: use role assignments."))
	case p.EnableSoftDelete != nil && !*p.EnableSoftDelete:
		return new(badRequest("The property \"enableSoftDelete\" can not be set to false."))
	case p.SoftDeleteRetentionInDays != nil && (*p.SoftDeleteRetentionInDays < 7 || *p.SoftDeleteRetentionInDays > 90):
		return new(badRequest("The property \"softDeleteRetentionInDays\" must be between 7 and 90."))
	case p.EnablePurgeProtection != nil && !*p.EnablePurgeProtection:
		return new(badRequest("The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge protection for a vault is " +
			"an irreversible action."))
	default:
		return nil
	}
}

// firewall sets the rules of the vault. Private endpoints are resources of their own.
func (p vaultProperties) firewall(f *keyvault.Firewall) {
	var acls struct {
		DefaultAction string `json:"defaultAction"`
		IPRules       []struct {
			Value string `json:"value"`
		} `json:"ipRules"`
	}

	f.Private = p.PublicNetworkAccess != nil && strings.EqualFold(*p.PublicNetworkAccess, "Disabled")
	f.Deny, f.IPRules = false, nil

	if json.Unmarshal(p.NetworkACLs, &acls) != nil {
		return
	}

	f.Deny = strings.EqualFold(acls.DefaultAction, "Deny")
	for _, rule := range acls.IPRules {
		f.IPRules = append(f.IPRules, rule.Value)
	}
}

func (c *call) createVault(body vaultBody) wire.Answer {
	p := body.Properties
	v := keyvault.Vault{
		Name: c.name, TenantID: c.subscription.TenantID, ResourceID: c.resourceID(typeVault, c.name), Location: location(body.Location),
		PurgeProtection: deref(p.EnablePurgeProtection), AccessPolicies: !deref(p.EnableRBACAuthorization), Delay: c.service.delays.Vault,
	}

	if p.SoftDeleteRetentionInDays != nil {
		v.RetentionDays = *p.SoftDeleteRetentionInDays
	}

	if err := c.service.Vaults.PutVault(v); err != nil {
		return badRequest("%s", err)
	}

	answer := c.keep(body)
	answer.Status = http.StatusCreated
	c.note(v.ResourceID).Created++

	return answer
}

func (c *call) changeVault(known keyvault.VaultState, body vaultBody) wire.Answer {
	if body.Location != "" && location(body.Location) != known.Location {
		return c.otherLocation(known.Location, body.Location)
	}

	p := body.Properties
	if p.SoftDeleteRetentionInDays != nil && *p.SoftDeleteRetentionInDays != known.RetentionDays {
		return badRequest("The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.")
	}

	to := known.Vault
	to.RetentionDays = 0
	to.PurgeProtection = to.PurgeProtection || deref(p.EnablePurgeProtection)

	if p.EnableRBACAuthorization != nil {
		to.AccessPolicies = !*p.EnableRBACAuthorization
	}

	if err := c.service.Vaults.PutVault(to); err != nil {
		return badRequest("%s", err)
	}

	c.note(known.ResourceID).Updated++

	return c.keep(body)
}

// recoverVault recovers a deleted vault without its role assignments, and applies the changes of the request.
func (c *call) recoverVault(known keyvault.VaultState, body vaultBody) wire.Answer {
	if location(body.Location) != known.Location {
		return c.otherLocation(known.Location, body.Location)
	}

	if p := body.Properties; p.SoftDeleteRetentionInDays != nil && *p.SoftDeleteRetentionInDays != known.RetentionDays {
		return badRequest("The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.")
	}

	if err := c.service.Vaults.RecoverVault(known.Name); err != nil {
		return badRequest("%s", err)
	}

	c.note(known.ResourceID).Recovered++

	return c.changeVault(known, body)
}

// keep stores the settings in the request, and answers with the vault.
func (c *call) keep(body vaultBody) wire.Answer {
	v, _ := c.service.Vaults.Lookup(c.name)
	s := c.settings(v)

	if body.Tags != nil || c.operation == fault.PutVault {
		s.tags = map[string]string{}
		maps.Copy(s.tags, deref(body.Tags))
	}

	// Settings that the request omits stay unchanged.
	sent := struct {
		Properties *vaultProperties `json:"properties"`
	}{&s.properties}
	if err := json.Unmarshal(c.body, &sent); err != nil {
		return badRequest("%s", err)
	}

	c.service.vaults[strings.ToLower(v.ResourceID)] = s

	if err := c.service.Vaults.SetFirewall(v.Name, s.properties.firewall); err != nil {
		return badRequest("%s", err)
	}

	return wire.JSON(http.StatusOK, c.vaultJSON(v))
}

// patchVault changes the properties in the request.
func (c *call) patchVault() wire.Answer {
	var body vaultBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	if answer := body.Properties.check(); answer != nil {
		return *answer
	}

	known, ok := c.lookupVault()
	if !ok {
		return notFound(typeVault, c.name, c.group.Name)
	}

	return c.changeVault(known, body)
}

// lookupDeleted returns a deleted vault in the request's subscription and location.
func (c *call) lookupDeleted() (keyvault.VaultState, bool) {
	v, ok := c.service.Vaults.Lookup(c.name)
	mine := strings.HasPrefix(strings.ToLower(v.ResourceID), "/subscriptions/"+c.subscription.ID+"/")

	return v, ok && mine && !v.DeletedAt.IsZero() && v.Location == location(c.location)
}

func (c *call) deletedNotFound() wire.Answer {
	return refuse(http.StatusNotFound, "DeletedVaultNotFound", "The specified deleted vault '%s' does not exist.", c.name)
}

func (c *call) deletedID(v keyvault.VaultState) string {
	return "/subscriptions/" + c.subscription.ID + "/providers/Microsoft.KeyVault/locations/" + v.Location + "/deletedVaults/" + v.Name
}

func (c *call) getDeletedVault() wire.Answer {
	v, ok := c.lookupDeleted()
	if !ok {
		return c.deletedNotFound()
	}

	properties := map[string]any{
		"vaultId": v.ResourceID, "location": v.Location, "tags": c.settings(v).tags, "deletionDate": v.DeletedAt.UTC().Format(time.RFC3339),
		"scheduledPurgeDate": v.DeletedAt.Add(time.Duration(v.RetentionDays) * 24 * time.Hour).UTC().Format(time.RFC3339),
	}
	if v.PurgeProtection {
		properties["purgeProtectionEnabled"] = true
	}

	return wire.JSON(http.StatusOK, map[string]any{
		"id": c.deletedID(v), "name": v.Name, "type": "Microsoft.KeyVault/deletedVaults", "properties": properties,
	})
}

// purgeVault removes a deleted vault for good.
func (c *call) purgeVault() wire.Answer {
	v, ok := c.lookupDeleted()

	switch {
	case !ok:
		return c.deletedNotFound()
	case v.PurgeProtection:
		return refuse(http.StatusBadRequest, "DeletedVaultPurge", "Operation \"purge\" is not allowed because purge protection is enabled for "+
			"vault '%s'. Key Vault service will automatically purge it after the retention period has passed.", v.Name)
	}

	if err := c.service.Vaults.PurgeVault(v.Name); err != nil {
		return badRequest("%s", err)
	}

	delete(c.service.vaults, strings.ToLower(v.ResourceID))
	c.note(v.ResourceID).Purged++

	return wire.Answer{Status: http.StatusOK}
}
