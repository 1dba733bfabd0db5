// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/upjet/v2/pkg/config"
	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
)

const (
	assignmentType    = "azurerm_role_assignment"
	assignmentVersion = "2022-04-01"
	definitionVersion = "2022-05-01-preview"

	// A new assignment exists once it was found that often, with this interval (azurerm v4.54.0,
	// authorization/role_assignment_resource.go, retryRoleAssignmentsClient).
	replicationInterval = 5 * time.Second
	replicationFinds    = 5
)

// assignmentKind is azurerm_role_assignment, without conditions and other tenants. No field of an assignment can be changed, and its
// scope is compared case-sensitively (azurerm v4.54.0, authorization/role_assignment_resource.go).
func assignmentKind(pace Pace) kind {
	return newKind(v1beta1.RoleAssignment_GroupVersionKind, &v1beta1.RoleAssignment{}, assignmentType, config.IdentifierFromProvider, &tf.Resource{
		Schema: map[string]*tf.Schema{
			"name":                             fixed(either(tf.TypeString)),
			"scope":                            fixed(required()),
			"role_definition_id":               folded(fixed(either(tf.TypeString))),
			"role_definition_name":             folded(fixed(either(tf.TypeString))),
			"principal_id":                     fixed(required()),
			"principal_type":                   fixed(either(tf.TypeString)),
			"skip_service_principal_aad_check": either(tf.TypeBool),
			"description":                      fixed(optional(tf.TypeString)),
		},
		CreateContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			return createAssignment(ctx, c, d, pace)
		}),
		ReadContext: operation(readAssignment),
		DeleteContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			_, err := c.send(ctx, http.MethodDelete, d.Id(), assignmentVersion, nil)
			if hasStatus(err, http.StatusNotFound) {
				return nil
			}

			return err
		}),
	})
}

func createAssignment(ctx context.Context, c *client, d *tf.ResourceData, pace Pace) error {
	scope := fmt.Sprint(d.Get("scope"))

	role, err := roleDefinition(ctx, c, d, scope)
	if err != nil {
		return err
	}

	name, ok := d.GetOk("name")
	if !ok {
		name = uuid.NewString()
	}

	id := fmt.Sprintf("%s/providers/Microsoft.Authorization/roleAssignments/%s", scope, name)

	if err := c.absent(ctx, id, assignmentVersion, "presence of existing "+id, exists(assignmentType, id)); err != nil {
		return err
	}

	p := object{"roleDefinitionId": role, "principalId": d.Get("principal_id"), "description": d.Get("description")}
	if d.Get("skip_service_principal_aad_check") == true {
		p["principalType"] = "ServicePrincipal"
	}

	if typ, ok := d.GetOk("principal_type"); ok {
		p["principalType"] = typ
	}

	// An unknown principal may be new or wrong. azurerm retries for half an hour.
	err = retry.RetryContext(ctx, pace.of(operationTimeout), func() *retry.RetryError {
		_, err := c.send(ctx, http.MethodPut, id, assignmentVersion, object{"properties": p})

		refused, ok := asRefusal(err)

		switch {
		case ok && refused.status == http.StatusBadRequest && strings.Contains(refused.code, "PrincipalNotFound"):
			return retry.RetryableError(err)
		case err != nil:
			return retry.NonRetryableError(err)
		}

		if err := replicated(ctx, c, id, assignmentVersion, replicationFinds, pace); err != nil {
			return retry.NonRetryableError(fmt.Errorf("failed waiting for Role Assignment %s to finish replicating: %w", id, err))
		}

		return nil
	})
	if err != nil {
		return err //nolint:wrapcheck // It is the refusal.
	}

	d.SetId(id)

	return readAssignment(ctx, c, d)
}

// roleDefinition returns the id of the role.
func roleDefinition(ctx context.Context, c *client, d *tf.ResourceData, scope string) (string, error) {
	name, ok := d.GetOk("role_definition_name")
	if !ok {
		return fmt.Sprint(d.Get("role_definition_id")), nil
	}

	answer, err := c.send(ctx, http.MethodGet, scope+"/providers/Microsoft.Authorization/roleDefinitions", definitionVersion, nil,
		"$filter", fmt.Sprintf("roleName eq '%s'", name))
	if err != nil {
		return "", fmt.Errorf("listing role definitions: %w", err)
	}

	found, _ := answer["value"].([]any)
	if len(found) != 1 {
		return "", fmt.Errorf("listing role definitions: could not find role `%s`", name)
	}

	one, _ := found[0].(object)

	return text(one, "id"), nil
}

// replicated waits until a new resource is found that many times in a row.
func replicated(ctx context.Context, c *client, id, version string, finds int, pace Pace) error {
	wait := &retry.StateChangeConf{
		Pending: []string{"pending"}, Target: []string{"ready"}, Timeout: operationTimeout,
		MinTimeout: pace.of(replicationInterval), ContinuousTargetOccurence: finds,
		Refresh: func() (any, string, error) {
			got, err := c.get(ctx, id, version)

			switch {
			case err != nil:
				return id, "failed", err
			case got == nil:
				return id, "pending", nil
			default:
				return id, "ready", nil
			}
		},
	}

	_, err := wait.WaitForStateContext(ctx)

	return err //nolint:wrapcheck // The caller wraps it.
}

// readAssignment reads an assignment, and then its role for the name.
func readAssignment(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()
	if !strings.Contains(id, "/providers/Microsoft.Authorization/roleAssignments/") {
		return fmt.Errorf("parsing %q: it is not the id of a role assignment", id)
	}

	got, err := c.read(ctx, d, assignmentVersion)
	if err != nil || got == nil {
		return err
	}

	p := properties(got)
	role := text(p, "roleDefinitionId")

	definition, err := c.get(ctx, role, definitionVersion)
	if err == nil && definition == nil {
		err = errors.New("it does not exist")
	}

	if err != nil {
		return fmt.Errorf("retrieving Role Definition %q: %w", role, err)
	}

	return set(d, object{
		"name": text(got, "name"), "scope": p["scope"], "principal_id": p["principalId"], "principal_type": p["principalType"],
		"description": p["description"], "role_definition_id": role, "role_definition_name": text(definition, "properties", "roleName"),
	})
}
