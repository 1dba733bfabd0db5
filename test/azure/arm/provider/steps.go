package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/resource"
)

// observe puts what was observed into the managed resource.
func (e *external) observe(tr resource.Terraformed, ready bool) (managed.ExternalObservation, error) {
	initialized, err := e.lateInitialize(tr)
	if err != nil {
		return managed.ExternalObservation{}, err
	}

	if err := tr.SetObservation(e.observed); err != nil {
		return managed.ExternalObservation{}, fmt.Errorf("could not set observation: %w", err)
	}

	upToDate := len(e.kind.changes(e.params, e.observed)) == 0

	if ready {
		tr.SetConditions(xpv1.Available())
	} else {
		tr.SetConditions(xpv1.Creating())
	}

	if upToDate && !meta.WasDeleted(tr) {
		tr.SetConditions(resource.LastAsyncOperationCondition(nil))
	}

	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: upToDate, ResourceLateInitialized: initialized}, nil
}

// identify finds out which resource is meant. There is no id if the provider is to say, and has not yet.
func (e *external) identify(tr resource.Terraformed) error {
	var err error

	e.params, err = tr.GetMergedParameters(true)
	if err != nil {
		return fmt.Errorf("cannot get merged parameters: %w", err)
	}

	name := meta.GetExternalName(tr)
	if name == "" || e.kind.idFromProvider {
		e.id = name

		return nil
	}

	e.id, err = e.kind.id(e.client, name, e.params)

	// Whoever is deleted may have been wrong from the start.
	if err != nil && meta.WasDeleted(tr) {
		e.id, err = "", nil
	}

	return err
}

// lateInitialize fills in parameters from what was observed, if the management policies allow it.
func (e *external) lateInitialize(tr resource.Terraformed) (bool, error) {
	allowed := false

	if mg, ok := tr.(interface {
		GetManagementPolicies() xpv1.ManagementPolicies
	}); ok {
		for _, p := range mg.GetManagementPolicies() {
			allowed = allowed || p == xpv1.ManagementActionAll || p == xpv1.ManagementActionLateInitialize
		}
	}

	if !allowed || meta.WasDeleted(tr) {
		return false, nil
	}

	attributes := object{}

	for argument, v := range e.observed {
		// As the real provider is configured: the name of a role is enough.
		if argument != "role_definition_id" {
			attributes[argument] = v
		}
	}

	data, err := json.Marshal(attributes)
	if err != nil {
		return false, fmt.Errorf("cannot marshal the attributes of the new state for late-initialization: %w", err)
	}

	initialized, err := tr.LateInitialize(data)
	if err != nil {
		return false, fmt.Errorf("cannot late-initialize the managed resource: %w", err)
	}

	return initialized, nil
}

func (e *external) create(ctx context.Context, mg xpresource.Managed) (string, error) {
	id, err := e.kind.id(e.client, meta.GetExternalName(mg), e.params)
	if err != nil {
		return "", err
	}

	if e.kind.idFromProvider && e.id != "" {
		id = e.id
	}

	// It may have been made since it was observed.
	there, err := e.client.get(ctx, id, e.kind.version)
	if err != nil {
		return "", fmt.Errorf("checking for presence of existing %s: %w", id, err)
	}

	if there != nil {
		return "", e.exists(mg, id)
	}

	body, err := e.kind.encode(ctx, e.client, id, e.params, nil)
	if err != nil {
		return "", err
	}

	defer e.exclude()()

	if _, _, err := e.client.send(ctx, http.MethodPut, id, e.kind.version, body); err != nil {
		return "", fmt.Errorf("creating %s: %w", id, err)
	}

	return id, nil
}

// exists is why something is not created that is there, in the words of Terraform.
func (e *external) exists(mg xpresource.Managed, id string) error {
	typ := ""
	if tr, ok := mg.(resource.Terraformed); ok {
		typ = tr.GetTerraformResourceType()
	}

	return fmt.Errorf("a resource with the ID %q already exists - to be managed via Terraform this resource needs to be imported into the "+
		"State. Please see the resource documentation for %q for more information", id, typ)
}

func (e *external) update(ctx context.Context) error {
	body, err := e.kind.encode(ctx, e.client, e.id, e.params, e.observed)
	if err != nil {
		return err
	}

	defer e.exclude()()

	if _, _, err := e.client.send(ctx, e.kind.update, e.id, e.kind.version, body); err != nil {
		return fmt.Errorf("updating %s: %w", e.id, err)
	}

	return nil
}

func (e *external) remove(ctx context.Context) error {
	defer e.exclude()()

	if _, _, err := e.client.send(ctx, http.MethodDelete, e.id, e.kind.version, nil); err != nil {
		return fmt.Errorf("deleting %s: %w", e.id, err)
	}

	if e.kind.remove == nil {
		return nil
	}

	if err := e.kind.remove(ctx, e.client, e.observed); err != nil {
		return fmt.Errorf("purging %s: %w", e.id, err)
	}

	return nil
}

// exclude others from writing to the same, and return how to let them again.
func (e *external) exclude() func() {
	if e.kind.exclusive == nil {
		return func() {}
	}

	return e.locks.lock(e.kind.exclusive(e.params))
}
