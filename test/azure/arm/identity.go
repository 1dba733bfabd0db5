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

	"github.com/google/uuid"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

var (
	identityName   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$`)
	credentialName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$`)
)

// An identity has the fields of the resource manager; Entra ID has its application.
type identity struct {
	id       string
	location string
	tags     map[string]string

	tenantID    string
	clientID    string
	principalID string
}

func (i *identity) json() object {
	return object{
		"id": i.id, "name": last(i.id), "type": typeIdentity, "location": i.location, "tags": i.tags,
		"properties": object{"tenantId": i.tenantID, "principalId": i.principalID, "clientId": i.clientID},
	}
}

// lookupIdentity returns the identity of the request. It does not exist without its application.
func (c *call) lookupIdentity() *identity {
	known := c.service.identities[strings.ToLower(c.scope)]
	if known == nil || !c.service.Directory.HasPrincipal(known.tenantID, known.principalID) {
		return nil
	}

	return known
}

// identity carries out an operation on an identity. With it go its credentials, but not its role assignments, which have no effect.
func (c *call) identity() wire.Answer {
	known := c.lookupIdentity()

	if write, remove := c.changes(); write && !remove {
		return c.putIdentity(known)
	}

	if known == nil {
		return c.readOrDelete(false, "", nil, nil)
	}

	return c.readOrDelete(true, known.id, known.json(), func() {
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

	return c.page(out)
}

// putIdentity creates or changes an identity.
func (c *call) putIdentity(known *identity) wire.Answer {
	var body struct {
		Location string            `json:"location"`
		Tags     map[string]string `json:"tags"`
	}
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	made := known

	switch {
	case known == nil && c.operation == fault.PatchIdentity:
		return c.notFound()
	case body.Location == "" && c.operation == fault.PutIdentity:
		return locationRequired()
	case known != nil && body.Location != "" && location(body.Location) != known.location:
		return c.otherLocation(known.location, body.Location)
	case known == nil && !identityName.MatchString(c.name):
		return refuse(http.StatusBadRequest, "InvalidResourceName", "The resource name '%s' is invalid: it has 3 to 128 letters, digits, "+
			"hyphens and underscores, and starts with a letter or digit.", c.name)
	case known == nil:
		made = &identity{
			id: c.scope, location: location(body.Location),
			tenantID: c.subscription.TenantID, clientID: uuid.NewString(), principalID: uuid.NewString(),
		}

		err := c.service.Directory.PutApplication(entra.Application{
			TenantID: made.tenantID, ClientID: made.clientID, PrincipalID: made.principalID,
		})
		if err != nil {
			return badRequest("%s", err)
		}

		c.service.identities[strings.ToLower(made.id)] = made
	}

	made.tags = map[string]string{}
	maps.Copy(made.tags, body.Tags)

	return c.wrote(known == nil, made.id, made.json())
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

func (c *call) credentialJSON(f entra.FederatedCredential) object {
	return object{
		"id": c.scope + "/federatedIdentityCredentials/" + f.Name, "name": f.Name, "type": typeCredential,
		"properties": credentialProperties{Issuer: f.Issuer, Subject: f.Subject, Audiences: f.Audiences},
	}
}

// credential carries out an operation on a federated credential.
func (c *call) credential() wire.Answer {
	owner := c.lookupIdentity()
	if owner == nil {
		return c.noParent()
	}

	var (
		all   []any
		known *entra.FederatedCredential
	)

	for _, one := range c.service.Directory.FederatedCredentials(owner.tenantID, owner.clientID) {
		all = append(all, c.credentialJSON(one))

		if strings.EqualFold(one.Name, c.child) {
			known = &one
		}
	}

	switch c.operation {
	case fault.ListCredentials:
		return c.page(all)
	case fault.PutCredential:
		return c.putCredential(owner, known)
	}

	return c.readOrDelete(known != nil, c.id(), c.credentialJSON(ptr.Deref(known, entra.FederatedCredential{})), func() {
		c.service.Directory.DeleteFederatedCredential(owner.tenantID, owner.clientID, known.Name)
	})
}

func (c *call) putCredential(owner *identity, known *entra.FederatedCredential) wire.Answer {
	var body struct {
		Properties credentialProperties `json:"properties"`
	}
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	p := body.Properties
	wants := entra.FederatedCredential{Name: c.child, Issuer: p.Issuer, Subject: p.Subject, Audiences: p.Audiences, Delay: c.service.delays.Credential}

	if known != nil {
		wants.Name = known.Name

		// What is sent again has propagated.
		if fmt.Sprint(known.Issuer, known.Subject, known.Audiences) == fmt.Sprint(p.Issuer, p.Subject, p.Audiences) {
			return wire.JSON(http.StatusOK, c.credentialJSON(*known))
		}
	}

	if !credentialName.MatchString(wants.Name) {
		return refuse(http.StatusBadRequest, "InvalidResourceName", "The resource name '%s' is invalid: it has 3 to 120 letters, digits, "+
			"hyphens and underscores, and starts with a letter or digit.", wants.Name)
	}

	if err := c.service.Directory.PutFederatedCredential(owner.tenantID, owner.clientID, wants); err != nil {
		return badRequest("%s", err)
	}

	return c.wrote(known == nil, c.id(), c.credentialJSON(wants))
}
