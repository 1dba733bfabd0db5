// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// fieldLandingZone is the setting that only a landing zone has.
const fieldLandingZone = "landingZone"

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
// Without a zone, it is the same. An error names the object with the fault.
func ResolveInZone(input *v1alpha1.PlatformConfig, overlay map[string]any, zone string, settings map[string]any) (s v1alpha1.PlatformConfigSpec, err error) {
	if zone == "" {
		return Resolve(input, overlay)
	}
	base, err := own(input, overlay)
	if err != nil {
		return s, err
	}
	config, _ := LandingZoneConfig(zone)
	inZone, inPlatform := finding.With{"config": config, "zone": zone}, finding.With{"config": EnvironmentConfig(input).Name, "zone": zone}
	if err := checkOutsideZones(base); err != nil {
		return s, finding.Err(finding.PlatformUnusable, inPlatform, finding.With{"cause": err})
	}
	if err := checkZone(settings); err != nil {
		return s, finding.Err(finding.LandingZoneUnusable, inZone, finding.With{"cause": err})
	}
	merged := merge(base, settings)
	s, err = resolve(merged)
	if err == nil {
		return s, nil
	}
	if own := ownFault(base, merged); own != nil {
		return s, finding.Err(finding.PlatformUnusable, inPlatform, finding.With{"cause": own})
	}

	return s, finding.Err(finding.LandingZoneUnusable, inZone, finding.With{"cause": errors.Unwrap(err)})
}

// ownFault returns an error about the faults that the platform's own settings have without a landing
// zone, and that the zone does not mend. It is nil if the zone has brought in all faults.
func ownFault(base, merged map[string]any) error {
	var own, all v1alpha1.PlatformConfigSpec
	unreadable, err := fromMap(base, &own), fromMap(merged, &all)
	switch {
	case err != nil:
		return unreadable
	case unreadable != nil:
		return nil //nolint:nilerr // The zone mends it.
	}

	return check(&all, faulty(&own).Has)
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
	c.atMost(namespaces, len(zone.Namespaces), maxListed)
	c.namespaces(namespaces, zone.Namespaces)
}
