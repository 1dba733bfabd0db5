// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"fmt"
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
	query := r.URL.Query()
	request := fault.Request{Operation: fault.MachineToken, ClientID: query.Get("client_id"), PrincipalID: query.Get("object_id")}

	s.Gate.Serve(w, r, wire.Exchange{
		Request: request, Key: count.Key{Operation: request.Operation, ClientID: request.ClientID},
		Handle: func() wire.Answer { return s.machine(r, query) },
		Refuse: func(rule fault.Rule) wire.Answer {
			return machineRefusal(rule.Status, rule.Error, "The request was refused on demand.")
		},
	})
}

func (s *Service) machine(r *http.Request, query url.Values) wire.Answer {
	resource, found := query.Get("resource"), s.Directory.machineIdentities(query)

	switch {
	case r.Method != http.MethodGet || r.URL.Path != machinePath:
		return machineRefusal(http.StatusNotFound, "not_found", "The path is not known.")
	case !strings.EqualFold(r.Header.Get("Metadata"), "true"):
		return machineRefusal(http.StatusBadRequest, invalidRequest, "Required metadata header not specified")
	case !slices.Contains(resources(), strings.TrimSuffix(resource, "/")):
		return machineRefusal(http.StatusBadRequest, invalidResource, "AADSTS500011: The resource principal named "+resource+" was not found in the tenant.")
	case len(found) != 1:
		return machineRefusal(http.StatusBadRequest, invalidRequest, fmt.Sprintf("Please specify one identity in the token request, not %d", len(found)))
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
	is := func(name, id string) bool { return !query.Has(name) || strings.EqualFold(query.Get(name), id) }

	return slices.DeleteFunc(d.all(), func(a *application) bool {
		return !a.ManagedIdentity || !is("client_id", a.ClientID) || !is("object_id", a.PrincipalID)
	})
}

func machineRefusal(status int, code, description string) wire.Answer {
	answer := wire.JSON(status, map[string]string{"error": code, "error_description": description})
	answer.Error = code

	return answer
}
