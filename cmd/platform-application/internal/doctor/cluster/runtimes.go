// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"path"
	"slices"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

const (
	// container of a package's pod.
	container = "package-runtime"

	// audience of tokens for Entra ID.
	audience = "api://AzureADTokenExchange"

	// tokenFileDefault is the path in provider-azure v2.6.0 if its configuration has none.
	tokenFileDefault = "/var/run/secrets/azure/tokens/azure-identity-token"
)

// runtimes reads all DeploymentRuntimeConfigs.
func (r *reader) runtimes() map[string]runtimeConfig {
	out := map[string]runtimeConfig{}
	if !r.list(runtimeConfigs, "", func(o map[string]any) { out[nameOf(o)] = runtimeOf(o) }) {
		return nil
	}

	return out
}

// runtimeOf decodes a DeploymentRuntimeConfig.
func runtimeOf(o map[string]any) runtimeConfig {
	var of struct {
		Spec struct {
			ServiceAccountTemplate struct {
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			} `json:"serviceAccountTemplate"`
			DeploymentTemplate struct {
				Spec struct {
					Template struct {
						Spec pod `json:"spec"`
					} `json:"template"`
				} `json:"spec"`
			} `json:"deploymentTemplate"`
		} `json:"spec"`
	}

	decode(o, &of)

	p := of.Spec.DeploymentTemplate.Spec.Template.Spec
	out := runtimeConfig{serviceAccount: p.ServiceAccountName, tokens: map[string]string{}}

	if out.serviceAccount == "" {
		out.serviceAccount = of.Spec.ServiceAccountTemplate.Metadata.Name
	}

	for _, c := range p.Containers {
		if c.Name != container {
			continue
		}

		for _, e := range c.Env {
			if e.Name == "AZURE_FEDERATED_TOKEN_FILE" {
				out.tokenFile = e.Value
			}
		}

		for _, m := range c.VolumeMounts {
			for file, audience := range p.tokens(m.Name) {
				out.tokens[path.Join(m.MountPath, file)] = audience
			}
		}
	}

	return out
}

// A pod has the fields of a pod that are about tokens.
type pod struct {
	ServiceAccountName string `json:"serviceAccountName"`
	Containers         []struct {
		Name string `json:"name"`
		Env  []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"env"`
		VolumeMounts []struct {
			Name      string `json:"name"`
			MountPath string `json:"mountPath"`
		} `json:"volumeMounts"`
	} `json:"containers"`
	Volumes []struct {
		Name      string `json:"name"`
		Projected struct {
			Sources []struct {
				ServiceAccountToken *struct {
					Path     string `json:"path"`
					Audience string `json:"audience"`
				} `json:"serviceAccountToken"`
			} `json:"sources"`
		} `json:"projected"`
	} `json:"volumes"`
}

// tokens returns the audiences of the tokens in a volume, by path.
func (p pod) tokens(volume string) map[string]string {
	out := map[string]string{}

	for _, v := range p.Volumes {
		for _, s := range v.Projected.Sources {
			if t := s.ServiceAccountToken; t != nil && v.Name == volume {
				out[t.Path] = t.Audience
			}
		}
	}

	return out
}

// runtimes checks the ServiceAccounts and tokens of packages.
func (d *decision) runtimes() {
	if !d.facts.packagesRead || d.facts.runtimes == nil {
		return
	}

	azure := false

	for _, e := range expectedPackages() {
		i := slices.IndexFunc(d.facts.packages, func(p pkg) bool { return p.kind == e.kind && p.name == e.name })
		if i < 0 {
			continue
		}

		p := d.facts.packages[i]
		with := params{"runtime": e.runtime, "resource": resourceOf(p)}

		r, ok := d.facts.runtimes[p.runtime]

		switch {
		case e.kind == "Function" && (p.runtime != e.runtime || !ok):
			d.add(FunctionRuntimeNotSet, p.key(), with)
		case e.kind == "Function":
		case p.runtime == "" || p.runtime == "default":
			d.add(RuntimeConfigNotSet, p.key(), with)
		case !ok:
			d.add(RuntimeConfigMissing, "DeploymentRuntimeConfig/"+p.runtime, with)
		case r.serviceAccount != e.serviceAccount:
			with["account"], with["runtime"] = e.serviceAccount, p.runtime
			d.add(ServiceAccountWrong, "DeploymentRuntimeConfig/"+p.runtime, with)
		default:
			d.token(p.runtime, r, e.azure)
		}

		azure = azure || e.azure
	}

	if known := d.facts.serviceAccount; azure && known != nil && !*known {
		d.add(ServiceAccountMissing, "ServiceAccount/"+platform.AzureServiceAccount, nil)
	}

	d.found = compact(d.found)
}

// compact removes duplicate findings: the Azure providers share one DeploymentRuntimeConfig.
func compact(found []finding.Finding) []finding.Finding {
	var out []finding.Finding

	for _, f := range found {
		if !slices.ContainsFunc(out, func(o finding.Finding) bool { return o.Code == f.Code && o.Object == f.Object && f.Object != "" }) {
			out = append(out, f)
		}
	}

	return out
}

// token checks that a provider has a token at the path in its configuration.
func (d *decision) token(name string, r runtimeConfig, azure bool) {
	file := r.tokenFile

	switch {
	case azure && (d.platform.Azure == nil || d.platform.Azure.Source != "OIDCTokenFile"):
		return
	case azure:
		file = d.platform.Azure.TokenFile
		if file == "" {
			file = tokenFileDefault
		}
	case d.platform.Creator == nil || d.platform.Creator.Source != "WorkloadIdentity":
		return
	}

	object, with := "DeploymentRuntimeConfig/"+name, params{"file": file}

	switch got, ok := r.tokens[path.Clean(file)]; {
	case !ok:
		d.add(TokenFileNotMounted, object, with)
	case got != audience:
		d.add(TokenAudienceWrong, object, params{"file": file, "audience": got})
	}
}
