// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// Options of a conversion.
type Options struct {
	// Name of the application. Default: the name of the Deployment.
	Name string

	// OwnVault omits spec.keyVault, so that the application gets its own vault, into
	// which secrets are copied. Otherwise it adopts the vault of the SecretStore.
	OwnVault bool

	// EnvironmentPrefixes are removed from the names of plain-text secrets.
	EnvironmentPrefixes []string
}

// Convert turns a stream of manifests into a PlatformApplication, and a report about
// everything that the manifest cannot express. After an error there is no manifest.
func Convert(data []byte, o Options) ([]byte, *Report, error) {
	in, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	if len(in.external)+len(in.secrets)+len(in.deployments) == 0 {
		return nil, nil, fail(NothingToConvert)
	}
	c := &converter{input: in, options: o, report: &Report{}, targets: map[string]*target{}, secrets: map[string]*vaultSecret{}}
	out, err := encode(c.convert())
	if err != nil {
		return nil, nil, err
	}

	return out, c.report, nil
}

// A converter is one conversion.
type converter struct {
	*input

	options Options
	report  *Report

	// targets are the known Kubernetes Secrets, by name.
	targets map[string]*target
	// secrets of Key Vault by name in lower case, and in the order of their discovery.
	secrets map[string]*vaultSecret
	order   []*vaultSecret
}

func (c *converter) convert() manifest {
	namespace := c.namespace()
	c.readTargets()
	m := manifest{APIVersion: v1alpha1.Group + "/" + v1alpha1.Version, Kind: v1alpha1.Kind}
	app := c.application()
	if app != nil {
		m.Metadata = &metadata{Name: app.Name, Namespace: app.Namespace}
		m.Spec.Deployment = c.workload(app)
	}
	if c.options.Name != "" {
		if m.Metadata == nil {
			m.Metadata = &metadata{Namespace: namespace}
		}
		m.Metadata.Name = c.options.Name
	}

	vars := newVariables()
	if app != nil {
		c.bindContainer(app, vars)
	}
	c.bindUnused(vars, app != nil)
	m.Spec.Config = vars.config
	m.Spec.Secrets = c.specSecrets(vars)

	vault := c.vault()
	if vault != "" && !c.options.OwnVault {
		m.Spec.KeyVault = &v1alpha1.KeyVault{Name: vault}
	}
	c.otherObjects(app)
	c.steps(m, app, vault)

	return m
}

// application returns the Deployment to convert, or nil if there is none or more than one.
func (c *converter) application() *deployment {
	switch len(c.deployments) {
	case 0:
		return nil
	case 1:
		return &c.deployments[0]
	}
	for i := range c.deployments {
		if c.deployments[i].Name == c.options.Name {
			return &c.deployments[i]
		}
	}
	var names []string
	for i := range c.deployments {
		names = append(names, c.deployments[i].Name)
	}
	c.report.add(TwoDeployments, "Deployments "+strings.Join(names, ", "))

	return nil
}

// namespace returns the namespace of all objects, or nothing if they differ.
func (c *converter) namespace() string {
	var all []string
	for i := range c.external {
		all = append(all, c.external[i].Metadata.Namespace)
	}
	for i := range c.input.secrets {
		all = append(all, c.input.secrets[i].Namespace)
	}
	for i := range c.deployments {
		all = append(all, c.deployments[i].Namespace)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 1 {
		return all[0]
	}
	if all = slices.DeleteFunc(all, func(n string) bool { return n == "" }); len(all) > 1 {
		c.report.add(TwoNamespaces, "namespaces "+strings.Join(all, ", "))
	}

	return ""
}

// vault returns the vault that all stores read, or nothing if they differ.
func (c *converter) vault() string {
	vaults := map[string]bool{}
	var names []string
	for _, s := range c.order {
		if s.vault != "" && !vaults[strings.ToLower(s.vault)] {
			vaults[strings.ToLower(s.vault)] = true
			names = append(names, s.vault)
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	if c.options.OwnVault {
		return ""
	}
	c.report.add(TwoVaults, "vaults "+strings.Join(names, ", "))

	return ""
}

// otherObjects reports all other objects in the stream.
func (c *converter) otherObjects(app *deployment) {
	for i := range c.deployments {
		if d := &c.deployments[i]; d != app {
			c.otherUser(d.object)
		}
	}
	for _, o := range c.others {
		group, _ := groupVersion(o.APIVersion)
		switch {
		case c.otherUser(o):
		case o.Kind == "PushSecret":
			c.report.add(PushSecret, o.String())
		case strings.HasSuffix(group, externalSecretsGroup):
			c.report.add(OperatorObject, o.String(), With{"apiVersion": o.APIVersion, "kind": o.Kind})
		case o.Kind == "Service" || o.Kind == "HorizontalPodAutoscaler" || o.Kind == "Ingress" || o.Kind == "ServiceAccount":
			c.report.add(ObjectReplaced, o.String(), With{"kind": o.Kind})
		default:
			c.report.add(ObjectNotConverted, o.String(), With{"apiVersion": o.APIVersion, "kind": o.Kind})
		}
	}
}

// otherUser reports another workload that uses a Secret of the application.
func (c *converter) otherUser(o object) bool {
	found := false
	for _, name := range secretUses(o.raw) {
		if t := c.targets[name]; t != nil {
			found = true
			c.report.add(OtherUser, o.String(), With{"secret": name, "source": t.where})
		}
	}

	return found
}

// steps adds the steps besides the manifest.
func (c *converter) steps(m manifest, app *deployment, vault string) {
	if m.Metadata != nil && m.Metadata.Name != "" {
		if errs := validation.IsDNS1035Label(m.Metadata.Name); len(errs) > 0 || m.Metadata.Name == "default" {
			c.report.add(NameInvalid, "metadata.name", With{"name": m.Metadata.Name})
		}
	}
	if app != nil && m.Metadata.Name == app.Name {
		c.report.add(SameName, app.object.String())
	}
	if vault != "" && !c.options.OwnVault {
		c.report.add(AssignVault, "", With{"vault": vault})
	}
	if c.options.OwnVault {
		c.copySteps()
	}
	for _, s := range c.order {
		if s.from != nil && s.listed {
			c.report.add(StoreValues, "", s.storeValues())
		}
	}
}

// copySteps adds a step for each vault, with the secrets to copy.
func (c *converter) copySteps() {
	var vaults []string
	names := map[string][]string{}
	for _, s := range c.order {
		if s.vault == "" || !s.listed {
			continue
		}
		if names[s.vault] == nil {
			vaults = append(vaults, s.vault)
		}
		names[s.vault] = append(names[s.vault], s.name)
	}
	for _, v := range vaults {
		c.report.add(CopySecrets, "", With{"vault": v, "secrets": names[v]})
	}
}
