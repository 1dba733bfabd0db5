// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package azure looks at what the Resource Manager of Azure says of a platform: its subscription and resource group, what the
// identities of the providers may do there, how much room there is, and what would refuse a vault.
package azure

import (
	"cmp"
	"context"
	"errors"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Name of the area.
const Name = "azure"

// Options are what the cluster does not say.
type Options struct {
	// ProviderObjectID of the Azure providers' identity, where the subscription does not have the identity.
	ProviderObjectID string `help:"Object id of the identity of the Azure providers, if it is an application or an identity of another subscription." name:"provider-object-id"`

	// Identities of other subscriptions, by their resource ids.
	Identities []string `help:"Resource id of an identity of the platform in another subscription. Repeat it for more." name:"identity" placeholder:"ID" sep:"none"`

	// Namespace and Application whose vault's name is looked up.
	Namespace   string `default:"default"    help:"Namespace of an application whose vault is to get its name." name:"application-namespace"`
	Application string `default:"acceptance" help:"Name of an application whose vault is to get its name."      name:"application-name"`
}

// Area looks at Azure.
func Area(p platform.Platform, o Options) doctor.Area {
	return doctor.Area{Name: Name, Look: func(ctx context.Context) ([]finding.Finding, error) {
		if p.Settings == nil {
			return nil, errors.New("the cluster has no settings that say which subscription it is")
		}

		c := clouds()[cmp.Or(p.Settings.Cloud, settings.CloudAzurePublic)]

		credential, err := defaultCredential(c, p.Settings.TenantID)
		if err != nil {
			return unreachable(p, err), nil
		}

		client, err := newClient(c, credential, newBounded())
		if err != nil {
			return nil, err
		}

		facts, err := newReader(client, p, o).read(ctx)
		if err != nil {
			return unreachable(p, err), nil
		}

		return decide(p, facts), nil
	}}
}

func newReader(c client, p platform.Platform, o Options) reader {
	subscription := "/subscriptions/" + p.Settings.SubscriptionID

	return reader{client: c, platform: p, options: o, subscriptionID: subscription, groupID: subscription + "/resourceGroups/" + p.Settings.ResourceGroupName}
}

// unreachable says why nothing at all could be looked at.
func unreachable(p platform.Platform, err error) []finding.Finding {
	code := Unreachable
	if _, ok := errors.AsType[*signInError](err); ok {
		code = SignInFailed
	}

	return []finding.Finding{about(p).found(code, "", "error", err.Error())}
}
