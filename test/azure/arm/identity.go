// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

var identityName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$`)

// An identity has the fields of the resource manager; Entra ID has its application.
type identity struct {
	id       string
	name     string
	location string
	tags     map[string]string
	created  time.Time

	tenantID    string
	clientID    string
	principalID string
}

type identityBody struct {
	Location string             `json:"location"`
	Tags     *map[string]string `json:"tags"`

	// These fields are read-only. Clients may send them back.
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties"`
}

// lookupIdentity returns the identity of the request. It does not exist without its application.
func (c *call) lookupIdentity() *identity {
	key := strings.ToLower(c.resourceID(typeIdentity, c.name))

	known := c.service.identities[key]
	if known == nil {
		return nil
	}

	if _, ok := c.service.Directory.Application(known.tenantID, known.clientID); !ok {
		delete(c.service.identities, key)

		return nil
	}

	return known
}

func (i *identity) json() map[string]any {
	tags := i.tags
	if tags == nil {
		tags = map[string]string{}
	}

	return map[string]any{
		"id": i.id, "name": i.name, "type": typeIdentity, "location": i.location, "tags": tags,
		"properties": map[string]string{"tenantId": i.tenantID, "principalId": i.principalID, "clientId": i.clientID},
	}
}

// identity reads or deletes an identity, with its credentials. Its role assignments stay, without effect.
func (c *call) identity() wire.Answer {
	known := c.lookupIdentity()
	if known == nil {
		known = &identity{}
	}

	return c.readOrDelete(known.id != "", known.id, known.json(), notFound(typeIdentity, c.name, c.group.Name), func() {
		c.service.Directory.DeleteApplication(known.tenantID, known.clientID)
		delete(c.service.identities, strings.ToLower(known.id))
	})
}

// listIdentities lists the identities of the resource group, or of the subscription.
func (c *call) listIdentities() wire.Answer {
	var out []any

	for _, id := range slices.Sorted(maps.Keys(c.service.identities)) {
		if role.Covers(c.scope, id) {
			out = append(out, c.service.identities[id].json())
		}
	}

	return c.page(padded(out, c.subscription.Padding.Identities, func(i int) any {
		name := fmt.Sprintf("padding-%d", i)

		return (&identity{id: c.padded(typeIdentity, name), name: name, location: "westeurope", tenantID: c.subscription.TenantID}).json()
	}))
}

// putIdentity creates or changes an identity.
func (c *call) putIdentity() wire.Answer {
	var body identityBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	known := c.lookupIdentity()

	switch {
	case known == nil && c.operation == fault.PatchIdentity:
		return notFound(typeIdentity, c.name, c.group.Name)
	case known == nil:
		return c.createIdentity(body)
	case body.Location == "" && c.operation == fault.PutIdentity:
		return locationRequired()
	case body.Location != "" && location(body.Location) != known.location:
		return c.otherLocation(known.location, body.Location)
	}

	if body.Tags != nil {
		known.tags = *body.Tags
	} else if c.operation == fault.PutIdentity {
		known.tags = nil
	}

	c.note(known.id).Updated++

	return wire.JSON(http.StatusOK, known.json())
}

func (c *call) createIdentity(body identityBody) wire.Answer {
	switch {
	case !identityName.MatchString(c.name):
		return refuse(http.StatusBadRequest, "InvalidResourceName", "The resource name '%s' is invalid: it has 3 to 128 letters, digits, "+
			"hyphens and underscores, and starts with a letter or digit.", c.name)
	case body.Location == "":
		return locationRequired()
	}

	made := &identity{
		id: c.resourceID(typeIdentity, c.name), name: c.name, location: location(body.Location), created: c.now,
		tenantID: c.subscription.TenantID, clientID: uuid.NewString(), principalID: uuid.NewString(),
	}
	if body.Tags != nil {
		made.tags = *body.Tags
	}

	err := c.service.Directory.PutApplication(entra.Application{
		TenantID: made.tenantID, ClientID: made.clientID, PrincipalID: made.principalID, ResourceID: made.id,
	})
	if err != nil {
		return refuse(http.StatusInternalServerError, "InternalServerError", "%s", err)
	}

	c.service.identities[strings.ToLower(made.id)] = made
	c.note(made.id).Created++

	return wire.JSON(http.StatusCreated, made.json())
}

func locationRequired() wire.Answer {
	return refuse(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
}

func (c *call) otherLocation(has, wants string) wire.Answer {
	return refuse(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
		"A resource with the same name cannot be created in location '%s'. Please select a new resource name.",
		c.name, has, c.group.Name, wants)
}

type credentialProperties struct {
	Issuer    string   `json:"issuer"`
	Subject   string   `json:"subject"`
	Audiences []string `json:"audiences"`
}

type credentialBody struct {
	Properties credentialProperties `json:"properties"`

	// These fields are read-only.
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

var credentialName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$`)

// credential carries out an operation on a federated credential.
func (c *call) credential() wire.Answer {
	owner := c.lookupIdentity()
	if owner == nil {
		return refuse(http.StatusNotFound, "ParentResourceNotFound", "Failed to perform '%s' on resource(s) of type '%s', because the parent "+
			"resource '%s' could not be found.", strings.TrimPrefix(c.right(), c.typ+"/"), typeCredential, c.scope)
	}

	known := c.service.Directory.FederatedCredentials(owner.tenantID, owner.clientID)

	if c.operation == fault.ListCredentials {
		out := make([]any, 0, len(known))
		for _, one := range known {
			out = append(out, owner.credentialJSON(one))
		}

		return c.page(out)
	}

	var has *entra.FederatedCredential

	for i := range known {
		if strings.EqualFold(known[i].Name, c.child) {
			has = &known[i]
		}
	}

	if c.operation == fault.PutCredential {
		return c.putCredential(owner, known, has)
	}

	missing := refuse(http.StatusNotFound, "NotFound", "The Resource '%s/%s' under resource group '%s' was not found.",
		typeCredential, c.name+"/"+c.child, c.group.Name)

	return c.readOrDelete(has != nil, owner.credentialID(c.child), owner.credentialJSON(deref(has)), missing, func() {
		c.service.Directory.DeleteFederatedCredential(owner.tenantID, owner.clientID, has.Name)
	})
}

func (c *call) putCredential(owner *identity, known []entra.FederatedCredential, has *entra.FederatedCredential) wire.Answer {
	var body credentialBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	wants := entra.FederatedCredential{
		Name: c.child, Issuer: body.Properties.Issuer, Subject: body.Properties.Subject, Audiences: body.Properties.Audiences,
		Delay: c.service.delays.Credential,
	}
	if has != nil {
		wants.Name = has.Name
		if fmt.Sprint(has.Issuer, has.Subject, has.Audiences) == fmt.Sprint(wants.Issuer, wants.Subject, wants.Audiences) {
			return wire.JSON(http.StatusOK, owner.credentialJSON(*has))
		}
	}

	if !credentialName.MatchString(wants.Name) {
		return refuse(http.StatusBadRequest, "InvalidResourceName", "The resource name '%s' is invalid: it has 3 to 120 letters, digits, "+
			"hyphens and underscores, and starts with a letter or digit.", wants.Name)
	}

	for _, other := range known {
		if !strings.EqualFold(other.Name, wants.Name) && other.Issuer == wants.Issuer && other.Subject == wants.Subject {
			return refuse(http.StatusConflict, "Conflict", "Issuer and subject combination already exists for this Managed Identity.")
		}
	}

	if err := c.service.Directory.PutFederatedCredential(owner.tenantID, owner.clientID, wants); err != nil {
		return badRequest("%s", err)
	}

	if has != nil {
		c.note(owner.credentialID(wants.Name)).Updated++

		return wire.JSON(http.StatusOK, owner.credentialJSON(wants))
	}

	c.note(owner.credentialID(wants.Name)).Created++

	return wire.JSON(http.StatusCreated, owner.credentialJSON(wants))
}

func (i *identity) credentialID(name string) string {
	return i.id + "/federatedIdentityCredentials/" + name
}

func (i *identity) credentialJSON(f entra.FederatedCredential) map[string]any {
	return map[string]any{
		"id": i.credentialID(f.Name), "name": f.Name, "type": typeCredential,
		"properties": credentialProperties{Issuer: f.Issuer, Subject: f.Subject, Audiences: f.Audiences},
	}
}
