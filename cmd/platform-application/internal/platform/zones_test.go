// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

const (
	pathZones     = "/apis/apiextensions.crossplane.io/v1beta1/environmentconfigs"
	pathZoneAzure = "/apis/azure.m.upbound.io/v1beta1/clusterproviderconfigs/azure-eu"
)

// zones lists EnvironmentConfigs with a name and data.
func zones(configs ...string) func(*testing.T, *server) {
	return func(t *testing.T, s *server) {
		t.Helper()

		var list strings.Builder
		for i := 0; i+1 < len(configs); i += 2 {
			fmt.Fprintf(&list, "{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfig, metadata: {name: %s}, data: %s}, ", configs[i], configs[i+1])
		}

		s.objects[pathZones] = toJSON(t, "{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfigList, metadata: {}, items: ["+list.String()+"]}")
		s.objects[pathZoneAzure] = toJSON(t, `{apiVersion: azure.m.upbound.io/v1beta1, kind: ClusterProviderConfig, metadata: {name: azure-eu}, spec: {credentials: {source: OIDCTokenFile}, clientID: e, subscriptionID: f}}`)
	}
}

// zoneCases are cases of TestRead with landing zones.
func zoneCases() map[string]readCase {
	const own = "{landingZone: {namespaces: [shop]}, resourceGroupName: eu, azureProviderConfigRef: {name: azure-eu}}"

	none := func(p Platform) bool { return len(p.Zones) == 0 }

	return map[string]readCase{
		"Zone": {
			"A landing zone overlays the platform, and has its own provider configuration.", zones("platform-application-eu", own), nil,
			func(p Platform) bool {
				in := p.InZones()
				return len(in) == 1 && in[0].Settings.ResourceGroupName == "eu" && in[0].Settings.Location == "westeurope" && in[0].Azure.SubscriptionID == "f" &&
					p.Zones[0].Name == "eu" && p.Settings.ResourceGroupName == "apps"
			},
		},
		"ZoneInvalid":    {"A landing zone cannot change the issuer.", zones("platform-application-eu", `{landingZone: {}, oidcIssuerUrl: "https://other/"}`), []finding.Code{SettingsInvalid}, none},
		"ZoneTag":        {"A landing zone sets a tag of the function.", zones("platform-application-eu", own, "platform-application-us", "{landingZone: {}, tags: {tenant: x}}"), []finding.Code{SettingsInvalid}, func(p Platform) bool { return len(p.Zones) == 1 }},
		"ZoneUnknown":    {"A setting of a zone is misspelt.", zones("platform-application-eu", "{landingZone: {}, locatoin: x}"), []finding.Code{SettingsUnknown}, none},
		"ZoneWithoutRef": {"The provider configuration of a zone is missing.", zones("platform-application-eu", "{landingZone: {}, azureProviderConfigRef: {name: gone}}"), []finding.Code{ProviderConfigMissing}, nil},
		"ZoneWithoutSync": {"The provider configuration of a zone's secrets is missing.", zones("platform-application-eu", "{landingZone: {}, secretSyncProviderConfigRef: {name: gone}}"), []finding.Code{ProviderConfigMissing}, func(p Platform) bool {
			return p.Creator != nil && len(p.InZones()) == 1 && p.InZones()[0].Creator == nil
		}},
		"ZoneInASync": {"A zone without an identity of its own for secrets uses the platform's.", zones("platform-application-eu", "{landingZone: {}}"), nil, func(p Platform) bool {
			return p.Creator != nil && p.InZones()[0].Creator == p.Creator
		}},
		"ZoneOther":       {"Other EnvironmentConfigs are not landing zones.", zones("platform-application-eu", "{a: b}", "other", own, "platform-application", own), nil, none},
		"ZonesForbidden":  {"The doctor has no permission to list EnvironmentConfigs.", answers(pathZones, http.StatusForbidden), []finding.Code{PermissionMissing}, none},
		"ZoneIsLast":      {"Others have many EnvironmentConfigs.", zones(append(slices.Repeat([]string{"other", own}, 1000), "platform-application-eu", own)...), nil, func(p Platform) bool { return len(p.Zones) == 1 }},
		"ZoneInAPlatform": {"A zone without a subscription of its own uses the platform's principal.", zones("platform-application-eu", "{landingZone: {}}"), nil, func(p Platform) bool { return p.Zones[0].Azure == p.Azure }},
	}
}
