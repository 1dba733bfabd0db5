// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// A Creator is the identity that creates missing secrets. It is comparable.
type Creator struct {
	Source   v1alpha1.CredentialsSource
	TenantID string
	ClientID string
	// ClientSecret for source ClientSecret.
	ClientSecret string
}

// Format prints the creator without its client secret.
func (c Creator) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s %s/%s", c.Source, c.TenantID, c.ClientID)
}

// MarshalText encodes the creator without its client secret.
func (c Creator) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// LogValue logs the creator without its client secret.
func (c Creator) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// issuer of the creator's tokens.
func (c Creator) issuer() issuer {
	switch c.Source {
	case v1alpha1.CredentialsSourceManagedIdentity:
		return issuer{name: node}
	case v1alpha1.CredentialsSourceWorkloadIdentity:
		return issuer{name: entraID, tenant: cmp.Or(c.TenantID, os.Getenv("AZURE_TENANT_ID"))}
	default:
		return issuer{name: entraID, tenant: c.TenantID}
	}
}

// credential of the creator.
func (c Creator) credential(options azcore.ClientOptions) (azcore.TokenCredential, error) {
	switch c.Source {
	case v1alpha1.CredentialsSourceWorkloadIdentity:
		credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: toAuthority(options), TenantID: c.TenantID, ClientID: c.ClientID,
		})
		if err != nil {
			return nil, &Error{
				Reason: NoIdentity, Operation: "use the workload identity of the provider",
				Detail: "the provider configuration names none by clientId and tenantId, or its pod has no token for Entra ID",
			}
		}

		return credential, nil
	case v1alpha1.CredentialsSourceManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if c.ClientID != "" {
			o.ID = azidentity.ClientID(c.ClientID)
		}

		credential, err := azidentity.NewManagedIdentityCredential(o)
		if err != nil {
			return nil, &Error{Reason: NoIdentity, Operation: "use the managed identity of the node", Detail: "it cannot be used here"}
		}

		return credential, nil
	case v1alpha1.CredentialsSourceClientSecret:
		credential, err := azidentity.NewClientSecretCredential(c.TenantID, c.ClientID, c.ClientSecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: toAuthority(options)})
		if err != nil {
			return nil, &Error{Reason: NoIdentity, Operation: "use the client secret", Detail: "tenant id, client id or client secret is not valid"}
		}

		return credential, nil
	default:
		return nil, &Error{Reason: NoIdentity, Operation: "create secrets", Detail: "the provider configuration has no identity for it"}
	}
}
