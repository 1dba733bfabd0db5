// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// fieldLandingZone is the setting that only a landing zone has.
const fieldLandingZone = "landingZone"

// maxZoneNamespaces is the limit of the schema.
const maxZoneNamespaces = 10000

// LandingZoneConfig returns the name of the EnvironmentConfig of a landing zone. It is false if no
// EnvironmentConfig can have that name. Two zones never share a name.
func LandingZoneConfig(zone string) (string, bool) {
	name := v1alpha1.LandingZonePrefix + zone
	valid := zone != "" && len(validation.IsValidLabelValue(zone)) == 0 && len(validation.IsDNS1123Subdomain(name)) == 0

	return name, valid
}

// AllowsNamespace reports whether the settings of a landing zone list a namespace. It reads them
// unresolved: invalid settings must not be an error for a namespace that is not listed.
func AllowsNamespace(zone map[string]any, namespace string) bool {
	list, _, _ := unstructured.NestedFieldNoCopy(zone, fieldLandingZone, "namespaces")
	names, _ := list.([]any)

	return slices.Contains(names, any(namespace))
}

// ResolveInZone is like Resolve, and overlays the result with the settings of a landing zone.
// Without a zone, it is the same.
func ResolveInZone(input *v1alpha1.PlatformConfig, overlay map[string]any, zone string, settings map[string]any) (v1alpha1.PlatformConfigSpec, error) {
	if zone == "" {
		return Resolve(input, overlay)
	}
	s, err := resolve(input, overlay, settings)
	if err != nil {
		config, _ := LandingZoneConfig(zone)
		return s, finding.Err(finding.LandingZoneUnusable, finding.With{"zone": zone, "config": config, "cause": err})
	}

	return s, nil
}

// checkOutsideZones rejects the setting that only a landing zone has.
func checkOutsideZones(base map[string]any) error {
	if _, ok := base[fieldLandingZone]; !ok {
		return nil
	}

	return field.Forbidden(field.NewPath(fieldLandingZone), finding.Say(finding.OnlyInLandingZone))
}

// PlatformOnly returns the settings that are the same in all landing zones. A zone replaces lists
// as a whole: its list of assigned vaults, for example, could give a vault to a second application,
// and its list of shared secrets could lose a revocation.
func PlatformOnly() [][]string {
	return [][]string{
		{"environmentConfigRef"},
		{"oidcIssuerUrl"},
		{"clusterName"},
		{"clusterSharing"},
		{"tenantLabel"},
		{"retiredNamespaces"},
		{"adopt"},
		{"keyVault", "assigned"},
		{"secrets", "shared"},
	}
}

// checkZone rejects settings that a landing zone cannot change.
func checkZone(zone map[string]any) error {
	var c checker
	for _, path := range PlatformOnly() {
		for n := range path {
			// A null of a parent would remove the setting of the platform.
			v, ok, err := unstructured.NestedFieldNoCopy(zone, path[:n+1]...)
			if ok && err == nil && (v == nil || n == len(path)-1) {
				c.forbidden(field.NewPath(path[0], path[1:n+1]...), finding.NotInLandingZone)
				break
			}
		}
	}

	return c.errs.ToAggregate()
}

func (c *checker) landingZone(path *field.Path, zone *v1alpha1.LandingZone) {
	if zone == nil {
		return
	}
	namespaces := path.Child("namespaces")
	c.atMost(namespaces, len(zone.Namespaces), maxZoneNamespaces)
	c.namespaces(namespaces, zone.Namespaces)
	c.unique(namespaces, zone.Namespaces)
}
