// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/crossplane/upjet/v2/pkg/config"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	endpointType     = "azurerm_private_endpoint"
	endpointVersion  = "2023-11-01"
	endpointPath     = "Microsoft.Network/privateEndpoints/"
	endpointTemplate = "/subscriptions/{{ .setup.configuration.subscription_id }}/resourceGroups/{{ .parameters.resource_group_name }}" +
		"/providers/" + endpointPath + "{{ .external_name }}"
)

func endpointGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "network.azure.m.upbound.io", Version: "v1beta1", Kind: "PrivateEndpoint"}
}

type privateEndpoint struct{}

func (privateEndpoint) terraformType() string { return endpointType }

// endpointKind is azurerm_private_endpoint, without aliases and addresses (azurerm v4.54.0,
// network/private_endpoint_resource.go).
func endpointKind() kind {
	r := &azurerm{
		name: endpointType, version: endpointVersion, external: config.TemplatedStringAsIdentifier("name", endpointTemplate),
		segments: "/subscriptions/*/resourceGroups/*/providers/" + endpointPath + "*", change: http.MethodPut,
		schema: map[string]*tf.Schema{
			"name":                fixed(required()),
			"location":            locationSchema(),
			"resource_group_name": fixed(required()),
			"subnet_id":           fixed(required()),
			"tags":                texts(tf.TypeMap),
			"private_service_connection": block(map[string]*tf.Schema{
				"name":                           fixed(required()),
				"is_manual_connection":           fixed(&tf.Schema{Type: tf.TypeBool, Required: true}),
				"private_connection_resource_id": fixed(optional(tf.TypeString)),
				"request_message":                optional(tf.TypeString),
				"subresource_names":              fixed(texts(tf.TypeList)),
			}),
			"private_dns_zone_group": block(map[string]*tf.Schema{
				"id": computed(), "name": required(), "private_dns_zone_ids": texts(tf.TypeList),
			}),
		},
		id: func(c *client, d *tf.ResourceData) string {
			return c.resourceID(d, endpointPath+fmt.Sprint(d.Get("name")))
		},
		body: endpointBody, more: putZones, observed: observedEndpoint,
	}

	return r.kind(endpointGVK(), &managedOf[privateEndpoint]{}, nil)
}

func endpointBody(_ context.Context, _ *client, d *tf.ResourceData) (object, error) {
	connection := asObject(asList(d.Get("private_service_connection"))[0])
	link := object{"privateLinkServiceId": connection["private_connection_resource_id"], "groupIds": connection["subresource_names"]}
	connections := "privateLinkServiceConnections"

	if connection["is_manual_connection"] == true {
		link["requestMessage"], connections = connection["request_message"], "manualPrivateLinkServiceConnections"
	}

	return object{"location": location(fmt.Sprint(d.Get("location"))), "tags": d.Get("tags"), "properties": object{
		"subnet": object{"id": d.Get("subnet_id")}, connections: []any{object{"name": connection["name"], "properties": link}},
	}}, nil
}

// putZones replaces a changed zone group.
func putZones(ctx context.Context, c *client, d *tf.ResourceData) error {
	group := func(groups any) string {
		for _, g := range asList(groups) {
			return d.Id() + "/privateDnsZoneGroups/" + text(asObject(g), "name")
		}

		return ""
	}

	if old, _ := d.GetChange("private_dns_zone_group"); d.HasChange("private_dns_zone_group") && group(old) != "" {
		if _, err := c.send(ctx, http.MethodDelete, group(old), endpointVersion, nil); err != nil {
			return fmt.Errorf("deleting %s: %w", group(old), err)
		}
	}

	for _, g := range asList(d.Get("private_dns_zone_group")) {
		zones := []any{}
		for _, id := range asList(asObject(g)["private_dns_zone_ids"]) {
			zones = append(zones, object{"name": last(fmt.Sprint(id)), "properties": object{"privateDnsZoneId": id}})
		}

		id, body := group([]any{g}), object{"properties": object{"privateDnsZoneConfigs": zones}}
		if _, err := c.send(ctx, http.MethodPut, id, endpointVersion, body); err != nil {
			return fmt.Errorf("creating %s: %w", id, err)
		}
	}

	return nil
}

// observedEndpoint also reads the network interface of an endpoint, whose errors do not matter, its zone groups, and each of them.
func observedEndpoint(ctx context.Context, c *client, d *tf.ResourceData, got object) (object, error) {
	id, p := d.Id(), properties(got)

	for _, i := range asList(p["networkInterfaces"]) {
		_, _ = c.get(ctx, text(asObject(i), "id"), endpointVersion)
	}

	groups, err := c.get(ctx, id+"/privateDnsZoneGroups", endpointVersion)
	if err != nil {
		return nil, fmt.Errorf("retrieving DNS zone groups of %s: %w", id, err)
	}

	var zoneGroups, connections []any

	for _, g := range asList(groups["value"]) {
		group, err := c.get(ctx, text(asObject(g), "id"), endpointVersion)
		if err != nil {
			return nil, fmt.Errorf("retrieving DNS zone group of %s: %w", id, err)
		}

		zones := []any{}
		for _, z := range asList(properties(group)["privateDnsZoneConfigs"]) {
			zones = append(zones, properties(asObject(z))["privateDnsZoneId"])
		}

		zoneGroups = append(zoneGroups, object{"id": group["id"], "name": group["name"], "private_dns_zone_ids": zones})
	}

	for kind, manual := range map[string]bool{"privateLinkServiceConnections": false, "manualPrivateLinkServiceConnections": true} {
		for _, l := range asList(p[kind]) {
			link := properties(asObject(l))
			connections = append(connections, object{
				"name": asObject(l)["name"], "is_manual_connection": manual, "private_connection_resource_id": link["privateLinkServiceId"],
				"request_message": link["requestMessage"], "subresource_names": link["groupIds"],
			})
		}
	}

	return object{
		"name": last(id), "resource_group_name": resourceGroup(id), "location": location(text(got, "location")), "tags": got["tags"],
		"subnet_id": text(p, "subnet", "id"), "private_service_connection": connections, "private_dns_zone_group": zoneGroups,
	}, nil
}
