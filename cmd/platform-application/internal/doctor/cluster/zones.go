// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"reflect"
	"slices"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// zones checks landing zones: their provider configurations, and the labels of Namespaces. Without settings of the platform, the zones
// that overlay them are unknown.
func (d *decision) zones() {
	if d.platform.Settings == nil {
		return
	}

	for _, in := range d.platform.InZones() {
		zone := &decision{facts: d.facts, platform: in}
		zone.azure()
		zone.creator(in.Settings)

		for _, f := range zone.found {
			// Zones can share their provider configurations, also with the platform.
			if !slices.ContainsFunc(d.found, func(other finding.Finding) bool { return reflect.DeepEqual(f, other) }) {
				d.found = append(d.found, f)
			}
		}
	}

	if d.facts.namespaces == nil {
		return
	}

	for _, n := range d.facts.namespaces {
		d.labelledZone(n)
	}

	for _, z := range d.platform.Zones {
		d.listed(z)
	}
}

// labelledZone checks the landing zone in the label of a Namespace.
func (d *decision) labelledZone(n namespace) {
	name := n.labels[v1alpha1.LandingZoneLabel]
	if name == "" {
		return
	}

	with := params{"name": n.name, "zone": name}

	switch i := slices.IndexFunc(d.platform.Zones, func(z platform.Zone) bool { return z.Name == name }); {
	case i < 0:
		d.add(LandingZoneMissing, "Namespace/"+n.name, with)
	case !slices.Contains(namespacesOf(d.platform.Zones[i]), n.name):
		d.add(LandingZoneNotAllowed, "Namespace/"+n.name, with)
	}
}

// listed checks the namespaces that a landing zone lists.
func (d *decision) listed(z platform.Zone) {
	for _, name := range namespacesOf(z) {
		with := params{"name": name, "zone": z.Name}

		switch i := slices.IndexFunc(d.facts.namespaces, func(n namespace) bool { return n.name == name }); {
		case i < 0:
			d.add(LandingZoneNamespaceMissing, "Namespace/"+name, with)
		case d.facts.namespaces[i].labels[v1alpha1.LandingZoneLabel] == "":
			d.add(LandingZoneNotChosen, "Namespace/"+name, with)
		}
	}
}

func namespacesOf(z platform.Zone) []string {
	if z.Settings.LandingZone == nil {
		return nil
	}

	return z.Settings.LandingZone.Namespaces
}
