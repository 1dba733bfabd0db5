// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package az

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"
)

// The commands use these API versions.
const (
	clusterAPI    = "2025-05-01"
	identityAPI   = "2023-01-31"
	roleAPI       = "2022-04-01"
	resourcesAPI  = "2022-09-01"
	authorization = "/providers/Microsoft.Authorization/"
)

// A named resource in a resource group.
type named struct {
	Name          string `required:""`
	ResourceGroup string `required:""`
}

func (n named) group(m *manager) string { return m.subscription + "/resourceGroups/" + n.ResourceGroup }

func (n named) cluster(m *manager) string {
	return n.group(m) + "/providers/Microsoft.ContainerService/managedClusters/" + n.Name
}

func (n named) identity(m *manager) string {
	return n.group(m) + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + n.Name
}

type login struct{}

// Run signs in, as every command does.
func (*login) Run(m *manager) error {
	_, err := m.credential.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})

	return err //nolint:wrapcheck // It says everything.
}

type accountSet struct {
	Subscription string `required:""`
}

// Run sets the subscription for later commands, if it is visible.
func (c *accountSet) Run(m *manager) error {
	if err := m.send(http.MethodGet, "/subscriptions/"+c.Subscription, resourcesAPI, nil); err != nil {
		return err
	}

	m.answer = nil

	return m.keep(c.Subscription)
}

type groupCreate struct {
	Name     string `required:""`
	Location string `required:""`
}

// Run creates a resource group.
func (c *groupCreate) Run(m *manager) error {
	return m.send(http.MethodPut, named{ResourceGroup: c.Name}.group(m), resourcesAPI, object{"location": c.Location})
}

type aksShow struct {
	named
}

// Run shows a cluster.
func (c *aksShow) Run(m *manager) error {
	err := m.send(http.MethodGet, c.cluster(m), clusterAPI, nil)

	if issuer, ok := m.answer["oidcIssuerProfile"].(object); ok {
		m.answer["oidcIssuerProfile"] = object{"enabled": issuer["enabled"], "issuerUrl": issuer["issuerURL"]}
	}

	return err
}

type aksUpdate struct {
	named

	EnableOIDCIssuer       bool `name:"enable-oidc-issuer"`
	EnableWorkloadIdentity bool
}

// Run changes a cluster.
func (c *aksUpdate) Run(m *manager) error {
	properties := object{}
	if c.EnableOIDCIssuer {
		properties["oidcIssuerProfile"] = object{"enabled": true}
	}

	if c.EnableWorkloadIdentity {
		properties["securityProfile"] = object{"workloadIdentity": object{"enabled": true}}
	}

	if err := m.send(http.MethodPut, c.cluster(m), clusterAPI, object{"properties": properties}); err != nil {
		return err
	}

	return (&aksShow{c.named}).Run(m)
}

type providerRegister struct {
	Namespace string `required:""`
	Wait      bool
}

// Run registers a resource provider. The stand-in does so at once.
func (c *providerRegister) Run(m *manager) error {
	err := m.send(http.MethodPost, m.subscription+"/providers/"+c.Namespace+"/register", resourcesAPI, nil)
	m.answer = nil

	return err
}

type identityShow struct {
	named
}

// Run shows an identity.
func (c *identityShow) Run(m *manager) error {
	return m.send(http.MethodGet, c.identity(m), identityAPI, nil)
}

type identityCreate struct {
	named
}

// Run creates an identity in the location of its resource group.
func (c *identityCreate) Run(m *manager) error {
	if err := m.send(http.MethodGet, c.group(m), resourcesAPI, nil); err != nil {
		return err
	}

	return m.send(http.MethodPut, c.identity(m), identityAPI, object{"location": m.answer["location"]})
}

type credentialCreate struct {
	named

	IdentityName string   `required:""`
	Issuer       string   `required:""`
	Subject      string   `required:""`
	Audiences    []string `required:"" sep:"none"`
}

// Run makes an identity trust tokens.
func (c *credentialCreate) Run(m *manager) error {
	id := named{Name: c.IdentityName, ResourceGroup: c.ResourceGroup}.identity(m) + "/federatedIdentityCredentials/" + c.Name

	return m.send(http.MethodPut, id, identityAPI, object{"properties": object{"issuer": c.Issuer, "subject": c.Subject, "audiences": c.Audiences}})
}

type definitionCreate struct {
	RoleDefinition string `required:""`
}

// Run creates a role from JSON, whose names may begin with a capital.
func (c *definitionCreate) Run(m *manager) error {
	var wants struct {
		Name             string   `json:"name"`
		Description      string   `json:"description"`
		Actions          []string `json:"actions"`
		NotActions       []string `json:"notActions"`
		DataActions      []string `json:"dataActions"`
		NotDataActions   []string `json:"notDataActions"`
		AssignableScopes []string `json:"assignableScopes"`
	}

	decoder := json.NewDecoder(strings.NewReader(c.RoleDefinition))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&wants); err != nil {
		return fmt.Errorf("cannot read role definition: %w", err)
	}

	if len(wants.AssignableScopes) == 0 {
		return errors.New("'AssignableScopes' is a required field")
	}

	return m.send(http.MethodPut, wants.AssignableScopes[0]+authorization+"roleDefinitions/"+uuid.NewString(), roleAPI, object{"properties": object{
		"roleName": wants.Name, "description": wants.Description, "type": "CustomRole", "assignableScopes": wants.AssignableScopes,
		"permissions": []object{{
			"actions": wants.Actions, "notActions": wants.NotActions, "dataActions": wants.DataActions, "notDataActions": wants.NotDataActions,
		}},
	}})
}

type assignmentCreate struct {
	Role                  string `required:""`
	AssigneeObjectID      string `required:""`
	AssigneePrincipalType string `required:""`
	Scope                 string `required:""`
	Condition             string
	ConditionVersion      string
}

// Run assigns a role by its name. An existing assignment is not an error.
func (c *assignmentCreate) Run(m *manager) error {
	if err := m.send(http.MethodGet, c.Scope+authorization+"roleDefinitions", roleAPI, nil, "$filter", "roleName eq '"+c.Role+"'"); err != nil {
		return err
	}

	found, _ := m.answer["value"].([]any)
	if len(found) != 1 {
		return fmt.Errorf("role '%s' doesn't exist", c.Role)
	}

	role, _ := found[0].(object)
	properties := object{"roleDefinitionId": role["id"], "principalId": c.AssigneeObjectID, "principalType": c.AssigneePrincipalType}

	if c.Condition != "" {
		maps.Copy(properties, object{"condition": c.Condition, "conditionVersion": c.ConditionVersion})
	}

	m.answer = nil
	err := m.send(http.MethodPut, c.Scope+authorization+"roleAssignments/"+uuid.NewString(), roleAPI, object{"properties": properties})

	if refused, ok := errors.AsType[*azcore.ResponseError](err); ok && refused.ErrorCode == "RoleAssignmentExists" {
		fmt.Fprintln(os.Stderr, refused)

		return nil
	}

	return err
}
