// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/crossplane/upjet/v2/pkg/config"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	diagnosticsType    = "azurerm_monitor_diagnostic_setting"
	diagnosticsVersion = "2021-05-01-preview"
	diagnosticsFinds   = 3
)

func diagnosticsGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "insights.azure.m.upbound.io", Version: "v1beta1", Kind: "MonitorDiagnosticSetting"}
}

type diagnosticsParameters struct {
	ID               *string      `json:"id,omitempty"                      tf:"id,omitempty"`
	Name             *string      `json:"name,omitempty"                    tf:"name,omitempty"`
	TargetResourceID *string      `json:"targetResourceId,omitempty"        tf:"target_resource_id,omitempty"`
	WorkspaceID      *string      `json:"logAnalyticsWorkspaceId,omitempty" tf:"log_analytics_workspace_id,omitempty"`
	EnabledLog       []enabledLog `json:"enabledLog,omitempty"              tf:"enabled_log,omitempty"`
}

func (diagnosticsParameters) terraformType() string { return diagnosticsType }

type enabledLog struct {
	Category      *string `json:"category,omitempty"      tf:"category,omitempty"`
	CategoryGroup *string `json:"categoryGroup,omitempty" tf:"category_group,omitempty"`
}

// diagnosticsKind is azurerm_monitor_diagnostic_setting for logs to a workspace (azurerm v4.54.0,
// monitor/monitor_diagnostic_setting_resource.go).
func diagnosticsKind(pace Pace) kind {
	return newKind(diagnosticsGVK(), &managedOf[diagnosticsParameters]{}, diagnosticsType, config.IdentifierFromProvider, &tf.Resource{
		Schema: map[string]*tf.Schema{
			"name":                       fixed(required()),
			"target_resource_id":         fixed(required()),
			"log_analytics_workspace_id": optional(tf.TypeString),
			"enabled_log": {Type: tf.TypeSet, Optional: true, Elem: &tf.Resource{Schema: map[string]*tf.Schema{
				"category": optional(tf.TypeString), "category_group": optional(tf.TypeString),
			}}},
		},
		CreateContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			id := fmt.Sprintf("%s|%s", d.Get("target_resource_id"), d.Get("name"))

			what := fmt.Sprintf("presence of existing Monitor Diagnostic Setting %q", id)
			if err := c.absent(ctx, diagnosticsPath(id), diagnosticsVersion, what, exists(diagnosticsType, id)); err != nil {
				return err
			}

			if err := putDiagnostics(ctx, c, d, id); err != nil {
				return err
			}

			if err := replicated(ctx, c, diagnosticsPath(id), diagnosticsVersion, diagnosticsFinds, pace); err != nil {
				return fmt.Errorf("waiting for Monitor Diagnostic Setting %q: %w", id, err)
			}

			d.SetId(id)

			return readDiagnostics(ctx, c, d)
		}),
		ReadContext: operation(readDiagnostics),
		UpdateContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			if err := putDiagnostics(ctx, c, d, d.Id()); err != nil {
				return err
			}

			return readDiagnostics(ctx, c, d)
		}),
		DeleteContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			if _, err := c.send(ctx, http.MethodDelete, diagnosticsPath(d.Id()), diagnosticsVersion, nil); err != nil {
				return fmt.Errorf("deleting Monitor Diagnostic Setting %q: %w", d.Id(), err)
			}

			return nil
		}),
	})
}

// diagnosticsPath returns the id in Azure. Terraform's has a vertical bar.
func diagnosticsPath(id string) string {
	target, name, _ := strings.Cut(id, "|")

	return target + "/providers/Microsoft.Insights/diagnosticSettings/" + name
}

func putDiagnostics(ctx context.Context, c *client, d *tf.ResourceData, id string) error {
	logs := []any{}

	if enabled, ok := d.Get("enabled_log").(*tf.Set); ok {
		for _, l := range enabled.List() {
			logs = append(logs, object{"category": asObject(l)["category"], "categoryGroup": asObject(l)["category_group"], "enabled": true})
		}
	}

	body := object{"properties": object{"workspaceId": d.Get("log_analytics_workspace_id"), "logs": logs}}
	if _, err := c.send(ctx, http.MethodPut, diagnosticsPath(id), diagnosticsVersion, body); err != nil {
		return fmt.Errorf("creating Monitor Diagnostics Setting %q: %w", id, err)
	}

	return nil
}

func readDiagnostics(ctx context.Context, c *client, d *tf.ResourceData) error {
	target, name, ok := strings.Cut(d.Id(), "|")
	if !ok {
		return fmt.Errorf("parsing %q: expected it to have the form target|name", d.Id())
	}

	got, err := c.get(ctx, diagnosticsPath(d.Id()), diagnosticsVersion)
	if err != nil {
		return fmt.Errorf("retrieving Monitor Diagnostics Setting %q: %w", d.Id(), err)
	}

	if got == nil {
		d.SetId("")

		return nil
	}

	logs := []any{}
	for _, l := range asList(properties(got)["logs"]) {
		logs = append(logs, object{"category": text(asObject(l), "category"), "category_group": text(asObject(l), "categoryGroup")})
	}

	return set(d, object{
		"name": name, "target_resource_id": target, "log_analytics_workspace_id": properties(got)["workspaceId"], "enabled_log": logs,
	})
}
