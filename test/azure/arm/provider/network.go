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
	endpointTemplate = "/subscriptions/{{ .setup.configuration.subscription_id }}/resourceGroups/{{ .parameters.resource_group_name }}" +
		"/providers/Microsoft.Network/privateEndpoints/{{ .external_name }}"
)

func endpointGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "network.azure.m.upbound.io", Version: "v1beta1", Kind: "PrivateEndpoint"}
}

type endpointParameters struct {
	ID                *string            `json:"id,omitempty"                       tf:"id,omitempty"`
	Location          *string            `json:"location,omitempty"                 tf:"location,omitempty"`
	ResourceGroupName *string            `json:"resourceGroupName,omitempty"        tf:"resource_group_name,omitempty"`
	SubnetID          *string            `json:"subnetId,omitempty"                 tf:"subnet_id,omitempty"`
	Connection        *serviceConnection `json:"privateServiceConnection,omitempty" tf:"private_service_connection,omitempty"`
	ZoneGroup         *zoneGroup         `json:"privateDnsZoneGroup,omitempty"      tf:"private_dns_zone_group,omitempty"`
	Tags              map[string]*string `json:"tags,omitempty"                     tf:"tags,omitempty"`
}

func (endpointParameters) terraformType() string { return endpointType }

type serviceConnection struct {
	Name           *string   `json:"name,omitempty"                        tf:"name,omitempty"`
	Manual         *bool     `json:"isManualConnection,omitempty"          tf:"is_manual_connection,omitempty"`
	ResourceID     *string   `json:"privateConnectionResourceId,omitempty" tf:"private_connection_resource_id,omitempty"`
	RequestMessage *string   `json:"requestMessage,omitempty"              tf:"request_message,omitempty"`
	Subresources   []*string `json:"subresourceNames,omitempty"            tf:"subresource_names,omitempty"`
}

type zoneGroup struct {
	ID    *string   `json:"id,omitempty"                tf:"id,omitempty"`
	Name  *string   `json:"name,omitempty"              tf:"name,omitempty"`
	Zones []*string `json:"privateDnsZoneIds,omitempty" tf:"private_dns_zone_ids,omitempty"`
}

// endpointKind is azurerm_private_endpoint, without aliases and addresses (azurerm v4.54.0,
// network/private_endpoint_resource.go).
func endpointKind() kind {
	return newKind(endpointGVK(), &managedOf[endpointParameters]{}, endpointType, config.TemplatedStringAsIdentifier("name", endpointTemplate), &tf.Resource{
		Schema: map[string]*tf.Schema{
			"name":                fixed(required()),
			"location":            locationSchema(),
			"resource_group_name": fixed(required()),
			"subnet_id":           fixed(required()),
			"tags":                tagsSchema(),
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
		CreateContext: operation(createEndpoint),
		ReadContext:   operation(readEndpoint),
		UpdateContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			if err := putEndpoint(ctx, c, d); err != nil {
				return err
			}

			return readEndpoint(ctx, c, d)
		}),
		DeleteContext: operation(func(ctx context.Context, c *client, d *tf.ResourceData) error {
			if _, err := c.send(ctx, http.MethodDelete, d.Id(), endpointVersion, nil); err != nil {
				return fmt.Errorf("deleting %s: %w", d.Id(), err)
			}

			return nil
		}),
	})
}

func createEndpoint(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := c.resourceID(d, "Microsoft.Network/privateEndpoints/"+fmt.Sprint(d.Get("name")))

	if err := c.absent(ctx, id, endpointVersion, "presence of existing "+id, exists(endpointType, id)); err != nil {
		return err
	}

	// The endpoint stays in the state if its zone group fails.
	if err := putConnection(ctx, c, d, id); err != nil {
		return err
	}

	d.SetId(id)

	if err := putZones(ctx, c, d); err != nil {
		return err
	}

	return readEndpoint(ctx, c, d)
}

// putEndpoint sends changed arguments.
func putEndpoint(ctx context.Context, c *client, d *tf.ResourceData) error {
	if err := putConnection(ctx, c, d, d.Id()); err != nil {
		return err
	}

	if old, _ := d.GetChange("private_dns_zone_group"); d.HasChange("private_dns_zone_group") && len(asList(old)) > 0 {
		name := text(asObject(asList(old)[0]), "name")
		if _, err := c.send(ctx, http.MethodDelete, d.Id()+"/privateDnsZoneGroups/"+name, endpointVersion, nil); err != nil {
			return fmt.Errorf("deleting DNS zone group of %s: %w", d.Id(), err)
		}
	}

	return putZones(ctx, c, d)
}

func putConnection(ctx context.Context, c *client, d *tf.ResourceData, id string) error {
	connection := asObject(asList(d.Get("private_service_connection"))[0])
	link := object{"name": connection["name"], "properties": object{
		"privateLinkServiceId": connection["private_connection_resource_id"], "groupIds": connection["subresource_names"],
	}}
	p := object{"subnet": object{"id": d.Get("subnet_id")}}

	if connection["is_manual_connection"] == true {
		link["properties"].(object)["requestMessage"] = connection["request_message"] //nolint:forcetypeassert // As above.
		p["manualPrivateLinkServiceConnections"] = []any{link}
	} else {
		p["privateLinkServiceConnections"] = []any{link}
	}

	body := object{"location": location(fmt.Sprint(d.Get("location"))), "tags": d.Get("tags"), "properties": p}
	if _, err := c.send(ctx, http.MethodPut, id, endpointVersion, body); err != nil {
		return fmt.Errorf("creating %s: %w", id, err)
	}

	return nil
}

func putZones(ctx context.Context, c *client, d *tf.ResourceData) error {
	groups := asList(d.Get("private_dns_zone_group"))
	if len(groups) == 0 {
		return nil
	}

	group, zones := asObject(groups[0]), []any{}
	for _, id := range asList(group["private_dns_zone_ids"]) {
		zones = append(zones, object{"name": last(fmt.Sprint(id)), "properties": object{"privateDnsZoneId": id}})
	}

	id := d.Id() + "/privateDnsZoneGroups/" + text(group, "name")
	if _, err := c.send(ctx, http.MethodPut, id, endpointVersion, object{"properties": object{"privateDnsZoneConfigs": zones}}); err != nil {
		return fmt.Errorf("creating %s: %w", id, err)
	}

	return nil
}

// readEndpoint reads an endpoint, its network interface, whose errors do not matter, its zone groups, and each of them.
func readEndpoint(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()
	if err := checkID(id, "subscriptions", anyName, "resourceGroups", anyName, "providers", "Microsoft.Network", "privateEndpoints", anyName); err != nil {
		return err
	}

	got, err := c.read(ctx, d, endpointVersion)
	if err != nil || got == nil {
		return err
	}

	if interfaces := asList(properties(got)["networkInterfaces"]); len(interfaces) > 0 {
		_, _ = c.get(ctx, text(asObject(interfaces[0]), "id"), endpointVersion)
	}

	groups, err := c.get(ctx, id+"/privateDnsZoneGroups", endpointVersion)
	if err != nil {
		return fmt.Errorf("retrieving DNS zone groups of %s: %w", id, err)
	}

	var zoneGroups []any

	for _, g := range asList(groups["value"]) {
		group, err := c.get(ctx, text(asObject(g), "id"), endpointVersion)
		if err != nil {
			return fmt.Errorf("retrieving DNS zone group of %s: %w", id, err)
		}

		if group == nil {
			continue
		}

		zones := []any{}
		for _, z := range asList(properties(group)["privateDnsZoneConfigs"]) {
			zones = append(zones, properties(asObject(z))["privateDnsZoneId"])
		}

		zoneGroups = append(zoneGroups, object{"id": group["id"], "name": group["name"], "private_dns_zone_ids": zones})
	}

	p := properties(got)
	manual := asList(p["manualPrivateLinkServiceConnections"])
	links := append(asList(p["privateLinkServiceConnections"]), manual...)

	var connections []any

	for _, l := range links {
		link := asObject(l)
		connections = append(connections, object{
			"name": link["name"], "is_manual_connection": len(manual) > 0, "private_connection_resource_id": properties(link)["privateLinkServiceId"],
			"request_message": properties(link)["requestMessage"], "subresource_names": properties(link)["groupIds"],
		})
	}

	return set(d, object{
		"name": last(id), "resource_group_name": resourceGroup(id), "location": location(text(got, "location")), "tags": got["tags"],
		"subnet_id": text(p, "subnet", "id"), "private_service_connection": connections, "private_dns_zone_group": zoneGroups,
	})
}

func asList(v any) []any {
	list, _ := v.([]any)

	return list
}

func asObject(v any) object {
	o, _ := v.(object)

	return o
}
