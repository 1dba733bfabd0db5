// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// A Cluster is an existing cluster of AKS, reduced to its issuer of tokens.
type Cluster struct {
	SubscriptionID string `json:"subscriptionId"`
	ResourceGroup  string `json:"resourceGroup"`
	Name           string `json:"name"`

	// Issuer is the address of the issuer after it was enabled.
	Issuer string `json:"issuer"`

	// Enabled is true if the issuer is enabled.
	Enabled bool `json:"enabled,omitempty"`
}

type cluster struct {
	Cluster

	location         string
	workloadIdentity bool
}

type clusterBody struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Properties clusterProperties `json:"properties"`
}

type clusterProperties struct {
	ProvisioningState string `json:"provisioningState,omitempty"`

	Issuer struct {
		Enabled bool   `json:"enabled"`
		URL     string `json:"issuerURL,omitempty"`
	} `json:"oidcIssuerProfile"`

	Security struct {
		WorkloadIdentity *struct {
			Enabled bool `json:"enabled"`
		} `json:"workloadIdentity,omitempty"`
	} `json:"securityProfile"`
}

// PutCluster registers a cluster in a resource group.
func (s *Manager) PutCluster(made Cluster) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	sub := s.subscriptions[strings.ToLower(made.SubscriptionID)]
	if sub == nil || sub.groups[strings.ToLower(made.ResourceGroup)] == nil {
		return fmt.Errorf("cannot register cluster %q: there is no resource group %q in subscription %q", made.Name, made.ResourceGroup, made.SubscriptionID)
	}

	group := sub.groups[strings.ToLower(made.ResourceGroup)]
	id := "/subscriptions/" + sub.ID + "/resourceGroups/" + group.Name + "/providers/" + typeCluster + "/" + made.Name
	s.clusters[strings.ToLower(id)] = &cluster{Cluster: made, location: group.Location}

	return nil
}

func (c *call) cluster() *cluster { return c.service.clusters[strings.ToLower(c.scope)] }

func (c *call) getCluster() wire.Answer {
	known := c.cluster()
	if known == nil {
		return notFound(typeCluster, c.name, c.group.Name)
	}

	out := clusterBody{ID: c.resourceID(typeCluster, known.Name), Name: known.Name, Type: typeCluster, Location: known.location}
	out.Properties.ProvisioningState = "Succeeded"
	out.Properties.Issuer.Enabled = known.Enabled

	if known.Enabled {
		out.Properties.Issuer.URL = known.Issuer
	}

	if known.workloadIdentity {
		out.Properties.Security.WorkloadIdentity = &struct {
			Enabled bool `json:"enabled"`
		}{true}
	}

	return wire.JSON(http.StatusOK, out)
}

// putCluster enables the issuer. It cannot be disabled again.
func (c *call) putCluster() wire.Answer {
	known := c.cluster()
	if known == nil {
		return badRequest("This stand-in makes no clusters.")
	}

	var body clusterBody
	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
	}

	if known.Enabled && !body.Properties.Issuer.Enabled {
		return badRequest("The OIDC issuer cannot be disabled.")
	}

	known.Enabled = body.Properties.Issuer.Enabled
	known.workloadIdentity = body.Properties.Security.WorkloadIdentity != nil && body.Properties.Security.WorkloadIdentity.Enabled

	return c.getCluster()
}
