// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
)

// A kind of managed resources, with the Terraform resource that upjet reconciles them with.
type kind struct {
	gvk      schema.GroupVersionKind
	object   kube.Object
	resource *config.Resource
}

func newKind(gvk schema.GroupVersionKind, object kube.Object, name string, external config.ExternalName, r *tf.Resource) kind {
	// These are azurerm's timeouts for all of them (v4.54.0, Timeouts of each resource).
	r.Timeouts = &tf.ResourceTimeout{
		Create: tf.DefaultTimeout(operationTimeout), Update: tf.DefaultTimeout(operationTimeout), Delete: tf.DefaultTimeout(operationTimeout),
		Read: tf.DefaultTimeout(readTimeout),
	}

	c := config.DefaultResource(name, r, nil, nil)
	c.ExternalName = external
	// A block that can occur once is an object of the managed resource (provider-azure v2.6.0, config/registry_namespaced.go).
	if err := config.TraverseSchemas(name, c, &config.SingletonListEmbedder{}); err != nil {
		panic(fmt.Errorf("cannot embed the blocks of %s: %w", name, err))
	}

	if len(c.CRDListConversionPaths()) > 0 {
		c.TerraformConversions = []config.TerraformConversion{config.NewTFSingletonConversion()}
	}
	// There is one version, so no field is kept for another.
	c.Version, c.ControllerReconcileVersion = gvk.Version, gvk.Version //nolint:staticcheck // upjet compares them still.

	return kind{gvk: gvk, object: object, resource: c}
}

const (
	operationTimeout = 30 * time.Minute
	readTimeout      = 5 * time.Minute
)

// A Pace scales the waits of the real provider: 1 keeps them, 0.01 waits for a hundredth of the time.
type Pace float64

func (p Pace) of(d time.Duration) time.Duration { return time.Duration(float64(d) * float64(p)) }

// An object is JSON.
type object = map[string]any

// operation adapts a function on a resource, which gets the client of its provider configuration.
func operation(do func(context.Context, *client, *tf.ResourceData) error) func(context.Context, *tf.ResourceData, any) diag.Diagnostics {
	return func(ctx context.Context, d *tf.ResourceData, meta any) diag.Diagnostics {
		c, ok := meta.(*client)
		if !ok {
			return diag.Errorf("the provider is not configured")
		}

		return diag.FromErr(do(ctx, c, d))
	}
}

// set sets observed arguments.
func set(d *tf.ResourceData, observed object) error {
	errs := make([]error, 0, len(observed))
	for argument, value := range observed {
		errs = append(errs, d.Set(argument, value))
	}

	return errors.Join(errs...)
}

// exists is the error for creating something that exists (azurerm v4.54.0, helpers/tf/errors.go).
func exists(typ, id string) error {
	return fmt.Errorf("a resource with the ID %q already exists - to be managed via Terraform this resource needs to be imported into the "+
		"State. Please see the resource documentation for %q for more information", id, typ)
}

// checkID checks the segments of an id, case-sensitively. anyName matches any segment.
func checkID(id string, segments ...string) error {
	got := strings.Split(strings.TrimPrefix(id, "/"), "/")
	if len(got) != len(segments) {
		return fmt.Errorf("parsing %q: expected %d segments, got %d", id, len(segments), len(got))
	}

	for i, want := range segments {
		if want != anyName && got[i] != want {
			return fmt.Errorf("parsing %q: the segment at position %d didn't match: expected %q, got %q", id, i, want, got[i])
		}
	}

	return nil
}

// anyName matches any segment of an id.
const anyName = "*"

// last returns the last segment of an id.
func last(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// resourceGroup returns the resource group of an id.
func resourceGroup(id string) string {
	_, rest, _ := strings.Cut(id, "/resourceGroups/")
	name, _, _ := strings.Cut(rest, "/")

	return name
}

// text returns the text at a path of an answer, or nothing.
func text(o object, path ...string) string {
	for _, name := range path[:len(path)-1] {
		o, _ = o[name].(object)
	}

	s, _ := o[path[len(path)-1]].(string)

	return s
}

// properties returns the properties of an answer.
func properties(answer object) object {
	p, _ := answer["properties"].(object)

	return p
}

// location returns a location in Azure's spelling.
func location(l string) string { return strings.ToLower(strings.ReplaceAll(l, " ", "")) }

// These are schemas of arguments. Fixed ones cannot change without replacing the resource, which
// upjet rejects.

func required() *tf.Schema { return &tf.Schema{Type: tf.TypeString, Required: true} }

func optional(t tf.ValueType) *tf.Schema { return &tf.Schema{Type: t, Optional: true} }

func computed() *tf.Schema { return &tf.Schema{Type: tf.TypeString, Computed: true} }

// either returns the schema of an argument that is given or observed.
func either(t tf.ValueType) *tf.Schema { return &tf.Schema{Type: t, Optional: true, Computed: true} }

// texts returns the schema of a list or a set of texts.
func texts(t tf.ValueType) *tf.Schema {
	return &tf.Schema{Type: t, Optional: true, Elem: &tf.Schema{Type: tf.TypeString}}
}

// block returns the schema of a block that can occur once.
func block(arguments map[string]*tf.Schema) *tf.Schema {
	return &tf.Schema{Type: tf.TypeList, Optional: true, MaxItems: 1, Elem: &tf.Resource{Schema: arguments}}
}

func fixed(s *tf.Schema) *tf.Schema {
	s.ForceNew = true

	return s
}

// folded ignores case in comparisons.
func folded(s *tf.Schema) *tf.Schema {
	s.DiffSuppressFunc = func(_, old, wanted string, _ *tf.ResourceData) bool { return strings.EqualFold(old, wanted) }

	return s
}

func locationSchema() *tf.Schema {
	s := fixed(required())
	s.StateFunc = func(v any) string { return location(fmt.Sprint(v)) }
	s.DiffSuppressFunc = func(_, old, wanted string, _ *tf.ResourceData) bool { return location(old) == location(wanted) }

	return s
}

func tagsSchema() *tf.Schema {
	return &tf.Schema{Type: tf.TypeMap, Optional: true, Elem: &tf.Schema{Type: tf.TypeString}}
}
