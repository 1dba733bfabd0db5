// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// A Zone is a landing zone.
type Zone struct {
	Name string

	// Settings of the zone's applications, with their defaults.
	Settings v1alpha1.PlatformConfigSpec

	// Azure is the principal of the Azure providers in the zone. It is nil if it is unknown.
	Azure *Principal

	// Creator and CreatesNothing are like those of a Platform.
	Creator        *Principal
	CreatesNothing bool
}

// InZones returns the platform with the settings and the principals of each landing zone.
func (p Platform) InZones() []Platform {
	out := make([]Platform, 0, len(p.Zones))

	for _, z := range p.Zones {
		in := p
		in.Settings, in.Azure, in.Zones, in.Samples = &z.Settings, z.Azure, nil, nil
		in.Creator, in.CreatesNothing = z.Creator, z.CreatesNothing
		out = append(out, in)
	}

	return out
}

// zones reads the landing zones. An EnvironmentConfig is one if the prefix of its name and its settings say so, because others can
// have similar names.
func (r *reader) zones(input *v1alpha1.PlatformConfig) {
	if r.platform.Settings == nil {
		return
	}

	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1beta1", Kind: "EnvironmentConfigList"})

	if err := r.cluster.Client.List(r.ctx, list); err != nil {
		if !IsMissing(err) {
			r.found = append(r.found, Unreadable("", "list", "environmentconfigs.apiextensions.crossplane.io", err))
		}

		return
	}

	slices.SortFunc(list.Items, func(a, b unstructured.Unstructured) int { return cmp.Compare(a.GetName(), b.GetName()) })

	for _, u := range list.Items {
		data, _ := u.Object["data"].(map[string]any)
		name, ok := strings.CutPrefix(u.GetName(), v1alpha1.LandingZonePrefix)

		if _, is := data["landingZone"]; !ok || !is || u.GetName() == settings.EnvironmentConfig(input).Name {
			continue
		}

		object := "EnvironmentConfig/" + u.GetName()
		r.samples(object, data)

		resolved, err := settings.ResolveInZone(input, r.own, name, data)
		if err != nil {
			r.refuse(object, "environmentconfigs.apiextensions.crossplane.io/"+u.GetName(), err)

			continue
		}

		zone := Zone{Name: name, Settings: resolved, Azure: r.azureOf(resolved)}
		zone.Creator, zone.CreatesNothing = r.creatorOf(resolved)
		r.platform.Zones = append(r.platform.Zones, zone)
	}
}

// azureOf reads the principal of the Azure providers in a landing zone.
func (r *reader) azureOf(s v1alpha1.PlatformConfigSpec) *Principal {
	if *s.AzureProviderConfigRef == *r.platform.Settings.AzureProviderConfigRef {
		return r.platform.Azure
	}

	return r.azure(*s.AzureProviderConfigRef)
}

// creatorOf reads the principal that creates missing secrets in a landing zone.
func (r *reader) creatorOf(s v1alpha1.PlatformConfigSpec) (_ *Principal, createsNothing bool) {
	if *s.SecretSyncProviderConfigRef == *r.platform.Settings.SecretSyncProviderConfigRef {
		return r.platform.Creator, r.platform.CreatesNothing
	}

	return r.creator(*s.SecretSyncProviderConfigRef)
}
