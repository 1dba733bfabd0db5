// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
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

// An azurerm is a resource of Terraform's provider for Azure, which sends the same requests as the original.
type azurerm struct {
	// name is Terraform's, and version that of Azure's API.
	name    string
	version string

	external config.ExternalName
	schema   map[string]*tf.Schema

	// id returns the id of a new resource, path the id in Azure if it differs, and segments those of the id.
	id       func(c *client, d *tf.ResourceData) string
	path     func(id string) string
	segments string

	// body is the body of the request that creates a resource or changes it with method change.
	body   func(ctx context.Context, c *client, d *tf.ResourceData) (object, error)
	change string

	// settle waits until what was created exists. Later errors leave the resource in the state.
	settle func(ctx context.Context, c *client, id string) error

	// more sends further requests after a creation or change.
	more func(ctx context.Context, c *client, d *tf.ResourceData) error

	// observed returns the arguments of an answer.
	observed func(ctx context.Context, c *client, d *tf.ResourceData, got object) (object, error)

	// remove deletes a resource in another way.
	remove func(ctx context.Context, c *client, d *tf.ResourceData) error

	// wrap formats an error of a method of the original's client.
	wrap func(method string, err error) error
}

const (
	operationTimeout = 30 * time.Minute
	readTimeout      = 5 * time.Minute
)

// An action is what Terraform does with a resource, with the client of its provider configuration.
type action = func(context.Context, *client, *tf.ResourceData) error

// kind returns the kind of a resource's managed resources. Writes are wrapped, unless around is nil.
func (r *azurerm) kind(gvk schema.GroupVersionKind, object kube.Object, around func(action) action) kind {
	if around == nil {
		around = func(a action) action { return a }
	}

	do := func(a action) func(context.Context, *tf.ResourceData, any) diag.Diagnostics {
		return func(ctx context.Context, d *tf.ResourceData, meta any) diag.Diagnostics {
			c, ok := meta.(*client)
			if !ok {
				return diag.Errorf("the provider is not configured")
			}

			return diag.FromErr(a(ctx, c, d))
		}
	}

	remove := r.delete
	if r.remove != nil {
		remove = r.remove
	}

	t := &tf.Resource{
		Schema: r.schema, CreateContext: do(around(r.create)), ReadContext: do(r.read), DeleteContext: do(around(remove)),

		// These are azurerm's timeouts for all of them (v4.54.0, Timeouts of each resource).
		Timeouts: &tf.ResourceTimeout{
			Create: tf.DefaultTimeout(operationTimeout), Update: tf.DefaultTimeout(operationTimeout), Delete: tf.DefaultTimeout(operationTimeout),
			Read: tf.DefaultTimeout(readTimeout),
		},
	}
	if r.change != "" {
		t.UpdateContext = do(around(r.update))
	}

	c := config.DefaultResource(r.name, t, nil, nil)
	c.ExternalName = r.external
	// A block that can occur once is an object of the managed resource (provider-azure v2.6.0, config/registry_namespaced.go).
	if err := config.TraverseSchemas(r.name, c, &config.SingletonListEmbedder{}); err != nil {
		panic(fmt.Errorf("cannot embed the blocks of %s: %w", r.name, err))
	}

	if len(c.CRDListConversionPaths()) > 0 {
		c.TerraformConversions = []config.TerraformConversion{config.NewTFSingletonConversion()}
	}
	// There is one version, so no field is kept for another.
	c.Version, c.ControllerReconcileVersion = gvk.Version, gvk.Version //nolint:staticcheck // upjet compares them still.

	return kind{gvk: gvk, object: object, resource: c}
}

// failed wraps an error of a request.
func (r *azurerm) failed(doing, id, method string, err error) error {
	if r.wrap != nil {
		err = r.wrap(method, err)
	}

	return fmt.Errorf("%s %s: %w", doing, id, err)
}

func (r *azurerm) pathOf(id string) string {
	if r.path != nil {
		return r.path(id)
	}

	return id
}

// create creates what does not exist (azurerm v4.54.0, helpers/tf/errors.go).
func (r *azurerm) create(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := r.id(c, d)

	switch there, err := c.get(ctx, r.pathOf(id), r.version); {
	case err != nil:
		return r.failed("checking for presence of existing", id, "Get", err)
	case there != nil:
		return fmt.Errorf("a resource with the ID %q already exists - to be managed via Terraform this resource needs to be imported into the "+
			"State. Please see the resource documentation for %q for more information", id, r.name)
	}

	err := r.send(ctx, c, d, http.MethodPut, id)
	if err == nil && r.settle != nil {
		err = r.settle(ctx, c, r.pathOf(id))
	}

	if err != nil {
		return r.failed("creating", id, "CreateOrUpdate", err)
	}

	d.SetId(id)

	return r.finish(ctx, c, d)
}

func (r *azurerm) update(ctx context.Context, c *client, d *tf.ResourceData) error {
	if err := r.send(ctx, c, d, r.change, d.Id()); err != nil {
		return r.failed("updating", d.Id(), "Update", err)
	}

	return r.finish(ctx, c, d)
}

func (r *azurerm) finish(ctx context.Context, c *client, d *tf.ResourceData) error {
	if r.more != nil {
		if err := r.more(ctx, c, d); err != nil {
			return err
		}
	}

	return r.read(ctx, c, d)
}

func (r *azurerm) send(ctx context.Context, c *client, d *tf.ResourceData, method, id string) error {
	body, err := r.body(ctx, c, d)
	if err != nil {
		return err
	}

	_, err = c.send(ctx, method, r.pathOf(id), r.version, body)

	return err
}

// read reads a resource, and clears its id if it does not exist. The segments of its id are compared case-sensitively.
func (r *azurerm) read(ctx context.Context, c *client, d *tf.ResourceData) error {
	id := d.Id()
	if err := checkID(id, r.segments); err != nil {
		return err
	}

	got, err := c.get(ctx, r.pathOf(id), r.version)
	if err != nil {
		return r.failed("retrieving", id, "Get", err)
	}

	if got == nil {
		d.SetId("")

		return nil
	}

	observed, err := r.observed(ctx, c, d, got)
	if err != nil {
		return err
	}

	for argument, value := range observed {
		if err := d.Set(argument, value); err != nil {
			return fmt.Errorf("setting %s of %s: %w", argument, id, err)
		}
	}

	return nil
}

func (r *azurerm) delete(ctx context.Context, c *client, d *tf.ResourceData) error {
	if _, err := c.send(ctx, http.MethodDelete, r.pathOf(d.Id()), r.version, nil); err != nil && !hasStatus(err, http.StatusNotFound) {
		return r.failed("deleting", d.Id(), "Delete", err)
	}

	return nil
}

// A new resource of some kinds exists once it was found several times in a row, with this interval (azurerm v4.54.0,
// authorization/role_assignment_resource.go, retryRoleAssignmentsClient).
const replicationInterval = 5 * time.Second

// replicated waits until a new resource is found that many times in a row.
func replicated(version string, finds int) func(context.Context, *client, string) error {
	return func(ctx context.Context, c *client, id string) error {
		wait := &retry.StateChangeConf{
			Pending: []string{"pending"}, Target: []string{"ready"}, Timeout: operationTimeout,
			MinTimeout: c.pace.of(replicationInterval), ContinuousTargetOccurence: finds,
			Refresh: func() (any, string, error) {
				got, err := c.get(ctx, id, version)

				return id, map[bool]string{true: "ready", false: "pending"}[got != nil], err
			},
		}

		_, err := wait.WaitForStateContext(ctx)

		return err //nolint:wrapcheck // The caller wraps it.
	}
}

// A Pace scales the waits of the real provider: 1 keeps them, 0.01 waits for a hundredth of the time.
type Pace float64

func (p Pace) of(d time.Duration) time.Duration { return time.Duration(float64(d) * float64(p)) }

// An object is JSON.
type object = map[string]any

// checkID checks the segments of an id, case-sensitively. An asterisk matches any segment, and no segments match any id.
func checkID(id, segments string) error {
	got, want := strings.Split(id, "/"), strings.Split(segments, "/")
	if segments != "" && len(got) != len(want) {
		return fmt.Errorf("parsing %q: expected %d segments, got %d", id, len(want), len(got))
	}

	for i := range want {
		if segments != "" && want[i] != "*" && got[i] != want[i] {
			return fmt.Errorf("parsing %q: the segment at position %d didn't match: expected %q, got %q", id, i, want[i], got[i])
		}
	}

	return nil
}

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
		o = asObject(o[name])
	}

	s, _ := o[path[len(path)-1]].(string)

	return s
}

// properties returns the properties of an answer.
func properties(answer object) object { return asObject(answer["properties"]) }

func asList(v any) []any {
	list, _ := v.([]any)

	return list
}

func asObject(v any) object {
	o, _ := v.(object)

	return o
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

// texts returns the schema of a list, a set or a map of texts.
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
