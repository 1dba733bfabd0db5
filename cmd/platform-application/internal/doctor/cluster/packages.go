// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// An expected package has the name that the Composition, policies and network policies refer to.
type expected struct {
	kind, name, repository, runtime, serviceAccount string
	azure                                           bool
}

const configuration = "configuration-platform-application"

// expectedPackages returns the packages of the platform, without the Configuration, which has two variants.
func expectedPackages() []expected {
	return []expected{
		{kind: "Provider", name: "p6m-dev-provider-keyvault-secretsync", repository: "provider-keyvault-secretsync", runtime: "provider-keyvault-secretsync", serviceAccount: platform.CreatorServiceAccount},
		{kind: "Function", name: platform.Function, repository: "function-platform-application", runtime: "function-platform-application"},
		azurePackage("provider-family-azure"), azurePackage("provider-azure-keyvault"), azurePackage("provider-azure-managedidentity"),
		azurePackage("provider-azure-authorization"),
	}
}

func azurePackage(name string) expected {
	return expected{"Provider", "crossplane-contrib-" + name, name, "provider-azure", platform.AzureServiceAccount, true}
}

// packages reads all packages.
func (r *reader) packages() (out []pkg, known bool) {
	known = true

	for _, kind := range packages {
		known = r.list(kind, "", func(o map[string]any) {
			var of struct {
				Spec struct {
					Package          string `json:"package"`
					RuntimeConfigRef struct {
						Name string `json:"name"`
					} `json:"runtimeConfigRef"`
				} `json:"spec"`
			}

			decode(o, &of)
			out = append(out, pkg{
				kind: kind.kind, name: nameOf(o), image: of.Spec.Package, runtime: of.Spec.RuntimeConfigRef.Name,
				installed: conditionOf(o, "Installed"), healthy: conditionOf(o, "Healthy"),
			})
		}) && known
	}

	return out, known
}

// packages checks the packages of the platform.
func (d *decision) packages() {
	if !d.facts.packagesRead {
		return
	}

	all := expectedPackages()

	// Both variants would define the same kind.
	for _, name := range []string{configuration, configuration + "-claim"} {
		if d.installs("Configuration", name) {
			all = append(all, expected{kind: "Configuration", name: name, repository: name})
		}
	}

	if len(all) == len(expectedPackages()) {
		d.add(PackageMissing, "Configuration/"+configuration, nil)
	}

	// Only some settings need these. If one is missing, its kind is, which is another finding.
	for _, name := range []string{"provider-azure-network", "provider-azure-insights"} {
		if d.installs("Provider", name) {
			all = append(all, azurePackage(name))
		}
	}

	ours, azure := map[string][]string{}, map[string][]string{}

	for _, e := range all {
		versions := ours
		if e.azure {
			versions = azure
		}

		d.expects(e, versions)
	}

	for code, versions := range map[finding.Code]map[string][]string{VersionsDiffer: ours, AzureVersionsDiffer: azure} {
		if len(versions) > 1 {
			d.add(code, "", params{"versions": versionsOf(versions)})
		}
	}
}

// installs reports whether a package of a repository is installed, with any name.
func (d *decision) installs(kind, repository string) bool {
	return slices.ContainsFunc(d.facts.packages, func(p pkg) bool { return p.kind == kind && p.repository() == repository })
}

// expects checks an expected package, and collects its version. Nothing refers to a Configuration by name.
func (d *decision) expects(e expected, versions map[string][]string) {
	anyName, installed := e.kind == "Configuration", false

	for _, p := range d.facts.packages {
		switch named := p.name == e.name || anyName && p.repository() == e.repository; {
		case p.kind != e.kind:
		case named:
			installed = true

			d.health(p)

			if tag := p.tag(); tag != "" {
				versions[tag] = append(versions[tag], p.key())
			}
		case p.repository() == e.repository:
			d.add(PackageMisnamed, p.key(), params{"name": e.name, "resource": resourceOf(p)})
		}
	}

	if !installed {
		d.add(PackageMissing, e.kind+"/"+e.name, nil)
	}
}

// versionsOf lists packages by version.
func versionsOf(versions map[string][]string) string {
	var out []string
	for _, v := range slices.Sorted(maps.Keys(versions)) {
		out = append(out, v+" ("+finding.List(versions[v])+")")
	}

	return finding.List(out)
}

// resourceOf returns a package in the form of kubectl.
func resourceOf(p pkg) string {
	return strings.ToLower(p.kind) + "s.pkg.crossplane.io/" + p.name
}

// health checks the conditions of a package.
func (d *decision) health(p pkg) {
	for code, c := range map[finding.Code]condition{PackageNotInstalled: p.installed, PackageNotHealthy: p.healthy} {
		if c.Status != "True" {
			d.add(code, p.key(), params{"condition": c.Type, "reason": reasonOf(c), "resource": resourceOf(p)})
		}
	}
}

// reasonOf returns the reason and the message of a condition.
func reasonOf(c condition) string {
	return cmp.Or(strings.TrimPrefix(strings.TrimSuffix(c.Reason+": "+c.Message, ": "), ": "), noCondition)
}
