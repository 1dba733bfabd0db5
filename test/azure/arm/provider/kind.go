package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A kind says how managed resources of it become resources of Azure, and back. Parameters and observations are those of Terraform.
type kind struct {
	gvk  schema.GroupVersionKind
	new  func() resource.Terraformed
	list xpresource.ManagedList

	// version of the API that is asked.
	version string

	// fixed are the arguments that cannot change.
	fixed []string

	// compared without regard to case, or as the last segments of ids.
	folded []string

	// idFromProvider says that the external name is the resource's id, which only the provider knows. Otherwise the external name is
	// the name of the resource.
	idFromProvider bool

	// id of the resource that these parameters describe, whose name is the external name if idFromProvider is not set.
	id func(c *client, externalName string, params object) (string, error)

	// encode makes the body of a request of parameters. The observation is nil for a new resource.
	encode func(ctx context.Context, c *client, id string, params, observed object) (object, error)

	// decode makes an observation of a body, and says whether the resource is there for good.
	decode func(ctx context.Context, c *client, id string, body object) (observed object, ready bool, err error)

	// update is the method that changes a resource.
	update string

	// remove does what has to be done after the resource was deleted, or is nil.
	remove func(ctx context.Context, c *client, observed object) error

	// exclusive is what must not be written to by two at the same time, or is nil.
	exclusive func(params object) string
}

// A change is of one argument.
type change struct {
	argument string
	from, to any
}

// changes are the arguments whose observed values are not those of the parameters, by name.
func (k *kind) changes(params, observed object) []change {
	var out []change

	for argument, want := range params {
		got, known := observed[argument]
		if known && !k.equal(argument, want, got) {
			out = append(out, change{argument: argument, from: got, to: want})
		}
	}

	slices.SortFunc(out, func(a, b change) int { return strings.Compare(a.argument, b.argument) })

	return out
}

func (k *kind) equal(argument string, a, b any) bool {
	if argument == "location" {
		return location(a) == location(b)
	}

	if slices.Contains(k.folded, argument) {
		return strings.EqualFold(last(a), last(b))
	}

	return reflect.DeepEqual(normal(a), normal(b))
}

// replaces returns an error if a change cannot be made to a resource that is there, in the words of upjet.
func (k *kind) replaces(changes []change) error {
	for _, c := range changes {
		if slices.Contains(k.fixed, c.argument) {
			return fmt.Errorf("refuse to update the external resource because the following update requires replacing it: "+
				"cannot change the value of the argument %q from %q to %q", c.argument, text(c.from), text(c.to))
		}
	}

	return nil
}

// location as Azure writes it.
func location(v any) string { return strings.ToLower(strings.ReplaceAll(text(v), " ", "")) }

// last segment of an id, or a text without segments.
func last(v any) string { return text(v)[strings.LastIndexByte(text(v), '/')+1:] }

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// normal makes numbers comparable, and nothing of what is empty.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			out = append(out, normal(one))
		}

		return out
	case object:
		out := object{}
		for key, one := range v {
			out[key] = normal(one)
		}

		return out
	default:
		return v
	}
}

// need returns the parameter of that name, or an error if it is empty.
func need(params object, names ...string) error {
	for _, name := range names {
		if text(params[name]) == "" {
			return fmt.Errorf("the argument %q is required, and no reference is resolved here", name)
		}
	}

	return nil
}

// pick puts the parameters that there are into properties of other names.
func pick(params object, names map[string]string) object {
	out := object{}

	for argument, property := range names {
		if v, ok := params[argument]; ok {
			out[property] = v
		}
	}

	return out
}

// properties of a body.
func properties(body object) object {
	p, _ := body["properties"].(object)
	if p == nil {
		return object{}
	}

	return p
}

// group returns the resource group that an id names.
func group(id string) string {
	segments := strings.Split(id, "/")
	for i := 0; i+1 < len(segments); i++ {
		if strings.EqualFold(segments[i], "resourceGroups") {
			return segments[i+1]
		}
	}

	return ""
}
