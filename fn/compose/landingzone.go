// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"maps"
	"slices"
	"strings"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// LandingZone returns the landing zone in which the application was composed, which is empty for
// the platform's own settings. It is false if nothing of the application can be in Azure yet. The
// zone is read from labels that only this function sets, not from the status.
func (o Observed) LandingZone() (zone string, placed bool) {
	for _, name := range o.byPlace() {
		placed = true
		if zone = o[name].str("metadata", "labels", inputv1alpha1.LandingZoneLabel); zone != "" {
			return zone, true
		}
	}

	return "", placed
}

// byPlace returns the names of the resources that show where the application is: the vault first,
// and then the others that are in Azure or need something there.
func (o Observed) byPlace() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if isAzure(o[name]) || name == NameDeployment || isSync(name) {
			names = append(names, name)
		}
	}
	for _, first := range []string{NameIdentity, NameKeyVault} {
		if i := slices.Index(names, first); i > 0 {
			names = slices.Insert(slices.Delete(names, i, i+1), 0, first)
		}
	}

	return names
}

// isAzure reports whether an object is a managed resource of the Azure providers.
func isAzure(o Object) bool {
	group, _, _ := strings.Cut(o.str("apiVersion"), "/")
	return group == groupAzure || strings.HasSuffix(group, "."+groupAzure)
}

// groupAzure is the parent of the API groups of the Azure providers.
const groupAzure = "azure.m.upbound.io"

// AzureProviderConfig returns the provider configuration of new resources: that of the vault or
// the identity if Azure has them, because an application must not be in two subscriptions.
func AzureProviderConfig(p inputv1alpha1.PlatformConfigSpec, seen Observed) *inputv1alpha1.ProviderConfigReference {
	for _, name := range []string{NameKeyVault, NameIdentity} {
		if ref, ok := seen[name].providerConfig(); ok && seen.exists(seen[name]) {
			return &ref
		}
	}

	return p.AzureProviderConfigRef
}

// providerConfig returns the provider configuration of an object of the Azure providers.
func (o Object) providerConfig() (ref inputv1alpha1.ProviderConfigReference, ok bool) {
	ref.Kind, ref.Name = o.str("spec", "providerConfigRef", "kind"), o.str("spec", "providerConfigRef", "name")
	known := ref.Kind == "ProviderConfig" || ref.Kind == "ClusterProviderConfig"

	return ref, known && ref.Name != "" && isAzure(o)
}

// keepProviderConfig keeps the provider configuration of an object that Azure has: another one can
// belong to another subscription, where the object would be created again.
func (o Object) keepProviderConfig(desired map[string]any) {
	if ref, ok := o.providerConfig(); ok && o.inAzure() {
		set(desired, ref.Kind, "spec", "providerConfigRef", "kind")
		set(desired, ref.Name, "spec", "providerConfigRef", "name")
	}
}

// Moves reports whether an object that exists is a vault or an identity in Azure, and the desired object
// is another one there.
func (o Object) Moves(name string, desired Object) bool {
	if name != NameKeyVault && name != NameIdentity || !o.inAzure() {
		return false
	}
	is, wanted := o.str("metadata", "annotations", annotationExternalName), desired.str("metadata", "annotations", annotationExternalName)

	return is != "" && !strings.EqualFold(is, wanted)
}

// notesOnLandingZone returns a note if the label of the Namespace names another landing zone than
// that of the application.
func (c *composition) notesOnLandingZone() []finding.Finding {
	with := finding.With{"zone": c.app.LandingZone, "label": cut(c.app.LabelledZone)}
	switch {
	case c.app.LabelledZone == c.app.LandingZone:
		return nil
	case c.app.LandingZone == "":
		return []finding.Finding{finding.New(finding.StaysOutsideZones, with)}
	case c.app.LabelledZone == "":
		return []finding.Finding{finding.New(finding.StaysInZoneWithoutLabel, with)}
	}

	return []finding.Finding{finding.New(finding.StaysInZone, with)}
}
