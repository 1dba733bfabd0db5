// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package azure checks the subscription and resource group of a platform in Azure Resource Manager, the permissions of the providers'
// identities, the limits of Azure, and locks and policies.
package azure

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Name of the area.
const Name = "azure"

// Options are settings that the cluster does not have.
type Options struct {
	// ProviderObjectID of the Azure providers' identity, if it is not in the subscription.
	ProviderObjectID string `help:"Object id of the identity of the Azure providers, if it is an application or an identity of another subscription." name:"provider-object-id"`

	// Identities are the resource ids of identities in other subscriptions.
	Identities []string `help:"Resource id of an identity of the platform in another subscription. Repeat it for more." name:"identity" placeholder:"ID" sep:"none"`

	// Namespace and Application are those of the vault name that the doctor checks.
	Namespace   string `default:"default"    help:"Namespace of the application whose vault name is checked." name:"application-namespace"`
	Application string `default:"acceptance" help:"Name of the application whose vault name is checked."      name:"application-name"`
}

// Area checks Azure.
func Area(p platform.Platform, o Options) doctor.Area {
	return doctor.Area{Name: Name, Look: func(ctx context.Context) ([]finding.Finding, error) {
		if p.Settings == nil {
			return nil, errors.New("cannot determine the subscription: the cluster has no valid settings")
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

		places, err := readPlaces(ctx, client, p, o)
		found := decide(places...)

		if err != nil {
			found = append(found, unreachable(p, err)...)
		}

		return found, nil
	}}
}

// readPlaces reads the facts of the platform and of its landing zones. Each has its own subscription or resource group, and so its own
// limits.
func readPlaces(ctx context.Context, c client, p platform.Platform, o Options) ([]place, error) {
	all := append([]platform.Platform{p}, p.InZones()...)

	var (
		subscriptions []string
		out           []place
	)

	for _, in := range all {
		subscriptions = append(subscriptions, strings.ToLower(in.Settings.SubscriptionID))
	}

	for _, in := range all {
		r := newReader(c, in, o)
		r.subscriptions = slices.Compact(slices.Sorted(slices.Values(subscriptions)))

		facts, err := r.read(ctx)
		if err != nil {
			return out, err
		}

		out = append(out, place{in, facts})
	}

	return out, nil
}

func newReader(c client, p platform.Platform, o Options) reader {
	subscription := "/subscriptions/" + p.Settings.SubscriptionID

	return reader{client: c, platform: p, options: o, subscriptionID: subscription, groupID: subscription + "/resourceGroups/" + p.Settings.ResourceGroupName}
}

// unreachable returns the finding for an error of read.
func unreachable(p platform.Platform, err error) []finding.Finding {
	code := Unreachable
	if _, ok := errors.AsType[*signInError](err); ok {
		code = SignInFailed
	}

	return []finding.Finding{about(p).found(code, "", "error", err.Error())}
}
