// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const registered = "Registered"

// namespaces are those of the known resource providers.
func namespaces() []string {
	return []string{
		"Microsoft.Authorization", "Microsoft.ContainerService", "Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.ManagedIdentity",
		"Microsoft.Network", "Microsoft.Resources",
	}
}

// registration returns the canonical spelling of a namespace and the state of its resource provider.
func (c *call) registration(name string) (namespace, state string) {
	i := slices.IndexFunc(namespaces(), func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return "", ""
	}

	if state, ok := c.subscription.Registrations[namespaces()[i]]; ok {
		return namespaces()[i], state
	}

	return namespaces()[i], registered
}

func (c *call) getProvider() wire.Answer {
	namespace, state := c.registration(c.name)
	if namespace == "" {
		return refuse(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", c.name)
	}

	return wire.JSON(http.StatusOK, map[string]any{
		"id": "/subscriptions/" + c.subscription.ID + "/providers/" + namespace, "namespace": namespace,
		"registrationPolicy": "RegistrationRequired", "registrationState": state, "resourceTypes": []any{},
	})
}

// registerProvider completes at once, but answers with the previous state as Azure does.
func (c *call) registerProvider() wire.Answer {
	answer := c.getProvider()

	if namespace, state := c.registration(c.name); namespace != "" && state != registered {
		delete(c.subscription.Registrations, namespace)
	}

	return answer
}

// checkRegistered rejects a resource of an unregistered resource provider.
func (c *call) checkRegistered() *wire.Answer {
	namespace, state := c.registration(strings.Split(c.typ, "/")[0])

	if write, remove := c.changes(); !write || remove || state == registered || namespace == "" {
		return nil
	}

	return new(refuse(http.StatusConflict, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '%s'. See "+
		"https://aka.ms/rps-not-found for how to register subscriptions.", namespace))
}
