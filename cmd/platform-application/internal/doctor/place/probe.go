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

// Facts are the facts of a place, as its probe prints them.
type Facts struct {
	// Place is the ServiceAccount of the provider that runs there.
	Place string `json:"place"`

	// Login, Manager and Vault are Entra ID, Resource Manager and a vault. Manager is nil if the provider does not need it.
	Login   Endpoint  `json:"login"`
	Manager *Endpoint `json:"manager,omitempty"`
	Vault   Endpoint  `json:"vault"`

	// AnyVault is true if there is no vault yet. Vault then has a name that no vault has.
	AnyVault bool `json:"anyVault,omitempty"`

	// Refusal is the code of a vault that rejects the network of the place, or empty.
	Refusal string `json:"refusal,omitempty"`

	// Source of the provider's credentials. It is empty if the provider does not sign in.
	Source string `json:"source,omitempty"`

	Token    *Token    `json:"token,omitempty"`
	Exchange *Exchange `json:"exchange,omitempty"`

	// Machine is true if the metadata service of the node responds.
	Machine bool `json:"machine,omitempty"`

	// Unread has the objects of the platform that the probe cannot read, or apiServer.
	Unread []string `json:"unread,omitempty"`
}

// apiServer in Unread means that the API server does not respond.
const apiServer = "APIServer"

// anyVault is a valid name for a vault.
const anyVault = "platform-app-doctor"

// Sources of credentials that use the token of the ServiceAccount.
const (
	sourceFile     = "OIDCTokenFile"
	sourceWorkload = "WorkloadIdentity"
)

// Probe returns the facts of the place of this process, which runs as the ServiceAccount of a provider.
func Probe(ctx context.Context, c platform.Cluster, name string) Facts {
	// Without this check, each request would wait for its own deadline.
	if err := c.Reach(ctx); err != nil {
		return probe(ctx, Here(), name, platform.Platform{Namespace: c.Namespace}, []string{apiServer}, nil)
	}

	p, found := platform.Read(ctx, c)

	return probe(ctx, Here(), name, p, unread(found), vaults(ctx, c.Client))
}

// probe returns the facts of a place. The vaults are the hosts of the vaults in the cluster.
func probe(ctx context.Context, n Network, name string, p platform.Platform, unread []string, vaults []string) Facts {
	signsInAs := principal(p, name)
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

	if signsInAs == nil {
		return out
	}

	out.Source = clean(cmp.Or(signsInAs.Source, "none"))
	if !withToken(signsInAs.Source) {
		return out
	}

	token, claims := readToken(cmp.Or(signsInAs.TokenFile, os.Getenv("AZURE_FEDERATED_TOKEN_FILE"), tokenPath))
	out.Token = &claims

	if claims.Problem.Code == "" && claims.forEntra() && out.Login.Outcome == Reached {
		done, access := n.exchange(ctx, in.login, scope, signsInAs.TenantID, signsInAs.ClientID, token)
		out.Exchange = &done

		if done.Done && !out.AnyVault && out.Vault.Outcome == Reached && scope == in.vaultScope() {
			out.Refusal = n.refusal(ctx, vault, access)
		}
	}

	return out
}

// withToken reports whether a source uses the token of the ServiceAccount.
func withToken(source string) bool { return source == sourceFile || source == sourceWorkload }

// principal returns the principal of the provider of a place, or nil if the provider does not sign in.
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

// clouds returns the cloud of a platform.
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

// unread returns the objects that findings report as unreadable.
func unread(found []finding.Finding) []string {
	var out []string

	for _, f := range found {
		if f.Code == platform.PermissionMissing || f.Code == platform.CannotRead {
			out = append(out, clean(cmp.Or(f.Object, string(f.Code))))
		}
	}

	return out[:min(len(out), maxListed)]
}

// maxVaults limits the list of vaults, so that the largest ones fit into a response.
const maxVaults = 40

// vaults returns the hosts of the vaults in the cluster. Each provider has permission to list only its own kind.
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

		// Without a vault, the probe connects to anyVault.
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

// Write writes the facts in one line.
func (f Facts) Write(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(f); err != nil {
		return fmt.Errorf("cannot write facts: %w", err)
	}

	return nil
}
