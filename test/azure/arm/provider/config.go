// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/terraform"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	sourceTokenFile xpv1.CredentialsSource = "OIDCTokenFile"

	// defaultTokenFile is the real provider's, which ignores AZURE_FEDERATED_TOKEN_FILE (provider-azure v2.6.0,
	// internal/clients/azure.go, oidcAuth).
	defaultTokenFile = "/var/run/secrets/azure/tokens/azure-identity-token"
)

// A servicePrincipal is the content of a credentials Secret, with the keys of the real provider.
type servicePrincipal struct {
	ClientID       string `json:"clientId"`
	ClientSecret   string `json:"clientSecret"`
	TenantID       string `json:"tenantId"`
	SubscriptionID string `json:"subscriptionId"`

	// assertion replaces the secret.
	assertion string
}

// configure returns a function that makes a client for a managed resource, from its provider configuration (provider-azure v2.6.0,
// internal/clients/azure.go, TerraformSetupBuilder).
func configure(through http.RoundTripper, pace Pace) terraform.SetupFn {
	return func(ctx context.Context, kc kube.Client, mg resource.Managed) (terraform.Setup, error) {
		modern, ok := mg.(resource.ModernManaged)
		if !ok {
			return terraform.Setup{}, errors.New("resource is not a managed")
		}

		spec, err := providerConfig(ctx, kc, modern)
		if err != nil {
			return terraform.Setup{}, err
		}

		if err := resource.NewProviderConfigUsageTracker(kc, &v1beta1.ProviderConfigUsage{}).Track(ctx, modern); err != nil {
			return terraform.Setup{}, fmt.Errorf("cannot track ProviderConfig usage: %w", err)
		}

		who, err := principal(ctx, kc, spec)
		if err != nil {
			return terraform.Setup{}, fmt.Errorf("failed to prepare terraform.Setup: %w", err)
		}

		c := &client{http: &http.Client{Transport: through}, who: who, pace: pace}

		// azurerm first gets a token for Microsoft Graph, to read its claims (azurerm v4.54.0, internal/clients/auth.go,
		// NewResourceManagerAccount).
		if _, err := c.token(ctx, graphResource); err != nil {
			return terraform.Setup{}, fmt.Errorf("failed to configure the no-fork Azure client: failed to configure the provider: %v",
				diag.Errorf("building account: could not acquire access token to parse claims: %v", err))
		}

		return terraform.Setup{Configuration: map[string]any{"subscription_id": who.SubscriptionID}, Meta: c}, nil
	}
}

// providerConfig returns the configuration that a managed resource references.
func providerConfig(ctx context.Context, kc kube.Client, mg resource.ModernManaged) (*v1beta1.ProviderConfigSpec, error) {
	ref := mg.GetProviderConfigReference()
	if ref == nil || ref.Kind != v1beta1.ClusterProviderConfigKind {
		return nil, fmt.Errorf("referenced provider config %v is not simulated: choose a ClusterProviderConfig", ref)
	}

	pc := &v1beta1.ClusterProviderConfig{}
	if err := kc.Get(ctx, types.NamespacedName{Name: ref.Name}, pc); err != nil {
		return nil, fmt.Errorf("cannot get referenced ProviderConfig: %w", err)
	}

	return &pc.Spec, nil
}

// principal returns the service principal of a configuration.
func principal(ctx context.Context, kc kube.Client, spec *v1beta1.ProviderConfigSpec) (servicePrincipal, error) {
	who := servicePrincipal{}

	switch source := spec.Credentials.Source; source {
	case xpv1.CredentialsSourceSecret:
		data, err := resource.CommonCredentialExtractor(ctx, source, kc, spec.Credentials.CommonCredentialSelectors)
		if err != nil {
			return who, fmt.Errorf("cannot extract credentials: %w", err)
		}

		// The decoder's message may quote the text.
		if json.Unmarshal(data, &who) != nil {
			return who, errors.New("cannot unmarshal Azure credentials as JSON: they are not an object of strings")
		}
	case sourceTokenFile:
		file := defaultTokenFile
		if spec.OidcTokenFilePath != nil {
			file = *spec.OidcTokenFilePath
		}

		data, err := os.ReadFile(file)
		if err != nil {
			return who, fmt.Errorf("reading OIDC Token from file: %w", err)
		}

		who.assertion = strings.TrimSpace(string(data))
	default:
		return who, fmt.Errorf("credentials source %q is not simulated: choose Secret or %s", source, sourceTokenFile)
	}

	for to, from := range map[*string]*string{&who.ClientID: spec.ClientID, &who.TenantID: spec.TenantID, &who.SubscriptionID: spec.SubscriptionID} {
		if from != nil {
			*to = *from
		}
	}

	if spec.Environment != nil && *spec.Environment != "public" {
		return who, fmt.Errorf("environment %q is not simulated: only public is", *spec.Environment)
	}

	for what, value := range map[string]string{"subscription": who.SubscriptionID, "tenant": who.TenantID, "client": who.ClientID} {
		if value == "" {
			return who, fmt.Errorf("%s ID must be set in ProviderConfig or in its credentials", what)
		}
	}

	return who, nil
}
