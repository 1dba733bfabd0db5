// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// MachineHost is the address of a machine's metadata service, over plain HTTP.
const MachineHost = "169.254.169.254"

const machinePath = "/metadata/identity/oauth2/token"

// ServeMachine serves the metadata service, which issues tokens for the managed identities of the machine.
func (s *Service) ServeMachine(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "IMDS/150.870.65.1854")

	query := r.URL.Query()
	request := fault.Request{Operation: fault.MachineToken, ClientID: query.Get("client_id"), PrincipalID: query.Get("object_id")}
	handle := func() wire.Answer { return s.machine(r, query) }

	switch {
	case r.URL.Path != machinePath:
		request.Operation = fault.Unknown
		handle = func() wire.Answer { return machineRefusal(http.StatusNotFound, "not_found", "The path is not known.") }
	case r.Method != http.MethodGet:
		handle = func() wire.Answer {
			return machineRefusal(http.StatusMethodNotAllowed, "method_not_allowed", "The method is not allowed.")
		}
	}

	s.Gate.Serve(w, r, wire.Exchange{
		Request: request,
		Key:     count.Key{Operation: request.Operation, ClientID: request.ClientID},
		Handle:  handle,
		Refuse: func(rule fault.Rule) wire.Answer {
			_, header := injected(rule)
			answer := machineRefusal(rule.Status, rule.Error, "The request was refused on demand.")
			answer.Header = header

			return answer
		},
	})
}

func (s *Service) machine(r *http.Request, query url.Values) wire.Answer {
	if !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		return machineRefusal(http.StatusBadRequest, invalidRequest, "Required metadata header not specified")
	}

	resource := query.Get("resource")
	if !slices.Contains(resources(), strings.TrimSuffix(resource, "/")) {
		return machineRefusal(http.StatusBadRequest, invalidResource,
			"AADSTS500011: The resource principal named "+resource+" was not found in the tenant.")
	}

	found := s.Directory.machineIdentities(query)

	switch {
	case len(found) == 0:
		return machineRefusal(http.StatusBadRequest, invalidRequest, "Identity not found")
	case len(found) > 1:
		return machineRefusal(http.StatusBadRequest, invalidRequest,
			"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request")
	}

	a := found[0]

	token, err := s.Tokens.Issue(Caller{TenantID: a.TenantID, PrincipalID: a.PrincipalID, ClientID: a.ClientID},
		strings.TrimSuffix(resource, "/"), s.Lifetime)
	if err != nil {
		return wire.Answer{Status: http.StatusInternalServerError, Error: "CannotSign"}
	}

	// The numbers in the answer are strings.
	now, seconds := s.Now(), strconv.FormatInt(int64(s.Lifetime/time.Second)-1, 10)

	return wire.JSON(http.StatusOK, map[string]string{
		"access_token": token, "client_id": a.ClientID, "expires_in": seconds, "ext_expires_in": seconds,
		"expires_on": strconv.FormatInt(now.Add(s.Lifetime).Unix(), 10), "not_before": strconv.FormatInt(now.Unix(), 10),
		"resource": resource, "token_type": "Bearer",
	})
}

// machineIdentities returns the managed identities of the machine that match a query.
func (d *Directory) machineIdentities(query url.Values) []*application {
	clientID, objectID, resourceID := query.Get("client_id"), query.Get("object_id"), query.Get("msi_res_id")
	if resourceID == "" {
		resourceID = query.Get("mi_res_id")
	}

	var found []*application

	d.mu.RLock()
	defer d.mu.RUnlock()

	for _, t := range d.tenants {
		for _, a := range t.applications {
			if a.ManagedIdentity && (clientID == "" || strings.EqualFold(clientID, a.ClientID)) &&
				(objectID == "" || strings.EqualFold(objectID, a.PrincipalID)) &&
				(resourceID == "" || strings.EqualFold(resourceID, a.ResourceID)) {
				found = append(found, a)
			}
		}
	}

	return found
}

func machineRefusal(status int, code, description string) wire.Answer {
	answer := wire.JSON(status, map[string]string{"error": code, "error_description": description})
	answer.Error = code

	return answer
}
