package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/resource"
	tferrors "github.com/crossplane/upjet/v2/pkg/terraform/errors"
)

// connector makes what reconciles one managed resource of a kind.
type connector struct {
	kind    *kind
	clients *clients
	locks   *locks
}

// Connect to the subscription that the resource's provider configuration names.
func (c *connector) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	modern, ok := mg.(xpresource.ModernManaged)
	if !ok {
		return nil, errors.New("resource is not a managed")
	}

	cl, err := c.clients.client(ctx, modern)
	if err != nil {
		return nil, err
	}

	return &external{kind: c.kind, client: cl, locks: c.locks}, nil
}

// external reconciles one managed resource. It keeps what it observed for what is done about it.
type external struct {
	kind   *kind
	client *client
	locks  *locks

	id       string
	params   object
	observed object
}

// Observe what there is.
func (e *external) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	tr, ok := mg.(resource.Terraformed)
	if !ok {
		return managed.ExternalObservation{}, errors.New("resource is not of Terraform")
	}

	if err := e.identify(tr); err != nil {
		return managed.ExternalObservation{}, err
	}

	if e.id == "" {
		return managed.ExternalObservation{}, nil
	}

	body, err := e.client.get(ctx, e.id, e.kind.version)
	if err != nil {
		return managed.ExternalObservation{}, fmt.Errorf("failed to observe the resource: %w", diagnostics(err))
	}

	if body == nil {
		return managed.ExternalObservation{}, nil
	}

	var ready bool

	e.observed, ready, err = e.kind.decode(ctx, e.client, e.id, body)
	if err != nil {
		return managed.ExternalObservation{}, fmt.Errorf("failed to observe the resource: %w", diagnostics(err))
	}

	return e.observe(tr, ready)
}

// Create what is not there.
func (e *external) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	id, err := e.create(ctx, mg)
	if err != nil {
		return managed.ExternalCreation{}, fail(mg, tferrors.NewAsyncCreateFailed(fmt.Errorf("failed to create the resource: %w", diagnostics(err))))
	}

	if e.kind.idFromProvider {
		meta.SetExternalName(mg, id)
	}

	return managed.ExternalCreation{}, nil
}

// Update what is there and is not as it should be.
func (e *external) Update(ctx context.Context, mg xpresource.Managed) (managed.ExternalUpdate, error) {
	err := e.kind.replaces(e.kind.changes(e.params, e.observed))
	if err == nil {
		err = e.update(ctx)
		if err != nil {
			err = fmt.Errorf("failed to update the resource: %w", diagnostics(err))
		}
	}

	if err != nil {
		return managed.ExternalUpdate{}, fail(mg, tferrors.NewAsyncUpdateFailed(err))
	}

	return managed.ExternalUpdate{}, nil
}

// Delete what is there.
func (e *external) Delete(ctx context.Context, mg xpresource.Managed) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())

	if err := e.remove(ctx); err != nil {
		return managed.ExternalDelete{}, fail(mg, tferrors.NewAsyncDeleteFailed(fmt.Errorf("failed to delete the resource: %w", diagnostics(err))))
	}

	return managed.ExternalDelete{}, nil
}

// Disconnect does nothing: connections are shared.
func (e *external) Disconnect(context.Context) error { return nil }

// fail notes an error in the condition that upjet has for it, and returns it.
func fail(mg xpresource.Managed, err error) error {
	mg.SetConditions(resource.LastAsyncOperationCondition(err))

	return err
}

// diagnostics is an error in the way that Terraform's are printed.
func diagnostics(err error) error { return fmt.Errorf("[{0 %w  []}]", err) }

// locks by name. There are as many as there are identities.
type locks struct {
	mu    sync.Mutex
	known map[string]*sync.Mutex
}

func (l *locks) lock(name string) (unlock func()) {
	l.mu.Lock()

	if l.known == nil {
		l.known = map[string]*sync.Mutex{}
	}

	if l.known[name] == nil {
		l.known[name] = &sync.Mutex{}
	}

	one := l.known[name]
	l.mu.Unlock()

	one.Lock()

	return one.Unlock
}
