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
)

func diagnosticsGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "insights.azure.m.upbound.io", Version: "v1beta1", Kind: "MonitorDiagnosticSetting"}
}

type diagnosticSetting struct{}

func (diagnosticSetting) terraformType() string { return diagnosticsType }

// diagnosticsKind is azurerm_monitor_diagnostic_setting for logs to a workspace (azurerm v4.54.0,
// monitor/monitor_diagnostic_setting_resource.go).
func diagnosticsKind() kind {
	r := &azurerm{
		name: diagnosticsType, version: diagnosticsVersion, external: config.IdentifierFromProvider, change: http.MethodPut,
		schema: map[string]*tf.Schema{
			"name":                       fixed(required()),
			"target_resource_id":         fixed(required()),
			"log_analytics_workspace_id": optional(tf.TypeString),
			"enabled_log": {Type: tf.TypeSet, Optional: true, Elem: &tf.Resource{Schema: map[string]*tf.Schema{
				"category": optional(tf.TypeString), "category_group": optional(tf.TypeString),
			}}},
		},
		id: func(_ *client, d *tf.ResourceData) string {
			return fmt.Sprint(d.Get("target_resource_id"), "|", d.Get("name"))
		},
		path: func(id string) string {
			target, name, _ := strings.Cut(id, "|")

			return target + "/providers/Microsoft.Insights/diagnosticSettings/" + name
		},
		body: func(_ context.Context, _ *client, d *tf.ResourceData) (object, error) {
			logs := []any{}

			if enabled, ok := d.Get("enabled_log").(*tf.Set); ok {
				for _, l := range enabled.List() {
					logs = append(logs, object{"category": asObject(l)["category"], "categoryGroup": asObject(l)["category_group"], "enabled": true})
				}
			}

			return object{"properties": object{"workspaceId": d.Get("log_analytics_workspace_id"), "logs": logs}}, nil
		},
		settle: replicated(diagnosticsVersion, 3),
		observed: func(_ context.Context, _ *client, d *tf.ResourceData, got object) (object, error) {
			target, name, _ := strings.Cut(d.Id(), "|")

			logs := []any{}
			for _, l := range asList(properties(got)["logs"]) {
				logs = append(logs, object{"category": text(asObject(l), "category"), "category_group": text(asObject(l), "categoryGroup")})
			}

			return object{
				"name": name, "target_resource_id": target, "log_analytics_workspace_id": properties(got)["workspaceId"], "enabled_log": logs,
			}, nil
		},
	}

	return r.kind(diagnosticsGVK(), &managedOf[diagnosticSetting]{}, nil)
}
