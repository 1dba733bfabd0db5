package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure"
)

// owner is the role of those who may do everything in a subscription.
const owner = "Owner"

// subscriptionCommand has what is done to subscriptions.
type subscriptionCommand struct {
	List   subscriptionList   `cmd:"" help:"List the subscriptions with their resource groups."`
	Create subscriptionCreate `cmd:"" help:"Create or change a subscription."`
	Group  subscriptionGroup  `cmd:"" help:"Create a resource group."`
}

type subscriptionList struct {
	client
}

// Run prints a line for each.
func (c *subscriptionList) Run(ctx context.Context, s streams) error {
	var got []azure.Subscription
	if err := c.call(ctx, http.MethodGet, "/subscriptions", nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "ID\tTENANT\tOWNERS\tRESOURCE GROUPS", got, func(sub azure.Subscription) string {
		groups := make([]string, 0, len(sub.ResourceGroups))
		for _, g := range sub.ResourceGroups {
			groups = append(groups, g.Name)
		}

		var owners []string

		for _, a := range sub.RoleAssignments {
			if a.Role == owner {
				owners = append(owners, a.PrincipalID)
			}
		}

		return fmt.Sprintf("%s\t%s\t%s\t%s", sub.ID, sub.TenantID, strings.Join(owners, ","), strings.Join(groups, ","))
	})
}

type subscriptionCreate struct {
	client

	Subscription string   `arg:""`
	Tenant       string   `arg:""`
	Owner        []string `help:"Principal id of who may do everything in it."`
}

// Run creates it.
func (c *subscriptionCreate) Run(ctx context.Context) error {
	sub := azure.Subscription{TenantID: c.Tenant}
	for _, id := range c.Owner {
		sub.RoleAssignments = append(sub.RoleAssignments, azure.ScopedRoleAssignment{PrincipalID: id, Role: owner})
	}

	return c.call(ctx, http.MethodPut, path("subscriptions", c.Subscription), sub, nil)
}

type subscriptionGroup struct {
	client

	Subscription string `arg:""`
	Group        string `arg:""`
	Location     string `arg:"" default:"westeurope"`
}

// Run creates it.
func (c *subscriptionGroup) Run(ctx context.Context) error {
	return c.call(ctx, http.MethodPut, path("subscriptions", c.Subscription, "resourcegroups", c.Group), azure.ResourceGroup{Location: c.Location}, nil)
}

// delaysCommand makes what is made through the resource manager have its effect later.
type delaysCommand struct {
	client

	Principal  time.Duration `help:"How long the directory takes to know a new identity."`
	Credential time.Duration `help:"How long Entra ID takes to know a new federated credential."`
	Role       time.Duration `help:"How long a vault takes to know a new role assignment."`
	Vault      time.Duration `help:"How long a new vault takes to be reached."`
}

// Run sets all of them.
func (c *delaysCommand) Run(ctx context.Context) error {
	delays := azure.DelaysState{
		Principal: azure.Duration(c.Principal), Credential: azure.Duration(c.Credential), Role: azure.Duration(c.Role),
		Vault: azure.Duration(c.Vault),
	}

	return c.call(ctx, http.MethodPut, "/delays", delays, nil)
}

// resourcesCommand shows what became of resources.
type resourcesCommand struct {
	client

	Events bool `help:"Show every change in order, and not how many of which kind."`
}

// Run prints a line for each.
func (c *resourcesCommand) Run(ctx context.Context, s streams) error {
	if c.Events {
		var got []azure.ARMEvent
		if err := c.call(ctx, http.MethodGet, "/resources/events", nil, &got); err != nil {
			return err
		}

		return table(s.stdout, "TIME\tACTION\tPRINCIPAL\tRESOURCE", got, func(e azure.ARMEvent) string {
			return fmt.Sprintf("%s\t%s\t%s\t%s", e.Time.Format(time.RFC3339), e.Action, e.PrincipalID, e.ResourceID)
		})
	}

	var got []azure.ARMResource
	if err := c.call(ctx, http.MethodGet, "/resources", nil, &got); err != nil {
		return err
	}

	return table(s.stdout, "CREATED\tUPDATED\tDELETED\tRECOVERED\tPURGED\tRESOURCE", got, func(r azure.ARMResource) string {
		return fmt.Sprintf("%d\t%d\t%d\t%d\t%d\t%s", r.Created, r.Updated, r.Deleted, r.Recovered, r.Purged, r.ID)
	})
}
