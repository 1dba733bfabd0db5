// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const createModeRecover = "recover"

// vaultSettings has the fields that package keyvault does not need: tags, and the sent properties.
type vaultSettings struct {
	tags       map[string]string
	properties object
}

// A vaultBody has the fields of a request that decide something.
type vaultBody struct {
	Location   string             `json:"location"`
	Tags       *map[string]string `json:"tags"`
	Properties struct {
		CreateMode      string `json:"createMode"`
		TenantID        string `json:"tenantId"`
		RBAC            *bool  `json:"enableRbacAuthorization"`
		PurgeProtection *bool  `json:"enablePurgeProtection"`
		Retention       int    `json:"softDeleteRetentionInDays"`
		SKU             struct {
			Family string `json:"family"`
			Name   string `json:"name"`
		} `json:"sku"`
	} `json:"properties"`
}

// lookupVault returns the vault of the request, unless it is deleted or in another scope.
func (c *call) lookupVault() (keyvault.VaultState, bool) {
	v, ok := c.service.Vaults.Lookup(last(c.scope))

	return v, ok && v.DeletedAt.IsZero() && strings.EqualFold(v.ResourceID, c.scope)
}

// vault reads a vault, or deletes it so that it can be recovered, with its role assignments, which cannot.
func (c *call) vault() wire.Answer {
	known, ok := c.lookupVault()

	return c.readOrDelete(ok, known.ResourceID, c.vaultJSON(known), func() {
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

		return object{"id": c.resourceID(typeVault, name), "name": name, "type": typeVault, "location": "westeurope"}
	}))
}

// checkVaultName answers whether a name is available.
func (c *call) checkVaultName() wire.Answer {
	body := object{}
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	switch _, taken := c.service.Vaults.Lookup(text(body, "name")); {
	case body["type"] != typeVault:
		return badRequest("The parameter type has an invalid value.")
	case !keyvault.ValidVaultName(text(body, "name")):
		return wire.JSON(http.StatusOK, object{"nameAvailable": false, "reason": "AccountNameInvalid", "message": "The vault name is invalid."})
	case taken:
		return wire.JSON(http.StatusOK, object{"nameAvailable": false, "reason": "AlreadyExists", "message": "The vault name is already in use."})
	default:
		return wire.JSON(http.StatusOK, object{"nameAvailable": true})
	}
}

// vaultJSON returns a vault in the format of an answer.
func (c *call) vaultJSON(v keyvault.VaultState) object {
	settings := c.settings(v)

	p := maps.Clone(settings.properties)
	maps.Copy(p, object{
		"tenantId": v.TenantID, "accessPolicies": []any{}, "enableSoftDelete": true, "softDeleteRetentionInDays": v.RetentionDays,
		"enableRbacAuthorization": !v.AccessPolicies, "vaultUri": "https://" + strings.ToLower(v.Name) + keyvault.Suffix + "/", "provisioningState": "Succeeded",
	})
	delete(p, "createMode")

	// Azure never returns false.
	delete(p, "enablePurgeProtection")

	if v.PurgeProtection {
		p["enablePurgeProtection"] = true
	}

	return object{"id": v.ResourceID, "name": v.Name, "type": typeVault, "location": v.Location, "tags": settings.tags, "properties": p}
}

// settings returns the settings of a vault. A vault that was not created through the resource
// manager has the defaults.
func (c *call) settings(v keyvault.VaultState) vaultSettings {
	if known, ok := c.service.vaults[strings.ToLower(v.ResourceID)]; ok {
		return known
	}

	return vaultSettings{tags: map[string]string{}, properties: object{
		"sku": object{"family": "A", "name": "standard"}, "publicNetworkAccess": "Enabled", "enabledForDeployment": false,
		"enabledForDiskEncryption": false, "enabledForTemplateDeployment": false,
	}}
}

// putVault creates, recovers or changes a vault.
func (c *call) putVault() wire.Answer {
	var body vaultBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	if answer := c.checkVault(body); answer != nil {
		return *answer
	}

	known, exists := c.service.Vaults.Lookup(c.name)
	recovers, mine := body.Properties.CreateMode == createModeRecover, strings.EqualFold(known.ResourceID, c.scope)

	switch {
	case c.operation == fault.PatchVault && (!exists || !mine || !known.DeletedAt.IsZero()):
		return c.notFound()
	case !exists && recovers, exists && !known.DeletedAt.IsZero() && recovers && !mine:
		return c.deletedNotFound()
	case !exists:
		return c.createVault(body)
	case known.DeletedAt.IsZero() && !mine:
		return refuse(http.StatusConflict, "VaultAlreadyExists", "The vault name '%s' is already in use. Vault names are globally unique so "+
			"it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a "+
			"vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in "+
			"a recoverable state then the vault will need to be purged before reusing the name. For more information about "+
			"VaultAlreadyExists, soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.", c.name)
	case !known.DeletedAt.IsZero() && !recovers:
		return refuse(http.StatusConflict, "ConflictError", "A vault with the same name already exists in deleted state. You need to either "+
			"recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on "+
			"soft delete.")
	default:
		return c.changeVault(known, body)
	}
}

// checkVault returns the rejection of an invalid vault.
func (c *call) checkVault(body vaultBody) *wire.Answer {
	p := body.Properties

	switch needed := c.operation == fault.PutVault && p.CreateMode != createModeRecover; {
	case !keyvault.ValidVaultName(c.name):
		return new(refuse(http.StatusBadRequest, "VaultNameNotValid", "The vault name '%s' is invalid. A vault's name must be between 3-24 alphanumeric "+
			"characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.", c.name))
	case body.Location == "" && c.operation == fault.PutVault:
		return new(locationRequired())
	case (p.TenantID != "" || needed) && !strings.EqualFold(p.TenantID, c.subscription.TenantID):
		return new(badRequest("The tenant id '%s' is not the tenant of the subscription.", p.TenantID))
	case needed && (p.SKU.Family != "A" || p.SKU.Name != "standard" && p.SKU.Name != "premium"):
		return new(badRequest("The sku '%s %s' is not supported: choose from 'A standard' and 'A premium'.", p.SKU.Family, p.SKU.Name))
	case p.Retention != 0 && (p.Retention < 7 || p.Retention > 90):
		return new(badRequest("The property \"softDeleteRetentionInDays\" must be between 7 and 90."))
	case p.PurgeProtection != nil && !*p.PurgeProtection:
		return new(badRequest("The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge protection for a vault is " +
			"an irreversible action."))
	default:
		return nil
	}
}

func (c *call) createVault(body vaultBody) wire.Answer {
	err := c.service.Vaults.PutVault(keyvault.Vault{
		Name: c.name, TenantID: c.subscription.TenantID, ResourceID: c.scope, Location: location(body.Location), RetentionDays: body.Properties.Retention,
		PurgeProtection: ptr.Deref(body.Properties.PurgeProtection, false), AccessPolicies: !ptr.Deref(body.Properties.RBAC, false),
	})
	if err != nil {
		return badRequest("%s", err)
	}

	answer := c.keep(body)
	answer.Status = http.StatusCreated
	c.note(c.scope).Created++

	return answer
}

// changeVault changes a vault. It recovers a deleted one first, without its role assignments.
func (c *call) changeVault(known keyvault.VaultState, body vaultBody) wire.Answer {
	p := body.Properties

	switch {
	case body.Location != "" && location(body.Location) != known.Location:
		return c.otherLocation(known.Location, body.Location)
	case p.Retention != 0 && p.Retention != known.RetentionDays:
		return badRequest("The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.")
	case !known.DeletedAt.IsZero():
		_ = c.service.Vaults.RecoverVault(known.Name) // It is deleted.
		c.note(known.ResourceID).Recovered++
	}

	to := known.Vault
	to.PurgeProtection = to.PurgeProtection || ptr.Deref(p.PurgeProtection, false)

	if p.RBAC != nil {
		to.AccessPolicies = !*p.RBAC
	}

	if err := c.service.Vaults.PutVault(to); err != nil {
		return badRequest("%s", err)
	}

	c.note(known.ResourceID).Updated++

	return c.keep(body)
}

// keep stores the settings in the request, and answers with the vault. Settings that the request omits stay unchanged.
func (c *call) keep(body vaultBody) wire.Answer {
	v, _ := c.service.Vaults.Lookup(c.name)
	s := c.settings(v)

	if body.Tags != nil || c.operation == fault.PutVault {
		s.tags = map[string]string{}
		maps.Copy(s.tags, ptr.Deref(body.Tags, nil))
	}

	sent := struct {
		Properties object `json:"properties"`
	}{maps.Clone(s.properties)}
	if answer := c.read(&sent); answer != nil {
		return *answer
	}

	s.properties = sent.Properties
	c.service.vaults[strings.ToLower(v.ResourceID)] = s

	// Private endpoints are resources of their own.
	_ = c.service.Vaults.SetFirewall(v.Name, func(f *keyvault.Firewall) { // It exists.
		f.Private = text(s.properties, "publicNetworkAccess") == "Disabled"
		f.Deny = text(s.properties, "networkAcls", "defaultAction") == "Deny"
	})

	return wire.JSON(http.StatusOK, c.vaultJSON(v))
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

func (c *call) getDeletedVault() wire.Answer {
	v, ok := c.lookupDeleted()
	if !ok {
		return c.deletedNotFound()
	}

	properties := object{
		"vaultId": v.ResourceID, "location": v.Location, "tags": c.settings(v).tags, "deletionDate": v.DeletedAt.UTC().Format(time.RFC3339),
		"scheduledPurgeDate": v.DeletedAt.AddDate(0, 0, v.RetentionDays).UTC().Format(time.RFC3339),
	}
	if v.PurgeProtection {
		properties["purgeProtectionEnabled"] = true
	}

	return wire.JSON(http.StatusOK, object{
		"id":   "/subscriptions/" + c.subscription.ID + "/providers/Microsoft.KeyVault/locations/" + v.Location + "/deletedVaults/" + v.Name,
		"name": v.Name, "type": "Microsoft.KeyVault/deletedVaults", "properties": properties,
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

	_ = c.service.Vaults.PurgeVault(v.Name) // It is deleted.

	delete(c.service.vaults, strings.ToLower(v.ResourceID))
	c.note(v.ResourceID).Purged++

	return wire.Answer{Status: http.StatusOK}
}
