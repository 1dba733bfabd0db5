// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/crossplane/upjet/v2/pkg/config"
	"github.com/google/uuid"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
)

const (
	assignmentType    = "azurerm_role_assignment"
	assignmentVersion = "2022-04-01"
	definitionVersion = "2022-05-01-preview"

	roleAssignments = "/providers/Microsoft.Authorization/roleAssignments/"
)

// assignmentKind is azurerm_role_assignment, without conditions and other tenants. No field of an assignment can be changed, and its
// scope is compared case-sensitively (azurerm v4.54.0, authorization/role_assignment_resource.go).
func assignmentKind() kind {
	r := &azurerm{
		name: assignmentType, version: assignmentVersion, external: config.IdentifierFromProvider,
		schema: map[string]*tf.Schema{
			"name":                             fixed(either(tf.TypeString)),
			"scope":                            fixed(required()),
			"role_definition_id":               folded(fixed(either(tf.TypeString))),
			"role_definition_name":             folded(fixed(either(tf.TypeString))),
			"principal_id":                     fixed(required()),
			"principal_type":                   fixed(either(tf.TypeString)),
			"skip_service_principal_aad_check": either(tf.TypeBool),
			"description":                      fixed(optional(tf.TypeString)),
		},
		id: func(_ *client, d *tf.ResourceData) string {
			name, ok := d.GetOk("name")
			if !ok {
				name = uuid.NewString()
			}

			return fmt.Sprint(d.Get("scope"), roleAssignments, name)
		},
		body: assignmentBody, settle: replicated(assignmentVersion, 5), observed: observedAssignment,
	}

	return r.kind(v1beta1.RoleAssignment_GroupVersionKind, &v1beta1.RoleAssignment{}, nil)
}

func assignmentBody(ctx context.Context, c *client, d *tf.ResourceData) (object, error) {
	p := object{"roleDefinitionId": d.Get("role_definition_id"), "principalId": d.Get("principal_id"), "description": d.Get("description")}

	if name, ok := d.GetOk("role_definition_name"); ok {
		answer, err := c.send(ctx, http.MethodGet, fmt.Sprint(d.Get("scope"), "/providers/Microsoft.Authorization/roleDefinitions"), definitionVersion, nil,
			"$filter", fmt.Sprintf("roleName eq '%s'", name))
		if err != nil {
			return nil, fmt.Errorf("listing role definitions: %w", err)
		}

		found := asList(answer["value"])
		if len(found) != 1 {
			return nil, fmt.Errorf("listing role definitions: could not find role `%s`", name)
		}

		p["roleDefinitionId"] = text(asObject(found[0]), "id")
	}

	if d.Get("skip_service_principal_aad_check") == true {
		p["principalType"] = "ServicePrincipal"
	}

	if typ, ok := d.GetOk("principal_type"); ok {
		p["principalType"] = typ
	}

	return object{"properties": p}, nil
}

// observedAssignment also reads the role of an assignment, for its name.
func observedAssignment(ctx context.Context, c *client, d *tf.ResourceData, got object) (object, error) {
	if !strings.Contains(d.Id(), roleAssignments) {
		return nil, fmt.Errorf("parsing %q: it is not the id of a role assignment", d.Id())
	}

	p := properties(got)
	role := text(p, "roleDefinitionId")

	definition, err := c.get(ctx, role, definitionVersion)
	if err == nil && definition == nil {
		err = errors.New("it does not exist")
	}

	if err != nil {
		return nil, fmt.Errorf("retrieving Role Definition %q: %w", role, err)
	}

	return object{
		"name": text(got, "name"), "scope": p["scope"], "principal_id": p["principalId"], "principal_type": p["principalType"],
		"description": p["description"], "role_definition_id": role, "role_definition_name": text(definition, "properties", "roleName"),
	}, nil
}
