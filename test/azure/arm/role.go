package arm

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// A role that is built in.
type role struct {
	ID   string
	Name string
}

// roles are those that vaults heed, and some that say nothing about secrets.
func roles() []role {
	return []role{
		{keyvault.Administrator, "Key Vault Administrator"},
		{keyvault.Reader, "Key Vault Reader"},
		{keyvault.SecretsOfficer, "Key Vault Secrets Officer"},
		{keyvault.SecretsUser, "Key Vault Secrets User"},
		{keyvault.CertificatesOfficer, "Key Vault Certificates Officer"},
		{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"},
		{"b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"},
		{"acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"},
		{"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"},
		{"f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"},
		{"f25e0fa2-a7c8-4377-a976-54943a77a395", "Key Vault Contributor"},
		{"e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "Managed Identity Contributor"},
		{"f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator"},
	}
}

// roleByID finds a role by the resource id of its definition.
func roleByID(id string) (role, bool) {
	if !strings.Contains(strings.ToLower(id), "/providers/microsoft.authorization/roledefinitions/") {
		return role{}, false
	}

	for _, r := range roles() {
		if strings.EqualFold(r.ID, id[strings.LastIndexByte(id, '/')+1:]) {
			return r, true
		}
	}

	return role{}, false
}

// roleOf returns the id of a role by its name, its id or the resource id of its definition.
func roleOf(name string) string {
	for _, r := range roles() {
		if strings.EqualFold(r.Name, name) || strings.EqualFold(r.ID, name[strings.LastIndexByte(name, '/')+1:]) {
			return r.ID
		}
	}

	return ""
}

func definitionID(subscriptionID, roleID string) string {
	id := "/providers/" + typeDefinition + "/" + roleID
	if subscriptionID != "" {
		id = "/subscriptions/" + subscriptionID + id
	}

	return id
}

func (r role) json(subscriptionID string) map[string]any {
	return map[string]any{
		"id": definitionID(subscriptionID, r.ID), "name": r.ID, "type": typeDefinition,
		"properties": map[string]any{"roleName": r.Name, "type": "BuiltInRole", "assignableScopes": []string{"/"}},
	}
}

// byName is the one filter that lists of role definitions have here.
var byName = regexp.MustCompile(`^roleName eq '([^']*)'$`)

func (c *call) listDefinitions() wire.Answer {
	filter := c.request.URL.Query().Get("$filter")

	match := byName.FindStringSubmatch(filter)
	if filter != "" && match == nil {
		return refuse(http.StatusBadRequest, "InvalidFilterInQueryString", "The filter '%s' is not supported.", filter)
	}

	list := []any{}

	for _, r := range roles() {
		if match == nil || strings.EqualFold(r.Name, match[1]) {
			list = append(list, r.json(c.route.subscription))
		}
	}

	return wire.JSON(http.StatusOK, map[string]any{"value": list})
}

func (c *call) getDefinition() wire.Answer {
	r, ok := roleByID("/providers/" + typeDefinition + "/" + c.name)
	if !ok {
		return refuse(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", c.name)
	}

	return wire.JSON(http.StatusOK, r.json(c.route.subscription))
}
