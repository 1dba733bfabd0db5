package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/google/uuid"
	"github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
)

const assignmentVersion = "2022-04-01"

// assignmentKind is azurerm_role_assignment.
func assignmentKind() *kind {
	names := &roleNames{}

	return &kind{
		gvk:     v1beta1.RoleAssignment_GroupVersionKind,
		new:     func() resource.Terraformed { return &v1beta1.RoleAssignment{} },
		list:    &v1beta1.RoleAssignmentList{},
		version: assignmentVersion,
		fixed: []string{
			"condition", "condition_version", "description", "name", "principal_id", "principal_type", "role_definition_id",
			"role_definition_name", "scope",
		},
		folded:         []string{"role_definition_id", "role_definition_name"},
		update:         http.MethodPut,
		idFromProvider: true,
		id: func(_ *client, _ string, params object) (string, error) {
			if err := need(params, "scope", "principal_id"); err != nil {
				return "", err
			}

			name := text(params["name"])
			if name == "" {
				name = uuid.NewString()
			}

			return text(params["scope"]) + "/providers/Microsoft.Authorization/roleAssignments/" + name, nil
		},
		encode: names.encode,
		decode: names.decode,
	}
}

// roleNames knows the built-in roles that were asked for, by name and by id. Each is asked for once.
type roleNames struct {
	mu    sync.Mutex
	ids   map[string]string
	names map[string]string
}

func (r *roleNames) encode(ctx context.Context, c *client, _ string, params, _ object) (object, error) {
	p := pick(params, map[string]string{
		"principal_id": "principalId", "principal_type": "principalType", "role_definition_id": "roleDefinitionId",
		"description": "description", "condition": "condition", "condition_version": "conditionVersion",
	})

	if params["skip_service_principal_aad_check"] == true {
		p["principalType"] = "ServicePrincipal"
	}

	if text(p["roleDefinitionId"]) == "" {
		id, err := r.id(ctx, c, text(params["scope"]), text(params["role_definition_name"]))
		if err != nil {
			return nil, err
		}

		p["roleDefinitionId"] = id
	}

	return object{"properties": p}, nil
}

// id of the role of that name on a scope.
func (r *roleNames) id(ctx context.Context, c *client, scope, name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("one of %q and %q is required", "role_definition_id", "role_definition_name")
	}

	r.mu.Lock()
	known := r.ids[strings.ToLower(name)]
	r.mu.Unlock()

	if known != "" {
		return definition(c, known), nil
	}

	found, err := c.list(ctx, scope+"/providers/Microsoft.Authorization/roleDefinitions", assignmentVersion,
		"roleName eq '"+strings.ReplaceAll(name, "'", "''")+"'")
	if err != nil {
		return "", fmt.Errorf("loading Role Definition List: %w", err)
	}

	if len(found) != 1 {
		return "", fmt.Errorf("loading Role Definition List: could not find role '%s'", name)
	}

	r.put(found[0])

	return definition(c, text(found[0]["name"])), nil
}

// name of the role of that id.
func (r *roleNames) name(ctx context.Context, c *client, id string) (string, error) {
	r.mu.Lock()
	known := r.names[last(id)]
	r.mu.Unlock()

	if known != "" {
		return known, nil
	}

	found, err := c.get(ctx, id, assignmentVersion)
	if err != nil {
		return "", fmt.Errorf("loading Role Definition: %w", err)
	}

	r.put(found)

	return text(properties(found)["roleName"]), nil
}

func (r *roleNames) put(found object) {
	r.mu.Lock()
	defer r.mu.Unlock()

	if r.ids == nil {
		r.ids, r.names = map[string]string{}, map[string]string{}
	}

	id, name := text(found["name"]), text(properties(found)["roleName"])
	r.ids[strings.ToLower(name)], r.names[id] = id, name
}

// definition is the id of a role's definition in the client's subscription.
func definition(c *client, id string) string {
	return "/subscriptions/" + c.subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + id
}

func (r *roleNames) decode(ctx context.Context, c *client, id string, body object) (object, bool, error) {
	p := properties(body)

	name, err := r.name(ctx, c, text(p["roleDefinitionId"]))
	if err != nil {
		return nil, false, err
	}

	return object{
		"id": id, "name": body["name"], "scope": p["scope"], "principal_id": p["principalId"], "principal_type": p["principalType"],
		"role_definition_id": p["roleDefinitionId"], "role_definition_name": name, "description": text(p["description"]),
	}, true, nil
}
