// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"errors"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// Options of a conversion.
type Options struct {
	// Name of the application. The default is that of the Deployment.
	Name string

	// OwnVault leaves spec.keyVault out, so that the application gets a vault of
	// its own into which secrets are copied. Without it, the vault that the
	// SecretStore reads is adopted.
	OwnVault bool

	// EnvironmentPrefixes that plain-text secrets are named without.
	EnvironmentPrefixes []string
}

// errNothing is about a stream without objects to convert.
var errNothing = errors.New("cannot convert: there is no ExternalSecret, Secret or Deployment; give their manifests")

// Convert turns a stream of manifests into a PlatformApplication, and a report on what
// the manifest cannot express. After an error there is no manifest.
func Convert(data []byte, o Options) ([]byte, *Report, error) {
	in, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	if len(in.external)+len(in.secrets)+len(in.deployments) == 0 {
		return nil, nil, errNothing
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

// application returns the Deployment to convert, or nil if that is ambiguous.
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
	c.report.todo("Deployments "+strings.Join(names, ", "), "an application has one Deployment. Give the manifests of one, or say which with --name")
	return nil
}

// namespace of all objects, or none if they differ.
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
		c.report.todo("namespaces "+strings.Join(all, ", "), "an application is in one namespace. Give the manifests of one at a time")
	}
	return ""
}

// vault that all stores read, or none.
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
	c.report.todo("vaults "+strings.Join(names, ", "), "an application has one vault. Convert with --own-vault and copy the secrets of all of them into it")
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
			c.report.todo(o.String(), "nothing is written into a vault from the cluster. Put the value into the vault where it is made")
		case strings.HasSuffix(group, externalSecretsGroup):
			c.report.todo(o.String(), "%s %s has no counterpart. Put what it makes into the vault by hand", o.APIVersion, o.Kind)
		case o.Kind == "Service" || o.Kind == "HorizontalPodAutoscaler" || o.Kind == "Ingress" || o.Kind == "ServiceAccount":
			c.report.todo(o.String(), "it is not converted: the application gets a %s of its own, from ports, autoscaling, networking.ingress or nothing at all. Compare", o.Kind)
		default:
			c.report.todo(o.String(), "%s %s is not converted", o.APIVersion, o.Kind)
		}
	}
}

// otherUser reports another workload that uses a Secret of the application.
func (c *converter) otherUser(o object) bool {
	found := false
	for _, name := range secretUses(o.raw) {
		if t := c.targets[name]; t != nil {
			found = true
			c.report.todo(o.String(), "it uses Secret %s, too. Keep %s until it has moved as well; the application's own Secret has another name and other keys", name, t.where)
		}
	}
	return found
}

// steps besides the manifest.
func (c *converter) steps(m manifest, app *deployment, vault string) {
	if m.Metadata != nil && m.Metadata.Name != "" {
		if errs := validation.IsDNS1035Label(m.Metadata.Name); len(errs) > 0 || m.Metadata.Name == "default" {
			c.report.todo("metadata.name", "%q cannot be the name of an application: it needs lower-case letters, digits and hyphens, a letter first, and not \"default\". Say another with --name", m.Metadata.Name)
		}
	}
	if app != nil && m.Metadata.Name == app.Name {
		c.report.note(app.object.String(), "the application has the same name, and so will its Deployment, Service and ServiceAccount. For both to run side by side, say another with --name")
	}
	if vault != "" && !c.options.OwnVault {
		c.report.step("Have your platform team assign vault %s to this application (keyVault.assigned). It must use Azure role-based access control,"+
			" and the application will be able to read all of it. The name cannot be set later.", vault)
	}
	if c.options.OwnVault {
		c.copySteps()
	}
	for _, s := range c.order {
		if s.from != nil && s.listed {
			c.report.step("Put the values of Secret %s into the vault, whose name is status.keyVault.name. No value is shown:\n%s", s.from.Name, s.command())
		}
	}
}

// copySteps name the secrets to copy, vault by vault.
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
		c.report.step("Copy the secrets when the new vault is there; its name is status.keyVault.name:\ncopy-secrets.sh %s \"$VAULT\" %s", v, strings.Join(names[v], " "))
	}
}
