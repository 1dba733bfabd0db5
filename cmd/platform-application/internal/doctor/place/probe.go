// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// Facts of a place, as the probe there has seen it.
type Facts struct {
	// Place is the ServiceAccount of the provider whose place it is.
	Place string `json:"place"`

	// Login, Manager and Vault are Entra ID, Resource Manager and a vault. Manager is nil where nobody needs it.
	Login   Endpoint  `json:"login"`
	Manager *Endpoint `json:"manager,omitempty"`
	Vault   Endpoint  `json:"vault"`

	// AnyVault is true if no vault is known yet, and Vault is the name of none.
	AnyVault bool `json:"anyVault,omitempty"`

	// Source of credentials that the provider signs in with. Empty if it does not sign in.
	Source string `json:"source,omitempty"`

	Token    *Token    `json:"token,omitempty"`
	Exchange *Exchange `json:"exchange,omitempty"`

	// Machine is true if the metadata service of the node answers.
	Machine bool `json:"machine,omitempty"`

	// Unread is what of the platform could not be read from there.
	Unread []string `json:"unread,omitempty"`
}

// anyVault is a name that a vault could have.
const anyVault = "platform-app-doctor"

// Sources of credentials with which a provider signs in as its ServiceAccount.
const (
	sourceFile     = "OIDCTokenFile"
	sourceWorkload = "WorkloadIdentity"
)

// Probe the place in which this process runs, which is that of a provider with this ServiceAccount.
func Probe(ctx context.Context, c platform.Cluster, name string) Facts {
	// Without it, each request would wait for its own deadline.
	if err := c.Reach(ctx); err != nil {
		return probe(ctx, Here(), name, platform.Platform{Namespace: c.Namespace}, []string{"the API server"}, nil)
	}

	p, found := platform.Read(ctx, c)

	return probe(ctx, Here(), name, p, unread(found), vaults(ctx, c.Client))
}

// probe a place for a platform. The vaults are those that the cluster has.
func probe(ctx context.Context, n Network, name string, p platform.Platform, unread []string, vaults []string) Facts {
	who := principal(p, name)
	in := clouds(p)
	out := Facts{Place: name, Unread: unread}

	vault := anyVault + in.suffix
	if i := slices.IndexFunc(vaults, in.isVault); i >= 0 {
		vault = vaults[i]
	} else {
		out.AnyVault = true
	}

	var all sync.WaitGroup

	all.Go(func() { out.Login = n.look(ctx, in.login) })
	all.Go(func() { out.Vault = n.look(ctx, vault) })
	all.Go(func() { out.Machine = n.machine(ctx) })

	scope := in.vaultScope()

	if name == platform.AzureServiceAccount {
		scope = in.managerScope()

		all.Go(func() { out.Manager = new(n.look(ctx, in.manager)) })
	}

	all.Wait()

	if who == nil {
		return out
	}

	out.Source = clean(cmp.Or(who.Source, "none"))
	if !withToken(who.Source) {
		return out
	}

	token, says := readToken(cmp.Or(who.TokenFile, os.Getenv("AZURE_FEDERATED_TOKEN_FILE"), TokenPath))
	out.Token = &says

	if says.Problem == "" && says.forEntra() && out.Login.Outcome == Reached {
		out.Exchange = new(n.exchange(ctx, in.login, scope, who.TenantID, who.ClientID, token))
	}

	return out
}

// withToken tells whether a provider signs in as its ServiceAccount.
func withToken(source string) bool { return source == sourceFile || source == sourceWorkload }

// principal that the provider of a place signs in as. Nil if it does not.
func principal(p platform.Platform, place string) *platform.Principal {
	switch place {
	case platform.AzureServiceAccount:
		return p.Azure
	case platform.CreatorServiceAccount:
		return p.Creator
	default:
		return nil
	}
}

// clouds of a platform are one.
func clouds(p platform.Platform) cloud {
	settings, provider := "", ""

	if p.Settings != nil {
		settings = p.Settings.Cloud
	}

	if p.Azure != nil {
		provider = p.Azure.Environment
	}

	return cloudOf(settings, provider)
}

// unread is what findings say could not be read.
func unread(found []finding.Finding) []string {
	var out []string

	for _, f := range found {
		if f.Code == platform.PermissionMissing || f.Code == platform.CannotRead {
			out = append(out, clean(cmp.Or(f.Object, string(f.Code))))
		}
	}

	return out[:min(len(out), maxListed)]
}

// maxVaults that are looked at for one that has an address. However large they are, they fit into an answer.
const maxVaults = 40

// vaults that the cluster has, by their hosts. Each provider may list objects of its own.
func vaults(ctx context.Context, c client.Client) []string {
	var out []string

	for _, kind := range []struct {
		apiVersion, kind string
		field            []string
	}{
		{"keyvault.azure.m.upbound.io/v1beta1", "VaultList", []string{"status", "atProvider", "vaultUri"}},
		{"secrets.p6m.dev/v1alpha1", "KeyVaultSecretSyncList", []string{"spec", "forProvider", "vaultUri"}},
	} {
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(kind.apiVersion)
		list.SetKind(kind.kind)

		// Without one, a name that a vault could have is looked for.
		if c.List(ctx, list, client.Limit(maxVaults)) != nil {
			continue
		}

		for _, item := range list.Items {
			address, _, _ := unstructured.NestedString(item.Object, kind.field...)
			if u, err := url.Parse(address); err == nil && u.Host != "" {
				out = append(out, u.Host)
			}
		}
	}

	return out
}

// Write facts, in one line.
func (f Facts) Write(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(f); err != nil {
		return fmt.Errorf("cannot write facts: %w", err)
	}

	return nil
}
