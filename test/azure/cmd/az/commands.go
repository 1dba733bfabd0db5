// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

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

// Run does nothing, because every command signs in.
func (*login) Run() error { return nil }

type accountSet struct {
	Subscription string `required:""`
}

// Run sets the subscription for later commands, if it is visible.
func (c *accountSet) Run(ctx context.Context, m *manager) error {
	if _, err := m.ask(ctx, http.MethodGet, "/subscriptions/"+c.Subscription, resourcesAPI, nil); err != nil {
		return err
	}

	return m.keep(c.Subscription)
}

type groupCreate struct {
	Name     string `required:""`
	Location string `required:""`
}

// Run creates a resource group.
func (c *groupCreate) Run(ctx context.Context, m *manager, out *object) error {
	made, err := m.ask(ctx, http.MethodPut, named{ResourceGroup: c.Name}.group(m), resourcesAPI, object{"location": c.Location})
	*out = made

	return err
}

type aksShow struct {
	named
}

// Run shows a cluster.
func (c *aksShow) Run(ctx context.Context, m *manager, out *object) error {
	known, err := m.ask(ctx, http.MethodGet, c.cluster(m), clusterAPI, nil)
	if err != nil {
		return err
	}

	*out = flat(known)

	if issuer, ok := (*out)["oidcIssuerProfile"].(object); ok {
		(*out)["oidcIssuerProfile"] = object{"enabled": issuer["enabled"], "issuerUrl": issuer["issuerURL"]}
	}

	return nil
}

type aksUpdate struct {
	named

	EnableOIDCIssuer       bool `name:"enable-oidc-issuer"`
	EnableWorkloadIdentity bool
}

// Run changes a cluster.
func (c *aksUpdate) Run(ctx context.Context, m *manager, out *object) error {
	known, err := m.ask(ctx, http.MethodGet, c.cluster(m), clusterAPI, nil)
	if err != nil {
		return err
	}

	properties, _ := known["properties"].(object)
	if c.EnableOIDCIssuer {
		properties["oidcIssuerProfile"] = object{"enabled": true}
	}

	if c.EnableWorkloadIdentity {
		properties["securityProfile"] = object{"workloadIdentity": object{"enabled": true}}
	}

	if _, err := m.ask(ctx, http.MethodPut, c.cluster(m), clusterAPI, known); err != nil {
		return err
	}

	return (&aksShow{c.named}).Run(ctx, m, out)
}

type providerShow struct {
	Namespace string `required:""`
}

// Run shows whether a resource provider is registered.
func (c *providerShow) Run(ctx context.Context, m *manager, out *object) error {
	known, err := m.ask(ctx, http.MethodGet, m.subscription+"/providers/"+c.Namespace, resourcesAPI, nil)
	*out = known

	return err
}

type providerRegister struct {
	Namespace string `required:""`
	Wait      bool
}

// Run registers a resource provider. The stand-in does so at once.
func (c *providerRegister) Run(ctx context.Context, m *manager) error {
	if _, err := m.ask(ctx, http.MethodPost, m.subscription+"/providers/"+c.Namespace+"/register", resourcesAPI, nil); err != nil || !c.Wait {
		return err
	}

	shown := object{}
	if err := (&providerShow{c.Namespace}).Run(ctx, m, &shown); err != nil {
		return err
	}

	if shown["registrationState"] != "Registered" {
		return fmt.Errorf("%s is %v", c.Namespace, shown["registrationState"])
	}

	return nil
}

type identityShow struct {
	named
}

// Run shows an identity.
func (c *identityShow) Run(ctx context.Context, m *manager, out *object) error {
	known, err := m.ask(ctx, http.MethodGet, c.identity(m), identityAPI, nil)
	*out = flat(known)

	return err
}

type identityCreate struct {
	named
}

// Run creates an identity in the location of its resource group.
func (c *identityCreate) Run(ctx context.Context, m *manager, out *object) error {
	group, err := m.ask(ctx, http.MethodGet, c.group(m), resourcesAPI, nil)
	if err != nil {
		return err
	}

	made, err := m.ask(ctx, http.MethodPut, c.identity(m), identityAPI, object{"location": group["location"]})
	*out = flat(made)

	return err
}

type credentialCreate struct {
	named

	IdentityName string   `required:""`
	Issuer       string   `required:""`
	Subject      string   `required:""`
	Audiences    []string `required:"" sep:"none"`
}

// Run makes an identity trust tokens.
func (c *credentialCreate) Run(ctx context.Context, m *manager, out *object) error {
	id := named{Name: c.IdentityName, ResourceGroup: c.ResourceGroup}.identity(m) + "/federatedIdentityCredentials/" + c.Name

	made, err := m.ask(ctx, http.MethodPut, id, identityAPI, object{"properties": object{
		"issuer": c.Issuer, "subject": c.Subject, "audiences": c.Audiences,
	}})
	*out = flat(made)

	return err
}

type definitionCreate struct {
	RoleDefinition string `required:""`
}

// Run creates a role from JSON, whose names may begin with a capital.
func (c *definitionCreate) Run(ctx context.Context, m *manager, out *object) error {
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

	scope := wants.AssignableScopes[0]

	known, err := m.roles(ctx, scope, wants.Name)
	if err != nil {
		return err
	}

	if len(known) > 0 {
		return fmt.Errorf("a custom role named %q exists: use `az role definition update`", wants.Name)
	}

	id := scope + authorization + "roleDefinitions/" + uuid.NewString()

	made, err := m.ask(ctx, http.MethodPut, id, roleAPI, object{"properties": object{
		"roleName": wants.Name, "description": wants.Description, "type": "CustomRole", "assignableScopes": wants.AssignableScopes,
		"permissions": []object{{
			"actions": wants.Actions, "notActions": wants.NotActions, "dataActions": wants.DataActions, "notDataActions": wants.NotDataActions,
		}},
	}})
	*out = flat(made)

	return err
}

// roles returns the roles of that name on a scope.
func (m *manager) roles(ctx context.Context, scope, name string) ([]any, error) {
	found, err := m.ask(ctx, http.MethodGet, scope+authorization+"roleDefinitions", roleAPI, nil, "$filter", "roleName eq '"+name+"'")
	values, _ := found["value"].([]any)

	return values, err
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
func (c *assignmentCreate) Run(ctx context.Context, m *manager, out *object) error {
	found, err := m.roles(ctx, c.Scope, c.Role)
	if err != nil {
		return err
	}

	if len(found) != 1 {
		return fmt.Errorf("role '%s' doesn't exist", c.Role)
	}

	role, _ := found[0].(object)
	properties := object{"roleDefinitionId": role["id"], "principalId": c.AssigneeObjectID, "principalType": c.AssigneePrincipalType}

	if c.Condition != "" {
		maps.Copy(properties, object{"condition": c.Condition, "conditionVersion": c.ConditionVersion})
	}

	made, err := m.ask(ctx, http.MethodPut, c.Scope+authorization+"roleAssignments/"+uuid.NewString(), roleAPI, object{"properties": properties})

	if refused, ok := errors.AsType[*azcore.ResponseError](err); ok && refused.ErrorCode == "RoleAssignmentExists" {
		fmt.Fprintln(os.Stderr, refused)

		return nil
	}

	*out = flat(made)

	return err
}
